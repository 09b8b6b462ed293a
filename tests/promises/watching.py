# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look over a run's shoulder: what it prints, its processes with arguments and environment, the files it leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import psutil


class Watched:
    """A run, watched from its start to its end.

    Args:
        process: the run, with its output in pipes.
        folders: where it may leave files; looked into all the time.

    Attributes:
        seen: text by the place where it was seen.
        looks: how often all processes were looked at.
    """

    def __init__(self, process: subprocess.Popen, folders: list[Path]):
        self.process, self.folders = process, folders
        self.seen: dict[str, set[str]] = {"arguments": set(), "environment": set(), "files": set()}
        self.looks = 0

    def until_end(self, kill_after: float | None = None) -> Watched:
        """Watch; SIGKILL the whole tree after so many seconds, if it still runs."""
        output: list[str] = []
        reader = threading.Thread(target=lambda: output.extend(self.process.communicate()), daemon=True)
        began = time.monotonic()
        reader.start()
        while reader.is_alive():
            self.look()
            if kill_after is not None and time.monotonic() - began > kill_after:
                self.kill()
            time.sleep(0.01)
        self.look_at_files()
        self.seen["terminal"] = set(output)
        return self

    def look(self) -> None:
        """Arguments and environment of the run's processes, and the content of its files, as they are now."""
        self.looks += 1
        for process in self.tree():
            for place, name in (("arguments", "cmdline"), ("environment", "environ")):
                try:
                    self.seen[place].add(Path(f"/proc/{process.pid}/{name}").read_bytes().decode(errors="replace"))
                except OSError:
                    pass  # it has ended
        self.look_at_files()

    def look_at_files(self) -> None:
        """Every file below the folders."""
        for folder in self.folders:
            for parent, _folders, names in os.walk(folder):  # which does not mind a folder that goes meanwhile
                for name in names:
                    try:
                        self.seen["files"].add(Path(parent, name).read_bytes().decode(errors="replace"))
                    except OSError:
                        pass  # it is gone again

    def tree(self) -> list[psutil.Process]:
        """The run and all that came from it."""
        try:
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """SIGKILL to all, stopped first so that none starts another meanwhile."""
        for sign in (signal.SIGSTOP, signal.SIGKILL):
            for process in self.tree():
                try:
                    os.kill(process.pid, sign)
                except ProcessLookupError:
                    pass


def hits(canaries: dict[str, str], seen: dict[str, set[str]]) -> list[str]:
    """Which canary was seen where, with what stands around it."""
    found = []
    for name, secret in canaries.items():
        for place, texts in seen.items():
            for text in texts:
                at = text.find(secret)
                if at >= 0:
                    around = text[max(0, at - 120) : at + len(secret) + 40]
                    found.append(f"{name} in {place}: ...{around!r}...".replace(secret, "(the secret)"))
                    break
    return found
