# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watch a run: its output, its processes with arguments and environment, and its files."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import psutil


class Watched:
    """A run that is watched from start to end.

    Args:
        process: the run, with its output in pipes.
        folders: directories in which it may create files; they are searched continuously.

    Attributes:
        seen: text by the place in which it was seen.
        looks: the number of inspections of all processes.
    """

    def __init__(self, process: subprocess.Popen, folders: list[Path]):
        self.process, self.folders = process, folders
        self.seen: dict[str, set[str]] = {"arguments": set(), "environment": set(), "files": set()}
        self.looks = 0

    def until_end(self, kill_after: float | None = None) -> Watched:
        """Watch the run; kill the whole process tree after this number of seconds, if it still runs."""
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
        """The current arguments and environment of the run's processes, and the content of its files."""
        self.looks += 1
        for process in self.tree():
            for place, name in (("arguments", "cmdline"), ("environment", "environ")):
                try:
                    self.seen[place].add(Path(f"/proc/{process.pid}/{name}").read_bytes().decode(errors="replace"))
                except OSError:
                    pass  # it has ended
        self.look_at_files()

    def look_at_files(self) -> None:
        """All files in the directories."""
        for folder in self.folders:
            for parent, _folders, names in os.walk(folder):  # ignores a directory that is removed meanwhile
                for name in names:
                    try:
                        self.seen["files"].add(Path(parent, name).read_bytes().decode(errors="replace"))
                    except OSError:
                        pass  # it was removed

    def tree(self) -> list[psutil.Process]:
        """The run and all its descendants."""
        try:
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """Send SIGKILL to all. They are stopped first, so none starts another."""
        for sign in (signal.SIGSTOP, signal.SIGKILL):
            for process in self.tree():
                try:
                    os.kill(process.pid, sign)
                except ProcessLookupError:
                    pass


def hits(canaries: dict[str, str], seen: dict[str, set[str]]) -> list[str]:
    """Which canary was seen in which place, with the text around it."""
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
