# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exceptions that more than one package raises or catches."""

from __future__ import annotations


class Impossible(Exception):
    """The declaration conflicts with the current state of the site. The message contains the remedy."""


class WriteInCheckMode(Exception):
    """A write was attempted in check mode, which is a bug in this collection."""
