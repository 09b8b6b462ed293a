# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a bench as seen from outside: its files, databases, nginx and programs."""

from __future__ import annotations

import os
import runpy
import sqlite3
import subprocess
import time
from operator import itemgetter
from pathlib import Path

from checkout import ROOT

# Specific to the stand-in: writing with a different collation than that of the index corrupts the database.
COLLATION = itemgetter("NAME", "compare")(
    runpy.run_path(str(ROOT / "roles/demo_bench/files/stand_in/database/collation.py"))
)


class BenchState:
    """What a test compares before and after a run.

    Attributes:
        path: the bench.
        nginx: the prefix of its nginx.
        supervisorctl: the command that controls its programs.
        login_traces: tables in which the verification of a site leaves its login.
    """

    path: Path
    nginx: Path
    supervisorctl: list
    login_traces: tuple[str, ...]

    def files(self) -> dict[str, tuple]:
        """Every file and directory of the bench with mode, owner, time and content; without logs and databases."""
        taken: dict[str, tuple] = {}
        for path in sorted(self.path.rglob("*")):
            name = str(path.relative_to(self.path))
            if {"logs", "__pycache__"} & set(path.parts) or name.startswith(("env/", "apps/")):
                continue
            if path.suffix != ".db" and not name.endswith(("-wal", "-shm", "-journal", "/db")):
                taken[name] = look(path)
        return taken

    def tables(self) -> dict[str, object]:
        """The content of every site's database."""
        taken = {}
        for path in sorted(self.path.glob("sites/*/db/*.db")):
            with sqlite3.connect(path) as connection:
                connection.create_collation(*COLLATION)
                schema = sorted(connection.execute("select type, name, sql from sqlite_master").fetchall())
                taken[f"{path.parts[-3]}: schema"] = schema
                for table in (name for kind, name, _sql in schema if kind == "table"):
                    rows = connection.execute(f'select * from "{table}"')
                    taken[f"{path.parts[-3]}: {table}"] = sorted(map(repr, rows))
        return taken

    def snapshot(self) -> dict[str, object]:
        """Every file of the bench, every row of every database."""
        return {**self.files(), **self.tables()}

    def snapshot_without_logins(self) -> dict[str, object]:
        """The same without the traces of every login."""
        return {name: what for name, what in self.snapshot().items() if not name.endswith(self.login_traces)}

    def services(self) -> dict[str, object]:
        """The files of nginx, and every program of supervisor with its process."""
        taken: dict[str, object] = {}
        for path in sorted(self.nginx.rglob("*")):
            if not {"logs", "temp", "run"} & set(path.relative_to(self.nginx).parts):
                taken[f"nginx: {path.relative_to(self.nginx)}"] = look(path)
        for program, state in self.programs().items():
            taken[f"supervisor: {program}"] = state
        return taken

    def programs(self) -> dict[str, list[str]]:
        """The state and process of every program of supervisor, after all have started."""
        for _try in range(100):
            done = subprocess.run([*self.supervisorctl, "status"], capture_output=True, text=True, check=False)
            # name, RUNNING, "pid", its number; without the uptime, which always changes
            states = {name: state[:3] for name, *state in map(str.split, done.stdout.splitlines())}
            if not any(state[0] == "STARTING" for state in states.values()):
                break
            time.sleep(0.1)
        return states


def look(path: Path) -> tuple:
    """The mode, owner, time of change and content of a file, directory or link."""
    what = path.lstat()
    content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
    return (what.st_mode, what.st_uid, what.st_gid, what.st_mtime_ns, content)
