# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result rows that the modules return, one per declaration, and what they are made of."""

from __future__ import annotations

import typing as t

Declared = t.Dict[str, t.Any]  # the site's name and every option of one declaration
Row = t.Dict[str, t.Any]  # a row of a report, or what Ansible hands over


class Diff(t.TypedDict):
    """What differs, by field: secrets are hidden."""

    before: dict[str, t.Any]
    after: dict[str, t.Any]


class FindingRow(t.TypedDict):
    """A finding, with what its rule says."""

    rule: str
    field: str
    found: str
    severity: str
    source: str
    remedy: str


class ResultRow(t.TypedDict):
    """What every module returns of a declaration."""

    name: str
    changed: bool
    action: str
    diff: Diff
    findings: list[FindingRow]
    failed: bool
    msg: str


class Applied(t.TypedDict):
    """What became of one declaration on its site, as plans and stores report it."""

    action: str
    changed: bool
    diff: Diff
    findings: list[FindingRow]


class ClientRow(Applied, total=False):
    """What frappe_oauth_client adds; after ``failed``, over REST, ``msg`` says why."""

    client_id: str | None
    app_name: str | None
    pruned: bool
    failed: bool
    msg: str


class KeyAction(t.TypedDict):
    """What became of the API key of one user."""

    user: str
    action: str


class KeyRow(Applied, total=False):
    """What frappe_user_api_key adds; ``failed`` where a secret is missing, with ``msg``."""

    users: list[KeyAction]
    needs_secret: list[str]
    failed: bool
    msg: str


class TokenCount(t.TypedDict):
    """How many tokens and codes of one client and user became what."""

    client_id: str
    app_name: str | None
    user: str
    action: str
    tokens: int
    codes: int


class TokenRow(Applied):
    """What frappe_oauth_token adds."""

    tokens: list[TokenCount]
    revoked: int
    deleted: int
    kept_live: int


class Verdict(t.TypedDict):
    """How one step of a verification ended."""

    name: str
    verdict: str
    rule: str
    expected: str
    found: str
    reason: str
    remedy: str


class VerifyRow(ResultRow):
    """What frappe_oauth_verify returns of one client of a site."""

    verified: bool
    steps: list[Verdict]
    url: str | None
    client_id: str | None
    app_name: str | None


class Reply(t.TypedDict, total=False):
    """What a worker answers of one site: ``reply``, whatever its job returns, or ``failed`` with the message."""

    site: str
    reply: t.Any
    failed: str
    bench_failed: str  # of the bench as a whole
    exception: str
    at: str


def row_of(name: str, **more: t.Any) -> t.Any:
    """A `ResultRow` of a site with nothing to do; ``more`` overrides that, and adds what the module adds."""
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


def failed_row(name: str, msg: str, **more: t.Any) -> t.Any:
    """A `ResultRow` of a site that got nothing."""
    return row_of(name, action="failed", failed=True, msg=msg, **more)


def failure(rows: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """The message of a task some of whose sites failed, with the list; empty if none did."""
    failed = {row["name"]: row["msg"] for row in rows if row["failed"]}
    if not failed:
        return ""
    known = {row["name"] for row in rows}
    return f"{len(failed)} of {len(known)} site(s) failed:\n" + "\n".join(
        f"{name}: {msg}" for name, msg in failed.items()
    )
