# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared code of modules that apply declarations: grouping by site, one worker, one result row per declaration."""

from __future__ import annotations

import types
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import Bench
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import (
    Declared,
    FindingRow,
    Reply,
    ResultRow,
    failed_row,
    row_of,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Judgement
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.base import SitesModule

Connection = t.Tuple[str, str]  # name of the site, and its URL (empty for a site on the bench)
Groups = t.Dict[Connection, t.List[Declared]]
Replies = t.Dict[Connection, Reply]


def connection_of(row: Declared) -> Connection:
    """The connection to the site of a declaration."""
    return row["name"], row.get("url") or ""


def grouped(rows: list[Declared]) -> Groups:
    """The declarations grouped by site, in declared order."""
    groups: Groups = {}
    for row in rows:
        groups.setdefault(connection_of(row), []).append(row)
    return groups


def judgement_of(params: Declared) -> Judgement:
    """The policy for findings that depend on the state of a site, from the options of the task."""
    return {"policy": params["policy"], "exceptions": params["policy_exceptions"]}


def on_bench(bench_path: str, job: types.ModuleType, groups: Groups, params: Declared, check_mode: bool) -> Replies:
    """Apply the declarations of all sites with one worker. Returns one reply per site.

    Args:
        bench_path: the bench.
        job: the job for `Bench.work`.
        groups: the result of `grouped`.
        params: options of the task.
        check_mode: whether nothing may be written.

    Raises:
        BenchError: the whole bench cannot be used.
    """
    items = [{"site": site, "declarations": rows} for (site, _url), rows in groups.items()]
    replies = Bench(bench_path).work(job, items, judgement_of(params), check_mode, params["site_timeout"])
    return dict(zip(groups, replies))


def applied_on_bench(
    module: SitesModule, job: types.ModuleType, reported: list[list[FindingRow]], nothing: t.Mapping[str, t.Any]
) -> list[ResultRow]:
    """Apply all declarations of a task whose sites are on one bench. Returns one result row per declaration.

    Args:
        module: the task.
        job: the job for `Bench.work`.
        reported: the reported findings of each declaration.
        nothing: additional fields for the row of a failed site.

    Raises:
        BenchError: the whole bench cannot be used.
    """
    groups = grouped(module.rows)
    replies = on_bench(module.params["bench_path"], job, groups, module.params, module.check_mode)
    return result_rows(module.rows, reported, replies, lambda _row: nothing)


def result_rows(
    rows: list[Declared],
    reported: list[list[FindingRow]],
    replies: Replies,
    nothing: t.Callable[[Declared], t.Mapping[str, t.Any]],
) -> list[ResultRow]:
    """The result row of each declaration, followed by additional rows that the sites returned.

    Args:
        rows: the declarations.
        reported: the reported findings of each declaration.
        replies: per site, either ``reply`` with its rows in declared order, or ``failed`` with the message.
        nothing: additional fields for the row of a failed declaration.
    """
    left = {connection: iter(reply.get("reply", ())) for connection, reply in replies.items()}
    result = []
    for row, findings in zip(rows, reported):
        reply = replies[connection_of(row)]
        if "failed" in reply:
            result.append(failed_row(row["name"], reply["failed"], findings=findings, **nothing(row)))
        else:
            applied = next(left[connection_of(row)])
            result.append(row_of(row["name"], **{**applied, "findings": findings + applied["findings"]}))
    return result + [row_of(site, **applied) for (site, _url), rest in left.items() for applied in rest]
