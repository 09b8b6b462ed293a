# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare names as the database does."""

from __future__ import annotations

import unicodedata


def folded(text: str | None) -> str:
    """The text as MariaDB's utf8mb4_unicode_ci compares it: without case, accents, width and trailing spaces.

    One difference is intended: the database treats all emoji as equal. This function does not.
    """
    plain = unicodedata.normalize("NFKD", (text or "").rstrip(" "))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()
