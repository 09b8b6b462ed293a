# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary at the end of a run: one table for all hosts, and below it what requires action. Pure."""

from __future__ import annotations

import textwrap
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import RULES_PAGE

FAILED, CHANGED, REVIEW, QUIET = "failed", "changed", "review", "quiet"  # states of a row, in the order shown
STATES = (FAILED, CHANGED, REVIEW, QUIET)
NAMED = 3  # maximum number of site names in one line; the rest are counted
NARROWEST, WIDEST = 72, 120  # columns of a line, whatever the terminal has
INDENT, GAP = "    ", "  "  # of a wrapped line, and between two columns

SHARED = "(all sites)"
Paint = t.Callable[[str, str], str]  # a text, and the state that it shows


class SummaryRow(t.TypedDict):
    """One site. ``brief`` replaces ``cells`` if the table would be too wide."""

    site: str
    state: str
    cells: list[str]
    brief: list[str]


class Note(t.TypedDict):
    """A message and the affected sites. ``kind`` is one of `KINDS`."""

    kind: str
    sites: list[str]
    text: str
    remedy: str


class Summary(t.TypedDict):
    """The results of the sites of one host.

    ``notices`` maps each rule with the severity ``notice`` to the affected sites.
    """

    title: str
    columns: list[str]
    rows: list[SummaryRow]
    notes: list[Note]
    notices: dict[str, list[str]]


NOTHING_SELECTED: Note = {
    "kind": "REVIEW",
    "sites": [SHARED],
    "text": "no site was selected, so no site was managed",
    "remedy": "Check oauth2_sites, oauth2_discover_sites and oauth2_exclude_sites",
}
KINDS = {"FAILED": FAILED, "PROBLEM": FAILED, "NOT VERIFIED": REVIEW, "REVIEW": REVIEW, "WARNING": REVIEW}


def plain(text: str, _state: str) -> str:
    """A text without color."""
    return text


def summary_lines(summaries: t.Mapping[str, Summary], width: int, paint: Paint = plain) -> list[str]:
    """The summaries of all hosts as one table, and each note once below it.

    Args:
        summaries: the summaries by host. All have the same title.
        width: columns of the terminal.
        paint: colors a text by a state. Every state is also a word, so that color is never needed.
    """
    width = max(NARROWEST, min(width, WIDEST))
    several = len(summaries) > 1
    rows = [(host if several else "", row) for host, summary in summaries.items() for row in summary["rows"]]
    columns = next(iter(summaries.values()))["columns"] if summaries else []
    below = [line for note in _merged(summaries, several) for line in _wrapped(note, len(rows), width, paint)]
    below += _notices(summaries, len(rows), width)
    return _table(columns, rows, several, width, paint) + (["", *below] if below else [])


# ---------------------------------------------------------------- the table
def _table(
    columns: list[str], rows: list[tuple[str, SummaryRow]], several: bool, width: int, paint: Paint
) -> list[str]:
    shown = sorted((row for row in rows if row[1]["state"] != QUIET), key=lambda row: STATES.index(row[1]["state"]))
    head = [*(["host"] if several else []), "site", *columns]
    lines = [[*([host] if several else []), row["site"], *row["cells"]] for host, row in shown]
    brief = [[*([host] if several else []), row["site"], *row["brief"]] for host, row in shown]
    states = [row["state"] for _host, row in shown]
    for cells, count in _counted([row for _host, row in rows if row["state"] == QUIET]).items():
        named = f"{count} other sites" if shown else f"{count} sites"
        site = next(r["site"] for _h, r in rows if r["state"] == QUIET and tuple(r["cells"]) == cells)
        line = [*(["(all hosts)"] if several else []), named if count > 1 else site, *cells]
        lines.append(line)
        brief.append(line)
        states.append(QUIET)
    lines = _fitting(head, lines, brief, width)
    widths = [max(len(line[column]) for line in [head, *lines]) for column in range(len(head))]
    ruler = ["-" * size for size in widths]
    return [
        _aligned(head, widths),
        _aligned(ruler, widths),
        *(paint(_aligned(line, widths), state) for line, state in zip(lines, states)),
    ]


def _counted(rows: list[SummaryRow]) -> dict[tuple[str, ...], int]:
    counts: dict[tuple[str, ...], int] = {}
    for row in rows:
        counts[tuple(row["cells"])] = counts.get(tuple(row["cells"]), 0) + 1
    return counts


def _fitting(head: list[str], lines: list[list[str]], brief: list[list[str]], width: int) -> list[list[str]]:
    """The lines. A line whose first cell leaves no room for the other columns is replaced by its brief form."""
    long = head.index("site") + 1
    others = [column for column in range(len(head)) if column != long]
    taken = sum(max(len(line[column]) for line in [head, *lines]) + len(GAP) for column in others)
    return [line if len(line[long]) <= width - taken else short for line, short in zip(lines, brief)]


def _aligned(cells: list[str], widths: list[int]) -> str:
    return GAP.join(text.ljust(size) for text, size in zip(cells, widths)).rstrip()


# ---------------------------------------------------------------- the notes
def _merged(summaries: t.Mapping[str, Summary], several: bool) -> list[Note]:
    """Each note once for all hosts, failures first."""
    met: dict[tuple[str, str, str], Note] = {}
    for host, summary in summaries.items():
        for note in summary["notes"]:
            key = (note["kind"], note["text"], note["remedy"])
            sites = [f"{site} ({host})" if several else site for site in note["sites"]]
            met.setdefault(key, {**note, "sites": []})["sites"].extend(sites)
    return sorted(met.values(), key=lambda note: list(KINDS).index(note["kind"]))


def _wrapped(note: Note, total: int, width: int, paint: Paint) -> list[str]:
    names = list(dict.fromkeys(note["sites"]))
    text = f"{note['kind']} {listed(names, total)}: {note['text']}"
    if note["remedy"]:
        text = f"{text.rstrip('.')}. {note['remedy']}"
    first, *rest = textwrap.wrap(text, width, subsequent_indent=INDENT, break_long_words=False, break_on_hyphens=False)
    kind = note["kind"]
    return [paint(kind, KINDS[kind]) + first[len(kind) :], *rest]


def _notices(summaries: t.Mapping[str, Summary], total: int, width: int) -> list[str]:
    """One line with the notices of all sites. They fail no site."""
    sites: dict[str, int] = {}
    for summary in summaries.values():
        for rule, names in summary["notices"].items():
            sites[rule] = sites.get(rule, 0) + len(names)
    if not sites:
        return []
    named = [rule if count == total else f"{rule} ({count} of {total} sites)" for rule, count in sorted(sites.items())]
    text = f"Notices (no site fails because of them): {', '.join(named)}. For their meaning, see {RULES_PAGE}"
    return textwrap.wrap(text, width, subsequent_indent=INDENT, break_long_words=False, break_on_hyphens=False)


def listed(names: list[str], total: int = 0) -> str:
    """Up to three names and the number of the rest. With a total, ``all N sites`` if the names are all of them."""
    if total and total > NAMED and len(names) == total:
        return f"all {total} sites"
    shown = ", ".join(names[:NAMED])
    return shown if len(names) <= NAMED else f"{shown} and {len(names) - NAMED} more"
