# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result rows that the modules return, one per declaration, and their parts."""

from __future__ import annotations

import re
import typing as t

Declared = t.Dict[str, t.Any]  # the site's name and every option of one declaration
Row = t.Dict[str, t.Any]  # a row of a report, or options from Ansible


class Diff(t.TypedDict):
    """The differences by field. Secrets are hidden."""

    before: dict[str, t.Any]
    after: dict[str, t.Any]


class FindingRow(t.TypedDict):
    """A finding together with the severity, source and remedy of its rule."""

    rule: str
    field: str
    found: str
    severity: str
    source: str
    remedy: str


class ResultRow(t.TypedDict):
    """The fields that every module returns per declaration."""

    name: str
    changed: bool
    action: str
    diff: Diff
    findings: list[FindingRow]
    failed: bool
    msg: str


class Applied(t.TypedDict):
    """The result of one declaration on its site, as the bench client and the REST client report it."""

    action: str
    changed: bool
    diff: Diff
    findings: list[FindingRow]


class ClientRow(Applied, total=False):
    """The fields that frappe_oauth_client adds. Over REST, ``msg`` is the reason if ``failed`` is true."""

    client_id: str | None
    app_name: str | None
    pruned: bool
    failed: bool
    msg: str


class KeyAction(t.TypedDict):
    """The action taken for the API key of one user."""

    user: str
    action: str


class KeyRow(Applied, total=False):
    """The fields that frappe_user_api_key adds. If a secret is missing, ``failed`` is true and ``msg`` is set."""

    users: list[KeyAction]
    needs_secret: list[str]
    failed: bool
    msg: str


class TokenCount(t.TypedDict):
    """The number of tokens and codes of one client and user per action."""

    client_id: str
    app_name: str | None
    user: str
    action: str
    tokens: int
    codes: int


class TokenRow(Applied):
    """The fields that frappe_oauth_token adds."""

    tokens: list[TokenCount]
    revoked: int
    deleted: int
    kept_live: int


class VerdictOfSet(t.TypedDict, total=False):
    """``site``: the equal site that took this step, if it was not the row's own."""

    site: str


class Verdict(VerdictOfSet):
    """The result of one verification step."""

    name: str
    verdict: str
    rule: str
    expected: str
    found: str
    reason: str
    remedy: str


class VerifyRow(ResultRow):
    """The fields that frappe_oauth_verify returns for one client of a site."""

    verified: bool
    steps: list[Verdict]
    requests: int
    left: list[str]
    url: str | None
    client_id: str | None
    app_name: str | None


class Reply(t.TypedDict, total=False):
    """A worker's reply for one site: ``reply`` with the return value of its job, or ``failed`` with the message."""

    site: str
    reply: t.Any
    failed: str
    bench_failed: str  # the failure concerns the whole bench
    exception: str
    at: str


def row_of(name: str, **more: t.Any) -> t.Any:
    """A `ResultRow` of an unchanged site. ``more`` overrides fields and adds those of the module."""
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
    """A `ResultRow` of a failed site."""
    return row_of(name, action="failed", failed=True, msg=msg, **more)


def failure(rows: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """The failure message of a task, with a list of the failed sites. Empty if no site failed."""
    known, failed = {row["name"] for row in rows}, reasons(rows)
    if not failed:
        return ""
    sites = "site" if len(known) == 1 else "sites"
    lines = [f"{name}: {reason}" for name, text in failed.items() for reason in split_reasons(text)]
    return "\n".join([f"{len(failed)} of {len(known)} {sites} failed:", *lines])


def reasons(rows: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, str]:
    """Why each site failed, with one line per reason. A failed verification step names its client.

    Args:
        rows: result rows of a module. A site may have several, one per declaration.

    Returns:
        The reasons by site, for `split_reasons`. Further lines of one reason are indented.
    """
    found: dict[str, dict[str, list[t.Any]]] = {}
    for row in rows:
        client = (row.get("app_name") or row.get("client_id")) if row.get("steps") else None
        texts = row["msg"].splitlines() if row.get("steps") else [row["msg"].strip().replace("\n", "\n  ")]
        for text in texts if row["failed"] else ():
            found.setdefault(row["name"], {}).setdefault(text, []).append(client)
    return {
        site: "\n".join(
            f"client {clients[0]!r}: {text}" if clients[0] and len(clients) == 1 else text
            for text, clients in texts.items()
        )
        for site, texts in found.items()
    }


def split_reasons(text: str) -> list[str]:
    """The single reasons in a text of `reasons`."""
    return re.split(r"\n(?! )", text)
