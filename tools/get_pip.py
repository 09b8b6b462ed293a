# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts pip into a bare virtual environment with nothing but Python's own ensurepip and the package index.

ansible-test wants to download such a script from a server of its own, which a machine with registries alone can't
reach; ``tools/sanity.py`` lays this one where ansible-test caches it. Arguments: as for get-pip, that is options and
requirements of ``pip install``, and ``--no-setuptools`` and ``--no-wheel``, which pip does not know.
"""

from __future__ import annotations

import runpy
import subprocess
import sys

# A process of its own: ensurepip turns pip's configuration off in the one that it runs in.
subprocess.run([sys.executable, "-m", "ensurepip"], check=True)
sys.argv = ["pip", "install"] + [arg for arg in sys.argv[1:] if arg not in ("--no-setuptools", "--no-wheel")]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
