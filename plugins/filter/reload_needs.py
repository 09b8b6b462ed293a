# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: find the processes to reload or restart after a configuration change."""

from __future__ import annotations

DOCUMENTATION = r"""
name: reload_needs
short_description: Find the processes to reload or restart after a configuration change
version_added: 0.1.0
description:
  - Determines for the result of M(benchkeeper.frappe.frappe_site_config) whether changed keys require a reload or a
    restart.
  - Frappe 14 and 15 read the configuration on every request, so most changes require nothing. Frappe 16 and later cache
    it for one minute. Some keys are only read when a process starts.
positional: _input, features
options:
  _input:
    description: C(sites) from the result of M(benchkeeper.frappe.frappe_site_config).
    type: list
    elements: dict
    required: true
  features:
    description: C(features) of a site from the result of M(benchkeeper.frappe.frappe_site_info).
    type: dict
    required: true
  strategy:
    description:
      - V(graceful) reloads or restarts only the processes that need it.
      - V(restart) restarts the web process after every change.
      - V(none) does nothing.
    type: str
    choices: [graceful, restart, none]
    default: graceful
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Show which processes need a reload or restart
  ansible.builtin.debug:
    msg: "{{ changed.sites | benchkeeper.frappe.reload_needs(found.sites[0].features) }}"
"""

RETURN = r"""
_value:
  description:
    - C(web) is V(none), V(reload) or V(restart). C(workers) is V(none) or V(restart).
  type: dict
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.reload import reload_needs as needs


def reload_needs(rows: t.Any, features: t.Any, strategy: t.Any = "graceful") -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    keys = {key for row in rows if row["changed"] for side in row["diff"].values() for key in side}
    return needs(keys, bool(features.get("config_cached")), strategy)


class FilterModule:
    """Register the filter with Ansible."""

    def filters(self) -> dict[str, t.Callable]:
        """Return the filter functions by name."""
        return {"reload_needs": reload_needs}
