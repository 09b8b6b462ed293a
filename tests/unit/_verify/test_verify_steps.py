# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each step of a verification finds the faults of a site, and none on a correct site."""

from __future__ import annotations

import socket
import time
import types
from urllib.parse import urlencode

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.causes import add_causes
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import remedy_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.flow import api_call, authorize, login
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.http import HttpClient
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.probes import discovery
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.refusals import (
    no_verifier,
    password_grant,
    pkce_required,
    wrong_redirect_uri,
    wrong_secret,
    wrong_verifier,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.token_life import dead, refresh, revoke
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault, row
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import OAUTH
from scripted_site import PARAMS, REDIRECT_URI, Reply, ScriptedRun, Site

UNKNOWN = Reply(404, {"exc_type": "DoesNotExistError"})
LIMITED = Reply(429, "", ("Retry-After", "1"))


def rule(step, verification):
    """The rule of a step's result."""
    try:
        return step(verification).rule
    except Fault as fault:
        return fault.rule


def only(grant, reply):
    """A site whose token endpoint returns this response for one grant type."""
    site = Site()
    site.scripted["get_token"] = lambda asked: reply if asked.values["grant_type"] == grant else site.get_token(asked)
    return site


# ---------------------------------------------------------------- tokens
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (UNKNOWN, "token-unknown-client"),
        (Reply(403, {"exc_type": "DoesNotExistError"}), "token-unknown-client"),
        (Reply(403, {"error": "invalid_client"}), "token-refused"),
        (LIMITED, "token-limited"),
    ],
)
def test_a_code_that_gets_no_pair(reply, expected):
    verification = ScriptedRun(only("authorization_code", reply), until=0)
    with pytest.raises(Fault) as fault:
        verification.with_pair()
    assert fault.value.rule == expected


def test_an_unknown_refresh_token_is_not_an_unknown_client():
    """Frappe returns 404 for both, and the code was just exchanged with this client_id."""
    assert rule(refresh, ScriptedRun(only("refresh_token", UNKNOWN)).with_pair()) == "refresh-refused"
    assert rule(refresh, ScriptedRun(only("refresh_token", LIMITED), until=0).with_pair()) == "token-limited"
    assert rule(refresh, ScriptedRun(Site()).with_pair()) == ""


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(400, {"error": "unsupported_grant_type"}), "password-grant-gone"),
        (Reply(401, {"exc_type": "AuthenticationError"}), "token-refused"),
        (Reply(400, {"error": "invalid_request"}), "token-refused"),
        (UNKNOWN, "token-unknown-client"),
        (LIMITED, "token-limited"),
    ],
)
def test_the_password_grant_is_gone_only_where_frappe_says_so(reply, expected):
    with pytest.raises(Fault) as fault:
        password_grant(ScriptedRun(Site(get_token=reply), until=0))
    assert fault.value.rule == expected and str(reply.status_code) in fault.value.found


# ---------------------------------------------------------------- requests that must be rejected
NOT_ASKED, PLAIN = "without code_challenge", "with code_challenge_method plain"


class Lenient(Site):
    """Accepts weaker PKCE methods; an empty method means no PKCE."""

    def __init__(self, *ways):
        super().__init__()
        self.ways = ways

    def may_ask(self, values):
        return values.get("code_challenge_method", "") in ("S256", *self.ways)

    def verified(self, code, verifier):
        return "code_challenge" not in code or super().verified(code, verifier)


@pytest.mark.parametrize(
    ("ways", "expected", "found"),
    [
        ([], "", f"{NOT_ASKED}: HTTP 400 invalid_request; {PLAIN}: HTTP 400 invalid_request"),
        ([""], "frappe-pkce-optional", f"a token was issued {NOT_ASKED}"),
        (["plain"], "frappe-pkce-optional", f"a token was issued {PLAIN}"),
        (["", "plain"], "frappe-pkce-optional", f"a token was issued {NOT_ASKED}, and in another flow {PLAIN}"),
    ],
)
def test_each_way_around_pkce_is_reported(ways, expected, found):
    verification = ScriptedRun(Lenient(*ways)).with_pair()
    seen = pkce_required(verification)
    assert (seen.rule, seen.found) == (expected, found)
    assert len(verification.made.codes) == len(verification.made.tokens) == 1 + len(ways)  # recorded for the cleanup


@pytest.mark.parametrize("step", [wrong_secret, wrong_verifier, no_verifier, pkce_required, dead])
def test_a_rate_limited_response_is_not_treated_as_a_rejection(step):
    site = Lenient("")
    verification = ScriptedRun(site, until=0).with_pair()
    site.scripted["get_token"] = LIMITED
    site.pairs.clear()
    assert rule(step, verification) == "token-limited"


