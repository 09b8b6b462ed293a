# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: one report of an environment."""

from __future__ import annotations

DOCUMENTATION = r"""
name: audit_report
short_description: Make one report of all benches of an environment
version_added: 0.1.0
description:
  - Makes one report of what P(benchkeeper.frappe.audit_bench#filter) says of each bench.
positional: _input
options:
  _input:
    description: The parts, one a bench.
    type: list
    elements: dict
    required: true
  environment:
    description: The environment's name.
    type: str
    required: true
  at:
    description: When the benches were read, in ISO 8601 with its offset.
    type: str
    required: true
  exceptions:
    description: Ids of rules that were not told.
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
    - C(benches), C(sites), C(rules), each with the number of sites that break it, C(tokens_by_day), and C(summary).
    - A site has what was read of it, C(drift), C(findings), C(notices), and C(verification), with C(verify_state)
      V(verified), V(partial), V(failed) or V(none), and C(verified_days_ago).
  type: dict
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.audit import report_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.report_rows import Report


def audit_report(parts: t.Any, environment: t.Any, at: t.Any, exceptions: t.Any = ()) -> Report:
    """See DOCUMENTATION."""
    return report_of(list(parts), str(environment), str(at), list(exceptions))


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable]:
        """Name and function."""
        return {"audit_report": audit_report}
