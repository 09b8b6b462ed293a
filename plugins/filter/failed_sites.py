# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: list the sites that failed, with all their messages."""

from __future__ import annotations

DOCUMENTATION = r"""
name: failed_sites
short_description: List the sites that failed, with all their messages
version_added: 0.1.0
description:
  - Returns the error messages of each site that failed in one step. A site with several rows, such as one per client,
    has each of its messages once.
positional: _input
options:
  _input:
    description: C(sites) from the result of a module of this collection.
    type: list
    elements: dict
    required: true
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Show the sites that failed
  ansible.builtin.debug:
    msg: "{{ result.sites | benchkeeper.frappe.failed_sites }}"
"""

RETURN = r"""
_value:
  description: Failed sites by name, each with its messages, one per line.
  type: dict
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report import outcome


def failed_sites(rows: t.Any) -> dict[str, str]:
    """See DOCUMENTATION."""
    return outcome.failed_sites(rows)


class FilterModule:
    """Register the filter with Ansible."""

    def filters(self) -> dict[str, t.Callable]:
        """Return the filter functions by name."""
        return {"failed_sites": failed_sites}
