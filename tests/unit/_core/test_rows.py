# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The message of a failed task names the site, and the client where only one client of it failed."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import (
    failed_row,
    failure,
    reasons,
    row_of,
    split_reasons,
)

STEPS = [{"name": "login", "verdict": "failed"}]


def test_nothing_failed():
    assert failure([row_of("a.test")]) == ""


def test_two_failed_clients_of_a_site_are_both_named():
    rows = [
        failed_row("a.test", "sign-in failed", app_name="Web", client_id=None, steps=STEPS),
        row_of("b.test"),
        failed_row("a.test", "no consent\nno token", app_name=None, client_id="mobile", steps=STEPS),
    ]
    assert failure(rows).splitlines() == [
        "1 of 2 sites failed:",
        "a.test: client 'Web': sign-in failed",
        "a.test: client 'mobile': no consent",
        "a.test: client 'mobile': no token",
    ]


def test_a_reason_of_the_whole_site_is_given_once_and_names_no_client():
    rows = [failed_row("a.test", "the database is down", app_name=name, steps=STEPS) for name in ("Web", "Mobile")]
    assert failure(rows).splitlines() == ["1 of 1 site failed:", "a.test: the database is down"]


def test_a_row_without_steps_failed_before_its_client_was_used():
    assert reasons([failed_row("a.test", "no such site", app_name="Web", steps=[])]) == {"a.test": "no such site"}


def test_a_reason_of_several_lines_stays_one_reason():
    rows = [failed_row("a.test", "exited with status 1. Last output: x\ny"), failed_row("b.test", "gone")]
    assert failure(rows).splitlines()[1:] == ["a.test: exited with status 1. Last output: x", "  y", "b.test: gone"]
    assert split_reasons(reasons(rows)["a.test"]) == ["exited with status 1. Last output: x\n  y"]
