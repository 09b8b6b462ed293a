# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A broken site is reported with a remedy, and all other sites reach their declared state."""

from __future__ import annotations

import contextlib
import json

import pytest
from declared_states import States, all_told, differences, left_over, names
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

GIVEN_UP = 6  # site_timeout if one of the sites hangs


class Ward:
    """A run over sick and healthy sites, and its result for each site.

    Attributes:
        wrong: the failures.
        tries: the number of sick sites.
    """

    def __init__(self, states: States):
        self.states, self.ground = states, states.ground
        self.wrong: list[str] = []
        self.tries = 0
        self.ends = {}
        for which in "BA":
            run = self.ground.site(**states.declared(which))
            assert run.status == 0, run.output
            self.ends[which] = states.normal(states.seen())
        self.there, self.goal = names(self.ground), "B"

    def run(self, sick: dict, well=(), meanwhile=lambda process: None, **variables: object) -> str:
        """Break some sites, run, and check the result.

        Args:
            sick: by site, the fault (a context manager) and the words that the message must contain.
            well: broken sites that must reach their declared state anyway.
            meanwhile: called during the run.

        Returns:
            The whole output of the run.
        """
        declared = self.states.declared(self.goal)
        extra = [{"name": site} for site in sick if site not in self.ground.sites]
        declared["oauth2_sites"] = declared["oauth2_sites"] + extra
        with contextlib.ExitStack() as stack:
            for site, (illness, _words) in sick.items():
                stack.enter_context(illness(self.ground, site))
            process = self.ground.start("playbooks/site.yml", **{**declared, **variables})
            try:
                meanwhile(process)
            finally:
                said = ended(process)
        self.tries += max(1, len(sick))
        text = last_words(said)
        if bool(process.returncode) != bool(sick):
            self.wrong.append(f"exit status {process.returncode}, {len(sick)} sick: {said[-3000:]}")
        if "Traceback" in said:
            self.wrong.append(f"a traceback: {said}")
        for site, (illness, words) in sick.items():
            if f"{site}: " not in text or words not in text.partition(f"{site}: ")[2].partition("\n")[0]:
                self.wrong.append(f"{site} ({illness.__name__}) is not named with {words!r}: {text or said[-3000:]}")
        seen = self.states.seen()
        now = self.states.normal(seen)
        healthy = [site for site in self.ground.sites if site not in sick or site in well]
        wanted = {name: what for name, what in self.ends[self.goal].items() if name.partition(": ")[0] in healthy}
        self.wrong += [f"beside {list(sick)}: {why}" for why in differences(wanted, now)]
        self.wrong += [f"{list(sick)}: {why}" for why in self.states.lost(seen)]
        self.wrong += [f"{list(sick)}: {why}" for why in left_over(self.ground, self.there)]
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
def shared_ward(states):
    return Ward(states)


@pytest.fixture
def ward(shared_ward):
    """The ward without earlier failures: every test has its own."""
    shared_ward.wrong, shared_ward.tries = [], 0
    return shared_ward


def test_every_other_site_gets_its_state(trial, ground, ward):
    for number in range(trial.count(1, 5)):
        down, hung = ground.sites[number % 3], ground.sites[(number + 1) % 3]
        with broken_config(ground, "stranger.localhost"):  # sites that no run may use
            there, ward.there = ward.there, names(ground)
            text = ward.run(
                {
                    down: (database_down, "cannot connect to the site's database"),
                    hung: (held_database, f"No response within {GIVEN_UP} s"),
                    "half.localhost": (half_created, "cannot connect to the site's database"),
                    "empty.localhost": (empty_database, "lacks Frappe tables"),
                    "unconfigured.localhost": (no_config, "has no site_config.json"),
                    "broken.localhost": (broken_config, "is not valid JSON"),
                },
                oauth2_site_timeout=GIVEN_UP,
            )
        ward.there = there
        if "stranger" in text:
            ward.wrong.append(f"an undeclared site is reported: {text}")
        ward.recovered()
    trial.told("database down, hung, missing, empty; no or broken site_config.json", ward.tries, ward.wrong)


def test_a_full_disk_and_a_read_only_folder(trial, ground, ward):
    for number in range(trial.count(1, 5)):
        full, fixed = ground.sites[number % 3], ground.sites[(number + 1) % 3]
        ward.run({full: (disk_full, "No space left"), fixed: (read_only, "Read-only file system")})
        ward.recovered()
    trial.told(
        "disk full, read-only directory: the other sites reach their state, later these too", ward.tries, ward.wrong
    )


def test_a_slow_site_and_one_in_maintenance_get_their_state(trial, ground, ward):
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
        ward.run({closed: (maintenance, "maintenance")}, well=[closed], meanwhile=let_go)
    ward.recovered()
    trial.told("a slow database, a site in maintenance: both reach their state", ward.tries, ward.wrong)


def test_a_broken_common_configuration_stops_the_run_before_the_first_write(trial, ground, ward):
    assert ward.ground.site(**ward.states.declared(ward.goal)).status == 0
    before = ward.states.normal(ward.states.seen())
    ward.turn()
    with broken_common(ground):
        run = ground.site(**ward.states.declared(ward.goal))
    wrong = [] if run.status else ["the run succeeded"]
    if "common_site_config.json is not valid JSON" not in run.output or "Traceback" in run.output:
        wrong.append(run.output)
    wrong += differences(before, ward.states.normal(ward.states.seen()))
    trial.told("a broken common_site_config.json: nothing is written, and the error names it", 1, wrong)


def test_services_that_are_gone(trial, ground, ward):
    with without_supervisor(ground) as variables:
        goal = ward.turn()
        run = ground.site(**ward.states.declared(goal), **variables, oauth2_reload="restart")
    wrong = [] if run.status else ["supervisor is down, and the run succeeded"]
    if "Traceback" in run.output or "supervisor" not in run.output:
        wrong.append(run.output)
    wrong += differences(ward.ends[goal], ward.states.normal(ward.states.seen()))
    rows = [("supervisor down: every site reaches its state, and the error names supervisor", 1, wrong)]
    if ground.redis:
        with ground.stopped(ground.redis):
            for _goal in "AB":  # only B deletes documents, and Frappe does part of that in its queue
                gone = dict.fromkeys(ground.sites, (no_redis, "Redis"))
                ward.run(gone if ward.goal == "B" else {})
        ward.recovered()
        rows.append(
            (
                "Redis down: sites reach their state, or the error names them if Frappe needs Redis",
                ward.tries,
                ward.wrong,
            )
        )
    with all_told(trial) as tell:
        for row in rows:
            tell(*row)
