# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: summarize a rotation."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_summary
short_description: Summarize a rotation
version_added: 0.1.0
description:
  - Returns one row per site with the replaced client secrets and API keys, and the revoked tokens.
positional: _input
options:
  _input:
    description:
      - Result of each step's module, with the keys C(site_config), C(clients), C(api_keys), C(tokens) and C(edge). The
        result of a step that did not run has no C(sites).
    type: dict
    required: true
  check:
    description: Whether the run was in check mode.
    type: bool
    default: false
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Show what was rotated
  benchkeeper.frappe.frappe_summary:
    summary: "{{ {'clients': clients, 'api_keys': keys} | benchkeeper.frappe.rotation_summary }}"
"""

RETURN = r"""
_value:
  description: A summary for M(benchkeeper.frappe.frappe_summary). It contains no secrets.
  type: dict
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report import outcome
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.summary import Summary


def rotation_summary(results: t.Any, check: t.Any = False) -> Summary:
    """See DOCUMENTATION."""
    return outcome.rotation_summary(results, bool(check))


class FilterModule:
    """Register the filter with Ansible."""

    def filters(self) -> dict[str, t.Callable]:
        """Return the filter functions by name."""
        return {"rotation_summary": rotation_summary}
