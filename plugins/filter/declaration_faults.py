# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what of the declarations must stop a run before its first write."""

from __future__ import annotations

DOCUMENTATION = r"""
name: declaration_faults
short_description: List what must stop a run before its first write
version_added: 0.1.0
description:
  - Holds the declarations of all sites against the rules of this collection.
positional: _input
options:
  _input:
    description: Declarations, as P(benchkeeper.frappe.site_declarations#filter) gives them.
    type: list
    elements: dict
    required: true
  common:
    description: What is declared for C(common_site_config.json).
    type: dict
    default: {}
  policy:
    description: V(warn), V(enforce) or V(ignore), as in M(benchkeeper.frappe.frappe_oauth_client).
    type: str
    choices: [warn, enforce, ignore]
    default: warn
  exceptions:
    description: Ids of rules that are not held against the declarations.
    type: list
    elements: str
    default: []
  secrets_store:
    description: Where secrets are kept, if anywhere, as in M(benchkeeper.frappe.frappe_user_api_key).
    type: str
  rate_limit:
    description: The O(ignore:rate_limit) of M(benchkeeper.frappe.frappe_nginx_edge), if there is one.
    type: dict
  trusted_proxies:
    description: The O(ignore:trusted_proxies) of M(benchkeeper.frappe.frappe_nginx_edge).
    type: list
    elements: str
    default: []
  listed:
    description:
      - Names of the sites that the inventory itself names. One that was found on the bench is not held to the form of a
        name here, it fails by itself. Left out, every name is.
    type: list
    elements: str
  verify_password:
    description: The password of the user whom every site is verified with, if there is one.
    type: str
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Stop if a declaration cannot stay
  ansible.builtin.assert:
    that: faults == []
    fail_msg: "{{ faults | join('\n') }}"
  vars:
    faults: "{{ oauth2_sites | benchkeeper.frappe.site_declarations | benchkeeper.frappe.declaration_faults }}"
"""

RETURN = r"""
_value:
  description: A line for each fault, with site, option, what was found, the rule and the remedy. No secret is in it.
  type: list
  elements: str
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.merge import Mistake, faults, names_in


def declaration_faults(
    declarations,
    common=None,
    policy="warn",
    exceptions=(),
    secrets_store=None,
    rate_limit=None,
    trusted_proxies=(),
    listed=None,
    verify_password=None,
):
    """See DOCUMENTATION."""
    try:
        return faults(
            declarations,
            common or {},
            policy,
            names_in(exceptions, "oauth2_policy_exceptions"),
            secrets_store,
            rate_limit,
            names_in(trusted_proxies, "oauth2_trusted_proxies"),
            listed,
            verify_password,
        )
    except Mistake as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Ansible's entry point."""

    def filters(self):
        """Name and function."""
        return {"declaration_faults": declaration_faults}
