# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""frappe_oauth_token reports correctly from every state of a token or a code."""

from __future__ import annotations

import pytest
from check_mode_comparison import Case, Truth

MODULE = "frappe_oauth_token"
BEARER, CODE = "OAuth Bearer Token", "OAuth Authorization Code"
DAY = 86400  # seconds
HOLDER = "Administrator"
# Frappe's own insert; then the columns are set. Times are seconds before now, by the site's clock.
PUT = """
from datetime import timedelta
now = frappe.utils.now_datetime()
for row in data:
    doctype, times = row.pop("doctype"), row.pop("times")
    key = "access_token" if doctype == "OAuth Bearer Token" else "authorization_code"
    doc = frappe.get_doc({"doctype": doctype, key: row["name"], "scopes": "openid", "expires_in": 3600, **row})
    doc.insert(ignore_permissions=True, ignore_links=True)
    ago = {column: now - timedelta(seconds=seconds) for column, seconds in times.items()}
    frappe.db.set_value(doctype, doc.name, {**row, **ago}, update_modified=False)
"""
CLEAR = """
for doctype in ("OAuth Bearer Token", "OAuth Authorization Code"):
    frappe.db.delete(doctype)
"""


def pair(issued, status="Active", refresh=True, since=None):
    """A row of OAuth Bearer Token, with the days since it was issued and since it was revoked."""
    times = {"creation": issued * DAY, "modified": (issued if since is None else since) * DAY}
    return {
        "doctype": BEARER,
        "status": status,
        "refresh_token": refresh,
        "times": {**times, "expiration_time": issued * DAY - 3600},
    }


def code(issued, validity="Valid", since=None):
    """A row of OAuth Authorization Code, with the days since it was issued and since it was redeemed."""
    times = {"creation": issued * DAY, "modified": (issued if since is None else since) * DAY}
    return {"doctype": CODE, "validity": validity, "times": times}


STARTS = {
    "a new pair": pair(0),
    "a pair that only refreshes": pair(40),
    "a pair that has ended": pair(40, refresh=False),
    "a pair revoked 10 days ago": pair(40, "Revoked", since=10),
    "a pair revoked yesterday": pair(40, "Revoked", since=1),
    "a new code": code(0),
    "an old code": code(40),
    "a code redeemed 10 days ago": code(40, "Invalid", since=10),
}
# The result for each of STARTS, in order: r revoked, d deleted, - unchanged.
FATES = [
    ({"state": "revoked"}, "rr---rr-"),
    ({"state": "revoked", "older_than": "30d"}, "-r----r-"),
    ({"state": "revoked", "token_state": ["expired"]}, "-r------"),
    ({"state": "revoked", "token_state": ["active"]}, "r----rr-"),
    ({"state": "revoked", "users": [HOLDER.upper()]}, "rr---rr-"),
    ({"state": "revoked", "users": ["Guest"]}, "--------"),
    ({"state": "absent"}, "--ddd--d"),
    ({"state": "absent", "token_state": ["revoked"]}, "---dd--d"),
    ({"state": "absent", "older_than": "30d", "delete_live": True}, "-dddd-dd"),
    ({"state": "absent", "delete_live": True}, "dddddddd"),
    ({"max_refresh_age": "30d"}, "-r----r-"),
    ({"prune_after": "7d"}, "--dd---d"),
    ({"prune_after": "0"}, "--ddd--d"),
    ({"max_refresh_age": "30d", "prune_after": "7d"}, "-rdd--rd"),
    ({"max_refresh_age": "30d", "prune_after": "0"}, "-dddd-dd"),
]
MOVES = {BEARER: {"status", "modified", "modified_by"}, CODE: {"validity", "modified", "modified_by"}}
ENDED = {BEARER: ("status", "Revoked"), CODE: ("validity", "Invalid")}


@pytest.fixture
def clear(ground):
    """Sites without tokens, before and after."""
    ground.inside(CLEAR)
    yield ground
    ground.inside(CLEAR)


def row(number, start, user=HOLDER):
    """A row with its own client and its own names."""
    one = {**start, "name": f"promise-{number}", "client": f"client-{number}", "user": user}
    if one["doctype"] == BEARER:
        one["refresh_token"] = f"refresh-{number}" if start["refresh_token"] else None
    return one


def rows(ground, site):
    """Every token and code, by name."""
    return {one["name"]: (doctype, one) for doctype in (BEARER, CODE) for one in ground.rows(site, doctype)}


def false(name, fate, before, after):
    """The differences between a row and its expected result."""
    (doctype, was), now = before, after
    if fate == "d" or now is None:
        return [] if fate == "d" and now is None else [f"{name}: {'stayed' if now else 'is gone'}, not {fate}"]
    moved = {column for column in was if was[column] != now[1][column]}
    if fate == "-":
        return [f"{name}: {column} moved" for column in sorted(moved)]
    column, value = ENDED[doctype]
    wrong = [f"{name}: {other} moved" for other in sorted(moved - MOVES[doctype])]
    return wrong + ([] if now[1][column] == value else [f"{name}: {column} is {now[1][column]}"])


def test_check_mode_predicts_every_token(clear, trial):
    site, cases, fates = clear.sites[0], [], {}
    for declared, letters in FATES:
        for (name, start), fate in zip(STARTS.items(), letters):
            one = row(len(cases), start)
            action = "unchanged" if fate == "-" else "updated"
            options = {**declared, "clients": [one["client"]]}
            cases.append(Case(f"{name}, {declared}", one, options, action))
            fates[one["name"]] = fate
    bystander = row("bystander", pair(90))
    clear.inside(PUT, [*(case.start for case in cases), bystander], [site])
    before = rows(clear, site)
    assert len(before) == len(cases) + 1
    truth = Truth(clear, MODULE, cases).run()
    after = rows(clear, site)
    for name, was in before.items():
        truth.failures += false(name, fates.get(name, "-"), was, after.get(name))
    trial.add_row("check mode predicts frappe_oauth_token; the second run changes nothing", len(cases), truth.failures)


@pytest.mark.parametrize(("mode", "fate"), [("report", "--------"), ("ignore", "--------"), ("revoke", "rr---rr-")])
def test_check_mode_predicts_tokens_of_disabled_users(clear, trial, mode, fate):
    site, former = clear.sites[1], clear.users["former"]["email"]
    start = [row(number, one, former) for number, one in enumerate(STARTS.values())]
    clear.inside(PUT, start, [site])
    before = rows(clear, site)
    action = "updated" if mode == "revoke" else "unchanged"
    case = Case(mode, start, {"disabled_users": mode}, action, site=1)
    truth = Truth(clear, MODULE, [case]).run()
    after = rows(clear, site)
    for one, letter in zip(start, fate):
        truth.failures += false(one["name"], letter, before[one["name"]], after.get(one["name"]))
    told = [finding["rule"] for finding in truth.rows[0]["findings"]]
    if told != (["token-user-disabled"] if mode == "report" else []):
        truth.failures.append(f"findings are {told}")
    trial.add_row(f"check mode predicts tokens of disabled users, {mode}", len(start), truth.failures)
