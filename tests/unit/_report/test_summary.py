# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table that ends a run: order, width, counts, notes once, and color, without which the text is complete."""

from __future__ import annotations

import re

from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.summary import (
    CHANGED,
    FAILED,
    NARROWEST,
    QUIET,
    REVIEW,
    listed,
    summary_lines,
)


def row(site, state=QUIET, *cells, brief=None):
    cells = list(cells) or ["nothing"]
    return {"site": site, "state": state, "cells": cells, "brief": brief or cells}


def note(kind, text, *sites, remedy=""):
    return {"kind": kind, "sites": list(sites), "text": text, "remedy": remedy}


def summary(*rows, notes=(), notices=None, columns=("changed",)):
    return {
        "title": "Recap",
        "columns": list(columns),
        "rows": list(rows),
        "notes": list(notes),
        "notices": notices or {},
    }


def lines(width=100, **hosts):
    return summary_lines(hosts, width)


def test_failed_sites_come_first_then_changed_ones_then_those_that_need_a_person():
    table = lines(
        h=summary(row("q"), row("r", REVIEW), row("c", CHANGED, "config"), row("f", FAILED), row("c2", CHANGED))
    )
    assert [line.split()[0] for line in table[2:]] == ["f", "c", "c2", "r", "q"]


def test_sites_without_news_are_counted():
    table = lines(h=summary(*(row(f"s{number}") for number in range(1000)), row("c", CHANGED, "config")))
    assert table[2:] == ["c                 config", "1000 other sites  nothing"]
    assert lines(h=summary(row("a"), row("b")))[2:] == ["2 sites  nothing"]
    assert lines(h=summary(row("a")))[2:] == ["a     nothing"]


def test_several_hosts_share_one_table_and_each_note_is_shown_once():
    one = summary(row("a", CHANGED), notes=[note("REVIEW", "scopes: 'all' [scope-all]", "a", remedy="Name.")])
    two = summary(row("b", FAILED), notes=[note("FAILED", "no database", "b"), *one["notes"]])
    found = lines(first=one, second=two)
    assert found[0].split() == ["host", "site", "changed"]
    assert found[2].split()[:2] == ["second", "b"] and found[3].split()[:2] == ["first", "a"]
    assert found[4:] == [
        "",
        "FAILED b (second): no database",
        "REVIEW a (first), a (second): scopes: 'all' [scope-all]. Name.",
    ]


def test_a_table_that_is_too_wide_shows_the_brief_cells():
    wide = row("a", CHANGED, "config (" + "x" * 100 + ")", brief=["config"])
    assert lines(width=80, h=summary(wide))[2] == "a     config"


def test_no_line_is_wider_than_the_terminal_and_a_narrow_one_still_works():
    told = summary(row("a", FAILED), notes=[note("FAILED", "word " * 60, "a", remedy="Do this. " * 20)])
    for width in (20, 72, 100, 400):
        assert max(map(len, lines(width=width, h=told))) <= max(NARROWEST, min(width, 120))


def test_what_frappe_does_by_itself_is_one_sentence_with_a_pointer():
    found = lines(h=summary(row("a"), row("b"), notices={"frappe-x": ["a", "b"], "frappe-y": ["a"]}))
    text = " ".join(line.strip() for line in found[-2:])
    told = "Notices (no site fails because of them): frappe-x, frappe-y (1 of 2 sites)."
    assert text.endswith(f"{told} For their meaning, see https://github.com/benchkeeper/frappe/blob/main/docs/rules.md")


def test_color_shows_a_state_that_is_also_a_word():
    told = summary(row("a", FAILED, "FAILED"), row("b", CHANGED, "x"), notes=[note("FAILED", "gone", "a")])
    colored = summary_lines({"h": told}, 100, lambda text, state: f"<{state}>{text}</>")
    assert "<failed>FAILED</> a: gone" in colored
    assert [re.sub(r"</?\w*>", "", line) for line in colored] == lines(h=told)


def test_names_are_listed_and_then_counted():
    assert listed(["a", "b", "c"]) == "a, b, c"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert listed(list("abcd"), 4) == "all 4 sites"


def test_a_run_without_sites_has_a_head_alone():
    assert lines(h=summary()) == ["site  changed", "----  -------"]
    assert summary_lines({}, 100) == ["site", "----"]
