# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules of this collection have in common, for their documentation."""

from __future__ import annotations


class ModuleDocFragment:
    """Options and attributes that several modules share."""

    # The task as a whole: which bench, and how strict.
    DOCUMENTATION = r"""
options:
  bench_path:
    description:
      - Folder of the bench on the managed host, the one that holds C(apps), C(env) and C(sites).
      - The task must run as the owner of the bench, see C(become_user).
      - The bench, its C(sites), its C(env) and the Python in it must belong to one user, and C(sites) must be no link.
    type: path
attributes:
  check_mode:
    description: Can run in check mode and says what a run would do, without writing anything.
    support: full
  diff_mode:
    description: Returns what differs, field by field; a secret shows only that it changes.
    support: full
  platform:
    description: Target OS.
    support: full
    platforms: posix
"""

    # For modules that reach a site through its bench only.
    REQUIRED = r"""
options:
  bench_path:
    required: true
"""

    # How declarations are judged.
    POLICY = r"""
options:
  policy:
    description:
      - What becomes of a declaration that works but is unwise.
      - V(warn) writes it and warns, V(enforce) stops before anything is written, V(ignore) writes it and says nothing.
      - What cannot work is always refused, and so is what is dangerous, unless O(policy_exceptions) names its rule.
    type: str
    choices: [warn, enforce, ignore]
    default: warn
  policy_exceptions:
    description: Ids of rules that are not to be held against the declarations, such as V(redirect-uri-http).
    type: list
    elements: str
    default: []
"""

    # The worker.
    WORKER = r"""
options:
  site_timeout:
    description:
      - Seconds that one site may take, the start of Frappe included; from 1 to 86400.
      - A site that takes longer is given up and named; the others go on.
    type: int
    default: 60
"""
