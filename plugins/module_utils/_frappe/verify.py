# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gather what a verification needs of a site: the job of frappe_oauth_verify before its first request.

Frappe's database provides what the developer of an app knows (client_id, client_secret) and the expected values. The
flow itself uses HTTP only: see `_verify.sites`.
"""

from __future__ import annotations

import contextlib
import json
import time
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.clients import CLIENT, FrappeClients
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.consent import settings_facts
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.clients import find_client, label
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import (
    CLIENT_AMBIGUOUS,
    CLIENT_ID_STALE,
    CLIENT_MISSING,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.course import (
    chosen,
    identified,
    without_client,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import Params

REPEATABLE = True  # it only reads
TOKEN = "OAuth Bearer Token"
KIND = ("token_endpoint_auth_method", "grant_type", "response_type")  # what makes clients of one kind


class Gathered(t.TypedDict):
    """The facts for one row. All of it is JSON.

    Attributes:
        facts: complete or override the options of the row.
        emails: the email address of a user, by name in lower case.
        fault: the parts of a `Fault` if the OAuth client cannot be used.
        equal: rows with the same value have the same code and the same kind of client.
        user: the name of the User who signs in, or None.
        since: the site's time.
        clock: the same instant in seconds since the epoch.
    """

    facts: Params
    emails: dict[str, str]
    fault: list[str] | None
    equal: str | None
    user: str | None
    since: str
    clock: float


def job(site: t.Any, item: dict[str, t.Any], _common: dict[str, t.Any]) -> list[Gathered]:
    """Gather the facts for each row of a site, in order. Only reads."""
    return [_gather(site, row) for row in item["rows"]]


def _gather(site: t.Any, row: Params) -> Gathered:
    frappe = site.frappe
    since, clock = str(frappe.utils.now_datetime()), time.time()
    nobody: Params = {"username": None, "scope": "", "client": None}
    if not identified(row) and without_client(chosen(with_facts(row, nobody))):
        return Gathered(facts=nobody, emails={}, fault=None, equal=None, user=None, since=since, clock=clock)
    client, fault = client_of(site, row)
    user = find_user(frappe, row["username"])
    email = str(frappe.db.get_value("User", user, "email") or user) if user else ""
    kind = [(client or {}).get(field) or "" for field in KIND]
    return {
        "facts": facts_of(frappe, row, client),
        "emails": {user.lower(): email} if user else {},
        "fault": [fault.rule, fault.expected, fault.found, fault.reason] if fault else None,
        "equal": json.dumps(
            [sorted(frappe.get_installed_apps()), *kind]
        ),  # the sites of a bench share the code of each app
        "user": user,
        "since": since,
        "clock": clock,
    }


def with_facts(row: Params, facts: Params) -> Params:
    """The options of a row, completed or overridden by these facts."""
    return t.cast("Params", {**row, **facts})


def client_of(site: t.Any, item: Params) -> tuple[dict[str, t.Any] | None, Fault | None]:
    """The client of an item, and the problem with it, if any."""
    expected, clients = f"the OAuth client {label({**item})}", FrappeClients(site).clients()
    try:
        client = find_client({**item, "state": "present"}, clients)
    except Impossible as why:
        return None, Fault(CLIENT_AMBIGUOUS, expected, str(why))
    if client is None:
        there = ", ".join(f"{c['app_name']} ({c['name']})" for c in clients) or "none"
        return None, Fault(CLIENT_MISSING, expected, f"the site has: {there}")
    column = site.frappe.db.get_value(CLIENT, client["name"], "client_id")
    if column != client["name"]:
        return client, Fault(
            CLIENT_ID_STALE, expected, f"the field App Client ID shows {column}", "the client was renamed"
        )
    return client, None


def find_user(frappe: t.Any, login: str | None) -> str | None:
    """The name of a User, by the user name that was entered."""
    if not login:
        return None
    for field in ("name", "email", "username", "mobile_no"):
        with contextlib.suppress(Exception):  # this version of Frappe does not have the field
            found = frappe.db.get_value("User", {field: login}, "name")
            if found:
                return found
    return None


def facts_of(frappe: t.Any, item: Params, client: dict[str, t.Any] | None) -> Params:
    """Facts about the site that complete the options of a row."""
    # split on any white space: a list joined by newlines then fails in the same way as for an app
    row = client or {"name": "", "app_name": "", "redirect_uris": "", "default_redirect_uri": "", "scopes": ""}
    uris, default = (row["redirect_uris"] or "").split(), row["default_redirect_uri"]
    skips = bool(int(row.get("skip_authorization") or 0))
    base_url = frappe.db.get_value("Social Login Key", "frappe", "base_url")
    return {
        "client": client,
        "redirect_uri": item["redirect_uri"] or (default if default in uris else next(iter(uris), default or "")),
        "scope": " ".join(item["scope"] or (row["scopes"] or "").split()),
        **settings_facts(frappe, skips, find_user(frappe, item["username"])),
        "issuer_why": f"base_url of the Social Login Key frappe is {base_url}" if base_url else "",
    }
