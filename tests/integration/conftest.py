# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo bench that the integration tests share."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from demo import SITES, Demo
from kept import Keys


@pytest.fixture(scope="session")
def demo():
    folder = Path(tempfile.mkdtemp(prefix="bk-"))  # short: a socket lies below it
    bench = Demo(folder)
    try:
        yield bench
    finally:
        bench.stop()
        shutil.rmtree(folder)


@pytest.fixture
def keys(demo, tmp_path):
    """A bench without any API key, and a folder for a store of the test's own."""
    yield Keys(demo, tmp_path)
    for site in SITES:
        demo.execute(site, "update tabUser set api_key = null, api_secret = null")
        demo.execute(site, "delete from __Auth where fieldname = 'api_secret'")
