# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: combine the audit results of all benches into one report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: audit_report
short_description: Combine the audit results of all benches into one report
version_added: 0.1.0
description:
  - Combines the results of P(benchkeeper.frappe.audit_bench#filter) for all benches of an environment.
positional: _input
options:
  _input:
    description: The results of P(benchkeeper.frappe.audit_bench#filter), one per bench.
    type: list
    elements: dict
    required: true
  environment:
    description: Name of the environment.
    type: str
    required: true
  at:
    description: Time when the benches were read, in ISO 8601 format with the UTC offset.
    type: str
    required: true
  exceptions:
    description: Ids of rules that are not reported.
    type: list
    elements: str
    default: []
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Show how many sites differ from the inventory
  ansible.builtin.debug:
    msg: "{{ report.summary.drifting }} of {{ report.summary.sites }}"
  vars:
    report: "{{ parts | benchkeeper.frappe.audit_report('production', '2026-03-01T12:00:00+00:00') }}"
"""

RETURN = r"""
_value:
  description:
    - C(benches), C(sites), C(rules), C(tokens_by_day) and C(summary). Each rule has the number of sites that break it.
    - Each site has its facts, C(drift), C(findings), C(notices), C(verification), C(verify_state) and
      C(verified_days_ago). C(verify_state) is V(verified), V(partial), V(failed) or V(none).
  type: dict
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.audit import report_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.report_rows import Report


def audit_report(parts: t.Any, environment: t.Any, at: t.Any, exceptions: t.Any = ()) -> Report:
    """See DOCUMENTATION."""
    return report_of(list(parts), str(environment), str(at), list(exceptions))


class FilterModule:
    """Register the filter with Ansible."""

    def filters(self) -> dict[str, t.Callable]:
        """Return the filter functions by name."""
        return {"audit_report": audit_report}
