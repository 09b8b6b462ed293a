# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site is and has, inside the bench's own Python: the job of frappe_site_info. Reads only."""

from __future__ import annotations

import importlib
import inspect
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._clients import KINDS, shown
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe_clients import CLIENT, FrappeClients


def job(site: t.Any, item: dict[str, t.Any], _common: dict[str, t.Any]) -> dict[str, t.Any]:
    """Gather the subsets that ``item["gather"]`` names; secrets are not read into the reply."""
    frappe, facts = site.frappe, {}
    if "apps" in item["gather"]:
        facts["apps"] = {app: _version(app) for app in frappe.get_installed_apps()}
        facts["frappe_version"] = frappe.__version__
    if "features" in item["gather"]:
        facts["features"] = {
            "client_fields": [field for field in KINDS if frappe.get_meta(CLIENT).has_field(field)],
            "config_cached": "cached" in inspect.signature(frappe.get_site_config).parameters,
            "oauth_settings": bool(frappe.db.exists("DocType", "OAuth Settings")),
        }
    if "oauth_clients" in item["gather"]:
        facts["oauth_clients"] = [_client(row) for row in FrappeClients(site).clients()]
    return facts


def _version(app: str) -> str:
    """Version of an installed app; empty if its code is gone from the bench."""
    try:
        return getattr(importlib.import_module(app), "__version__", "")
    except ImportError:
        return ""


def _client(row: dict[str, t.Any]) -> dict[str, t.Any]:
    """A client in declared form, with its client_id and without its secret."""
    fields = {field: shown(kind, row.get(field)) for field, kind in KINDS.items() if field in row and kind != "secret"}
    return {"client_id": row["name"], "owner": row["owner"], **fields}
