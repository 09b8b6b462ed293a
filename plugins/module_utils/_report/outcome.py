# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a run, in the sentences that end it. Pure; used by filters. No secret is in the results of a step."""

from __future__ import annotations

import typing as t

Results = t.Mapping[str, t.Mapping[str, t.Any]]

# Steps that write something that a verification meets; revoked tokens are none of it.
VERIFIED_STEPS = ("site_config", "clients", "api_keys", "edge")
NEW_PAIRS = ("created", "rotated", "removed")


def changed_sites(results: Results) -> list[str]:
    """Names of the sites that a step changed in a way that a verification can meet, each once.

    Args:
        results: the result of each step's module, by step. A step that did not run has no ``sites``.
    """
    rows = [row for step in VERIFIED_STEPS for row in _rows(results, step)]
    return list(dict.fromkeys(row["name"] for row in rows if row["changed"]))


def rotation_lines(results: Results) -> list[str]:
    """One line for each secret, API key or set of tokens that a rotation replaced or revoked, or would in check mode.

    Args:
        results: as for `changed_sites`.
    """
    return [
        *(f"{row['name']}: secret of {row['app_name'] or row['client_id']}" for row in _changed(results, "clients")),
        *(
            f"{row['name']}: API key of {user['user']} ({user['action']})"
            for row in _rows(results, "api_keys")
            for user in row["users"]
            if user["action"] in NEW_PAIRS
        ),
        *(f"{row['name']}: {row['revoked']} tokens and codes" for row in _changed(results, "tokens")),
    ]


def failure_message(failed: t.Mapping[str, str], faults: t.Mapping[str, str], names: t.Collection[str]) -> str:
    """Why a run ends failed; empty if nothing failed.

    Args:
        failed: message of each site that failed.
        faults: message of each step that failed for the whole bench.
        names: the sites that were worked on.
    """
    lines = [f"The step {step} failed for the whole bench: {msg}" for step, msg in faults.items()]
    if failed:
        lines.append(f"{len(failed)} of {_sites(len({*names, *failed}))} failed:")
        lines += [f"{site}: {msg}" for site, msg in failed.items()]
    return "\n".join(lines)


def problem_message(diagnosis: t.Mapping[str, t.Any]) -> str:
    """Why a verification ends failed, with every problem; empty if no site has one.

    Args:
        diagnosis: as `diagnose` gives it.
    """
    if not diagnosis["unhealthy"]:
        return ""
    amount = len(diagnosis["unhealthy"])
    lines = [f"{amount} of {_sites(len(diagnosis['sites']))} {'has' if amount == 1 else 'have'} problems:"]
    for site in diagnosis["sites"]:
        for problem in site["problems"]:
            found = f"[{problem['rule']}] {problem['where']}: {problem['found']}"
            lines.append(f"{site['name']}: {found}. {problem['remedy']}".rstrip())
    return "\n".join(lines)


def audit_message(summary: t.Mapping[str, int]) -> str:
    """What an audit found, in one sentence.

    Args:
        summary: the ``summary`` of `report_of`.
    """
    benches = "1 bench" if summary["benches"] == 1 else f"{summary['benches']} benches"
    return (
        f"{_sites(summary['sites'])} on {benches}: {summary['with_findings']} with findings, {summary['drifting']} not "
        f"as declared, {summary['unverified']} without a verification on record, {summary['unreadable']} unreadable"
    )


def _rows(results: Results, step: str) -> list[dict[str, t.Any]]:
    return (results.get(step) or {}).get("sites") or []


def _changed(results: Results, step: str) -> list[dict[str, t.Any]]:
    return [row for row in _rows(results, step) if row["changed"]]


def _sites(amount: int) -> str:
    return "1 site" if amount == 1 else f"{amount} sites"
