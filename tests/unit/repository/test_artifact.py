# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Galaxy artifact contains what users need, and nothing that only developers need."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from checkout import ROOT

# Top-level entries of the artifact, by purpose.
SHIPPED = {
    *("plugins", "roles", "playbooks", "meta", "inventories"),
    *("README.md", "CONTRIBUTING.md", "LICENSE", "docs", "changelogs", "requirements.yml"),
    *("MANIFEST.json", "FILES.json"),
}


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """Paths of all files in the artifact, built from all tracked and untracked files that git does not ignore."""
    checkout, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("out")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            (checkout / name).write_bytes((ROOT / name).read_bytes())
    galaxy = Path(sys.executable).parent / "ansible-galaxy"
    subprocess.run([galaxy, "collection", "build", "--output-path", out, checkout], check=True, capture_output=True)
    (artifact,) = out.glob("*.tar.gz")
    with tarfile.open(artifact) as tar:
        return [member.name for member in tar.getmembers() if member.isfile()]


def test_only_what_users_need_is_in_it(names):
    assert {name.split("/")[0] for name in names} == SHIPPED


def test_it_contains_no_package_named_frappe(names):
    assert [name for name in names if "/frappe/__init__.py" in f"/{name}" or name.endswith("/frappe.py")] == []


def test_every_plugin_is_in_it(names):
    plugins = {str(path.relative_to(ROOT)) for path in (ROOT / "plugins").rglob("*.py")}
    assert plugins and plugins <= set(names)
