# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the ``sites`` option for the module of each step of the role. Pure; used on the controller."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare import cors
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.shapes import Declaration

Rows = t.List[Declaration]
CONNECTION = ("address", "url", "validate_certs")
IDENTITY = ("app_name", "client_id")


def rows_of(declarations: list[Declaration], found: list[dict[str, t.Any]], limited: bool = False) -> dict[str, Rows]:
    """The rows of all steps, by step. A site has no row in a step that it does not declare.

    Args:
        declarations: the result of `merge`.
        found: rows of frappe_site_info with the host names of each site.
        limited: whether a rate limit for the token endpoint is declared.
    """
    domains = {row["name"]: row["domains"] for row in found if "domains" in row}
    rows: dict[str, Rows] = {step: [] for step in (*STEPS, "verify")}
    for site in declarations:
        for step, of_site in STEPS.items():
            rows[step] += [{"name": site["name"], **row} for row in of_site(site, domains)]
        rows["verify"] += [{"name": site["name"], **row} for row in _verify(site, domains, limited)]
    return rows


def _one(step: str) -> t.Callable[[Declaration, dict], Rows]:
    """A step whose row is one mapping of the site's declaration."""
    return lambda site, _domains: [site[step]] if step in site else []


def _site_config(site: Declaration, _domains: dict[str, list[str]]) -> Rows:
    """The declared keys, with the policy that replaces Frappe's own key if nginx sends the CORS headers."""
    if "site_config" not in site:
        return []
    instead = {"cors_instead": site["cors"]} if "cors" in site else {}
    return [{**site["site_config"], **instead}]


def _edge(site: Declaration, domains: dict[str, list[str]]) -> Rows:
    """One row per site for the rate limit, with CORS if it is declared."""
    if site["name"] not in domains:  # its site_config.json cannot be read, so its nginx entries stay unchanged
        return []
    declared = {"cors": site["cors"]} if "cors" in site else {}
    kept = {"cors_managed": False} if "cors" in site.get("unmanaged", ()) else {}
    return [{"domains": site["domains"], "found_domains": domains[site["name"]], **declared, **kept}]


def connection(site: Declaration) -> Declaration:
    """How to connect to a site over HTTP: the same for its verification and for the check after a reload."""
    return {key: site["verify"][key] for key in CONNECTION if key in site.get("verify", {})}


def _verify(site: Declaration, domains: dict[str, list[str]], limited: bool) -> Rows:
    """One row per declared client that is not absent, with the declared origins and host names.

    A site without a client has one row if it declares something that needs no client: CORS or the rate limit.
    """
    if "verify" not in site:
        return []
    shared = {**cors.verified(site), **site["verify"]}
    names = list(dict.fromkeys([*site["domains"], *domains.get(site["name"], ())]))
    if names:
        shared["domains"] = names
    present = [client for client in site.get("oauth_clients", ()) if client.get("state") != "absent"]
    if not present:
        return [shared] if limited or cors.verified(site) else []
    return [{**shared, **{key: client[key] for key in IDENTITY if key in client}} for client in present]


STEPS: dict[str, t.Callable[[Declaration, dict], Rows]] = {
    "site_config": _site_config,
    "oauth_clients": lambda site, _domains: site.get("oauth_clients", []),
    "api_keys": _one("api_keys"),
    "tokens": _one("tokens"),
    "edge": _edge,
    "reach": lambda site, _domains: [connection(site)],  # every site, also without a client
    "sites": lambda _site, _domains: [{}],  # every site, with its name only
}
