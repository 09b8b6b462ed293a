# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: a report as one page."""

from __future__ import annotations

DOCUMENTATION = r"""
name: audit_page
short_description: Make one self-contained page of a report
version_added: 0.1.0
description:
  - Puts the report, style and script into one page. The page asks for nothing from outside, and its policy lets a
    browser run these scripts only, by their hash.
  - The report goes in as data, escaped so that no name in it can end its element.
positional: _input
options:
  _input:
    description: The report, as P(benchkeeper.frappe.audit_report#filter) makes it.
    type: dict
    required: true
  frame:
    description:
      - HTML with the marks C(%POLICY%), C(%TITLE%), C(%STYLE%), C(%DATA%) and C(%SCRIPT%), each once and in this order.
    type: str
    required: true
  style:
    description: CSS.
    type: str
    required: true
  scripts:
    description: JavaScript, in the order in which it runs.
    type: list
    elements: str
    required: true
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Write the page
  ansible.builtin.copy:
    content: "{{ report | benchkeeper.frappe.audit_page(frame, style, scripts) }}"
    dest: ./reports/production.html
    mode: "0600"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The page.
  type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.page import page


def audit_page(report: t.Any, frame: t.Any, style: t.Any, scripts: t.Any) -> str:
    """See DOCUMENTATION."""
    try:
        return page(report, frame, style, list(scripts))
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable]:
        """Name and function."""
        return {"audit_page": audit_page}
