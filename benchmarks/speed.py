# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time of a run without changes, compared with the minimum possible time, on one bench in one run.

It prints ratios, then seconds, and asserts nothing. README.md in this directory explains each line.
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

from ground import Bench, RealBench, demo_bench, folder, table

MODULE = "Clients | Apply the declared OAuth clients"
# The minimum that reads every site: import Frappe once, and send one query per site.
READ = """
import sys, frappe
for site in sys.argv[1:]:
    frappe.init(site=site, sites_path=".")
    frappe.connect()
    frappe.db.sql("select name from `tabOAuth Client`")
    frappe.destroy()
"""
TARGETS = {"module": 2.0, "further site": 15.0}  # ratio; milliseconds


class Measurements:
    """The timed ways to read some sites of a bench.

    Args:
        bench: the bench.
        declared: variables of the role that declare the current state.
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
        """Read all sites in one process, which is the minimum."""
        subprocess.run(
            [self.bench.path / "env" / "bin" / "python", "-I", "-c", READ, *sites],
            cwd=self.bench.path / "sites",
            check=True,
            capture_output=True,
            **self.as_owner,
        )

    def process_per_site(self, sites: list[str]) -> None:
        """The commands of the guide, without a bench command or an Ansible loop."""
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
        """The whole playbook. It also lists the sites that are not selected, and reads their files."""
        run = self.bench.site(*self.bench.options, **self.declared, oauth2_only_sites=sites)
        self._unchanged("site.yml", run)
        amount = "all" if len(sites) == len(self.bench.names) else "few"
        for play in json.loads(run.output[run.output.find("{\n") :])["plays"]:
            for task in play["tasks"]:
                self._note(task, amount)

    def _unchanged(self, way: str, run: t.Any) -> None:
        if run.status or run.changed:
            raise SystemExit(f"{way} was expected to change nothing.\n{run.output}")
        self.executed[way] = run.stats["ok"]

    def _note(self, task: dict[str, t.Any], amount: str) -> None:
        if any(not result.get("skipped") for result in task["hosts"].values()):
            start, end = (
                datetime.datetime.fromisoformat(task["task"]["duration"][at].rstrip("Z")) for at in ("start", "end")
            )
            name = task["task"]["name"].rpartition(" : ")[2]
            self.task_seconds.setdefault((name, amount), []).append((end - start).total_seconds())


def measure(ways: dict[str, t.Callable], amounts: dict[str, list[str]], rounds: int) -> dict[tuple[str, str], list]:
    """The seconds of every way with every number of sites. Each round runs all, so other load affects all equally."""
    taken: dict[tuple[str, str], list[float]] = {(way, amount): [] for way in ways for amount in amounts}
    for number in range(rounds + 1):
        for way, amount in taken:
            before = time.perf_counter()
            ways[way](amounts[amount])
            if number:  # the first round fills the caches
                taken[way, amount].append(time.perf_counter() - before)
        print(f"\rround {number} of {rounds}", end="", file=sys.stderr, flush=True)
    print("\r", end="", file=sys.stderr)
    return taken


def slopes(taken: dict, way: str, further: int) -> list[float]:
    """The milliseconds per additional site, one figure per round."""
    return [1000 * (more - few) / further for few, more in zip(taken[way, "few"], taken[way, "all"])]


def spread(values: list[float], unit: str = "") -> str:
    """The median and the interquartile range, as ``3.1 (2.9-3.4)``."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return f"{middle:.2f}{unit} ({low:.2f}-{high:.2f})"


def report(bench: Bench, ways: Measurements, taken: dict, few: int, rounds: int) -> None:
    """Print everything."""
    every = len(bench.names)
    least = [sum(pair) for pair in zip(taken["floor", "all"], taken["empty play", "all"])]

    def ratio(way: str, to: list[float]) -> str:
        return spread([mine / other for mine, other in zip(taken[way, "all"], to)])

    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    print(f"{when}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {every} sites, {rounds} rounds")
    print("median (middle half of the rounds)\n")
    table(
        (f"with {every} sites and nothing to change", "measured", "target"),
        [
            ("module / (floor + empty play)", ratio("module", least), f"{TARGETS['module']:g}"),
            ("site.yml / (floor + empty play)", ratio("site.yml", least), ""),
            ("process per site / floor", ratio("process per site", taken["floor", "all"]), ""),
            ("process per site / module", ratio("process per site", taken["module", "all"]), ""),
            *(
                (f"further site, ms: {way}", spread(slopes(taken, way, every - few)), target)
                for way, target in (
                    ("floor", ""),
                    ("module", f"{TARGETS['further site']:g}"),
                    ("site.yml", f"{TARGETS['further site']:g}"),
                    ("process per site", ""),
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
        ("time of site.yml by task", f"seconds, {every} sites", "ms per further site"),
        [
            (name[:60], spread(seconds), spread(slopes(tasks, name, every - few)))
            for (name, amount), seconds in tasks.items()
            if amount == "all"
        ],
    )


@contextlib.contextmanager
def chosen(options: argparse.Namespace) -> t.Iterator[Bench]:
    """The bench of the command line."""
    if options.bench:
        with folder() as place:
            yield RealBench(place, options.bench.resolve(), options.become_user, options.python, options.exclude)
    else:
        with demo_bench(options.sites) as bench:
            yield bench


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--bench", type=Path, help="measure on this bench without changes; the default is a demo bench")
    parser.add_argument("--become-user", help="owner of that bench; the benchmark then runs as root")
    parser.add_argument("--python", default="/usr/bin/python3", help="a Python that its owner may run (%(default)s)")
    parser.add_argument("--exclude", action="append", default=[], metavar="SITE", help="do not use this site")
    parser.add_argument("--sites", type=int, default=12, help="sites of the demo bench, at least 2 (%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="(%(default)s)")
    options = parser.parse_args()
    if options.sites < 2 or options.rounds < 1:
        parser.error("--sites must be at least 2, and --rounds at least 1")
    with chosen(options) as bench:
        ways = Measurements(bench, bench.apply_declaration())
        few = max(1, len(bench.names) // 6)
        taken = measure(
            {
                "floor": ways.one_process,
                "process per site": ways.process_per_site,
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
