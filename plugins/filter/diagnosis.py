# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: create the diagnosis of a bench."""

from __future__ import annotations

DOCUMENTATION = r"""
name: diagnosis
short_description: Create the diagnosis of a bench from its verification and its facts
version_added: 0.1.0
description:
  - Combines the rows of M(benchkeeper.frappe.frappe_oauth_verify) and of M(benchkeeper.frappe.frappe_site_info).
  - Lists the problems and warnings of each site, with what was found and what to do. Lists notices about the
    installed version of Frappe once, with the affected sites.
positional: _input
options:
  _input:
    description: C(sites) from the result of M(benchkeeper.frappe.frappe_oauth_verify).
    type: list
    elements: dict
    required: true
  info:
    description: C(sites) from the result of M(benchkeeper.frappe.frappe_site_info).
    type: list
    elements: dict
    default: []
  exceptions:
    description: Ids of rules that are not reported.
    type: list
    elements: str
    default: []
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Show the diagnosis
  benchkeeper.frappe.frappe_summary:
    summary: "{{ (verification.sites | benchkeeper.frappe.diagnosis(info=found.sites)).summary }}"
"""

RETURN = r"""
_value:
  description:
    - C(sites) contains C(name), C(verified), C(asked), C(problems) and C(warnings) for each site. C(asked) is true if a
      verification of the site ran.
    - C(notices) contains the notices, each with the affected C(sites).
    - C(unhealthy) lists the names of the sites with a problem, regardless of warnings.
    - C(summary) is the input for M(benchkeeper.frappe.frappe_summary).
    - C(message) lists only the problems. It is empty if there are none.
    - Each problem, warning and notice has C(rule), C(where), C(found), C(reason), C(remedy) and C(severity).
  type: dict
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.diagnosis import diagnose
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.outcome import problem_message


def diagnosis(checks: t.Any, info: t.Any = (), exceptions: t.Any = ()) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    result = diagnose(list(checks), list(info), list(exceptions))
    return {**result, "message": problem_message(result)}


class FilterModule:
    """Register the filter with Ansible."""

    def filters(self) -> dict[str, t.Callable]:
        """Return the filter functions by name."""
        return {"diagnosis": diagnosis}
