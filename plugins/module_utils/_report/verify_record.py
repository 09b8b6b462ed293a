# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of a verification on the controller, so that an audit can say when a site was last verified. Pure.

A run verifies some sites and not others, so a record is the old one with the sites of the new verification in place.
"""

from __future__ import annotations

import json
import typing as t

Row = t.Dict[str, t.Any]

FORMAT = 1  # of the record; another one is not read


def verify_record(kept: str, checks: list[Row], at: str, names: t.Collection[str] | None = None) -> Row:
    """The record of a bench after a verification.

    Args:
        kept: text of the record as it is, or empty. What cannot be read is replaced.
        checks: rows of frappe_oauth_verify.
        at: when that was, in ISO 8601 with its offset.
        names: the bench's sites, if known; what is kept of any other goes.
    """
    sites = {name: verification for name, verification in read_record(kept).items() if names is None or name in names}
    verified: dict[str, list[Row]] = {}
    for row in checks:
        verified.setdefault(row["name"], []).append(row)
    return {"format": FORMAT, "sites": {**sites, **{name: _verification(rows, at) for name, rows in verified.items()}}}


def read_record(text: str) -> dict[str, Row]:
    """The verification of each site; none of what is no record."""
    try:
        record = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(record, dict) or record.get("format") != FORMAT or not isinstance(record.get("sites"), dict):
        return {}
    return {
        name: verification
        for name, verification in record["sites"].items()
        if isinstance(verification, dict) and "clients" in verification
    }


def _verification(rows: list[Row], at: str) -> Row:
    return {
        "at": at,
        "verified": all(row["verified"] for row in rows),
        "failed": any(row["failed"] for row in rows),
        "clients": [
            {
                "app_name": row.get("app_name") or "",
                "client_id": row.get("client_id") or "",
                "url": row.get("url") or "",
                "verified": row["verified"],
                "msg": row["msg"] if not row["steps"] else "",
                "steps": [{part: step[part] for part in PARTS} for step in row["steps"]],
            }
            for row in rows
        ],
    }


PARTS = ("name", "verdict", "rule", "found", "reason", "remedy")
