# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo bench of the tests: runs of playbooks and modules on it, and its state from outside."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench_state import COLLATION, BenchState
from checkout import BIN, ROOT
from playbook_runs import Run, Started, with_cache
from prepared_bench import copy_bench, prepared_bench
from processes import end_all_below

SITES = ("Trust.com", "site2.localhost", "site3.localhost")
USERS = [
    {"email": "clerk@demo.example", "first_name": "Clara", "roles": ["Sales User"]},
    {"email": "manager@demo.example", "first_name": "Manuel", "roles": ["System Manager"]},
    {"email": "former@demo.example", "first_name": "Frida", "roles": ["Sales User"], "enabled": 0},
    {"email": "customer@demo.example", "first_name": "Cosmo", "user_type": "Website User"},
]


# The variables of the role that all benches share.
OF_THE_ROLE = {
    "demo_bench_sites": [
        {"name": SITES[0], "domains": ["trust.localhost"]},
        {"name": SITES[1], "domains": ["127.0.0.1"]},
        {"name": SITES[2]},
    ],
    "demo_bench_roles": ["Sales User", "Sales Manager"],
    "demo_bench_users": USERS,
}


def free_port() -> int:
    """A free port of 127.0.0.1. Outgoing connections never use it: their ports start at 32768."""
    while True:
        port = random.SystemRandom().randrange(10000, 32768)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


# Runs the received code on each site, in the Python of any bench.
INSIDE = """
import json, os, sys
request, replies = json.load(sys.stdin), os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
import frappe
found = {}
for site in request["sites"]:
    frappe.init(site=site, sites_path=".")
    frappe.connect()
    names = {"frappe": frappe, "data": request["data"], "site": site, "result": None}
    exec(request["code"], names)
    frappe.db.commit()
    frappe.destroy()
    found[site] = names["result"]
json.dump(found, replies, default=str)
"""


