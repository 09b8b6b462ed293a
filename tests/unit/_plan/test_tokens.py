# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning tokens: which rows are selected, revoked, deleted and reported."""

from __future__ import annotations

import json

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
from hypothesis import given
from hypothesis import strategies as st

DAY = 86400.0
CLIENTS = {"c1": "Mobile App", "c2": "Kiosk"}


def token(name, state="active", age=1.0, refreshes=None, **more):
    """A token as in Frappe 15: every token that is not revoked can be refreshed."""
    refreshes = state != "revoked" if refreshes is None else refreshes
    live = state == "active" or refreshes
    given = {"code": False, "client": "c1", "user": "a@example.com", "disabled": False, "dead_for": 0 if live else age}
    return Token(name=name, state=state, refreshes=refreshes, age=age, **{**given, **more})


def code(name, state="active", age=1.0, **more):
    return token(name, state, age, refreshes=False, code=True, **more)


def plan_all(tokens, *declarations, users=()):
    return plan_tokens(list(declarations), TokenState(tokens, CLIENTS, users))


def names(tokens):
    return [item.name for item in tokens]


# ---------------------------------------------------------------- durations and the declaration alone
@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("12h", 43200),
        ("30d", 2592000),
        ("2w", 1209600),
        ("3600", 3600),
        (3600, 3600),
        (0, 0),
        ("0", 0),
        (" 1d ", 86400),
        (None, None),
    ],
)
def test_durations(duration, expected):
    assert seconds(duration) == expected


@pytest.mark.parametrize(
    "duration", ["", "d", "1.5d", "-1d", "30 d", "30days", "1d12h", "1D", "٣d", "1e9", True, "9" * 10]
)
def test_an_invalid_duration(duration):
    with pytest.raises(ValueError, match="is not a duration"):
        seconds(duration)
    for field in ("older_than", "max_refresh_age", "prune_after"):
        assert "token-duration" in [finding.rule for finding in token_findings({field: duration})]


