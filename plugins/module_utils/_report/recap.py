# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run did, verified and leaves to a human, one row per site, from the results of its steps. Pure."""

from __future__ import annotations

import dataclasses
import textwrap
import typing as t
from types import MappingProxyType

from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.reload import BENCH_KEYS
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import NOTICE

Row = t.Dict[str, t.Any]
Own = t.Dict[str, t.Dict[str, t.List[Row]]]  # by site and step

NAMED = 3  # names that a cell lists before it only counts
SINGLE = 30  # sites with nothing to tell that have a line each; with more of them one line counts them
WIDTH = 72  # of a line: wider ones are folded, where results are shown as YAML
SHARED = "(the bench)"
NOTHING, NOT_ASKED = "nothing", "not asked"


class RecapRow(t.TypedDict):
    """What became of one site; ``changed`` has a text by step, ``findings`` is their number."""

    site: str
    changed: dict[str, str]
    verified: str
    failed: bool
    findings: int


class Recap(t.TypedDict):
    """What became of all sites: the rows, the sentences for a human, and all of it as the lines of a table."""

    rows: list[RecapRow]
    notes: list[str]
    lines: list[str]


def recap(
    names: list[str],
    results: dict[str, Row],
    failed: dict[str, str],
    check: bool = False,
    common: str = "",
    faults: t.Mapping[str, str] = MappingProxyType({}),
) -> Recap:
    """One row a site, and what a human must know, said once for all sites that have it.

    Args:
        names: the sites that were worked on.
        results: result of each step's module by step: site_config, clients, api_keys, tokens, edge, verify. A step that
            did not run has no ``sites``.
        failed: message of each site that failed.
        check: whether nothing was written, in check mode.
        common: name of the row that is no site but a file for all of them.
        faults: message of each step that failed for the bench as a whole.

    """
    own: Own = {}
    for step, result in results.items():
        for row in result.get("sites") or ():
            own.setdefault(row["name"], {}).setdefault(step, []).append(row)
    rows = [_row(name, own.get(name, {}), failed, check) for name in dict.fromkeys([*names, *own, *failed])]
    rows = [row for row in rows if row["site"] != common or row["changed"] or row["failed"] or row["findings"]]
    edge = results.get("edge", {})
    if edge.get("changed") and not any(
        "edge" in row["changed"] for row in rows
    ):  # such as the limit, which has no site
        rows.append({**_row(SHARED, {}, {}, check), "changed": {"edge": f"{LABELS['edge']} (what all sites share)"}})
    if faults:
        rows.append({**_row(SHARED, {}, {}, check), "failed": True})
    of_the_bench = {f"{SHARED} {LABELS[step]}": msg for step, msg in faults.items()}
    notes = [*_failures({**failed, **of_the_bench}), *_gaps(own), *_told(results), *_left_to_bench(own)]
    return {
        "rows": rows,
        "notes": notes,
        "lines": [*_table(rows, check), *(line for note in notes for line in _wrapped(note))],
    }


def _row(name: str, own: dict[str, list[Row]], failed: dict[str, str], check: bool) -> RecapRow:
    changed = {}
    for step, text in STEPS.items():
        told = [text(row) for row in own.get(step, ()) if row["changed"]]
        if told:
            changed[step] = f"{LABELS[step]} ({_listed([one for some in told for one in some])})"
    findings = {_key(finding) for rows in own.values() for row in rows for finding in _findings(row)}
    return {
        "site": name,
        "changed": changed,
        "verified": NOT_ASKED if check else _verified(own.get("verify", [])),
        "failed": name in failed,
        "findings": len(findings),
    }


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


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:NAMED])
    return shown if len(names) <= NAMED else f"{shown} and {len(names) - NAMED} more"


# ---------------------------------------------------------------- what was verified
def _verified(verifications: list[Row]) -> str:
    if not verifications:
        return NOT_ASKED
    if any(row["failed"] for row in verifications):
        return "no"
    return "yes" if all(row["verified"] for row in verifications) else "in part"


