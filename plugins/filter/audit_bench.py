# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: combine the audit results of one bench."""

from __future__ import annotations

DOCUMENTATION = r"""
name: audit_bench
short_description: Combine the audit results of one bench
version_added: 0.1.0
description:
  - Combines the facts of a bench, the changes that the role's steps would make, and the last verification.
  - Copies only selected fields, so that the result contains no secrets. For keys of C(site_config.json) that differ,
    the value is included only if the key affects CORS or security.
positional: _input
options:
  _input:
    description:
      - The bench as a mapping. C(name) is its name in the inventory, and C(path) is its directory. C(fault) is the
        reason why the whole bench could not be read, or empty.
    type: dict
    required: true
  found:
    description: Result of M(benchkeeper.frappe.frappe_site_info) with the names of all sites of the bench.
    type: dict
    required: true
  read:
    description: Result of M(benchkeeper.frappe.frappe_site_info) with all facts.
    type: dict
    required: true
  results:
    description:
      - Result of each step's module in check mode, with the keys C(site_config), C(clients), C(api_keys), C(tokens) and
        C(edge).
    type: dict
    required: true
  declared:
    description:
      - C(sites), the names of the managed sites, and C(edge), the rows of the step C(edge) from
        M(benchkeeper.frappe.frappe_declarations).
    type: dict
    required: true
  failed:
    description: Sites that failed in a step, by name, each with its error message.
    type: dict
    default: {}
  verifications:
    description: The stored record of P(benchkeeper.frappe.verify_record#filter), as text. May be empty.
    type: str
    default: ""
  exceptions:
    description: Ids of rules that are not reported.
    type: list
    elements: str
    default: []
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Show the audit results of a bench
  ansible.builtin.debug:
    msg: "{{ bench | benchkeeper.frappe.audit_bench(found, read, results, declared) }}"
"""

RETURN = r"""
_value:
  description: C(bench) and C(sites), as input for P(benchkeeper.frappe.audit_report#filter).
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
    """Register the filter with Ansible."""

    def filters(self) -> dict[str, t.Callable]:
        """Return the filter functions by name."""
        return {"audit_bench": audit_bench}
