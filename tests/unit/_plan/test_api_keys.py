# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning API keys: from declarations and the state of a site to steps."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.api_keys import (
    KeyState,
    User,
    key_findings,
    key_store_findings,
    plan_keys,
)
from hypothesis import given
from hypothesis import strategies as st

KEY, OTHER_KEY = "0123456789abcdef", "fedcba9876543210"
SECRET, OTHER_SECRET = "s" + "0123456789abcdef" * 2, "t" + "0123456789abcdef" * 2
PAIR = {"api_key": KEY, "api_secret": SECRET}
OTHER = {"api_key": OTHER_KEY, "api_secret": OTHER_SECRET}
CLERK = "clerk@example.com"


def user(name=CLERK, pair=None, **over):
    held = {"api_key": pair["api_key"], "has_secret": True, "api_secret": pair["api_secret"]} if pair else {}
    return User(name, **{**held, **over})


def step(found, holders=None, known=(), /, **declared):
    declared.setdefault("users", [CLERK])
    return plan_keys([declared], KeyState(list(found), holders or {}, known))[0]


def action(found, **declared):
    (change,) = step(found, **declared).changes
    return change.action, change.pair is not None


@pytest.mark.parametrize(
    ("held", "declared", "expected"),
    [
        (None, {}, ("created", False)),
        (None, {"secrets": {CLERK: PAIR}}, ("created", True)),
        (None, {"secrets": {"CLERK@example.com": PAIR}}, ("created", True)),
        (None, {"state": "rotated"}, ("created", False)),
        (None, {"state": "absent"}, ("unchanged", False)),
        (PAIR, {}, ("kept", False)),
        (PAIR, {"secrets": {CLERK: PAIR}}, ("unchanged", False)),
        (PAIR, {"secrets": {CLERK: OTHER}}, ("kept", False)),
        (PAIR, {"secrets": {CLERK: {**PAIR, "api_secret": OTHER_SECRET}}}, ("kept", False)),
        (PAIR, {"secrets": {CLERK: {**OTHER, "replace": True}}}, ("rotated", True)),
        (PAIR, {"state": "rotated"}, ("rotated", False)),
        (PAIR, {"state": "rotated", "secrets": {CLERK: OTHER}}, ("rotated", True)),
        (PAIR, {"state": "rotated", "secrets": {CLERK: PAIR}}, ("unchanged", False)),
        (PAIR, {"state": "absent", "secrets": {CLERK: OTHER}}, ("removed", False)),
    ],
)
def test_the_action_for_each_key(held, declared, expected):
    assert action([user(pair=held)], **declared) == expected


@pytest.mark.parametrize("half", [{"api_key": KEY}, {"has_secret": True, "api_secret": SECRET}])
def test_an_incomplete_key_counts_as_missing_and_is_removed_completely(half):
    assert action([user(**half)]) == ("created", False)
    assert action([user(**half)], state="absent") == ("removed", False)


def test_a_missing_key_and_a_different_key_are_reported():
    lacking = step([user(), user("b@example.com", PAIR)], users=[CLERK, "b@example.com"])
    assert lacking.needs_secret == [CLERK]
    assert step([user(pair=PAIR)], state="rotated").needs_secret == [CLERK]
    differs = step([user(pair=PAIR)], secrets={CLERK: OTHER})
    assert [finding.rule for finding in differs.findings] == ["key-differs"] and not differs.changed


def test_roles_mean_enabled_users_who_are_not_excluded():
    users = [user("a@x"), user("b@x", enabled=False), user("Administrator"), user("c@x")]
    holders = {"Sales User": ["a@x", "b@x", "Administrator"], "Other": ["c@x"]}
    declared = {"users": [], "roles": ["sales user"]}
    found = step(users, holders, ["Sales User"], **declared)
    assert [change.user for change in found.changes] == ["a@x"]
    everyone = step(users, holders, ["Sales User"], **declared, exclude_users=[])
    assert [change.user for change in everyone.changes] == ["a@x", "Administrator"]
    also = step(users, holders, ["Sales User"], roles=["Sales User"], users=["A@X", "c@x"])
    assert [change.user for change in also.changes] == ["a@x", "c@x"]


@pytest.mark.parametrize(
    ("users", "declared", "message"),
    [
        ([], {}, "not found on this site: 'clerk@example.com'"),
        ([user(enabled=False)], {}, "clerk@example.com is disabled, but Frappe accepts a disabled user's key"),
        ([user()], {"roles": ["Nosuch"]}, "not found on this site: 'Nosuch'"),
        ([user(pair=PAIR, api_secret=None)], {}, "cannot decrypt the stored API secret of clerk@example.com"),
        (
            [user(), user("b", OTHER)],
            {"secrets": {CLERK: {**PAIR, "api_key": OTHER_KEY.upper()}}},
            "already belongs to b",
        ),
    ],
)
def test_impossible(users, declared, message):
    with pytest.raises(Impossible, match=message):
        step(users, **declared)


def test_two_declarations_of_one_user_contradict_each_other():
    with pytest.raises(Impossible, match="selected by two declarations"):
        plan_keys([{"users": [CLERK]}, {"users": ["CLERK@example.com"], "state": "absent"}], KeyState([user()]))


def test_two_users_never_get_one_key():
    users = [CLERK, "b@example.com"]
    with pytest.raises(Impossible, match="api_key for b@example.com"):
        step([user(), user(users[1])], users=users, secrets=dict.fromkeys(users, PAIR))


def test_without_an_encryption_key_nothing_is_made_and_everything_can_be_removed():
    state = KeyState([user(pair=PAIR, api_secret=None)], no_key="encryption_key: none")
    with pytest.raises(Impossible, match="encryption_key: none"):
        plan_keys([{"users": [CLERK]}], state)
    assert plan_keys([{"users": [CLERK], "state": "absent"}], state)[0].changes[0].action == "removed"


