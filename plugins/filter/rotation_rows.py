# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what a rotation passes to the module of one step."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_rows
short_description: Turn declarations into the sites option of a module that rotates
version_added: 0.1.0
description:
  - Picks what is to be rotated out of the declarations of all sites, as items for the O(ignore:sites) option of
    M(benchkeeper.frappe.frappe_oauth_client), M(benchkeeper.frappe.frappe_user_api_key) or
    M(benchkeeper.frappe.frappe_oauth_token).
  - An item says which, and that it is rotated, and nothing else, so that a rotation makes no other change.
positional: _input, what
options:
  _input:
    description: The C(declarations) that M(benchkeeper.frappe.frappe_declarations) returns.
    type: list
    elements: dict
    required: true
  what:
    description:
      - V(client_secrets) are the secrets of declared clients that have C(store_secret=true), or of those in O(clients).
      - V(api_keys) are the pairs of all users that are declared, or of those in O(users) that have one.
      - V(tokens) are the tokens of declared clients, or of O(clients), and of those only the ones of O(users).
    type: str
    choices: [client_secrets, api_keys, tokens]
    required: true
  clients:
    description: Clients by C(app_name) or C(client_id). If not empty, no other is rotated.
    type: list
    elements: str
    default: []
  users:
    description: Users. If not empty, no other user's key or token is rotated.
    type: list
    elements: str
    default: []
  found:
    description: For V(api_keys) with O(users), the rows of M(benchkeeper.frappe.frappe_site_info) with C(api_keys).
    type: list
    elements: dict
    default: []
  without:
    description: Names of sites to leave out.
    type: list
    elements: str
    default: []
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Rotate the secret of one client on every site that declares it
  benchkeeper.frappe.frappe_oauth_client:
    bench_path: /home/frappe/frappe-bench
    sites: "{{ declarations | benchkeeper.frappe.rotation_rows('client_secrets', clients=['Backend']) }}"
    secrets_store: "{{ inventory_dir }}/secrets"
"""

RETURN = r"""
_value:
  description: Items for the module's O(ignore:sites) option.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.merge import Mistake
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.rotation import rotation


def rotation_rows(
    declarations: t.Any, what: t.Any, clients: t.Any = (), users: t.Any = (), found: t.Any = (), without: t.Any = ()
) -> list[dict[str, t.Any]]:
    """See DOCUMENTATION."""
    try:
        return rotation(declarations, what, list(clients), list(users), list(found), list(without))
    except Mistake as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable]:
        """Name and function."""
        return {"rotation_rows": rotation_rows}
