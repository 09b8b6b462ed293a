# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recap: one table that says what changed, what was verified, and what needs a human."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import failed_row, row_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.recap import SINGLE, WIDTH, recap

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


def test_a_site_with_nothing_to_tell_says_so():
    result = told({"clients": [row_of(A, app_name="App")]})
    assert result["rows"] == [{"site": A, "changed": {}, "verified": "not asked", "failed": False, "findings": 0}]
    assert result["notes"] == []
    assert result["lines"][2].split() == [A, "nothing", "not", "asked", "no"]


def test_each_step_says_what_it_changed():
    results = {
        "site_config": [changed(A, diff={"before": {"x": 1}, "after": {"x": 2, "y": 3}})],
        "clients": [changed(A, "created", app_name="App"), row_of(A, app_name="Other")],
        "api_keys": [changed(A, users=[{"user": "u", "action": "created"}, {"user": "v", "action": "unchanged"}])],
        "tokens": [changed(A, revoked=3, deleted=0)],
        "edge": [changed(A)],
    }
    result = told(results)
    assert result["rows"][0]["changed"] == {
        "site_config": "config (x, y)",
        "clients": "clients (App created)",
        "api_keys": "API keys (1 created)",
        "tokens": "tokens (3 revoked)",
        "edge": "nginx (updated)",
    }
    assert "config, clients, API keys, tokens, nginx" in result["lines"][2]


def test_a_step_that_did_not_run_has_told_nothing():
    result = recap([A], {"clients": {}, "edge": {"skipped": True}, "verify": {"changed": False}}, {})
    assert result["rows"][0]["changed"] == {}


def test_in_check_mode_it_would_and_nothing_is_verified():
    result = told({"edge": [changed(A)]}, check=True)
    assert result["lines"][0].split()[:3] == ["site", "would", "change"]
    assert result["rows"][0]["verified"] == "not asked"


def test_a_verification_is_whole_or_says_what_is_missing():
    def verified(*rows):
        return told({"verify": list(rows)})["rows"][0]["verified"]

    assert verified(verification(A, "passed", "noticed")) == "yes"
    assert verified(verification(A, "passed"), verification(A, "passed")) == "yes"
    assert verified(verification(A, "passed", "not_run")) == "in part"
    assert verified(verification(A, "failed", "not_run")) == "no"
    assert verified(failed_row(A, "no user", steps=[], verified=False)) == "no"
    note = f"NOT VERIFIED {A}, {B}: step1: no user. Name one."
    parts = [verification(name, "passed", "not_run") for name in (A, B)]
    assert told({"verify": parts}, names=(A, B))["notes"] == [note]
    assert told({"verify": [verification(A, "failed", "not_run")]})["notes"] == []


def test_what_failed_is_told_with_its_reason_whether_or_not_it_was_worked_on():
    result = told({}, failed={B: "first line\nsecond line"})
    assert [(row["site"], row["failed"]) for row in result["rows"]] == [(A, False), (B, True)]
    assert result["notes"] == [f"FAILED {B}: first line second line"]
    assert result["lines"][3].endswith("FAILED")


def test_a_step_that_failed_for_the_whole_bench_is_told_beside_the_sites():
    result = recap([A], {"edge": {"failed": True, "sites": []}}, {B: "x"}, faults={"edge": "nginx says\nno"})
    assert [(row["site"], row["failed"]) for row in result["rows"]] == [(A, False), (B, True), ("(the bench)", True)]
    assert result["notes"] == [f"FAILED {B}: x", "FAILED (the bench) nginx: nginx says no"]


def test_a_finding_is_told_once_with_its_sites_and_a_notice_not_at_all():
    notice = {**FINDING, "severity": "notice", "rule": "frappe-x"}
    rows = [row_of(name, app_name="App", findings=[FINDING, notice]) for name in (A, B)]
    result = told({"clients": rows}, names=(A, B))
    assert result["notes"] == [f"LOOK AT {A}, {B}: scopes: 'all' [scope-all]. Name."]
    assert [row["findings"] for row in result["rows"]] == [1, 1]


def test_what_holds_for_all_sites_has_a_row_if_it_changed():
    common = row_of("common")
    assert [row["site"] for row in told({"site_config": [common]})["rows"]] == [A]
    edge = {"edge": {"changed": True, "sites": [row_of(A)]}}
    assert recap([A], edge, {})["rows"][-1]["changed"] == {"edge": "nginx (what all sites share)"}


def test_many_sites_with_nothing_to_tell_are_one_line():
    names = [f"s{number}.example" for number in range(SINGLE + 2)]
    result = told({"clients": [changed(names[0], "created", app_name="App")]}, names=names)
    assert len(result["rows"]) == len(names)
    assert len(result["lines"]) == 4
    assert result["lines"][3].startswith(f"{SINGLE + 1} other sites")
    assert len(told({}, names=names[:SINGLE])["lines"]) == 2 + SINGLE


def test_no_line_is_so_wide_that_the_yaml_callback_folds_it():
    results = {
        "site_config": [changed(A, diff={"before": {}, "after": dict.fromkeys(["one_key", "two_key", "three_key"])})],
        "clients": [changed(A, "created", app_name="A client with a long name")],
        "edge": [changed(A, "created")],
        "verify": [verification(A, "passed")],
    }
    result = told(results, failed={B: "word " * 40})
    assert "config, clients, nginx" in result["lines"][2]
    assert max(map(len, result["lines"])) <= WIDTH
    assert [line[:4] for line in result["lines"][-2:]] == ["    ", "    "]


def test_the_columns_stand_below_their_heads():
    lines = told({"verify": [verification(A, "passed"), verification("a-long-name.example", "passed")]})["lines"]
    assert len({line.index("yes") for line in lines[2:]} | {lines[0].index("verified")}) == 1


def test_keys_that_only_bench_itself_reads_are_left_to_a_human():
    wanted = {"before": {}, "after": {"gunicorn_workers": 4, "x": 1}}
    (note,) = told(
        {"site_config": [changed("common", diff=wanted), changed(A, diff={"before": {}, "after": {"x": 1}})]}
    )["notes"]
    assert note.startswith("LOOK AT common: gunicorn_workers: ") and "bench setup supervisor" in note
    assert told({"site_config": [row_of("common", diff=wanted)]})["notes"] == []
