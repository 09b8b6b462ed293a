# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what is declared for each site, defaults and differences merged."""

from __future__ import annotations

DOCUMENTATION = r"""
name: site_declarations
short_description: Merge what is declared for every site with what differs by site
version_added: 0.1.0
description:
  - Gives the whole declaration of each site to work on.
  - Mappings merge by key, OAuth clients by C(client_id), else by C(app_name). Every other list, and every value in
    C(settings), is the site's own where the site gives one. C(managed=false) drops what the defaults say.
  - Settings of a site beat what the defaults want absent, and what a site wants absent beats the defaults' settings.
positional: _input
options:
  _input:
    description: What differs by site, each item with its C(name).
    type: list
    elements: dict
    required: true
  defaults:
    description: What holds for every site.
    type: dict
    default: {}
  found:
    description: Names of the sites that the bench has.
    type: list
    elements: str
    default: []
  discover:
    description: Whether every site of the bench is worked on, and not only those listed.
    type: bool
    default: true
  exclude:
    description: Names or glob patterns of sites to leave alone.
    type: list
    elements: str
    default: []
  only:
    description: Names or glob patterns. If not empty, no other site is worked on.
    type: list
    elements: str
    default: []
  cors_owner:
    description:
      - Who answers for CORS where a site declares it. Unless it is V(frappe), Frappe's own C(allow_cors) is taken away
        there; if it is, it is set.
    type: str
    choices: [nginx, frappe, none]
    default: nginx
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Show what two sites get
  ansible.builtin.debug:
    msg: "{{ sites | benchkeeper.frappe.site_declarations(defaults=defaults, found=found) }}"
  vars:
    found: [a.example.com, b.example.com]
    defaults:
      site_config: {absent: [ignore_csrf]}
    sites:
      - name: b.example.com
        site_config: {settings: {allow_cors: [https://app.example.com]}}
"""

RETURN = r"""
_value:
  description: A declaration for each site, with C(name) and the steps that are declared for it.
  type: list
  elements: dict
"""

from ansible.errors import AnsibleFilterError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.merge import Mistake, merge, names_in


def site_declarations(sites, defaults=None, found=(), discover=True, exclude=(), only=(), cors_owner="nginx"):
    """See DOCUMENTATION; raises AnsibleFilterError that names site and key."""
    try:
        return merge(
            sites,
            defaults or {},
            list(found),
            boolean(discover),  # -e oauth2_discover_sites=false gives a text, which would count as true
            names_in(exclude, "oauth2_exclude_sites"),
            names_in(only, "oauth2_only_sites"),
            cors_owner,
        )
    except TypeError as error:
        raise AnsibleFilterError(f"oauth2_discover_sites: {error}") from None
    except Mistake as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Ansible's entry point."""

    def filters(self):
        """Name and function."""
        return {"site_declarations": site_declarations}
