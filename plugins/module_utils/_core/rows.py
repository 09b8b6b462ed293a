# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result rows that every module returns, one per declaration."""

from __future__ import annotations

import typing as t

Row = t.Dict[str, t.Any]


def row_of(name: str, **more: t.Any) -> Row:
    """A result row that says: looked at, nothing to do; ``more`` says otherwise."""
    return {
        "name": name,
        "changed": False,
        "action": "unchanged",
        "diff": {"before": {}, "after": {}},
        "findings": [],
        "failed": False,
        "msg": "",
        **more,
    }


def failed_row(name: str, msg: str, **more: t.Any) -> Row:
    """A result row of a site that got nothing."""
    return row_of(name, action="failed", failed=True, msg=msg, **more)


def failure(rows: list[Row]) -> str:
    """The message of a task some of whose sites failed, with the list; empty if none did."""
    failed = {row["name"]: row["msg"] for row in rows if row["failed"]}
    if not failed:
        return ""
    known = {row["name"] for row in rows}
    return f"{len(failed)} of {len(known)} site(s) failed:\n" + "\n".join(
        f"{name}: {msg}" for name, msg in failed.items()
    )
