# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what a report says of one bench."""

from __future__ import annotations

DOCUMENTATION = r"""
name: audit_bench
short_description: Put together what a report says of one bench
version_added: 0.1.0
description:
  - Puts together what was read of a bench, what the role's steps would change there, and the last verification.
  - Nothing is copied whole, so that no secret gets in. Of the keys of C(site_config.json) that differ, only those are
    shown with their values that decide about CORS or open something.
positional: _input
options:
  _input:
    description:
      - The bench, with its C(name) in the inventory, its C(path), and C(fault), why it could not be looked
        at as a whole.
    type: dict
    required: true
  found:
    description: Result of M(benchkeeper.frappe.frappe_site_info), for the names of all sites of the bench.
    type: dict
    required: true
  read:
    description: Result of M(benchkeeper.frappe.frappe_site_info) with all that it gathers.
    type: dict
    required: true
  results:
    description:
      - Result of each step's module in check mode, by C(site_config), C(clients), C(api_keys), C(tokens) and C(edge).
    type: dict
    required: true
  declared:
    description:
      - C(sites), the names of the sites that are managed, and C(edge), the rows of that name that
        M(benchkeeper.frappe.frappe_declarations) returns.
    type: dict
    required: true
  failed:
    description: Message of each site that failed in a step, by its name.
    type: dict
    default: {}
  verifications:
    description: The text that P(benchkeeper.frappe.verify_record#filter) was kept as, or empty.
    type: str
    default: ""
  exceptions:
    description: Ids of rules that are not told.
    type: list
    elements: str
    default: []
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: See what a report would say
  ansible.builtin.debug:
    msg: "{{ bench | benchkeeper.frappe.audit_bench(found, read, results, declared) }}"
"""

RETURN = r"""
_value:
  description: C(bench), and C(sites), for P(benchkeeper.frappe.audit_report#filter).
  type: dict
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.audit import STEPS, bench_part
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.report_rows import BenchPart


def audit_bench(
    bench: t.Any,
    found: t.Any,
    read: t.Any,
    results: t.Any,
    declared: t.Any,
    failed: t.Any = None,
    verifications: t.Any = "",
    exceptions: t.Any = (),
) -> BenchPart:
    """See DOCUMENTATION."""
    results = {step: results.get(step) or {} for step in STEPS}
    return bench_part(bench, found, read, results, declared, dict(failed or {}), str(verifications), list(exceptions))


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable]:
        """Name and function."""
        return {"audit_bench": audit_bench}
