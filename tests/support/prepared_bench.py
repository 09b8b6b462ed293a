# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One demo bench in `.cache/`, built by the role demo_bench, and copies of it for the test files.

The role installs two virtual environments and creates three sites, which takes half a minute. A copy takes less than a
second, and has its own files, databases, ports and processes. Only the installed packages are shared: the environments
of a copy link to them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from checkout import ROOT

CACHE = ROOT / ".cache"
ROLE = ROOT / "roles" / "demo_bench"
# Copied byte by byte: programs with their compiled files, and databases.
NOT_REWRITTEN = (".py", ".pyc", ".db")
# A lock for each prepared bench that this process uses. Another process removes only benches without a lock.
_in_use: list[IO[str]] = []


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time in: two that install into the same directory would destroy it."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepared_bench(variables: dict[str, object], build: Callable[[Path], dict[str, int]]) -> Path:
    """The directory with the prepared bench. It is built if the role, its variables or Python have changed.

    Args:
        variables: the variables of the role that are the same for all copies.
        build: builds a bench in `demo` below a directory, stops it, and returns its ports.
    """
    kept = CACHE / f"demo-bench-{_version(variables)}"
    with locked(CACHE / "demo-bench.lock"):
        if not kept.exists():
            _remove_unused()
            _build(kept, build)
        lock = (kept / "in-use").open("w")
        fcntl.flock(lock, fcntl.LOCK_SH)
        _in_use.append(lock)
    return kept


def _version(variables: dict[str, object]) -> str:
    """A hash of everything that the prepared bench depends on."""
    modules = sorted(map(str, Path("/usr").glob("*/nginx/modules/*headers_more*")))
    digest = hashlib.sha256(json.dumps([variables, sys.version, os.getuid(), modules], sort_keys=True).encode())
    for path in sorted([Path(__file__), *ROLE.rglob("*")]):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md":
            digest.update(f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()[:12]


def _remove_unused() -> None:
    """Remove the prepared benches of earlier versions that no process uses."""
    for lock in CACHE.glob("demo-bench-*/in-use"):
        with lock.open() as file, contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent)


def _build(kept: Path, build: Callable[[Path], dict[str, int]]) -> None:
    """Build in a directory with a short path, because the path of a socket is limited; then move it."""
    folder = Path(tempfile.mkdtemp(prefix="bk-"))
    unfinished = kept.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        ports = build(folder)
        shutil.copytree(folder / "demo", unfinished / "demo", symlinks=True)
    finally:
        shutil.rmtree(folder)
    made = {"path": str(folder / "demo"), "ports": ports}
    (unfinished / "made.json").write_text(json.dumps(made))
    unfinished.rename(kept)


def copy_bench(kept: Path, target: Path, ports: dict[str, int]) -> None:
    """Copy the prepared bench, with the copy's own path and ports in every text."""
    made = json.loads((kept / "made.json").read_text())
    replaced = {made["path"]: str(target), **{str(made["ports"][name]): str(port) for name, port in ports.items()}}
    pattern = re.compile("|".join(rf"(?<!\d){re.escape(old)}(?!\d)" for old in replaced))

    def copy(source: Path, copied: Path) -> None:
        if source.is_symlink():
            copied.symlink_to(pattern.sub(lambda found: replaced[found[0]], os.readlink(source)))
        elif source.suffix in NOT_REWRITTEN:
            shutil.copy2(source, copied)
        else:
            copied.write_text(pattern.sub(lambda found: replaced[found[0]], source.read_text()))
            shutil.copymode(source, copied)

    for parent, folders, names in os.walk(kept / "demo"):
        here = target / Path(parent).relative_to(kept / "demo")
        here.mkdir()
        shutil.copymode(parent, here)
        if here.name == "site-packages":
            for name in {*folders, *names} - {"apps.pth"}:
                (here / name).symlink_to(Path(parent, name))
            names, folders[:] = [name for name in names if name == "apps.pth"], []
        linked = [name for name in folders if Path(parent, name).is_symlink()]
        for name in [*names, *linked]:
            copy(Path(parent, name), here / name)
