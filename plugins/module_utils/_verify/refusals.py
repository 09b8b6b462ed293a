# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that an OAuth server must reject, sent with codes and tokens of this verification. Frappe accepts some.

A wrong password is never sent, because Frappe locks a user after too many failed attempts.
"""

from __future__ import annotations

import typing as t
from urllib.parse import urlencode

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.site_rules import (
    FRAPPE_PASSWORD_GRANT,
    FRAPPE_PKCE_OPTIONAL,
    FRAPPE_SECRET_UNCHECKED,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import (
    FRAPPE_REVOKE_NEEDS_HINT,
    PASSWORD_GRANT_GONE,
    PKCE_NOT_VERIFIED,
    REDIRECT_URI_OPEN,
    REVOKE_REFUSED,
    TOKEN_REFUSED,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.client_auth import PUBLIC, method_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.flow import (
    answered,
    ask_code,
    code_form,
    granted,
    why_refused,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.http import body_of, said
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.token_life import DEAD, asked_about, revoked
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault, NotRun, Seen
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import OAUTH, Verification

FOREIGN_PATH = "/benchkeeper-not-declared"
WRONG_SECRET = "benchkeeper-wrong-secret"
WEAKER = {"without code_challenge": "", "with code_challenge_method plain": "plain"}


def wrong_redirect_uri(run: Verification) -> Seen:
    """Check that an unregistered redirect URI gets neither a code nor a redirect."""
    expected = "no redirect to an unregistered URI"
    query = {
        "client_id": run.client_id,
        "response_type": "code",
        "redirect_uri": run.redirect_uri.partition("?")[0] + FOREIGN_PATH,
        "scope": run.params["scope"],
        "state": run.nonce,
    }
    reply = run.http.send(run.http.browser, "GET", f"{OAUTH}authorize?{urlencode(query)}")
    location = reply.headers.get("Location", "")
    if reply.status_code == 200 or location.startswith(query["redirect_uri"]) or OAUTH + "approve" in location:
        raise Fault(REDIRECT_URI_OPEN, expected, location.split("?")[0] or "the consent page")
    return Seen(expected, said(reply))


def wrong_verifier(run: Verification) -> Seen:
    """Check that a code cannot be exchanged with a wrong code_verifier."""
    return _refused(run, "no token for a wrong code_verifier", code_verifier="wrong-" + run.issued.verifier[6:])


def no_verifier(run: Verification) -> Seen:
    """Check that a code requested with PKCE cannot be exchanged without a code_verifier."""
    return _refused(run, "no token without code_verifier", code_verifier="")


def _refused(run: Verification, expected: str, **over: str) -> Seen:
    reply = answered(run, code_form(run, ask_code(run, straight=True), **over), expected)
    if body_of(reply).get("access_token"):
        raise Fault(PKCE_NOT_VERIFIED, expected, "a token")
    if reply.status_code not in DEAD:
        raise Fault(TOKEN_REFUSED, expected, said(reply))
    return Seen(expected, said(reply))


def pkce_required(run: Verification) -> Seen:
    """Check whether Frappe accepts a flow without PKCE, or with the method plain."""
    expected = "codes and tokens only with code_challenge_method S256"
    refusals = {how: _refusal(run, method, expected) for how, method in WEAKER.items()}
    passed = [how for how, refusal in refusals.items() if not refusal]
    if passed:
        found = f"a token was issued {', and in another flow '.join(passed)}"
        return Seen(expected, found, FRAPPE_PKCE_OPTIONAL, "Frappe does not require PKCE")
    return Seen(expected, "; ".join(f"{how}: {refusal}" for how, refusal in refusals.items()))


def _refusal(run: Verification, method: str, expected: str) -> str:
    """How the site rejects a flow with this PKCE method; empty if it accepts the flow."""
    try:
        code = ask_code(run, method, straight=True)
    except Fault as fault:
        return fault.found
    reply = answered(run, code_form(run, code, code_verifier=code.verifier if method else ""), expected)
    return "" if body_of(reply).get("access_token") else said(reply)


def wrong_secret(run: Verification) -> Seen:
    """Check whether Frappe rejects a wrong client_secret."""
    expected = "no token for a wrong client_secret"
    form = run.issued.client.prepare_refresh_body(refresh_token=run.pairs[-1]["refresh_token"], client_id=run.client_id)
    reply = answered(run, form, expected, WRONG_SECRET)
    if reply.status_code == 200 and body_of(reply).get("access_token"):
        run.pairs.append(body_of(reply))
        if method_of(run) == PUBLIC:
            return Seen(expected, "a token: the client is public, so it needs no client_secret")
        return Seen(expected, "a token", FRAPPE_SECRET_UNCHECKED, "Frappe does not check client_secret")
    return Seen(expected, said(reply))


def password_grant(run: Verification) -> Seen:
    """Try the password grant with the correct password. It runs only if the options enable it."""
    from oauthlib.oauth2 import LegacyApplicationClient

    expected = "an access token and a refresh token for username and password"
    client = LegacyApplicationClient(run.client_id)
    form = client.prepare_request_body(
        run.params["username"], run.params["password"], scope=run.params["scope"], include_client_id=True
    )
    pair = granted(run, form, expected, _why_no_password_grant)
    reply = revoked(run, pair, "access_token")
    if reply.status_code != 200:
        raise Fault(REVOKE_REFUSED, "HTTP 200 for the revocation of the new access token", said(reply))
    return Seen(expected, "both tokens", FRAPPE_PASSWORD_GRANT, "the password grant skips two-factor authentication")


def _why_no_password_grant(reply: t.Any) -> str:
    gone = body_of(reply).get("error") == "unsupported_grant_type"
    return PASSWORD_GRANT_GONE if gone else why_refused(reply)


def revoke_hint(run: Verification) -> Seen:
    """Revoke a refresh token without token_type_hint, which is optional (RFC 7009)."""
    expected = "a revoked refresh token"
    pair = run.pairs[-1]
    reply = revoked(run, pair, "refresh_token", hint=False)
    asked = asked_about(run, pair["refresh_token"], "refresh_token")
    alive = body_of(asked).get("active")
    if asked.status_code in (401, 403) or alive is None:
        raise NotRun(f"introspection does not show whether the token is revoked: {said(asked)}")
    if alive is True:
        found = f"HTTP {reply.status_code}, but the token is still active"
        return Seen(
            expected, found, FRAPPE_REVOKE_NEEDS_HINT, "without token_type_hint, Frappe searches only access tokens"
        )
    return Seen(expected, f"HTTP {reply.status_code}, and the token is revoked")
