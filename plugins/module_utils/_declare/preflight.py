# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepare the input of the role's steps once per run: merge and check the declarations, then build rows. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.faults import faults
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.merge import Declaration, merge
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.steps import rows_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.variables import Values

Prepared = t.Dict[str, t.Any]


def prepare(values: Values, bench_sites: list[str], found: list[dict[str, t.Any]]) -> tuple[list[str], Prepared]:
    """The faults that must stop the run, one line each, and the input of the role's steps.

    Args:
        values: the result of `variables.coerce`.
        bench_sites: names of the sites on the bench.
        found: rows of frappe_site_info.

    Returns:
        The faults, and a mapping with these keys: ``declarations``; ``names`` of the selected sites; ``rows`` by step;
        ``edge_declared``, whether anything is declared for nginx; ``common_site_config``; ``verify_password``, if it is
        set; ``unread``, the error message of each selected site that could not be read.

    Raises:
        Mistake: a key or a type is wrong, a site is listed twice, or a pattern matches nothing.
    """
    sites, limit = values["oauth2_sites"], values["oauth2_token_rate_limit"]
    password = values.get("oauth2_verify_password")
    declarations = merge(
        sites,
        values["oauth2_site_defaults"],
        bench_sites,
        values["oauth2_discover_sites"],
        values["oauth2_exclude_sites"],
        values["oauth2_only_sites"],
        values["oauth2_cors_owner"],
    )
    wrong = faults(
        declarations,
        values["oauth2_common_site_config"],
        values["oauth2_policy"],
        values["oauth2_policy_exceptions"],
        values.get("oauth2_secrets_store"),
        limit,
        values["oauth2_trusted_proxies"],
        [site["name"] for site in sites],
        password if values["oauth2_verify"] != "none" else None,
        _hosts(sites, found),
    )
    names = [site["name"] for site in declarations]
    rows = rows_of(declarations, found)
    return wrong, {
        "declarations": declarations,
        "names": names,
        "rows": rows,
        "edge_declared": bool(limit) or any("cors" in row for row in rows["edge"]),
        "common_site_config": values["oauth2_common_site_config"],
        **({} if password is None else {"verify_password": password}),
        "unread": {row["name"]: row["msg"] for row in found if row["failed"] and row["name"] in names},
    }


def _hosts(sites: list[Declaration], found: list[dict[str, t.Any]]) -> dict[str, list[str]]:
    """The host names of each site: those of its configuration, and the declared ones, of sites not selected too."""
    hosts = {row["name"]: list(row.get("domains", ())) for row in found}
    for site in sites:
        hosts.setdefault(site["name"], []).extend(site.get("domains", ()))
    return hosts
