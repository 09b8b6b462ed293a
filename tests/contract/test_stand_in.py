# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Behaviour that the promises require and recordings do not show: transactions, locks, unreachable databases.

MariaDB's manual and Frappe's source define the expected behavior. Only the stand-in is tested: on a real bench, these
tests would wait for MariaDB's timeouts.
"""

from __future__ import annotations

import json
import subprocess

import pytest

ENTER = """
import json, os, sys
import frappe
def enter(site, **conf):
    frappe.init(site)
    frappe.local.conf.update(conf)
    frappe.connect()
def failure(act):
    try:
        act()
    except Exception as error:
        return type(error).__name__
def set_ip(value):
    frappe.db.set_value("User", "Guest", "last_ip", value)
def get_ip():
    return frappe.db.get_value("User", "Guest", "last_ip")
def answer(value):
    print(json.dumps(value))
    frappe.destroy()
"""


@pytest.fixture
def run(bench):
    """Run lines of Python in the bench's `sites` directory; return what they pass to `answer`."""
    if bench.everything:
        pytest.skip("applies only to the demo bench")

    def child(lines, *arguments, **popen):
        command = [*bench.python, "-c", ENTER + lines, bench.site, *arguments]
        options = {"cwd": bench.sites, "env": bench.environment, "text": True, **popen}
        if popen:
            return subprocess.Popen(command, **options)
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, **options)
        return json.loads(done.stdout)

    return child


def test_a_read_only_transaction_refuses_every_write_until_it_ends(run):
    assert run("""
enter(sys.argv[1])
frappe.db.begin(read_only=True)
client = {"doctype": "OAuth Client", "app_name": "x", "default_redirect_uri": "a://b"}
found = [failure(lambda: set_ip("x")), failure(lambda: frappe.get_doc(client).insert()),
         failure(lambda: frappe.delete_doc("OAuth Client", "nosuch")), failure(lambda: frappe.db.delete("Version"))]
frappe.db.rollback()
answer([*found, failure(lambda: set_ip("x"))])
""") == ["InReadOnlyMode", "InReadOnlyMode", None, "InReadOnlyMode", None]


def test_a_rollback_discards_uncommitted_changes_and_a_savepoint_only_its_own(run):
    assert run("""
enter(sys.argv[1])
set_ip("first")
frappe.db.commit()
set_ip("second")
frappe.db.savepoint("here")
set_ip("third")
frappe.db.rollback(save_point="here")
found = [get_ip()]
frappe.destroy()
enter(sys.argv[1])
answer([*found, get_ip()])
""") == ["second", "first"]


def test_reads_see_one_state_and_a_writer_waits_for_another(run):
    holder = run(
        """
enter(sys.argv[1])
sys.stdin.readline()
set_ip("held")
print("written", flush=True)
sys.stdin.readline()
frappe.db.commit()
frappe.destroy()
print("committed", flush=True)
""",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    reader = run(
        """
enter(sys.argv[1], demo_lock_wait_timeout=0.2)
before = get_ip()
print("read", flush=True)
sys.stdin.readline()
found = [get_ip() == before, failure(lambda: set_ip("mine")), failure(lambda: frappe.delete_doc("User", "nobody"))]
print("refused", flush=True)
sys.stdin.readline()
frappe.db.rollback()
kept = get_ip()
answer([*found, kept])
""",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    def step(child):
        child.stdin.write("\n")
        child.stdin.flush()
        return child.stdout.readline().strip()

    try:
        assert reader.stdout.readline().strip() == "read"
        assert step(holder) == "written"
        assert step(reader) == "refused"
        assert step(holder) == "committed"
        assert json.loads(step(reader)) == [True, "QueryTimeoutError", None, "held"]
        assert holder.wait(10) == reader.wait(10) == 0
    finally:
        for child in (holder, reader):
            child.stdin.close()
            child.stdout.close()
            if child.poll() is None:
                child.kill()
                child.wait()


def test_a_database_that_is_not_there_and_a_site_that_is_not_there(run):
    assert run("""
os.makedirs("unreachable/logs")
with open("unreachable/site_config.json", "w") as f:
    json.dump({"db_name": "nosuch", "db_password": "x"}, f)
found = [failure(lambda: frappe.init("nosuch"))]
frappe.destroy()
enter("unreachable")
answer([*found, failure(lambda: frappe.get_all("OAuth Client"))])
""") == ["IncorrectSitePath", "OperationalError"]


def test_a_site_that_is_made_again_keeps_what_it_has(run, bench):
    def again(**more):
        done = subprocess.run(
            [*bench.python, "-m", "frappe.demo", "new-site"],
            input=json.dumps({"site": bench.site, "apps": ["frappe"], **more}), cwd=bench.sites, env=bench.environment,
            check=True, text=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        return json.loads(done.stdout)["changed"]

    assert [again(), again(roles=["Contract Role"]), again(roles=["Contract Role"])] == [False, True, False]
    assert run("enter(sys.argv[1]); answer(frappe.get_installed_apps())") == ["frappe", "demo_crm"]
