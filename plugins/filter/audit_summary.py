# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: summarize the audit of a bench."""

from __future__ import annotations

DOCUMENTATION = r"""
name: audit_summary
short_description: Summarize the audit of a bench
version_added: 0.1.0
description:
  - Returns one row per site with its findings, its differences from the inventory, and its last stored verification.
positional: _input
options:
  _input:
    description: The result of P(benchkeeper.frappe.audit_bench#filter) for one bench.
    type: dict
    required: true
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Show the audit summary
  benchkeeper.frappe.frappe_summary:
    summary: "{{ part | benchkeeper.frappe.audit_summary }}"
"""

RETURN = r"""
_value:
  description:
    - A summary for M(benchkeeper.frappe.frappe_summary).
    - C(failure) names the bench or the sites that could not be read. It is empty if there are none.
  type: dict
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report import outcome


def audit_summary(part: t.Any) -> outcome.AuditSummary:
    """See DOCUMENTATION."""
    return outcome.audit_summary(part)


class FilterModule:
    """Register the filter with Ansible."""

    def filters(self) -> dict[str, t.Callable]:
        """Return the filter functions by name."""
        return {"audit_summary": audit_summary}
