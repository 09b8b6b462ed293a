# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: create the stored record of a verification."""

from __future__ import annotations

DOCUMENTATION = r"""
name: verify_record
short_description: Create the record of a bench's last verification
version_added: 0.1.0
description:
  - Merges the results of M(benchkeeper.frappe.frappe_oauth_verify) into the stored record of each site. An audit uses
    the record to report when each site was last verified.
  - Sites that were not verified in this run keep their previous record.
  - The record contains no secrets.
positional: _input
options:
  _input:
    description: C(sites) from the result of M(benchkeeper.frappe.frappe_oauth_verify).
    type: list
    elements: dict
    required: true
  kept:
    description: The existing record as text, or an empty string. An invalid record is replaced.
    type: str
    default: ""
  at:
    description: Time of the verification, in ISO 8601 format with the UTC offset.
    type: str
    required: true
  names:
    description: Names of the bench's sites. If set, the records of all other sites are removed.
    type: list
    elements: str
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Store the verification results
  ansible.builtin.copy:
    content: "{{ verified.sites | benchkeeper.frappe.verify_record(at=moment) | to_nice_json }}"
    dest: ~/last_verification.json
    mode: "0600"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description:
    - C(format) and C(sites). C(sites) contains C(at), C(verified), C(failed) and C(clients) for each site by name. Each
      client has its C(steps).
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
    """Register the filter with Ansible."""

    def filters(self) -> dict[str, t.Callable]:
        """Return the filter functions by name."""
        return {"verify_record": verify_record}
