# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ``ansible-test sanity`` on a copy of the checkout in ``build/``. Arguments are passed to ansible-test.

The copy is necessary because ansible-test rejects paths with symbolic links and requires
``ansible_collections/NAMESPACE/NAME`` in the path. The home directory is also in ``build/``, so nothing outside the
checkout is read or written. Run this script with the Python of the virtual environment that contains ansible-core. It
exits with the status of ansible-test.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "build" / "ansible_collections" / "benchkeeper" / "frappe"
HOME = ROOT / "build" / "home"


def copy_checkout() -> None:
    """Copy all files that git tracks or would track, into a separate git repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    shutil.rmtree(COPY, ignore_errors=True)
    for name in filter(None, listed.stdout.split("\0")):
        # git also lists tracked files that were deleted.
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, COPY / name, follow_symlinks=False)
    subprocess.run(["git", "init", "-q"], cwd=COPY, check=True)


def copy_get_pip() -> None:
    """Copy ``get_pip.py`` to the download cache of this version of ansible-test."""
    import ansible_test

    source = Path(ansible_test.__file__).parent / "_internal" / "python_requirements.py"
    versions = re.findall(r"\bpip='([0-9.]+)'", source.read_text(encoding="utf-8"))
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in versions:
        shutil.copy(ROOT / "tools" / "get_pip.py", cache / f"get_pip_{version.replace('.', '_')}.py")


def keep_pip_settings() -> None:
    """Write the user's pip settings to pip.conf, because ansible-test does not pass PIP_* variables."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    settings = {}
    for line in listed.splitlines():
        # `global.cert='…'`, or `:env:.cert='…'` for a variable, which takes precedence and is listed first.
        found = re.fullmatch(r"(?:global|install|:env:)\.([a-z-]+)='(.*)'", line)
        if found:
            settings.setdefault(found[1], found[2])
    settings.pop("config-file", None)
    conf = HOME / ".config" / "pip" / "pip.conf"
    conf.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{key} = {' '.join(value.split(chr(92) + 'n'))}" for key, value in settings.items()]
    conf.write_text("\n".join(["[global]", *lines, ""]), encoding="utf-8")
    conf.chmod(0o600)


def main() -> int:
    copy_checkout()
    copy_get_pip()
    keep_pip_settings()
    venv_bin = Path(sys.executable).parent
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    command = [str(venv_bin / "ansible-test"), "sanity", "--venv", "--python", version, "--color", "no"]
    environment = {**os.environ, "HOME": str(HOME), "PATH": f"{venv_bin}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run([*command, *sys.argv[1:]], cwd=COPY, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
