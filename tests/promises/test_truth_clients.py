# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""frappe_oauth_client reports correctly from every starting state."""

from __future__ import annotations

import pytest
from check_mode_comparison import Case, Truth, differences

MODULE = "frappe_oauth_client"
A, B, C = "https://a.example/cb", "https://b.example/cb", "https://c.example/cb?x=1&y=2"
SECRET = "a-secret-that-is-long-enough-0123456789"
STORED = {
    "scopes": "all openid",
    "redirect_uris": f"{A} {B}",
    "default_redirect_uri": A,
    "grant_type": "Authorization Code",
    "response_type": "Code",
    "skip_authorization": 0,
    "client_secret": SECRET,
}
DECLARED = {
    "scopes": ["all", "openid"],
    "redirect_uris": [A, B],
    "default_redirect_uri": A,
    "grant_type": "Authorization Code",
    "skip_authorization": False,
}
# The columns of each option; every other column of a row must keep its value.
COLUMNS = {"grant_type": {"grant_type", "response_type"}, "client_id": {"client_id", "name"}}
MOVES_WITH_A_SAVE = {"modified", "modified_by"}
# Frappe's own insert; then the columns are set to the given values.
PUT = """
for client in data:
    roles, raw = client.pop("roles", []), dict(client)
    name = raw.pop("name", None)
    doc = frappe.get_doc({"doctype": "OAuth Client", **raw, "allowed_roles": [{"role": role} for role in roles]})
    doc.insert(set_name=name, ignore_permissions=True)
    frappe.db.set_value("OAuth Client", doc.name, raw, update_modified=False)
    if client.get("app_name", "").startswith("Used"):
        frappe.get_doc({"doctype": "OAuth Bearer Token", "client": doc.name, "user": "Administrator", "scopes": "all",
            "access_token": "token-" + doc.name, "refresh_token": "refresh-" + doc.name, "expires_in": 3600,
            "status": "Active"}).insert(ignore_permissions=True)
"""
CLEAR = """
frappe.db.delete("OAuth Bearer Token")
for name in frappe.get_all("OAuth Client", pluck="name"):
    frappe.delete_doc("OAuth Client", name, force=True, delete_permanently=True)
"""


@pytest.fixture
def clear(ground):
    """Sites without clients, before and after."""
    ground.inside(CLEAR)
    yield ground
    ground.inside(CLEAR)


def case(name, action, stored=None, declared=None, *, without=(), again="unchanged", app=None, **more):
    """A case with its own client. ``stored`` is False for no client; ``without`` lists undeclared options."""
    start = False if stored is False else {**STORED, **(stored or {})}
    options = {key: value for key, value in {**DECLARED, **(declared or {})}.items() if key not in without}
    return Case(name, start, options, action, again, more={"app": app, **more})