def test_unknown_users_have_no_key_to_remove():
    assert step([], state="absent").changes == []


# ---------------------------------------------------------------- disabled users
FORMER = user("former@example.com", PAIR, enabled=False)


def test_disabled_users_with_live_keys():
    half = user("half@example.com", api_key=OTHER_KEY, enabled=False)
    reported = step([user(), FORMER, half])
    assert [(f.rule, f.found) for f in reported.findings] == [
        ("key-user-disabled", f"disabled users with an API key: {FORMER.name}")
    ]
    revoked = step([user(), FORMER, half], disabled_users="revoke", state="absent")
    assert [(c.user, c.action) for c in revoked.changes] == [(CLERK, "unchanged"), (FORMER.name, "removed")]
    assert revoked.diff() == {"before": {FORMER.name: "(hidden)"}, "after": {}}
    for quiet in ({"disabled_users": "ignore"}, {"exclude_users": [FORMER.name]}):
        assert step([user(), FORMER], **quiet).findings == []


def test_a_declared_user_who_was_disabled_loses_the_key_where_that_is_asked_for():
    found = step([FORMER], users=[FORMER.name], disabled_users="revoke")
    assert [c.action for c in found.changes] == ["removed"]
    assert [f.rule for f in found.findings] == ["key-user-disabled"]


def test_disabled_users_are_checked_once_per_site_with_the_strictest_mode():
    declared = [{"users": [CLERK]}, {"users": [], "disabled_users": "revoke"}]
    first, second = plan_keys(declared, KeyState([user(), FORMER]))
    assert first.findings == [] and [c.user for c in second.changes] == [FORMER.name]


def test_website_users_are_reported():
    assert [f.rule for f in step([user(website=True)]).findings] == ["key-website-user"]


# ---------------------------------------------------------------- the declaration alone
@pytest.mark.parametrize(
    ("declared", "rules"),
    [
        ({"users": [CLERK]}, []),
        ({"users": ["administrator"]}, ["key-user-excluded"]),
        ({"users": ["Administrator"], "exclude_users": []}, []),
        ({"users": [CLERK], "exclude_users": ["Clerk@Example.com"]}, ["key-user-excluded"]),
        ({"users": [" a"]}, ["text-edges"]),
        ({"roles": ["All"]}, ["key-role-automatic"]),
        ({"secrets": {CLERK: PAIR}}, []),
        ({"secrets": {CLERK: "x"}}, ["key-pair-form"]),
        ({"secrets": {CLERK: {"api_key": KEY}}}, ["key-pair-form"]),
        ({"secrets": {CLERK: {**PAIR, "more": 1}}}, ["key-pair-form"]),
        ({"secrets": {CLERK: {**PAIR, "api_secret": "a:" + SECRET}}}, ["key-pair-form"]),
        ({"secrets": {CLERK: {**PAIR, "api_secret": "tooshort"}}}, ["secret-short"]),
        ({"secrets": {CLERK: {**PAIR, "api_secret": "crm.example.com."}}, "users": ["crm.example.com.x"]},
         ["secret-weak", "secret-in-name"]),
    ],
)  # fmt: skip
def test_findings(declared, rules):
    assert [finding.rule for finding in key_findings(declared, "crm.example.com")] == rules


def test_no_finding_shows_a_secret():
    told = " ".join(map(str, key_findings({"secrets": {CLERK: {**PAIR, "api_secret": "hush hush"}}}, "a.test")))
    assert told and "hush" not in told


@pytest.mark.parametrize(
    ("declared", "count"), [({"users": [CLERK]}, 1), ({"users": [CLERK], "state": "absent"}, 0), ({"roles": []}, 0)]
)
def test_keys_that_may_be_made_need_a_store(declared, count):
    assert len(list(key_store_findings(declared, None))) == count
    assert not list(key_store_findings(declared, "/store"))


# ---------------------------------------------------------------- properties
names = st.sampled_from([f"{letter}@example.com" for letter in "abcdef"])
pairs = st.builds(lambda n: {"api_key": f"key-{n:08}", "api_secret": f"secret-{n:032}"}, st.integers(0, 10**6))
sites = st.dictionaries(names, st.tuples(st.none() | pairs, st.booleans()), min_size=1)


@given(sites, st.sets(names), st.sampled_from(["present", "absent", "rotated"]), st.data())
def test_applied_once_nothing_is_left_to_do(site, declared, wanted, data):
    """A second plan changes nothing, and the API keys of undeclared users do not change."""
    secrets = data.draw(st.dictionaries(names, pairs))
    users = {name: user(name, pair, enabled=enabled) for name, (pair, enabled) in site.items()}
    declaration = {"users": sorted(declared), "state": wanted, "secrets": secrets}
    try:
        (first,) = plan_keys([declaration], KeyState(list(users.values())))
    except Impossible:
        return
    after = dict(users)
    for change in first.changes:
        assert change.user in declared
        if change.action == "removed":
            after[change.user] = user(change.user, enabled=users[change.user].enabled)
        elif change.pair is not None:
            assert wanted == "rotated" or not users[change.user].live
            after[change.user] = user(change.user, change.pair, enabled=users[change.user].enabled)
    (second,) = plan_keys([declaration], KeyState(list(after.values())))
    assert set(second.needs_secret) == set(first.needs_secret)
    assert {c.user for c in second.changes if c.action in ("created", "rotated", "removed")} <= set(first.needs_secret)
    told = str(first.diff()) + str([(c.user, c.action) for c in first.changes]) + str(first.findings)
    assert not any(pair["api_secret"] in told for pair in secrets.values())
