# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo bench of the tests: runs of playbooks and modules on it, and its state from outside."""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path

from runs import Run, Started

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
# Specific to the stand-in: writing with a different collation than that of the index corrupts the database.
COLLATION = itemgetter("NAME", "compare")(
    runpy.run_path(str(ROOT / "roles/demo_bench/files/stand_in/database/collation.py"))
)
SITES = ("Trust.com", "site2.localhost", "site3.localhost")
USERS = [
    {"email": "clerk@demo.example", "first_name": "Clara", "roles": ["Sales User"]},
    {"email": "manager@demo.example", "first_name": "Manuel", "roles": ["System Manager"]},
    {"email": "former@demo.example", "first_name": "Frida", "roles": ["Sales User"], "enabled": 0},
    {"email": "customer@demo.example", "first_name": "Cosmo", "user_type": "Website User"},
]


def free_port() -> int:
    """A free port of 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


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


class Demo:
    """One demo bench, made by the role demo_bench.

    Attributes:
        path: the bench.
        address: the address of its nginx.
        nginx: the prefix of its nginx.
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
        verification_leaves: tables in which the verification of a site leaves its login.
    """

    kills = 200
    ansible = BIN
    redis: tuple[str, ...] = ()  # the demo bench has none
    method, module = "demo_crm.api.home_tasks", "demo_crm/demo_crm/api.py"
    # last login; failed logins, which Frappe stores in Redis; the time of the directory that held the record
    verification_leaves = (": tabUser", ": __Cache", "config")

    def __init__(self, folder: Path):
        self.folder, self.path = folder, folder / "demo" / "frappe-bench"
        self.sites, self.become, self.environment = SITES, {}, {}
        self.users = {user["email"].partition("@")[0]: user for user in USERS}
        self.ports = {"demo_bench_nginx_port": free_port(), "demo_bench_web_port": free_port()}
        self.nginx = folder / "demo" / "nginx"
        supervisor = folder / "demo" / "supervisor"
        self.supervisorctl = [supervisor / "venv/bin/supervisorctl", "-c", supervisor / "supervisord.conf"]
        self.address = f"http://127.0.0.1:{self.ports['demo_bench_nginx_port']}"
        self.variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "demo_bench_dir": str(folder / "demo"),
            "demo_bench_sites": [
                {"name": SITES[0], "domains": ["trust.localhost"]},
                {"name": SITES[1], "domains": ["127.0.0.1"]},
                {"name": SITES[2]},
            ],
            "demo_bench_roles": ["Sales User", "Sales Manager"],
            "demo_bench_users": USERS,
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
        self.tasks([{"name": "Build", "ansible.builtin.include_role": {"name": "benchkeeper.frappe.demo_bench"}}])
        self.credentials = json.loads((folder / "demo" / "credentials.json").read_text())

    def stop(self) -> None:
        """End the bench's processes."""
        role = {"name": "benchkeeper.frappe.demo_bench"}
        self.tasks([{"name": "Stop", "ansible.builtin.include_role": role, "vars": {"demo_bench_state": "stopped"}}])

    def playbook(self, playbook: str, *options: str, **variables: object) -> Run:
        """Run a playbook of the collection on the bench. The run may fail."""
        with self.start(playbook, *options, **variables) as process:
            out, err = process.communicate()
        return Run(subprocess.CompletedProcess(process.args, process.returncode, out, err))

    def start(self, playbook: str, *options: str, **variables: object) -> Started:
        """Start a playbook of the collection on the bench."""
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
            [self.ansible / "ansible-playbook", "-i", inventory / "hosts.json", playbook, *options],
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

    def files(self) -> dict[str, tuple]:
        """Every file and directory of the bench with mode, owner, time and content; without logs and databases."""
        taken: dict[str, tuple] = {}
        for path in sorted(self.path.rglob("*")):
            name = str(path.relative_to(self.path))
            if {"logs", "__pycache__"} & set(path.parts) or name.startswith(("env/", "apps/")):
                continue
            if path.suffix != ".db" and not name.endswith(("-wal", "-shm", "-journal", "/db")):
                taken[name] = look(path)
        return taken

    def tables(self) -> dict[str, object]:
        """The content of every site's database."""
        taken = {}
        for path in sorted(self.path.glob("sites/*/db/*.db")):
            with sqlite3.connect(path) as connection:
                connection.create_collation(*COLLATION)
                schema = sorted(connection.execute("select type, name, sql from sqlite_master").fetchall())
                taken[f"{path.parts[-3]}: schema"] = schema
                for table in (name for kind, name, _sql in schema if kind == "table"):
                    rows = connection.execute(f'select * from "{table}"')
                    taken[f"{path.parts[-3]}: {table}"] = sorted(map(repr, rows))
        return taken

    def snapshot(self) -> dict[str, object]:
        """Every file of the bench, every row of every database."""
        return {**self.files(), **self.tables()}

    def snapshot_but_sign_ins(self) -> dict[str, object]:
        """The same without the traces of every login."""
        return {name: what for name, what in self.snapshot().items() if not name.endswith(self.verification_leaves)}

    def services(self) -> dict[str, object]:
        """The files of nginx, and every program of supervisor with its process."""
        taken: dict[str, object] = {}
        for path in sorted(self.nginx.rglob("*")):
            if not {"logs", "temp", "run"} & set(path.relative_to(self.nginx).parts):
                taken[f"nginx: {path.relative_to(self.nginx)}"] = look(path)
        for program, state in self.programs().items():
            taken[f"supervisor: {program}"] = state
        return taken

    def programs(self) -> dict[str, list[str]]:
        """The state and process of every program of supervisor, after all have started."""
        for _try in range(100):
            done = subprocess.run([*self.supervisorctl, "status"], capture_output=True, text=True, check=False)
            # name, RUNNING, "pid", its number; without the uptime, which always changes
            states = {name: state[:3] for name, *state in map(str.split, done.stdout.splitlines())}
            if not any(state[0] == "STARTING" for state in states.values()):
                break
            time.sleep(0.1)
        return states


def look(path: Path) -> tuple:
    """The mode, owner, time of change and content of a file, directory or link."""
    what = path.lstat()
    content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
    return (what.st_mode, what.st_uid, what.st_gid, what.st_mtime_ns, content)
