# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove one site by the OAuth flow, inside the bench's own Python: the job of frappe_oauth_check."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._clients import Impossible, find, label, shown
from ansible_collections.benchkeeper.frappe.plugins.module_utils._flow import run
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe_clients import FrappeClients

MADE = {"codes": "OAuth Authorization Code", "tokens": "OAuth Bearer Token"}


def job(site: t.Any, item: dict[str, t.Any], _common: dict[str, t.Any]) -> dict[str, t.Any]:
    """Run the flow with the client that the item names, then delete the codes and tokens it made."""
    if item["last_step"] == "reach":
        nobody = {**item, "username": None}
        return {"client_id": None, "app_name": None, "steps": run(nobody, {"codes": [], "tokens": []})}
    client = find({"state": "present", **item}, FrappeClients(site).clients())
    if client is None:
        raise Impossible(f"the site has no OAuth client {label(item)}. Create it with frappe_oauth_client")
    # split on any white space, so that a list joined by newlines is tried, and fails, as an app would find it
    uris, default = (client["redirect_uris"] or "").split(), client["default_redirect_uri"]
    params = {
        **item,
        "client_id": client["name"],
        "redirect_uri": item["redirect_uri"] or (default if default in uris else next(iter(uris), default or "")),
        "scope": item["scope"] or shown("scopes", client["scopes"]),
    }
    made: dict[str, list[str]] = {"codes": [], "tokens": []}
    site.frappe.db.commit()  # ends the snapshot: what follows is written by the web program
    try:
        steps = run(params, made)
    finally:
        clean(site, made)
    return {"client_id": client["name"], "app_name": client["app_name"], "steps": steps}


def clean(site: t.Any, made: dict[str, list[str]]) -> None:
    """Delete the rows that the flow made. Their names are the codes and tokens themselves."""
    site.writes()
    for kind, names in made.items():
        for name in names:
            site.frappe.db.delete(MADE[kind], {"name": name})
