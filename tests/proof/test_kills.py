# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kill at any instant leaves nothing half-done, loses no secret, and the next run finishes the job."""

from __future__ import annotations

import time

import pytest
from faults import (
    APP,
    SPAN,
    all_told,
    deciles,
    declared_states,
    differences,
    ended,
    left_over,
    names,
    opened,
    orphans,
    strike,
    unreadable,
)

TARGETS = ["all", "all", "all", "controller", "module", "worker"]


@pytest.fixture(scope="module")
def states(ground, tmp_path_factory):
    with declared_states(ground, tmp_path_factory.mktemp("states")) as kept:
        yield kept


def undisturbed(states, which):
    """State and duration (seconds) of a run that nobody kills."""
    start = time.monotonic()
    run = states.ground.site(**states.declared(which))
    assert run.status == 0, run.output
    return states.normal(states.seen()), time.monotonic() - start


def test_a_killed_run_leaves_nothing_half_done_and_the_next_one_finishes(proof, ground, states):
    ends, spans = {}, []
    for which in "BA":
        ends[which], span = undisturbed(states, which)
        spans.append(span)
    there = names(ground)
    span, tries, fractions = spans[-1], proof.count(4, ground.kills), []
    unread, half, lost, left, unequal, hit = [], [], [], [], [], dict.fromkeys(TARGETS, 0)
    for number in range(tries):
        goal, before = ("B", "A") if number % 2 == 0 else ("A", "B")
        target, fraction = TARGETS[number % len(TARGETS)], proof.random.random()
        if number >= len(TARGETS):
            target = proof.random.choice(TARGETS)
        begun, start = time.time(), time.monotonic()
        process = ground.start("playbooks/site.yml", **states.declared(goal))
        if strike(ground, process, target, fraction * span, proof.random):
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
        run = ground.site(**states.declared(goal))  # orphans of the killed run may still be at work
        if run.status:
            unequal.append(f"{label}: the next run ended with {run.status}: {run.output}")
        seen = states.seen()
        unequal += [f"{label}: {why}" for why in differences(ends[goal], states.normal(seen))]
        lost += [f"{label}: afterwards: {why}" for why in states.lost(seen)]
        left += [f"{label}: a candidate: {name}" for name in names(ground) if name.endswith(".benchkeeper")]
        left += [f"{label}: process {one.pid} still runs" for one in orphans(ground, begun)]
    with all_told(proof) as tell:
        where = f"kill -9 in site.yml (instants by tenth of a run: {deciles(fractions)})"
        tell(f"{where}: every file is readable, nginx loads", tries, unread)
        tell("kill -9 in site.yml: each site's step is wholly old or wholly new", tries, half)
        tell("kill -9 in site.yml: the pair that works is in the store", tries, lost)
        tell("kill -9 in site.yml: nothing is left but a candidate, no process, nothing of root's", tries, left)
        parts = ", ".join(f"{count} {target}" for target, count in hit.items())
        tell(f"kill -9 in site.yml ({parts}): the next run ends equal to an undisturbed one", tries, unequal)


def test_a_killed_rotation_of_api_keys_loses_no_pair(proof, ground, states):
    task = {
        "bench_path": str(ground.path),
        "sites": [{"name": site} for site in ground.sites],
        "users": states.users,
        "secrets_store": str(states.store),
    }
    assert ground.site(**states.declared("Z")).status == 0
    ground.tasks([{"name": "Make", "benchkeeper.frappe.frappe_user_api_key": task}])

    def complete():
        kept = {site: states.kept(site) for site in ground.sites}
        pairs = {site: what["pairs"] for site, what in states.seen().items()}
        return [
            f"{site}: {user}: {'pending' if 'pending' in entry else 'another pair'}"
            for site, entries in kept.items()
            for user, entry in entries.items()
            if "pending" in entry or pairs[site].get(user) != [entry.get("api_key"), entry.get("api_secret")]
        ] + [f"{site}: no key" for site in ground.sites if set(kept[site]) != set(states.users)]

    rotation = [{"name": "Rotate", "benchkeeper.frappe.frappe_user_api_key": {**task, "state": "rotated"}}]
    rotate(proof, ground, states, "API keys", rotation, lambda: states.lost(states.seen()), complete)


def test_a_killed_rotation_of_client_secrets_loses_no_secret(proof, ground, states):
    task = {
        "bench_path": str(ground.path),
        "sites": [{"name": site} for site in ground.sites],
        "app_name": APP,
        "redirect_uris": ["https://a.example.com/callback"],
        "store_secret": True,
        "secrets_store": str(states.store),
    }
    assert ground.site(**states.declared("Z")).status == 0
    ground.tasks([{"name": "Make", "benchkeeper.frappe.frappe_oauth_client": task}])

    def entries():
        seen = states.seen()
        for site in ground.sites:
            (client,) = seen[site]["clients"]
            (entry,) = opened(ground, states.store, site)["oauth_clients"].values()
            yield site, client["client_secret"], entry

    def lost():
        return [
            f"{site}: the store does not have the secret in use"
            for site, secret, entry in entries()
            if secret not in (entry.get("client_secret"), entry.get("pending", {}).get("client_secret"))
        ]

    def complete():
        return [
            f"{site}: {'pending' if 'pending' in entry else 'another secret'}"
            for site, secret, entry in entries()
            if "pending" in entry or secret != entry["client_secret"]
        ]

    rotation = [{"name": "Rotate", "benchkeeper.frappe.frappe_oauth_client": {**task, "rotate_secret": True}}]
    rotate(proof, ground, states, "client secrets", rotation, lost, complete)


def rotate(proof, ground, states, what, tasks, lost_of, incomplete_of):
    """Kill a rotation again and again, and look for what is lost."""
    play = ground.play(tasks)
    start = time.monotonic()
    run = ground.tasks(tasks)
    span, tries, fractions, lost, open_ends = time.monotonic() - start, proof.count(3, 50), [], [], []
    assert run.changed == 1, run.output
    for number in range(tries):
        # later than Ansible's own start; a rotation that is not begun cannot lose anything
        target, instant = TARGETS[-1 - number % len(TARGETS)], (0.2 + 0.8 * proof.random.random()) * span
        start = time.monotonic()
        process = ground.start(play)
        strike(ground, process, target, instant if target in ("all", "controller") else 0, proof.random)
        fractions.append((time.monotonic() - start) / span)
        label = f"try {number}, {target} at {fractions[-1]:.0%}"
        said = ended(process)
        lost += [f"{label}: {why}" for why in lost_of()]
        if "Traceback" in said:
            open_ends.append(f"{label}: {said}")
        with ground.start(play) as process:
            said = process.communicate(timeout=SPAN)[0]
        if process.returncode:
            open_ends.append(f"{label}: the next run failed: {said}")
        lost += [f"{label}: afterwards: {why}" for why in lost_of()]
        open_ends += [f"{label}: afterwards: {why}" for why in incomplete_of()]
    with all_told(proof) as tell:
        where = f"kill -9 in a rotation of {what} (instants by tenth: {deciles(fractions)})"
        tell(f"{where}: what works is in the store", tries * 2, lost)
        tell(f"kill -9 in a rotation of {what}: the next run completes it", tries, open_ends)
