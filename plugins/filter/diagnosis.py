# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: one readable diagnosis of a bench."""

from __future__ import annotations

DOCUMENTATION = r"""
name: diagnosis
short_description: Make one readable diagnosis of what was verified and what was read
version_added: 0.1.0
description:
  - Puts together the rows of M(benchkeeper.frappe.frappe_oauth_verify) and of M(benchkeeper.frappe.frappe_site_info).
  - What is wrong with a site is told by site, with what was found and what to do, and so is what is to be looked at and
    stops nobody. What its Frappe does on every site is told once.
positional: _input
options:
  _input:
    description: The C(sites) of M(benchkeeper.frappe.frappe_oauth_verify).
    type: list
    elements: dict
    required: true
  info:
    description: The C(sites) of M(benchkeeper.frappe.frappe_site_info).
    type: list
    elements: dict
    default: []
  exceptions:
    description: Ids of rules that are not told.
    type: list
    elements: str
    default: []
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Tell what is wrong
  ansible.builtin.debug:
    msg: "{{ (verification.sites | benchkeeper.frappe.diagnosis(info=found.sites)).lines }}"
"""

RETURN = r"""
_value:
  description:
    - C(sites), each with C(name), C(verified), C(problems) and C(warnings); C(notices), of what their Frappe does, each
      with the C(sites) that have it; C(unhealthy), the names of the sites with a problem, whatever the warnings;
      C(lines), all of it in words; C(message), the problems alone, empty if there is none.
    - A problem, a warning and a notice have C(rule), C(where), C(found), C(reason), C(remedy) and C(severity).
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
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable]:
        """Name and function."""
        return {"diagnosis": diagnosis}
