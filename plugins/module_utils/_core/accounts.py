# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of users and groups, for messages."""

from __future__ import annotations

import grp
import os
import pwd


def login_name(uid: int) -> str:
    """The login name of a user, or the uid if there is no account."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    """The name of a group, or the gid if there is none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def this_user() -> str:
    """The user that this process runs as: ``the user NAME``."""
    return f"the user {login_name(os.geteuid())}"
