# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each step of the role passes to its module as ``sites``. Pure; used on the controller."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare import cors
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.merge import Declaration

Rows = t.List[Declaration]
IDENTITY = ("app_name", "client_id")


def rows_of(declarations: list[Declaration], found: list[dict[str, t.Any]]) -> dict[str, Rows]:
    """The rows of every step, by step. A site that does not declare a step has no row in it.

    Args:
        declarations: as `merge` gives them.
        found: rows of frappe_site_info, which know under which host names a site answers.
    """
    domains = {row["name"]: row["domains"] for row in found if "domains" in row}
    rows: dict[str, Rows] = {step: [] for step in STEPS}
    for site in declarations:
        for step, of_site in STEPS.items():
            rows[step] += [{"name": site["name"], **row} for row in of_site(site, domains)]
    return rows


def _one(step: str) -> t.Callable[[Declaration, dict], Rows]:
    """A step that is one mapping of a site's declaration."""
    return lambda site, _domains: [site[step]] if step in site else []


def _edge(site: Declaration, domains: dict[str, list[str]]) -> Rows:
    """Every site, for the limit; with CORS where it is declared."""
    if site["name"] not in domains:  # its configuration cannot be read: what nginx has for it stays
        return []
    declared = {"cors": site["cors"]} if "cors" in site else {}
    kept = {"cors_managed": False} if "cors" in site.get("unmanaged", ()) else {}
    return [{"domains": site["domains"], "found_domains": domains[site["name"]], **declared, **kept}]


def _verify(site: Declaration, domains: dict[str, list[str]]) -> Rows:
    """A row for each client that is to be present, with the origins and host names that are declared."""
    if "verify" not in site:
        return []
    shared = {**cors.verified(site), **site["verify"]}
    names = list(dict.fromkeys([*site["domains"], *domains.get(site["name"], ())]))
    if names:
        shared["domains"] = names
    present = [client for client in site.get("oauth_clients", ()) if client.get("state") != "absent"]
    return [{**shared, **{key: client[key] for key in IDENTITY if key in client}} for client in present]


STEPS: dict[str, t.Callable[[Declaration, dict], Rows]] = {
    "site_config": _one("site_config"),
    "oauth_clients": lambda site, _domains: site.get("oauth_clients", []),
    "api_keys": _one("api_keys"),
    "tokens": _one("tokens"),
    "edge": _edge,
    "verify": _verify,
    "reach": lambda _site, _domains: [{}],  # every site, by its name alone
}
