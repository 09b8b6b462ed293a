# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each step of a proof finds what a site gets wrong, and nothing at a site that is sound."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._refusals import (
    no_verifier,
    password_grant,
    pkce_required,
    wrong_secret,
    wrong_verifier,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._token_life import dead, refresh
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verdicts import Fault, remedy_of
from scripted import Reply, ScriptedProof, Site

UNKNOWN = Reply(404, {"exc_type": "DoesNotExistError"})
LIMITED = Reply(429, "", ("Retry-After", "1"))


def rule(step, proof):
    """What a step calls what it finds."""
    try:
        return step(proof).rule
    except Fault as fault:
        return fault.rule


def only(grant, reply):
    """A site whose token endpoint gives this reply to one kind of grant."""
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
    proof = ScriptedProof(only("authorization_code", reply), until=0)
    with pytest.raises(Fault) as fault:
        proof.with_pair()
    assert fault.value.rule == expected


def test_a_refresh_token_that_is_unknown_is_no_unknown_client():
    """Frappe answers both with 404, and with this client_id the code was exchanged a moment ago."""
    assert rule(refresh, ScriptedProof(only("refresh_token", UNKNOWN)).with_pair()) == "refresh-refused"
    assert rule(refresh, ScriptedProof(only("refresh_token", LIMITED), until=0).with_pair()) == "token-limited"
    assert rule(refresh, ScriptedProof(Site()).with_pair()) == ""


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
        password_grant(ScriptedProof(Site(get_token=reply), until=0))
    assert fault.value.rule == expected and str(reply.status_code) in fault.value.found


# ---------------------------------------------------------------- what must be refused
NOT_ASKED, PLAIN = "without a challenge", "with the method plain"


class Lenient(Site):
    """Takes weaker ways of PKCE; an empty one is none at all."""

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
        ([""], "frappe-pkce-optional", f"a token {NOT_ASKED}"),
        (["plain"], "frappe-pkce-optional", f"a token {PLAIN}"),
        (["", "plain"], "frappe-pkce-optional", f"a token {NOT_ASKED} and {PLAIN}"),
    ],
)
def test_which_way_past_pkce_is_open_is_told(ways, expected, found):
    proof = ScriptedProof(Lenient(*ways)).with_pair()
    seen = pkce_required(proof)
    assert (seen.rule, seen.found) == (expected, found)
    assert len(proof.made["codes"]) == len(proof.made["tokens"]) == 1 + len(ways)  # noted for who cleans up


@pytest.mark.parametrize("step", [wrong_secret, wrong_verifier, no_verifier, pkce_required, dead])
def test_a_limit_that_refuses_is_not_taken_for_the_site_that_does(step):
    site = Lenient("")
    proof = ScriptedProof(site, until=0).with_pair()
    site.scripted["get_token"] = LIMITED
    site.pairs.clear()
    assert rule(step, proof) == "token-limited"


def test_what_to_do_about_a_refused_token_serves_the_operator_and_the_maker_of_an_app():
    remedy = remedy_of("token-refused")
    assert remedy.index("Error Log") < remedy.index("An app must send")
    assert "proxy" in remedy and "client secret" in remedy
