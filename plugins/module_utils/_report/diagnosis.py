# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The diagnosis of a bench, from its verification and its facts. Pure; used by a filter."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import ResultRow, VerifyRow
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.summary import (
    FAILED,
    NOTHING_SELECTED,
    QUIET,
    REVIEW,
    Note,
    Summary,
    SummaryRow,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.catalogue import severity_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import NOTICE, WARNING
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import (
    SITE_BROKEN,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.course import STEPS
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import FAILED as STEP_FAILED
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import NOTICED

Row = t.Dict[str, t.Any]


class Entry(t.TypedDict):
    """One problem, warning or notice on a site."""

    severity: str
    rule: str
    where: str
    found: str
    reason: str
    remedy: str


class Notice(Entry):
    """Default behavior of Frappe that affects these sites."""

    sites: list[str]


class SiteDiagnosis(t.TypedDict):
    """The problems and warnings of one site."""

    name: str
    verified: bool
    asked: bool
    problems: list[Entry]
    warnings: list[Entry]


class Diagnosis(t.TypedDict):
    """The diagnosis of all sites. ``summary`` is shown at the end of the run."""

    sites: list[SiteDiagnosis]
    notices: list[Notice]
    unhealthy: list[str]
    summary: Summary


NO_FLOW = (
    "nothing was verified: the run used --check, or the inventory declares no client, CORS or rate limit for the site"
)
NO_FLOW_REMEDY = "Run verify.yml without --check, or add oauth_clients or cors to the site in oauth2_sites."


def diagnose(checks: list[VerifyRow], infos: list[ResultRow], exceptions: t.Collection[str] = ()) -> Diagnosis:
    """The problems and warnings of each site, and each notice once.

    Args:
        checks: rows of frappe_oauth_verify. Several rows of one site are combined.
        infos: rows of frappe_site_info, with findings.
        exceptions: ids of rules that are not reported.

    Returns:
        ``sites`` with ``name``, ``verified``, ``asked`` (whether a verification ran), ``problems`` and ``warnings``.
        Warnings do not make a site unhealthy.
        ``notices`` about default behavior of Frappe, each with the affected ``sites``.
        ``unhealthy``, the names of the sites with a problem.
        ``summary``, which is shown at the end of the run.
    """
    names = list(dict.fromkeys(row["name"] for row in [*checks, *infos]))
    sites: list[SiteDiagnosis] = []
    notices: dict[str, Notice] = {}
    for name in names:
        told = _unique(list(_checked(name, checks)), list(_read(name, infos)), exceptions)
        verifications = [row for row in checks if row["name"] == name]
        sites.append(
            {
                "name": name,
                "verified": bool(verifications) and all(row.get("verified") for row in verifications),
                "asked": bool(verifications),
                "problems": [entry for entry in told if entry["severity"] not in (WARNING, NOTICE)],
                "warnings": [entry for entry in told if entry["severity"] == WARNING],
            }
        )
        for entry in told:
            if entry["severity"] == NOTICE:
                notices.setdefault(entry["rule"], {**entry, "sites": []})["sites"].append(name)
    told_once = list(notices.values())
    return {
        "sites": sites,
        "notices": told_once,
        "unhealthy": [site["name"] for site in sites if site["problems"]],
        "summary": _summary(sites, told_once),
    }


def _entry(severity: str, rule: str, where: str, found: str, reason: str, remedy: str) -> Entry:
    return {"severity": severity, "rule": rule, "where": where, "found": found, "reason": reason, "remedy": remedy}


def _checked(name: str, checks: list[VerifyRow]) -> t.Iterator[Entry]:
    rows = [row for row in checks if row["name"] == name]
    seen = collections.Counter((step["rule"], step["name"], step["found"]) for row in rows for step in row["steps"])
    for row in rows:
        for step in row["steps"]:
            if step["verdict"] in (STEP_FAILED, NOTICED):
                severity = "problem" if step["verdict"] == STEP_FAILED else severity_of(step["rule"])
                everywhere = seen[step["rule"], step["name"], step["found"]] == len(rows)
                where = step["name"] if everywhere else _of_client(row, step["name"])
                yield _entry(severity, step["rule"], where, step["found"], step["reason"], step["remedy"])
        if row["failed"] and not row["steps"]:
            yield _entry("problem", SITE_BROKEN, "site", row["msg"], "", "")


def _of_client(row: VerifyRow, step: str) -> str:
    """The step with the client that it failed for, unless the step concerns the whole site."""
    client = row["app_name"] or row["client_id"]
    return f"client {client!r}: {step}" if client and not STEPS[step].of_site else step


def _read(name: str, infos: list[ResultRow]) -> t.Iterator[Entry]:
    for row in infos:
        if row["name"] != name:
            continue
        for finding in row["findings"]:
            yield _entry(
                finding["severity"], finding["rule"], finding["field"], finding["found"], "", finding["remedy"]
            )
        if row["failed"]:
            yield _entry("problem", SITE_BROKEN, "site", row["msg"], "", "")


def _unique(verified: list[Entry], read: list[Entry], exceptions: t.Collection[str]) -> list[Entry]:
    """Each entry once. If the verification and frappe_site_info report the same rule, the former is kept."""
    kept: dict[t.Any, Entry] = {}
    noticed = {entry["rule"] for entry in verified if entry["severity"] in (WARNING, NOTICE)}
    for entry in [*verified, *(entry for entry in read if entry["rule"] not in noticed)]:
        key = entry["rule"] if entry["severity"] == NOTICE else (entry["rule"], entry["where"], entry["found"])
        if entry["rule"] not in exceptions:
            kept.setdefault(key, entry)
    return list(kept.values())


def _summary(sites: list[SiteDiagnosis], notices: list[Notice]) -> Summary:
    notes: dict[tuple[str, str, str], Note] = {}
    for site in sites:
        for kind, entries in (("PROBLEM", site["problems"]), ("WARNING", site["warnings"])):
            for entry in entries:
                why = f" ({entry['reason']})" if entry["reason"] else ""
                text = f"{entry['where']}: {entry['found']}{why} [{entry['rule']}]"
                note: Note = {"kind": kind, "sites": [], "text": text, "remedy": entry["remedy"]}
                notes.setdefault((kind, text, entry["remedy"]), note)["sites"].append(site["name"])
    unknown = [site["name"] for site in sites if not site["asked"] and not site["problems"]]
    if unknown:
        notes["NOT VERIFIED", NO_FLOW, NO_FLOW_REMEDY] = {
            "kind": "NOT VERIFIED",
            "sites": unknown,
            "text": NO_FLOW,
            "remedy": NO_FLOW_REMEDY,
        }
    return {
        "title": "Diagnosis",
        "columns": ["result", "verified", "problems", "warnings"],
        "rows": [_row(site) for site in sites],
        "notes": list(notes.values()) if sites else [NOTHING_SELECTED],
        "notices": {notice["rule"]: notice["sites"] for notice in notices},
    }


def _row(site: SiteDiagnosis) -> SummaryRow:
    problems, warnings = len(site["problems"]), len(site["warnings"])
    cells = [
        "unhealthy" if problems else "healthy" if site["asked"] else "unknown",
        "yes" if site["verified"] else "no" if problems else "partly" if site["asked"] else "not run",
        str(problems or ""),
        str(warnings or ""),
    ]
    return {
        "site": site["name"],
        "state": FAILED if problems else REVIEW if warnings or not site["verified"] else QUIET,
        "cells": cells,
        "brief": cells,
    }
