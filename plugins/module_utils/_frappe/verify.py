# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verify one site over HTTP: the job of frappe_oauth_verify, which runs in the bench's Python.

Sites that only have to respond are checked in parallel, with one deadline for all of them.

Frappe's database provides what the developer of an app knows (client_id, client_secret) and the expected values.
Everything else is done over HTTP, as by an app. At the end, this module deletes what the verification created.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import time
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Verdict
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.causes import add_causes
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.clients import CLIENT, FrappeClients
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.clients import find_client, label
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import remedy_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import (
    CLIENT_AMBIGUOUS,
    CLIENT_ID_STALE,
    CLIENT_MISSING,
    LOGIN_REFUSED,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.course import (
    chosen,
    identified,
    reach_only,
    verify,
    without_client,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import Made, Params

CODE, TOKEN, DELETED, FEED = "OAuth Authorization Code", "OAuth Bearer Token", "Deleted Document", "Comment"


class Verified(t.TypedDict):
    """The result of the job for one row."""

    client_id: str | None
    app_name: str | None
    steps: list[Verdict]


AT_ONCE = 32  # sites that are asked at the same time
WAITING: dict[tuple[str, str, str | None], concurrent.futures.Future[list[Verdict]]] = {}
# Failed sign-ins with their verdicts. A run never repeats one, because Frappe locks users out.
REFUSED_SIGN_INS: dict[tuple[str, str], Verdict] = {}


def job(site: t.Any, item: Params, common: dict[str, t.Any]) -> Verified:
    """Run the steps of an item with its OAuth client, then delete what they created."""
    until = time.monotonic() + common["budget"]
    made = Made()
    if reach_only(item):
        return {"client_id": None, "app_name": None, "steps": reached(item, common)}
    plain = with_facts(item, {"username": None, "scope": ""})
    if not identified(item) and without_client(chosen(plain)):
        return {"client_id": None, "app_name": None, "steps": verify(plain, made, until, None)}
    client, fault = client_of(site, item)
    params = params_of(site.frappe, item, client)
    login = (item["site"], str(item["username"]))
    params["refused"], user = REFUSED_SIGN_INS.get(login), params["find_user"](item["username"])
    since = site.frappe.utils.now_datetime()
    site.frappe.db.commit()  # ends the snapshot: the web process writes the rows that are read later
    try:
        steps = verify(params, made, until, fault)
    finally:
        clean(site, made, client, user, since)
    refused = [step for step in steps if step["rule"] == LOGIN_REFUSED]
    add_causes(steps, site.frappe, params, remedy_of, since)
    for step in refused:
        REFUSED_SIGN_INS.setdefault(login, step)
    known = client or {"name": item["client_id"], "app_name": item["app_name"]}
    return {"client_id": known["name"], "app_name": known["app_name"], "steps": steps}


def reached(item: Params, common: dict[str, t.Any]) -> list[Verdict]:
    """The verdict of the step `reach`. The first call asks all sites of the task, and the others take their result."""
    if not WAITING:
        pool = concurrent.futures.ThreadPoolExecutor(max_workers=AT_ONCE)
        for one in common["reach"]:
            WAITING[_place(one)] = pool.submit(_reach, one, common["reach_until"])
        pool.shutdown(wait=False)
    return WAITING[_place(item)].result()


def _reach(item: Params, until: float) -> list[Verdict]:
    patience = min(item["patience"], max(0.0, until - time.monotonic()))
    return verify(with_facts(item, {"username": None, "patience": patience}), Made(), until, None)


def _place(item: Params) -> tuple[str, str, str | None]:
    return item["site"], item["url"], item["address"]


def with_facts(item: Params, facts: Params) -> Params:
    """The options of a row, completed or overridden by these facts."""
    return t.cast("Params", {**item, **facts})


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


def params_of(frappe: t.Any, item: Params, client: dict[str, t.Any] | None) -> Params:
    """The options of a row, and facts about the site."""

    def find_user(login: str | None) -> str | None:
        """The name of a User, by the user name that was entered."""
        if not login:
            return None
        for field in ("name", "email", "username", "mobile_no"):
            with contextlib.suppress(Exception):  # this version of Frappe does not have the field
                found = frappe.db.get_value("User", {field: login}, "name")
                if found:
                    return found
        return None

    # split on any white space: a list joined by newlines then fails in the same way as for an app
    row = client or {"name": "", "app_name": "", "redirect_uris": "", "default_redirect_uri": "", "scopes": ""}
    uris, default = (row["redirect_uris"] or "").split(), row["default_redirect_uri"]
    skips = bool(int(row.get("skip_authorization") or 0))
    auto = frappe.db.get_single_value("OAuth Provider Settings", "skip_authorization") == "Auto"
    auto = auto and not skips and bool(frappe.get_all(TOKEN, filters={"status": "Active"}, limit=1))
    base_url = frappe.db.get_value("Social Login Key", "frappe", "base_url")
    facts: Params = {
        "client": client,
        "redirect_uri": item["redirect_uri"] or (default if default in uris else next(iter(uris), default or "")),
        "scope": " ".join(item["scope"] or (row["scopes"] or "").split()),
        "consent_expected": not (skips or auto),
        "consent_auto": auto,
        "consent_why": "skip_authorization is "
        + ("on" if skips else "off, but Skip Authorization in OAuth Provider Settings is Auto" if auto else "off"),
        "issuer_why": f"base_url of the Social Login Key frappe is {base_url}" if base_url else "",
        "find_user": find_user,
        "user_email": lambda name: str(frappe.db.get_value("User", name, "email") or name),
    }
    return with_facts(item, facts)


def clean(site: t.Any, made: Made, client: t.Any, user: str | None, since: t.Any) -> None:
    """Delete what the verification created, and commit the deletion.

    The name of a code or token document is the code or token itself. A code whose response was lost is found by its
    nonce. When Frappe deletes a code itself, it keeps a copy in Deleted Document and its name in the feed of Desk. If a
    response with tokens was lost, all tokens of this client and user since the verification began are deleted. Only the
    verification signs in as this user.
    """
    frappe, db = site.frappe, site.frappe.db
    site.about_to_write()
    db.rollback()
    codes = set(made.codes)
    for nonce in made.nonces:
        with contextlib.suppress(Exception):  # older versions of Frappe do not have this column
            codes |= set(frappe.get_all(CODE, filters={"nonce": nonce}, pluck="name"))
    tokens = set(made.tokens)
    if made.reply_lost and client and user:
        since_then = {"client": client["name"], "user": user, "creation": [">=", since]}
        tokens |= set(frappe.get_all(TOKEN, filters=since_then, pluck="name"))
    for code in codes:
        db.delete(CODE, {"name": code})
    for token in tokens:
        db.delete(TOKEN, {"name": token})
    db.commit()
    for code in codes:
        db.delete(DELETED, {"deleted_doctype": CODE, "deleted_name": code})
        db.delete(FEED, {"comment_type": "Deleted", "reference_doctype": CODE, "subject": ["like", f"%{code}"]})
    db.commit()
    for sid in made.sessions:
        frappe.get_attr("frappe.sessions.delete_session")(sid)
