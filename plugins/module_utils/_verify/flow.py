# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OAuth flow of a mobile app against one site, one function per step. It uses HTTP only, not Frappe's Python API.

It runs in the bench's Python, which has the packages that Frappe installs: requests, oauthlib and PyJWT.
"""

from __future__ import annotations

import re
import secrets
import time
import typing as t
from urllib.parse import parse_qs, quote, unquote, urlsplit

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.site_rules import (
    SETTINGS_CONSENT_AUTO,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import (
    AUTHORIZATION_LOST,
    AUTHORIZE_REFUSED,
    AUTHORIZE_STATE,
    BEARER_REFUSED,
    CLIENT_ROLE,
    CONSENT_DIFFERS,
    CONSENT_NONE,
    DOMAIN_NOWHERE,
    ID_TOKEN_INVALID,
    ISSUER_DIFFERS,
    ISSUER_HTTPS,
    ISSUER_PORT,
    ISSUER_SCHEME,
    LOGIN_REFUSED,
    LOGIN_SECOND_FACTOR,
    LOGIN_SESSION,
    METHOD_FAILED,
    METHOD_FORBIDDEN,
    METHOD_MISSING,
    METHOD_NOT_WHITELISTED,
    REDIRECT_URI_UNKNOWN,
    SCOPE_UNKNOWN,
    SITE_MAINTENANCE,
    SITE_NOT_ANSWERING,
    TOKEN_LIMITED,
    TOKEN_REFUSED,
    TOKEN_UNKNOWN_CLIENT,
    USER_DIFFERS,
    USERINFO_WRONG,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.approval import allow, is_page, location_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.client_auth import (
    PASSWORD_GRANT,
    as_client,
    unauthenticated,
    why_client_refused,
    with_secret,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.http import (
    body_of,
    retry_after,
    said,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault, Seen
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import (
    METHOD,
    OAUTH,
    WHO,
    Code,
    Verification,
)

UNKNOWN_CLIENT = re.compile(r"\b(unknown|not found|does not exist|no such|invalid client_id)\b", re.IGNORECASE)
CLOCK_LEEWAY = 120  # seconds by which the two clocks may differ


def reach(run: Verification) -> Seen:
    """Check that the site responds within ``patience``."""
    until = time.monotonic() + run.params["patience"]
    run.http.until = max(run.until, until + 1)
    try:
        while True:
            try:
                return _ping(run)
            except Fault as error:
                if error.rule == SITE_MAINTENANCE or time.monotonic() > until:
                    raise  # maintenance mode does not end while we wait
                time.sleep(0.3)
    finally:
        run.http.until = run.until


def _ping(run: Verification) -> Seen:
    expected, reply = "HTTP 200 pong", run.http.get(METHOD + "ping")
    if reply.status_code == 503 and "SessionStopped" in said(reply):
        raise Fault(SITE_MAINTENANCE, expected, said(reply), "the site is in maintenance mode")
    if reply.status_code == 404:
        raise Fault(
            DOMAIN_NOWHERE, expected, f"{said(reply)} for the host name {run.http.host}", "no site has this host name"
        )
    if reply.status_code != 200 or body_of(reply).get("message") != "pong":
        raise Fault(SITE_NOT_ANSWERING, expected, f"{said(reply)} for the host name {run.http.host}")
    return Seen(expected, "HTTP 200 pong")


SIGN_IN_ONCE = "the sign-in already failed for another client of this site, so it was not tried again"


def login(run: Verification) -> Seen:
    """Sign in as a browser does, but only once, because Frappe locks a user after too many failed attempts."""
    expected, http = "HTTP 200 and a session cookie", run.http
    refused = run.params["refused"]
    if refused:
        why = "; ".join(filter(None, [refused["reason"], SIGN_IN_ONCE]))
        raise Fault(refused["rule"], expected, refused["found"], why)
    form = {"usr": run.params["username"], "pwd": run.params["password"]}
    reply = http.send(http.browser, "POST", METHOD + "login", data=form)
    if reply.status_code != 200:
        raise Fault(LOGIN_REFUSED, expected, said(reply), str(body_of(reply).get("message") or ""))
    if "verification" in body_of(reply):
        raise Fault(LOGIN_SECOND_FACTOR, expected, "Frappe requests a second factor")
    if http.browser.cookies.get("sid") in (None, "", "Guest"):
        raise Fault(LOGIN_SESSION, expected, "no session cookie")
    run.user = unquote(http.browser.cookies.get("user_id") or "") or str(run.params["username"])
    return Seen(expected, "HTTP 200 and a session cookie")


def authorize(run: Verification) -> Seen:
    """Request an authorization code for the redirect URI, with PKCE and a state."""
    run.code = ask_code(run)
    how = "after the consent page" if run.code.page_shown else "without a consent page"
    return Seen("a redirect to the redirect URI, with a code and the same state", f"a code and the same state, {how}")


def ask_code(run: Verification, method: str = "S256", straight: bool = False) -> Code:
    """Authorize as a browser does, including the consent page.

    Args:
        run: the verification.
        method: the PKCE method: ``S256``, ``plain``, or empty for no PKCE.
        straight: skip the consent page and request the URL of its Allow button.

    Raises:
        Fault: the site returned no code.
    """
    from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

    expected = "a redirect to the redirect URI, with a code and the same state"
    client, redirect_uri = WebApplicationClient(run.client_id), run.redirect_uri
    sent, verifier = secrets.token_urlsafe(24), client.create_code_verifier(64)
    uri = client.prepare_request_uri(
        OAUTH + "authorize",
        redirect_uri=redirect_uri,
        scope=run.params["scope"],
        state=sent,
        nonce=run.nonce,
        **pkce(client, verifier, method),
    )
    http, approval = run.http, uri.replace(".authorize?", ".approve?")
    reply = allow(http, uri, approval, None) if straight else http.send(http.browser, "GET", uri)
    page_shown = is_page(reply) and not straight
    if page_shown:
        reply = allow(http, uri, approval, reply)
    elif reply.is_redirect and http.path_of(reply).startswith(OAUTH + "approve"):
        reply = http.send(http.browser, "GET", http.path_of(reply))
    location = location_of(reply)
    query = parse_qs(urlsplit(location).query)
    run.made.codes += query.get("code", [])
    if not location.startswith(redirect_uri):
        found = f"a redirect to {location.split('?')[0]}" if location else said(reply)
        raise Fault(_why_no_code(found), expected, found)
    if "error" in query:
        found = " ".join(query["error"] + query.get("error_description", []))
        raise Fault(_why_no_code(found), expected, found)
    try:
        client.parse_request_uri_response(location, state=sent)
    except OAuth2Error as error:
        raise Fault(AUTHORIZE_STATE, expected, f"{error.error} {error.description or ''}".strip()) from None
    return Code(client, verifier, page_shown)


def pkce(client: t.Any, verifier: str, method: str) -> dict[str, str]:
    """The PKCE parameters, with the method as Frappe spells it; empty for an empty method."""
    if not method:
        return {}
    # oauthlib creates no challenge for the method named plain
    challenge = verifier if method == "plain" else client.create_code_challenge(verifier, method)
    return {"code_challenge": challenge, "code_challenge_method": method}


def _why_no_code(found: str) -> str:
    for words, rule in (
        ("Mismatching redirect URI", REDIRECT_URI_UNKNOWN),
        ("Invalid client_id", CLIENT_ROLE),
        ("invalid_scope", SCOPE_UNKNOWN),
    ):
        if words in found:
            return rule
    return AUTHORIZE_REFUSED


def consent(run: Verification) -> Seen:
    """Check that Frappe shows the consent page exactly when the settings require it."""
    shown, expected = run.issued.page_shown, run.params["consent_expected"]
    words = {True: "a consent page", False: "no consent page"}
    expected = shown if expected is None else expected  # this version of Frappe is not recognized
    if shown != expected:
        raise Fault(CONSENT_DIFFERS, words[expected], words[shown], run.params["consent_why"])
    if not shown and run.params["consent_auto"]:
        return Seen(words[expected], words[shown], SETTINGS_CONSENT_AUTO, run.params["consent_why"])
    scheme = urlsplit(run.redirect_uri).scheme
    if not shown and scheme not in ("http", "https"):
        why = f"skip_authorization is on, and the redirect URI has the private-use scheme {scheme}"
        return Seen(words[expected], words[shown], CONSENT_NONE, why)
    return Seen(words[expected], words[shown])


def token(run: Verification) -> Seen:
    """Exchange the code and its code_verifier for an access token and a refresh token."""
    expected = "an access token and a refresh token in exchange for the code and its code_verifier"
    pair = granted(run, code_form(run, run.issued), expected)
    run.pairs.append(pair)
    return Seen(expected, f"both tokens, expires_in {pair.get('expires_in')} s")


def code_form(run: Verification, code: Code, **over: str) -> str:
    """The body of the token request. ``over`` may replace code_verifier; an empty code_verifier is not sent."""
    verifier = over.pop("code_verifier", code.verifier)
    verified = {"code_verifier": verifier} if verifier else {}
    return code.client.prepare_request_body(redirect_uri=run.redirect_uri, include_client_id=True, **verified, **over)


def why_refused(reply: t.Any) -> str:
    """The rule for a response without tokens.

    For an unknown client, older versions of Frappe return 404 or 403 with the class of the exception. Newer ones
    return an OAuth error, and only its description distinguishes it from a wrong client_secret.
    """
    unknown = reply.status_code == 404 or (reply.status_code == 403 and "DoesNotExist" in said(reply))
    unknown = unknown or (unauthenticated(reply) and bool(UNKNOWN_CLIENT.search(said(reply))))
    return TOKEN_UNKNOWN_CLIENT if unknown else TOKEN_REFUSED


def granted(
    run: Verification, form: str, expected: str, why: t.Callable[[t.Any], str] = why_refused
) -> dict[str, t.Any]:
    """The access token and the refresh token that the token endpoint returns.

    Args:
        run: the verification.
        form: the body of the request.
        expected: description of a correct response, for the error.
        why: returns the rule for a response without tokens.

    Raises:
        Fault: the endpoint returned no tokens.
    """
    reply = answered(run, form, expected)
    pair = body_of(reply)
    if reply.status_code == 200 and pair.get("access_token") and pair.get("refresh_token"):
        return pair
    rule, reason = why(reply), ""
    if rule == TOKEN_REFUSED and unauthenticated(reply) and PASSWORD_GRANT not in form:
        rule, reason = why_client_refused(run)
    raise Fault(rule, expected, said(reply), reason)


def answered(run: Verification, form: str, expected: str, secret: str = "") -> t.Any:
    """The response of the token endpoint, after waiting for its rate limit.

    Args:
        run: the verification.
        form: the body of the request.
        expected: description of a correct response, for the error.
        secret: the client_secret to send, whether or not the endpoint asks for one.

    Raises:
        Fault: the rate limit rejected every attempt, so the endpoint never processed the request.
    """
    if secret and run.secret_required:
        reply = run.token(*with_secret(run, form, secret))
    elif secret:  # older versions of Frappe read HTTP Basic as an API key, so the secret is sent in the body
        reply = run.token(f"{form}&client_secret={quote(secret)}")
    else:
        reply = as_client(run, form, run.token)
    if retry_after(reply) is not None:
        raise Fault(TOKEN_LIMITED, expected, said(reply))
    return reply


def issuer(run: Verification) -> Seen:
    """Check the id_token as an app does: signature, audience, nonce, and whether the issuer is the site's URL."""
    import jwt

    expected = f"an id_token from {run.params['url']} for this client, signed with its client_secret"
    try:
        claims = jwt.decode(
            run.pairs[0].get("id_token") or "",
            key=run.oauth_client["client_secret"] or "",
            algorithms=["HS256"],
            audience=run.client_id,
            leeway=CLOCK_LEEWAY,
            options={"require": ["iss", "aud", "exp", "iat"], "verify_sub": False},
        )
    except jwt.PyJWTError as error:
        raise Fault(ID_TOKEN_INVALID, expected, f"{type(error).__name__}: {error}") from None
    if claims.get("nonce") != run.nonce:
        raise Fault(ID_TOKEN_INVALID, expected, "the nonce differs from the one in the request")
    return compare_issuer(run, str(claims["iss"]), expected)


