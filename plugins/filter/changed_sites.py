# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: list the sites that a run changed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: changed_sites
short_description: List the sites that a run changed
version_added: 0.1.0
description:
  - Lists each site on which a step made a change that can affect the verification. Sites with only revoked tokens are
    not included.
positional: _input
options:
  _input:
    description:
      - Result of each step's module, with the keys C(site_config), C(clients), C(api_keys), C(tokens) and C(edge). The
        result of a step that did not run has no C(sites).
    type: dict
    required: true
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Show the sites with changed OAuth clients or API keys
  ansible.builtin.debug:
    msg: "{{ {'clients': clients, 'api_keys': keys} | benchkeeper.frappe.changed_sites }}"
"""

RETURN = r"""
_value:
  description: Names of the sites, without duplicates.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report import outcome


def changed_sites(results: t.Any) -> list[str]:
    """See DOCUMENTATION."""
    return outcome.changed_sites(results)


class FilterModule:
    """Register the filter with Ansible."""

    def filters(self) -> dict[str, t.Callable]:
        """Return the filter functions by name."""
        return {"changed_sites": changed_sites}
