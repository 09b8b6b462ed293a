# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo bench that the integration tests share."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from demo import Demo


@pytest.fixture(scope="session")
def demo():
    folder = Path(tempfile.mkdtemp(prefix="bk-"))  # short: a socket lies below it
    bench = Demo(folder)
    try:
        yield bench
    finally:
        bench.stop()
        shutil.rmtree(folder)
