# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a running verification: who may read it, when it is dead, and what it says was created."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core import verify_records
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.verify_records import (
    append,
    claims,
    create,
    dead,
    digest,
    paths,
    settle,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import Made
from scripted_site import Reply, ScriptedRun, Site

ABOUT = {"site": "a", "client": "c", "user": "u", "nonce": "n", "since": "2026-01-01 00:00:00", "clock": 1.0}


def test_a_record_is_private_and_is_dead_once_every_process_that_held_it_has_ended(tmp_path):
    record = create(str(tmp_path / "config"), [{"row": 0, **ABOUT}])
    assert os.stat(record.path).st_mode & 0o777 == 0o600
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, pass_fds=[record.handle]
    )
    folder = str(tmp_path / "config")
    assert dead(folder) == []
    record.close()
    assert dead(folder) == [], "the child still holds the lock"
    child.communicate()
    (found,) = dead(folder)
    assert found.path == record.path and dead(folder) == [], "two runs never clean up after the same record"
    found.remove()
    assert paths(folder) == []


def test_a_record_that_was_never_completed_is_removed_after_a_while(tmp_path):
    young, old = (tmp_path / f"{verify_records.PREFIX}{name}.jsonl.new" for name in "ab")
    young.touch()
    old.touch()
    os.utime(old, (time.time() - 3600,) * 2)
    assert dead(str(tmp_path)) == [] and young.exists() and not old.exists()


def test_a_folder_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(28, "full")

    monkeypatch.setattr(verify_records.os, "fsync", full)
    with pytest.raises(OSError):
        create(str(tmp_path), [{"row": 0, **ABOUT}])
    assert list(tmp_path.iterdir()) == []


def test_an_incomplete_line_hides_nothing_and_a_lost_response_is_known(tmp_path):
    record = create(str(tmp_path), [{"row": 0, **ABOUT}, {"row": 1, **ABOUT, "client": "d"}])
    made = Made(lambda entry: append(record.handle, {"row": 1, **entry}))
    made.codes += ["the-code"]
    made.asks("token")
    made.answered("token", "the-token")
    made.asks("token")
    made.answered("token", None)
    made.asks("session")
    os.write(record.handle, b'{"row": 0, "asks": "to')
    first, second = claims(record.path)
    assert (first["codes"], first["tokens"], first["lost_tokens"]) == ([], [], [])
    assert second["codes"] == [digest("the-code")] and second["tokens"] == [digest("the-token")]
    assert second["lost_tokens"] == [] and len(second["lost_sessions"]) == 1
    assert second["run"] in record.path
    record.close()


def test_no_secret_is_in_a_record(tmp_path):
    record, site = create(str(tmp_path), [{"row": 0, **ABOUT}]), Site()
    run = ScriptedRun(site)
    run.made = Made(lambda entry: append(record.handle, {"row": 0, **entry}))
    run.with_pair()
    written = open(record.path).read()
    assert digest(run.pairs[0]["access_token"]) in written
    codes = [asked.values["code"] for asked in site.asked if "code" in asked.values]
    secrets = [*run.pairs[0].values(), *codes, "right"]
    assert not [secret for secret in secrets if f'"{secret}"' in written]
    record.close()


@pytest.mark.parametrize(("status", "lost"), [(200, 0), (400, 0), (429, 0), (500, 1), (504, 1)])
def test_an_error_of_the_server_may_follow_after_a_token_was_created(status, lost):
    entries: list = []
    run = ScriptedRun(Site(get_token=Reply(status, {"error": "x"})), until=0)
    run.made = Made(entries.append)
    run.token("grant_type=authorization_code")
    asked = [entry for entry in entries if entry.get("asks") == "token"]
    assert len(asked) - len([entry for entry in entries if entry.get("answered") == "token"]) == lost


def test_the_server_gets_time_to_finish_a_request_whose_client_was_killed(tmp_path, monkeypatch):
    slept: list = []
    monkeypatch.setattr(verify_records.time, "sleep", slept.append)
    create(str(tmp_path), [{"row": 0, **ABOUT}]).close()
    (record,) = dead(str(tmp_path))
    settle([record])
    os.utime(record.path, (time.time() - 60,) * 2)
    settle([record])
    assert 4 < slept[0] <= verify_records.SETTLED and slept[1] == 0
    record.remove()
