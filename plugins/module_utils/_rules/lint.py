# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check declarations against the rules before anything is written. Pure: no Ansible, no Frappe, no I/O."""

from __future__ import annotations

import ipaddress
import json
import math
import re
import typing as t
from urllib.parse import SplitResult

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import (
    HIDDEN,
    looks_secret,
    without_password,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.cors_rules import (
    CORS_ANY_ORIGIN,
    CORS_MAX_AGE,
    CORS_TOKEN,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.declaration_rules import (
    CLIENT_AUTH_METHOD,
    CLIENT_ID_FORM,
    CLIENT_IDENTITY,
    CONFIG_CONTRADICTION,
    CONFIG_KEY,
    CONFIG_NUMBER,
    CONFIG_VITAL_KEY,
    CONSENT_SKIPPED,
    DEFAULT_REDIRECT_URI,
    DOMAIN_FORM,
    GRANT_IMPLICIT,
    IGNORE_CSRF,
    LIMIT_PROXY,
    LIMIT_RATE,
    PASSWORD_SHORT,
    REDIRECT_URI_ABSOLUTE,
    REDIRECT_URI_FRAGMENT,
    REDIRECT_URI_HTTP,
    REDIRECT_URI_LOCALHOST,
    REDIRECT_URI_LOOPBACK_PORT,
    REDIRECT_URI_SCHEME,
    REDIRECT_URI_SCRIPT,
    REDIRECT_URI_USERINFO,
    REDIRECT_URI_WHITESPACE,
    REDIRECT_URI_WILDCARD,
    REDIRECT_URIS_EMPTY,
    ROLES_EMPTY,
    SCOPE_ALL,
    SCOPE_FORM,
    SCOPES_EMPTY,
    SECRET_FORM,
    SECRET_IN_NAME,
    SECRET_IN_SETTINGS,
    SECRET_LONG,
    SECRET_REWRITTEN,
    SECRET_SHORT,
    SECRET_WEAK,
    SITE_NAME,
    TEXT_BLANK,
    TEXT_CONTROL,
    TEXT_EDGES,
    TEXT_LENGTH,
    TEXT_MARKUP,
    UNREAD_KEY,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Finding, Findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.origins import (
    CONTROL,
    LONGEST_HOST,
    SCHEME,
    SCRIPT_SCHEMES,
    origin,
    origin_form,
    split,
)

MAX_DATA = 140  # characters in a Data field (Frappe: varchar(140))
MAX_TEXT = 65535  # bytes in a Text field (MariaDB: TEXT; Postgres has no limit)
SHORTEST_SECRET = 16  # characters: masking a shorter one also masks unrelated output
SHORTEST_PASSWORD = 8  # characters, for secrets that a user or Frappe chose (API secrets of Frappe have 15)
GOOD_SECRET = 32  # bytes: 256 bits

LONGEST_LIST = 1000  # characters: an nginx parameter has at most 4096

CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,140}")
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, 3.3: scope-token
SITE_NAME_FORM = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
# nginx accepts underscores, and some site names contain them
DOMAIN = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?")
HTTP_TOKEN = re.compile(r"[A-Za-z0-9-]+")
RATE = re.compile(r"[1-9][0-9]{0,5}r/[sm]")
UNREAD_KEYS = ("cors_allow_credentials", "allow_cors_for_methods", "allow_cors_for_headers")
VITAL_KEYS = ("db_name", "db_password", "db_type", "encryption_key")


# ---------------------------------------------------------------- text and secrets
def _bytes(text: str) -> int:
    """The length in UTF-8. An unpaired surrogate, which is not valid UTF-8, counts as three bytes."""
    return len(text.encode(errors="surrogatepass"))


def text_findings(field: str, value: str, longest: int = MAX_DATA) -> Findings:
    """Text that Frappe would reject, truncate or rewrite on save. ``longest`` is the maximum number of characters."""
    if not value.strip():
        yield Finding(TEXT_BLANK, field, "is blank")
    elif value != value.strip():
        yield Finding(TEXT_EDGES, field, f"{without_password(value)} begins or ends with white space")
    if CONTROL.search(value):
        yield Finding(TEXT_CONTROL, field, f"{without_password(value)} contains a control character")
    if "<" in value or ">" in value:
        yield Finding(TEXT_MARKUP, field, f"{without_password(value)} contains < or >")
    if len(value) > longest:
        yield Finding(TEXT_LENGTH, field, f"has {len(value)} characters, but the maximum is {longest}")


def _too_short(value: str, shortest: int) -> str:
    """What is wrong with a short secret. The secret itself is not shown."""
    return f"has {len(value)} character{'' if len(value) == 1 else 's'}, but at least {shortest} are required"


def secret_findings(field: str, value: str, names: t.Iterable[str]) -> Findings:
    """Secrets that are weak, that Frappe would change, or that are part of one of ``names``."""
    if len(value) < SHORTEST_SECRET:
        yield Finding(SECRET_SHORT, field, _too_short(value, SHORTEST_SECRET))
    elif _bytes(value) < GOOD_SECRET:
        yield Finding(SECRET_WEAK, field, f"has {_bytes(value)} bytes, but at least {GOOD_SECRET} are expected")
    if len(value) > MAX_DATA:
        yield Finding(SECRET_LONG, field, f"has {len(value)} characters, but the maximum is {MAX_DATA}")
    if value != value.strip() or CONTROL.search(value) or re.search(r"[<>&]", value):
        yield Finding(
            SECRET_REWRITTEN, field, "contains <, >, &, a control character, or leading or trailing white space"
        )
    if any(value in name for name in names):
        yield Finding(SECRET_IN_NAME, field, "is part of a site, user or app name")


def password_findings(field: str, value: str | None, names: t.Iterable[str | None]) -> Findings:
    """An existing password or API secret. The only check is whether masking it would mask unrelated output.

    Args:
        field: the option that sets it.
        value: the password. None or empty if there is none.
        names: names of sites, users, apps and hosts that must stay readable in the output.
    """
    if value and len(value) < SHORTEST_PASSWORD:
        yield Finding(PASSWORD_SHORT, field, _too_short(value, SHORTEST_PASSWORD))
    if value and any(value in name for name in names if name):
        yield Finding(SECRET_IN_NAME, field, "is part of a site, user, app or host name")


# ---------------------------------------------------------------- redirect URIs
def _is_loopback(host: str) -> bool:
    return host == "localhost" or _loopback(host)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def redirect_uri_findings(field: str, uri: str) -> Findings:
    """Check one redirect URI: RFC 6749 3.1.2, RFC 8252 7 and 8, RFC 9700 4.1, and how Frappe handles it."""
    if not uri or re.search(r"\s", uri):
        yield Finding(REDIRECT_URI_WHITESPACE, field, f"{without_password(uri)} is empty or contains white space")
        return
    yield from (f for f in text_findings(field, uri) if f.rule in (TEXT_CONTROL, TEXT_MARKUP))
    parts, (scheme, colon, _rest) = split(uri), uri.partition(":")
    if parts is None or not colon or not SCHEME.fullmatch(scheme):
        yield Finding(REDIRECT_URI_ABSOLUTE, field, f"{without_password(uri)} is not an absolute URI")
        return
    if "#" in uri:
        yield Finding(REDIRECT_URI_FRAGMENT, field, f"{without_password(uri)} contains a fragment")
    if "*" in uri:
        yield Finding(REDIRECT_URI_WILDCARD, field, f"{without_password(uri)} contains a wildcard")
    scheme = scheme.lower()
    if scheme in SCRIPT_SCHEMES:
        yield Finding(REDIRECT_URI_SCRIPT, field, f"{without_password(uri)} has the scheme {scheme}")
    elif scheme in ("http", "https"):
        yield from _web_uri_findings(field, uri, scheme, parts)
    elif "." not in scheme:
        yield Finding(REDIRECT_URI_SCHEME, field, f"{without_password(uri)} has a private-use scheme without a period")


def _web_uri_findings(field: str, uri: str, scheme: str, parts: SplitResult) -> Findings:
    if not parts.hostname:
        yield Finding(REDIRECT_URI_ABSOLUTE, field, f"{without_password(uri)} has no host")
    elif parts.username is not None:
        yield Finding(REDIRECT_URI_USERINFO, field, "contains a user name or password")
    elif scheme == "http" and parts.hostname == "localhost":
        yield Finding(REDIRECT_URI_LOCALHOST, field, f"{without_password(uri)} uses the name localhost")
    elif scheme == "http" and not _loopback(parts.hostname):
        yield Finding(REDIRECT_URI_HTTP, field, f"{without_password(uri)} uses http")
    if scheme == "http" and parts.port is None and _is_loopback(parts.hostname or ""):
        yield Finding(REDIRECT_URI_LOOPBACK_PORT, field, f"{without_password(uri)} has no port")


# ---------------------------------------------------------------- clients
def client_findings(client: dict[str, t.Any], site: str) -> Findings:
    """All findings about one declared client that do not depend on the state of the site.

    Args:
        client: options of frappe_oauth_client. Options that are None or missing are not declared.
        site: name of the site. A secret must not be part of it.
    """
    given = {key: value for key, value in client.items() if value is not None}
    if "app_name" in given:
        yield from text_findings("app_name", given["app_name"])
    if "client_id" in given and not CLIENT_ID.fullmatch(given["client_id"]):
        yield Finding(CLIENT_ID_FORM, "client_id", _misfit(given["client_id"], CLIENT_ID))
    if "app_name" not in given and "client_id" not in given:
        yield Finding(CLIENT_IDENTITY, "app_name", "neither app_name nor client_id is set")
    yield from _uri_list_findings(given)
    yield from _scope_findings(given)
    if given.get("grant_type") == "Implicit":
        yield Finding(GRANT_IMPLICIT, "grant_type", "is Implicit")
    if "client_secret" in given:
        names = (site, given.get("app_name", ""), given.get("client_id", ""))
        yield from secret_findings("client_secret", given["client_secret"], names)
    if given.get("allowed_roles") == []:
        yield Finding(ROLES_EMPTY, "allowed_roles", "is an empty list")
    for field in ("client_uri", "logo_uri", "tos_uri", "policy_uri", "software_id", "software_version"):
        if given.get(field):
            yield from text_findings(field, given[field])
    for field in ("redirect_uris", "scopes", "contacts"):
        if _bytes(" ".join(given.get(field, ()))) > MAX_TEXT:
            yield Finding(TEXT_LENGTH, field, f"is longer than {MAX_TEXT} bytes")
    for field in ("allowed_roles", "contacts"):
        for item in given.get(field, ()):
            yield from text_findings(field, item)


def _misfit(value: str, form: re.Pattern[str], also: str = "") -> str:
    """Why a value does not have a form that only limits its characters and its length.

    Args:
        value: the value.
        form: matches each allowed character.
        also: more characters that are not allowed.
    """
    if not value:
        return "'' is empty"
    bad = next((one for one in value if not form.fullmatch(one) or one in also), None)
    return f"{value!r} contains {bad!r}, which is not allowed" if bad else f"has {len(value)} characters"


def default_uri(uris: t.Iterable[str]) -> str | None:
    """The default redirect URI of a client that declares none: the first that fits Frappe's column; None if none does.

    Only the default is limited: the list itself is a column without this length.
    """
    return next((uri for uri in uris if len(uri) <= MAX_DATA), None)


def _uri_list_findings(given: dict[str, t.Any]) -> Findings:
    uris, default = given.get("redirect_uris"), given.get("default_redirect_uri")
    if uris == []:
        yield Finding(REDIRECT_URIS_EMPTY, "redirect_uris", "is an empty list")
    for uri in uris or ():
        yield from redirect_uri_findings("redirect_uris", uri)
    if default is not None:
        yield from redirect_uri_findings("default_redirect_uri", default)
        if uris and default not in uris:
            yield Finding(
                DEFAULT_REDIRECT_URI, "default_redirect_uri", f"{without_password(default)} is not in redirect_uris"
            )
    if default is not None and len(default) > MAX_DATA:
        found = f"has {len(default)} characters, but the maximum is {MAX_DATA}"
        yield Finding(TEXT_LENGTH, "default_redirect_uri", found)
    elif default is None and uris and not default_uri(uris):
        found = (
            f"the shortest URI has {min(map(len, uris))} characters, but Frappe stores one URI as the default, in a "
            f"column of {MAX_DATA} characters"
        )
        yield Finding(TEXT_LENGTH, "redirect_uris", found)
    private = [uri for uri in uris or () if uri.partition(":")[0].lower() not in ("http", "https")]
    if given.get("skip_authorization") and private:
        yield Finding(
            CONSENT_SKIPPED, "skip_authorization", f"no consent page is shown for {without_password(private[0])}"
        )
    if given.get("token_endpoint_auth_method") not in (None, "", "None") and private:
        found = (
            f"is {without_password(given['token_endpoint_auth_method'])}, but the redirect URI "
            f"{without_password(private[0])} belongs to an app on a device"
        )
        yield Finding(CLIENT_AUTH_METHOD, "token_endpoint_auth_method", found)


def _scope_findings(given: dict[str, t.Any]) -> Findings:
    scopes = given.get("scopes")
    if scopes == []:
        yield Finding(SCOPES_EMPTY, "scopes", "is an empty list")
    for scope in scopes or ():
        if not SCOPE.fullmatch(scope) or "<" in scope or ">" in scope:
            yield Finding(SCOPE_FORM, "scopes", _misfit(scope, SCOPE, "<>"))
    if "all" in (scopes or ()):
        yield Finding(SCOPE_ALL, "scopes", "contains 'all'")


# ---------------------------------------------------------------- site_config.json
def setting_findings(key: str, value: t.Any, file: str) -> Findings:
    """Findings about one configuration key. ``file`` is the name of its file."""
    field, shown = f"{key} in {file}", f"is {HIDDEN if looks_secret(key, value) else _as_json(value)}"
    if key == "ignore_csrf" and value:
        yield Finding(IGNORE_CSRF, field, shown)
    elif key in UNREAD_KEYS:
        yield Finding(UNREAD_KEY, field, shown)
    elif key == "allow_cors" and value == "*":
        yield Finding(CORS_ANY_ORIGIN, field, "is '*'")
    elif key == "allow_cors" and value:
        for item in value if isinstance(value, list) else [value]:
            bare = origin(item)
            if bare != item:
                yield origin_form(field, item, bare)


def _as_json(value: t.Any) -> str:
    """A value of a configuration file, as JSON spells it, but with the quotes of all other messages."""
    if isinstance(value, str):
        return repr(value)
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return repr(value)


def settings_findings(
    settings: dict[str, t.Any], secrets: dict[str, t.Any], absent: t.Collection[str], file: str
) -> Findings:
    """All findings about declared settings that do not depend on the current content of the file.

    Args:
        settings: keys with values that may be shown.
        secrets: keys with values that must not be shown.
        absent: keys to remove.
        file: ``site_config.json`` or ``common_site_config.json``.
    """
    for key in (*settings, *secrets, *absent):
        if not isinstance(key, str) or not key.strip() or CONTROL.search(key):
            yield Finding(CONFIG_KEY, f"{key!r} in {file}", "is not a valid key")
    for key, value in settings.items():
        yield from setting_findings(key, value, file)
        if looks_secret(key, value):
            yield Finding(SECRET_IN_SETTINGS, f"{key} in {file}", "looks like a secret")
        if _unwritable(value):
            yield Finding(CONFIG_NUMBER, f"{key} in {file}", "contains a number that is not valid JSON")
    for key, value in secrets.items():
        if not isinstance(value, str):
            yield Finding(SECRET_FORM, f"{key} in {file}", "is not a string")
        elif len(value) < SHORTEST_SECRET:
            yield Finding(SECRET_SHORT, f"{key} in {file}", _too_short(value, SHORTEST_SECRET))
        elif any(value in str(name) for name in (*settings, *secrets)):
            # the key itself would show the secret
            yield Finding(SECRET_IN_NAME, f"secret_settings in {file}", "a value is part of the name of a key")
    for key in absent:
        if key in settings or key in secrets:
            yield Finding(
                CONFIG_CONTRADICTION, f"{key} in {file}", "is in settings or secret_settings, and also in absent"
            )
        if key in VITAL_KEYS and file == "site_config.json":
            yield Finding(CONFIG_VITAL_KEY, f"{key} in {file}", "is listed in absent")
    for key in settings.keys() & secrets.keys():
        yield Finding(CONFIG_CONTRADICTION, f"{key} in {file}", "is in both settings and secret_settings")


def _unwritable(value: t.Any) -> bool:
    """Whether the value contains NaN or infinity. Python writes them, but other programs cannot read them."""
    if isinstance(value, (dict, list)):
        return any(map(_unwritable, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float) and not math.isfinite(value)


# ---------------------------------------------------------------- nginx
def name_findings(name: str) -> Findings:
    """Check the name of a site, which is also a directory name and a parameter in the nginx configuration."""
    if not SITE_NAME_FORM.fullmatch(name) or ".." in name:
        yield Finding(SITE_NAME, "name", f"{name!r} is not a valid site name")


def servable(domain: str) -> bool:
    """Whether nginx accepts this host name."""
    return bool(DOMAIN.fullmatch(domain)) and len(domain) <= LONGEST_HOST


def edge_findings(domains: t.Iterable[str], cors: dict[str, t.Any] | None) -> Findings:
    """All findings about the CORS declaration of one site. Accepted values cannot inject nginx directives."""
    for domain in domains:
        if not servable(domain):
            yield Finding(DOMAIN_FORM, "domains", f"{domain!r} is not a valid host name")
    given = {key: value for key, value in (cors or {}).items() if value is not None}
    for item in given.get("origins", ()):
        bare = origin(item)
        if bare != item:
            yield origin_form("cors.origins", item, bare)
    for field in ("methods", "headers", "expose_headers"):
        for item in given.get(field, ()):
            if not HTTP_TOKEN.fullmatch(item):
                yield Finding(CORS_TOKEN, f"cors.{field}", _misfit(item, HTTP_TOKEN))
        if len(", ".join(given.get(field, ()))) > LONGEST_LIST:
            yield Finding(CORS_TOKEN, f"cors.{field}", f"has more than {LONGEST_LIST} characters")
    if not 0 <= given.get("max_age", 0) <= 86400:
        yield Finding(CORS_MAX_AGE, "cors.max_age", f"is {given['max_age']}")


def limit_findings(rate_limit: dict[str, t.Any] | None, proxies: t.Iterable[str]) -> Findings:
    """Check the rate limit and the trusted proxies."""
    if rate_limit and not RATE.fullmatch(str(rate_limit["rate"])):
        yield Finding(LIMIT_RATE, "rate_limit.rate", f"{rate_limit['rate']!r} is not a valid rate")
    if rate_limit and not 0 <= rate_limit["burst"] <= 10000:
        yield Finding(LIMIT_RATE, "rate_limit.burst", f"is {rate_limit['burst']!r}")
    for proxy in proxies:
        try:
            ipaddress.ip_network(proxy)
            good = "%" not in proxy  # an IPv6 zone id may contain any character, even a newline
        except ValueError:
            good = False
        if not good:
            yield Finding(LIMIT_PROXY, "trusted_proxies", f"{proxy!r} is not an IP address or network")
