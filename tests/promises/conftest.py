# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options, bench and result table of the promise tests: promise, tries, failures."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkout import BIN
from declared_states import States, declared_states
from demo_bench import new_demo
from real_bench import RealBench


def pytest_addoption(parser):
    group = parser.getgroup("promises")
    group.addoption("--full", action="store_true", help="try every promise as often as make promises does")
    group.addoption(
        "--seed", type=int, default=int(time.time()), help="seed of all random choices; printed with the table"
    )
    group.addoption(
        "--core", metavar="FOLDER", action="append", help="directory of an additional ansible-playbook to test"
    )
    group.addoption("--ground", metavar="FILE", help="JSON: run on this real bench; see CONTRIBUTING.md")


class Trial:
    """The promises, how often each was tried, and the failures.

    Attributes:
        random: the source of all random choices of the promise tests.
        full: whether everything is tried as often as by `make promises`.
        cores: the directories of each ansible-playbook to test, starting with the one that runs the tests.
        rows: (promise, tries, number of failures).
    """

    def __init__(self, config: pytest.Config):
        self.full, self.seed = config.getoption("--full"), config.getoption("--seed")
        self.random = random.Random(self.seed)
        self.cores = [BIN, *(Path(folder).absolute() for folder in config.getoption("--core") or ())]
        self.rows: list[tuple[str, int, int]] = []

    def count(self, short: int, full: int) -> int:
        """The number of tries."""
        return full if self.full else short

    def add_row(self, promise: str, tries: int, failures: list) -> None:
        """Add a row to the table. Fail the test if anything failed, or if nothing was tried."""
        self.rows.append((promise, tries, len(failures)))
        assert not failures, f"{promise}: {len(failures)} of {tries} failed:\n" + "\n".join(map(str, failures[:20]))
        assert tries > 0, f"{promise}: nothing was tried"


@pytest.fixture(scope="session")
def trial(request):
    return request.config.trial


@pytest.fixture(scope="module")
def ground(request):
    """The bench to test on: a new demo bench for every file, or the real bench of --ground."""
    real = request.config.getoption("--ground")
    if not real:
        with new_demo() as bench:
            yield bench
        return
    assert not hasattr(request.config, "workerinput"), "--ground selects one real bench: leave out --numprocesses"
    with tempfile.TemporaryDirectory(prefix="bk-") as folder:
        yield RealBench(Path(folder), json.loads(Path(real).read_text()))


@pytest.fixture(scope="module")
def states(ground, tmp_path_factory) -> Iterator[States]:
    """Two declared states for the runs. They are removed at the end of the file."""
    with declared_states(ground, tmp_path_factory.mktemp("states")) as kept:
        yield kept


def pytest_configure(config):
    config.trial = Trial(config)


def pytest_sessionfinish(session):
    """A pytest-xdist worker sends its rows to the controller, which prints the table."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["trial"] = session.config.trial.rows


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    node.config.trial.rows += getattr(node, "workeroutput", {}).get("trial", [])


def pytest_terminal_summary(terminalreporter, config):
    trial = config.trial
    if not trial.rows:
        return
    width = max(len(promise) for promise, *rest in trial.rows)
    terminalreporter.section(f"promises, {'full' if trial.full else 'short'} form, --seed {trial.seed}")
    terminalreporter.write_line(f"{'promise':{width}}  {'tries':>7}  {'failures':>8}")
    for promise, tries, failures in trial.rows:
        terminalreporter.write_line(f"{promise:{width}}  {tries:>7}  {failures:>8}")
