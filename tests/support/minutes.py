# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``--minutes``: a table of the time that each test file takes, most expensive first.

The figures are seconds of one process. With two processes, a run takes half of their sum.
"""

from __future__ import annotations

import collections
from pathlib import PurePosixPath

import pytest

# By test file: the seconds of its fixtures, the seconds of its tests, and the number of tests.
_spent: dict[str, list[float]] = collections.defaultdict(lambda: [0.0, 0.0, 0])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--minutes", action="store_true", help="show a table of the seconds that each test file takes")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    row = _spent[report.nodeid.partition("::")[0]]
    row[report.when == "call"] += report.duration
    row[2] += report.when == "call"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not config.getoption("--minutes"):
        return
    terminalreporter.section("seconds by directory and file: fixtures, tests, number of tests")
    folders: dict[str, list[float]] = collections.defaultdict(lambda: [0.0, 0.0, 0])
    for name, row in _spent.items():
        folder = folders["/".join(PurePosixPath(name).parts[:2])]
        folder[:] = [one + other for one, other in zip(folder, row)]
    for names in (folders, _spent):
        for name, (fixtures, tests, number) in sorted(names.items(), key=lambda item: -item[1][0] - item[1][1]):
            if fixtures + tests >= 1:
                terminalreporter.write_line(f"{fixtures:8.1f} {tests:8.1f} {number:6.0f}  {name}")
