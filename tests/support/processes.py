# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that may end at any moment: their command lines, their descendants, and their end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import psutil


def command(process: psutil.Process) -> list[str]:
    """The command line of a process; empty if it has ended."""
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def family(pid: int) -> list[psutil.Process]:
    """A process and all its descendants, including workers of Ansible in their own sessions."""
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


def kill(processes: Iterable[psutil.Process]) -> None:
    """Send SIGKILL."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def end_all_below(folder: Path) -> None:
    """Kill every process whose command line names the directory, and its descendants."""
    named = [process for process in psutil.process_iter() if str(folder) in " ".join(command(process))]
    found = {one.pid: one for process in named for one in family(process.pid)}
    kill(found.values())
    psutil.wait_procs(list(found.values()), timeout=10)
