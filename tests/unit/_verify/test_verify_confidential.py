# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A confidential client authenticates at the token endpoint as its token_endpoint_auth_method says."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.refusals import WRONG_SECRET, wrong_secret
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.token_life import refresh
from scripted_site import PARAMS, Reply, ScriptedRun, Site

SECRET = "a secret: with + and /"
WEB = "https://app.example.com/cb"


@pytest.fixture(autouse=True)
def redirect_to_the_web(monkeypatch):
    """A native app has no secret to send."""
    monkeypatch.setattr("scripted_site.REDIRECT_URI", WEB)


class Confidential(Site):
    """A site whose token endpoint requires the secret."""

    def __init__(self, method):
        super().__init__()
        self.method, self.refusals = method, 0

    def get_token(self, asked):
        kind, _space, pair = asked.headers.get("Authorization", "").partition(" ")
        basic = base64.b64decode(pair).decode() if kind == "Basic" else None
        good = {
            "Client Secret Basic": basic == "the-client:a+secret%3A+with+%2B+and+%2F"
            and "client_secret" not in asked.values,
            "Client Secret Post": basic is None and asked.values.get("client_secret") == SECRET,
            "None": basic is None and "client_secret" not in asked.values,
        }
        if not good[self.method]:
            self.refusals += 1
            return Reply(401, {"error": "invalid_client"})
        return super().get_token(asked)


def run_of(method, **client):
    there = {**PARAMS["client"], "client_secret": SECRET, "token_endpoint_auth_method": method, **client}
    return ScriptedRun(Confidential(method), client=there, redirect_uri=WEB)


@pytest.mark.parametrize("method", ["Client Secret Basic", "Client Secret Post", "None"])
def test_the_secret_is_sent_as_the_client_declares(method):
    run = run_of(method).with_pair()
    run.call = lambda *_args: Reply(200)
    # HTTP Basic is sent only after the endpoint asked for it: some versions of Frappe read it as an API key
    assert refresh(run).rule == "" and run.site.refusals == (method == "Client Secret Basic")


@pytest.mark.parametrize("method", ["Client Secret Basic", "Client Secret Post"])
def test_a_wrong_secret_is_sent_the_same_way_and_without_the_right_one(method):
    run = run_of(method).with_pair()
    assert wrong_secret(run).rule == "" and run.site.refusals == 1 + (method == "Client Secret Basic")
    (last,) = run.site.asked[-1:]
    sent = base64.b64decode(last.headers.get("Authorization", "").partition(" ")[2]).decode() + str(last.values)
    assert WRONG_SECRET in sent and SECRET not in sent and "a%20secret" not in sent


def test_frappe_without_that_field_gets_no_secret():
    run = ScriptedRun(
        Confidential("None"), client={**PARAMS["client"], "client_secret": SECRET}, redirect_uri=WEB
    ).with_pair()
    assert run.site.refusals == 0
