# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the contract tests, the bench under test, and the totals that are printed.

By default, a demo bench in a temporary directory is compared with the recordings of a real Frappe v15. The cases in
left_out.json are skipped. With --real-bench, the comparison runs on an existing bench and skips no case.
"""

from __future__ import annotations

import json

import pytest
from contract_bench import DemoBench, RealBench
from contract_compare import Comparison
from demo_bench import bench_python


def pytest_addoption(parser):
    group = parser.getgroup("contract")
    group.addoption(
        "--bench-python",
        help="Python with the demo bench's requirements; default: that of the prepared bench in .cache/",
    )
    group.addoption("--real-bench", metavar="ARGSFILE", help="JSON: see tests/contract/README.md")


@pytest.fixture(scope="session")
def bench(request, tmp_path_factory):
    argsfile = request.config.getoption("--real-bench")
    if argsfile:
        with open(argsfile) as f:
            found = RealBench(json.load(f))
    else:
        python = request.config.getoption("--bench-python") or bench_python()
        found = DemoBench(tmp_path_factory.mktemp("contract"), str(python))
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="session")
def comparison(bench, request):
    """Both recorders. Each runs when it is first used."""
    found = {}

    def compared(kind):
        if kind not in found:
            found[kind] = Comparison(kind, bench.record(kind), everything=bench.everything)
        return found[kind]

    request.config.contract_comparisons = found
    return compared


def pytest_terminal_summary(terminalreporter, config):
    for comparison in getattr(config, "contract_comparisons", {}).values():
        terminalreporter.write_line(comparison.totals())
