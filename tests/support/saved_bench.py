# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Save the files and databases of a demo bench, and restore them after each test of a file."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench_state import COLLATION, look
from demo_bench import Demo
from edge_requests import reload_nginx

# Below the directory of the demo: what a test may change. Logs and compiled files are not part of the state.
RESTORED = ("frappe-bench/apps", "frappe-bench/config", "frappe-bench/sites", "nginx/benchkeeper.d", "nginx/conf.d")
NOT_SAVED = {"logs", "__pycache__"}
OF_SQLITE = (".db-wal", ".db-shm", ".db-journal")


class SavedBench:
    """The files and databases of a bench at one moment.

    Args:
        demo: the bench.
        more: other directories to restore, such as a secrets store.
    """

    def __init__(self, demo: Demo, *more: Path):
        self.demo, self.kept = demo, Path(tempfile.mkdtemp(prefix="saved-", dir=demo.folder))
        self.folders = [*(demo.folder / "demo" / name for name in RESTORED), *more]
        for folder in self.folders:
            for path in files_of(folder):
                copy(path, self.copy_of(path))
        self.state = self.look()

    def copy_of(self, path: Path) -> Path:
        """Where the saved file is."""
        return self.kept / path.relative_to("/")

    def look(self) -> dict[str, object]:
        """Everything that is restored, without times: files with mode, owner and content, databases with their rows."""
        found: dict[str, object] = dict(self.demo.tables())
        for path in (path for folder in self.folders for path in files_of(folder) if path.suffix != ".db"):
            mode, uid, gid, _time, content = look(path)
            found[str(path)] = (mode, uid, gid, content)
        return found

    def restore(self) -> None:
        """Restore every file and database that differs, reload nginx if needed, and compare with the saved state."""
        changed = self.changed()
        if not changed:
            return
        for folder in self.folders:
            for path in reversed(list(files_of(folder))):
                if not os.path.lexists(self.copy_of(path)):
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            for kept in files_of(self.copy_of(folder)):
                path = Path("/") / kept.relative_to(self.kept)
                if path.suffix == ".db" and path.exists():
                    copy_database(kept, path)
                elif not os.path.lexists(path) or look(path) != look(kept):
                    copy(kept, path)
        if any("nginx" in name for name in changed):
            reload_nginx(self.demo)
        assert not self.changed(), f"not restored: {self.changed()}"

    def changed(self) -> list[str]:
        """The files and tables that differ from the saved ones."""
        now = self.look()
        return [name for name in now.keys() | self.state.keys() if now.get(name) != self.state.get(name)]


def files_of(folder: Path) -> Iterator[Path]:
    """Every file, link and directory below a directory, and the directory; parents come before their content."""
    if folder.exists():
        yield folder
        for path in sorted(folder.rglob("*")):
            if not NOT_SAVED & set(path.parts) and not path.name.endswith(OF_SQLITE):
                yield path


def copy(source: Path, target: Path) -> None:
    """Copy a file, link or directory with its mode and times. A directory is copied without its content."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir() and not source.is_symlink():
        target.mkdir(exist_ok=True)
        shutil.copystat(source, target)
        return
    if os.path.lexists(target):
        target.unlink()
    if source.suffix == ".db":
        copy_database(source, target)
    else:
        shutil.copy2(source, target, follow_symlinks=False)


def copy_database(source: Path, target: Path) -> None:
    """Copy through SQLite, because the web process may have the database open."""
    with sqlite3.connect(source) as one, sqlite3.connect(target) as other:
        for connection in (one, other):
            connection.create_collation(*COLLATION)
        one.backup(other)
    one.close()
    other.close()
