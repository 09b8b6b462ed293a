# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx is told about the sites of a bench: CORS and the limit on the token endpoint. Pure: text in, text out.

One shared file serves every bench on a nginx. It looks the host and the origin of a request up in one map, whose
entries each bench brings in a fragment of its own; for a host that no fragment names, every header stays as it was.
"""

from __future__ import annotations

import hashlib
import os
import re
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CORS_DEFAULTS

Site = t.Dict[str, t.Any]

SHARED_NAME = "benchkeeper.conf"
FRAGMENTS_NAME = "benchkeeper.d"
STATUS_NAME = "limit_req_status.conf"
PENDING = ".reload-pending"  # there between the first file that is put in place and the reload that makes it count
MARK = "# Written by benchkeeper.frappe. Changes made here are lost."
TOKEN = "frappe.integrations.oauth2.get_token"
LONGEST_HOSTS = 2000  # characters in a regular expression: nginx takes a word of at most 4096
# `$sent_http_...` is what the answer holds at this point: for other hosts each header is set to what it is already.
# Regular expressions as keys have case and need no map_hash_bucket_size, which another file may set too.
SHARED = """\
{mark}
# One file for every bench on this nginx; {fragments}/ has a fragment a bench.

# Empty: not ours. Else, for a host that is declared: origin|credentials|methods|headers|max age,
# of an origin that is allowed, or nothing between the bars.
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
    "~^preflight [^|]+\\|[^|]*\\|[^|]*\\|[^|]*\\|(?<benchkeeper_age>[^|]*)$" $benchkeeper_age;
    default "";
}}
# The answer differs by origin, so caches must know: added to what is there, unless it is there.
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
more_set_headers "Vary: $benchkeeper_vary";

