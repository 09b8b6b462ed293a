# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's transaction: what is tried again, and how the errors of each database driver are reported."""

from __future__ import annotations

import sys
import types

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench import worker

REQUEST = {"check_mode": True, "common": {}, "lock_wait": 1}


def error(kind, *args):
    return type(kind, (Exception,), {})(*args)


class Frappe(types.SimpleNamespace):
    """The part of Frappe that a transaction uses. It counts what is called."""

    def __init__(self):
        self.calls = []
        super().__init__(
            local=types.SimpleNamespace(conf={"db_name": "_1"}, message_log=[]),
            db=types.SimpleNamespace(
                begin=lambda read_only: None,
                commit=lambda: self.calls.append("commit"),
                rollback=lambda: self.calls.append("rollback"),
            ),
            init=lambda site, sites_path: self.calls.append("init"),
            connect=lambda: None,
            destroy=lambda: self.calls.append("destroy"),
        )


def run(monkeypatch, errors, repeatable=True):
    """Run a job that raises these errors, one per try, and then succeeds. Returns the reply, the tries and Frappe."""
    left, tries, frappe = list(errors), [], Frappe()

    def job(_site, _item, _common):
        tries.append(1)
        if left:
            raise left.pop(0)
        return "done"

    monkeypatch.setattr(worker, "PAUSE", 0)
    module = types.ModuleType("a_job")
    module.REPEATABLE = repeatable
    monkeypatch.setitem(sys.modules, "a_job", module)
    job.__module__ = "a_job"
    return worker.run_site(frappe, job, REQUEST, {"site": "a.test"}), len(tries), frappe


CHANGED = error("OperationalError", 1020, "Record has changed since last read in table 'tabUser'")
CONFLICTS = [
    CHANGED,
    error("OperationalError", 1213, "Deadlock found when trying to get lock; try restarting transaction"),
    error("OperationalError", 1205, "Lock wait timeout exceeded; try restarting transaction"),
    error("InternalError", 1020, "Record has changed since last read"),
    error("QueryDeadlockError", error("OperationalError", 1213, "Deadlock found")),
    error("QueryTimeoutError", error("OperationalError", 1205, "Lock wait timeout exceeded")),
    error("SerializationFailure", "could not serialize access due to concurrent update\n"),
    error("DeadlockDetected", "deadlock detected\nDETAIL:  Process 1 waits for ShareLock\n"),
    error("LockNotAvailable", "canceling statement due to lock timeout\n"),
    error("OperationalError", "database is locked"),
]


@pytest.mark.parametrize("conflict", CONFLICTS, ids=lambda one: f"{type(one).__name__} {str(one.args[0])[:4]}")
def test_a_conflict_with_another_transaction_is_tried_again_and_then_reported(monkeypatch, conflict):
    reply, tries, frappe = run(monkeypatch, [conflict])
    assert (reply, tries) == ({"reply": "done"}, 2)
    assert frappe.calls == ["init", "rollback", "destroy", "init", "destroy"], "each try has its own connection"
    reply, tries, _frappe = run(monkeypatch, [conflict] * 9)
    assert tries == worker.TRIES == 3
    assert reply["failed"].startswith("the site's database rejected a transaction that conflicts with another one: ")
    assert reply["failed"].endswith(". It was rolled back. Run the playbook again") and "\n" not in reply["failed"]


def test_what_is_not_safe_to_repeat_and_what_is_no_conflict_is_tried_once(monkeypatch):
    assert run(monkeypatch, [CHANGED], repeatable=False)[1] == 1
    assert run(monkeypatch, [error("OperationalError", 2003, "Can't connect to MySQL server")])[1] == 1
    assert run(monkeypatch, [error("ValidationError", 1020)])[1] == 1


def test_a_database_that_kept_the_site_waiting_for_long_is_not_tried_again(monkeypatch):
    monkeypatch.setattr(worker, "TRY_AGAIN_WITHIN", -1.0)
    reply, tries, _frappe = run(monkeypatch, [CHANGED])
    assert tries == 1 and "Run the playbook again" in reply["failed"]


def test_only_jobs_that_plan_again_are_repeatable():
    names = ("clients", "api_keys", "tokens", "info", "verify", "verify_end")
    prefix = worker.__name__.rpartition("._bench.")[0] + "._frappe."
    found = {name: getattr(__import__(prefix + name, fromlist=["job"]), "REPEATABLE", False) for name in names}
    assert found == dict.fromkeys(names, True)  # the requests of a verification are no job


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (
            error(
                "UndefinedTable", 'relation "tabDocType" does not exist\nLINE 1: select name from "tabDocType"\n ^\n'
            ),
            'the site\'s database lacks Frappe tables: relation "tabDocType" does not exist. Run bench --site SITE '
            "migrate. If the site is new, finish its creation",
        ),
        (
            error("ProgrammingError", 1146, "Table '_1.tabDocType' doesn't exist"),
            "the site's database lacks Frappe tables: 1146 Table '_1.tabDocType' doesn't exist. Run bench",
        ),
        (
            error("UndefinedColumn", 'column "enabled" does not exist\nLINE 1: select "enabled" from x\n'),
            'the site\'s database lacks a column: column "enabled" does not exist. Run bench --site SITE migrate',
        ),
        (
            error("OperationalError", 1054, "Unknown column 'enabled' in 'field list'"),
            "the site's database lacks a column: 1054 Unknown column",
        ),
        (
            error(
                "OperationalError",
                'connection to server at "127.0.0.1", port 5433 failed: Connection refused\n'
                "\tIs the server running on that host and accepting TCP/IP connections?\n",
            ),
            'cannot connect to the site\'s database: connection to server at "127.0.0.1", port 5433 failed: Connection '
            "refused Is the server running on that host and accepting TCP/IP connections?. Check that",
        ),
        (error("SyntaxError_", "syntax error\nLINE 1: select 'the-secret'\n"), "SyntaxError_: syntax error"),
    ],
)
def test_the_errors_of_each_driver_are_one_line_with_a_remedy_and_no_statement(monkeypatch, raised, expected):
    reply, _tries, _frappe = run(monkeypatch, [raised])
    assert reply["failed"].startswith(expected) and "\n" not in reply["failed"] and "LINE" not in reply["failed"]
