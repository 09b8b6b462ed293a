# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of a verification on the controller, so that an audit can say when a site was last verified. Pure.

A run verifies some sites and not others, so a record is the old one with the sites of the new verification in place.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Verdict, VerifyRow

FORMAT = 1  # of the record; another one is not read


class StepVerification(t.TypedDict):
    """What is kept of one step."""

    name: str
    verdict: str
    rule: str
    found: str
    reason: str
    remedy: str


class ClientVerification(t.TypedDict):
    """What is kept of one client; ``msg`` where no step was taken."""

    app_name: str
    client_id: str
    url: str
    verified: bool
    msg: str
    steps: list[StepVerification]


class LastVerification(t.TypedDict):
    """The last verification of a site."""

    at: str
    verified: bool
    failed: bool
    clients: list[ClientVerification]


class VerificationRecord(t.TypedDict):
    """The last verification of each site of a bench."""

    format: int
    sites: dict[str, LastVerification]


def verify_record(
    kept: str, checks: list[VerifyRow], at: str, names: t.Collection[str] | None = None
) -> VerificationRecord:
    """The record of a bench after a verification.

    Args:
        kept: text of the record as it is, or empty. What cannot be read is replaced.
        checks: rows of frappe_oauth_verify.
        at: when that was, in ISO 8601 with its offset.
        names: the bench's sites, if known; what is kept of any other goes.
    """
    sites = {name: verification for name, verification in read_record(kept).items() if names is None or name in names}
    verified: dict[str, list[VerifyRow]] = {}
    for row in checks:
        verified.setdefault(row["name"], []).append(row)
    return {"format": FORMAT, "sites": {**sites, **{name: _verification(rows, at) for name, rows in verified.items()}}}


def read_record(text: str) -> dict[str, LastVerification]:
    """The verification of each site; none of what is no record."""
    try:
        record = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(record, dict) or record.get("format") != FORMAT or not isinstance(record.get("sites"), dict):
        return {}
    sites: dict[str, t.Any] = record["sites"]
    readable = {name: one for name, one in sites.items() if isinstance(one, dict) and "clients" in one}
    return t.cast("dict[str, LastVerification]", readable)


def _verification(rows: list[VerifyRow], at: str) -> LastVerification:
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
                "steps": [_step(step) for step in row["steps"]],
            }
            for row in rows
        ],
    }


def _step(step: Verdict) -> StepVerification:
    return {
        "name": step["name"],
        "verdict": step["verdict"],
        "rule": step["rule"],
        "found": step["found"],
        "reason": step["reason"],
        "remedy": step["remedy"],
    }
