# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Synchronize directories with their sources: ``sync_trees.py check|apply SOURCE TARGET [SOURCE TARGET ...]``.

The script replaces files that differ, and removes files that the source does not have. It ignores cache directories of
Python. It prints the path of each changed file, and nothing if all files are equal. ``check`` prints the same and
writes nothing.
"""

from __future__ import annotations

import filecmp
import os
import sys
from pathlib import Path


def files_in(tree: Path) -> set[Path]:
    """Return the files in a directory, relative to it. Empty if the directory does not exist."""
    found = (path.relative_to(tree) for path in tree.rglob("*") if path.is_file())
    return {path for path in found if not {"__pycache__", ".ruff_cache"} & set(path.parts)}


def sync(source: Path, target: Path, write: bool) -> list[Path]:
    """Synchronize ``target`` with ``source``. Return the files of ``target`` that are written or removed, sorted.

    If ``write`` is false, nothing is changed. Raises SystemExit if the source contains no files.
    """
    wanted = files_in(source)
    if not wanted:
        raise SystemExit(f"{source}: no files in it")
    stale = [
        name
        for name in wanted
        if not ((target / name).is_file() and filecmp.cmp(source / name, target / name, shallow=False))
    ]
    surplus = files_in(target) - wanted
    if write:
        for name in stale:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            # A killed run leaves the old file or the new one, never an incomplete file.
            beside = (target / name).with_name(name.name + ".new")
            beside.write_bytes((source / name).read_bytes())
            beside.chmod(0o644)
            os.replace(beside, target / name)
        for name in surplus:
            (target / name).unlink()
    return sorted(target / name for name in {*stale, *surplus})


if __name__ == "__main__":
    mode, *trees = sys.argv[1:]
    for source_tree, target_tree in zip(trees[::2], trees[1::2]):
        for path in sync(Path(source_tree), Path(target_tree), write=mode == "apply"):
            print(path)
