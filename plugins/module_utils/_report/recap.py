# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run changed and verified, and what requires action, from the results of its steps. Pure."""

from __future__ import annotations

import dataclasses
import typing as t
from types import MappingProxyType

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import split_reasons
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.variables import in_role
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.reload import BENCH_KEYS
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.summary import (
    CHANGED,
    FAILED,
    NOTHING_SELECTED,
    QUIET,
    REVIEW,
    SHARED,
    Note,
    Summary,
    SummaryRow,
    listed,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import NOTICE

Row = t.Dict[str, t.Any]
Own = t.Dict[str, t.Dict[str, t.List[Row]]]  # by site and step

NOTHING, NOT_ASKED, IN_CHECK_MODE, IN_PART = "nothing", "not run", "check mode", "partly"


def recap(
    names: list[str],
    results: dict[str, Row],
    failed: dict[str, str],
    check: bool = False,
    common: str = "",
    faults: t.Mapping[str, str] = MappingProxyType({}),
) -> Summary:
    """What a run changed, what it verified, and what requires action.

    Args:
        names: the sites that were processed.
        results: the result of each step's module: site_config, clients, api_keys, tokens, edge, verify. A step that did
            not run has no ``sites``.
        failed: message of each site that failed.
        check: whether the run was in check mode, so that nothing was written.
        common: name of the row for common_site_config.json.
        faults: message of each step that failed for the whole bench.
    """
    own: Own = {}
    for step, result in results.items():
        for row in result.get("sites") or ():
            own.setdefault(row["name"], {}).setdefault(step, []).append(row)
    rows = [_row(name, own.get(name, {}), failed, check) for name in dict.fromkeys([*names, *own, *failed])]
    rows = [row for row in rows if row["site"] != common or row["state"] != QUIET]
    edge = results.get("edge", {})
    if edge.get("changed") and not any(row["changed"] for row in edge.get("sites") or ()):
        # for example the rate limit, which applies to all sites
        rows.append(_shared(CHANGED, f"{LABELS['edge']} (shared by all sites)", LABELS["edge"]))
    if faults:
        rows.append(_shared(FAILED, NOTHING, NOTHING))
    nothing = [] if names or failed or faults else [NOTHING_SELECTED]
    of_the_bench = {f"step {step} (whole bench)": " ".join(msg.split()) for step, msg in faults.items()}
    return {
        "title": "Recap",
        "columns": ["would change" if check else "changed", "verified", "findings", "result"],
        "rows": rows,
        "notes": [
            *nothing,
            *_failures({**failed, **of_the_bench}),
            *_gaps(own),
            *_findings_once(results),
            *_left_to_bench(own),
        ],
        "notices": {},
    }


def _row(name: str, own: dict[str, list[Row]], failed: dict[str, str], check: bool) -> SummaryRow:
    changed = {}
    for step, text in STEPS.items():
        texts = [text(row) for row in own.get(step, ()) if row["changed"]]
        if texts:
            changed[step] = f"{LABELS[step]} ({listed([one for some in texts for one in some])})"
    findings = len({_key(finding) for rows in own.values() for row in rows for finding in _findings(row)})
    verified = IN_CHECK_MODE if check else _verified(own.get("verify", []))
    if name in failed:
        state = FAILED
    else:
        state = CHANGED if changed else REVIEW if findings or verified == IN_PART else QUIET
    rest = [verified, str(findings or ""), _result(state)]
    return {
        "site": name,
        "state": state,
        "cells": ["; ".join(changed.values()) or NOTHING, *rest],
        "brief": [", ".join(LABELS[step] for step in changed) or NOTHING, *rest],
    }


def _shared(state: str, changed: str, brief: str) -> SummaryRow:
    rest = [NOT_ASKED, "", _result(state)]
    return {"site": SHARED, "state": state, "cells": [changed, *rest], "brief": [brief, *rest]}


def _result(state: str) -> str:
    return "FAILED" if state == FAILED else "ok"


# ---------------------------------------------------------------- what changed, by step
def _keys(row: Row) -> list[str]:
    return list(dict.fromkeys([*row["diff"]["before"], *row["diff"]["after"]]))


def _client(row: Row) -> list[str]:
    return [f"{row['app_name'] or row['client_id']} {row['action']}"]


def _users(row: Row) -> list[str]:
    actions = [user["action"] for user in row["users"] if user["action"] in ("created", "rotated", "removed")]
    return [f"{actions.count(action)} {action}" for action in dict.fromkeys(actions)]


def _tokens(row: Row) -> list[str]:
    return [f"{row[action]} {action}" for action in ("revoked", "deleted") if row[action]]


STEPS: dict[str, t.Callable[[Row], list[str]]] = {
    "site_config": _keys,
    "clients": _client,
    "api_keys": _users,
    "tokens": _tokens,
    "edge": lambda row: [row["action"]],
}
LABELS = {"site_config": "config", "clients": "clients", "api_keys": "API keys", "tokens": "tokens", "edge": "nginx"}


# ---------------------------------------------------------------- what was verified
def _verified(verifications: list[Row]) -> str:
    if not verifications:
        return NOT_ASKED
    if any(row["failed"] for row in verifications):
        return "no"
    return "yes" if all(row["verified"] for row in verifications) else IN_PART


@dataclasses.dataclass
class Gap:
    """Steps that could not run for the same reason, and the affected sites."""

    sites: list[str] = dataclasses.field(default_factory=list)
    steps: list[str] = dataclasses.field(default_factory=list)


def _gaps(own: Own) -> t.Iterator[Note]:
    """The steps that did not run, on sites where no step failed."""
    gaps: dict[tuple[str, str], Gap] = {}
    for site, steps in own.items():
        verifications = steps.get("verify", [])
        if _verified(verifications) != IN_PART:
            continue
        for step in [step for row in verifications for step in row["steps"] if step["verdict"] == "not_run"]:
            gap = gaps.setdefault((step["found"], step["remedy"]), Gap())
            gap.sites.append(site)
            gap.steps.append(step["name"])
    for (why, remedy), gap in gaps.items():
        text = f"{listed(list(dict.fromkeys(gap.steps)))} did not run: {why}"
        yield {"kind": "NOT VERIFIED", "sites": list(dict.fromkeys(gap.sites)), "text": text, "remedy": remedy}


# ---------------------------------------------------------------- what requires action
def _findings(row: Row) -> list[Row]:
    return [finding for finding in row["findings"] if finding["severity"] != NOTICE]


def _key(finding: Row) -> tuple[str, ...]:
    return tuple(str(finding[part]) for part in ("rule", "field", "found", "remedy"))


def _failures(failed: dict[str, str]) -> t.Iterator[Note]:
    for site, msg in failed.items():
        for reason in split_reasons(msg):
            text = " ".join(in_role(reason).split()) or "The module returned no message. Run again with -vvv"
            yield {"kind": "FAILED", "sites": [site], "text": text, "remedy": ""}


def _findings_once(results: dict[str, Row]) -> t.Iterator[Note]:
    """Each finding once, with the sites that have it."""
    met: dict[tuple[str, ...], list[str]] = {}
    for result in results.values():
        for row in result.get("sites") or ():
            for finding in _findings(row):
                met.setdefault(_key(finding), []).append(row["name"])
    for (rule, field, found, remedy), sites in met.items():
        text = f"{field}: {found} [{rule}]"
        yield {"kind": "WARNING", "sites": list(dict.fromkeys(sites)), "text": text, "remedy": remedy}


def _left_to_bench(own: Own) -> t.Iterator[Note]:
    """Changed keys that have no effect until bench has written them into nginx's and supervisor's configuration."""
    met: dict[str, list[str]] = {}
    for site, steps in own.items():
        for key in [key for row in steps.get("site_config", ()) if row["changed"] for key in _keys(row)]:
            if key in BENCH_KEYS:
                met.setdefault(key, []).append(site)
    if met:
        yield {
            "kind": "REVIEW",
            "sites": list(dict.fromkeys(site for names in met.values() for site in names)),
            "text": (
                f"{listed(list(met))}: no effect until you run `bench setup supervisor` and `bench setup nginx`, and "
                "reload supervisor and nginx"
            ),
            "remedy": "",
        }