@dataclasses.dataclass
class Gap:
    """Steps that could not be taken for one reason, and the sites where."""

    sites: list[str] = dataclasses.field(default_factory=list)
    steps: list[str] = dataclasses.field(default_factory=list)


def _gaps(own: Own) -> t.Iterator[str]:
    """Steps that could not be taken, where none failed."""
    gaps: dict[tuple[str, str], Gap] = {}
    for site, steps in own.items():
        verifications = steps.get("verify", [])
        if _verified(verifications) != "in part":
            continue
        for step in [step for row in verifications for step in row["steps"] if step["verdict"] == "not_run"]:
            gap = gaps.setdefault((step["found"], step["remedy"]), Gap())
            gap.sites.append(site)
            gap.steps.append(step["name"])
    for (why, remedy), gap in gaps.items():
        sites, names = _listed(list(dict.fromkeys(gap.sites))), _listed(list(dict.fromkeys(gap.steps)))
        yield f"NOT VERIFIED {sites}: {names}: {why}. {remedy}".rstrip()


# ---------------------------------------------------------------- what needs a human
def _findings(row: Row) -> list[Row]:
    return [finding for finding in row["findings"] if finding["severity"] != NOTICE]


def _key(finding: Row) -> tuple[str, ...]:
    return tuple(str(finding[part]) for part in ("rule", "field", "found", "remedy"))


def _failures(failed: dict[str, str]) -> t.Iterator[str]:
    for site, msg in failed.items():
        yield f"FAILED {site}: {' '.join(msg.split()) or 'no reason given'}"


def _told(results: dict[str, Row]) -> t.Iterator[str]:
    """Each finding once, with the sites that have it."""
    met: dict[tuple[str, ...], list[str]] = {}
    for result in results.values():
        for row in result.get("sites") or ():
            for finding in _findings(row):
                met.setdefault(_key(finding), []).append(row["name"])
    for (rule, field, found, remedy), sites in met.items():
        yield f"LOOK AT {_listed(list(dict.fromkeys(sites)))}: {field}: {found} [{rule}]. {remedy}"


def _left_to_bench(own: Own) -> t.Iterator[str]:
    """Changed keys that no process reads: bench writes them into the configuration of nginx and supervisor."""
    met: dict[str, list[str]] = {}
    for site, steps in own.items():
        for key in [key for row in steps.get("site_config", ()) if row["changed"] for key in _keys(row)]:
            if key in BENCH_KEYS:
                met.setdefault(key, []).append(site)
    if met:
        sites = _listed(list(dict.fromkeys(site for names in met.values() for site in names)))
        yield (
            f"LOOK AT {sites}: {_listed(list(met))}: no program reads this. Run bench setup supervisor and bench setup "
            "nginx, and let supervisor and nginx read what they wrote"
        )


def _human(row: RecapRow) -> str:
    if row["failed"]:
        return "FAILED"
    count = row["findings"]
    return f"{count} finding{'s' if count > 1 else ''}" if count else "no"


# ---------------------------------------------------------------- the table
def _table(rows: list[RecapRow], check: bool) -> list[str]:
    quiet = [row for row in rows if row["verified"] == NOT_ASKED and not (row["changed"] or _human(row) != "no")]
    folded = quiet if len(quiet) > SINGLE else []
    counted = {row["site"] for row in folded}
    shown = [row for row in rows if row["site"] not in counted]
    if folded:
        shown.append({**folded[0], "site": f"{len(folded)} other sites"})
    lines = _lines(shown, check, lambda row: "; ".join(row["changed"].values()))
    if max(map(len, lines)) > WIDTH:
        lines = _lines(shown, check, lambda row: ", ".join(LABELS[step] for step in row["changed"]))
    return lines


def _lines(rows: list[RecapRow], check: bool, changes: t.Callable[[RecapRow], str]) -> list[str]:
    head = ("site", "would change" if check else "changed", "verified", "needs a human")
    cells = [(row["site"], changes(row) or NOTHING, row["verified"], _human(row)) for row in rows]
    widths = [max(len(line[column]) for line in [head, *cells]) for column in range(len(head))]
    ruler = tuple("-" * width for width in widths)
    return [
        "  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in (head, ruler, *cells)
    ]


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
