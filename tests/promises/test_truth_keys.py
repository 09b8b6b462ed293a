# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""frappe_user_api_key reports correctly from every starting state of a user's API key."""

from __future__ import annotations

import itertools

import pytest
from check_mode_comparison import Case, Truth, differences

MODULE = "frappe_user_api_key"
KEY, SECRET = "stored-key-{}", "stored-secret-0123456789-{}"
PUT = """
from frappe.utils.password import set_encrypted_password
frappe.flags.in_install = True  # else Frappe makes a Contact of each user, later, in the background
for user in data:
    doc = frappe.get_doc({"doctype": "User", "email": user["email"], "first_name": "Promise", "send_welcome_email": 0,
        "user_type": user["user_type"]})
    doc.flags.no_welcome_mail = True
    doc.insert(ignore_permissions=True)
    if user["secret"]:
        set_encrypted_password("User", doc.name, user["secret"], "api_secret")
    if user["lost"]:
        lost = "update `__Auth` set password = 'gAAAA-of-another-key' where fieldname = 'api_secret' and name = %s"
        frappe.db.sql(lost, (doc.name,))
    stars = "*" * len(user["secret"] or "") or None
    columns = {"api_key": user["key"], "enabled": user["enabled"], "api_secret": stars}
    frappe.db.set_value("User", doc.name, columns, update_modified=False)
"""
CLEAR = """
for name in frappe.get_all("User", pluck="name"):
    if name.endswith("@promises.example"):
        frappe.delete_doc("User", name, force=True, delete_permanently=True)
"""
PAIRS = {"nothing": (None, None), "a pair": (KEY, SECRET), "a key alone": (KEY, None), "a secret alone": (None, SECRET)}
KINDS = {"a clerk": ("System User", 1), "a customer": ("Website User", 1), "one who left": ("System User", 0)}
STATES = ("present", "absent", "rotated")


@pytest.fixture
def clear(ground):
    """Sites without users of the tests, before and after."""
    ground.inside(CLEAR)
    yield ground
    ground.inside(CLEAR)


def changes(state, pair):
    """Whether a row with this state changes this API key."""
    return {"present": pair != "a pair", "absent": pair != "nothing", "rotated": True}[state]


def one_user(number, user_type="System User", enabled=1, key=KEY, secret=SECRET, lost=False):
    """A user with a partial or a complete API key, or with a secret that encryption_key does not decrypt."""
    return {
        "email": f"case{number}@promises.example",
        "user_type": user_type,
        "enabled": enabled,
        "key": key and key.format(number),
        "secret": secret and secret.format(number),
        "lost": lost,
    }


def matrix():
    """Every kind of user, API key and state. The key of a disabled user can only be removed."""
    cases = []
    for number, (kind, pair, state) in enumerate(itertools.product(KINDS, PAIRS, STATES)):
        left = kind == "one who left"
        if left and state != "absent":
            continue
        user = one_user(number, *KINDS[kind], *PAIRS[pair])
        action = "updated" if changes(state, pair) else "unchanged"
        declared = {"users": [user["email"]], "state": state, "disabled_users": "revoke" if left else "ignore"}
        cases.append(Case(f"{kind} with {pair}, {state}", user, declared, action))
    return cases


def users(ground, site):
    """The site's users without the columns that the module changes."""
    held = ("api_key", "api_secret")
    return {row["name"]: {k: v for k, v in row.items() if k not in held} for row in ground.rows(site, "User")}


@pytest.mark.parametrize("states", [("present", "absent"), ("rotated",)], ids=["kept", "rotated"])
def test_check_mode_predicts_every_api_key(clear, trial, tmp_path, states):
    cases = [case for case in matrix() if case.declared["state"] in states]
    for case in cases:
        case.again = "updated" if case.declared["state"] == "rotated" else "unchanged"
    # the keys of disabled users are checked once per site, so these users have their own site
    for case in cases:
        case.site = 1 if case.declared["disabled_users"] == "revoke" else 0
    for number in (0, 1):
        clear.inside(PUT, [case.start for case in cases if case.site == number], [clear.sites[number]])
    before = [users(clear, site) for site in clear.sites]
    truth = Truth(clear, MODULE, cases).run(secrets_store=str(tmp_path / "store"), exclude_users=[])
    if before != [users(clear, site) for site in clear.sites]:
        truth.failures.append("a column of User moved that is none of the pair: modified?")
    trial.add_row(f"check mode predicts frappe_user_api_key, {' and '.join(states)}", len(cases), truth.failures)


def test_a_lost_encryption_key_is_predicted_and_never_replaced(clear, trial, tmp_path):
    lost = one_user(0, lost=True)
    clear.inside(PUT, [lost], [clear.sites[0]])
    shared = {"secrets_store": str(tmp_path / "store")}
    failures = []
    for state, action in (("present", "failed"), ("rotated", "failed"), ("absent", "updated")):
        again = "failed" if action == "failed" else "unchanged"
        case = Case(f"lost, {state}", lost, {"users": [lost["email"]], "state": state}, action, again)
        before = clear.snapshot()
        truth = Truth(clear, MODULE, [case]).run(**shared)
        failures += truth.failures
        if action == "failed":
            failures += [f"{state} changed {what}" for what in differences(before, clear.snapshot())]
    trial.add_row("check mode predicts what a lost encryption_key makes impossible", 3, failures)