class Demo(BenchState):
    """A demo bench of its own, copied from the prepared one.

    Attributes:
        path: the bench.
        address: the address of its nginx.
        nginx: the prefix of its nginx.
        nginx_pid: the file with the process id of its nginx.
        supervisorctl: the command that controls its programs.
        sites: the names of its sites.
        users: the users by their role in the tests: clerk, manager, former (disabled), customer (of the portal).
        become: keywords of a play that make its tasks run as the bench's owner.
        vault: the file with the vault password of every run, or None.
        credentials: the password of each user.
        ansible: the directory of ansible-playbook.
        environment: its additional environment variables.
        kills: how often the full promise tests kill a run.
        redis: the names of the Redis programs.
        method: the method that the users may call, as an app does.
        module: a module of an app, below apps/, to which a test may add a whitelisted function.
        login_traces: tables in which the verification of a site leaves its login.
        outlives_tests: whether tests must restore it, because it exists after them.
    """

    kills, outlives_tests = 200, False
    ansible = BIN
    redis: tuple[str, ...] = ()  # the demo bench has none
    method, module = "demo_crm.api.home_tasks", "demo_crm/demo_crm/api.py"
    # last login; failed logins, which Frappe stores in Redis; the time of the directory that held the record
    login_traces = (": tabUser", ": __Cache", "config")

    def __init__(self, folder: Path):
        self.folder, self.path = folder, folder / "demo" / "frappe-bench"
        self.sites, self.become, self.environment = SITES, {}, {}
        self.users = {user["email"].partition("@")[0]: user for user in USERS}
        self.ports = {"demo_bench_nginx_port": free_port(), "demo_bench_web_port": free_port()}
        self.nginx = folder / "demo" / "nginx"
        self.nginx_pid = self.nginx / "nginx.pid"
        self.supervisor = folder / "demo" / "supervisor"
        self.supervisorctl = [self.supervisor / "venv/bin/supervisorctl", "-c", self.supervisor / "supervisord.conf"]
        self.address = f"http://127.0.0.1:{self.ports['demo_bench_nginx_port']}"
        self.variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "demo_bench_dir": str(folder / "demo"),
            **OF_THE_ROLE,
            **self.ports,
            "oauth2_nginx_conf": str(self.nginx / "conf" / "nginx.conf"),
            "oauth2_nginx_prefix": str(self.nginx),
            "oauth2_nginx_conf_dir": str(self.nginx / "conf.d"),
            "oauth2_supervisorctl": str(self.supervisorctl[0]),
            "oauth2_supervisor_config": str(self.supervisorctl[-1]),
            "oauth2_become": False,
        }
        self.credentials: dict[str, str] = {}
        self.vault: Path | None = folder / "vault-password"
        self.vault.write_text("vault-password-of-the-tests")
        self.make()
        self.credentials = json.loads((folder / "demo" / "credentials.json").read_text())

    def make(self) -> None:
        """Copy the prepared bench, start its programs, and wait until every site responds."""
        copy_bench(prepared_bench(OF_THE_ROLE, built_by_the_role), self.folder / "demo", self.ports)
        supervisord = [self.supervisor / "venv/bin/supervisord", "-c", self.supervisor / "supervisord.conf"]
        subprocess.run(supervisord, check=True)
        wait = [
            sys.executable,
            ROOT / "roles/demo_bench/files/wait_for_sites.py",
            self.address.partition("//")[2],
            "60",
        ]
        subprocess.run(wait, input=json.dumps(OF_THE_ROLE["demo_bench_sites"]), text=True, check=True)

    def stop(self) -> None:
        """Kill the bench's processes: their files are not needed any more."""
        end_all_below(self.folder)

    def playbook(self, playbook: str, *options: str, **variables: object) -> Run:
        """Run a playbook of the collection on the bench. The run may fail."""
        with self._start(with_cache(self.ansible), playbook, *options, **variables) as process:
            out, err = process.communicate()
        return Run(subprocess.CompletedProcess(process.args, process.returncode, out, err))

    def start(self, playbook: str, *options: str, **variables: object) -> Started:
        """Start a playbook of the collection on the bench, as an operator does."""
        return self._start([self.ansible / "ansible-playbook"], playbook, *options, **variables)

    def _start(self, program: list, playbook: str, *options: str, **variables: object) -> Started:
        inventory = self.folder / "inventory"
        inventory.mkdir(exist_ok=True)
        everything = {
            **self.variables,
            "oauth2_bench_path": str(self.path),
            "oauth2_verify": "none",
            "oauth2_verify_user": self.users["clerk"]["email"],
            "oauth2_verify_password": self.credentials.get(self.users["clerk"]["email"], ""),
            "oauth2_verify_address": self.address,
            **variables,
        }
        hosts = {"benches": {"hosts": {"localhost": everything}}}
        handle, written = tempfile.mkstemp(dir=self.folder)  # an earlier run may still read the old one
        with open(handle, "w") as file:
            json.dump(hosts, file)
        os.replace(written, inventory / "hosts.json")
        return Started(
            [*program, "-i", inventory / "hosts.json", playbook, *options],
            env={
                **os.environ,
                "PATH": f"{self.ansible}:{os.environ['PATH']}",
                "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
                "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
                **({"ANSIBLE_VAULT_PASSWORD_FILE": str(self.vault)} if self.vault else {}),
                **self.environment,
            },
            cwd=ROOT,
        )

    def site(self, *options: str, **variables: object) -> Run:
        """Run playbooks/site.yml."""
        return self.playbook("playbooks/site.yml", *options, **variables)

    def tasks(self, tasks: list[dict], *options: str) -> Run:
        """Run tasks that all must succeed."""
        run = self.playbook(self.play(tasks), *options)
        assert run.status == 0, run.output
        return run

    def play(self, tasks: list[dict]) -> str:
        """A playbook of these tasks."""
        play = self.folder / "tasks.json"
        play.write_text(json.dumps([{"hosts": "benches", "gather_facts": False, "tasks": tasks, **self.become}]))
        return str(play)

    def modules(self, module: str, *steps: tuple[str, dict], **shared: object) -> dict[str, dict]:
        """Run one module several times in one play; return each result by the name of its step, failed or not.

        A step is a name and options in addition to the shared ones. ``check_mode`` sets that of the task.
        """
        tasks = []
        for name, own in steps:
            options = {"bench_path": str(self.path), **shared, **own}
            tasks.append(
                {
                    "name": name,
                    "check_mode": options.pop("check_mode", False),
                    f"benchkeeper.frappe.{module}": options,
                    "ignore_errors": True,
                    "diff": True,
                }
            )
        return self.tasks(tasks).results

    # -------- faults
    @contextlib.contextmanager
    def database_down(self, site: str) -> Iterator[None]:
        """The site's database is missing."""
        (path,) = (self.path / "sites" / site / "db").glob("*.db")
        away = path.rename(path.with_suffix(".away"))
        try:
            yield
        finally:
            away.rename(path)

    @contextlib.contextmanager
    def database_held(self, site: str) -> Iterator[None]:
        """The site's database does not respond: in this locking mode, others cannot even read."""
        connection = self.database(site)
        connection.isolation_level = None
        connection.execute("pragma busy_timeout = 20000")
        connection.execute("pragma locking_mode = exclusive")
        connection.execute("begin exclusive")
        try:
            yield
        finally:
            connection.execute("rollback")
            connection.close()

    @contextlib.contextmanager
    def empty_site(self, site: str) -> Iterator[None]:
        """An incomplete site of bench new-site: a configuration, and a database without tables."""
        path = self.path / "sites" / site
        for folder in ("db", "locks", "logs"):
            (path / folder).mkdir(parents=True)
        (path / "db" / "_empty.db").touch()
        (path / "site_config.json").write_text('{"db_name": "_empty", "db_password": "none", "db_type": "sqlite"}')
        try:
            yield
        finally:
            shutil.rmtree(path)

    # -------- state from outside
    def config(self, site: str) -> dict:
        """The content of a site's site_config.json."""
        return json.loads(self.config_path(site).read_text())

    def config_path(self, site: str) -> Path:
        """The path of a site's site_config.json."""
        return self.path / "sites" / site / "site_config.json"

    def database(self, site: str) -> sqlite3.Connection:
        """A connection to the stand-in's database of a site."""
        (path,) = (self.path / "sites" / site / "db").glob("*.db")
        connection = sqlite3.connect(path)
        connection.row_factory = sqlite3.Row
        connection.create_collation(*COLLATION)
        return connection

    def rows(self, site: str, doctype: str) -> list[dict]:
        """All rows of a doctype."""
        with self.database(site) as connection:
            return [dict(row) for row in connection.execute(f'select * from "tab{doctype}" order by creation, name')]

    def execute(self, site: str, statement: str, *values: object) -> None:
        """Change a site's database directly, without Frappe."""
        with self.database(site) as connection:
            connection.execute(statement, values)

    def inside(self, code: str, data: object = None, sites: Iterable[str] | None = None) -> dict[str, object]:
        """Run code in the bench's Python as its owner, connected to each site in turn, and commit.

        Args:
            code: may use ``frappe``, ``data`` and ``site``, and may set ``result``.
            data: any JSON value.
            sites: the default is all sites.

        Returns:
            ``result`` by site.
        """
        request = {"code": code, "data": data, "sites": list(sites or self.sites)}
        done = subprocess.run(
            [*self.as_owner, self.path / "env/bin/python", "-c", INSIDE],
            cwd=self.path / "sites",
            input=json.dumps(request),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @property
    def as_owner(self) -> list[str]:
        """The prefix that runs a command as the bench's owner."""
        return []


class BuiltDemo(Demo):
    """A demo bench that the role demo_bench has built, with packages from PyPI."""

    def make(self) -> None:
        """Build it. A second run of the role must change nothing."""
        self.role()
        again = self.role()
        assert again.changed == 0, again.output

    def role(self, **variables: object) -> Run:
        """Run the role demo_bench."""
        role = {"name": "benchkeeper.frappe.demo_bench"}
        return self.tasks([{"name": "Role", "ansible.builtin.include_role": role, "vars": variables}])


def built_by_the_role(folder: Path) -> dict[str, int]:
    """Build the bench to prepare below a directory, stop it, and return its ports."""
    bench = BuiltDemo(folder)
    bench.role(demo_bench_state="stopped")
    assert not (bench.supervisor / "supervisord.pid").exists()
    return bench.ports


def bench_python() -> Path:
    """The Python of the prepared bench, with the packages of a bench and without its apps."""
    return prepared_bench(OF_THE_ROLE, built_by_the_role) / "demo" / "frappe-bench" / "env" / "bin" / "python"


@contextlib.contextmanager
def new_demo() -> Iterator[Demo]:
    """A demo bench that exists only in this context."""
    folder = Path(tempfile.mkdtemp(prefix="bk-"))  # short: the path of a socket is limited
    demo = Demo(folder)
    try:
        yield demo
    finally:
        demo.stop()
        shutil.rmtree(folder)
