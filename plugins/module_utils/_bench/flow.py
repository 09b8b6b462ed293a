# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the flow of a verification in one child process of the bench's Python."""

from __future__ import annotations

import collections
import os
import queue
import time
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import Bench, Child
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify import child
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.sites import Flown, Row


def run_flow(
    bench: Bench,
    rows: t.Sequence[Row],
    record: int | None,
    options: t.Mapping[str, t.Any],
) -> dict[int, Flown | str]:
    """Verify all rows over HTTP.

    If a site takes longer than its time limit, or the child dies, all sites in progress fail. A new child continues
    with the other sites.

    Args:
        bench: the bench.
        rows: the rows.
        record: the descriptor of the record, which the child keeps locked. None if the rows create nothing.
        options: ``budget``, ``parallel`` and ``site_timeout``.

    Returns:
        By row number, the result, or the message of the failure.

    Raises:
        BenchError: the bench's Python cannot be run.
    """
    results: dict[int, Flown | str] = {}
    left, why = list(rows), ""
    while left:
        begun, why = _one_child(bench, left, record, options, results)
        for row in left:
            if row["site"] in begun:
                results.setdefault(row["number"], why)
        left = [row for row in left if begun and row["number"] not in results]
    for row in rows:
        results.setdefault(row["number"], why)
    return results


def _one_child(
    bench: Bench,
    rows: list[Row],
    record: int | None,
    options: t.Mapping[str, t.Any],
    results: dict[int, Flown | str],
) -> tuple[set[str], str]:
    """Verify rows in one child, and add the results.

    Returns:
        The sites that had begun, and why the results of some are missing.
    """
    alive, ours = os.pipe()
    try:
        request = {"rows": rows, "record": record, "alive": alive, **options}
        kept = [alive] if record is None else [alive, record]
        process = Child(bench, child.__name__, request, (child.__name__,), kept)
        try:
            return _follow(process, rows, options["site_timeout"], results)
        finally:
            process.kill()
    finally:
        os.close(ours)
        os.close(alive)


def _follow(
    process: Child, rows: list[Row], site_timeout: float, results: dict[int, Flown | str]
) -> tuple[set[str], str]:
    counts = collections.Counter(row["site"] for row in rows)
    busy: dict[str, float] = {}
    begun: set[str] = set()
    while True:
        now = time.monotonic()
        ends = [at + site_timeout * counts[site] for site, at in busy.items()]
        try:
            line: t.Any = process.lines.get(timeout=max(0.0, min(ends or [now + site_timeout]) - now))
        except queue.Empty:
            return (
                begun,
                f"No response within {site_timeout:g} s. Raise site_timeout (in the role: oauth2_site_timeout)",
            )
        if line is None:
            return begun, process.last_words()
        results.update({int(number): flown for number, flown in line.get("results", {}).items()})
        if "began" in line:
            busy[line["began"]] = time.monotonic()
            begun.add(line["began"])
        elif "done" in line:
            busy.pop(line["done"], None)
        else:
            return begun, ""
