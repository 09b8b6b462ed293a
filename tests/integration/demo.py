# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A demo bench of the tests' own, the playbooks and modules run on it, and a look at it from outside."""

from __future__ import annotations

import json
import os
import runpy
import socket
import sqlite3
import subprocess
import sys
from operator import itemgetter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
# The stand-in's own: a row written under another order than its index is in harms the database.
COLLATION = itemgetter("NAME", "compare")(
    runpy.run_path(str(ROOT / "roles/demo_bench/files/frappe/frappe/database/collation.py"))
)
SITES = ("Trust.com", "site2.localhost", "site3.localhost")
USERS = [
    {"email": "clerk@demo.example", "first_name": "Clara", "roles": ["Sales User"]},
    {"email": "manager@demo.example", "first_name": "Manuel", "roles": ["System Manager"]},
    {"email": "former@demo.example", "first_name": "Frida", "roles": ["Sales User"], "enabled": 0},
    {"email": "customer@demo.example", "first_name": "Cosmo", "user_type": "Website User"},
]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Run:
    """What one ansible-playbook run said.

    Attributes:
        status: exit status.
        output: everything it printed.
        results: each task's result by the task's name, without the role's.
        stats: the recap of the host.
    """

    def __init__(self, done: subprocess.CompletedProcess):
        self.status, self.output = done.returncode, done.stdout + done.stderr
        start = done.stdout.find("{\n")
        report = json.loads(done.stdout[start:]) if start >= 0 else {"plays": [], "stats": {}}
        self.results = {}
        for play in report["plays"]:
            for task in play["tasks"]:
                self.results[task["task"]["name"].rpartition(" : ")[2]] = task["hosts"].get("localhost", {})
        self.stats = report["stats"].get("localhost", {})

    @property
    def changed(self) -> int:
        """Number of changed tasks."""
        return self.stats["changed"]

    def rows(self, task: str) -> dict[str, dict]:
        """The result rows of a module's task, by site."""
        return {row["name"]: row for row in self.results[task]["sites"]}


class Demo:
    """One demo bench, made by the role demo_bench.

    Attributes:
        path: the bench.
        address: where nginx listens.
        nginx: prefix of its nginx.
        supervisorctl: the command that steers its programs.
        vault: file with the vault password that every run is given, or None.
        credentials: password of each user.
    """

    def __init__(self, folder: Path):
        self.folder, self.path = folder, folder / "demo" / "frappe-bench"
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
        }
        self.vault: Path | None = folder / "vault-password"
        self.vault.write_text("of the tests")
        self.tasks([{"name": "Build", "ansible.builtin.include_role": {"name": "benchkeeper.frappe.demo_bench"}}])
        self.credentials = json.loads((folder / "demo" / "credentials.json").read_text())

    def stop(self) -> None:
        """End the bench's processes."""
        role = {"name": "benchkeeper.frappe.demo_bench"}
        self.tasks([{"name": "Stop", "ansible.builtin.include_role": role, "vars": {"demo_bench_state": "stopped"}}])

    def playbook(self, playbook: str, *options: str, **variables: object) -> Run:
        """Run a playbook of the collection on the bench; the run may fail."""
        with self.start(playbook, *options, **variables) as process:
            out, err = process.communicate()
        return Run(subprocess.CompletedProcess(process.args, process.returncode, out, err))

    def start(self, playbook: str, *options: str, **variables: object) -> subprocess.Popen:
        """Start a playbook of the collection on the bench."""
        inventory = self.folder / "inventory"
        inventory.mkdir(exist_ok=True)
        everything = {
            **self.variables,
            "oauth2_bench_path": str(self.path),
            "oauth2_nginx_conf": str(self.nginx / "conf" / "nginx.conf"),
            "oauth2_nginx_prefix": str(self.nginx),
            "oauth2_nginx_conf_dir": str(self.nginx / "conf.d"),
            "oauth2_supervisorctl": str(self.supervisorctl[0]),
            "oauth2_supervisor_config": str(self.supervisorctl[-1]),
            "oauth2_become": False,
            "oauth2_verify": "none",
            "oauth2_verify_user": USERS[0]["email"],
            "oauth2_verify_password": self.credentials.get(USERS[0]["email"]) if hasattr(self, "credentials") else "",
            "oauth2_verify_address": self.address,
            **variables,
        }
        hosts = {"benches": {"hosts": {"localhost": everything}}}
        handle = os.open(inventory / "hosts.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "w") as file:
            json.dump(hosts, file)
        return subprocess.Popen(
            [BIN / "ansible-playbook", "-i", inventory / "hosts.json", playbook, *options],
            env={
                **os.environ,
                "PATH": f"{BIN}:{os.environ['PATH']}",
                "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
                "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
                **({"ANSIBLE_VAULT_PASSWORD_FILE": str(self.vault)} if self.vault else {}),
            },
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
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
        play.write_text(json.dumps([{"hosts": "benches", "gather_facts": False, "tasks": tasks}]))
        return str(play)

    def modules(self, module: str, *steps: tuple[str, dict], **shared: object) -> dict[str, dict]:
        """Run one module of the collection several times in one play, each result by its step's name, failed or not.

        A step is a name and what it adds to the shared options; ``check_mode`` among them is the task's own.
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

    # -------- from outside
    def config(self, site: str) -> dict:
        """What a site's site_config.json holds."""
        return json.loads(self.config_path(site).read_text())

    def config_path(self, site: str) -> Path:
        """Path of a site's site_config.json."""
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
        """Change a site's database behind everybody's back."""
        with self.database(site) as connection:
            connection.execute(statement, values)

    def snapshot(self) -> dict[str, object]:
        """Every file of the bench with mode, owner, time and content, every row of every database; no logs."""
        taken: dict[str, object] = {}
        for path in sorted(self.path.rglob("*")):
            name = str(path.relative_to(self.path))
            if "/logs/" in name or name.startswith(("logs/", "env/")) or "__pycache__" in name:
                continue
            if path.suffix == ".db":
                with sqlite3.connect(path) as connection:
                    connection.create_collation(*COLLATION)
                    taken[name] = list(connection.iterdump())
            elif not name.endswith(("-wal", "-shm", "-journal")):
                what = path.lstat()
                content = path.read_bytes() if path.is_file() and not path.is_symlink() else None
                taken[name] = (what.st_mode, what.st_uid, what.st_gid, what.st_mtime_ns if content else 0, content)
        return taken