def compare_issuer(run: Verification, claimed: str, expected: str) -> Seen:
    """Compare an issuer with the URL that users of the site enter.

    Raises:
        Fault: an app would reject the issuer.
    """
    asked, found = urlsplit(run.params["url"]), urlsplit(claimed.rstrip("/"))
    over = urlsplit(run.http.base).scheme
    if asked.hostname != found.hostname:
        raise Fault(ISSUER_DIFFERS, expected, f"issuer {claimed}", run.params["issuer_why"])
    if asked.port != found.port and found.port:
        raise Fault(ISSUER_DIFFERS, expected, f"issuer {claimed}", "the port differs")
    if asked.scheme == "https" and found.scheme == "http" and over == "https":
        raise Fault(ISSUER_SCHEME, expected, f"issuer {claimed}", "X-Forwarded-Proto does not reach Frappe")
    if asked.scheme == "http" and found.scheme == "https":
        return Seen(expected, f"issuer {claimed}", ISSUER_HTTPS, "the configured URL of the site is http")
    if asked.port and not found.port:
        return Seen(expected, f"issuer {claimed}", ISSUER_PORT, "nginx passes the host name without the port")
    return Seen(expected, f"issuer {claimed}")


def api_call(run: Verification) -> Seen:
    """Call the API with the access token, as the user who signed in."""
    method = run.params["api_method"]
    expected, reply = f"HTTP 200 from {method} with the access token", run.call(run.pairs[-1])
    if reply.status_code != 200:
        rule = {401: BEARER_REFUSED, 403: METHOD_FORBIDDEN}.get(reply.status_code, METHOD_FAILED)
        if header_lost(run):
            raise Fault(
                AUTHORIZATION_LOST,
                expected,
                said(reply),
                "Frappe also accepts a request with an invalid token, so the header does not reach it",
            )
        words = _words(reply)
        if reply.status_code == 403 and "is not whitelisted" in words:
            rule = METHOD_NOT_WHITELISTED
        elif "Failed to get method" in words:
            rule = METHOD_MISSING
        raise Fault(rule, expected, said(reply))
    if method == WHO and str(body_of(reply).get("message", "")).lower() != run.user.lower():
        raise Fault(USER_DIFFERS, f"the user {run.user}", f"the user {body_of(reply).get('message')}")
    return Seen(expected, "HTTP 200")


