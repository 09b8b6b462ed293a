# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of frappe_oauth_client: its options, the checks of its rows, and the connection to each site."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import BenchError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Declared, FindingRow, ResultRow
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe import clients
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.clients import of_client, twice_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import client_findings, password_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import (
    CLIENT_OPTIONS,
    REST_OPTIONS,
    flag,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.declarations import (
    Replies,
    grouped,
    judgement_of,
    on_bench,
    result_rows,
)

OPTIONS = {**REST_OPTIONS, **CLIENT_OPTIONS, "exclusive": flag(default=False)}


def findings(row: Declared, seen: dict[str, list[Declared]]) -> Findings:
    """All findings about one row. ``seen`` collects the clients of each site across rows."""
    yield from of_client(row, client_findings(row, row["name"]))
    address = (row["url"] or "").rpartition("@")[2]  # a password in the URL is reported separately
    names = (row["name"], row["app_name"], row["client_id"], address, row["api_key"])
    yield from password_findings("api_secret", row["api_secret"], names)
    yield from of_client(row, twice_findings(row, seen.setdefault(row["name"], [])))


def apply_rows(
    rows: list[Declared], reported: list[list[FindingRow]], params: Declared, check_mode: bool
) -> list[ResultRow]:
    """Apply all rows, with one worker for all sites of the bench. Rows of pruned clients come last.

    Args:
        rows: one per declaration.
        reported: the reported findings of each row.
        params: options of the task.
        check_mode: whether nothing may be written.

    Raises:
        BenchError: the whole bench cannot be used.
    """
    groups = grouped(rows)
    local = {connection: rows for connection, rows in groups.items() if not connection[1]}
    replies: Replies = {}
    if local and not params["bench_path"]:
        raise BenchError(
            f"bench_path: not set, and site {next(iter(local))[0]!r} has no url. Set bench_path, or the url of each "
            "site"
        )
    if local:
        replies.update(on_bench(params["bench_path"], clients, local, params, check_mode))
    for connection in groups.keys() - local.keys():
        # imported here, so that a run on a bench does not load Ansible's HTTP library
        from ansible_collections.benchkeeper.frappe.plugins.module_utils._rest.clients import apply_over_rest

        replies[connection] = apply_over_rest(groups[connection], judgement_of(params), check_mode)
    in_order = {connection: replies[connection] for connection in groups}
    return result_rows(rows, reported, in_order, _nothing)


def _nothing(row: Declared) -> dict[str, t.Any]:
    return {"pruned": False, "app_name": row["app_name"], "client_id": row["client_id"]}
