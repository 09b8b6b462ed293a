# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of frappe_site_info: facts from the files of a site, and facts from its Frappe."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import Bench
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import read_config
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import (
    Declared,
    ResultRow,
    failed_row,
    row_of,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.domains import domains_of, url_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe import info
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.facts import Facts
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.site_findings import site_findings, watched

FROM_FILES = {"domains", "config"}


def read(bench: Bench, rows: list[Declared], site_timeout: float) -> list[ResultRow]:
    """One row per site, with facts from its files and from Frappe.

    Args:
        bench: the bench.
        rows: name of each site, with the subsets to gather in ``gather``.
        site_timeout: time limit per site in seconds.

    Raises:
        BenchError: the whole bench cannot be read.
        BrokenConfig: common_site_config.json cannot be read.
    """
    deep = [{"site": row["name"], "gather": row["gather"]} for row in rows if set(row["gather"]) - FROM_FILES]
    answers = bench.work(info, deep, {}, True, site_timeout) if deep else []
    replies = {item["site"]: answer for item, answer in zip(deep, answers)}
    common, aliases = read_config(bench.common_config), bench.aliases()
    found: list[ResultRow] = []
    for row in rows:
        name = row["name"]
        reply = replies.get(name, {})
        fault = bench.fault(name) or reply.get("failed")
        if fault:
            found.append(failed_row(name, fault))
            continue
        facts = t.cast(Facts, reply.get("reply", {}))
        config = read_config(bench.site_config(name))
        if "domains" in row["gather"]:
            effective = {**common, **config}
            facts["domains"], facts["url"] = domains_of(name, effective, aliases.get(name, ())), url_of(name, effective)
        if "config" in row["gather"]:
            facts["config"] = watched(common, config)
        found.append(row_of(name, **facts, findings=[finding.row() for finding in site_findings(facts)]))
    return found
