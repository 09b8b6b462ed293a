# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of the plan of OAuth clients: it reaches the declared state, and a second plan changes nothing."""

from __future__ import annotations

import copy
import json
import unicodedata

import hypothesis_strategies as make
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.clients import (
    ClientState,
    ClientStep,
    plan_clients,
    twice_findings,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import client_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import INVALID
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CLIENT_FIELDS
from hypothesis import assume, given
from hypothesis import strategies as st

V15 = [
    "app_name",
    "redirect_uris",
    "default_redirect_uri",
    "scopes",
    "grant_type",
    "response_type",
    "skip_authorization",
    "allowed_roles",
    "client_secret",
]
frappes = st.sampled_from([V15, list(CLIENT_FIELDS)])


def passes(declarations: list[dict]) -> bool:
    """Whether these declarations pass all checks that do not need the site."""
    found = (finding for declared in declarations for finding in client_findings(declared, "site"))
    return not any(finding.severity == INVALID for finding in found)


def state_of(clients: list[dict], fields: list[str], in_use: tuple = ()) -> ClientState:
    held = [{key: row[key] for key in row if key in (*fields, "name", "owner")} for row in clients]
    return ClientState(copy.deepcopy(held), fields, make.ROLES, in_use)


def applied(state: ClientState, steps: list[ClientStep]) -> list[dict]:
    """The state of a site after the steps, as Frappe stores them: only written columns change."""
    clients = {client["name"]: dict(client) for client in state.clients}
    for number, step in enumerate(steps):
        if step.action == "deleted":
            del clients[step.name]
        elif step.action == "created":
            name = step.name or f"made-{number}"
            assert name not in clients
            # the values that Frappe adds: the defaults of the doctype, OAuthClient.validate
            fresh = {"scopes": "all openid", "grant_type": "Authorization Code", "response_type": "Code"}
            made = {**dict.fromkeys(state.fields), **fresh, "skip_authorization": 0, "allowed_roles": ["Desk User"]}
            clients[name] = {**made, **step.values, "name": name, "owner": "Administrator"}
        elif step.action == "updated":
            client = clients.pop(step.name)
            client.update(step.values)
            client["name"] = step.rename or step.name
            assert client["name"] not in clients
            clients[client["name"]] = client
        else:
            assert step.values == {} and not step.rename and not step.new_secret
    return list(clients.values())


def read(field: str, stored: object) -> object:
    """A column as Frappe reads it: frappe.oauth splits on one space, client registration joins by newlines."""
    if field in ("redirect_uris", "scopes"):
        return set((stored or "").split(" ")) - {""}
    if field == "contacts":
        return set((stored or "").split("\n")) - {""}
    if field == "allowed_roles":
        return {role.casefold() for role in stored}
    return stored or ""


def meant(field: str, declared: object) -> object:
    """The value that a declared value must be read as."""
    if isinstance(declared, list):
        return {item.casefold() if field == "allowed_roles" else item for item in declared}
    return int(declared) or "" if isinstance(declared, bool) else declared


def same_name(one: str, other: str) -> bool:
    """Whether the database considers two names equal, independent of our code: case, accents, width, spaces."""
    marks = [
        "".join(c for c in unicodedata.normalize("NFKD", text.rstrip(" ")) if not unicodedata.combining(c)).casefold()
        for text in (one, other)
    ]
    return marks[0] == marks[1]


def the_client(declared: dict, clients: list[dict]) -> dict | None:
    """The client that a declaration identifies: by client_id, or else the only one with its name."""
    by_id = [client for client in clients if client["name"] == declared.get("client_id")]
    if by_id or (declared.get("client_id") and declared["state"] == "absent"):
        return by_id[0] if by_id else None
    named = [
        client for client in clients if "app_name" in declared and same_name(client["app_name"], declared["app_name"])
    ]
    assert len(named) < 2
    return named[0] if named else None


@given(make.client_lists, make.sites_clients, frappes)
def test_a_plan_applied_gives_what_is_declared_and_planned_again_gives_nothing(declarations, held, fields):
    assume(passes(declarations))
    state, asked = state_of(held, fields), copy.deepcopy(declarations)
    try:
        steps = plan_clients(declarations, state)
    except Impossible as refusal:
        assert str(refusal).count(": ") and "None" not in str(refusal)
        return
    finally:  # a plan never changes its arguments, even if it is rejected
        assert declarations == asked and state == state_of(held, fields)
    after = applied(state, steps)
    for declared in declarations:
        client = the_client(declared, after)
        assert (client is None) == (declared["state"] == "absent")
        for field in set(fields) & declared.keys() if client else ():
            assert read(field, client[field]) == meant(field, declared[field]), field
    again = plan_clients([{**declared, "rotate_secret": False} for declared in declarations], state_of(after, fields))
    assert [(step.action, step.values, step.before, step.after) for step in again] == [("unchanged", {}, {}, {})] * len(
        declarations
    )


@given(st.lists(make.whole_clients, max_size=3))
def test_what_two_declarations_mean_alike_is_known_before_any_site_is_asked(declarations):
    assume(passes(declarations))
    seen: list = []
    twice = [finding for declared in declarations for finding in twice_findings(declared, seen)]
    try:
        plan_clients(declarations, state_of([], V15))
    except Impossible as refusal:
        assert twice or "two declarations" not in str(refusal)


@given(make.client_lists, make.sites_clients, frappes, st.booleans())
def test_what_is_not_declared_keeps_its_value(declarations, held, fields, rotate):
    assume(passes(declarations))
    declarations = [{**declared, "rotate_secret": rotate} for declared in declarations]
    state = state_of(held, fields)
    try:
        steps = plan_clients(declarations, state)
    except Impossible:
        return
    before = {client["name"]: client for client in state.clients}
    for declared, step in zip(declarations, steps):
        takes_along = {"response_type"} if "grant_type" in declared else set()
        takes_along |= {"default_redirect_uri"} if step.action == "created" else set()
        assert step.values.keys() <= (declared.keys() | takes_along) & set(fields)
        assert not step.new_secret or step.action == "created" or (rotate and "client_secret" not in declared)
    exclusive = any(declared.get("exclusive") for declared in declarations)
    touched = {step.name for step in steps if step.action != "unchanged"}
    for client in applied(state, steps):
        if client["name"] not in touched and client["name"] in before:
            assert client == before[client["name"]]
    for step in steps[len(declarations) :]:
        assert exclusive and step.pruned and step.action == "deleted" and before[step.name]["owner"] != "Guest"
    assert exclusive or len(steps) == len(declarations)


@given(make.client_lists, make.sites_clients, frappes)
def test_the_diff_is_what_is_written(declarations, held, fields):
    assume(passes(declarations))
    state = state_of(held, fields)
    try:
        steps = plan_clients(declarations, state)
    except Impossible:
        return
    for step in steps[: len(declarations)]:
        identity = {"client_id"} if step.rename or (step.action == "created" and step.name) else set()
        secret = {"client_secret"} if step.new_secret else set()
        if step.action == "deleted":
            assert step.after == {} and step.before["client_id"] == step.name
        else:
            assert step.after.keys() == step.values.keys() | identity | secret
            assert step.before.keys() == (set() if step.action == "created" else step.after.keys())
        for field in step.before.keys() & step.after.keys() - {"client_secret"}:
            assert step.before[field] != step.after[field]


@given(make.deletions, make.sites_clients, st.sets(st.sampled_from("abc")))
def test_no_client_that_tokens_name_is_deleted_without_saying_so(declarations, held, in_use):
    assume(passes(declarations))
    try:
        steps = plan_clients(declarations, state_of(held, V15, tuple(in_use)))
    except Impossible:
        return
    revokes = any(declared.get("revoke_tokens") for declared in declarations)
    for number, step in enumerate(steps):
        if step.action == "deleted" and step.name in in_use:
            assert declarations[number].get("revoke_tokens") if number < len(declarations) else revokes


@given(make.client_lists, make.sites_clients, frappes)
def test_no_step_shows_a_secret(declarations, held, fields):
    assume(passes(declarations))
    secrets = {row["client_secret"] for row in (*declarations, *held) if row.get("client_secret")}
    try:
        steps = plan_clients(declarations, state_of(held, fields))
        shown = json.dumps([[step.before, step.after, step.findings] for step in steps])
    except Impossible as refusal:
        shown = str(refusal)
    assert not [secret for secret in secrets if secret in shown]