class OpenRedirect(Site):
    """Redirects to any redirect URI, shows the consent page, or redirects to approve."""

    def __init__(self, reply=None):
        super().__init__()
        self.reply = reply

    def authorize(self, asked):
        there = Reply(302, "", ("Location", f"{asked.values['redirect_uri']}?code=x"))
        return super().authorize(asked) if asked.values["redirect_uri"] == REDIRECT_URI else self.reply or there


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (None, f"{REDIRECT_URI}/benchkeeper-not-declared"),
        (Reply(200, "<p>Allow?"), "the consent page"),
        (Reply(302, "", ("Location", f"{OAUTH}approve?x=y")), f"{OAUTH}approve"),
    ],
)
def test_a_code_sent_to_an_unregistered_uri(reply, found):
    with pytest.raises(Fault) as fault:
        wrong_redirect_uri(ScriptedRun(OpenRedirect(reply)))
    assert (fault.value.rule, fault.value.found) == ("redirect-uri-open", found)


@pytest.mark.parametrize("reply", [Reply(400, {"error": "x"}), Reply(302, "", ("Location", "/login?redirect-to=x"))])
def test_a_refusal_to_send_a_code_elsewhere(reply):
    assert rule(wrong_redirect_uri, ScriptedRun(OpenRedirect(reply))) == ""
    assert rule(wrong_redirect_uri, ScriptedRun(Site())) == ""


class Careless(Site):
    """Does not check code_verifier, or checks only whether there is one."""

    def __init__(self, *passes):
        super().__init__()
        self.passes = passes

    def verified(self, code, verifier):
        return bool(verifier) in self.passes or super().verified(code, verifier)


@pytest.mark.parametrize(
    ("passes", "wrong", "none"),
    [
        ((), "", ""),
        ((True,), "pkce-not-verified", ""),
        ((False,), "", "pkce-not-verified"),
        ((True, False), "pkce-not-verified", "pkce-not-verified"),
    ],
)
def test_a_verifier_that_is_not_checked(passes, wrong, none):
    verification = ScriptedRun(Careless(*passes)).with_pair()
    assert (rule(wrong_verifier, verification), rule(no_verifier, verification)) == (wrong, none)
    assert rule(wrong_verifier, ScriptedRun(only_later(Reply(500))).with_pair()) == "token-refused"


def only_later(reply):
    """A site whose token endpoint returns this response to every request except the first."""
    site = Site()
    site.scripted["get_token"] = lambda asked: reply if site.pairs else site.get_token(asked)
    return site


class TokensStayValid(Site):
    """Reports a revocation, but keeps these tokens valid."""

    def __init__(self, *kinds):
        super().__init__()
        self.kinds = kinds

    def revoke_token(self, asked):
        gone = [pair for pair in self.pairs if asked.values["token"] in pair.values()]
        for pair in gone:
            pair.update({kind: "gone" for kind in pair if kind not in self.kinds})
        return Reply(200, {})


@pytest.mark.parametrize(
    ("site", "found"),
    [
        (TokensStayValid("access_token"), "a revoked access token: HTTP 200"),
        (TokensStayValid("refresh_token"), "a revoked refresh token: HTTP 200"),
        (TokensStayValid("access_token", "refresh_token"), "a revoked access token: HTTP 200"),
        (TokensStayValid(), None),
        (Site(), None),
    ],
)
def test_a_revoked_token_that_lives(site, found):
    verification = ScriptedRun(site).with_pair()
    assert rule(refresh, verification) == rule(revoke, verification) == ""
    if found is None:
        assert rule(dead, verification) == ""
        return
    with pytest.raises(Fault) as fault:
        dead(verification)
    assert (fault.value.rule, fault.value.found) == ("revoked-alive", found)


# ---------------------------------------------------------------- login
@pytest.mark.parametrize(
    ("reply", "cookies", "expected"),
    [
        (Reply(200, {"message": "Logged In"}), {"sid": "a-session", "user_id": "clerk%40example.com"}, ""),
        (Reply(200, {"verification": {"method": "OTP App"}}), {}, "login-second-factor"),
        (Reply(401, {"message": "Invalid login credentials"}), {}, "login-refused"),
        (Reply(200, {"message": "Logged In"}), {"sid": "Guest"}, "login-session"),
    ],
)
def test_how_a_sign_in_ends(reply, cookies, expected):
    verification = ScriptedRun(Site(login=reply))
    verification.http.browser.cookies.update(cookies)
    assert rule(login, verification) == expected
    assert verification.user == ("" if expected else "clerk@example.com")


def test_a_login_that_failed_for_another_client_is_not_repeated_and_keeps_its_cause():
    first = row("login", "failed", Fault("login-user-missing", "a session", "HTTP 401", "the site has no user x"))
    verification = ScriptedRun(Site(), refused=first)
    with pytest.raises(Fault) as fault:
        login(verification)
    assert (fault.value.rule, fault.value.found) == ("login-user-missing", "HTTP 401")
    again = "the sign-in already failed for another client of this site, so it was not tried again"
    assert fault.value.reason == f"the site has no user x; {again}"


