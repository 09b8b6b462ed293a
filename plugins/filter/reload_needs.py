# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: which processes of a bench must be reloaded or restarted after a run."""

from __future__ import annotations

DOCUMENTATION = r"""
name: reload_needs
short_description: Say which processes must be reloaded or restarted after a change of the configuration
version_added: 0.1.0
description:
  - Looks up the result of M(benchkeeper.frappe.frappe_site_config) in the one table of this collection.
  - Frappe 14 and 15 read the configuration on every request, so most changes need nothing. Frappe 16 and later keep it
    for a minute. Some keys are read when a process starts.
positional: _input, features
options:
  _input:
    description: The C(sites) of M(benchkeeper.frappe.frappe_site_config).
    type: list
    elements: dict
    required: true
  features:
    description: The C(features) of a site, from M(benchkeeper.frappe.frappe_site_info).
    type: dict
    required: true
  strategy:
    description:
      - V(graceful) reloads or restarts only what needs it.
      - V(restart) restarts the web program after every change.
      - V(none) does nothing.
    type: str
    choices: [graceful, restart, none]
    default: graceful
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Say what must be done
  ansible.builtin.debug:
    msg: "{{ changed.sites | benchkeeper.frappe.reload_needs(found.sites[0].features) }}"
"""

RETURN = r"""
_value:
  description:
    - C(web) is V(none), V(reload) or V(restart), C(workers) V(none) or V(restart).
  type: dict
"""

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.reload import reload_needs as needs


def reload_needs(rows: t.Any, features: t.Any, strategy: t.Any = "graceful") -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    keys = {key for row in rows if row["changed"] for side in row["diff"].values() for key in side}
    return needs(keys, bool(features.get("config_cached")), strategy)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable]:
        """Name and function."""
        return {"reload_needs": reload_needs}
