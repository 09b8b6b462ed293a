# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-playbook in two thirds of its CPU time: ``playbook_with_cache.py CACHE ARGUMENTS``.

In every run, Ansible packs each module with its module_utils, and keeps the result in its own temporary directory until
the run ends. Here, that directory is a link to CACHE, which outlives the run. Garbage collection is off, because a run
ends after seconds.
"""

from __future__ import annotations

import gc
import os
import sys

from ansible import constants
from ansible.cli.playbook import main

if __name__ == "__main__":
    gc.disable()
    cache = sys.argv.pop(1)
    sys.argv[0] = "ansible-playbook"
    os.symlink(cache, os.path.join(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache"))
    sys.exit(main())
