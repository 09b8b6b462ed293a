# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that apply declarations share: declarations by site, one worker for all, a result row for each."""

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

Connection = t.Tuple[str, str]  # name of the site; its URL, or empty for one on the bench
Groups = t.Dict[Connection, t.List[Declared]]
Replies = t.Dict[Connection, Reply]


def connection_of(row: Declared) -> Connection:
    """How the site of a declaration is reached."""
    return row["name"], row.get("url") or ""


def grouped(rows: list[Declared]) -> Groups:
    """The declarations of each site, in the order declared."""
    groups: Groups = {}
    for row in rows:
        groups.setdefault(connection_of(row), []).append(row)
    return groups


def judgement_of(params: Declared) -> Judgement:
    """How findings that only a site's own state brings out are judged, from the options of the task."""
    return {"policy": params["policy"], "exceptions": params["policy_exceptions"]}


def on_bench(bench_path: str, job: types.ModuleType, groups: Groups, params: Declared, check_mode: bool) -> Replies:
    """Apply the declarations of each site in one worker; a reply for each site.

    Args:
        bench_path: the bench.
        job: as `Bench.work` takes it.
        groups: as `grouped` gives them.
        params: options of the whole task.
        check_mode: nothing may be written.

    Raises:
        BenchError: the bench as a whole cannot be worked on.
    """
    items = [{"site": site, "declarations": rows} for (site, _url), rows in groups.items()]
    replies = Bench(bench_path).work(job, items, judgement_of(params), check_mode, params["site_timeout"])
    return dict(zip(groups, replies))


def applied_on_bench(
    module: SitesModule, job: types.ModuleType, told: list[list[FindingRow]], nothing: t.Mapping[str, t.Any]
) -> list[ResultRow]:
    """Apply every declaration of a task whose sites are all on one bench; a result row for each.

    Args:
        module: the task.
        job: as `Bench.work` takes it.
        told: findings of each declaration that did not stop it.
        nothing: what the row of a failed site holds besides.

    Raises:
        BenchError: the bench as a whole cannot be worked on.
    """
    groups = grouped(module.rows)
    replies = on_bench(module.params["bench_path"], job, groups, module.params, module.check_mode)
    return result_rows(module.rows, told, replies, lambda _row: nothing)


def result_rows(
    rows: list[Declared],
    told: list[list[FindingRow]],
    replies: Replies,
    nothing: t.Callable[[Declared], t.Mapping[str, t.Any]],
) -> list[ResultRow]:
    """The result row of each declaration, then one for each further row that its site returned.

    Args:
        rows: the declarations.
        told: findings of each declaration that did not stop it.
        replies: of each site, ``reply``, its rows in the order declared, or ``failed`` with the message.
        nothing: what the row of a failed declaration holds besides.
    """
    left = {connection: iter(reply.get("reply", ())) for connection, reply in replies.items()}
    result = []
    for row, findings in zip(rows, told):
        reply = replies[connection_of(row)]
        if "failed" in reply:
            result.append(failed_row(row["name"], reply["failed"], findings=findings, **nothing(row)))
        else:
            applied = next(left[connection_of(row)])
            result.append(row_of(row["name"], **{**applied, "findings": findings + applied["findings"]}))
    return result + [row_of(site, **applied) for (site, _url), rest in left.items() for applied in rest]
