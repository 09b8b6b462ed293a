# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps outside the OAuth flow: certificate, discovery, domains, CORS and the rate limit."""

from __future__ import annotations

import ipaddress
import math
import socket
import ssl
import time
import typing as t
from urllib.parse import urlsplit

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.cors_rules import (
    CORS_ABSENT,
    CORS_COOKIES,
    CORS_CREDENTIALS,
    CORS_DUPLICATE,
    CORS_ERROR_BARE,
    CORS_EXPOSE_HEADERS,
    CORS_FOREIGN_ORIGIN,
    CORS_PREFLIGHT,
    CORS_PUBLIC_ORIGIN,
    CORS_VALUE,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CORS_DEFAULTS
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import (
    DISCOVERY_PATH,
    DISCOVERY_WRONG,
    DOMAIN_NOWHERE,
    DOMAIN_WRONG_SITE,
    FRAPPE_LIMIT_BYPASS,
    HTTP_OPEN,
    LIMIT_ABSENT,
    TLS_EXPIRING,
    TLS_INVALID,
    TLS_MISSING,
    TLS_NONE,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.client_auth import as_client, unauthenticated
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.flow import compare_issuer
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.http import body_of, lines, retry_after, said
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault, NotRun, Seen
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import (
    METHOD,
    OAUTH,
    WHO,
    Verification,
)

WELL_KNOWN = "/.well-known/openid-configuration"
FOREIGN_ORIGIN = "https://benchkeeper-undeclared.invalid"
EXPIRY_WARNING = 14  # days
CONNECT_TIMEOUT = 10  # seconds
CLEAR_TIMEOUT = 3  # seconds: a firewall may drop packets to port 80 without a response
MOST_REQUESTS = 200  # maximum number of requests that test a rate limit
GET_TOKEN = "frappe.integrations.oauth2.get_token"
NONSENSE = "grant_type=benchkeeper-nonsense"  # contains no user name, so it cannot lock a user
ALLOW = "Access-Control-Allow-"
EXPOSE = "Access-Control-Expose-Headers"
SAFELISTED = ("GET", "HEAD", "POST")  # allowed without Access-Control-Allow-Methods (Fetch, CORS-safelisted method)


# ---------------------------------------------------------------- TLS, discovery and domains
def tls(run: Verification) -> Seen:
    """Check the certificate: its host name, its expiry, and whether http redirects. Report a site without https."""
    asked, address = urlsplit(run.params["url"]), urlsplit(run.http.base)
    if asked.scheme != "https":
        expected = "https, or http for a local host name"
        if _is_local(asked.hostname or ""):
            return Seen(expected, f"http for {asked.hostname}")
        return Seen(expected, "http", TLS_NONE, "the URL of the site starts with http:")
    expected, where = "a valid certificate", (address.hostname or "", address.port or 443)
    try:
        with socket.create_connection(where, timeout=CONNECT_TIMEOUT) as raw:
            with ssl.create_default_context().wrap_socket(raw, server_hostname=asked.hostname) as wrapped:
                certificate = wrapped.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        raise Fault(TLS_INVALID, expected, error.verify_message) from None
    except ssl.SSLError as error:
        raise Fault(TLS_MISSING, expected, f"no TLS at {where[0]}:{where[1]}: {error.reason}") from None
    except OSError as error:
        raise Fault(TLS_MISSING, expected, f"{where[0]}:{where[1]}: {error.strerror or error}") from None
    days = int((ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) // 86400)
    found, is_open = f"valid for {asked.hostname}, expires in {days} days", _answers_in_clear(run)
    rule = TLS_EXPIRING if days < EXPIRY_WARNING else HTTP_OPEN if is_open else ""
    return Seen(expected, found + ("; Frappe also responds over http" if is_open else ""), rule)


def _answers_in_clear(run: Verification) -> bool:
    """Whether Frappe also responds over http instead of a redirect.

    False if the URL has an explicit port, because the port for http is then unknown.
    """
    asked, address = urlsplit(run.params["url"]), urlsplit(run.http.base)
    if asked.port or address.port:
        return False
    http = run.client_at(f"http://{asked.netloc}", f"http://{address.netloc}")
    http.until = min(run.until, time.monotonic() + CLEAR_TIMEOUT)
    try:
        reply = http.get(METHOD + "ping")
    except Fault:
        return False
    return reply.status_code == 200 and body_of(reply).get("message") == "pong"


def _is_local(name: str) -> bool:
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def discovery(run: Verification) -> Seen:
    """Check the OpenID configuration, if this Frappe publishes one."""
    expected, rule = f"the endpoints of {run.params['url']}, or no OpenID configuration", ""
    reply = run.http.get(WELL_KNOWN)
    if reply.is_redirect:
        reply = run.http.get(run.http.path_of(reply))
    if reply.status_code == 404:
        reply, rule = run.http.get(OAUTH + "openid_configuration"), DISCOVERY_PATH
        if reply.status_code != 200 or "issuer" not in body_of(reply):
            return Seen(expected, "no OpenID configuration")
    published = body_of(reply)
    if reply.status_code != 200 or not published.get("issuer"):
        raise Fault(DISCOVERY_WRONG, expected, said(reply))
    seen = compare_issuer(run, str(published["issuer"]), expected)
    ours = str(published["issuer"]).rstrip("/") + "/"
    other = [name for name, url in published.items() if name.endswith("_endpoint") and not str(url).startswith(ours)]
    if other:
        raise Fault(DISCOVERY_WRONG, expected, f"{', '.join(sorted(other))} at a different address than the issuer")
    return seen if seen.rule else Seen(expected, f"issuer {published['issuer']} and its endpoints", rule)


def domain(run: Verification) -> Seen:
    """Check that every domain serves this site.

    Only this site accepts the access token. Without a token, the check is whether the host name knows the client_id.

    The name of the site's directory is one of its domains, because bench's nginx serves it. A site that is reached
    under its host_name only may have a directory name that is not in DNS. Nobody uses that name.
    """
    expected = "a response of this site at every domain"
    names = [name for name in run.params["domains"] if "*" not in name]
    parts = urlsplit(run.params["url"])
    port = f":{parts.port}" if parts.port else ""
    unused = [name for name in names if not _leads_here(run, name, parts.scheme, port, expected)]
    served = ", ".join(name for name in names if name not in unused) or "the site has no domains"
    return Seen(
        expected, served + "".join(f"; {name}, the name of the site directory, is not in DNS" for name in unused)
    )


def _leads_here(run: Verification, name: str, scheme: str, port: str, expected: str) -> bool:
    """Check one domain. Returns False for a directory name that nobody uses.

    Raises:
        Fault: the name leads nowhere, or to another site.
    """
    http = run.client_at(f"{scheme}://{name}{port}")
    if run.pairs and (http.base, http.host) == (run.http.base, run.http.host):
        return True  # the flow just received its tokens there
    try:
        reply = http.get(METHOD + "ping")
        found, reason = said(reply), "no site has this host name"
        reached = reply.status_code == 200
    except Fault as fault:
        found, reason, reached = fault.found, "", False
    if not reached and _is_folder_only(run, name):
        return False
    if not reached:
        raise Fault(DOMAIN_NOWHERE, expected, f"{name}: {found}", reason)
    if not _is_here(run, http):
        other = "another site responded, and rejected this site's token or client_id"
        raise Fault(DOMAIN_WRONG_SITE, expected, f"{name}: {other}")
    return True


def _is_folder_only(run: Verification, name: str) -> bool:
    """Whether a name is only that of the site's directory, and the site has another name that users enter."""
    if name != run.params.get("site") or name == urlsplit(run.params["url"]).hostname:
        return False
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        return True
    return False


def _is_here(run: Verification, http: t.Any) -> bool:
    if run.pairs:
        return http.get(METHOD + WHO, headers=run.bearer(run.pairs[-1])).status_code == 200
    if not run.params.get("client"):
        return True
    form = f"grant_type=authorization_code&code=benchkeeper-no-code&client_id={run.client_id}"
    reply = as_client(run, form, lambda body, more: http.post(OAUTH + "get_token", body, headers=more), native=True)
    return reply.status_code not in (403, 404) and not unauthenticated(reply)


# ---------------------------------------------------------------- CORS
def preflight(run: Verification) -> Seen:
    """Send the preflight requests of a browser on a page of each declared origin: to the API and the token endpoint."""
    cors = run.cors
    method, headers = (cors.get("methods") or ["GET"])[0], cors.get("headers") or CORS_DEFAULTS["headers"]
    allowed = f"{method} with the headers {', '.join(headers)}, and POST at the token endpoint"
    expected = f"a preflight response that allows, for each declared origin, {allowed}"
    for origin in cors["origins"]:
        _let_in(run, origin, run.params["api_method"], method, headers, expected)
        _let_in(run, origin, GET_TOKEN, "POST", [], expected)
    return Seen(expected, f"allowed for {', '.join(cors['origins'])}")


def _let_in(run: Verification, origin: str, what: str, method: str, headers: list[str], expected: str) -> None:
    asks = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asks["Access-Control-Request-Headers"] = ", ".join(name.lower() for name in headers)
    reply = run.http.send(run.http.app, "OPTIONS", METHOD + what, headers=asks)
    _one_origin(run, reply, origin, f"{origin}: preflight of {what}")
    granted = {kind: _words(reply, ALLOW + kind) for kind in ("Methods", "Headers")}
    lacking = [name for name in headers if not granted["Headers"] & {name.lower(), "*"}]
    lacking += [] if granted["Methods"] & {method.lower(), "*"} or method in SAFELISTED else [method]
    if not reply.ok or lacking:
        without = f" does not allow {', '.join(lacking)}" if lacking else " is an error"
        response = f"the preflight response of {what} (HTTP {reply.status_code}){without}"
        raise Fault(CORS_PREFLIGHT, expected, f"{origin}: {response}")


def cross_origin(run: Verification) -> Seen:
    """Check that a page at a declared origin can read a response, also an error response.

    The token endpoint is checked separately: Frappe 16 and later have a separate list of origins for it. Each request
    to it counts towards its rate limit, so none is sent twice. If the rate limit rejects the request, the
    token endpoint is not verified for this origin.
    """
    expected, origins = f"one {ALLOW}Origin for each declared origin, also in error responses", run.cors["origins"]
    limited, bare = [], []
    for origin in origins:
        token_checked, cookies = _readable(run, origin)
        limited += [] if token_checked else [origin]
        bare += [] if cookies else [origin]
    unverified = f"; not verified at {GET_TOKEN} for {', '.join(limited)} (rate limit)" if limited else ""
    found = f"one {ALLOW}Origin for each of {', '.join(origins)}{unverified}"
    if bare and run.cors.get("credentials") is None:
        return Seen(expected, found, CORS_COOKIES, "credentials is not declared, and cookies are not allowed")
    return Seen(expected, found)


def _readable(run: Verification, origin: str) -> tuple[bool, bool]:
    """Check one origin.

    Returns:
        Whether the token endpoint was checked, which the rate limit may prevent, and whether cookies are allowed.
    """
    known = run.bearer(run.pairs[-1]) if run.pairs else {}
    method = run.params["api_method"] if run.pairs else "ping"
    reply = run.http.get(METHOD + method, headers={**known, "Origin": origin})
    _one_origin(run, reply, origin, f"{origin}: HTTP {reply.status_code} from {method}")
    cookies, exposed = bool(lines(reply, ALLOW + "Credentials")), _words(reply, EXPOSE)
    hidden = [name for name in run.cors.get("expose_headers") or () if not exposed & {name.lower(), "*"}]
    if hidden:
        expected = f"{EXPOSE} with {', '.join(run.cors['expose_headers'])}"
        raise Fault(CORS_EXPOSE_HEADERS, expected, f"{origin}: not exposed by {method}: {', '.join(hidden)}")
    nonsense = {"Authorization": "Bearer benchkeeper-no-token"}
    refusal = run.http.get(METHOD + WHO, headers={**nonsense, "Origin": origin})
    if not lines(refusal, ALLOW + "Origin"):
        expected = f"{ALLOW}Origin: {origin}, also in error responses"
        raise Fault(CORS_ERROR_BARE, expected, f"{origin}: no header on HTTP {refusal.status_code} from {WHO}")
    _one_origin(run, refusal, origin, f"{origin}: HTTP {refusal.status_code} from {WHO}")
    reply = _nonsense(run, METHOD + GET_TOKEN, NONSENSE, Origin=origin)
    if retry_after(reply) is not None and not lines(reply, ALLOW + "Origin"):
        return False, cookies
    _one_origin(run, reply, origin, f"{origin}: HTTP {reply.status_code} from {GET_TOKEN}")
    return True, cookies


def foreign_origin(run: Verification) -> Seen:
    """Check that a page at an undeclared origin cannot read a response of the API or of the token endpoint.

    Newer versions of Frappe have a list of origins for the OAuth endpoints. Its entries that are not declared are
    tried too. Without declared origins, every entry may be intended, and only an origin of our own is tried.
    """
    expected = f"no {ALLOW}Origin for an undeclared origin"
    for method, more in (("GET", {}), ("OPTIONS", {"Access-Control-Request-Method": "GET"})):
        headers = {"Origin": FOREIGN_ORIGIN, **more}
        reply = run.http.send(run.http.app, method, METHOD + "ping", headers=headers)
        _not_let_in(reply, FOREIGN_ORIGIN, method, CORS_FOREIGN_ORIGIN, expected)
    if not (run.params.get("public_origins") or run.params.get("outside")):  # without such a list, one rule for all
        return Seen(expected, "no header")
    declared = run.cors.get("origins")
    own = [one for one in run.params.get("public_origins") or () if declared and one not in (*declared, "*")]
    for origin in (FOREIGN_ORIGIN, *own):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        reply = run.http.send(run.http.app, "OPTIONS", METHOD + GET_TOKEN, headers=headers)
        _not_let_in(reply, origin, f"OPTIONS {GET_TOKEN}", CORS_PUBLIC_ORIGIN, expected)
    reply = _nonsense(run, METHOD + GET_TOKEN, NONSENSE, Origin=FOREIGN_ORIGIN)
    _not_let_in(reply, FOREIGN_ORIGIN, f"POST {GET_TOKEN}", CORS_PUBLIC_ORIGIN, expected)
    return Seen(expected, "no header")


def _not_let_in(reply: t.Any, origin: str, what: str, rule: str, expected: str) -> None:
    """Check that a response does not allow this undeclared origin."""
    sent = lines(reply, ALLOW + "Origin")
    if {"*", origin} & set(sent):
        with_cookies = "with" if lines(reply, ALLOW + "Credentials") else "without"
        raise Fault(rule, expected, f"{what}: {ALLOW}Origin: {', '.join(sent)}, {with_cookies} credentials")


def _one_origin(run: Verification, reply: t.Any, origin: str, where: str) -> None:
    """Check for exactly one header with the declared origin, and for credentials as declared."""
    expected, sent = f"{ALLOW}Origin: {origin}, once", lines(reply, ALLOW + "Origin")
    cookies, declared = lines(reply, ALLOW + "Credentials"), run.cors.get("credentials")
    if not sent:
        raise Fault(CORS_ABSENT, expected, f"{where}: no header")
    if len(sent) > 1 or "," in sent[0]:
        raise Fault(CORS_DUPLICATE, expected, f"{where}: {' and '.join(sent)}")
    if sent != [origin]:
        rule = CORS_FOREIGN_ORIGIN if sent == ["*"] else CORS_VALUE
        raise Fault(rule, expected, f"{where}: {sent[0]}" + (" with credentials" if cookies else ""))
    if len(cookies) > 1:
        raise Fault(CORS_DUPLICATE, f"{ALLOW}Credentials once", f"{where}: {len(cookies)} times")
    if declared is not None and bool(cookies) != declared:
        raise Fault(
            CORS_CREDENTIALS, f"credentials: {str(declared).lower()}", f"{where}: {', '.join(cookies) or 'no header'}"
        )


def _words(reply: t.Any, name: str) -> set[str]:
    return {word.strip().lower() for line in lines(reply, name) for word in line.split(",")}


# ---------------------------------------------------------------- the rate limit
def rate_limit(run: Verification) -> Seen:
    """Check that nginx enforces the declared limit. The requests have an unknown grant type and no password."""
    limit = run.params["rate_limit"] or {}
    amount, per = int(limit["rate"].split("r/")[0]), 60 if limit["rate"].endswith("m") else 1
    burst = int(limit.get("burst") or 0)
    expected = f"HTTP 429 above {limit['rate']} with burst {burst}"
    began = time.monotonic()
    for number in range(1, MOST_REQUESTS + 1):
        reply = _nonsense(run, METHOD + GET_TOKEN, NONSENSE)
        if reply.status_code in (429, 503):
            return Seen(expected, f"HTTP {reply.status_code} at request {number}")
        allowed = burst + 2 + math.ceil((time.monotonic() - began) * amount / per)
        if number > allowed + 5:
            raise Fault(LIMIT_ABSENT, expected, f"no limit in {number} requests, last response {said(reply)}")
    raise NotRun(
        f"this host sent {MOST_REQUESTS} requests too slowly to reach the limit of {limit['rate']}. Verify from a host "
        "closer to nginx, or set address (in the role: oauth2_verify_address)"
    )


def limit_bypass(run: Verification) -> Seen:
    """Send the request with ``cmd`` in the body while the rate limit rejects requests to the endpoint."""
    expected = "the same rate limit as at the endpoint"
    for _try in range(MOST_REQUESTS):
        if _nonsense(run, METHOD + GET_TOKEN, NONSENSE).status_code in (429, 503):
            break
    reply = _nonsense(run, "/", f"{NONSENSE}&cmd={GET_TOKEN}")
    if reply.status_code in (429, 503):
        return Seen(expected, f"HTTP {reply.status_code}")
    return Seen(
        expected,
        f"no limit for POST / with cmd in the body: {said(reply)}",
        FRAPPE_LIMIT_BYPASS,
        "nginx does not read the body",
    )


def _nonsense(run: Verification, path: str, form: str, **headers: str) -> t.Any:
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return run.http.send(run.http.app, "POST", path, data=form, headers=headers)
