# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of the plan of tokens: only selected tokens end, counts are correct, and durations are exact."""

from __future__ import annotations

import copy
import json

import hypothesis_strategies as make
import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.tokens import (
    Token,
    TokenState,
    plan_tokens,
    seconds,
    token_counts,
    token_diff,
    token_findings,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import TOKEN_STATES
from hypothesis import given
from hypothesis import strategies as st

DAY = 86400
CLIENTS = {"id-a": "Mobile App", "id-b": "Reporting"}
USERS = make.EMAILS
durations = st.sampled_from(["0", "1h", "1d", "30d", "2w", 7200])
ages = st.sampled_from([0, 10, 3600, 7200, DAY, 30 * DAY, 31 * DAY])
declared_tokens = st.fixed_dictionaries(
    {},
    optional={
        "state": st.sampled_from(["revoked", "absent"]),
        "users": st.lists(st.sampled_from([*USERS, USERS[0].upper(), "nosuch"]), max_size=2),
        "clients": st.lists(st.sampled_from(["id-a", "ID-A", "mobile app", "Reporting", "gone"]), max_size=2),
        "older_than": durations,
        "token_state": st.lists(st.sampled_from(TOKEN_STATES), max_size=2),
        "every_token": st.booleans(),
        "delete_live": st.booleans(),
        "max_refresh_age": durations,
        "prune_after": durations,
        "disabled_users": st.sampled_from(["ignore", "report", "revoke"]),
    },
)


@st.composite
def held_tokens(draw: st.DrawFn) -> list[Token]:
    """Rows of every kind. Each user is disabled in all rows or in none."""
    disabled = draw(st.sets(st.sampled_from(USERS)))
    found = []
    for number in range(draw(st.integers(0, 5))):
        user, state = draw(st.sampled_from(USERS)), draw(st.sampled_from(TOKEN_STATES))
        code = draw(st.booleans())
        refreshes = not code and state != "revoked" and draw(st.booleans())
        live, age = state == "active" or refreshes, draw(ages)
        client = draw(st.sampled_from([*CLIENTS, "gone"]))
        dead_for = 0 if live else min(age, draw(ages))
        found.append(
            Token(f"canary-{number:030}", code, client, user, user in disabled, state, refreshes, age, dead_for)
        )
    return found


def applied(tokens: list[Token], steps: list) -> list[Token]:
    """The remaining rows, a moment later."""
    revoked = {token.name for step in steps for token in step.revoke}
    deleted = {token.name for step in steps for token in step.delete}
    return [
        token._replace(state="revoked", refreshes=False, dead_for=0) if token.name in revoked else token
        for token in tokens
        if token.name not in deleted
    ]


@given(st.lists(declared_tokens, min_size=1, max_size=2), held_tokens())
def test_a_plan_applied_leaves_nothing_to_do(declarations, tokens):
    state = TokenState(tokens, CLIENTS, USERS)
    before = copy.deepcopy((declarations, state))
    steps = plan_tokens(declarations, state)
    assert (declarations, state) == before
    names = [token.name for step in steps for token in step.delete]
    assert len(names) == len(set(names)) and set(names) <= {token.name for token in tokens}
    for step in steps:
        assert not {token.name for token in step.revoke} & {token.name for token in step.delete}
    again = plan_tokens(declarations, TokenState(applied(tokens, steps), CLIENTS, USERS))
    assert not any(step.revoke for step in again)


@given(declared_tokens, held_tokens())
def test_only_what_is_meant_ends(declared, tokens):
    (step,) = plan_tokens([declared], TokenState(tokens, CLIENTS, USERS))
    users = {user.casefold() for user in declared.get("users", ())}
    clients = {client.casefold() for client in declared.get("clients", ())}
    for token in (*step.revoke, *step.delete):
        names = {token.client.casefold(), CLIENTS.get(token.client, "").casefold()}
        within = (not users or token.user.casefold() in users) and (not clients or names & clients)
        of_disabled = declared.get("disabled_users") == "revoke" and token.disabled
        assert within or of_disabled
        asked = declared.get("state") or "max_refresh_age" in declared or "prune_after" in declared
        assert asked or of_disabled
        assert token.live or token in step.delete
    if not declared.get("delete_live") and declared.get("prune_after") is None:
        ended = set() if declared.get("disabled_users") != "revoke" else {t.name for t in tokens if t.disabled}
        for token in step.delete:
            assert not token.live or token.name in ended or "max_refresh_age" in declared


@given(st.lists(declared_tokens, min_size=1, max_size=2), held_tokens())
def test_no_token_is_shown(declarations, tokens):
    for step in plan_tokens(declarations, TokenState(tokens, CLIENTS, USERS)):
        shown = json.dumps([token_counts(step, CLIENTS), token_diff(step, CLIENTS), step.findings])
        assert "canary" not in shown
        numbers = sum(entry["tokens"] + entry["codes"] for entry in token_counts(step, CLIENTS))
        assert numbers == len(step.revoke) + len(step.delete)


@given(
    st.integers(0, 999_999_999),
    st.sampled_from([("", 1), ("s", 1), ("m", 60), ("h", 3600), ("d", DAY), ("w", 7 * DAY)]),
)
def test_a_duration_is_its_number_of_seconds(number, unit):
    assert seconds(f"{number}{unit[0]}") == seconds(f" {number}{unit[0]} ") == number * unit[1]


@given(
    st.one_of(make.rough, make.scalars.filter(lambda value: value is not None), st.tuples(st.integers(), make.nasty))
)
def test_an_invalid_duration_is_rejected_with_a_message(value):
    text = "".join(map(str, value)) if isinstance(value, tuple) else value
    digits = str(text).strip()
    if (
        digits[:-1].isascii()
        and (digits[:-1] or digits).isdigit()
        and digits[-1] in "0123456789smhdw"
        and len(digits) < 10
    ):
        assert seconds(text) >= 0
    elif len(digits) < 10:
        with pytest.raises(ValueError, match="is not a duration"):
            seconds(text)
        assert [finding.rule for finding in token_findings({"older_than": text})] == ["token-duration"]
