# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what is kept of a verification on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
name: verify_record
short_description: Make the record of a bench's last verification
version_added: 0.1.0
description:
  - Puts the verdicts of M(benchkeeper.frappe.frappe_oauth_verify) into the record that is kept, site by site, so that
    an audit can say when each was last verified. Sites that were not verified this time keep what is on record.
  - The verdicts hold no secret.
positional: _input
options:
  _input:
    description: The C(sites) of M(benchkeeper.frappe.frappe_oauth_verify).
    type: list
    elements: dict
    required: true
  kept:
    description: The record as it is, as text. Empty if there is none; what is no record is replaced.
    type: str
    default: ""
  at:
    description: When the verification was made, in ISO 8601 with its offset.
    type: str
    required: true
  names:
    description: Names of the bench's sites. If given, what is on record of any other is dropped.
    type: list
    elements: str
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Keep the verdicts
  ansible.builtin.copy:
    content: "{{ verified.sites | benchkeeper.frappe.verify_record(at=moment) | to_nice_json }}"
    dest: ~/last_verification.json
    mode: "0600"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description:
    - C(format), and C(sites), by name, each with C(at), C(verified), C(failed) and its C(clients), each with its
      C(steps).
  type: dict
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.verify_record import (
    VerificationRecord,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.verify_record import (
    verify_record as record,
)


def verify_record(checks: t.Any, at: t.Any, kept: t.Any = "", names: t.Any = None) -> VerificationRecord:
    """See DOCUMENTATION."""
    return record(str(kept), list(checks), str(at), None if names is None else list(names))


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable]:
        """Name and function."""
        return {"verify_record": verify_record}
