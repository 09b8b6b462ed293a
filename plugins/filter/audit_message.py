# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what an audit found."""

from __future__ import annotations

DOCUMENTATION = r"""
name: audit_message
short_description: Say in one sentence what an audit found
version_added: 0.1.0
description:
  - Counts the sites with findings, those that differ from the inventory, those without a verification on record, and
    those that could not be read.
positional: _input
options:
  _input:
    description: A report, as P(benchkeeper.frappe.audit_report#filter) gives it.
    type: dict
    required: true
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Show what was found
  ansible.builtin.debug:
    msg: "{{ report | benchkeeper.frappe.audit_message }}"
"""

RETURN = r"""
_value:
  description: The sentence.
  type: str
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report import outcome


def audit_message(report: t.Any) -> str:
    """See DOCUMENTATION."""
    return outcome.audit_message(report["summary"])


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable]:
        """Name and function."""
        return {"audit_message": audit_message}
