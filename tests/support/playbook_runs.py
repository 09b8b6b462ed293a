# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of ansible-playbook: while it runs, and its output."""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

# One directory per process: the collection does not change while it runs tests.
_packed_modules = tempfile.TemporaryDirectory(prefix="bk-modules-")


def with_cache(core: Path) -> list:
    """The command of ansible-playbook, with a cache of packed modules that outlives the run.

    Args:
        core: the directory of ansible-playbook.
    """
    cache = Path(_packed_modules.name, str(core).strip("/"))
    cache.mkdir(parents=True, exist_ok=True)
    return [core / "python", Path(__file__).with_name("playbook_with_cache.py"), cache]


class Run:
    """The result of one ansible-playbook run.

    Attributes:
        status: the exit status.
        output: the whole output.
        results: the result of each task by its name, without the role's name.
        stats: the recap of the host.
    """

    def __init__(self, done: subprocess.CompletedProcess):
        self.status, self.output = done.returncode, done.stdout + done.stderr
        start = done.stdout.find("{\n")
        report = json.loads(done.stdout[start:]) if start >= 0 else {"plays": [], "stats": {}}
        self.results = {}
        for play in report["plays"]:
            for task in play["tasks"]:
                self.results[task["task"]["name"].rpartition(" : ")[2]] = task["hosts"].get("localhost", {})
        self.stats = report["stats"].get("localhost", {})

    @property
    def changed(self) -> int:
        """The number of changed tasks."""
        return self.stats["changed"]

    def rows(self, task: str) -> dict[str, dict]:
        """The result rows of a module's task, by site."""
        return {row["name"]: row for row in self.results[task]["sites"]}


class Started(subprocess.Popen):
    """A run whose output is read continuously: a full pipe would block it."""

    def __init__(self, command: list, **options: object):
        super().__init__(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
        self._said: dict[int, str] = {}
        self._readers = [
            threading.Thread(target=self._read, args=(number, stream), daemon=True)
            for number, stream in enumerate((self.stdout, self.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, number: int, stream: IO[str]) -> None:
        self._said[number] = stream.read()

    def communicate(self, input: None = None, timeout: float | None = None) -> tuple[str, str]:
        """The whole output, up to the end of the run and of all orphans that hold its output open.

        Raises:
            subprocess.TimeoutExpired: it takes longer than this number of seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        for reader in self._readers:
            reader.join(None if end is None else max(0, end - time.monotonic()))
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout)
        self.wait()
        return self._said[0], self._said[1]