def _words(reply: t.Any) -> str:
    """All messages of a response without its traceback, because a traceback quotes source code with other messages."""
    return " ".join(str(value) for name, value in body_of(reply).items() if name != "exc") or reply.text


def header_lost(run: Verification) -> bool:
    """Whether a public method accepts an invalid token. If so, the Authorization header does not reach Frappe."""
    nonsense = {"Authorization": "Bearer benchkeeper-no-token"}
    return run.http.get(METHOD + "ping", headers=nonsense).status_code == 200


def userinfo(run: Verification) -> Seen:
    """Check the userinfo endpoint: it must return the user who signed in."""
    expected = "HTTP 200 with the user's claims sub and email"
    reply = run.call(run.pairs[-1], "frappe.integrations.oauth2.openid_profile")
    if reply.status_code != 200:
        raise Fault(USERINFO_WRONG, expected, said(reply))
    claims = body_of(reply)
    missing = [name for name in ("sub", "email") if not claims.get(name)]
    if missing:
        raise Fault(
            USERINFO_WRONG, expected, f"no {' and no '.join(missing)} claim", "the user has no User Social Login entry"
        )
    if claims["email"].lower() != run.params["user_email"](run.user).lower():
        raise Fault(USER_DIFFERS, f"the user {run.user}", f"the user {claims['email']}")
    return Seen(expected, "the user's claims")
