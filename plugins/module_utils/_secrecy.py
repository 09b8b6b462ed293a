# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be shown of a value. Pure: no Ansible, no Frappe, no I/O."""

from __future__ import annotations

import re
import typing as t

HIDDEN, HIDDEN_NEW = "(hidden)", "(hidden, new)"  # what a diff shows of a secret, and of one that changes
SECRET_KEY = re.compile(
    r"(?:^|_)(?:password|passwd|secret|token|private_key|encryption_key|api_key|access_key)$", re.IGNORECASE
)
URL_PASSWORD = re.compile(r"(?<=://)[^/?#\s@]*:[^/?#\s]+(?=@)")


def looks_secret(key: str, value: t.Any) -> bool:
    """Does a configuration key, or one inside its value, hold a secret by its name, or a URL with a password in it?"""
    if isinstance(value, dict):
        return any(looks_secret(key, item) or looks_secret(inner, item) for inner, item in value.items())
    if isinstance(value, list):
        return any(looks_secret(key, item) for item in value)
    return bool(value) and isinstance(value, str) and bool(SECRET_KEY.search(str(key)) or URL_PASSWORD.search(value))


def told(value: t.Any) -> str:
    """A value as a message shows it: without the password that may stand in a URL."""
    return URL_PASSWORD.sub(HIDDEN, repr(value))
