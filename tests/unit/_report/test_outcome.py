# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The final messages of a run, and the sites that it changed."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.filter.audit_summary import audit_summary
from ansible_collections.benchkeeper.frappe.plugins.filter.changed_sites import changed_sites
from ansible_collections.benchkeeper.frappe.plugins.filter.failed_sites import failed_sites
from ansible_collections.benchkeeper.frappe.plugins.filter.failure_message import failure_message
from ansible_collections.benchkeeper.frappe.plugins.filter.rotation_summary import rotation_summary
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import failure
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.outcome import problem_message


def row(name, changed=True, **more):
    return {"name": name, "changed": changed, **more}


def test_changed_sites_exclude_changes_that_verify_does_not_see():
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
    done, foretold = rotation_summary(results), rotation_summary(results, check=True)
    assert [(row["site"], row["cells"]) for row in done["rows"]] == [
        ("a", ["client secret of App; API key of u@x; 3 tokens and codes"]),
        ("b", ["client secret of i"]),
    ]
    assert done["rows"][0]["brief"] == ["1 client secret, 1 API key, 1 token revocation"]
    assert (done["columns"], foretold["columns"]) == (
        ["rotated or revoked"],
        ["would be rotated or revoked"],
    )
    assert rotation_summary({"clients": {"skipped": True}})["rows"] == []


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
    problem = {"rule": "r", "where": "login", "found": "401", "reason": "why", "remedy": "Check the user"}
    sites = [{"name": "a", "problems": [problem, {**problem, "remedy": ""}]}, {"name": "b", "problems": []}]
    message = problem_message({"sites": sites, "unhealthy": ["a"]})
    assert message == "1 of 2 sites is unhealthy:\na: login: 401 (why) [r]. Check the user\na: login: 401 (why) [r]."
    assert problem_message({"sites": sites, "unhealthy": []}) == ""


def site(name, **more):
    finding = {"rule": "r", "severity": "warning", "field": "x", "found": "y", "remedy": "Do z.", "source": "s"}
    found = {"readable": True, "why": "", "findings": [], "notices": [], "drift": [], "drift_unknown": ""}
    chosen = {key: [{**finding, "severity": kind}] for key, kind in more.pop("with_findings", {}).items()}
    return {"name": name, "verification": None, **found, **chosen, **more}


def audited(*sites, fault=""):
    return audit_summary({"bench": {"name": "h", "fault": fault}, "sites": list(sites)})


def test_an_audit_shows_what_was_read_what_differs_and_what_needs_a_person():
    last = {"verified": True, "failed": False, "at": "2026-03-07T10:00:00+00:00", "clients": []}
    summary = audited(
        site("well", verification=last),
        site("sick", with_findings={"findings": "warning"}, drift_unknown="no database"),
        site("bad", with_findings={"findings": "refused", "notices": "notice"}, drift=[{}, {}]),
    )
    assert [(row["site"], row["state"], row["cells"]) for row in summary["rows"]] == [
        ("well", "quiet", ["yes", "", "", "yes, 2026-03-07"]),
        ("sick", "review", ["yes", "1", "unknown", "never"]),
        ("bad", "changed", ["yes", "1", "2", "never"]),
    ]
    assert [(note["kind"], note["sites"], note["text"], note["remedy"]) for note in summary["notes"]] == [
        ("WARNING", ["sick"], "x: y [r]", "Do z."),
        ("PROBLEM", ["bad"], "x: y [r]", "Do z."),
    ]
    assert (summary["notices"], summary["failure"]) == ({"r": ["bad"]}, "")


def test_an_audit_fails_with_each_site_that_could_not_be_read():
    summary = audited(site("a"), site("b", readable=False, why="no database"))
    assert summary["rows"][1]["state"] == "failed" and summary["rows"][1]["cells"][0] == "no"
    assert summary["failure"] == "1 of 2 sites could not be read:\nb: no database"
    assert [note["sites"] for note in summary["notes"] if note["kind"] == "FAILED"] == [["b"]]


def test_an_audit_names_a_bench_that_could_not_be_read_once():
    summary = audited(site("a", readable=False, why="no such folder"), fault="no such folder")
    assert summary["failure"] == "no such folder"
    assert [(note["kind"], note["text"]) for note in summary["notes"]] == [("FAILED", "no such folder")]


def test_a_site_with_several_failed_rows_keeps_every_message_once_and_the_first_one_first():
    rows = [
        {"name": "a", "failed": True, "msg": "login: HTTP 401"},
        {"name": "b", "failed": False, "msg": ""},
        {"name": "a", "failed": True, "msg": "not repeated"},
        {"name": "a", "failed": True, "msg": "not repeated"},
    ]
    assert failed_sites(rows) == {"a": "login: HTTP 401\nnot repeated"}
    assert failure(rows) == "1 of 2 sites failed:\na: login: HTTP 401\na: not repeated"


def test_a_changed_limit_is_a_change_of_every_site():
    rows = [{"name": name, "changed": False} for name in "ab"]
    assert changed_sites({"edge": {"changed": True, "sites": rows}}) == ["a", "b"]
    rows[0]["changed"] = True
    assert changed_sites({"edge": {"changed": True, "sites": rows}}) == ["a"]
    assert changed_sites({"edge": {"changed": False, "sites": [{"name": "a", "changed": False}]}}) == []


def test_the_end_of_a_run_names_the_variables_of_the_role():
    message = failure_message({"a": "no response within 60 s (site_timeout)"}, {"clients": "secrets_store: x"}, ["a"])
    assert message.splitlines() == [
        "The step clients failed for the whole bench: oauth2_secrets_store: x",
        "1 of 1 site failed:",
        "a: no response within 60 s (oauth2_site_timeout)",
    ]
