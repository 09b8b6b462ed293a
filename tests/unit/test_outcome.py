# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sentences that end a run, and which sites it changed."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.filter.audit_message import audit_message
from ansible_collections.benchkeeper.frappe.plugins.filter.changed_sites import changed_sites
from ansible_collections.benchkeeper.frappe.plugins.filter.failure_message import failure_message
from ansible_collections.benchkeeper.frappe.plugins.filter.rotation_lines import rotation_lines
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.outcome import problem_message


def row(name, changed=True, **more):
    return {"name": name, "changed": changed, **more}


def test_changed_sites_are_those_that_a_verification_can_tell_from_before():
    results = {
        "site_config": {"sites": [row("b"), row("a", False)]},
        "clients": {"sites": [row("c"), row("b")]},
        "api_keys": {"skipped": True},
        "tokens": {"sites": [row("t")]},
        "edge": {},
    }
    assert changed_sites(results) == ["b", "c"] and changed_sites({}) == []


def test_a_rotation_names_each_secret_key_and_set_of_tokens():
    users = [{"user": "u@x", "action": "rotated"}, {"user": "v@x", "action": "kept"}]
    results = {
        "clients": {"sites": [row("a", app_name="App", client_id="i"), row("b", app_name=None, client_id="i")]},
        "api_keys": {"sites": [row("a", users=users)]},
        "tokens": {"sites": [row("a", revoked=3), row("b", False, revoked=0)]},
    }
    assert rotation_lines(results) == [
        "a: secret of App",
        "b: secret of i",
        "a: API key of u@x (rotated)",
        "a: 3 tokens and codes",
    ]
    assert rotation_lines({"clients": {"skipped": True}}) == []


@pytest.mark.parametrize(
    ("failed", "faults", "names", "expected"),
    [
        ({}, {}, ["a"], ""),
        ({"a": "down"}, {}, ["a", "b", "c"], "1 of 3 sites failed:\na: down"),
        ({"a": "down"}, {}, ["a"], "1 of 1 site failed:\na: down"),
        ({"x": "down"}, {}, ["a"], "1 of 2 sites failed:\nx: down"),
        ({}, {"edge": "no nginx"}, ["a"], "The step edge failed for the whole bench: no nginx"),
        (
            {"a": "down"},
            {"edge": "no nginx"},
            ["a", "b"],
            "The step edge failed for the whole bench: no nginx\n1 of 2 sites failed:\na: down",
        ),
    ],
)
def test_a_failure_is_counted_out_of_all_sites(failed, faults, names, expected):
    assert failure_message(failed, faults, names) == expected


def test_every_problem_of_a_diagnosis_is_in_its_message():
    problem = {"rule": "r", "where": "login", "found": "401", "remedy": "Check the user"}
    sites = [{"name": "a", "problems": [problem, {**problem, "remedy": ""}]}, {"name": "b", "problems": []}]
    message = problem_message({"sites": sites, "unhealthy": ["a"]})
    assert message == "1 of 2 sites has problems:\na: [r] login: 401. Check the user\na: [r] login: 401."
    assert problem_message({"sites": sites, "unhealthy": []}) == ""


def test_an_audit_is_one_sentence():
    counts = {"sites": 1, "benches": 1, "with_findings": 1, "drifting": 0, "unverified": 1, "unreadable": 0}
    assert audit_message({"summary": counts}).startswith(
        "1 site on 1 bench: 1 with findings, 0 not as declared, 1 with"
    )
    assert audit_message({"summary": {**counts, "sites": 2, "benches": 2}}).startswith("2 sites on 2 benches: ")
