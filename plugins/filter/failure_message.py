# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: why a run failed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: failure_message
short_description: Say which sites and steps of a run failed
version_added: 0.1.0
description:
  - Counts the sites that failed out of all sites, and gives the message of each site and step that failed.
positional: _input
options:
  _input:
    description: Message of each site that failed, by its name.
    type: dict
    required: true
  faults:
    description: Message of each step that failed for the bench as a whole, by its name.
    type: dict
    default: {}
  names:
    description: Names of the sites that were worked on.
    type: list
    elements: str
    default: []
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Fail if a site failed
  ansible.builtin.fail:
    msg: "{{ failed | benchkeeper.frappe.failure_message(names=['a.example.com', 'b.example.com']) }}"
  when: failed != {}
  vars:
    failed:
      a.example.com: the database does not answer
"""

RETURN = r"""
_value:
  description: The message. Empty if nothing failed.
  type: str
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report import outcome


def failure_message(failed: t.Any, faults: t.Any = None, names: t.Any = ()) -> str:
    """See DOCUMENTATION."""
    return outcome.failure_message(failed, faults or {}, names)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable]:
        """Name and function."""
        return {"failure_message": failure_message}
