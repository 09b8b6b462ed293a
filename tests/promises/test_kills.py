# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed at any instant leaves no partial state and loses no secret. The next run completes it."""

from __future__ import annotations

import time

from declared_states import collected_rows, differences, left_over, names, unreadable
from killed_runs import TARGETS, deciles, ended, kill_at, orphans


def undisturbed(states, which):
    """The state after a run without a kill, and its duration in seconds."""
    start = time.monotonic()
    run = states.ground.site(**states.declared(which))
    assert run.status == 0, run.output
    return states.normal(states.seen()), time.monotonic() - start


def test_a_killed_run_leaves_nothing_half_done_and_the_next_one_finishes(trial, ground, states):
    ends, spans = {}, []
    for which in "BA":
        ends[which], span = undisturbed(states, which)
        spans.append(span)
    there = names(ground)
    span, tries, fractions = spans[-1], trial.count(4, ground.kills), []
    unread, half, lost, left, unequal, hit = [], [], [], [], [], dict.fromkeys(TARGETS, 0)
    for number in range(tries):
        goal, before = ("B", "A") if number % 2 == 0 else ("A", "B")
        target, fraction = TARGETS[number % len(TARGETS)], trial.random.random()
        if number >= len(TARGETS):
            target = trial.random.choice(TARGETS)
        begun, start = time.time(), time.monotonic()
        process = ground.start("playbooks/site.yml", **states.declared(goal))
        if kill_at(ground, process, target, fraction * span, trial.random):
            hit[target] += 1
        fractions.append((time.monotonic() - start) / span)
        label = f"try {number}, {target} at {fractions[-1]:.0%} of a run to {goal}"
        said = ended(process)
        if "Traceback" in said:
            unread.append(f"{label}: {said}")
        unread += [f"{label}: {why}" for why in unreadable(ground)]
        now = states.normal(states.seen())
        half += [f"{label}: {why}" for why in states.half_done(now, ends[before], ends[goal])]
        lost += [f"{label}: {why}" for why in states.lost(states.seen())]
        left += [f"{label}: {why}" for why in left_over(ground, there)]
        run = ground.site(**states.declared(goal))  # orphans of the killed run may still be running
        if run.status:
            unequal.append(f"{label}: the next run ended with {run.status}: {run.output}")
        seen = states.seen()
        unequal += [f"{label}: {why}" for why in differences(ends[goal], states.normal(seen))]
        lost += [f"{label}: afterwards: {why}" for why in states.lost(seen)]
        left += [f"{label}: a candidate: {name}" for name in names(ground) if name.endswith(".benchkeeper")]
        left += [f"{label}: process {one.pid} still runs" for one in orphans(ground, begun)]
    with collected_rows(trial) as tell:
        where = f"kill -9 in site.yml (instants by tenth of a run: {deciles(fractions)})"
        tell(f"{where}: every file is readable, nginx loads", tries, unread)
        tell("kill -9 in site.yml: each site's step is wholly old or wholly new", tries, half)
        tell("kill -9 in site.yml: the pair that works is in the store", tries, lost)
        tell("kill -9 in site.yml: nothing is left but a candidate, no process, nothing of root's", tries, left)
        parts = ", ".join(f"{count} {target}" for target, count in hit.items())
        tell(f"kill -9 in site.yml ({parts}): the next run ends equal to an undisturbed one", tries, unequal)
