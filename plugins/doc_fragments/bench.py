# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation fragments for options and attributes that several modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """Options and attributes that several modules share."""

    # Options and attributes of every module that works on a bench.
    DOCUMENTATION = r"""
options:
  bench_path:
    description:
      - Path of the bench directory on the managed host. It contains C(apps), C(env) and C(sites).
      - The task must run as the owner of the bench. Use C(become_user) for this.
      - The bench directory, C(sites), C(env) and the Python in C(env) must have the same owner.
      - If C(sites) is a symbolic link, the link and its target must have the same owner.
    type: path
attributes:
  check_mode:
    description: Can run in check mode and report what a run would do, without writing anything.
    support: full
  diff_mode:
    description: Returns the differences by field. For a secret, only the fact that it changes is shown.
    support: full
  platform:
    description: Target OS.
    support: full
    platforms: posix
"""

    # For modules that need a bench and cannot use Frappe's REST API.
    REQUIRED = r"""
options:
  bench_path:
    required: true
"""

    # How strictly declarations are checked.
    POLICY = r"""
options:
  policy:
    description:
      - How to handle a declaration that works but breaks a rule of severity C(warning).
      - V(warn) applies it and warns. V(enforce) fails before anything is written. V(ignore) applies it without a
        warning.
      - A declaration that cannot work is always rejected.
      - A dangerous declaration is rejected unless O(policy_exceptions) lists the id of its rule.
    type: str
    choices: [warn, enforce, ignore]
    default: warn
  policy_exceptions:
    description: Ids of rules that the declarations may break, such as V(redirect-uri-http).
    type: list
    elements: str
    default: []
"""

    # For modules that start Frappe in a worker process.
    WORKER = r"""
options:
  site_timeout:
    description:
      - Timeout for one site in seconds, from 1 to 86400. It includes the start of Frappe.
      - A site that takes longer fails with a message. The module continues with the other sites.
    type: int
    default: 60
"""
