# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of the plan of API keys: only declared users get or lose an API key."""

from __future__ import annotations

import copy
import dataclasses
import json

import hypothesis_strategies as make
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.collation import folded
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.api_keys import (
    WRITTEN,
    KeyState,
    KeyStep,
    key_findings,
    plan_keys,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import INVALID
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import EXCLUDED_USERS
from hypothesis import assume, given
from hypothesis import strategies as st

one = st.lists(make.declared_keys, min_size=1, max_size=1)
declarations_of = st.one_of(one, one, st.lists(make.declared_keys, min_size=2, max_size=2))
holders_of = st.dictionaries(st.sampled_from(["Sales User", "System Manager"]), st.lists(make.emails, max_size=3))


def passes(declarations: list[dict]) -> bool:
    found = (finding for declared in declarations for finding in key_findings(declared, "site"))
    return not any(finding.severity == INVALID for finding in found)


def planned(declarations: list[dict], state: KeyState) -> list[KeyStep] | None:
    """The steps, or None if the plan rejects the declarations. The arguments do not change."""
    before = copy.deepcopy((declarations, state))
    try:
        return plan_keys(declarations, state)
    except Impossible as refusal:
        assert ": " in str(refusal)
        return None
    finally:
        assert (declarations, state) == before


def applied(state: KeyState, steps: list[KeyStep]) -> KeyState:
    """The state of a site after the steps."""
    users = {user.name: dataclasses.replace(user) for user in state.users}
    for change in (change for step in steps for change in step.changes):
        pair = change.pair or {}
        if change.action in (*WRITTEN, "removed"):
            users[change.user] = dataclasses.replace(
                users[change.user],
                api_key=pair.get("api_key"),
                has_secret=bool(pair),
                api_secret=pair.get("api_secret"),
            )
    return dataclasses.replace(state, users=list(users.values()))


def with_what_is_needed(declarations: list[dict], steps: list[KeyStep]) -> list[dict]:
    """The declarations with an API key for each user without one, as the action plugin adds them."""
    filled, number = [], 0
    for declared, step in zip(declarations, steps):
        pairs = dict(declared.get("secrets") or {})
        for user in step.needs_secret:
            number += 1
            made = {"api_key": f"made-key-{number:04}", "api_secret": f"made-secret-{number:032}"}
            replace = next(change.action for change in step.changes if change.user == user) == "rotated"
            pairs = {name: pair for name, pair in pairs.items() if folded(name) != folded(user)}
            pairs[user] = {**made, "replace": replace}
        filled.append({**declared, "secrets": pairs})
    return filled


@given(declarations_of, make.users_of_a_site(), holders_of)
def test_a_plan_applied_gives_the_pairs_and_planned_again_gives_nothing(declarations, users, holders):
    assume(passes(declarations))
    state = KeyState(users, holders, ["Sales User", "System Manager"])
    steps = planned(declarations, state)
    assume(steps is not None)
    declarations = with_what_is_needed(declarations, steps)
    steps = plan_keys(declarations, state)
    assert not any(step.needs_secret for step in steps)
    after = applied(state, steps)
    for declared, step in zip(declarations, steps):
        given_pairs = {folded(name): pair for name, pair in reversed(list(declared["secrets"].items()))}
        for change in step.changes:
            user = next(user for user in after.users if user.name == change.user)
            if change.action in WRITTEN or (change.action == "unchanged" and declared.get("state") != "absent"):
                pair = given_pairs.get(folded(user.name))
                if pair and user.enabled:
                    assert (user.api_key, user.api_secret) == (pair["api_key"], pair["api_secret"])
            elif change.action == "removed":
                assert not user.api_key and not user.has_secret
    keys = [folded(user.api_key) for user in after.users if user.api_key]
    assert len(keys) == len(set(keys))
    again = plan_keys(declarations, after)
    assert not any(step.changed for step in again) and not any(step.needs_secret for step in again)


@given(declarations_of, make.users_of_a_site(), holders_of)
def test_nobody_else_gets_or_loses_a_pair(declarations, users, holders):
    assume(passes(declarations))
    steps = planned(declarations, KeyState(users, holders, ["Sales User", "System Manager"]))
    assume(steps is not None)
    by_name = {user.name: user for user in users}
    for declared, step in zip(declarations, steps):
        excluded = declared.get("exclude_users", EXCLUDED_USERS)
        named = {folded(user) for user in declared.get("users", ())}
        roles = {role.casefold() for role in declared.get("roles", ())}
        by_role = {folded(name) for role, names in holders.items() if role.casefold() in roles for name in names}
        assert set(step.needs_secret) <= {change.user for change in step.changes if change.action in WRITTEN}
        for change in step.changes:
            user, key = by_name[change.user], folded(change.user)
            if change.action in WRITTEN:
                assert user.enabled and (key in named or key in by_role)
                assert declared.get("state", "present") != "absent"
                assert (change.pair is None) == (change.user in step.needs_secret)
            else:
                assert change.pair is None
            if change.action == "rotated":
                asked = declared.get("state") == "rotated" or change.pair.get("replace")
                assert asked and user.live
            if change.action == "removed" and key not in named | by_role:
                assert not user.enabled and any(d.get("disabled_users") == "revoke" for d in declarations)
            if key not in named:
                assert key not in {folded(name) for name in excluded}


@given(declarations_of, make.users_of_a_site(), holders_of)
def test_nothing_is_made_where_a_secret_could_not_be_kept(declarations, users, holders):
    """Without encryption_key, or if it does not decrypt a stored secret, the secret is not overwritten."""
    assume(passes(declarations))
    state = KeyState(users, holders, ["Sales User", "System Manager"], no_key="encryption_key: it is missing")
    for steps in (planned(declarations, state), planned(declarations, dataclasses.replace(state, no_key=None))):
        sealed = {user.name for user in users if user.has_secret and user.api_secret is None}
        for step in steps or ():
            assert not [c for c in step.changes if c.action in WRITTEN and c.user in sealed]
    assert not any(c.action in WRITTEN for step in planned(declarations, state) or () for c in step.changes)


@given(declarations_of, make.users_of_a_site(), holders_of)
def test_no_step_shows_a_secret(declarations, users, holders):
    secrets = {user.api_secret for user in users if user.api_secret}
    secrets |= {pair["api_secret"] for declared in declarations for pair in declared.get("secrets", {}).values()}
    told = [str(finding) for declared in declarations for finding in key_findings(declared, "site")]
    try:
        for step in plan_keys(declarations, KeyState(users, holders, ["Sales User", "System Manager"])):
            told.append(json.dumps([step.diff(), step.findings, step.needs_secret]))
            told += [change.action + change.user for change in step.changes]
    except Impossible as refusal:
        told.append(str(refusal))
    assert not [secret for secret in secrets if secret in "\n".join(told)]