@given(st.integers(min_value=0, max_value=10**9 - 1), st.sampled_from("smhdw"))
def test_a_duration_is_its_number_of_seconds(number, unit):
    assert seconds(f"{number}{unit}") == number * {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[unit]


@pytest.mark.parametrize(
    ("declared", "rules"),
    [
        ({}, []),
        ({"disabled_users": "revoke"}, []),
        ({"max_refresh_age": "30d", "prune_after": "0", "disabled_users": "revoke"}, []),
        ({"users": ["a@example.com"], "max_refresh_age": "1h"}, []),
        ({"clients": ["Kiosk"], "prune_after": 0}, []),
        ({"state": "revoked", "users": ["a@example.com"]}, []),
        ({"state": "revoked", "every_token": True}, []),
        ({"state": "absent", "token_state": ["revoked"]}, []),
        ({"state": "revoked"}, ["token-selection-missing"]),
        ({"state": "absent", "users": [], "every_token": False}, ["token-selection-missing"]),
        ({"users": ["a@example.com"]}, ["token-selection-unused"]),
        ({"older_than": "3d", "disabled_users": "revoke"}, ["token-selection-unused"]),
        ({"max_refresh_age": "59m"}, ["token-age-short"]),
        ({"users": [" a"], "state": "revoked"}, ["text-edges"]),
        ({"clients": [""], "state": "revoked"}, ["text-blank"]),
    ],
)
def test_what_can_be_said_of_a_declaration_alone(declared, rules):
    assert [finding.rule for finding in token_findings(declared)] == rules


# ---------------------------------------------------------------- revoking
MIXED = [
    token("t1"),
    token("t2", "expired", age=40 * DAY),
    token("t3", "revoked", age=50 * DAY),
    token("t4", client="c2", user="b@example.com"),
    token("t5", "expired", age=9 * DAY, refreshes=False, client="gone"),
    code("k1"),
    code("k2", "revoked", age=2 * DAY),
]


@pytest.mark.parametrize(
    ("declared", "revoked"),
    [
        ({"every_token": True}, ["t1", "t2", "t4", "k1"]),
        ({"users": ["a@example.com"]}, ["t1", "t2", "k1"]),
        ({"users": ["A@Example.com "]}, ["t1", "t2", "k1"]),
        ({"clients": ["kiosk"]}, ["t4"]),
        ({"clients": ["c2", "Mobile App"]}, ["t1", "t2", "t4", "k1"]),
        ({"clients": ["Kiosk"], "users": ["a@example.com"]}, []),
        ({"clients": ["gone"]}, []),
        ({"older_than": "30d"}, ["t2"]),
        ({"token_state": ["active"]}, ["t1", "t4", "k1"]),
        ({"token_state": ["expired"]}, ["t2"]),
        ({"token_state": ["revoked"]}, []),
    ],
)
def test_what_is_revoked(declared, revoked):
    (step,) = plan_all(MIXED, {"state": "revoked", **declared})
    assert (names(step.revoke), step.delete, step.findings) == (revoked, [], [])


def test_a_refresh_token_that_is_too_old_ends_with_its_row_and_so_does_an_old_code():
    tokens = [token("t1", age=29 * DAY), token("t2", "expired", age=30 * DAY), token("t3", "revoked", age=99 * DAY)]
    tokens += [token("t4", "active", age=31 * DAY, refreshes=False), code("k1", age=31 * DAY)]
    (step,) = plan_all(tokens, {"max_refresh_age": "30d"})
    assert names(step.revoke) == ["t2", "k1"]
    (step,) = plan_all(tokens, {"max_refresh_age": "30d", "clients": ["Kiosk"]})
    assert not step.changed


def test_disabled_users():
    tokens = [
        token("t1", disabled=True, user="left@example.com"),
        token("t2", "expired", disabled=True, user="left@example.com", client="c2"),
        token("t3", "revoked", disabled=True, user="left@example.com"),
        token("t4"),
        code("k1", disabled=True, user="gone@example.com"),
    ]
    (step,) = plan_all(tokens, {})
    assert not step.changed
    found = "disabled or deleted users with tokens: gone@example.com, left@example.com"
    assert [(f.rule, f.found) for f in step.findings] == [("token-user-disabled", found)]
    (step,) = plan_all(tokens, {"disabled_users": "ignore"})
    assert not step.changed and step.findings == []
    # regardless of other filters in the declaration
    (step,) = plan_all(tokens, {"disabled_users": "revoke", "clients": ["Mobile App"], "state": "revoked"})
    assert sorted(names(step.revoke)) == ["k1", "t1", "t2", "t4"] and step.findings == []


def test_the_strictest_declaration_applies_once_to_disabled_users():
    tokens = [token("t1", disabled=True)]
    steps = plan_all(tokens, {"disabled_users": "report"}, {"disabled_users": "revoke"}, {"disabled_users": "report"})
    assert [names(step.revoke) for step in steps] == [[], ["t1"], []]
    assert [step.findings for step in steps] == [[], [], []]


def test_unknown_names_are_reported():
    (step,) = plan_all(MIXED, {"state": "revoked", "users": ["nobody@example.com"], "clients": ["Nosuch", "Kiosk"]})
    assert [(f.rule, f.found) for f in step.findings] == [
        ("token-user-unknown", "not found on this site: nobody@example.com"),
        ("token-client-unknown", "not found on this site: Nosuch"),
    ]
    (step,) = plan_all(MIXED, {"state": "revoked", "users": ["idle@example.com"]}, users=["idle@example.com"])
    assert step.findings == [] and not step.changed


# ---------------------------------------------------------------- deleting
@pytest.mark.parametrize(
    ("declared", "deleted", "kept"),
    [
        ({"every_token": True}, ["t3", "t5", "k2"], 4),
        ({"every_token": True, "delete_live": True}, ["t1", "t2", "t3", "t4", "t5", "k1", "k2"], 0),
        ({"older_than": "30d"}, ["t3"], 1),
        ({"token_state": ["expired"]}, ["t5"], 1),
        ({"token_state": ["active"]}, [], 3),
        ({"users": ["b@example.com"]}, [], 1),
        ({"users": ["b@example.com"], "delete_live": True}, ["t4"], 0),
    ],
)
def test_deleted_rows(declared, deleted, kept):
    (step,) = plan_all(MIXED, {"state": "absent", **declared})
    assert (names(step.delete), step.kept, step.revoke) == (deleted, kept, [])


def test_what_is_dead_is_pruned_by_the_time_since_its_end():
    tokens = [
        token("t1", "revoked", age=90 * DAY, dead_for=6 * DAY),
        token("t2", "revoked", age=9 * DAY, dead_for=7 * DAY),
    ]
    tokens += [token("t3", "expired", age=90 * DAY), token("t4", "expired", age=90 * DAY, refreshes=False)]
    (step,) = plan_all(tokens, {"prune_after": "7d"})
    assert (names(step.delete), step.kept) == (["t2", "t4"], 0)


def test_what_is_revoked_now_is_kept_its_time_and_without_a_time_goes_at_once():
    (step,) = plan_all([token("t1", "expired", age=40 * DAY)], {"max_refresh_age": "30d", "prune_after": "7d"})
    assert (names(step.revoke), names(step.delete)) == (["t1"], [])
    (step,) = plan_all([token("t1", "expired", age=40 * DAY)], {"max_refresh_age": "30d", "prune_after": 0})
    assert (names(step.revoke), names(step.delete)) == ([], ["t1"])


# ---------------------------------------------------------------- reports
def test_numbers_are_reported_and_never_a_token():
    (step,) = plan_all(MIXED, {"every_token": True, "state": "revoked", "prune_after": "2d"})
    assert token_counts(step, CLIENTS) == [
        {
            "client_id": "c1",
            "app_name": "Mobile App",
            "user": "a@example.com",
            "action": "deleted",
            "tokens": 1,
            "codes": 1,
        },
        {
            "client_id": "c1",
            "app_name": "Mobile App",
            "user": "a@example.com",
            "action": "revoked",
            "tokens": 2,
            "codes": 1,
        },
        {"client_id": "c2", "app_name": "Kiosk", "user": "b@example.com", "action": "revoked", "tokens": 1, "codes": 0},
        {"client_id": "gone", "app_name": None, "user": "a@example.com", "action": "deleted", "tokens": 1, "codes": 0},
    ]
    assert token_diff(step, CLIENTS) == {
        "before": {
            "Mobile App, a@example.com": {
                "active": 1,
                "expired": 1,
                "active codes": 1,
                "revoked": 1,
                "revoked codes": 1,
            },
            "Kiosk, b@example.com": {"active": 1},
            "gone, a@example.com": {"expired": 1},
        },
        "after": {
            "Mobile App, a@example.com": {"revoked": 2, "revoked codes": 1},
            "Kiosk, b@example.com": {"revoked": 1},
        },
    }
    shown = json.dumps([token_counts(step, CLIENTS), token_diff(step, CLIENTS)])
    assert not any(f'"{item.name}"' in shown for item in MIXED)


# ---------------------------------------------------------------- properties
TOKENS = st.lists(
    st.builds(
        lambda number, state, refreshes, age, is_code, disabled, client, dead: Token(
            name=f"secret-{number}",
            code=is_code,
            client=client,
            user="a@example.com",
            disabled=disabled,
            state=state if not is_code or state != "expired" else "active",
            refreshes=refreshes and state != "revoked" and not is_code,
            age=age,
            dead_for=dead if state == "revoked" or (state == "expired" and not refreshes and not is_code) else 0,
        ),
        st.integers(),
        st.sampled_from(["active", "expired", "revoked"]),
        st.booleans(),
        st.floats(0, 100 * DAY),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["c1", "c2", "gone"]),
        st.floats(0, 100 * DAY),
    ),
    max_size=8,
    unique_by=lambda item: item.name,
)
DURATIONS = st.sampled_from([None, "0", "1h", "30d"])
DECLARED = st.fixed_dictionaries(
    {
        "state": st.sampled_from([None, "revoked", "absent"]),
        "clients": st.sampled_from([[], ["Mobile App"], ["gone"]]),
        "older_than": DURATIONS,
        "token_state": st.sampled_from([[], ["active"], ["expired"], ["revoked"]]),
        "delete_live": st.just(False),
        "max_refresh_age": DURATIONS,
        "prune_after": DURATIONS,
        "disabled_users": st.sampled_from(["report", "revoke", "ignore"]),
    }
)


def applied(tokens, steps):
    revoked = {item.name for step in steps for item in step.revoke}
    deleted = {item.name for step in steps for item in step.delete}
    return [
        item._replace(state="revoked", refreshes=False, dead_for=0) if item.name in revoked else item
        for item in tokens
        if item.name not in deleted
    ]


@given(TOKENS, st.lists(DECLARED, min_size=1, max_size=3))
def test_a_second_run_finds_nothing_to_do(tokens, declarations):
    first = plan_all(tokens, *declarations)
    again = plan_all(applied(tokens, first), *declarations)
    # a declaration may leave work to a later one, so at most one more run is needed
    third = plan_all(applied(applied(tokens, first), again), *declarations)
    assert not any(step.changed for step in (again if len(declarations) == 1 else third))


@given(TOKENS, DECLARED)
def test_no_row_that_still_works_is_deleted_unless_this_run_had_to_end_it(tokens, declared):
    (step,) = plan_all(tokens, declared)
    harmless = {**declared, "max_refresh_age": None, "disabled_users": "ignore"}
    if declared["state"] != "revoked":
        (step,) = plan_all(tokens, harmless)
        assert not any(item.live for item in step.delete)
    assert not {item.name for item in step.revoke} & {item.name for item in step.delete}
