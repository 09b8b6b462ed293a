# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of a run: find them, kill some of them at an instant, and find what remains."""

from __future__ import annotations

import contextlib
import random
import subprocess
import time
from collections.abc import Iterable

import psutil
from declared_states import SPAN
from demo_bench import Demo
from processes import command, family, kill

TARGETS = ["all", "all", "all", "controller", "module", "worker"]  # all is three times as likely as the others


def workers(ground: Demo, processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """The processes of the bench's Python that serve a module, without sudo."""
    python = str(ground.path / "env/bin/python")
    return [process for process in processes if command(process)[:2] == [python, "-I"]]


def modules(ground: Demo, processes: list[psutil.Process]) -> list[psutil.Process]:
    """The Python processes that run a module, except those of the bench's Python."""
    ours = ground.variables["ansible_python_interpreter"]
    return [process for process in processes if command(process) == [ours]]


def kill_all(process: subprocess.Popen) -> list[psutil.Process]:
    """Kill a run and all its descendants at one instant: all are stopped, then killed."""
    stopped: list[psutil.Process] = []
    while True:
        new = [one for one in family(process.pid) if one not in stopped]
        if not new:
            break
        for one in new:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.suspend()
        stopped += new
    kill(stopped)
    psutil.wait_procs(stopped, timeout=SPAN)
    return stopped


def wait_for(find, process: subprocess.Popen) -> list[psutil.Process]:
    """The processes of a run, as soon as there are any; none if the run ends first."""
    while process.poll() is None:
        found = find(family(process.pid))
        if found:
            return found
        time.sleep(0.01)
    return []


def kill_at(ground: Demo, process: subprocess.Popen, target: str, instant: float, chance: random.Random) -> bool:
    """Kill a run, or part of it, at an instant.

    Args:
        ground: the bench.
        process: the run.
        target: ``all``; ``controller``, whose modules continue as orphans; ``module`` or ``worker``.
        instant: seconds from now.
        chance: selects the instant within the lifetime of a module or a worker.

    Returns:
        Whether there was a process to kill.
    """
    try:
        process.wait(instant)
        return False
    except subprocess.TimeoutExpired:
        pass
    if target == "all":
        return bool(kill_all(process))
    if target == "controller":
        found = [one for one in family(process.pid) if any("ansible-playbook" in word for word in command(one)[:3])]
        kill(found)
        return bool(found)
    find = workers if target == "worker" else modules
    if wait_for(lambda processes: find(ground, processes), process):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.random() * 0.4)
        found = find(ground, family(process.pid)) or wait_for(lambda processes: find(ground, processes), process)
        kill(found)
        return bool(found)
    return False


def ended(process: subprocess.Popen) -> str:
    """The remaining output of a run. A run that hangs fails the test."""
    try:
        out, err = process.communicate(timeout=SPAN)
    finally:
        if process.poll() is None:
            kill_all(process)
    return out + err


def orphans(ground: Demo, since: float) -> list[psutil.Process]:
    """The workers of a killed run that still run."""
    return [one for one in workers(ground, psutil.process_iter()) if one.create_time() >= since]


def deciles(fractions: list[float]) -> str:
    """The number of instants in each tenth of the run."""
    counts = [0] * 10
    for fraction in fractions:
        counts[min(9, int(fraction * 10))] += 1
    return " ".join(map(str, counts))
