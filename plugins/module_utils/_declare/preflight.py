# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepare the input of the role's steps once per run: merge and check the declarations, then build rows. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.faults import common_of, faults, limit_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.merge import listed_sites, merge
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.needs import (
    STEPS,
    exception_faults,
    host_faults,
    password_missing,
    site_faults,
    verify_faults,
    wants_store,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.shapes import Declaration
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.steps import rows_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.variables import Values

Prepared = t.Dict[str, t.Any]


def prepare(
    values: Values,
    bench: t.Mapping[str, t.Any],
    found: list[dict[str, t.Any]],
    entry_point: str = "main",
    steps: t.Collection[str] = STEPS,
) -> tuple[list[str], Prepared]:
    """The faults that must stop the run, one line each, and the input of the role's steps.

    Args:
        values: the result of `variables.coerce`.
        bench: ``bench`` as frappe_site_info returns it.
        found: its rows.
        entry_point: one of `needs.ENTRY_POINTS`. Only a run that writes stops for a site that the bench does not have.
            The others report that site, and read the rest.
        steps: the result of `needs.steps_of`.

    Returns:
        The faults, and a mapping with these keys: ``missing``, those faults that are not in a declared value but on the
        host or the bench; ``declarations``; ``names`` of the selected sites; ``rows`` by step;
        ``edge_declared``, whether anything is declared for nginx; ``store_used``, whether a step uses the secrets
        store; ``common_site_config``; ``token_rate_limit``; ``verify_password``, if it is set; ``unread``, the error
        message of each selected site that could not be read.

    Raises:
        Mistake: a key or a type is wrong, a site is listed twice, or a pattern matches nothing.
    """
    sites = values["oauth2_sites"]
    common, limit = common_of(values["oauth2_common_site_config"]), limit_of(values["oauth2_token_rate_limit"])
    password = values.get("oauth2_verify_password")
    declarations = merge(
        sites,
        values["oauth2_site_defaults"],
        bench["sites"],
        values["oauth2_discover_sites"],
        values["oauth2_exclude_sites"],
        values["oauth2_only_sites"],
        values["oauth2_cors_owner"],
    )
    listed = listed_sites(sites)
    wrong = exception_faults(values["oauth2_policy_exceptions"])
    missing = site_faults(declarations, listed, bench) if entry_point in ("main", "rotate") else []
    wrong += [*missing, *verify_faults(declarations, values)]
    wrong += faults(
        declarations,
        common,
        values["oauth2_policy"],
        values["oauth2_policy_exceptions"],
        values.get("oauth2_secrets_store"),
        limit,
        values["oauth2_trusted_proxies"],
        listed,
        password if values["oauth2_verify"] != "none" else None,
        _hosts(listed, found) if entry_point in ("main", "rotate") else None,
    )
    names = [site["name"] for site in declarations]
    rows = rows_of(declarations, found, bool(limit))
    edge_declared = bool(limit) or any("cors" in row for row in rows["edge"])
    missing += password_missing(declarations, values)
    missing += host_faults(bench, values, edge_declared, [common, *rows["site_config"]])
    wrong += [line for line in missing if line not in wrong]
    return wrong, {
        "missing": missing,
        "declarations": declarations,
        "names": names,
        "rows": rows,
        "edge_declared": edge_declared,
        "store_used": wants_store(declarations, steps),
        "common_site_config": common,
        "token_rate_limit": limit,
        **({} if password is None else {"verify_password": password}),
        "unread": {row["name"]: row["msg"] for row in found if row["failed"] and row["name"] in names},
    }


def _hosts(listed: dict[str, Declaration], found: list[dict[str, t.Any]]) -> dict[str, list[str]]:
    """The host names of each site: those of its configuration, and the declared ones, of sites not selected too."""
    hosts = {row["name"]: list(row.get("domains", ())) for row in found}
    for name, site in listed.items():
        hosts.setdefault(name, []).extend(site.get("domains", ()))
    return hosts
