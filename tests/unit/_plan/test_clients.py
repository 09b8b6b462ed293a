# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning OAuth clients: from declarations and the state of a site to steps."""

from __future__ import annotations

import json

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.collation import folded
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.clients import (
    ClientState,
    declared_form,
    find_client,
    plan_clients,
    same,
    stored_form,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CLIENT_FIELDS
from checkout import ROOT
from hypothesis import given
from hypothesis import strategies as st

V15 = [
    field
    for field in CLIENT_FIELDS
    if field
    in (
        "app_name redirect_uris default_redirect_uri scopes grant_type response_type skip_authorization allowed_roles "
        "client_secret".split()
    )
]
SECRET = "8b1f0c6e5a9d4f7e8b1f0c6e5a9d4f7e"
URIS = ["com.example.crm://oauth2redirect", "https://app.example.com/cb"]
RECORDED = ROOT / "tests" / "contract" / "frappe-v15.inprocess.json"


def stored(name="5c2b6a1f3e", **over):
    return {
        "name": name,
        "owner": "Administrator",
        "app_name": "Mobile App",
        "redirect_uris": " ".join(URIS),
        "default_redirect_uri": URIS[0],
        "scopes": "all openid",
        "grant_type": "Authorization Code",
        "response_type": "Code",
        "skip_authorization": 0,
        "allowed_roles": ["Desk User"],
        "client_secret": "0123456789",
        **over,
    }


def state(*clients, **over):
    return ClientState(clients=list(clients), **{"fields": V15, "roles": ["Sales User", "System Manager"], **over})


def one(declared, *clients, **over):
    (step,) = plan_clients([{"state": "present", **declared}], state(*clients, **over))
    return step


NEW = {"app_name": "Mobile App", "redirect_uris": URIS}


def test_create_writes_frappes_form_and_a_fresh_secret():
    step = one({**NEW, "scopes": ["openid"], "skip_authorization": True, "allowed_roles": ["sales user"]})
    assert (step.action, step.name, step.new_secret) == ("created", None, True)
    assert step.values == {
        "app_name": "Mobile App",
        "redirect_uris": " ".join(URIS),
        "default_redirect_uri": URIS[0],
        "scopes": "openid",
        "skip_authorization": 1,
        "allowed_roles": ["Sales User"],
    }
    assert step.before == {}
    assert step.after["redirect_uris"] == URIS
    assert step.after["client_secret"] == "(hidden, new)"


def test_the_default_uri_of_a_new_client_is_the_first_that_fits_frappes_column():
    uris = ["https://app.example.com/" + "x" * 140, "https://app.example.com/cb"]
    step = one({"app_name": "App", "redirect_uris": uris})
    assert step.values["default_redirect_uri"] == uris[1] and step.values["redirect_uris"] == " ".join(uris)


def test_create_with_a_chosen_id_and_a_given_secret():
    step = one({**NEW, "client_id": "mobile-app", "client_secret": SECRET})
    assert (step.name, step.new_secret, step.values["client_secret"]) == ("mobile-app", False, SECRET)
    assert step.after["client_id"] == "mobile-app"
    assert SECRET not in json.dumps([step.before, step.after])


@pytest.mark.parametrize("missing", ["app_name", "redirect_uris"])
def test_create_needs(missing):
    declared = {**NEW, "client_id": "mobile-app"}
    del declared[missing]
    with pytest.raises(Impossible, match=f"^{missing}: not declared, but required to create"):
        one(declared)


def test_equal_is_unchanged_whatever_order_and_repetition():
    declared = {
        **NEW,
        "redirect_uris": [*reversed(URIS), URIS[0]],
        "scopes": ["openid", "all"],
        "grant_type": "Authorization Code",
    }
    step = one({**declared, "skip_authorization": False, "client_secret": "0123456789"}, stored())
    assert (step.action, step.values, step.before, step.after) == ("unchanged", {}, {}, {})
    assert one({**NEW, "scopes": ["openid"]}, stored(scopes=" openid  openid ")).action == "unchanged"


@pytest.mark.parametrize(
    ("declared", "current", "field"),
    [
        ({"redirect_uris": URIS}, {"redirect_uris": "\n".join(URIS)}, "redirect_uris"),
        ({"redirect_uris": URIS[:1]}, {}, "redirect_uris"),
        ({"default_redirect_uri": URIS[1]}, {}, "default_redirect_uri"),
        ({"scopes": ["openid"]}, {}, "scopes"),
        ({"skip_authorization": True}, {}, "skip_authorization"),
        ({"allowed_roles": ["Sales User"]}, {}, "allowed_roles"),
        ({"client_secret": SECRET}, {}, "client_secret"),
        ({"app_name": "mobile app"}, {}, "app_name"),
    ],
)
def test_a_difference_is_written_and_nothing_else(declared, current, field):
    step = one({"client_id": "5c2b6a1f3e", **declared}, stored(**current))
    assert step.action == "updated"
    assert set(step.values) == set(step.before) == set(step.after) == {field}


def test_grant_type_takes_its_response_type_along():
    step = one({"app_name": "Mobile App", "grant_type": "Implicit"}, stored())
    assert step.values == {"grant_type": "Implicit", "response_type": "Token"}


def test_undeclared_is_unmanaged():
    assert one({"app_name": "Mobile App"}, stored(scopes="odd\nscopes", redirect_uris=None)).action == "unchanged"


def test_a_stale_default_uri_is_reported_and_not_changed():
    step = one({"app_name": "Mobile App", "redirect_uris": URIS[1:]}, stored())
    assert set(step.values) == {"redirect_uris"}
    assert [finding.rule for finding in step.findings] == ["default-redirect-uri-stale"]


def test_fields_of_a_later_frappe_are_reported_and_not_written():
    declared = {**NEW, "token_endpoint_auth_method": "None", "contacts": ["it@example.com"]}
    step = one(declared, stored())
    assert [(f.rule, f.field) for f in step.findings] == [
        ("field-unsupported", "client 'Mobile App': contacts"),
        ("field-unsupported", "client 'Mobile App': token_endpoint_auth_method"),
    ]
    later = one(declared, stored(contacts="it@example.com\n"), fields=list(CLIENT_FIELDS))
    assert (later.findings, later.values) == ([], {"token_endpoint_auth_method": "None"})


def test_rotation_changes_an_existing_secret_only():
    assert one({"app_name": "Mobile App", "rotate_secret": True}, stored()).new_secret
    step = one({"app_name": "Mobile App", "rotate_secret": True, "client_secret": "0123456789"}, stored())
    assert step.action == "unchanged"


def test_unknown_role_names_the_role():
    with pytest.raises(Impossible, match="allowed_roles: not found on this site: 'Nosuch'"):
        one({**NEW, "allowed_roles": ["Sales User", "Nosuch"]})


# ---------------------------------------------------------------- identity
def test_client_id_beats_app_name():
    other = stored("other", app_name="Other")
    assert find_client({"client_id": "other", "app_name": "Mobile App"}, [stored(), other]) is other


def test_client_id_in_another_case_is_refused():
    with pytest.raises(Impossible, match="ignores case"):
        find_client({"client_id": "OTHER"}, [stored("other")])


def test_two_clients_of_one_name_are_listed():
    with pytest.raises(Impossible, match=r"2 clients: a \('Mobile App'\), b \('MÓBILE app '\)"):
        find_client({"app_name": "mobile app"}, [stored("b", app_name="MÓBILE app "), stored("a")])


def test_a_stale_client_id_column_is_fixed_by_the_next_update():
    step = one({"app_name": "Mobile App"}, stored(client_id="5c2b6a1f3f"))
    assert (step.action, step.values, step.stale) == ("updated", {}, True)
    assert (step.before, step.after) == ({"client_id": "5c2b6a1f3f"}, {"client_id": "5c2b6a1f3e"})
    assert one({"app_name": "Mobile App"}, stored(client_id="5c2b6a1f3e")).action == "unchanged"


def test_a_chosen_id_for_an_existing_app_needs_rename():
    declared = {"client_id": "mobile-app", "app_name": "Mobile App"}
    with pytest.raises(Impossible, match="rename: true"):
        one(declared, stored())
    step = one({**declared, "rename": True}, stored())
    assert (step.action, step.name, step.rename) == ("updated", "5c2b6a1f3e", "mobile-app")
    assert (step.before, step.after) == ({"client_id": "5c2b6a1f3e"}, {"client_id": "mobile-app"})


def test_two_declarations_of_one_client_are_refused():
    both = [{"state": "present", "client_id": "5c2b6a1f3e"}, {"state": "present", "app_name": "mobile app"}]
    with pytest.raises(Impossible, match="declared twice"):
        plan_clients(both, state(stored()))


@pytest.mark.parametrize(
    "case",
    [c for c in json.loads(RECORDED.read_text())["cases"] if c["name"].startswith("client.filter.")],
    ids=lambda c: c["name"],
)
def test_names_compare_as_the_real_database_does(case):
    left, right = str(case["request"]["stored"]), str(case["request"]["filter"])
    recorded = bool(case["response"]["result"]["="])
    if case["name"] == "client.filter.two-emoji":
        assert recorded and folded(left) != folded(right)  # stricter on purpose
    else:
        assert (folded(left) == folded(right)) == recorded


# ---------------------------------------------------------------- deleting
def test_absent_deletes_and_shows_no_secret():
    (step,) = plan_clients([{"state": "absent", "app_name": "mobile app"}], state(stored()))
    assert (step.action, step.name) == ("deleted", "5c2b6a1f3e")
    assert step.before["client_secret"] == "(hidden)"
    assert "0123456789" not in json.dumps(step.before)


@pytest.mark.parametrize("declared", [{"app_name": "Nosuch"}, {"client_id": "nosuch", "app_name": "Mobile App"}])
def test_absent_of_nothing_is_unchanged(declared):
    (step,) = plan_clients([{"state": "absent", **declared}], state(stored()))
    assert step.action == "unchanged"


def test_a_client_in_use_is_deleted_only_with_its_tokens():
    used = state(stored(), in_use=["5c2b6a1f3e"])
    with pytest.raises(Impossible, match="revoke_tokens: true"):
        plan_clients([{"state": "absent", "app_name": "Mobile App"}], used)
    (step,) = plan_clients([{"state": "absent", "app_name": "Mobile App", "revoke_tokens": True}], used)
    assert step.action == "deleted"


def test_exclusive_spares_the_declared_and_what_registered_itself():
    clients = [stored(), stored("b", app_name="Stranger"), stored("c", app_name="Dynamic", owner="Guest")]
    steps = plan_clients([{"state": "present", "app_name": "Mobile App", "exclusive": True}], state(*clients))
    assert [(step.action, step.name, step.pruned) for step in steps] == [
        ("unchanged", "5c2b6a1f3e", False),
        ("deleted", "b", True),
    ]


def test_without_exclusive_nothing_is_pruned():
    assert (
        len(plan_clients([{"state": "present", "app_name": "Mobile App"}], state(stored(), stored("b", app_name="S"))))
        == 1
    )


# ---------------------------------------------------------------- properties
word = st.text(
    st.characters(codec="utf-8", exclude_characters="<>\n\r ", exclude_categories=("C", "Z")), min_size=1, max_size=20
)
values = {
    "text": word,
    "secret": word,
    "uris": st.lists(word, min_size=1, max_size=4),
    "scopes": st.lists(word, min_size=1, max_size=4),
    "lines": st.lists(word, min_size=1, max_size=4),
    "roles": st.lists(st.sampled_from(["Sales User", "system manager", "System Manager"]), min_size=1, max_size=3),
    "check": st.booleans(),
}
declarations = st.fixed_dictionaries(
    {"app_name": st.just("Mobile App"), "redirect_uris": values["uris"]},
    optional={
        field: values[kind]
        for field, kind in CLIENT_FIELDS.items()
        if field not in ("app_name", "redirect_uris", "grant_type", "response_type")
    },
)


@given(declarations, declarations)
def test_applying_a_plan_gives_the_declared_state_and_planning_again_gives_nothing(first, second):
    everything = state(fields=list(CLIENT_FIELDS))
    current = {"name": "a", "owner": "Administrator", **one(first, fields=list(CLIENT_FIELDS)).values}
    step = one(second, current, fields=everything.fields)
    after = {**current, **step.values}
    again = one(second, after, fields=everything.fields)
    assert (again.action, again.values) == ("unchanged", {})
    for field in CLIENT_FIELDS:
        if field not in second:
            assert after.get(field) == current.get(field)
        elif CLIENT_FIELDS[field] != "roles":
            assert same(CLIENT_FIELDS[field], after.get(field), second[field])


@given(
    st.sampled_from(sorted(set(CLIENT_FIELDS.values()) - {"secret"})).flatmap(
        lambda kind: st.tuples(st.just(kind), values[kind])
    )
)
def test_what_is_stored_is_shown_as_it_was_declared(pair):
    kind, value = pair
    shown_again = declared_form(kind, stored_form(kind, value))
    assert shown_again == (list(dict.fromkeys(value)) if isinstance(value, list) else value)


def test_unsupported_operations_are_rejected_while_planning():
    unable = {"rename": "not here", "client_id": "not here either"}
    with pytest.raises(Impossible, match="client_id: not here either"):
        one({**NEW, "client_id": "mobile-app"}, unable=unable)
    with pytest.raises(Impossible, match="rename: not here"):
        one({**NEW, "client_id": "mobile-app", "rename": True}, stored(), unable=unable)
    assert one(NEW, unable=unable).action == "created"
