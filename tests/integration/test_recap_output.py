# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a terminal shows at the end of a run: one table for all hosts, or one per host, and nothing for programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT

BIN = Path(sys.executable).parent


def summary(site, state, changed, *notes):
    row = {"site": site, "state": state, "cells": [changed], "brief": [changed]}
    return {"title": "Recap", "columns": ["changed"], "rows": [row], "notes": list(notes), "notices": {}}


NOTE = {"kind": "FAILED", "sites": ["b.test"], "text": "no database", "remedy": "Start it."}
HOSTS = {"first": summary("a.test", "changed", "config"), "second": summary("b.test", "failed", "nothing", NOTE)}


@pytest.fixture
def run(tmp_path):
    """Runs a play that shows the summary of two hosts."""
    inventory = {"all": {"hosts": {host: {"shown": one} for host, one in HOSTS.items()}}}
    task = {
        "name": "Show it",
        "benchkeeper.frappe.frappe_summary": {"summary": "{{ shown }}", "footer": ["The report is in reports/."]},
    }
    play = {"hosts": "all", "connection": "local", "gather_facts": False, "tasks": [task]}
    (tmp_path / "hosts.json").write_text(json.dumps(inventory))

    bare = f"[defaults]\nhome = {ROOT}/.ansible\ncollections_path = {ROOT}/.ansible/collections\n"
    (tmp_path / "bare.cfg").write_text(bare)

    def go(callback=True, plays=1, first=(), status=0, **environment):
        (tmp_path / "play.json").write_text(json.dumps([{**play, "tasks": [*first, task]}] * plays))
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "NO_COLOR"))}
        config = ROOT / "ansible.cfg" if callback else tmp_path / "bare.cfg"
        settings = {"ANSIBLE_CONFIG": str(config), "COLUMNS": "100", **environment}
        done = subprocess.run(
            [BIN / "ansible-playbook", "-i", tmp_path / "hosts.json", tmp_path / "play.json"],
            cwd=ROOT,
            env={**kept, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert done.stderr == ""
        return done.stdout

    return go


def test_all_hosts_share_one_table_after_ansibles_own_recap(run):
    before, _recap, after = run().partition("PLAY RECAP")
    assert "a.test" not in before and "b.test" not in before
    table = after[after.index("\nhost ") :].strip().splitlines()
    assert [line.split() for line in table] == [
        ["host", "site", "changed"],
        ["------", "------", "-------"],
        ["second", "b.test", "nothing"],
        ["first", "a.test", "config"],
        [],
        ["FAILED", "b.test", "(second):", "no", "database.", "Start", "it."],
        ["The", "report", "is", "in", "reports/."],
    ]


def test_a_second_run_of_the_role_hides_nothing_of_the_first(run):
    _before, _recap, after = run(plays=2).partition("PLAY RECAP")
    assert after.count("second  b.test  nothing") == after.count("first   a.test  config") == 2


def test_a_host_that_failed_before_its_summary_is_named(run):
    fails = {"name": "Stop", "ansible.builtin.fail": {"msg": "no bench"}, "when": "inventory_hostname == 'second'"}
    _before, _recap, after = run(first=[fails], status=2).partition("PLAY RECAP")
    assert "a.test  config" in after
    assert after.strip().endswith("FAILED second: no result. See its failed or unreachable task above.")


def test_without_the_callback_each_host_has_its_own_table(run):
    out = run(callback=False)
    before, _recap, after = out.partition("PLAY RECAP")
    assert before.count("site    changed") == 2 and "FAILED b.test: no database. Start it." in before
    assert "a.test" not in after and '"a.test' not in out and "- site" not in out


@pytest.mark.parametrize("callback", [True, False])
def test_programs_read_json_alone(run, callback):
    out = run(callback, ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")
    hosts = json.loads(out)["plays"][0]["tasks"][0]["hosts"]
    assert {host: one["summary"] for host, one in hosts.items()} == HOSTS


@pytest.mark.parametrize("plain", ["NO_COLOR", "ANSIBLE_NOCOLOR"])
def test_color_shows_the_state_and_can_be_turned_off(run, plain):
    colored = run(ANSIBLE_FORCE_COLOR="1")
    assert "\x1b[0;31mFAILED\x1b[0m b.test (second): no database" in colored
    assert "\x1b[0;33mfirst" in colored
    assert "\x1b[" not in run(**{plain: "1"})
