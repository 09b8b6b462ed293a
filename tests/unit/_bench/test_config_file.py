# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merging into site_config.json: values, the file on disk, Frappe's lock."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import threading
import time

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench import config_file
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import (
    BrokenConfig,
    merge_file,
    read_config,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core import files, locks
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.files import replace
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.locks import frappe_lock
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import HIDDEN, NOT_SHOWN
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.config import canonical, plan_config, text_of
from hypothesis import given
from hypothesis import strategies as st

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
json_values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
configs = st.dictionaries(st.text(max_size=6), json_values, max_size=6)


# ---------------------------------------------------------------- the plan
@pytest.mark.parametrize(
    ("current", "wanted"),
    [(True, 1), (1, True), (0, False), (1, 1.0), ("1", 1), (None, ""), ([], {}), ([1, 2], [2, 1])],
)
def test_values_keep_their_type(current, wanted):
    change = plan_config({"limits": current}, {"limits": wanted}, {}, [])
    assert change.before == {"limits": current} and change.after == {"limits": wanted}


def test_equal_values_change_nothing():
    assert not plan_config({"a": {"x": [1, None], "y": 2}}, {"a": {"y": 2, "x": [1, None]}}, {}, ["b"])


def test_other_keys_stay():
    change = plan_config({"encryption_key": "k", "a": 1, "b": 2}, {"a": 3}, {}, ["b"])
    assert change.config == {"encryption_key": "k", "a": 3}
    assert (change.before, change.after) == ({"a": 1, "b": 2}, {"a": 3})


def test_secrets_never_show():
    current = {
        "mail_password": "old-secret",
        "s3": {"secret_key_id": 1, "client_secret": "old-secret"},
        "x": "old-secret",
    }
    change = plan_config(current, {}, {"x": "new-secret"}, ["mail_password", "s3"])
    assert change.config == {"x": "new-secret"}
    assert "-secret" not in json.dumps([change.before, change.after])


def test_an_old_text_may_be_a_secret_under_any_name():
    """A key that was in secret_settings and is now removed is still a secret."""
    old = {"vendor": "old-secret", "pin": 123456789, "deep": [{"x": "old-secret"}], "port": 8000, "on": True}
    kept = {"host_name": "https://a.example", "redis_cache": "redis://:old-secret@127.0.0.1"}
    change = plan_config({**old, **kept}, {"vendor": "declared", "pin": 1}, {}, ["deep", "port", "on", *kept])
    assert change.before == {
        **{"vendor": NOT_SHOWN, "pin": NOT_SHOWN, "deep": NOT_SHOWN, "port": 8000, "on": True},
        **{"host_name": "https://a.example", "redis_cache": HIDDEN},
    }
    assert change.after == {"vendor": "declared", "pin": 1}


@given(configs, configs, st.lists(st.text(max_size=6)))
def test_applying_gives_the_declared_state_and_planning_again_gives_nothing(current, settings, absent):
    absent = [key for key in absent if key not in settings]
    change = plan_config(current, settings, {}, absent)
    assert not plan_config(change.config, settings, {}, absent)
    for key, value in settings.items():
        assert canonical(change.config[key]) == canonical(value)
    assert not set(absent) & set(change.config)
    untouched = set(current) - set(settings) - set(absent)
    assert {key: change.config[key] for key in untouched} == {key: current[key] for key in untouched}


# ---------------------------------------------------------------- the file
@pytest.fixture
def site(tmp_path):
    (tmp_path / "locks").mkdir()
    path = tmp_path / "site_config.json"
    path.write_text('{"db_name": "x",\n "encryption_key": "k"}')
    path.chmod(0o640)
    return tmp_path


def merge_into(site, settings, check_mode=False):
    return merge_file(
        str(site / "site_config.json"),
        str(site / "locks" / "site_config.lock"),
        lambda current: plan_config(current, settings, {}, []),
        check_mode,
    )


def snapshot(folder):
    return {
        path: (
            path.lstat().st_mtime_ns,
            path.lstat().st_ino,
            path.lstat().st_mode,
            path.is_file() and path.read_bytes(),
        )
        for path in sorted(folder.rglob("*"))
    }


def test_the_file_is_written_as_frappe_writes_it(site):
    merge_into(site, {"a": ["é"]})
    path = site / "site_config.json"
    assert path.read_text() == '{\n "a": [\n  "\\u00e9"\n ],\n "db_name": "x",\n "encryption_key": "k"\n}'
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(p.name for p in site.iterdir()) == ["locks", "site_config.json"]


@pytest.mark.parametrize(
    ("settings", "check_mode"), [({"db_name": "x"}, False), ({"a": 1}, True), ({"db_name": "x"}, True)]
)
def test_equal_or_check_mode_touches_nothing(site, settings, check_mode):
    before = snapshot(site)
    assert bool(merge_into(site, settings, check_mode)) is (settings == {"a": 1})
    assert snapshot(site) == before


def test_a_link_stays_a_link(site, tmp_path_factory):
    real = tmp_path_factory.mktemp("elsewhere") / "config.json"
    path = site / "site_config.json"
    path.rename(real)
    path.symlink_to(real)
    merge_into(site, {"a": 1})
    assert path.is_symlink() and json.loads(real.read_text())["a"] == 1


def test_what_a_kill_left_behind_is_replaced(site):
    leftover = site / ".site_config.json.benchkeeper"
    leftover.write_text("half")
    merge_into(site, {"a": 1})
    assert not leftover.exists() and read_config(str(site / "site_config.json"))["a"] == 1


def test_a_failed_write_leaves_the_old_file(site, monkeypatch):
    before = (site / "site_config.json").read_text()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        merge_into(site, {"a": 1})
    assert (site / "site_config.json").read_text() == before
    assert not (site / ".site_config.json.benchkeeper").exists()


@pytest.mark.parametrize(
    ("text", "message"), [('{"a": ', "is not valid JSON: "), ("", "is not valid JSON: "), ("[]", "contains a list")]
)
def test_a_broken_file_is_named_and_left(site, monkeypatch, text, message):
    monkeypatch.setattr(config_file, "PAUSE", 0)
    path = site / "site_config.json"
    path.write_text(text)
    with pytest.raises(BrokenConfig) as error:
        merge_into(site, {"a": 1})
    assert str(path) in str(error.value) and message in str(error.value)
    assert path.read_text() == text


def test_a_reader_waits_for_a_writer_that_truncates_in_place(site):
    path = site / "site_config.json"
    whole = path.read_text()
    path.write_text("")
    threading.Timer(0.2, path.write_text, [whole]).start()
    assert read_config(str(path))["db_name"] == "x"


def put_a_pipe(path):
    os.mkfifo(path)


def put_a_device(path):
    path.symlink_to("/dev/zero")


def put_a_folder(path):
    path.mkdir()


def put_too_much(path):
    path.write_text("{" + " " * 100)


@pytest.mark.parametrize(
    ("put", "message"),
    [
        (put_a_pipe, "is a named pipe, expected a regular file"),
        (put_a_device, "is a device, expected a regular file"),
        (put_a_folder, "is a directory, expected a regular file"),
        (put_too_much, "is larger than 0 MiB, so it is not a valid configuration. Restore it from a backup"),
    ],
)
def test_what_would_hang_a_reader_or_never_end_is_refused_at_once(site, monkeypatch, put, message):
    monkeypatch.setattr(files, "LARGEST", 64)
    path = site / "site_config.json"
    path.unlink()
    put(path)
    begun = time.monotonic()
    with pytest.raises(BrokenConfig, match=message) as error:
        read_config(str(path))
    assert str(path) in str(error.value) and time.monotonic() - begun < 5


# ---------------------------------------------------------------- the lock
@pytest.fixture
def waiting(monkeypatch):
    """An event: a thread has found the lock taken, and waits for it."""
    event, pause = threading.Event(), time.sleep

    def sleep(seconds):
        event.set()
        pause(seconds)

    monkeypatch.setattr(locks.time, "sleep", sleep)
    return event


def test_the_lock_is_frappes(site):
    lock = site / "locks" / "site_config.lock"
    with frappe_lock(str(lock)):
        with open(lock) as other:
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with open(lock) as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_lock_that_stays_held_ends_in_an_error(site):
    lock = site / "locks" / "site_config.lock"
    with open(lock, "w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(TimeoutError, match="another process held the lock for"):
            with frappe_lock(str(lock), wait=0.1):
                pass


def test_a_lock_file_that_its_holder_removes_is_taken_anew(site, waiting):
    lock = site / "locks" / "site_config.lock"
    held = open(lock, "w")
    fcntl.flock(held, fcntl.LOCK_EX)

    def let_go():
        waiting.wait(30)
        lock.unlink()
        held.close()

    threading.Thread(target=let_go).start()
    with frappe_lock(str(lock), wait=30):
        assert lock.exists()
        with open(lock) as other:
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_what_another_writer_adds_meanwhile_is_kept(site, waiting):
    """The plan is computed again under the lock, from the current content of the file."""
    path, lock = site / "site_config.json", site / "locks" / "site_config.lock"
    with open(lock, "w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        thread = threading.Thread(target=merge_into, args=(site, {"ours": 1}))
        thread.start()
        assert waiting.wait(30)
        replace(str(path), text_of({**read_config(str(path)), "theirs": 2}))
    thread.join()
    assert read_config(str(path)) == {"db_name": "x", "encryption_key": "k", "ours": 1, "theirs": 2}