def matrix(roles):
    """Every starting state; ``roles`` are two roles of the site."""
    one, two = roles
    bare = set(DECLARED)
    return [
        case("absent", "created", False),
        case("absent, with a secret", "created", False, {"client_secret": SECRET}),
        case("absent, with roles", "created", False, {"allowed_roles": [one, two]}),
        case("absent, least declared", "created", False, without=bare - {"redirect_uris"}),
        case("absent, with a chosen client_id", "created", False, {"client_id": "chosen-id"}),
        case("absent, with what HTML escapes", "created", False, {"redirect_uris": [C], "default_redirect_uri": C}),
        case("absent, quotes and unicode in the name", "created", False, app="Ünï \"q\" 'a' & Co"),
        case("equal", "unchanged"),
        case("equal, with its secret", "unchanged", None, {"client_secret": SECRET}),
        case("equal, by its client_id", "unchanged", {"name": "known-id"}, {"client_id": "known-id"}),
        case("another secret", "updated", None, {"client_secret": SECRET + "-2"}),
        case("other scopes", "updated", {"scopes": "all"}),
        case("more scopes", "updated", {"scopes": "all openid extra"}),
        case("scopes in another case", "updated", {"scopes": "All openid"}),
        case("other URIs", "updated", {"redirect_uris": C}),
        case("one URI too many", "updated", {"redirect_uris": f"{A} {B} {C}"}),
        case("URIs joined by newline", "updated", {"redirect_uris": f"{A}\n{B}"}),
        case("URIs joined by a tab", "updated", {"redirect_uris": f"{A}\t{B}"}),
        case("URI in another case", "updated", {"redirect_uris": f"{A.upper()} {B}"}),
        case("another default URI", "updated", {"default_redirect_uri": B}),
        case("another grant", "updated", {"grant_type": "Implicit", "response_type": "Token"}),
        case("consent skipped", "updated", {"skip_authorization": 1}),
        case("consent to be skipped", "updated", None, {"skip_authorization": True}),
        case("other roles", "updated", {"roles": [one]}, {"allowed_roles": [two]}),
        case("one role more", "updated", {"roles": [one]}, {"allowed_roles": [one, two]}),
        case("order of scopes", "unchanged", {"scopes": "openid all"}),
        case("order of URIs", "unchanged", {"redirect_uris": f"{B} {A}"}),
        case("order of roles", "unchanged", {"roles": [two, one]}, {"allowed_roles": [one, two]}),
        case("case of a declared role", "unchanged", {"roles": [one]}, {"allowed_roles": [one.lower()]}),
        case("spaces between scopes", "unchanged", {"scopes": " all  openid "}),
        case("a URI twice", "unchanged", {"redirect_uris": f"{A} {B} {A}"}),
        case("a role twice", "unchanged", {"roles": [one, one]}, {"allowed_roles": [one]}),
        case("a scope declared twice", "unchanged", None, {"scopes": ["all", "openid", "all"]}),
        case("name in another case", "updated", {"app_name": "CASE {}"}),
        case("name with spaces after it", "updated", {"app_name": "Case {}  "}),
        case("name with accents", "updated", {"app_name": "Cásë {}"}),
        case("one field undeclared", "unchanged", {"skip_authorization": 1}, without=["skip_authorization"]),
        case("least declared", "unchanged", {"skip_authorization": 1, "scopes": "x y", "roles": [one]}, without=bare),
        case("undeclared kept beside a change", "updated",
             {"skip_authorization": 1, "roles": [two, one], "scopes": "all"}, without=["skip_authorization"]),
        case("another client_id", "updated", {"name": "old-id"}, {"client_id": "new-id", "rename": True}),
        case("an old id in its form", "updated", {"client_id": "stale-id"}),
        case("a field of Frappe 16", "unchanged", None, {"software_id": "x"}, v16=True),
        case("to go, and not there", "unchanged", False, {"state": "absent"}, without=bare),
        case("to go", "deleted", None, {"state": "absent"}, without=bare),
        case("to go, name in another case", "deleted", {"app_name": "CASE {}"}, {"state": "absent"}, without=bare),
        case("to go, with tokens", "deleted", None, {"state": "absent", "revoke_tokens": True}, without=bare,
             app="Used {}"),
    ]  # fmt: skip


def named(cases):
    """Give each case its own client."""
    for number, one in enumerate(cases):
        app = (one.more["app"] or "Case {}").format(number)
        one.declared["app_name"] = app
        if one.start:
            one.start = {"app_name": app, **one.start}
            one.start["app_name"] = one.start["app_name"].format(number)
    return cases


def kept_undeclared(cases, rows, before, after):
    """For every updated case: columns that are not in its diff did not change."""
    failures = []
    for one, row in zip(cases, rows):
        if row["action"] != "updated":
            continue
        (old,) = (client for client in before if client["app_name"] == one.start["app_name"])
        (new,) = (client for client in after if client["name"] == row["client_id"])
        moved = {column for column in old if old[column] != new[column]} - MOVES_WITH_A_SAVE
        named = {column for key in row["diff"]["after"] for column in COLUMNS.get(key, {key})}
        failures += [f"{one.name}: {column} changed, the diff does not say so" for column in sorted(moved - named)]
        for key, value in row["diff"]["after"].items():
            if key not in ("allowed_roles", "client_secret", "client_id"):
                stored = new[key].split(" ") if isinstance(value, list) else new[key]
                if stored != value:
                    failures.append(f"{one.name}: the diff says {key}: {value}, stored is {stored}")
    return failures


