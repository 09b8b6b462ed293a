# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a page at another origin can read, at the API and at the token endpoint: each fault has its own rule."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.course import STEPS
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.probes import cross_origin, preflight
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault
from scripted_site import ALLOW, ORIGIN, OTHER_ORIGIN, Reply, ScriptedRun, Site

GET_TOKEN = "frappe.integrations.oauth2.get_token"


class Odd(Site):
    """Sends this value as the allowed origin, or no header, where a test requires it."""

    def __init__(self, value, where, **scripted):
        super().__init__(**scripted)
        self.value, self.where = value, where

    def shared(self, asked, reply):
        if not self.where(asked, reply):
            return super().shared(asked, reply)
        if self.value:
            reply.add(ALLOW + "Origin", self.value)
        return reply


def found(step, site, **params):
    """The rule of a step and what it found."""
    try:
        seen = step(ScriptedRun(site, **params).with_pair())
    except Fault as fault:
        return fault.rule, fault.found
    return seen.rule, seen.found


def of_the_token_endpoint(asked, _reply):
    return asked.what == "get_token"


def everywhere(_asked, _reply):
    return True


@pytest.mark.parametrize("step", [preflight, cross_origin])
def test_a_sound_site_is_asked_once_an_origin_at_the_token_endpoint(step):
    site = Site()
    rule, told = found(step, site)
    assert rule == "" and ORIGIN in told and OTHER_ORIGIN in told
    sent = [(one.headers.get("Origin"), one.method) for one in site.asked if one.what == "get_token"]
    asked = [(origin, method) for origin, method in sent if origin]
    method = "OPTIONS" if step is preflight else "POST"
    assert asked == [(ORIGIN, method), (OTHER_ORIGIN, method)]


def test_nobody_signs_in_at_the_token_endpoint():
    site = Site()
    cross_origin(ScriptedRun(site))
    assert {tuple(one.values) for one in site.asked if one.what == "get_token"} == {("grant_type",)}


@pytest.mark.parametrize("step", [preflight, cross_origin])
def test_a_token_endpoint_with_a_list_of_origins_of_its_own_is_named(step):
    """As on Frappe 16 and later, which ignore allow_cors there."""
    rule, told = found(step, Odd("", of_the_token_endpoint))
    assert rule == "cors-absent" and told.startswith(f"{ORIGIN}: ") and f" {GET_TOKEN}: no header" in told


def test_a_rate_limited_response_is_not_retried_and_verifies_nothing():
    def limited(asked):
        return (
            Reply(429, "", ("Retry-After", "3600"))
            if "nonsense" in asked.values["grant_type"]
            else site.get_token(asked)
        )

    site = Odd("", lambda _asked, reply: reply.status_code == 429, get_token=limited)
    rule, told = found(cross_origin, site)
    assert rule == "" and told.endswith(f"; not verified at {GET_TOKEN} for {ORIGIN}, {OTHER_ORIGIN} (rate limit)")
    site.where = lambda _asked, _reply: False
    assert "limit" not in found(cross_origin, site)[1]  # an error that a page can read verifies the headers


def test_what_asks_without_waiting_stands_after_all_that_must_be_let_through():
    """Except for `dead`, whose request waits for the rate limit, as an app's does."""
    names = list(STEPS)
    later = names[names.index("cross_origin") + 1 :]
    assert not {"token", "refresh", "wrong_secret", "wrong_verifier", "no_verifier", "pkce_required"} & set(later)
    assert names.index("cross_origin") < names.index("revoke"), "it needs a valid token"


# ---------------------------------------------------------------- individual faults
@pytest.mark.parametrize("step", [preflight, cross_origin])
@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("", "cors-absent"),
        ("*", "cors-foreign-origin"),
        (f"{ORIGIN}/", "cors-value"),
        (f"{ORIGIN}, x", "cors-duplicate"),
    ],
)
def test_another_origin_than_the_declared_one(step, value, rule):
    assert found(step, Odd(value, everywhere))[0] == rule


def test_an_app_that_sends_cookies_is_named_unless_the_declaration_answers_that():
    """frappe-js-sdk always sends requests with credentials. A declaration that says nothing leaves that open."""
    rule, _told = found(cross_origin, Site(), cors={"origins": [ORIGIN]})
    assert rule == "cors-cookies"
    assert found(cross_origin, Site(), cors={"origins": [ORIGIN], "credentials": False})[0] == ""


def test_the_default_preflight_asks_for_what_frappes_own_client_sends():
    reply = Reply(200, "", (ALLOW + "Headers", "Authorization, Content-Type, X-Frappe-CSRF-Token"))
    rule, told = found(preflight, Site(tasks=reply))
    assert rule == "cors-preflight" and told.endswith("does not allow X-Frappe-Site-Name")


@pytest.mark.parametrize(
    ("sent", "rule"), [(None, "cors-expose-headers"), ("X-One", "cors-expose-headers"), ("x-one, X-Two", "")]
)
def test_a_declared_header_that_no_page_can_read(sent, rule):
    more = [("Access-Control-Expose-Headers", sent)] if sent else []
    policy = {"origins": [ORIGIN], "credentials": False, "expose_headers": ["X-One", "X-Two"]}
    seen, told = found(cross_origin, Site(tasks=Reply(200, {"message": "done"}, *more)), cors=policy)
    assert seen == rule and (not rule or told.endswith("X-Two"))


def test_a_refusal_that_no_page_can_read():
    rule, told = found(cross_origin, Odd("", lambda _asked, reply: reply.status_code == 401))
    assert (rule, told) == ("cors-error-bare", f"{ORIGIN}: no header on HTTP 401 from frappe.auth.get_logged_user")


@pytest.mark.parametrize(
    ("reply", "cors", "lacking"),
    [
        (
            Reply(405),
            {},
            "crm.api.tasks (HTTP 405) does not allow "
            "Authorization, Content-Type, X-Frappe-CSRF-Token, X-Frappe-Site-Name",
        ),
        (
            Reply(200, "", (ALLOW + "Headers", "content-type")),
            {"headers": ["Authorization"]},
            "does not allow Authorization",
        ),
        (
            Reply(200, "", (ALLOW + "Methods", "GET")),
            {"methods": ["PATCH"], "headers": ["X-A"]},
            "does not allow X-A, PATCH",
        ),
    ],
)
def test_a_method_or_a_header_that_is_not_let_in(reply, cors, lacking):
    rule, told = found(preflight, Site(tasks=reply), cors={"origins": [ORIGIN], **cors})
    assert rule == "cors-preflight" and told.endswith(lacking)


def test_safelisted_methods_need_no_allow_methods_header():
    reply = Reply(200, "", (ALLOW + "Headers", "*"))
    assert found(preflight, Site(tasks=reply), cors={"origins": [ORIGIN], "methods": ["POST"]})[0] == ""
