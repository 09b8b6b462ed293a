# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of verify on a Frappe that enforces more: secrets, Basic, the page's CSRF token, hashed tokens.

Each behavior is off in `Site`, where the same steps pass too (`test_verify_steps`).
"""

from __future__ import annotations

import base64

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify import approval
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.flow import ask_code, consent
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.probes import domain, foreign_origin
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.refusals import revoke_hint, wrong_secret
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.token_life import (
    dead,
    introspect,
    introspect_dead,
    refresh,
    revoke,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault, NotRun
from scripted_site import ALLOW, ORIGIN, OTHER_ORIGIN, PARAMS, Reply, ScriptedRun, Site

SECRET = "the-stored-secret"
WEB = "https://app.example.com/cb"
INVALID_CLIENT = {"error": "invalid_client"}
PAGE = ("Content-Type", "text/html")


class Enforcing(Site):
    """Requires the client's secret in the declared form, at the token, revocation and introspection endpoints.

    Args:
        method: token_endpoint_auth_method of the client.
        status: of the response to a request that is not authenticated.
    """

    def __init__(self, method="Client Secret Basic", status=401, known=True):
        super().__init__()
        self.method, self.status, self.known = method, status, known

    def authenticated(self, asked):
        if self.method == "None":
            return self.known
        basic = base64.b64encode(f"the-client:{SECRET}".encode()).decode()
        given = asked.headers.get("Authorization") == f"Basic {basic}"
        return given if self.method == "Client Secret Basic" else asked.values.get("client_secret") == SECRET

    def guarded(self, asked, answer):
        return answer(asked) if self.authenticated(asked) else Reply(self.status, INVALID_CLIENT)

    def get_token(self, asked):
        return self.guarded(asked, super().get_token)

    def revoke_token(self, asked):
        return self.guarded(asked, super().revoke_token)

    def introspect_token(self, asked):
        held = [value for pair in self.pairs for value in pair.values()]
        return self.guarded(asked, lambda asked: Reply(200, {"active": asked.values["token"] in held}))


def client(method, redirect_uri=WEB):
    row = {**PARAMS["client"], "client_secret": SECRET, "token_endpoint_auth_method": method}
    return {"client": {**row, "redirect_uris": redirect_uri}, "redirect_uri": redirect_uri}


@pytest.fixture(autouse=True)
def redirect_to_the_web(monkeypatch):
    monkeypatch.setattr("scripted_site.REDIRECT_URI", WEB)


@pytest.mark.parametrize("method", ["Client Secret Basic", "Client Secret Post", "None"])
@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_client_authenticates_as_it_declares_where_frappe_asks_for_it(method, status):
    run = ScriptedRun(Enforcing(method, status), **client(method)).with_pair()
    assert refresh(run).rule == ""
    assert "token" not in wrong_secret(run).found.split() or method == "None"
    assert introspect(run).rule == ("frappe-introspection-open" if method == "None" else "")
    assert revoke(run).rule == dead(run).rule == introspect_dead(run).rule == ""


def test_where_no_secret_is_asked_for_none_is_sent():
    site = Site()
    run = ScriptedRun(site, **client("Client Secret Basic")).with_pair()
    refresh(run)
    assert not [asked for asked in site.asked if "client_secret" in asked.values or "Authorization" in asked.headers][
        1:
    ]
    assert not run.secret_required


def test_an_app_on_a_device_cannot_authenticate_with_a_secret(monkeypatch):
    monkeypatch.setattr("scripted_site.REDIRECT_URI", "com.example.app://cb")
    site = Enforcing()
    with pytest.raises(Fault) as fault:
        ScriptedRun(site, **client("Client Secret Basic", "com.example.app://cb")).with_pair()
    assert fault.value.rule == "token-refused"
    assert fault.value.reason == (
        "token_endpoint_auth_method is Client Secret Basic, and an app at com.example.app: cannot keep a client_secret"
    )
    assert not any("Authorization" in asked.headers for asked in site.asked)
    ScriptedRun(Enforcing("None"), **client("None", "com.example.app://cb")).with_pair()


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({**INVALID_CLIENT, "error_description": "Unknown client"}, "token-unknown-client"),
        (INVALID_CLIENT, "token-refused"),
    ],
)
@pytest.mark.parametrize("status", [400, 401])
def test_an_unknown_client_is_recognized_by_its_description(status, body, rule):
    with pytest.raises(Fault) as fault:
        ScriptedRun(Site(get_token=Reply(status, body)), **client("Client Secret Post")).with_pair()
    assert fault.value.rule == rule


def test_a_rejected_public_client_is_unknown():
    with pytest.raises(Fault) as fault:
        ScriptedRun(Enforcing("None", known=False), **client("None")).with_pair()
    assert fault.value.rule == "token-unknown-client"


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("known", [True, False])
def test_a_domain_without_a_token_is_checked_by_the_client_id(native, known):
    """Another site answers invalid_client too, so the secret is what distinguishes them."""
    site = Enforcing("Client Secret Basic" if known else "None", known=False)
    uri = "com.example.app://cb" if native else WEB
    run = ScriptedRun(site, **client("Client Secret Basic", uri), domains=["crm.example.com"])
    if known:
        assert domain(run).found == "crm.example.com"
    else:
        with pytest.raises(Fault) as fault:
            domain(run)
        assert fault.value.rule == "domain-wrong-site"


def test_a_password_is_sent_once_whatever_the_endpoint_answers():
    from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.refusals import password_grant

    site = Enforcing()
    with pytest.raises(Fault):
        password_grant(ScriptedRun(site, **client("Client Secret Basic")))
    assert len([asked for asked in site.asked if asked.what == "get_token"]) == 1


def test_a_wrong_secret_of_a_public_client_shows_nothing():
    run = ScriptedRun(Site(), **client("None")).with_pair()
    assert (wrong_secret(run).rule, wrong_secret(run).found) == (
        "",
        "a token: the client is public, so it needs no client_secret",
    )
    run = ScriptedRun(Site(), **client("Client Secret Basic")).with_pair()
    assert wrong_secret(run).rule == "frappe-secret-unchecked"


def test_without_introspection_nobody_claims_that_a_token_is_revoked():
    site = Site(introspect_token=Reply(403, {"exc_type": "PermissionError"}))
    run = ScriptedRun(site, **client(None)).with_pair()
    with pytest.raises(NotRun, match="introspection does not show whether"):
        revoke_hint(run)
    assert introspect(run).found.endswith("introspection requires authentication")


# ---------------------------------------------------------------- the consent page
class ByPost(Site):
    """Accepts the Allow button by POST only, with the CSRF token of the page."""

    page = '<form method="POST" action="/api/method/frappe.integrations.oauth2.approve?{}">{}</form>'
    field = '<input type="hidden" name="csrf_token" value="the-csrf">'

    def authorize(self, asked):
        from urllib.parse import urlencode

        values = urlencode(asked.values)
        return Reply(200, self.page.format(values.replace("&", "&amp;"), self.field), PAGE)

    def approve(self, asked):
        if asked.method != "POST":
            return Reply(403, {"exc_type": "PermissionError"})
        if "the-csrf" not in (asked.values.get("csrf_token"), asked.headers.get("X-Frappe-CSRF-Token")):
            return Reply(400, {"exc_type": "CSRFTokenError"})
        return super().approve(asked)


class ByScript(ByPost):
    """Its page has no form, but a script with the token; the script follows a URL in the response."""

    page, field = "<script>var x = '{}'; {}</script>", 'frappe.csrf_token = "the-csrf";'

    def approve(self, asked):
        reply = super().approve(asked)
        return Reply(200, {"message": reply.headers["Location"]}) if reply.is_redirect else reply


class Skipping(ByPost):
    """Skips the consent page, straight to the redirect URI."""

    def authorize(self, asked):
        return Site.approve(self, asked)


@pytest.mark.parametrize("site", [Site, ByPost, ByScript])
def test_the_allow_button_is_pressed_by_get_or_by_post(site):
    run = ScriptedRun(site(), consent_expected=True, consent_auto=False, consent_why="", **client(None)).with_pair()
    assert consent(run).found == "a consent page"
    assert ask_code(run, straight=True).verifier and len(run.made.codes) == 2


def test_a_skipped_consent_page_leads_to_the_redirect_uri():
    run = ScriptedRun(Skipping(), consent_expected=False, consent_auto=False, consent_why="", **client(None))
    run.with_pair()
    assert consent(run).found == "no consent page"
    assert ask_code(run, straight=True).verifier


def test_the_form_that_approves_is_chosen():
    text = (
        '<form method="post" action="/search"><input name="q" value="1"></form><form action="/x.approve"></form>'
        '<form method="POST" action="https://a.test/api/method/f.approve?a=1&amp;b=2">'
        '<input name="csrf_token" value="t">'
    )
    assert approval._form_of(text) == ("/api/method/f.approve?a=1&b=2", {"csrf_token": "t"})
    assert approval._form_of("<form method=post action='/search'>") == ("", {})


def test_where_the_code_does_not_say_whether_a_page_is_shown_both_are_right():
    for site in (Site(), Skipping()):
        run = ScriptedRun(site, consent_expected=None, consent_auto=False, consent_why="", **client(None)).with_pair()
        assert consent(run).rule == ""


# ---------------------------------------------------------------- origins at the token endpoint
class PublicOrigins(Site):
    """Allows these origins at the token endpoint, whatever allow_cors is."""

    def __init__(self, *origins):
        super().__init__()
        self.origins = origins

    def shared(self, asked, reply):
        reply = super().shared(asked, reply)
        origin = asked.headers.get("Origin")
        if asked.what == "get_token" and origin and {"*", origin} & set(self.origins) and len(reply.sent) < 3:
            reply.add(ALLOW + "Origin", origin)
        return reply


@pytest.mark.parametrize(
    ("origins", "listed", "expected"),
    [
        ([], [], ""),
        (["*"], ["*"], "cors-public-origin"),
        ([ORIGIN, OTHER_ORIGIN], [ORIGIN, OTHER_ORIGIN], ""),
        ([ORIGIN, "https://evil.test"], [ORIGIN, "https://evil.test"], "cors-public-origin"),
        ([], ["https://evil.test"], ""),  # nginx replaces the header, so the entry has no effect
    ],
)
def test_an_undeclared_origin_is_tried_at_the_token_endpoint(origins, listed, expected):
    run = ScriptedRun(PublicOrigins(*origins), public_origins=listed)
    if not expected:
        assert foreign_origin(run).rule == ""
        return
    with pytest.raises(Fault) as fault:
        foreign_origin(run)
    assert fault.value.rule == expected and "get_token" in fault.value.found


def test_without_declared_origins_an_entry_of_the_list_may_be_intended():
    run = ScriptedRun(PublicOrigins("https://other.test"), public_origins=["https://other.test"], cors=None)
    assert foreign_origin(run).rule == ""
