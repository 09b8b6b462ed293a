# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Concurrent writes: several writers of one configuration, two operators, and a deployment during a run."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import subprocess
import threading
import time

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.edge import Edge, held
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import SHARED_NAME
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import Nginx
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CORS_DEFAULTS
from concurrent_writers import MARK, Writers
from declared_states import APP, SECOND, collected_rows, left_over, names, nginx, unreadable
from killed_runs import ended

# In the bench's Python, on one site, the writes of a deployment: Frappe's own writer, twice.
MAINTENANCE = "from frappe.installer import update_site_config as put; put('maintenance_mode', data, validate=False)"


@pytest.fixture
def writers(ground):
    found = Writers(ground)
    yield found
    shutil.rmtree(found.folder)


def whole(text):
    """Whether it begins with a complete object: then the rest is from a writer that wrote during the read."""
    try:
        return bool(json.JSONDecoder().raw_decode(text))
    except ValueError:
        return False


def gone(writers):
    """The writers whose last write is not in the file."""
    seen, config = writers
    return [key for key, count in seen.writes.items() if config.get(key) != count]


def test_our_writer_and_frappes_lose_no_concurrent_write(trial, writers):
    before, writes = writers.look(), trial.count(400, 5000)
    alone = writers.together(ours=3, frappes=0, lockless=0, writes=writes // 2)
    last = gone((alone, writers.config()))
    writers.anew()
    both = writers.together(ours=2, frappes=2, lockless=0, writes=writes // 2)
    last += gone((both, writers.config()))
    lost = [f"{key}: {count} lost" for seen in (alone, both) for key, count in seen.lost.items() if count]
    changed = [f"{writers.look()}, was {before}"] if writers.look() != before else []
    share = f"{len(both.unparsable)} of {both.reads}"
    with collected_rows(trial) as tell:
        tell("reads while only our writer writes: parsable", alone.reads, alone.unparsable)
        tell(
            "our writer concurrent with itself and Frappe's: no lost update",
            writes,
            lost + last + alone.errors + both.errors,
        )
        tell(f"mode, owner and link are kept (reads that Frappe's writer made unparsable: {share})", writes, changed)


def test_our_writer_and_one_without_a_lock_break_no_read(trial, writers):
    before, writes = writers.look(), trial.count(400, 5000)
    seen = writers.together(ours=1, frappes=0, lockless=1, writes=writes)
    ours = [text for text in seen.unparsable if f'"{MARK}": "ours"' in text and not whole(text)]
    sound = [] if writers.config() else ["the file is empty"]
    sound += [f"{writers.look()}, was {before}"] if writers.look() != before else []
    losses = ", ".join(f"{key}: {count}" for key, count in seen.lost.items())
    with collected_rows(trial) as tell:
        tell(f"reads during a writer without a lock ({len(seen.unparsable)} unparsable): none by us", seen.reads, ours)
        tell(
            f"our writer concurrent with one without a lock (updates lost, {losses}): ends sound",
            writes,
            sound + seen.errors,
        )


def sound(states, there):
    """The faults after two runs and one more: duplicates, lost keys, leftovers, changes."""
    ground, seen = states.ground, states.seen()
    wrong = states.lost(seen) + unreadable(ground) + left_over(ground, there)
    for site, what in seen.items():
        apps = [client["app_name"] for client in what["clients"]]
        if len(set(apps)) != len(apps) or not set(apps) <= {APP, SECOND}:
            wrong.append(f"{site}: {apps}")
        if any("pending" in entry for entry in states.kept(site).values()):
            wrong.append(f"{site}: an API key is still pending")
    return wrong


def clear(said, status):
    """Whether a failed run reports its reason, without a traceback."""
    words = (
        "for the lock of another run",
        "for the lock of another process",
        "nginx -t failed with the new configuration",
        "[site-maintenance]",
    )
    return "Traceback" not in said and (status == 0 or any(word in said for word in words))


def test_two_operators_at_once(trial, ground, states):
    collide(trial, states, "two operators run site.yml at once", lambda stop: None)


def test_a_deploy_at_the_same_time(trial, ground, states):
    """Restart the web process, run Frappe's own writer, and write nginx.conf again."""
    conf = ground.path / "config" / "nginx.conf"
    kept = conf.read_bytes() if conf.exists() else None

    def deploy(stop):
        program = next(name for name in ground.programs() if name.endswith("-frappe-web"))
        subprocess.run([*ground.supervisorctl, "restart", program], capture_output=True, check=True)
        number = 0
        while not stop.wait(0.05):
            number += 1
            ground.inside(MAINTENANCE, number % 2)
            if kept is not None:
                with conf.open("wb") as file:  # as bench setup nginx does: in place, with a different text each time
                    file.write(b"# %d\n" % number + kept)
                subprocess.run([*nginx(ground), "-s", "reload"], capture_output=True, check=False)
        ground.inside(MAINTENANCE, "None")  # in Frappe, None removes the key
        if kept is not None:
            conf.write_bytes(kept)
            subprocess.run([*nginx(ground), "-s", "reload"], capture_output=True, check=False)

    collide(trial, states, "two operators and a deploy at once", deploy)


def collide(trial, states, what, meanwhile):
    """Two concurrent runs with the same declaration and other changes; then one more run, which changes nothing."""
    ground, tries, wrong, given_up = states.ground, trial.count(1, 20), [], 0
    assert ground.site(**states.declared("Z")).status == 0
    there = names(ground)
    for number in range(tries):
        declared = states.declared("AB"[number % 2])
        runs = [ground.start("playbooks/site.yml", **declared) for _operator in range(2)]
        stop = threading.Event()
        beside = threading.Thread(target=meanwhile, args=(stop,))
        beside.start()
        said = [ended(run) for run in runs]
        stop.set()
        beside.join()
        for run, words in zip(runs, said):
            given_up += run.returncode != 0
            if not clear(words, run.returncode):
                wrong.append(f"try {number}: a run ended with {run.returncode} and no clear word: {words}")
        if any(run.returncode for run in runs):
            ground.site(**declared)
        wrong += [f"try {number}: {why}" for why in sound(states, there)]
        run = ground.site(**declared)
        if run.status or run.changed:
            wrong.append(f"try {number}: one more run ended with {run.status}, changed={run.changed}: {run.output}")
    trial.add_row(f"{what} (gave up: {given_up} of {2 * tries} runs): no duplicate, no lost key", tries, wrong)


class QuietNginx(Nginx):
    """A fake nginx that accepts everything and does not run: only the files matter."""

    def __init__(self, folder):
        super().__init__("nginx", str(folder / "nginx.conf"), None, str(folder / "conf.d"))

    def includes(self, *_asked):
        return True

    def try_with(self, *_asked):
        pass


def toggle(folder, bench, count, told, chance):
    """Apply and remove the edge of a bench repeatedly; report when it had no effect."""
    site = {
        "name": "one",
        "domains": [f"{bench}.test"],
        "cors": {**CORS_DEFAULTS, "origins": ["https://a.example.com"]},
    }
    params = {"bench_path": str(folder / bench), "conf_dir": str(folder / "conf.d"), "sites": [site]}
    params.update(known_sites=None, rate_limit=None, trusted_proxies=[], reload=True)
    wrong = []
    for number in range(count):
        for state in ("present", "absent"):
            time.sleep(
                0.1 * chance.random()
            )  # a run never restarts immediately, and the lock is tried 20 times per second
            try:
                with held(params["conf_dir"], False):
                    Edge({**params, "state": state}).apply(QuietNginx(folder), False)
                if state == "present" and not (folder / "conf.d" / SHARED_NAME).exists():
                    wrong.append(f"{bench}: time {number}: its fragment is there, and no file that includes it")
            except Exception as error:
                wrong.append(f"{bench}: time {number}: {type(error).__name__}: {error}")
    told.put(wrong)


def test_two_benches_share_the_edge(trial, tmp_path):
    (tmp_path / "conf.d").mkdir()
    tries, context = trial.count(15, 500), multiprocessing.get_context("fork")
    told = context.Queue()
    benches = [
        context.Process(target=toggle, args=(tmp_path, name, tries, told, trial.random)) for name in ("first", "second")
    ]
    for bench in benches:
        bench.start()
    wrong = told.get() + told.get()
    for bench in benches:
        bench.join()
    trial.add_row(
        "two benches join and leave one nginx concurrently: each takes effect while it is there", 2 * tries, wrong
    )
