# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages of module_utils have levels, and none imports from its own level or a higher one."""

from __future__ import annotations

import ast
import re

import pytest
from checkout import ROOT

MODULE_UTILS = ROOT / "plugins" / "module_utils"
NAME = "ansible_collections.benchkeeper.frappe.plugins."
LEVELS = (
    {"_core"},
    {"_rules"},
    {"_plan", "_verify", "_nginx"},
    {"_frappe", "_rest", "_declare"},
    {"_bench"},
    {"_task", "_report"},
)
LEVEL = {package: number for number, packages in enumerate(LEVELS, 1) for package in packages}
FILES = sorted(path for path in MODULE_UTILS.rglob("*.py") if path.name != "__init__.py")
# What each package may import, depending on where it runs: a managed host, a bench's Python, the controller.
FORBIDDEN = {
    r"ansible\.module_utils\.basic": set(LEVEL) - {"_task"},
    r"ansible\.(?!module_utils\.)": set(LEVEL),
    r"frappe(\.|$)": set(LEVEL),
    r"fcntl$": set(LEVEL) - {"_core"},
}


def imports_of(path):
    """Full names of the modules that a file imports, and the line of each."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            yield node.module, node.lineno
        elif isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)


def test_every_package_has_a_level():
    assert {path.parent.name for path in FILES} == set(LEVEL)
    assert not [path for path in FILES if path.name.startswith("_")], "a private package holds files with plain names"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(MODULE_UTILS)))
def test_no_file_imports_from_its_own_level_or_a_higher_one(path):
    package = path.parent.name
    for name, line in imports_of(path):
        if name.startswith(NAME):
            assert name.startswith(f"{NAME}module_utils."), f"{path}:{line} imports {name}"
            other = name[len(NAME) :].split(".")[1]
            assert other == package or LEVEL[other] < LEVEL[package], f"{path}:{line} imports {name}"
        for pattern, packages in FORBIDDEN.items():
            assert not (package in packages and re.match(pattern, name)), f"{path}:{line} imports {name}"


def test_no_import_cycle_within_a_package():
    graph = {path: {NAME_TO_FILE[n] for n in named(path) if n in NAME_TO_FILE} for path in FILES}
    left = dict(graph)
    while left:
        free = [path for path, needs in left.items() if not needs & left.keys()]
        assert free, f"a circle among {sorted(path.name for path in left)}"
        for path in free:
            del left[path]


def named(path):
    """The names of our modules that a file imports, including imports from their package."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


NAME_TO_FILE = {NAME + ".".join(path.relative_to(MODULE_UTILS.parent).with_suffix("").parts): path for path in FILES}


def test_the_contributors_table_has_every_package():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([1-6]) \| `(_\w+)` \|", text, re.MULTILINE)
    assert {package: int(level) for level, package in rows} == LEVEL
