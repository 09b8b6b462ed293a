# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: which sites a run changed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: changed_sites
short_description: Name the sites that a run changed
version_added: 0.1.0
description:
  - Names each site in which a step wrote something that a verification meets. Revoked tokens are not part of it.
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
- name: Show which sites have new configuration, clients or API keys
  ansible.builtin.debug:
    msg: "{{ {'clients': clients, 'api_keys': keys} | benchkeeper.frappe.changed_sites }}"
"""

RETURN = r"""
_value:
  description: Names of the sites, each once.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report import outcome


def changed_sites(results: t.Any) -> list[str]:
    """See DOCUMENTATION."""
    return outcome.changed_sites(results)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable]:
        """Name and function."""
        return {"changed_sites": changed_sites}
