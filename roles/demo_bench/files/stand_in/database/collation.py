# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare texts like MariaDB's utf8mb4_unicode_ci: without case, accents and trailing spaces.

The recorded cases `client.filter.*` define the expected results. Non-Latin letters are folded with Unicode's own
tables. MariaDB's tables (UCA 4.0.0) differ for some letters, such as Cyrillic short i, which has its own weight there.
Different texts are ordered by their folded characters, not by MariaDB's weights.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

NAME = "utf8mb4_unicode_ci"
SUPPLEMENTARY = "\ufffd"  # all characters beyond the first plane have the same weight
SOFT_HYPHEN = "\u00ad"


@lru_cache(maxsize=4096)
def _weight(char: str) -> str:
    if ord(char) > 0xFFFF:
        return SUPPLEMENTARY
    if char == SOFT_HYPHEN or char in "\t\n\x0b\x0c\r":
        return char
    folded = unicodedata.normalize("NFKD", char).casefold()
    folded = unicodedata.normalize("NFKD", folded)
    return "".join(c for c in folded if unicodedata.category(c) not in ("Mn", "Me", "Cf", "Cc"))


@lru_cache(maxsize=4096)
def sort_key(text: str) -> str:
    """Return the sort key of a text. MariaDB treats texts with the same key as equal."""
    return "".join(map(_weight, text.rstrip(" "))).rstrip(" ")


def compare(a: str, b: str) -> int:
    a, b = sort_key(a), sort_key(b)
    return (a > b) - (a < b)


def _same(a: str, b: str) -> bool:
    if max(ord(a), ord(b)) > 0xFFFF:
        return a == b
    return a == b or _weight(a) == _weight(b)


def like(pattern, text) -> bool | None:
    """Implement LIKE. It compares character by character, so it is stricter than `=`. `\\` escapes `%` and `_`."""
    if pattern is None or text is None:
        return None
    pattern, text = str(pattern), str(text)
    tokens, i = [], 0
    while i < len(pattern):
        if pattern[i] == "\\" and i + 1 < len(pattern):
            i += 1
            tokens.append(("char", pattern[i]))
        else:
            tokens.append(({"%": "any", "_": "one"}.get(pattern[i], "char"), pattern[i]))
        i += 1
    reach = {0}  # the positions in the text that the tokens so far can reach
    for kind, char in tokens:
        if kind == "any":
            reach = set(range(min(reach), len(text) + 1)) if reach else reach
        else:
            reach = {p + 1 for p in reach if p < len(text) and (kind == "one" or _same(char, text[p]))}
    return len(text) in reach
