# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what a rotation replaced."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_lines
short_description: Say what a rotation replaced, or would replace
version_added: 0.1.0
description:
  - Gives one line for each client secret and API key that was replaced, and for the tokens that were revoked on a site.
positional: _input
options:
  _input:
    description:
      - Result of each step's module, by C(site_config), C(clients), C(api_keys), C(tokens) and C(edge). A step that did
        not run may have any result without C(sites).
    type: dict
    required: true
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Show what was rotated
  ansible.builtin.debug:
    msg: "{{ {'clients': clients, 'api_keys': keys} | benchkeeper.frappe.rotation_lines }}"
"""

RETURN = r"""
_value:
  description: The lines. No secret is in them.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report import outcome


def rotation_lines(results: t.Any) -> list[str]:
    """See DOCUMENTATION."""
    return outcome.rotation_lines(results)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable]:
        """Name and function."""
        return {"rotation_lines": rotation_lines}
