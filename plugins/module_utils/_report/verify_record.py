# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verification results on the controller, so that an audit can report when a site was last verified. Pure.

A run may verify only some sites. Its results replace the old results of these sites. The other results are kept.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Verdict, VerifyRow

FORMAT = 1  # version of the record; records in other formats are ignored


class StepVerification(t.TypedDict):
    """The stored result of one step."""

    name: str
    verdict: str
    rule: str
    found: str
    reason: str
    remedy: str


class ClientVerification(t.TypedDict):
    """The stored result of one client. ``msg`` is set if no step ran."""

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
        kept: text of the previous record, or empty. An unreadable record is replaced.
        checks: rows of frappe_oauth_verify.
        at: time of the verification, in ISO 8601 with its offset.
        names: the bench's sites, if known. Results of other sites are removed.
    """
    sites = {name: verification for name, verification in read_record(kept).items() if names is None or name in names}
    verified: dict[str, list[VerifyRow]] = {}
    for row in checks:
        verified.setdefault(row["name"], []).append(row)
    return {"format": FORMAT, "sites": {**sites, **{name: _verification(rows, at) for name, rows in verified.items()}}}


def read_record(text: str) -> dict[str, LastVerification]:
    """The stored result of each site. Empty if the text is not a valid record."""
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
