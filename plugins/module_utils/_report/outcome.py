# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The final messages of a run. Pure; used by filters. The results of the steps contain no secrets."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import reasons, split_reasons
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.variables import in_role
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.report_rows import BenchPart, SiteReport
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.summary import (
    CHANGED,
    FAILED,
    QUIET,
    REVIEW,
    SHARED,
    Note,
    Summary,
    SummaryRow,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import WARNING

Results = t.Mapping[str, t.Mapping[str, t.Any]]

# Steps whose changes can affect a verification. Revoked tokens cannot.
VERIFIED_STEPS = ("site_config", "clients", "api_keys", "edge")
NEW_PAIRS = ("created", "rotated", "removed")


def changed_sites(results: Results) -> list[str]:
    """Names of the sites with a change that can affect a verification, each once.

    The rate limit belongs to no single site. If only the limit changed, every site of the step edge changed.

    Args:
        results: the result of each step's module, by step. A step that did not run has no ``sites``.
    """
    rows = [row for step in VERIFIED_STEPS for row in _rows(results, step)]
    edge = _rows(results, "edge")
    limit = results.get("edge", {}).get("changed") and not any(row["changed"] for row in edge)
    changed = [row for row in rows if row["changed"]] + (edge if limit else [])
    return list(dict.fromkeys(row["name"] for row in changed))


def failed_sites(rows: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, str]:
    """The reasons of each site that failed, in the order of the rows, one per line.

    A step may have several rows for one site, such as one per client. The first reason often has the cause, and the
    last one only its consequence.

    Args:
        rows: ``sites`` of the result of a step's module.
    """
    return reasons(rows)


def rotation_summary(results: Results, check: bool) -> Summary:
    """What a rotation replaced or revoked, or would replace or revoke in check mode, one row per site.

    Args:
        results: as for `changed_sites`.
        check: whether the run was in check mode, so that nothing was written.
    """
    rotated: dict[str, dict[str, list[str]]] = {}
    for row in _changed(results, "clients"):
        names = rotated.setdefault(row["name"], {}).setdefault("client secret", [])
        names.append(f"client secret of {row['app_name'] or row['client_id']}")
    for row in _rows(results, "api_keys"):
        keys = [_key(user) for user in row["users"] if user["action"] in NEW_PAIRS]
        if keys:
            rotated.setdefault(row["name"], {}).setdefault("API key", []).extend(keys)
    for row in _changed(results, "tokens"):
        revoked = "1 token or code" if row["revoked"] == 1 else f"{row['revoked']} tokens and codes"
        rotated.setdefault(row["name"], {}).setdefault("token revocation", []).append(revoked)
    return {
        "title": "Rotation",
        "columns": ["would be rotated or revoked" if check else "rotated or revoked"],
        "rows": [
            {
                "site": site,
                "state": CHANGED,
                "cells": ["; ".join(text for texts in kinds.values() for text in texts)],
                "brief": [", ".join(_counted(len(texts), kind) for kind, texts in kinds.items())],
            }
            for site, kinds in rotated.items()
        ],
        "notes": [],
        "notices": {},
    }


def _key(user: t.Mapping[str, str]) -> str:
    other = "" if user["action"] == "rotated" else f" ({user['action']})"
    return f"API key of {user['user']}{other}"


def failure_message(failed: t.Mapping[str, str], faults: t.Mapping[str, str], names: t.Collection[str]) -> str:
    """The error message of a failed run. Empty if nothing failed.

    Args:
        failed: message of each site that failed.
        faults: message of each step that failed for the whole bench.
        names: the sites that were processed.
    """
    lines = [f"The step {step} failed for the whole bench: {in_role(msg)}" for step, msg in faults.items()]
    if failed:
        lines.append(f"{len(failed)} of {_sites(len({*names, *failed}))} failed:")
        lines += [f"{site}: {in_role(reason)}" for site, msg in failed.items() for reason in split_reasons(msg)]
    return "\n".join(lines)


def problem_message(diagnosis: t.Mapping[str, t.Any]) -> str:
    """The error message of a verification with every problem. Empty if no site has one.

    Args:
        diagnosis: as `diagnose` returns it.
    """
    if not diagnosis["unhealthy"]:
        return ""
    amount = len(diagnosis["unhealthy"])
    lines = [f"{amount} of {_sites(len(diagnosis['sites']))} {'is' if amount == 1 else 'are'} unhealthy:"]
    for site in diagnosis["sites"]:
        for problem in site["problems"]:
            why = f" ({problem['reason']})" if problem.get("reason") else ""
            found = f"{problem['where']}: {problem['found']}{why} [{problem['rule']}]"
            lines.append(f"{site['name']}: {found}. {problem['remedy']}".rstrip())
    return "\n".join(lines)


class AuditSummary(Summary):
    """``failure`` is the message about a bench or sites that could not be read. Empty if all could be read."""

    failure: str


def audit_summary(part: BenchPart) -> AuditSummary:
    """What an audit found on one bench.

    Args:
        part: the part of the report about the bench, as `bench_part` returns it.
    """
    notes: dict[tuple[str, str, str], Note] = {}

    def note(kind: str, site: str, text: str, remedy: str = "") -> None:
        empty: Note = {"kind": kind, "sites": [], "text": text, "remedy": remedy}
        notes.setdefault((kind, text, remedy), empty)["sites"].append(site)

    if part["bench"]["fault"]:
        note("FAILED", SHARED, " ".join(part["bench"]["fault"].split()))
    notices: dict[str, list[str]] = {}
    for site in part["sites"]:
        if not site["readable"] and site["why"] != part["bench"]["fault"]:
            note("FAILED", site["name"], " ".join(site["why"].split()))
        for finding in site["findings"]:
            text = f"{finding['field']}: {finding['found']} [{finding['rule']}]"
            note("WARNING" if finding["severity"] == WARNING else "PROBLEM", site["name"], text, finding["remedy"])
        for finding in site["notices"]:
            notices.setdefault(finding["rule"], []).append(site["name"])
    return {
        "title": "Audit",
        "columns": ["readable", "findings", "drift", "verified"],
        "rows": [_audited(site) for site in part["sites"]],
        "notes": list(notes.values()),
        "notices": {rule: list(dict.fromkeys(sites)) for rule, sites in notices.items()},
        "failure": unread_message(part),
    }


def _audited(site: SiteReport) -> SummaryRow:
    drift, findings, last = len(site["drift"]), len(site["findings"]), site["verification"]
    cells = [
        "yes" if site["readable"] else "no",
        str(findings or ""),
        str(drift or ("unknown" if site["drift_unknown"] else "")),
        "never" if last is None else f"{'yes' if last['verified'] else 'no'}, {last['at'][:10]}",
    ]
    state = FAILED if not site["readable"] else CHANGED if drift else REVIEW if findings or last is None else QUIET
    return {"site": site["name"], "state": state, "cells": cells, "brief": cells}


def unread_message(part: BenchPart) -> str:
    """The error message of an audit: the bench or the sites that could not be read. Empty if all could be read."""
    fault = part["bench"]["fault"]
    lines = [fault] if fault else []
    unread = [site for site in part["sites"] if not site["readable"] and site["why"] != fault]
    if unread:
        lines.append(f"{len(unread)} of {_sites(len(part['sites']))} could not be read:")
        lines += [f"{site['name']}: {site['why']}" for site in unread]
    return "\n".join(lines)


def _rows(results: Results, step: str) -> list[dict[str, t.Any]]:
    return (results.get(step) or {}).get("sites") or []


def _changed(results: Results, step: str) -> list[dict[str, t.Any]]:
    return [row for row in _rows(results, step) if row["changed"]]


def _sites(amount: int) -> str:
    return _counted(amount, "site")


def _counted(amount: int, thing: str) -> str:
    return f"1 {thing}" if amount == 1 else f"{amount} {thing}s"
