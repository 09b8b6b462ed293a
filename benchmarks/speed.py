# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast a run with nothing to change is, beside the least that it could cost: all on one bench, in one run.

Prints ratios, then seconds; asserts nothing. What each line means is in README.md beside this file.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import pwd
import statistics
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from ground import Bench, GivenBench, demo_bench, folder, table

MODULE = "Clients | Write what differs"
# The least that looks at every site: Frappe imported once, one query a site.
READ = """
import sys, frappe
for site in sys.argv[1:]:
    frappe.init(site=site, sites_path=".")
    frappe.connect()
    frappe.db.sql("select name from `tabOAuth Client`")
    frappe.destroy()
"""
AIMS = {"module": 2.0, "further site": 15.0}  # ratio; milliseconds


class Ways:
    """The ways to look at some sites of a bench, each to be timed.

    Args:
        bench: the bench.
        declared: variables of the role with which nothing is to be changed.
    """

    def __init__(self, bench: Bench, declared: dict[str, t.Any]):
        self.bench, self.declared = bench, declared
        self.executed: dict[str, int] = {}
        self.task_seconds: dict[tuple[str, str], list[float]] = {}
        self.as_owner: dict[str, t.Any] = {}
        if bench.user:
            owner = pwd.getpwnam(bench.user)
            self.as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def one_process(self, sites: list[str]) -> None:
        """The floor."""
        subprocess.run(
            [self.bench.path / "env" / "bin" / "python", "-I", "-c", READ, *sites],
            cwd=self.bench.path / "sites",
            check=True,
            capture_output=True,
            **self.as_owner,
        )

    def process_a_site(self, sites: list[str]) -> None:
        """The guide's way, and nothing around it: no bench command, no Ansible loop."""
        for site in sites:
            self.one_process([site])

    def empty_play(self, _sites: list[str]) -> None:
        """A play without tasks, on the same inventory."""
        self.bench.tasks([])

    def module(self, sites: list[str]) -> None:
        """A play with one task: frappe_oauth_client."""
        by_site = {site["name"]: site for site in self.declared["oauth2_sites"]}
        rows = [{"name": name, **client} for name in sites for client in by_site[name]["oauth_clients"]]
        options = {"bench_path": str(self.bench.path), "sites": rows, "policy": "ignore"}
        task = {"name": MODULE, "benchkeeper.frappe.frappe_oauth_client": options, **self.bench.become}
        run = self.bench.tasks([task], *self.bench.options)
        self._unchanged("module", run)

    def site_yml(self, sites: list[str]) -> None:
        """The whole playbook; its sites that are not asked for are still listed by it, and their files read."""
        run = self.bench.site(*self.bench.options, **self.declared, oauth2_only_sites=sites)
        self._unchanged("site.yml", run)
        amount = "all" if len(sites) == len(self.bench.names) else "few"
        for play in json.loads(run.output[run.output.find("{\n") :])["plays"]:
            for task in play["tasks"]:
                self._note(task, amount)

    def _unchanged(self, way: str, run: t.Any) -> None:
        if run.status or run.changed:
            raise SystemExit(f"{way} was to change nothing.\n{run.output}")
        self.executed[way] = run.stats["ok"]

    def _note(self, task: dict[str, t.Any], amount: str) -> None:
        if any(not result.get("skipped") for result in task["hosts"].values()):
            start, end = (
                datetime.datetime.fromisoformat(task["task"]["duration"][at].rstrip("Z")) for at in ("start", "end")
            )
            name = task["task"]["name"].rpartition(" : ")[2]
            self.task_seconds.setdefault((name, amount), []).append((end - start).total_seconds())


def measure(ways: dict[str, t.Callable], amounts: dict[str, list[str]], rounds: int) -> dict[tuple[str, str], list]:
    """Seconds of every way with every amount of sites, one of each in every round so that a busy moment hits all."""
    taken: dict[tuple[str, str], list[float]] = {(way, amount): [] for way in ways for amount in amounts}
    for number in range(rounds + 1):
        for way, amount in taken:
            before = time.perf_counter()
            ways[way](amounts[amount])
            if number:  # the first round warms what every later one finds warm
                taken[way, amount].append(time.perf_counter() - before)
        print(f"\rround {number} of {rounds}", end="", file=sys.stderr, flush=True)
    print("\r", end="", file=sys.stderr)
    return taken


