# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cause of an HTTP 500, from the Error Log or its queue; nothing of an entry's text leaves it."""

from __future__ import annotations

import json
import types

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.causes import add_causes
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.error_log import QUEUE, server_error
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import remedy_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault, row

SINCE = "2026-11-25 10:00:00.000000"
CANARY = "canary-8c1f"
# As frappe.get_traceback(with_context=True) writes it: with the values of variables.
ASSETS = f"""Traceback with variables (most recent call last):
  File "apps/frappe/frappe/app.py", line 110, in application
    response = frappe.api.handle(request)
      request = <Request {CANARY}>
  File "apps/frappe/frappe/utils/jinja_globals.py", line 136, in bundled_asset
    path = bundled_assets.get(path) or path
      path = '{CANARY}'
builtins.AttributeError: 'NoneType' object has no attribute '{CANARY}'"""
SCHEMA = f"""Traceback with variables (most recent call last):
  File "apps/frappe/frappe/database/database.py", line 230, in sql
pymysql.err.OperationalError: (1054, "Unknown column '{CANARY}' in 'field list'")"""
REDIS = "Traceback:\n  File x\nredis.exceptions.ConnectionError: Error 111 connecting to 127.0.0.1:13000."
OTHER = f"Traceback:\nmy_app.errors.{'Odd'}Error: first line\n{CANARY}: a second line of the message\n{CANARY}"


@pytest.fixture(autouse=True)
def sites(tmp_path, monkeypatch):
    """The working directory of the worker, with assets."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/assets.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def frappe_with(rows=(), queued=()):
    """Frappe with entries in the log, and entries that a background job has not inserted yet."""

    def get_all(doctype, filters, **_more):
        assert doctype == "Error Log"
        return [one for one in rows if one["creation"] >= filters["creation"][1]]

    cache = types.SimpleNamespace(lrange=lambda key, _start, _stop: queued if key == QUEUE else [])
    return types.SimpleNamespace(get_all=get_all, cache=cache, exceptions=types.SimpleNamespace())


def entry(error, at="10:00:01"):
    return {"creation": f"2026-11-25 {at}.000000", "error": error}


def failed(found, rule="authorize-refused"):
    return row("authorize", "failed", Fault(rule, "a code", found))


@pytest.mark.parametrize(
    ("error", "found", "rule", "named"),
    [
        (ASSETS, "HTTP 500 AttributeError", "assets-missing", "builtins.AttributeError"),
        (ASSETS, "HTTP 500", "assets-missing", "builtins.AttributeError"),
        (SCHEMA, "HTTP 500 OperationalError", "schema-behind", "pymysql.err.OperationalError"),
        ("x\npsycopg2.errors.UndefinedTable: no", "HTTP 500", "schema-behind", "psycopg2.errors.UndefinedTable"),
        (REDIS, "HTTP 500 ConnectionError", "redis-down", "redis.exceptions.ConnectionError"),
        (OTHER, "HTTP 500 OddError", "", "my_app.errors.OddError"),
    ],
)
@pytest.mark.parametrize("queued", [False, True])
def test_the_class_and_a_recognised_cause_and_never_the_text(error, found, rule, named, queued):
    one = entry(error)
    frappe = frappe_with(queued=[json.dumps([one]).encode()]) if queued else frappe_with([one])
    told = server_error(failed(found), frappe, SINCE)
    assert told == (rule, f"Frappe raised {named}; its Error Log has the entry")
    assert CANARY not in str(told)


@pytest.mark.parametrize(
    ("found", "one"),
    [
        ("HTTP 400 invalid_request", entry(ASSETS)),  # Frappe logs no client error
        ("HTTP 500 AttributeError", entry(ASSETS, "09:59:59")),  # before the verification
        ("HTTP 500 OperationalError", entry(ASSETS)),  # somebody else's request
        ("HTTP 500", entry(f"{CANARY}: no class of an exception")),
    ],
)
def test_an_entry_of_something_else_is_not_taken(found, one):
    assert server_error(failed(found), frappe_with([one]), SINCE) == ("", "")


def test_a_frappe_without_that_log_is_no_fault():
    def missing(*_args, **_more):
        raise RuntimeError

    frappe = types.SimpleNamespace(get_all=missing, cache=types.SimpleNamespace(lrange=missing))
    assert server_error(failed("HTTP 500"), frappe, SINCE) == ("", "")


def test_the_step_gets_the_rule_of_the_cause_or_only_the_reason():
    first, second = failed("HTTP 500 AttributeError"), failed("HTTP 500 OddError")
    add_causes([first, second], frappe_with([entry(ASSETS), entry(OTHER)]), {}, remedy_of, SINCE)
    assert first["rule"] == "assets-missing" and "bench build" in first["remedy"]
    assert second["rule"] == "authorize-refused"
    assert second["reason"] == "Frappe raised my_app.errors.OddError; its Error Log has the entry"


def test_missing_assets_are_named_where_frappe_could_not_write_its_log(sites):
    assert server_error(failed("HTTP 500"), frappe_with(), SINCE) == ("", "")
    (sites / "assets/assets.json").unlink()
    found = server_error(failed("HTTP 500"), frappe_with(), SINCE)
    assert found == ("assets-missing", "the bench has no sites/assets/assets.json")
    assert server_error(failed("HTTP 500 ValueError"), frappe_with(), SINCE) == ("", "")
    assert server_error(failed("HTTP 404"), frappe_with(), SINCE) == ("", "")
