# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hypothesis profiles: few examples by default, many with ``--hypothesis-profile full``."""

from __future__ import annotations

import os

import hypothesis.configuration
from checkout import ROOT
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

BUILD = ROOT / "build" / "hypothesis"

hypothesis.configuration.set_hypothesis_home_dir(BUILD)
SHARED = {
    "database": DirectoryBasedExampleDatabase(BUILD / "examples"),
    "deadline": None,
    "derandomize": False,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow],  # the speed of the machine is not part of the property
}
settings.register_profile("ci", max_examples=100, **SHARED)
settings.register_profile("full", max_examples=1000, **SHARED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