def slopes(taken: dict, way: str, further: int) -> list[float]:
    """Milliseconds that a further site costs, one figure a round."""
    return [1000 * (more - few) / further for few, more in zip(taken[way, "few"], taken[way, "all"])]


def spread(values: list[float], unit: str = "") -> str:
    """Median and the middle half, as ``3.1 (2.9-3.4)``."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return f"{middle:.2f}{unit} ({low:.2f}-{high:.2f})"


def report(bench: Bench, ways: Ways, taken: dict, few: int, rounds: int) -> None:
    """Print everything."""
    every = len(bench.names)
    least = [sum(pair) for pair in zip(taken["floor", "all"], taken["empty play", "all"])]

    def ratio(way: str, to: list[float]) -> str:
        return spread([mine / other for mine, other in zip(taken[way, "all"], to)])

    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    print(f"{when}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {every} sites, {rounds} rounds")
    print("median (middle half of the rounds)\n")
    table(
        (f"with {every} sites and nothing to change", "measured", "aim"),
        [
            ("module / (floor + empty play)", ratio("module", least), f"{AIMS['module']:g}"),
            ("site.yml / (floor + empty play)", ratio("site.yml", least), ""),
            ("a process a site / floor", ratio("process a site", taken["floor", "all"]), ""),
            ("a process a site / module", ratio("process a site", taken["module", "all"]), ""),
            *(
                (f"a further site, ms: {way}", spread(slopes(taken, way, every - few)), aim)
                for way, aim in (
                    ("floor", ""),
                    ("module", f"{AIMS['further site']:g}"),
                    ("site.yml", f"{AIMS['further site']:g}"),
                    ("process a site", ""),
                )
            ),
        ],
    )
    table(
        ("seconds", f"{few} sites", f"{every} sites", "tasks"),
        [
            (way, spread(taken[way, "few"]), spread(taken[way, "all"]), str(ways.executed.get(way, "")))
            for way in dict.fromkeys(way for way, _amount in taken)
        ],
    )
    tasks = {key: seconds[-rounds:] for key, seconds in ways.task_seconds.items()}
    table(
        ("where site.yml spends it", f"seconds, {every} sites", "ms a further site"),
        [
            (name[:60], spread(seconds), spread(slopes(tasks, name, every - few)))
            for (name, amount), seconds in tasks.items()
            if amount == "all"
        ],
    )


@contextlib.contextmanager
def chosen(options: argparse.Namespace) -> t.Iterator[Bench]:
    """The bench that the command line asks for."""
    if options.bench:
        with folder() as place:
            yield GivenBench(place, options.bench.resolve(), options.become_user, options.python, options.exclude)
    else:
        with demo_bench(options.sites) as bench:
            yield bench


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--bench", type=Path, help="measure on this bench, and change nothing there; else on a demo")
    parser.add_argument("--become-user", help="owner of that bench; the benchmark then runs as root")
    parser.add_argument("--python", default="/usr/bin/python3", help="that its owner may run (%(default)s)")
    parser.add_argument("--exclude", action="append", default=[], metavar="SITE", help="leave a site of it alone")
    parser.add_argument("--sites", type=int, default=12, help="sites of the demo bench, at least 2 (%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="(%(default)s)")
    options = parser.parse_args()
    if options.sites < 2 or options.rounds < 1:
        parser.error("--sites is at least 2, --rounds at least 1")
    with chosen(options) as bench:
        ways = Ways(bench, bench.settled())
        few = max(1, len(bench.names) // 6)
        taken = measure(
            {
                "floor": ways.one_process,
                "process a site": ways.process_a_site,
                "empty play": ways.empty_play,
                "module": ways.module,
                "site.yml": ways.site_yml,
            },
            {"few": bench.names[:few], "all": bench.names},
            options.rounds,
        )
        report(bench, ways, taken, few, options.rounds)


if __name__ == "__main__":
    main()
