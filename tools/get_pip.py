# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install pip into an empty virtual environment with Python's ensurepip and the package index.

ansible-test downloads get-pip.py from its own server. A machine that can only reach package registries cannot download
it, so ``tools/sanity.py`` copies this script to the download cache of ansible-test. It takes the arguments of
get-pip.py: the options and requirements of ``pip install``, and ``--no-setuptools`` and ``--no-wheel``, which pip does
not accept.
"""

from __future__ import annotations

import runpy
import subprocess
import sys

# ensurepip disables the configuration of pip in its own process, so it runs in a separate one.
subprocess.run([sys.executable, "-m", "ensurepip"], check=True)
sys.argv = ["pip", "install"] + [arg for arg in sys.argv[1:] if arg not in ("--no-setuptools", "--no-wheel")]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
