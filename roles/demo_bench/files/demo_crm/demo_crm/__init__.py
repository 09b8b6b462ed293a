# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A minimal second app for the demo bench, so that a site has an app besides frappe."""

from __future__ import annotations

__version__ = "0.1.0"
