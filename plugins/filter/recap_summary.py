# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: create the recap of a run."""

from __future__ import annotations

DOCUMENTATION = r"""
name: recap_summary
short_description: Create the recap of a run
version_added: 0.1.0
description:
  - Combines the results of the steps of the role P(benchkeeper.frappe.oauth2#role), with one row per site.
  - Notes below the table list each failed site with its reason, and each finding once with the affected sites. Notices
    about the behavior of this Frappe version are not included.
  - Sites with nothing to report are counted in one row.
positional: _input
options:
  _input:
    description: Names of the managed sites.
    type: list
    elements: str
    required: true
  results:
    description:
      - Result of each step's module, with the keys C(site_config), C(clients), C(api_keys), C(tokens), C(edge) and
        C(verify). The result of a step that did not run has no C(sites).
    type: dict
    required: true
  failed:
    description: Failed sites by name, each with its error message.
    type: dict
    default: {}
  faults:
    description: Steps that failed for the whole bench, by name, each with its error message.
    type: dict
    default: {}
  check:
    description: Whether the run was in check mode.
    type: bool
    default: false
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Show the recap
  benchkeeper.frappe.frappe_summary:
    summary: "{{ ['crm.example.com'] | benchkeeper.frappe.recap_summary({'clients': clients}) }}"
"""

RETURN = r"""
_value:
  description: A summary for M(benchkeeper.frappe.frappe_summary). It contains no secrets.
  type: dict
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.recap import recap
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.summary import Summary
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import COMMON_FILE


def recap_summary(
    names: t.Any, results: t.Any, failed: t.Any = None, check: t.Any = False, faults: t.Any = None
) -> Summary:
    """See DOCUMENTATION."""
    return recap(list(names), dict(results), dict(failed or {}), bool(check), COMMON_FILE, dict(faults or {}))


class FilterModule:
    """Register the filter with Ansible."""

    def filters(self) -> dict[str, t.Callable]:
        """Return the filter functions by name."""
        return {"recap_summary": recap_summary}
