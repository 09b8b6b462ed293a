# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bench for the benchmarks: a demo bench with many sites, or an existing bench."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from checkout import BIN, ROOT
from demo_bench import USERS, free_port
from playbook_runs import Run

CLIENT = {
    "app_name": "Mobile App",
    "redirect_uris": ["com.example.app://oauth2redirect", "https://app.example.com/oauth/callback"],
    "scopes": ["all", "openid"],
}
# Facts of frappe_site_info about a client that are not options of frappe_oauth_client.
NOT_DECLARED = {"owner", "response_type", "secret_bytes", "secret_in_versions"}


class Bench:
    """A bench, and playbooks run on it.

    Args:
        folder: the directory for inventory and plays.
        path: the bench directory.
        user: its owner; None if that user runs the benchmark.

    Attributes:
        names: the sites to measure.
        options: the options of ansible-playbook in every timed run.
        variables: the variables of the inventory.
    """

    options: tuple[str, ...] = ()

    def __init__(self, folder: Path, path: Path, user: str | None):
        self.folder, self.path, self.user = folder, path, user
        self.names: list[str] = []
        self.variables: dict[str, t.Any] = {"ansible_connection": "local"}

    @property
    def become(self) -> dict[str, t.Any]:
        """The keywords of a task that runs as the owner of the bench."""
        return {"become": True, "become_user": self.user} if self.user else {}

    def playbook(self, playbook: str, *options: str, **variables: t.Any) -> Run:
        """Run a playbook. The run may fail."""
        inventory = self.folder / "hosts.json"
        everything = {
            **self.variables,
            "oauth2_bench_path": str(self.path),
            "oauth2_become": self.user is not None,
            "oauth2_verify": "changed",
            **({"oauth2_bench_user": self.user} if self.user else {}),
            **variables,
        }
        inventory.write_text(json.dumps({"benches": {"hosts": {"localhost": everything}}}))
        done = subprocess.run(
            [BIN / "ansible-playbook", "-i", inventory, playbook, *options],
            env={
                **os.environ,
                "PATH": f"{BIN}:{os.environ['PATH']}",
                "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
                "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return Run(done)

    def site(self, *options: str, **variables: t.Any) -> Run:
        """Run playbooks/site.yml. The run may fail."""
        return self.playbook("playbooks/site.yml", *options, **variables)

    def tasks(self, tasks: list[dict[str, t.Any]], *options: str) -> Run:
        """Run tasks that all must succeed."""
        play = self.folder / "tasks.json"
        play.write_text(json.dumps([{"hosts": "benches", "gather_facts": False, "tasks": tasks}]))
        run = self.playbook(str(play), *options)
        if run.status:
            raise SystemExit(run.output)
        return run


class DemoBench(Bench):
    """A demo bench of the benchmark, with a given number of sites.

    Attributes:
        address: the address of its nginx.
        hosts: the host name of each site.
    """

    def __init__(self, folder: Path, sites: int):
        demo = folder / "demo"
        super().__init__(folder, demo / "frappe-bench", None)
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.names = self.hosts = [f"site{number:03}.localhost" for number in range(1, sites + 1)]
        self.variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "demo_bench_dir": str(demo),
            "demo_bench_sites": [{"name": name} for name in self.names],
            "demo_bench_roles": ["Sales User", "Sales Manager"],
            "demo_bench_users": USERS,
            "demo_bench_nginx_port": port,
            "demo_bench_web_port": free_port(),
            # The demo bench has its own nginx and supervisor, which are not at Debian's paths.
            "oauth2_nginx_conf": f"{demo}/nginx/conf/nginx.conf",
            "oauth2_nginx_prefix": f"{demo}/nginx",
            "oauth2_nginx_conf_dir": f"{demo}/nginx/conf.d",
            "oauth2_supervisorctl": f"{demo}/supervisor/venv/bin/supervisorctl",
            "oauth2_supervisor_config": f"{demo}/supervisor/supervisord.conf",
            "oauth2_verify_address": self.address,
        }

    def build(self) -> None:
        """Create the bench and start it."""
        self.tasks([{"name": "Build", "ansible.builtin.include_role": {"name": "benchkeeper.frappe.demo_bench"}}])

    def stop(self) -> None:
        """Stop its processes."""
        role = {"name": "benchkeeper.frappe.demo_bench"}
        self.tasks([{"name": "Stop", "ansible.builtin.include_role": role, "vars": {"demo_bench_state": "stopped"}}])

    def apply_declaration(self) -> dict[str, t.Any]:
        """Declare a client for every site, apply the declaration, and return it."""
        declared = declaration(dict.fromkeys(self.names, CLIENT))
        run = self.site(oauth2_verify="none", **declared)
        if run.status:
            raise SystemExit(run.output)
        return declared


class RealBench(Bench):
    """An existing bench. The declaration is its current state, and every run is in check mode.

    Args:
        folder, path: as for `Bench`.
        user: its owner; None if that user runs the benchmark.
        python: a Python that the owner may run.
        exclude: sites that are not used.
    """

    options = ("--check",)

    def __init__(self, folder: Path, path: Path, user: str | None, python: str, exclude: t.Collection[str]):
        super().__init__(folder, path, None if user is None or pwd.getpwnam(user).pw_uid == os.geteuid() else user)
        self.variables["ansible_python_interpreter"] = python
        task = {
            "name": "Read",
            "benchkeeper.frappe.frappe_site_info": {"bench_path": str(path), "gather": ["oauth_clients"]},
            **self.become,
        }
        rows = self.tasks([task]).results["Read"]["sites"]
        self.clients = {
            row["name"]: as_declared(row["oauth_clients"][0])
            for row in rows
            if row["oauth_clients"] and row["name"] not in exclude
        }
        self.names = list(self.clients)
        left_out = [row["name"] for row in rows if row["name"] not in self.clients and row["name"] not in exclude]
        if left_out:
            print(f"Skipped, because they have no OAuth client to declare: {', '.join(left_out)}")
        if len(self.names) < 2:
            raise SystemExit(
                f"{path}: at least two sites with an OAuth client are needed to measure the cost of an additional site."
            )

    def apply_declaration(self) -> dict[str, t.Any]:
        """A declaration of the current state of the sites. It fails if a run would change anything."""
        declared = declaration(self.clients)
        declared["oauth2_policy"] = "ignore"
        run = self.site(*self.options, "--diff", **declared)
        if run.status or run.changed:
            raise SystemExit(f"Check mode reports a change, so nothing was measured.\n{run.output}")
        return declared


def as_declared(client: dict[str, t.Any]) -> dict[str, t.Any]:
    """A client of frappe_site_info, as options of frappe_oauth_client."""
    return {option: value for option, value in client.items() if option not in NOT_DECLARED and value not in ("", [])}


def declaration(clients: dict[str, dict[str, t.Any]]) -> dict[str, t.Any]:
    """Variables of the role that declare one client per site, and one key that no site has."""
    return {
        "oauth2_discover_sites": False,
        "oauth2_site_defaults": {"site_config": {"absent": ["key_of_a_benchmark_that_no_site_has"]}},
        "oauth2_sites": [{"name": name, "oauth_clients": [client]} for name, client in clients.items()],
    }


@contextlib.contextmanager
def demo_bench(sites: int) -> t.Iterator[DemoBench]:
    """A demo bench in a temporary directory. It is stopped and removed at the end."""
    with folder() as place:
        bench = DemoBench(place, sites)
        try:
            bench.build()
            yield bench
        finally:
            bench.stop()


@contextlib.contextmanager
def folder() -> t.Iterator[Path]:
    """A temporary directory with a short name, because the paths of sockets are limited."""
    place = Path(tempfile.mkdtemp(prefix="bk-"))
    try:
        yield place
    finally:
        shutil.rmtree(place)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print columns, the first one left-aligned, and an empty line."""
    wide = [max(len(line[column]) for line in (head, *rows)) for column in range(len(head))]
    for first, *rest in (head, *rows):
        print("  ".join([first.ljust(wide[0]), *(cell.rjust(width) for cell, width in zip(rest, wide[1:]))]).rstrip())
    print()
