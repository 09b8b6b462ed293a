# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare names as the database does. Each database's rule is decided here."""

from __future__ import annotations

import typing as t
import unicodedata

Identity = t.Callable[[t.Optional[str]], str]


def folded(text: str | None) -> str:
    """The text as MariaDB's utf8mb4_unicode_ci compares it: without case, accents, width and trailing spaces.

    One difference is intended: the database treats all emoji as equal. This function does not.
    """
    plain = unicodedata.normalize("NFKD", (text or "").rstrip(" "))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def exact(text: str | None) -> str:
    """The text as Postgres and SQLite compare it."""
    return text or ""


EXACT = ("postgres", "sqlite")  # db_type, as Frappe names it


def identity(db_type: str | None) -> Identity:
    """The function that returns equal values for names that the site's database treats as equal.

    It applies to the names of documents, such as users. The names of OAuth clients are always compared with `folded`,
    because an inventory declares a client for sites on any database.
    """
    return exact if db_type in EXACT else folded
