# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each step of a proof finds what a site gets wrong, and nothing at a site that is sound."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._refusals import password_grant
from ansible_collections.benchkeeper.frappe.plugins.module_utils._token_life import refresh
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


def test_what_to_do_about_a_refused_token_serves_the_operator_and_the_maker_of_an_app():
    remedy = remedy_of("token-refused")
    assert remedy.index("Error Log") < remedy.index("An app must send")
    assert "proxy" in remedy and "client secret" in remedy
