# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of a verification: two versions of this collection on one demo bench, and a bystander beside it.

Each round verifies every site with each version. The number of requests is counted in nginx's access log. The bystander
sends one request after another to one site, first with nothing beside it, then during the run of each version. It
prints figures and asserts nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import io
import json
import os
import resource
import statistics
import subprocess
import tarfile
import threading
import time
import typing as t
import urllib.request
from pathlib import Path

from declarations import PARTS
from ground import BIN, CLIENT, ROOT, DemoBench, folder, table
from playbook_runs import Run

CLERK = "clerk@demo.example"
QUIET = 5.0  # seconds of the bystander with nothing beside it
PAUSE = 0.02  # seconds between two requests of the bystander


class Figures(t.NamedTuple):
    """One run: its seconds, requests to the bench, and the bystander's p95 in milliseconds."""

    seconds: float
    requests: int
    p95: float


class Bystander:
    """Requests to one site, one after another, and their p95."""

    def __init__(self, bench: DemoBench):
        self.request = urllib.request.Request(f"{bench.address}/api/method/ping", headers={"Host": bench.hosts[-1]})
        self.taken: list[float] = []
        self.ends = threading.Event()

    def _ask(self) -> None:
        while not self.ends.wait(PAUSE):
            began = time.monotonic()
            with contextlib.suppress(OSError), urllib.request.urlopen(self.request, timeout=30) as reply:
                reply.read()
            self.taken.append(1000 * (time.monotonic() - began))

    @contextlib.contextmanager
    def beside(self) -> t.Iterator[None]:
        """Ask while the block runs."""
        thread = threading.Thread(target=self._ask)
        thread.start()
        try:
            yield
        finally:
            self.ends.set()
            thread.join()

    @property
    def p95(self) -> float:
        """The time that 95 of 100 requests stay below, in milliseconds."""
        return statistics.quantiles(self.taken, n=20)[-1]


class Version:
    """One version of the collection.

    Args:
        name: its name in the table.
        place: an empty directory.
        commit: the version; None is the current checkout.
        options: options of frappe_oauth_verify that only this version has.
    """

    def __init__(self, name: str, place: Path, commit: str | None, options: dict[str, t.Any]):
        self.name, self.place, self.options = name, place, options
        home = place / "ansible_collections" / "benchkeeper" / "frappe"
        home.parent.mkdir(parents=True)
        if commit:
            home.mkdir()
            archive = subprocess.run(["git", "archive", commit, *PARTS], cwd=ROOT, check=True, capture_output=True)
            with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
                tar.extractall(home)
        else:
            home.symlink_to(ROOT)

    def run(self, bench: DemoBench, password: str, sites: int, bystander: bool) -> tuple[Figures, list[t.Any]]:
        """Verify the first sites. Returns the figures and the rows of the module."""
        options = {
            "bench_path": str(bench.path),
            "app_name": CLIENT["app_name"],
            "username": CLERK,
            "password": password,
            "address": bench.address,
            "batch": 1000,
            "sites": [{"name": name} for name in bench.names[:sites]],
            **self.options,
        }
        task = {"name": "Verify", "benchkeeper.frappe.frappe_oauth_verify": options}
        play, hosts = self.place / "play.json", self.place / "hosts.json"
        play.write_text(json.dumps([{"hosts": "benches", "gather_facts": False, "tasks": [task]}]))
        hosts.write_text(json.dumps({"benches": {"hosts": {"localhost": bench.variables}}}))
        log = bench.folder / "demo" / "nginx" / "logs" / "access.log"
        lines, beside = len(log.read_text().splitlines()), Bystander(bench)
        with beside.beside() if bystander else contextlib.nullcontext():
            began = time.monotonic()
            done = subprocess.run(
                [BIN / "ansible-playbook", "-i", hosts, play],
                env={
                    **os.environ,
                    "PATH": f"{BIN}:{os.environ['PATH']}",
                    "ANSIBLE_COLLECTIONS_PATH": str(self.place),
                    "ANSIBLE_HOME": str(self.place / "home"),
                    "ANSIBLE_PIPELINING": "1",
                    "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
                },
                cwd=self.place,
                capture_output=True,
                text=True,
                check=False,
            )
            seconds = time.monotonic() - began
        run = Run(done)
        if run.status:
            raise SystemExit(run.output)
        made = len(log.read_text().splitlines()) - lines - len(beside.taken)
        return Figures(seconds, made, beside.p95 if bystander else 0.0), run.results["Verify"]["sites"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--before", default="8eb4703", metavar="COMMIT", help="compare with this commit (%(default)s)")
    parser.add_argument("--sites", type=int, default=20, help="number of sites (%(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="workers of gunicorn (%(default)s)")
    parser.add_argument("--parallel", type=int, help="sites at the same time; defaults to the number of workers")
    parser.add_argument("--rounds", type=int, default=3, help="(%(default)s)")
    options = parser.parse_args()
    with folder() as place:
        bench = DemoBench(place, options.sites)
        bench.variables["demo_bench_workers"] = options.workers
        try:
            bench.build()
            bench.settled()
            measure(bench, place, options)
        finally:
            bench.stop()


def measure(bench: DemoBench, place: Path, options: argparse.Namespace) -> None:
    """Measure both versions on a bench, and print the tables."""
    password = json.loads((place / "demo" / "credentials.json").read_text())[CLERK]
    parallel = options.parallel or options.workers
    versions = [
        Version(options.before, place / "before", options.before, {}),
        Version(f"this checkout, parallel {parallel}", place / "after", None, {"parallel": parallel}),
        Version("this checkout, default", place / "default", None, {}),
    ]
    quiet: list[float] = []
    taken: dict[str, list[tuple[Figures, Figures]]] = {version.name: [] for version in versions}
    for number in range(options.rounds + 1):
        alone = Bystander(bench)
        with alone.beside():
            time.sleep(QUIET)
        quiet.append(alone.p95)
        for version in versions:
            figures, rows = version.run(bench, password, options.sites, bystander=False)
            watched, _rows = version.run(bench, password, options.sites, bystander=True)
            if number:  # the first round fills the caches
                taken[version.name].append((figures, watched))
    each = [row["requests"] for row in rows]
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    print(
        f"{when}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {options.sites} sites, "
        f"{options.workers} workers, {options.rounds} rounds"
    )
    first = taken[versions[0].name]
    table(
        ("frappe_oauth_verify", "requests per site", "seconds", "ratio", "bystander's p95, ms", "ratio to none"),
        [
            (
                name,
                f"{statistics.median(one.requests for one, _w in runs) / options.sites:.1f}",
                f"{statistics.median(one.seconds for one, _w in runs):.1f}",
                f"{statistics.median(a.seconds / b.seconds for (a, _aw), (b, _bw) in zip(runs, first)):.2f}",
                f"{statistics.median(w.p95 for _o, w in runs):.1f}",
                f"{statistics.median(w.p95 for _o, w in runs) / statistics.median(quiet):.2f}",
            )
            for name, runs in taken.items()
        ],
    )
    print(
        f"Requests of a site, as the module reports them: {min(each)} to {max(each)}, median {statistics.median(each)}"
    )
    print(f"The bystander alone: p95 {statistics.median(quiet):.1f} ms")
    print(f"Peak memory of any child process: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
