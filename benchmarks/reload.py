# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The number of requests lost while a demo bench is reloaded, restarted, or configured by playbooks/site.yml.

Clients keep a fixed number of requests in flight through nginx, to each site in turn, before, during and after the
command. Each response is counted. The script prints one line per phase and asserts nothing. See README.md.
"""

from __future__ import annotations

import argparse
import collections
import datetime
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

import requests
from ground import CLIENT, ROOT, DemoBench, demo_bench, table

ROLE_RELOADS = "roles/oauth2/tasks/reload.yml"
PATHS = ("/api/method/ping", "/api/method/frappe.integrations.oauth2.openid_configuration")
ORIGINS = ("https://app.example.com", "https://desk.example.com")
WEB = "frappe-bench-web:frappe-bench-frappe-web"
HEAD = ("phase", "requests", "lost", "502", "no answer", "repeated", "not 200", "lossy s", "slowest s", "command s")
KINDS = ("keep-alive", "repeat", "close")  # kinds of connection, see Load
TIMEOUT = 60  # seconds without a response after which a request counts as lost


class Load:
    """A constant number of requests in flight, until the load is stopped.

    Args:
        bench: the bench; its sites get requests in turn.
        in_flight: the number of clients, each with one request at a time.
        at_most: the maximum number of requests.
        connection: ``keep-alive`` reuses each client's connection. ``repeat`` does too, and sends a request again if
            the connection was closed without a response, as RFC 9110, 9.2.2 permits. ``close`` opens one per request.
    """

    def __init__(self, bench: DemoBench, in_flight: int, at_most: int, connection: str):
        self.bench, self.at_most, self.connection = bench, at_most, connection
        self.turn = itertools.cycle(itertools.product(PATHS, bench.hosts))
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.begun = self.done = self.repeated = 0
        self.answers: collections.Counter[str] = collections.Counter()
        self.reasons: collections.Counter[str] = collections.Counter()
        self.lost_at: list[float] = []
        self.slowest = 0.0
        self.threads = [threading.Thread(target=self._client, daemon=True) for _number in range(in_flight)]

    def __enter__(self) -> Load:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def wait_for(self, answers: int) -> None:
        """Return after this number of responses since the start, or when the load has ended."""
        while self.done < answers and any(thread.is_alive() for thread in self.threads):
            time.sleep(0.01)

    def _next(self) -> tuple[str, str] | None:
        with self.lock:
            if self.ended.is_set() or self.begun >= self.at_most:
                return None
            self.begun += 1
            return next(self.turn)

    def _client(self) -> None:
        with requests.Session() as session:
            session.trust_env = False  # ignore proxies of the environment
            while (asked := self._next()) is not None:
                path, host = asked
                before = time.monotonic()
                answer = self._ask(session, path, host)
                with self.lock:
                    self.answers[answer] += 1
                    self.done += 1
                    self.slowest = max(self.slowest, time.monotonic() - before)
                    if answer == "no answer" or answer.startswith("5"):
                        self.lost_at.append(time.monotonic())

    def _ask(self, session: requests.Session, path: str, host: str) -> str:
        kept = "close" if self.connection == "close" else "keep-alive"
        headers = {"Host": host, "Origin": ORIGINS[0], "Connection": kept}
        for last in (False, True) if self.connection == "repeat" else (True,):
            try:
                return str(session.get(self.bench.address + path, headers=headers, timeout=TIMEOUT).status_code)
            except requests.RequestException as error:
                with self.lock:
                    if not last and isinstance(error, requests.ConnectionError):
                        self.repeated += 1
                        continue
                    self.reasons[str(error)] += 1
                    break
        return "no answer"


class Commands:
    """The commands that run on the bench under load. Each raises an exception if it fails."""

    def __init__(self, bench: DemoBench):
        self.bench, self.demo = bench, bench.folder / "demo"
        self.asked = itertools.count(1)

    def nothing(self) -> None:
        """For comparison: the same load, and no command."""
        time.sleep(1)

    def graceful(self, *programs: str) -> None:
        """Send SIGHUP to the masters of gunicorn and nginx, as `nginx -s reload` does."""
        for program in programs or (WEB, "nginx"):
            master = int(self._supervisorctl("pid", program))
            before = children(master)
            os.kill(master, signal.SIGHUP)
            until = time.monotonic() + TIMEOUT
            while (
                not children(master) - before
            ):  # without an effect, the signal would lose no request, and the measurement would mean nothing
                if time.monotonic() > until:
                    raise SystemExit(f"{program} has no new worker {TIMEOUT} s after SIGHUP.")
                time.sleep(0.02)

    def restart(self) -> None:
        """Run supervisorctl restart, as an operator does."""
        self._supervisorctl("restart", WEB)

    def site_yml(self, strategy: str) -> None:
        """Run playbooks/site.yml with a changed site_config, client, CORS policy and limit."""
        number = next(self.asked)
        defaults = {
            "oauth_clients": [{**CLIENT, "scopes": ["all", "openid", f"round{number}"]}],
            "site_config": {"settings": {"session_expiry": f"{100 + number}:00:00"}},
            "cors": {"origins": [ORIGINS[0], f"https://round{number}.example.com"]},
        }
        run = self.bench.site(
            oauth2_site_defaults=defaults,
            oauth2_token_rate_limit={"rate": f"{50 + number}r/s", "burst": 50},
            oauth2_reload=strategy,
            oauth2_verify="none",
        )
        if run.status or not run.changed:
            raise SystemExit(f"site.yml failed, or had nothing to change.\n{run.output}")

    def _supervisorctl(self, *words: str) -> str:
        supervisor = self.demo / "supervisor"
        command = [supervisor / "venv" / "bin" / "supervisorctl", "-c", supervisor / "supervisord.conf", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def children(process: int) -> set[int]:
    """The process ids of the children of a process on this host."""
    return {int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()}


def phase(bench: DemoBench, command: t.Callable[[], None], options: argparse.Namespace) -> tuple[str, ...]:
    """Run a command under load; return the figures of one line."""
    calm = options.requests // 5
    with Load(bench, options.in_flight, options.at_most, options.connection) as load:
        load.wait_for(calm)
        before = time.monotonic()
        command()
        took = time.monotonic() - before
        outlived = load.begun < options.at_most
        # as many as before, and at least the requested total
        load.wait_for(max(options.requests, load.done + calm))
    for reason, count in load.reasons.items():
        print(f"{count} without a response: {reason}", file=sys.stderr)
    answers = load.answers
    failed = {kind: count for kind, count in answers.items() if kind == "no answer" or kind.startswith("5")}
    other = {kind: count for kind, count in answers.items() if kind != "200" and kind not in failed}
    return (
        str(load.done),
        str(sum(failed.values())),
        str(failed.get("502", 0)),
        str(failed.get("no answer", 0)),
        str(load.repeated),
        " ".join(f"{count}x{kind}" for kind, count in sorted(other.items())) or "0",
        f"{load.lost_at[-1] - load.lost_at[0]:.1f}" if load.lost_at else "",
        f"{load.slowest:.2f}",
        f"{took:.1f}" if outlived else f"over {took:.1f}",
    )


def main() -> None:
    """Run every phase on one bench and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sites", type=int, default=3, help="sites of the demo bench (%(default)s)")
    parser.add_argument("--in-flight", type=int, default=50, help="requests at any time (%(default)s)")
    parser.add_argument("--requests", type=int, default=3000, help="minimum per phase (%(default)s)")
    parser.add_argument("--at-most", type=int, default=30000, help="maximum per phase (%(default)s)")
    parser.add_argument("--times", type=int, default=1, help="number of runs of each phase (%(default)s)")
    parser.add_argument("--connection", choices=KINDS, default=KINDS[0], help="(%(default)s)")
    parser.add_argument("commands", nargs="*", help="names of phases, as in the table; the default is all")
    options = parser.parse_args()
    with demo_bench(options.sites) as bench:
        do = Commands(bench)
        commands: dict[str, t.Callable[[], None]] = {
            "nothing": do.nothing,
            "graceful": do.graceful,
            "graceful-web": lambda: do.graceful(WEB),
            "graceful-nginx": lambda: do.graceful("nginx"),
            "restart": do.restart,
        }
        if (ROOT / ROLE_RELOADS).exists():
            commands["site.yml-graceful"] = lambda: do.site_yml("graceful")
            commands["site.yml-restart"] = lambda: do.site_yml("restart")
        else:
            print(f"Skipping the phases of site.yml: this checkout has no {ROLE_RELOADS}.")
        unknown = set(options.commands) - set(commands)
        if unknown:
            raise SystemExit(f"Unknown: {', '.join(sorted(unknown))}. There is: {', '.join(commands)}")
        lines = []
        for name in options.commands or commands:
            for number in range(1, options.times + 1):
                print(f"{name}, {number} of {options.times}", file=sys.stderr)
                lines.append((name, *phase(bench, commands[name], options)))
        when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
        print(
            f"{when}, {os.cpu_count()} processors, {options.sites} sites, {options.in_flight} in flight, "
            f"connection: {options.connection}\n"
        )
        head = (
            "phase",
            "requests",
            "lost",
            "502",
            "no answer",
            "repeated",
            "not 200",
            "lossy s",
            "slowest s",
            "command s",
        )
        table(head, lines)


if __name__ == "__main__":
    main()