def test_check_mode_predicts_every_client(clear, trial):
    roles = ("System Manager", clear.users["clerk"]["roles"][0])
    cases = named(matrix(roles))
    site = clear.sites[0]
    clear.inside(PUT, [one.start for one in cases if one.start], [site])
    before = clear.rows(site, "OAuth Client")
    truth = Truth(clear, MODULE, cases).run()
    truth.failures += kept_undeclared(cases, truth.rows, before, clear.rows(site, "OAuth Client"))
    trial.add_row("check mode predicts frappe_oauth_client; the second run changes nothing", len(cases), truth.failures)


def test_a_rotation_is_predicted_every_time(clear, trial):
    site = clear.sites[0]
    clear.inside(PUT, [{**STORED, "app_name": "Case"}], [site])
    case = Case("rotated", None, {"app_name": "Case", "rotate_secret": True}, "updated", again="updated")
    truth = Truth(clear, MODULE, [case]).run()
    (client,) = clear.rows(site, "OAuth Client")
    if client["client_secret"] == SECRET:
        truth.failures.append("the secret is the old one")
    trial.add_row("check mode predicts the rotation of a client secret", 1, truth.failures)


def test_a_rejection_is_predicted_and_changes_nothing(clear, trial):
    site = clear.sites[0]
    start = [
        {**STORED, "app_name": "Twin"},
        {**STORED, "app_name": "twin "},
        {**STORED, "app_name": "Used"},
        {**STORED, "app_name": "Named", "name": "named-id"},
    ]
    clear.inside(PUT, start, [site])
    tried = {
        "two of one name": {"app_name": "Twin", "scopes": ["openid"]},
        "to go, with tokens": {"app_name": "Used", "state": "absent"},
        "unknown role": {"app_name": "Named", "allowed_roles": ["Nosuch"]},
        "another client_id": {"app_name": "Named", "client_id": "other-id"},
        "client_id in another case": {"app_name": "Named", "client_id": "NAMED-id"},
        "new, without URIs": {"app_name": "New"},
        "markup": {"app_name": "New <b>", "redirect_uris": [A]},
    }
    steps = [
        (f"{name}{mark}", {"name": site, **options, "check_mode": bool(mark)})
        for name, options in tried.items()
        for mark in ("?", "")
    ]
    before = clear.snapshot()
    results = clear.modules(MODULE, *steps)
    failures = [f"a rejected run changed {what}" for what in differences(before, clear.snapshot())]
    for name in tried:
        foreseen, done = results[f"{name}?"], results[name]
        if not done.get("failed") or (done["msg"], done["sites"]) != (foreseen["msg"], foreseen["sites"]):
            failures.append(f"{name}: check mode said {foreseen['msg']}, the run: {done['msg']}")
    trial.add_row("check mode predicts what frappe_oauth_client rejects, and nothing is written", len(tried), failures)


def test_pruning_is_predicted(clear, trial):
    site = clear.sites[0]
    clear.inside(PUT, [{**STORED, "app_name": name} for name in ("Keep", "Drop", "Used to be")], [site])
    case = Case("exclusive", None, {"app_name": "Keep", "exclusive": True, "revoke_tokens": True}, "unchanged")
    truth = Truth(clear, MODULE, [case]).run()
    left = [client["app_name"] for client in clear.rows(site, "OAuth Client")]
    if left != ["Keep"] or sum(row["action"] == "deleted" for row in truth.rows) != 2:
        truth.failures.append(f"left are {left}, reported was {truth.rows}")
    trial.add_row("check mode predicts what exclusive prunes", 2, truth.failures)
