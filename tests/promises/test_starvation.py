# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A broken site is reported with a remedy, and all other sites reach their declared state."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from declared_states import States, collected_rows, differences, left_over, names
from killed_runs import ended, wait_for, workers
from site_faults import (
    broken_common,
    broken_config,
    database_down,
    disk_full,
    empty_database,
    half_created,
    held_database,
    maintenance,
    no_config,
    no_redis,
    read_only,
    without_supervisor,
)


class BrokenSites:
    """Runs over broken and healthy sites, and the result for each site.

    Attributes:
        wrong: the failures.
        tries: the number of broken sites.
        given_up: site_timeout if one of the sites hangs. A whole run of healthy sites takes no longer than that.
    """

    def __init__(self, states: States):
        self.states, self.ground = states, states.ground
        self.wrong: list[str] = []
        self.tries = 0
        self.ends = {}
        for which in "BA":
            start = time.monotonic()
            run = self.ground.site(**states.declared(which))
            assert run.status == 0, run.output
            self.given_up = max(6, round(time.monotonic() - start))
            self.ends[which] = states.normal(states.seen())
        self.there, self.goal = names(self.ground), "B"

    def run(self, broken: dict, well=(), meanwhile=lambda process: None, **variables: object) -> str:
        """Break some sites, run, and check the result.

        Args:
            broken: by site, the fault (a context manager) and the words that the message must contain.
            well: broken sites that must reach their declared state anyway.
            meanwhile: called during the run.

        Returns:
            The whole output of the run.
        """
        declared = self.states.declared(self.goal)
        extra = [{"name": site} for site in broken if site not in self.ground.sites]
        declared["oauth2_sites"] = declared["oauth2_sites"] + extra
        with contextlib.ExitStack() as stack:
            for site, (fault, _words) in broken.items():
                stack.enter_context(fault(self.ground, site))
            process = self.ground.start("playbooks/site.yml", **{**declared, **variables})
            try:
                meanwhile(process)
            finally:
                said = ended(process)
        self.tries += max(1, len(broken))
        text = last_words(said)
        if bool(process.returncode) != bool(broken):
            self.wrong.append(f"exit status {process.returncode}, {len(broken)} broken: {said[-3000:]}")
        if "Traceback" in said:
            self.wrong.append(f"a traceback: {said}")
        for site, (fault, words) in broken.items():
            if f"{site}: " not in text or words not in text.partition(f"{site}: ")[2].partition("\n")[0]:
                self.wrong.append(f"{site} ({fault.__name__}) is not named with {words!r}: {text or said[-3000:]}")
        seen = self.states.seen()
        now = self.states.normal(seen)
        healthy = [site for site in self.ground.sites if site not in broken or site in well]
        wanted = {name: what for name, what in self.ends[self.goal].items() if name.partition(": ")[0] in healthy}
        self.wrong += [f"beside {list(broken)}: {why}" for why in differences(wanted, now)]
        self.wrong += [f"{list(broken)}: {why}" for why in self.states.lost(seen)]
        self.wrong += [f"{list(broken)}: {why}" for why in left_over(self.ground, self.there)]
        self.turn()
        return text

    def turn(self) -> str:
        """The state for this run; the next run gets the other one."""
        goal, self.goal = self.goal, "A" if self.goal == "B" else "B"
        return goal

    def recovered(self) -> None:
        """After the repair, one more run applies the declared state to all sites."""
        run = self.ground.site(**self.states.declared(self.goal))
        if run.status:
            self.wrong.append(f"afterwards: {run.output}")
        self.wrong += differences(self.ends[self.goal], self.states.normal(self.states.seen()))
        self.turn()


def last_words(said: str) -> str:
    """The final message of a run over all sites; empty if there is none."""
    with contextlib.suppress(ValueError, IndexError):
        report = json.loads(said[said.index("{\n") :])
        last = report["plays"][-1]["tasks"][-1]
        return str(last["hosts"]["localhost"].get("msg", ""))
    return ""


@pytest.fixture(scope="module")
def shared_broken_sites(states):
    return BrokenSites(states)


@pytest.fixture
def broken_sites(shared_broken_sites):
    """The broken_sites without earlier failures: every test has its own."""
    shared_broken_sites.wrong, shared_broken_sites.tries = [], 0
    return shared_broken_sites


