# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: a variable of the role in its declared type."""

from __future__ import annotations

DOCUMENTATION = r"""
name: role_variable
short_description: Give a variable of the role its declared type
version_added: 0.1.0
description:
  - Extra variables and INI inventories give texts. This converts one to the type that the role
    P(benchkeeper.frappe.oauth2#role) documents, as M(benchkeeper.frappe.frappe_declarations) does with all of them.
  - It is for what is needed before that module has run, such as C(become).
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
  description: The value in its declared type.
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
    """See DOCUMENTATION; raises AnsibleFilterError that names the variable."""
    if name not in VARIABLES:
        raise AnsibleFilterError(f"role_variable: the role has no variable {name!r}")
    try:
        return coerced(name, value)
    except WrongValue as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable]:
        """Name and function."""
        return {"role_variable": role_variable}
