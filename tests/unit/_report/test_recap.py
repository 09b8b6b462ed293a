# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recap: one table of what changed, what was verified, and what needs attention."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import failed_row, row_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.recap import recap

A, B = "a.example", "b.example"
FINDING = {
    "rule": "scope-all",
    "field": "scopes",
    "found": "'all'",
    "severity": "warning",
    "source": "us",
    "remedy": "Name.",
}


def changed(name, action="updated", **more):
    return row_of(name, changed=True, action=action, **more)


def verification(name, *verdicts, **more):
    steps = [
        {"name": f"step{number}", "verdict": verdict, "found": "no user", "remedy": "Name one."}
        for number, verdict in enumerate(verdicts)
    ]
    failed = "failed" in verdicts
    return row_of(name, steps=steps, failed=failed, verified=not failed and "not_run" not in verdicts, **more)


def told(results, names=(A,), failed=None, check=False):
    return recap(list(names), {step: {"sites": rows} for step, rows in results.items()}, failed or {}, check, "common")


def row_as(site, state, *cells):
    return {"site": site, "state": state, "cells": list(cells), "brief": list(cells)}


def texts(result):
    return [(note["kind"], note["sites"], note["text"]) for note in result["notes"]]


def test_a_site_without_results_is_shown():
    result = told({"clients": [row_of(A, app_name="App")]})
    assert result["rows"] == [row_as(A, "quiet", "nothing", "not run", "", "ok")]
    assert result["notes"] == []


def test_each_step_says_what_it_changed():
    results = {
        "site_config": [changed(A, diff={"before": {"x": 1}, "after": {"x": 2, "y": 3}})],
        "clients": [changed(A, "created", app_name="App"), row_of(A, app_name="Other")],
        "api_keys": [changed(A, users=[{"user": "u", "action": "created"}, {"user": "v", "action": "unchanged"}])],
        "tokens": [changed(A, revoked=3, deleted=0)],
        "edge": [changed(A)],
    }
    result = told(results)
    changes = "config (x, y); clients (App created); API keys (1 created); tokens (3 revoked); nginx (updated)"
    assert result["rows"][0]["cells"][0] == changes
    assert result["rows"][0]["brief"][0] == "config, clients, API keys, tokens, nginx"


def test_a_step_that_did_not_run_has_no_result():
    result = recap([A], {"clients": {}, "edge": {"skipped": True}, "verify": {"changed": False}}, {})
    assert result["rows"][0]["cells"][0] == "nothing"


def test_in_check_mode_it_would_and_nothing_is_verified():
    result = told({"edge": [changed(A)]}, check=True)
    assert result["columns"][0] == "would change"
    assert result["rows"][0]["cells"][1] == "check mode"


def test_a_verification_is_whole_or_says_what_is_missing():
    def verified(*rows):
        return told({"verify": list(rows)})["rows"][0]["cells"][1]

    assert verified(verification(A, "passed", "noticed")) == "yes"
    assert verified(verification(A, "passed"), verification(A, "passed")) == "yes"
    assert verified(verification(A, "passed", "not_run")) == "partly"
    assert verified(verification(A, "failed", "not_run")) == "no"
    assert verified(failed_row(A, "no user", steps=[], verified=False)) == "no"
    note = {"kind": "NOT VERIFIED", "sites": [A, B], "text": "step1 did not run: no user", "remedy": "Name one."}
    parts = [verification(name, "passed", "not_run") for name in (A, B)]
    assert told({"verify": parts}, names=(A, B))["notes"] == [note]
    assert told({"verify": [verification(A, "failed", "not_run")]})["notes"] == []


def test_every_failure_is_reported_with_its_reason():
    result = told({}, failed={B: "first line\nsecond line"})
    assert [(row["site"], row["state"], row["cells"][3]) for row in result["rows"]] == [
        (A, "quiet", "ok"),
        (B, "failed", "FAILED"),
    ]
    assert texts(result) == [("FAILED", [B], "first line"), ("FAILED", [B], "second line")]


def test_a_step_that_failed_for_the_whole_bench_is_reported_with_the_sites():
    result = recap([A], {"edge": {"failed": True, "sites": []}}, {B: "x"}, faults={"edge": "nginx says\nno"})
    assert [(row["site"], row["state"]) for row in result["rows"]] == [
        (A, "quiet"),
        (B, "failed"),
        ("(all sites)", "failed"),
    ]
    assert texts(result) == [("FAILED", [B], "x"), ("FAILED", ["step edge (whole bench)"], "nginx says no")]


def test_a_finding_is_reported_once_with_its_sites_and_a_notice_not_at_all():
    notice = {**FINDING, "severity": "notice", "rule": "frappe-x"}
    rows = [row_of(name, app_name="App", findings=[FINDING, notice]) for name in (A, B)]
    result = told({"clients": rows}, names=(A, B))
    assert result["notes"] == [
        {"kind": "WARNING", "sites": [A, B], "text": "scopes: 'all' [scope-all]", "remedy": "Name."}
    ]
    assert [(row["state"], row["cells"][2]) for row in result["rows"]] == [("review", "1")] * 2


def test_what_holds_for_all_sites_has_a_row_if_it_changed():
    common = row_of("common")
    assert [row["site"] for row in told({"site_config": [common]})["rows"]] == [A]
    edge = {"edge": {"changed": True, "sites": [row_of(A)]}}
    shared = recap([A], edge, {})["rows"][-1]
    assert (shared["site"], shared["state"], shared["cells"][0]) == (
        "(all sites)",
        "changed",
        "nginx (shared by all sites)",
    )


def test_keys_that_need_bench_setup_are_listed_for_review():
    wanted = {"before": {}, "after": {"gunicorn_workers": 4, "x": 1}}
    (note,) = told(
        {"site_config": [changed("common", diff=wanted), changed(A, diff={"before": {}, "after": {"x": 1}})]}
    )["notes"]
    assert (note["kind"], note["sites"]) == ("REVIEW", ["common"])
    assert note["text"].startswith("gunicorn_workers: no effect until you run `bench setup supervisor`")
    assert told({"site_config": [row_of("common", diff=wanted)]})["notes"] == []


def test_a_run_without_a_site_says_so_and_a_run_that_failed_says_why_instead():
    (note,) = recap([], {}, {})["notes"]
    assert note["text"] == "no site was selected, so no site was managed" and "oauth2_exclude_sites" in note["remedy"]
    assert [note["kind"] for note in recap([], {}, {}, faults={"clients": "x"})["notes"]] == ["FAILED"]
    assert recap([A], {}, {})["notes"] == []
