# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that configure nginx for the sites of a bench: CORS headers and the limit at the token endpoint.

All benches on one nginx share a file. It looks up the host and the origin of a request in one map. The entries of that
map are in one fragment per bench. The headers of other hosts are not changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.records import SiteRecord, record_lines

SHARED_NAME = "benchkeeper.conf"
FRAGMENTS_NAME = "benchkeeper.d"
STATUS_NAME = "limit_req_status.conf"
PENDING = ".reload-pending"  # exists from the first file that is written until nginx has reloaded
MARK = "# Written by benchkeeper.frappe. Do not edit: changes are overwritten."
TOKEN = "frappe.integrations.oauth2.get_token"
LONGEST_HOSTS = 2000  # characters in a regular expression: nginx accepts words of at most 4096 characters
# `$sent_http_...` is the current value of the header: for other hosts, each header is set to its current value.
# Regular expressions as keys are case-sensitive and need no map_hash_bucket_size, which another file may set too.
SHARED = """\
{mark}
# All benches on this nginx share this file. {fragments}/ has one fragment per bench.

# Empty for a host that is not declared. For a declared host, the value has these fields, separated by "|": origin,
# credentials, methods, headers, max age, and exposed headers if they are declared. All fields are empty if the origin
# is not allowed.
map "$host $http_origin" $benchkeeper_policy {{
    default "";
    include {fragments}/*.map;
}}

map $benchkeeper_policy $benchkeeper_allow_origin {{
    "" $sent_http_access_control_allow_origin;
    "~^(?<benchkeeper_origin>[^|]+)\\|" $benchkeeper_origin;
    default "";
}}
map $benchkeeper_policy $benchkeeper_allow_credentials {{
    "" $sent_http_access_control_allow_credentials;
    "~^[^|]+\\|true\\|" true;
    default "";
}}
map "$request_method $http_access_control_request_method" $benchkeeper_preflight {{
    "~^OPTIONS ." preflight;
    default other;
}}
map "$benchkeeper_preflight $benchkeeper_policy" $benchkeeper_allow_methods {{
    "~^\\S+ $" $sent_http_access_control_allow_methods;
    "~^preflight [^|]+\\|[^|]*\\|(?<benchkeeper_methods>[^|]*)\\|" $benchkeeper_methods;
    default "";
}}
map "$benchkeeper_preflight $benchkeeper_policy" $benchkeeper_allow_headers {{
    "~^\\S+ $" $sent_http_access_control_allow_headers;
    "~^preflight [^|]+\\|[^|]*\\|[^|]*\\|(?<benchkeeper_headers>[^|]*)\\|" $benchkeeper_headers;
    default "";
}}
map "$benchkeeper_preflight $benchkeeper_policy" $benchkeeper_max_age {{
    "~^\\S+ $" $sent_http_access_control_max_age;
    "~^preflight [^|]+\\|[^|]*\\|[^|]*\\|[^|]*\\|(?<benchkeeper_age>[^|]*)(?:\\||$)" $benchkeeper_age;
    default "";
}}
map $benchkeeper_policy $benchkeeper_expose_headers {{
    "~^[^|]+\\|[^|]*\\|[^|]*\\|[^|]*\\|[^|]*\\|(?<benchkeeper_exposed>[^|]*)$" $benchkeeper_exposed;
    default $sent_http_access_control_expose_headers;
}}
# The response depends on the Origin header, so Vary must contain Origin. It is added if it is missing.
map "$benchkeeper_policy Vary:$sent_http_vary" $benchkeeper_vary {{
    "~^ Vary:" $sent_http_vary;
    "~ Vary:$" Origin;
    "~* Vary:(?:.*,)?\\s*(?:Origin|\\*)\\s*(?:,|$)" $sent_http_vary;
    default "$sent_http_vary, Origin";
}}

more_set_headers "Access-Control-Allow-Origin: $benchkeeper_allow_origin";
more_set_headers "Access-Control-Allow-Credentials: $benchkeeper_allow_credentials";
more_set_headers "Access-Control-Allow-Methods: $benchkeeper_allow_methods";
more_set_headers "Access-Control-Allow-Headers: $benchkeeper_allow_headers";
more_set_headers "Access-Control-Max-Age: $benchkeeper_max_age";
more_set_headers "Access-Control-Expose-Headers: $benchkeeper_expose_headers";
more_set_headers "Vary: $benchkeeper_vary";

include {fragments}/*.conf;
"""