include {fragments}/*.conf;
"""

LIMIT = """\
{mark}
# At most {rate} (burst {burst}) at the token endpoint, by client address and site.
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

# A trusted proxy appends the address it was called from to X-Forwarded-For: the last one is not the client's word.
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
    """A name for a bench that is unique on its machine and may stand in a variable of nginx."""
    real = os.path.realpath(path)
    plain = re.sub(r"[^A-Za-z0-9]+", "_", os.path.basename(real))
    return f"{plain}_{hashlib.sha256(real.encode()).hexdigest()[:8]}"


def shared(conf_dir: str) -> str:
    """The shared file; ``conf_dir`` is nginx's conf.d, the fragments lie beside it."""
    return SHARED.format(mark=MARK, fragments=fragments_dir(conf_dir))


def fragments_dir(conf_dir: str) -> str:
    """Folder of the fragments."""
    return os.path.join(os.path.dirname(conf_dir.rstrip("/")), FRAGMENTS_NAME)


def edge_files(bench_path: str, conf_dir: str) -> list[str]:
    """The files of one bench that are there."""
    folder, identity = fragments_dir(conf_dir), bench_id(bench_path)
    paths = [os.path.join(folder, f"{identity}{ending}") for ending in (".map", ".conf")]
    return [path for path in paths if os.path.exists(path)]


def untold(conf_dir: str) -> list[str]:
    """The mark that nginx has not been told of what was written, if it is there."""
    path = os.path.join(fragments_dir(conf_dir), PENDING)
    return [path] if os.path.exists(path) else []


def own_files(conf_dir: str) -> list[str]:
    """The files of every bench that may be there, the shared one among them."""
    folder = fragments_dir(conf_dir)
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return [os.path.join(conf_dir, SHARED_NAME), *(os.path.join(folder, name) for name in names)]


def quoted(pattern: str) -> str:
    """A regular expression as a key of a map; what goes in has no quote and no control character."""
    return f'"~^{pattern}"'


def _any_host(site: Site) -> list[str]:
    """Regular expressions that match any host name of a site; more than one where it has very many."""
    groups: list[list[str]] = []
    for domain in map(re.escape, sorted(site["domains"])):
        if not groups or len("|".join([*groups[-1], domain])) > LONGEST_HOSTS:
            groups.append([])
        groups[-1].append(domain)
    return ["(?:" + "|".join(group) + ")" for group in groups]


def _encoded(text: str) -> str:
    """A regular expression for a text in a query, any letter of which may be percent-encoded."""
    return "".join(f"(?:{re.escape(letter)}|{_percent(letter)})" for letter in text)


def _percent(letter: str) -> str:
    return "%" + "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{ord(letter):x}")


def _by_site(entries: dict[str, list[str]]) -> list[str]:
    """The entries of every site, each site's behind a line with its name, which `sections` reads."""
    return [line for site in sorted(entries) if entries[site] for line in (f"# site {site}", *entries[site])]


def cors_lines(site: Site) -> list[str]:
    """The entries of one site: each allowed origin under each of its hosts, then the host with any other."""
    if not site.get("cors") or not site["domains"]:
        return []
    cors = {**CORS_DEFAULTS, **{key: value for key, value in site["cors"].items() if value is not None}}
    rest = "|".join(
        (
            "true" if cors["credentials"] else "",
            ", ".join(cors["methods"]),
            ", ".join(cors["headers"]),
            str(cors["max_age"]),
        )
    )
    hosts, origins = _any_host(site), sorted(set(cors["origins"]))
    lines = [f'{quoted(f"{host} {re.escape(origin)}$")} "{origin}|{rest}";' for host in hosts for origin in origins]
    return [*lines, *(f'{quoted(f"{host} ")} "||||";' for host in hosts)]


def fragment(entries: dict[str, list[str]]) -> str | None:
    """The map entries of a bench, by site, or None if there are none."""
    lines = _by_site(entries)
    return "\n".join([MARK, *lines, ""]) if lines else None


def sections(text: str | None) -> dict[str, list[str]]:
    """The entries of each site in a file of ours, by site."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in (text or "").splitlines():
        site = re.match(r"\s*# site (.+)", line)
        if site:
            current = found[site[1]] = []
        elif re.match(r'\s*"~\^\(', line):
            current.append(line.strip())
    return found


def limit_lines(site: Site, identity: str, proxies: t.Collection[str]) -> list[str]:
    """The entries of one site in the map of requests that are limited."""
    return [_limit_line(host, site["name"], identity, proxies) for host in _any_host(site)]


def kept_limit_lines(name: str, lines: list[str], identity: str, proxies: t.Collection[str]) -> list[str]:
    """The entries of a site of which only they are known, written anew.

    They name the client as it was told then, and the variable for it goes when the last proxy goes.
    """
    hosts = [found[1] for found in (re.match(r'"~\^(\(\?:\S+\)) ', line) for line in lines) if found]
    return [_limit_line(host, name, identity, proxies) for host in hosts]


def _limit_line(host: str, name: str, identity: str, proxies: t.Collection[str]) -> str:
    client = f"$benchkeeper_client_{identity}" if proxies else "$remote_addr"
    # nginx has decoded the path, which may then hold a line's end, and not the query
    path = rf"/api/(?:v[0-9]+/)?method/{re.escape(TOKEN)}[/ ]"
    query = rf".*[ &]{_encoded('cmd')}={_encoded(TOKEN)}(?:&|$)"
    return f'{quoted(f"{host} (?!OPTIONS )[A-Z]+ (?s:{path}|{query})")} "{name} {client}";'


def limit(identity: str, entries: dict[str, list[str]], rate: str, burst: int, proxies: list[str]) -> str | None:
    """The http-level file that limits the token endpoint of a bench, or None if there is no entry.

    Covered are all paths that lead to the method, however they are written (nginx matches the decoded, merged path),
    and ``cmd`` in the query, percent-encoded or not. ``cmd`` in the body of a POST is beyond nginx.

    Args:
        identity: as `bench_id` gives it.
        entries: of each site, as `limit_lines` gives them.
        rate: nginx's own form, such as ``5r/s``.
        burst: requests above the rate that are served at once.
        proxies: addresses or networks whose X-Forwarded-For is believed.
    """
    lines = _by_site(entries)
    if not lines:
        return None
    listed = "".join(f"    {proxy} proxied;\n" for proxy in proxies)
    # PCRE takes names of at most 32 characters
    behind = CLIENT_BEHIND_PROXY.format(id=identity, short=identity[-8:], proxies=listed)
    amount, per = re.fullmatch(r"([0-9]+)r/([sm])", rate).groups()
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
