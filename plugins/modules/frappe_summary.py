#!/usr/bin/python
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: frappe_summary
short_description: Show a summary of the sites of a bench
version_added: 0.1.0
description:
  - Shows a summary as a table, with failures, findings and remedies below it. The role
    P(benchkeeper.frappe.oauth2#role) uses it as its last step.
  - If the callback P(benchkeeper.frappe.recap#callback) is enabled, this task shows nothing. The callback shows one
    table for all hosts at the end of the run.
  - If a stdout callback creates output for programs, such as P(ansible.posix.json#callback), this task shows nothing.
    The result contains the summary.
options:
  summary:
    description: The summary, as returned by the filters of this collection.
    type: dict
    required: true
  footer:
    description: Lines to show below the table.
    type: list
    elements: str
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  action:
    support: full
  async:
    support: none
  bypass_host_loop:
    support: none
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    support: full
    platforms: all
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Show the recap of a run
  benchkeeper.frappe.frappe_summary:
    summary: "{{ ['crm.example.com'] | benchkeeper.frappe.recap_summary({'clients': clients}) }}"
"""

RETURN = r"""
summary:
  description: The summary.
  returned: always
  type: dict
  contains:
    title:
      description: Title of the summary.
      type: str
      sample: Recap
    columns:
      description: Headings of the columns after the site.
      type: list
      elements: str
      sample: [changed, verified, findings, result]
    rows:
      description: One row per site, with C(site), C(state), C(cells) and C(brief), a shorter form of the row.
      type: list
      elements: dict
    notes:
      description: Notes that require attention, each with C(kind), C(sites), C(text) and C(remedy).
      type: list
      elements: dict
    notices:
      description: Notices by the id of the rule, each with the affected sites.
      type: dict
footer:
  description: The lines below the table.
  returned: always
  type: list
  elements: str
"""
