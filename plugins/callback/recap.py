# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the result for every site of every bench in one table, after Ansible's own recap."""

from __future__ import annotations

DOCUMENTATION = r"""
name: recap
type: aggregate
short_description: Show one table of all sites at the end of a run
version_added: 0.1.0
description:
  - Shows the summaries of M(benchkeeper.frappe.frappe_summary) after Ansible's C(PLAY RECAP), all hosts in one table.
  - Failed sites come first, then changed sites, then sites with findings. Sites with nothing to report are counted in
    one row.
  - Lists each host that failed before it had a summary.
  - If the role runs more than once for a host, each run has its own table.
  - Shows nothing if the output is for programs, as with the callback P(ansible.posix.json#callback).
  - Rows are colored by state. The state is also shown as text. Ansible's C(NO_COLOR) and C(ANSIBLE_NOCOLOR) turn the
    colors off.
requirements:
  - Enable it in C(ansible.cfg), with C(callbacks_enabled = benchkeeper.frappe.recap).
author:
  - Benchkeeper contributors (@benchkeeper)
"""

import typing as t

from ansible.plugins.callback import CallbackBase
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.summary import FAILED, Summary
from ansible_collections.benchkeeper.frappe.plugins.plugin_utils._summary_output import (
    AtEnd,
    for_a_person,
    painted,
    shown,
)

ACTION = "benchkeeper.frappe.frappe_summary"


class CallbackModule(CallbackBase):
    """See DOCUMENTATION."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "benchkeeper.frappe.recap"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: t.Any, **kwargs: t.Any):
        super().__init__(*args, **kwargs)
        self.tables: list[tuple[str, dict[str, Summary], list[str]]] = []  # title, summary of each host, footer

    def v2_playbook_on_start(self, playbook: t.Any) -> None:
        """Suppress the tables of the single tasks. This callback shows them at the end."""
        AtEnd.wanted = for_a_person()

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """Store the summary of a frappe_summary task."""
        # ansible-core 2.19 provides these attributes without the leading underscore, and warns about the old names
        task, host = getattr(result, "task", None), getattr(result, "host", None)
        if task is None or ACTION not in (task.action, getattr(task, "resolved_action", None)):
            return
        kept = result.result
        title = kept["summary"]["title"]
        # a host that is already in a table ran the role again, and both results count
        free = (table for table in self.tables if table[0] == title and str(host) not in table[1])
        table = next(free, None)
        if table is None:
            table = (title, {}, [])
            self.tables.append(table)
        _title, summaries, footer = table
        summaries[str(host)] = kept["summary"]
        footer += [line for line in kept["footer"] if line not in footer]

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        """Show all tables, and list the failed hosts that have no summary."""
        if not AtEnd.wanted or not self.tables:
            return
        for _title, summaries, footer in self.tables:
            self._display.display("\n" + shown(summaries, footer) + "\n")
        known = {host for _title, summaries, _footer in self.tables for host in summaries}
        for host in sorted({*stats.failures, *stats.dark} - known):
            self._display.display(
                f"{painted('FAILED', FAILED)} {host}: no result. See its failed or unreachable task above."
            )