LIMIT = """\
{mark}
# Limits requests to the token endpoint to {rate} (burst {burst}), per client address and site.
{client_map}map "$host $request_method $uri $args" $benchkeeper_token_{id} {{
    default "";
{entries}}}
limit_req_zone $benchkeeper_token_{id} zone=benchkeeper_{id}:10m rate={rate};
limit_req zone=benchkeeper_{id}{burst_nodelay};
map "$limit_req_status $benchkeeper_token_{id}" $benchkeeper_retry_{id} {{
    "~^REJECTED ." {retry};
    default $sent_http_retry_after;
}}
more_set_headers "Retry-After: $benchkeeper_retry_{id}";
"""

# A trusted proxy appends the address of its peer to X-Forwarded-For, so a client cannot forge the last one.
CLIENT_BEHIND_PROXY = """\
geo $benchkeeper_proxy_{id} {{
    default direct;
{proxies}}}
map "$benchkeeper_proxy_{id} $http_x_forwarded_for" $benchkeeper_client_{id} {{
    "~^proxied (?:.*,)?\\s*(?<benchkeeper_last_{short}>[0-9A-Fa-f.:]+)\\s*$" $benchkeeper_last_{short};
    default $remote_addr;
}}
"""


def bench_id(path: str) -> str:
    """A name for a bench that is unique on its host and valid in the name of an nginx variable.

    Args:
        path: the bench directory; links to it give the same name.
    """
    real = os.path.realpath(path)
    plain = re.sub(r"[^A-Za-z0-9]+", "_", os.path.basename(real))
    return f"{plain}_{hashlib.sha256(os.fsencode(real)).hexdigest()[:8]}"


def shared(conf_dir: str) -> str:
    """The content of the shared file.

    Args:
        conf_dir: nginx's conf.d. The directory of the fragments is beside it.
    """
    return SHARED.format(mark=MARK, fragments=fragments_dir(conf_dir))


def fragments_dir(conf_dir: str) -> str:
    """The directory of the fragments, beside nginx's conf.d."""
    return os.path.join(os.path.dirname(conf_dir.rstrip("/")), FRAGMENTS_NAME)


def edge_files(bench_path: str, conf_dir: str) -> list[str]:
    """The paths of the existing nginx files of one bench."""
    folder, identity = fragments_dir(conf_dir), bench_id(bench_path)
    paths = [os.path.join(folder, f"{identity}{ending}") for ending in (".map", ".conf")]
    return [path for path in paths if os.path.exists(path)]


def not_reloaded(conf_dir: str) -> list[str]:
    """A list with the path of the reload marker. Empty if nginx was reloaded after the last change."""
    path = os.path.join(fragments_dir(conf_dir), PENDING)
    return [path] if os.path.exists(path) else []


def own_files(conf_dir: str) -> list[str]:
    """The paths of this collection's nginx files: the shared one, and everything in the directory of the fragments."""
    folder = fragments_dir(conf_dir)
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return [os.path.join(conf_dir, SHARED_NAME), *(os.path.join(folder, name) for name in names)]


def quoted(pattern: str) -> str:
    """A regular expression as a key of a map. It has no quote and no control character: the options are validated."""
    return f'"~^{pattern}"'


def _any_host(hosts: t.Iterable[str]) -> list[str]:
    """Regular expressions that match any of some host names. Several expressions if one would be too long."""
    groups: list[list[str]] = []
    for host in map(re.escape, hosts):
        if not groups or len("|".join([*groups[-1], host])) > LONGEST_HOSTS:
            groups.append([])
        groups[-1].append(host)
    return ["(?:" + "|".join(group) + ")" for group in groups]


