# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A verification that is killed at any instant leaves no code, token or session after the next run."""

from __future__ import annotations

import contextlib
import subprocess
import time

import psutil
import pytest
from killed_runs import deciles, ended, kill_all, modules, wait_for, workers
from processes import command, family, kill

APP = {"app_name": "Interrupted App", "redirect_uris": ["com.example.app://cb"], "scopes": ["openid"]}
# The bench's Python runs one process at a time: for the facts, for the requests, and for the cleanup.
TARGETS = ["all", "all", "module", "bench", "controller"]
LEFT = """
result = {
    "tokens": frappe.db.count("OAuth Bearer Token", {"client": data["client"][site]}),
    "codes": frappe.db.count("OAuth Authorization Code", {"client": data["client"][site]}),
    "copies": frappe.db.count("Deleted Document", {"deleted_doctype": "OAuth Authorization Code"}),
    "sessions": len(frappe.db.sql("select sid from `tabSessions` where user = %s", (data["user"],))),
}
"""


class Verifications:
    """Verifications of all sites of a bench, and what they left."""

    def __init__(self, ground):
        self.ground, self.user = ground, ground.users["clerk"]["email"]
        made = ground.modules("frappe_oauth_client", ("Make", {"sites": [{"name": n, **APP} for n in ground.sites]}))
        self.clients = {row["name"]: row["client_id"] for row in made["Make"]["sites"]}

    def play(self, sites):
        """A play that verifies these sites."""
        options = {
            "bench_path": str(self.ground.path),
            "app_name": APP["app_name"],
            "address": self.ground.address,
            "username": self.user,
            "password": self.ground.credentials[self.user],
            "sites": [{"name": name} for name in sites],
        }
        return self.ground.play([{"name": "Verify", "benchkeeper.frappe.frappe_oauth_verify": options}])

    def left(self):
        """What is in the databases, as lines."""
        found = self.ground.inside(LEFT, {"client": self.clients, "user": self.user})
        return [f"{site}: {n} {kind}" for site, rows in found.items() for kind, n in rows.items() if n]

    def records(self):
        """The names of the records, and of files that never became one."""
        return [path.name for path in (self.ground.path / "config").glob("benchkeeper.frappe-verify-*")]


@pytest.fixture(scope="module")
def verifications(ground):
    kit = Verifications(ground)
    yield kit
    gone = {"state": "absent", "app_name": APP["app_name"], "sites": [{"name": name} for name in ground.sites]}
    ground.modules("frappe_oauth_client", ("Remove", gone))


def strike(ground, process, target, instant, chance):
    """Kill a run or a part of it at an instant. Returns whether there was something to kill.

    For a process that lives for a part of the run only, the instant counts from its start.
    """
    if target in ("all", "controller"):
        try:
            process.wait(instant)
            return False
        except subprocess.TimeoutExpired:
            pass
        if target == "all":
            return bool(kill_all(process))
        found = [one for one in family(process.pid) if any("ansible-playbook" in word for word in command(one)[:3])]
        kill(found)
        return bool(found)
    met = wait_for(lambda processes: find(ground, target, processes), process)
    for _ended in range(chance.randint(0, 2) if target == "bench" else 0):  # facts, requests, cleanup
        psutil.wait_procs(met, timeout=instant)
        met = wait_for(lambda processes: find(ground, target, processes), process)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(chance.random() * instant * 0.3)
    found = find(ground, target, family(process.pid))
    kill(found)
    return bool(found)


def find(ground, target, processes):
    """The processes of a target."""
    return workers(ground, processes) if target == "bench" else modules(ground, processes)


def test_a_verification_that_is_killed_leaves_nothing_after_the_next_run(trial, ground, verifications):
    began = time.monotonic()
    assert ground.playbook(verifications.play(ground.sites)).status == 0
    span = time.monotonic() - began
    assert verifications.left() == [] and verifications.records() == []
    tries, failures, hit, dirty, fractions = trial.count(5, 100), [], dict.fromkeys(TARGETS, 0), 0, []
    for number in range(tries):
        target, instant = TARGETS[number % len(TARGETS)], (0.15 + 0.85 * trial.random.random()) * span
        process = ground.start(verifications.play(ground.sites))
        hit[target] += strike(ground, process, target, instant, trial.random)
        fractions.append(instant / span)
        ended(process)
        wait_for_orphans(ground)
        dirty += bool(verifications.left() or verifications.records())
        run = ground.playbook(verifications.play([]))
        label = f"try {number}, {target} at {instant:.2f} of {span:.2f} s"
        failures += [f"{label}: {why}" for why in verifications.left() + verifications.records()]
        failures += [f"{label}: {run.output}"] if run.status else []
    parts = ", ".join(f"{count} {target}" for target, count in hit.items())
    what = f"{parts}; {dirty} left something; instants by tenth of a run: {deciles(fractions)}"
    trial.add_row(f"kill -9 in a verification ({what}): nothing is left after the next run", tries, failures)


def wait_for_orphans(ground):
    """Wait until no module and no process of the bench's Python is left."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        everything = [one for one in psutil.process_iter() if str(ground.path) in " ".join(command(one))]
        if not workers(ground, everything):
            return
        time.sleep(0.05)


def test_two_verifications_at_once_never_touch_each_others_rows(trial, ground, verifications):
    tries, failures = trial.count(1, 10), []
    for _number in range(tries):
        started = [ground.start(verifications.play(ground.sites)) for _run in range(2)]
        failures += [said for process in started if (said := ended(process)) and process.returncode]
        failures += verifications.left() + verifications.records()
    trial.add_row(
        "two verifications of the same sites, client and user at once: both pass, nothing is left", tries, failures
    )
