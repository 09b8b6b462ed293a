# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: create the error message of a failed run."""

from __future__ import annotations

DOCUMENTATION = r"""
name: failure_message
short_description: Create the error message of a failed run
version_added: 0.1.0
description:
  - Returns the number of failed sites out of all sites, and the message of each failed site and step.
positional: _input
options:
  _input:
    description: Failed sites by name, each with its error message.
    type: dict
    required: true
  faults:
    description: Steps that failed for the whole bench, by name, each with its error message.
    type: dict
    default: {}
  names:
    description: Names of the managed sites.
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
      a.example.com: the database does not respond
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
    """Register the filter with Ansible."""

    def filters(self) -> dict[str, t.Callable]:
        """Return the filter functions by name."""
        return {"failure_message": failure_message}
