# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: create the rows of one step for a rotation."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_rows
short_description: Create the sites option of a module for a rotation
version_added: 0.1.0
description:
  - Selects the credentials to rotate from the declarations of all sites. Returns items for the O(ignore:sites) option
    of M(benchkeeper.frappe.frappe_oauth_client), M(benchkeeper.frappe.frappe_user_api_key) or
    M(benchkeeper.frappe.frappe_oauth_token).
  - Each item contains only the identifier and the rotation options, so that a rotation makes no other change.
positional: _input, what
options:
  _input:
    description: The C(declarations) that M(benchkeeper.frappe.frappe_declarations) returns.
    type: list
    elements: dict
    required: true
  what:
    description:
      - V(client_secrets) selects the secrets of declared clients with C(store_secret=true), or of the clients in
        O(clients).
      - V(api_keys) selects the API keys of all declared users, or of the users in O(users) that have one.
      - V(tokens) selects the tokens of declared clients, or of the clients in O(clients). If O(users) is set, only the
        tokens of these users are selected.
    type: str
    choices: [client_secrets, api_keys, tokens]
    required: true
  clients:
    description: Clients by C(app_name) or C(client_id). If not empty, only these clients are rotated.
    type: list
    elements: str
    default: []
  users:
    description: Names of users. If not empty, only their API keys are rotated, and only their tokens are revoked.
    type: list
    elements: str
    default: []
  found:
    description:
      - C(sites) from the result of M(benchkeeper.frappe.frappe_site_info) with C(api_keys). Used with V(api_keys) and
        O(users).
    type: list
    elements: dict
    default: []
  without:
    description: Names of sites to exclude.
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
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.rotation import rotation
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.shapes import Mistake


def rotation_rows(
    declarations: t.Any, what: t.Any, clients: t.Any = (), users: t.Any = (), found: t.Any = (), without: t.Any = ()
) -> list[dict[str, t.Any]]:
    """See DOCUMENTATION."""
    try:
        return rotation(declarations, what, list(clients), list(users), list(found), list(without))
    except Mistake as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Register the filter with Ansible."""

    def filters(self) -> dict[str, t.Callable]:
        """Return the filter functions by name."""
        return {"rotation_rows": rotation_rows}
