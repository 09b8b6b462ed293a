# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of YAML for the type of a value. Pure."""

from __future__ import annotations

import typing as t

# Ansible's subclasses of the plain types count as their base. A boolean of Python is also an integer.
WORDS = ((dict, "a mapping"), (list, "a list"), (str, "a string"), (bool, "a boolean"), (int, "a number"))


def type_name(value: t.Any) -> str:
    """The type of a value, as the author of an inventory calls it."""
    if value is None:
        return "null"
    words = (word for kind, word in (*WORDS, (float, "a number")) if isinstance(value, kind))
    return next(words, f"a value of the type {type(value).__name__}")
