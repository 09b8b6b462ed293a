# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an OAuth server must refuse, tried with codes and tokens of this verification; and what Frappe does not refuse.

A wrong password is never sent: Frappe locks users out.
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
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.flow import (
    answered,
    ask_code,
    code_form,
    granted,
    why_refused,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.http import body_of, said
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.token_life import DEAD, asked_about, revoked
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault, Seen
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import OAUTH, Verification

FOREIGN_PATH = "/benchkeeper-not-declared"
WRONG_SECRET = "benchkeeper-wrong-secret"
WEAKER = {"without a challenge": "", "with the method plain": "plain"}


def wrong_redirect_uri(run: Verification) -> Seen:
    """A redirect URI that is not registered gets no code, and no redirect either."""
    expected = "no redirect to a URI that is not registered"
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
    """A code cannot be exchanged with another verifier."""
    return _refused(run, "no token for a wrong verifier", code_verifier="wrong-" + run.issued.verifier[6:])


def no_verifier(run: Verification) -> Seen:
    """A code that was asked for with PKCE cannot be exchanged without a verifier."""
    return _refused(run, "no token without the verifier", code_verifier="")


def _refused(run: Verification, expected: str, **over: str) -> Seen:
    reply = answered(run, code_form(run, ask_code(run, straight=True), **over), expected)
    if body_of(reply).get("access_token"):
        raise Fault(PKCE_NOT_VERIFIED, expected, "a token")
    if reply.status_code not in DEAD:
        raise Fault(TOKEN_REFUSED, expected, said(reply))
    return Seen(expected, said(reply))


def pkce_required(run: Verification) -> Seen:
    """May an app leave PKCE out, or send its verifier along when it asks for the code?"""
    expected = "no code, or no token, without a challenge by S256"
    refusals = {how: _refusal(run, method, expected) for how, method in WEAKER.items()}
    passed = [how for how, refusal in refusals.items() if not refusal]
    if passed:
        found = f"a token {' and '.join(passed)}"
        return Seen(expected, found, FRAPPE_PKCE_OPTIONAL, "the app chooses whether it proves itself, and how")
    return Seen(expected, "; ".join(f"{how}: {refusal}" for how, refusal in refusals.items()))


def _refusal(run: Verification, method: str, expected: str) -> str:
    """How the site refuses a code, or a token, to who proves itself by this method of PKCE; empty if it does not."""
    try:
        code = ask_code(run, method, straight=True)
    except Fault as fault:
        return fault.found
    reply = answered(run, code_form(run, code, code_verifier=code.verifier if method else ""), expected)
    return "" if body_of(reply).get("access_token") else said(reply)


def wrong_secret(run: Verification) -> Seen:
    """Does a wrong client secret matter?"""
    expected = "no token for a wrong client_secret"
    form = run.issued.client.prepare_refresh_body(
        refresh_token=run.pairs[-1]["refresh_token"], client_id=run.client_id, client_secret=WRONG_SECRET
    )
    reply = answered(run, form, expected)
    if reply.status_code == 200 and body_of(reply).get("access_token"):
        run.pairs.append(body_of(reply))
        return Seen(expected, "a token", FRAPPE_SECRET_UNCHECKED, "the secret is not looked at")
    return Seen(expected, said(reply))


def password_grant(run: Verification) -> Seen:
    """The password grant with the right password, where that is asked for."""
    from oauthlib.oauth2 import LegacyApplicationClient

    expected = "a pair for username and password"
    client = LegacyApplicationClient(run.client_id)
    form = client.prepare_request_body(
        run.params["username"], run.params["password"], scope=run.params["scope"], include_client_id=True
    )
    pair = granted(run, form, expected, _why_no_password_grant)
    if revoked(run, pair, "access_token").status_code != 200:
        raise Fault(REVOKE_REFUSED, "HTTP 200 for its access token", "another answer")
    return Seen(expected, "a pair", FRAPPE_PASSWORD_GRANT, "no second factor is asked for, whatever the site demands")


def _why_no_password_grant(reply: t.Any) -> str:
    gone = body_of(reply).get("error") == "unsupported_grant_type"
    return PASSWORD_GRANT_GONE if gone else why_refused(reply)


def revoke_hint(run: Verification) -> Seen:
    """A refresh token revoked without a hint, which a server may take but must not need."""
    expected = "the refresh token is dead"
    pair = run.pairs[-1]
    reply = revoked(run, pair, "refresh_token", hint=False)
    alive = body_of(asked_about(run, pair["refresh_token"], "refresh_token")).get("active")
    if alive is True:
        found = f"HTTP {reply.status_code}, and it lives on"
        return Seen(expected, found, FRAPPE_REVOKE_NEEDS_HINT, "it is looked for among access tokens only")
    return Seen(expected, f"HTTP {reply.status_code}, and it is dead")
