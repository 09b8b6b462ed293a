# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source code that a worker runs, read from the directory or the module archive in which Ansible placed it."""

from __future__ import annotations

import ast
import importlib.util
import typing as t

MODULE_UTILS = __name__.rpartition("._bench.")[0]

# Runs in the bench's Python, where this collection is not installed. It serves imports from the received sources.
BOOTSTRAP = """
import importlib, importlib.abc, importlib.util, json, sys
sent = json.load(sys.stdin)
class Sent(importlib.abc.MetaPathFinder, importlib.abc.ExecutionLoader):
    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_loader(name, self) if name in sent["sources"] else None
    def is_package(self, name):
        return any(other.startswith(name + ".") for other in sent["sources"])
    def get_source(self, name):
        return sent["sources"][name]
    def get_filename(self, name):
        return name.rpartition(".")[2] + ".py"
sys.meta_path.insert(0, Sent())
importlib.import_module(sent["worker"]).main(sent["request"])
"""


def sources_of(*modules: str) -> dict[str, str]:
    """The sources of these modules, of their imports from this collection, and of their packages, by full name.

    Args:
        modules: full dotted names.
    """
    sources: dict[str, str] = {}
    left = list(modules)
    while left:
        name = left.pop()
        if name not in sources:
            sources[name] = _source(name)
            left += imports_in(sources[name])
    packages = {name.rsplit(".", depth)[0] for name in sources for depth in range(1, name.count(".") + 1)}
    return {**dict.fromkeys(sorted(packages), ""), **sources}


def imports_in(source: str) -> t.Iterator[str]:
    """Full dotted names of the modules that a source imports from this collection."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{MODULE_UTILS}."):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if _is_module(inner) else str(node.module)


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # its parent is a module, and it is a name in that module
        return False


def _source(name: str) -> str:
    loader: t.Any = getattr(importlib.util.find_spec(name), "loader", None)
    text = loader and loader.get_source(name)
    if text is None:
        raise ImportError(
            f"{name}: Ansible did not ship its source with the module. Report this as a bug of this collection"
        )
    return text if isinstance(text, str) else importlib.util.decode_source(text)  # Ansible's own loader returns bytes