def _encoded(text: str) -> str:
    """A regular expression for a text in a query string; any of its characters may be percent-encoded."""
    return "".join(f"(?:{re.escape(letter)}|{_percent(letter)})" for letter in text)


def _percent(letter: str) -> str:
    return "%" + "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{ord(letter):x}")


def _by_site(records: t.Iterable[SiteRecord], lines_of: t.Callable[[SiteRecord], list[str]]) -> list[str]:
    """The lines of every site, sorted by name: its record, then its entries."""
    return [
        line
        for record in sorted(records, key=lambda one: one.name)
        for line in (*record_lines(record), *lines_of(record))
    ]


def cors_lines(record: SiteRecord | None) -> list[str]:
    """The CORS entries of one site: every allowed origin with each of its hosts, then the host with any other origin.

    Args:
        record: the record of the site, or None if it has no entries.
    """
    if record is None or record.cors is None:
        return []
    cors = record.cors
    parts = ["true" if cors.credentials else "", ", ".join(cors.methods), ", ".join(cors.headers), str(cors.max_age)]
    if cors.expose_headers is not None:  # otherwise the header stays as the upstream sent it
        parts.append(", ".join(cors.expose_headers))
    rest = "|".join(parts)
    hosts = _any_host(record.hosts)
    lines = [
        f'{quoted(f"{host} {re.escape(origin)}$")} "{origin}|{rest}";' for host in hosts for origin in cors.origins
    ]
    return [*lines, *(f'{quoted(f"{host} ")} "||||";' for host in hosts)]


def fragment(records: t.Iterable[SiteRecord]) -> str | None:
    """The map entries of a bench, or None if there are none."""
    lines = _by_site(records, cors_lines)
    return "\n".join([MARK, *lines, ""]) if lines else None


def limit_lines(record: SiteRecord, identity: str, proxies: t.Collection[str]) -> list[str]:
    """The entries of one site in the map of requests that are limited.

    Args:
        record: the record of the site.
        identity: as `bench_id` returns it.
        proxies: the trusted proxies; without any, the client is the peer of the connection.
    """
    client = f"$benchkeeper_client_{identity}" if proxies else "$remote_addr"
    # nginx has decoded the path, which may then contain a line feed. It has not decoded the query.
    path = rf"/api/(?:v[0-9]+/)?method/{re.escape(TOKEN)}[/ ]"
    query = rf".*[ &]{_encoded('cmd')}={_encoded(TOKEN)}(?:&|$)"
    request = f"(?!OPTIONS )[A-Z]+ (?s:{path}|{query})"
    return [f'{quoted(f"{host} {request}")} "{record.name} {client}";' for host in _any_host(record.hosts)]


def limit(
    identity: str, records: t.Iterable[SiteRecord], rate: str, burst: int, proxies: t.Collection[str]
) -> str | None:
    """The http-level file that limits the token endpoint of a bench, or None if there is no entry.

    It covers all spellings of the method's path, because nginx matches the decoded, merged path. It also covers ``cmd``
    in the query, percent-encoded or not. nginx cannot see ``cmd`` in the body of a POST.

    Args:
        identity: as `bench_id` returns it.
        records: the record of each site.
        rate: in nginx's own form, such as ``5r/s``.
        burst: requests above the rate that are served without delay.
        proxies: addresses or networks whose X-Forwarded-For is trusted.
    """
    lines = _by_site(records, lambda record: limit_lines(record, identity, proxies))
    if not lines:
        return None
    listed = "".join(f"    {proxy} proxied;\n" for proxy in proxies)
    # PCRE takes names of at most 32 characters
    behind = CLIENT_BEHIND_PROXY.format(id=identity, short=identity[-8:], proxies=listed)
    amount, _unit, per = rate.partition("r/")
    return LIMIT.format(
        mark=MARK,
        id=identity,
        rate=rate,
        burst=burst,
        burst_nodelay=f" burst={burst} nodelay" if burst else "",
        entries="".join(f"    {line}\n" for line in lines),
        client_map=behind if proxies else "",
        retry=max(1, -(-{"s": 1, "m": 60}[per] // int(amount))),
    )