@pytest.mark.parametrize(
    ("user", "enabled", "password_off", "expected"),
    [
        ("clerk", 1, 1, "login-password-off"),
        ("clerk", 1, 0, "login-refused"),
        ("clerk", 0, 1, "login-user-missing"),
        (None, None, 1, "login-user-missing"),
    ],
)
def test_why_a_sign_in_was_refused(user, enabled, password_off, expected):
    step = row("login", "failed", Fault("login-refused", "a session", "HTTP 401"))
    frappe = types.SimpleNamespace(
        db=types.SimpleNamespace(get_value=lambda _doctype, _name, _field: enabled),
        get_system_settings=lambda name: password_off if name == "disable_user_pass_login" else None,
    )
    add_causes([step], frappe, {"username": "clerk", "find_user": lambda _login: user}, remedy_of, "")
    assert (step["rule"], step["remedy"]) == (expected, remedy_of(expected))


# ---------------------------------------------------------------- authorizing, and the API
REFUSED_SCOPE = urlencode({"error": "invalid_scope"})


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(400, {"error": "invalid_scope"}), "scope-unknown"),
        (Reply(302, "", ("Location", f"{REDIRECT_URI}?{REFUSED_SCOPE}")), "scope-unknown"),
        (Reply(302, "", ("Location", f"{REDIRECT_URI}?error=server_error")), "authorize-refused"),
        (Reply(302, "", ("Location", f"{REDIRECT_URI}?code=c&state=another")), "authorize-state"),
        (Reply(400, {"error_description": "Mismatching redirect URI."}), "redirect-uri-unknown"),
        (Reply(400, {"error_description": "Invalid client_id parameter value."}), "client-role"),
        (Reply(500), "authorize-refused"),
    ],
)
def test_why_no_code_came(reply, expected):
    assert rule(authorize, ScriptedRun(Site(authorize=reply))) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(200, {"message": "done"}), ""),
        (Reply(403, {"exc_type": "PermissionError"}), "method-forbidden"),
        (Reply(403, {"exc_type": "PermissionError", "exc": 'throw("Failed to get method")'}), "method-forbidden"),
        (Reply(403, {"_server_messages": "Function x is not whitelisted."}), "method-not-whitelisted"),
        (Reply(417, {"exception": "Failed to get method for command x"}), "method-missing"),
        (Reply(417, "Failed to get method for command x"), "method-missing"),
        (Reply(401), "bearer-refused"),
        (Reply(500), "method-failed"),
    ],
)
def test_the_response_of_the_api_to_a_token(reply, expected):
    assert rule(api_call, ScriptedRun(Site(tasks=reply)).with_pair()) == expected


def test_an_api_that_never_sees_the_token():
    pong = Reply(200, {"message": "pong"})
    assert rule(api_call, ScriptedRun(Site(tasks=Reply(403), ping=pong)).with_pair()) == "authorization-lost"


# ---------------------------------------------------------------- discovery
ISSUER = PARAMS["url"]
NONE, MOVED = Reply(404), Reply(301, "", ("Location", f"{OAUTH}openid_configuration"))
SOUND = Reply(200, {"issuer": ISSUER, "token_endpoint": f"{ISSUER}{OAUTH}get_token"})
STRANGE = Reply(200, {"issuer": ISSUER, "token_endpoint": f"https://old.example.com{OAUTH}get_token"})


@pytest.mark.parametrize(
    ("well_known", "method", "expected"),
    [
        (SOUND, NONE, ""),
        (MOVED, SOUND, ""),
        (NONE, NONE, ""),
        (NONE, SOUND, "discovery-path"),
        (STRANGE, NONE, "discovery-wrong"),
        (MOVED, STRANGE, "discovery-wrong"),
        (Reply(200, "<html>"), NONE, "discovery-wrong"),
        (Reply(502), NONE, "discovery-wrong"),
        (Reply(200, {"issuer": "http://crm.example.com"}), NONE, "issuer-scheme"),
        (Reply(200, {"issuer": "https://old.example.com"}), NONE, "issuer-differs"),
    ],
)
def test_what_a_site_publishes_of_itself(well_known, method, expected):
    site = Site(**{"openid-configuration": well_known, "openid_configuration": method})
    assert rule(discovery, ScriptedRun(site)) == expected


# ---------------------------------------------------------------- no response
def test_a_site_where_nobody_listens_and_one_that_never_answers():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url, in_time = f"http://127.0.0.1:{listener.getsockname()[1]}", time.monotonic() + 0.3
        with pytest.raises(Fault) as slow:
            HttpClient(url, None, True, in_time).get("/api/method/ping")
        with pytest.raises(Fault) as late:
            HttpClient(url, None, True, time.monotonic() - 1).get("/api/method/ping")
    with pytest.raises(Fault) as gone:
        HttpClient(url, None, True, time.monotonic() + 5).get("/api/method/ping")
    assert [fault.value.rule for fault in (slow, late, gone)] == ["site-slow", "site-slow", "site-unreachable"]
    assert (
        "before the time limit of this site" in late.value.found and gone.value.found == f"connection refused at {url}"
    )


def test_the_remedy_for_a_rejected_token_addresses_the_operator_and_the_app_developer():
    remedy = remedy_of("token-refused")
    assert remedy.index("Error Log") < remedy.index("An app must send")
    assert "proxy" in remedy and "client secret" in remedy
