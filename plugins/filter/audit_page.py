# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: convert an audit report to one HTML page."""

from __future__ import annotations

DOCUMENTATION = r"""
name: audit_page
short_description: Convert an audit report to one self-contained HTML page
version_added: 0.1.0
description:
  - Inserts the report, the style sheet and the scripts into one page. The page loads no external resources. Its Content
    Security Policy allows only these scripts, by their hashes.
  - The report is inserted as escaped data, so that no value in it can close its HTML element.
positional: _input
options:
  _input:
    description: The report, as returned by P(benchkeeper.frappe.audit_report#filter).
    type: dict
    required: true
  frame:
    description:
      - HTML template with the placeholders C(%POLICY%), C(%TITLE%), C(%STYLE%), C(%DATA%) and C(%SCRIPT%). Each must
        appear once, in this order.
    type: str
    required: true
  style:
    description: The style sheet (CSS).
    type: str
    required: true
  scripts:
    description: The scripts (JavaScript), in the order in which they run.
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
  description: The HTML page.
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
    """Register the filter with Ansible."""

    def filters(self) -> dict[str, t.Callable]:
        """Return the filter functions by name."""
        return {"audit_page": audit_page}
