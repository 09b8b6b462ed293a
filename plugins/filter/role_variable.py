# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: convert a variable of the role to its declared type."""

from __future__ import annotations

DOCUMENTATION = r"""
name: role_variable
short_description: Convert a variable of the role to its declared type
version_added: 0.1.0
description:
  - Values from extra variables and INI inventories are strings. This filter converts a value to the type that the role
    P(benchkeeper.frappe.oauth2#role) documents. M(benchkeeper.frappe.frappe_declarations) converts all variables in the
    same way.
  - Use it for variables that are needed before that module runs, such as C(oauth2_become).
positional: _input, name
options:
  _input:
    description: The value.
    type: raw
    required: true
  name:
    description: Name of the variable.
    type: str
    required: true
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Read a file of the bench
  become: "{{ oauth2_become | benchkeeper.frappe.role_variable('oauth2_become') }}"
  ansible.builtin.slurp:
    src: "{{ oauth2_bench_path }}/sites/apps.txt"
"""

RETURN = r"""
_value:
  description: The converted value.
  type: raw
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.variables import (
    VARIABLES,
    WrongValue,
    coerced,
)


def role_variable(value: t.Any, name: t.Any) -> t.Any:
    """See DOCUMENTATION. Raises AnsibleFilterError with the name of the variable."""
    if name not in VARIABLES:
        raise AnsibleFilterError(f"role_variable: the role has no variable {name!r}")
    try:
        return coerced(name, value)
    except WrongValue as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Register the filter with Ansible."""

    def filters(self) -> dict[str, t.Callable]:
        """Return the filter functions by name."""
        return {"role_variable": role_variable}
