# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what a run did, verified and leaves to a human."""

from __future__ import annotations

DOCUMENTATION = r"""
name: recap_rows
short_description: Tell in one table what a run did, what it verified and what needs a human
version_added: 0.1.0
description:
  - Puts together what the steps of the role P(benchkeeper.frappe.oauth2#role) returned, a site a row.
  - What needs a human follows the table, each failed site with its reason, and each finding once with the sites that
    have it. What Frappe itself does on every site is not told here.
  - Where more than 30 sites have nothing to tell, one row counts them.
positional: _input
options:
  _input:
    description: Names of the sites that were worked on.
    type: list
    elements: str
    required: true
  results:
    description:
      - Result of each step's module, by C(site_config), C(clients), C(api_keys), C(tokens), C(edge) and C(verify). A
        step that did not run may have any other result.
    type: dict
    required: true
  failed:
    description: Message of each site that failed, by its name.
    type: dict
    default: {}
  faults:
    description: Message of each step that failed for the bench as a whole, by its name.
    type: dict
    default: {}
  check:
    description: Whether the run was in check mode, and changed nothing.
    type: bool
    default: false
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Tell what became of the sites
  ansible.builtin.debug:
    msg: "{{ (['crm.example.com'] | benchkeeper.frappe.recap_rows({'clients': clients})).lines }}"
"""

RETURN = r"""
_value:
  description:
    - C(rows), each with C(site), C(changed), a text for each step that changed something, C(verified), C(failed) and
      the number of C(findings); C(notes), the sentences for a human; C(lines), all of it as a table.
  type: dict
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.recap import Recap, recap
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import COMMON_FILE


def recap_rows(names: t.Any, results: t.Any, failed: t.Any = None, check: t.Any = False, faults: t.Any = None) -> Recap:
    """See DOCUMENTATION."""
    return recap(list(names), dict(results), dict(failed or {}), bool(check), COMMON_FILE, dict(faults or {}))


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable]:
        """Name and function."""
        return {"recap_rows": recap_rows}
