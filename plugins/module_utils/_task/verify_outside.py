# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""frappe_oauth_verify without a bench: the flow runs in the module's own Python, with what the task declares.

Nothing reads or cleans the site's database. Tokens are revoked over HTTP. The result lists everything that stays.
"""

from __future__ import annotations

import importlib
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Declared
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.verify_phases import BUDGET, Outcome
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.course import identified
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.sites import Row, Sites
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import Params

NEEDED = ("client_id", "redirect_uri", "scope")  # for a row with a client
LIBRARIES = {"requests": "requests", "oauthlib": "oauthlib", "jwt": "PyJWT"}


def outside_faults(rows: t.Sequence[Declared]) -> list[str]:
    """What is missing to verify the rows without a bench, one line each."""
    lines = [f"{row['name']}: url is not set, and without bench_path it is required" for row in rows if not row["url"]]
    for row in rows:
        if identified(t.cast(Params, row)):
            missing = [name for name in NEEDED if not row[name]]
            if missing:
                lines.append(f"{row['name']}: {', '.join(missing)} not set, required for a client without bench_path")
        if row["rate_limit"]:
            lines.append(f"{row['name']}: rate_limit needs bench_path, because it is read from nginx's configuration")
    for module, package in LIBRARIES.items():
        try:
            importlib.import_module(module)
        except ImportError:
            lines.append(f"The Python that runs this task has no {module}. Install it with: pip install {package}")
    return lines


def complete_outside(rows: list[Declared]) -> None:
    """Add what `verify.complete` reads from a bench. Mark the last row of each site."""
    last = {row["name"]: number for number, row in enumerate(rows)}
    for number, row in enumerate(rows):
        row["domains"] = row["domains"] or []
        row["of_site"] = number == last[row["name"]]


def verify_outside(rows: list[Declared], options: t.Mapping[str, t.Any]) -> list[Outcome]:
    """Verify rows over HTTP alone.

    Args:
        rows: the rows after `complete_outside`.
        options: the options of the task.
    """
    flows = [_row(number, row) for number, row in enumerate(rows)]
    sites = Sites(flows, options["site_timeout"] * BUDGET, options["parallel"] or 1, note=lambda _entry: None)
    results = sites.run()
    return [
        {
            "failed": "",
            "client": flow["params"].get("client"),
            "steps": results[flow["number"]]["steps"],
            "requests": results[flow["number"]]["requests"],
            "left": results[flow["number"]]["left"],
        }
        for flow in flows
    ]


def _row(number: int, row: Declared) -> Row:
    client = None
    if identified(t.cast(Params, row)):
        client = {
            "name": row["client_id"],
            "app_name": row["app_name"],
            "client_secret": row["client_secret"],
            "token_endpoint_auth_method": row["token_endpoint_auth_method"],
        }
    facts: t.Any = {"outside": True, "client": client, "scope": " ".join(row["scope"] or ()), "issuer_why": ""}
    if client is None:
        facts["username"] = None
    params = t.cast(Params, {"site": row["name"], **row, **facts})
    return {"number": number, "site": row["name"], "params": params, "emails": {}, "fault": None, "equal": None}
