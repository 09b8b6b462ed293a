# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exceptions that more than one package raises or catches."""

from __future__ import annotations


class Impossible(Exception):
    """The declaration and the state of the site are incompatible; the message says what to do."""


class WriteInCheckMode(Exception):
    """A write was attempted in check mode, which is a fault of this collection."""
