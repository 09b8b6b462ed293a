# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rotation that is killed at any instant loses no secret, and the next rotation completes it."""

from __future__ import annotations

import time

from declared_states import APP, SPAN, collected_rows, opened
from killed_runs import TARGETS, deciles, ended, kill_at


def test_a_killed_rotation_of_api_keys_loses_no_pair(trial, ground, states):
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
    rotate(trial, ground, states, "API keys", rotation, lambda: states.lost(states.seen()), complete)


def test_a_killed_rotation_of_client_secrets_loses_no_secret(trial, ground, states):
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
    rotate(trial, ground, states, "client secrets", rotation, lost, complete)


def rotate(trial, ground, states, what, tasks, lost_of, incomplete_of):
    """Kill a rotation repeatedly, and look for lost secrets."""
    play = ground.play(tasks)
    start = time.monotonic()
    run = ground.tasks(tasks)
    span, tries, fractions, lost, open_ends = time.monotonic() - start, trial.count(3, 50), [], [], []
    assert run.changed == 1, run.output
    for number in range(tries):
        # after the start of Ansible: before that, a rotation cannot lose anything
        target, instant = TARGETS[-1 - number % len(TARGETS)], (0.2 + 0.8 * trial.random.random()) * span
        start = time.monotonic()
        process = ground.start(play)
        kill_at(ground, process, target, instant if target in ("all", "controller") else 0, trial.random)
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
    with collected_rows(trial) as tell:
        where = f"kill -9 in a rotation of {what} (instants by tenth: {deciles(fractions)})"
        tell(f"{where}: what works is in the store", tries * 2, lost)
        tell(f"kill -9 in a rotation of {what}: the next run completes it", tries, open_ends)