def test_every_other_site_gets_its_state(trial, ground, broken_sites):
    for number in range(trial.count(1, 5)):
        down, hung = ground.sites[number % 3], ground.sites[(number + 1) % 3]
        with broken_config(ground, "stranger.localhost"):  # sites that no run may use
            there, broken_sites.there = broken_sites.there, names(ground)
            text = broken_sites.run(
                {
                    down: (database_down, "cannot connect to the site's database"),
                    hung: (held_database, f"No response within {broken_sites.given_up} s"),
                    "half.localhost": (half_created, "cannot connect to the site's database"),
                    "empty.localhost": (empty_database, "lacks Frappe tables"),
                    "unconfigured.localhost": (no_config, "has no site_config.json"),
                    "broken.localhost": (broken_config, "is not valid JSON"),
                },
                oauth2_site_timeout=broken_sites.given_up,
            )
        broken_sites.there = there
        if "stranger" in text:
            broken_sites.wrong.append(f"an undeclared site is reported: {text}")
        broken_sites.recovered()
    trial.add_row(
        "database down, hung, missing, empty; no or broken site_config.json", broken_sites.tries, broken_sites.wrong
    )


def test_a_full_disk_and_a_read_only_folder(trial, ground, broken_sites):
    for number in range(trial.count(1, 5)):
        full, fixed = ground.sites[number % 3], ground.sites[(number + 1) % 3]
        broken_sites.run({full: (disk_full, "No space left"), fixed: (read_only, "Read-only file system")})
        broken_sites.recovered()
    trial.add_row(
        "disk full, read-only directory: the other sites reach their state, later these too",
        broken_sites.tries,
        broken_sites.wrong,
    )


def test_a_slow_site_and_one_in_maintenance_get_their_state(trial, ground, broken_sites):
    for number in range(trial.count(1, 5)):
        slow, closed = ground.sites[number % 3], ground.sites[(number + 1) % 3]
        holding = contextlib.ExitStack()

        def let_go(process, holding=holding):
            """The database responds only after a worker has waited for it."""
            wait_for(lambda processes: workers(ground, processes), process)
            with contextlib.suppress(Exception):
                process.wait(8)
            holding.close()

        holding.enter_context(held_database(ground, slow))
        # The site serves nobody; the run reports this after it has reloaded nginx.
        broken_sites.run({closed: (maintenance, "maintenance")}, well=[closed], meanwhile=let_go)
    broken_sites.recovered()
    trial.add_row(
        "a slow database, a site in maintenance: both reach their state", broken_sites.tries, broken_sites.wrong
    )


def test_a_broken_common_configuration_stops_the_run_before_the_first_write(trial, ground, broken_sites):
    assert broken_sites.ground.site(**broken_sites.states.declared(broken_sites.goal)).status == 0
    before = broken_sites.states.normal(broken_sites.states.seen())
    broken_sites.turn()
    with broken_common(ground):
        run = ground.site(**broken_sites.states.declared(broken_sites.goal))
    wrong = [] if run.status else ["the run succeeded"]
    if "common_site_config.json is not valid JSON" not in run.output or "Traceback" in run.output:
        wrong.append(run.output)
    wrong += differences(before, broken_sites.states.normal(broken_sites.states.seen()))
    trial.add_row("a broken common_site_config.json: nothing is written, and the error names it", 1, wrong)


def test_services_that_are_gone(trial, ground, broken_sites):
    with without_supervisor(ground) as variables:
        goal = broken_sites.turn()
        run = ground.site(**broken_sites.states.declared(goal), **variables, oauth2_reload="restart")
    wrong = [] if run.status else ["supervisor is down, and the run succeeded"]
    if "Traceback" in run.output or "supervisor" not in run.output:
        wrong.append(run.output)
    wrong += differences(broken_sites.ends[goal], broken_sites.states.normal(broken_sites.states.seen()))
    rows = [("supervisor down: every site reaches its state, and the error names supervisor", 1, wrong)]
    if ground.redis:
        with ground.stopped(ground.redis):
            for _goal in "AB":  # only B deletes documents, and Frappe does part of that in its queue
                gone = dict.fromkeys(ground.sites, (no_redis, "Redis"))
                broken_sites.run(gone if broken_sites.goal == "B" else {})
        broken_sites.recovered()
        rows.append(
            (
                "Redis down: sites reach their state, or the error names them if Frappe needs Redis",
                broken_sites.tries,
                broken_sites.wrong,
            )
        )
    with collected_rows(trial) as tell:
        for row in rows:
            tell(*row)
