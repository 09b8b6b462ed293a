# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real bench instead of the demo bench, for promise tests that are started manually."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from demo_bench import Demo

# A digest of the rows of every table, in one process. A new column or a changed `modified` changes it.
DIGESTS = """
import hashlib
result = {}
for (table,) in frappe.db.sql("show tables"):
    rows = sorted(repr(row) for row in frappe.db.sql(f"select * from `{table}`"))
    result[table] = [len(rows), hashlib.sha256("\\n".join(rows).encode()).hexdigest()]
"""


# Locks a site's table of OAuth clients until stdin ends: nobody else can read it.
HOLD = """
import sys, frappe
frappe.init(site=sys.argv[1], sites_path=".")
frappe.connect()
frappe.db.sql("lock tables `tabOAuth Client` write")
print("held", flush=True)
sys.stdin.read()
frappe.db.sql("unlock tables")
"""


class RealBench(Demo):
    """An existing bench, with at least three sites for the promise tests.

    Args:
        folder: the directory for the files of the promise tests.
        given: ``bench_path``, ``bench_user``, ``sites`` (names), ``address``, ``nginx_prefix``, ``nginx_pid`` (the
            default is /run/nginx.pid), ``supervisorctl`` (command), ``users`` (clerk, manager, former: name of a System
            User, a System Manager, a disabled one; each ``{"email": ..., "roles": [...]}``), ``password`` (of the first
            two), ``variables`` (oauth2_...), and ``mariadb`` (command that takes SQL on standard input and may create
            databases).
    """

    kills, outlives_tests = 60, True  # a kill takes three times as long as on the demo bench
    method, module = "frappe.auth.get_logged_user", "frappe/frappe/client.py"
    login_traces = (": tabUser", ": tabActivity Log", "config")

    def __init__(self, folder: Path, given: dict):
        self.folder, self.path = folder, Path(given["bench_path"])
        folder.chmod(0o755)
        self.sites, self.environment = tuple(given["sites"]), {}
        self.address, self.nginx = given["address"], Path(given["nginx_prefix"])
        self.nginx_pid = Path(given.get("nginx_pid", "/run/nginx.pid"))
        self.supervisorctl = given["supervisorctl"]
        self.user = given["bench_user"]
        self.become = {"become": True, "become_user": self.user}
        self.users, self.mariadb = given["users"], given["mariadb"]
        self.redis = tuple(name for name in self.programs() if "-redis-" in name)
        self.credentials = {given["users"][who]["email"]: given["password"] for who in ("clerk", "manager")}
        self.variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "/usr/bin/python3",  # the owner may not be able to read the checkout
            "oauth2_become": True,
            "oauth2_discover_sites": False,
            **given.get("variables", {}),
        }
        self.vault = folder / "vault-password"
        self.vault.write_text("vault-password-of-the-promises")

    @property
    def as_owner(self) -> list[str]:
        """The prefix that runs a command as the bench's owner."""
        return ["sudo", "-u", self.user]

    # -------- faults
    @contextlib.contextmanager
    def database_down(self, site: str) -> Iterator[None]:
        """Nothing listens at the configured address of the site's database."""
        path, kept = self.config_path(site), self.config(site)
        path.write_text(json.dumps({**kept, "db_host": "127.0.0.1", "db_port": 1}))
        try:
            yield
        finally:
            own = {key: kept[key] for key in ("db_host", "db_port") if key in kept}
            rest = {key: value for key, value in self.config(site).items() if key not in ("db_host", "db_port")}
            path.write_text(json.dumps({**rest, **own}, indent=1, sort_keys=True))

    @contextlib.contextmanager
    def database_held(self, site: str) -> Iterator[None]:
        """The site's database does not respond to queries about OAuth clients."""
        with subprocess.Popen(
            [*self.as_owner, self.path / "env/bin/python", "-c", HOLD, site],
            cwd=self.path / "sites",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as holder:
            assert holder.stdout.readline() == "held\n"
            yield

    @contextlib.contextmanager
    def empty_site(self, site: str) -> Iterator[None]:
        """An incomplete site of bench new-site: a configuration, and a database without tables."""
        path, name = self.path / "sites" / site, "_fault_empty"
        self._sql(
            f"create database {name}; create user {name}@'%' identified by 'fault'; "
            f"grant all on {name}.* to {name}@'%';"
        )
        config = {"db_name": name, "db_password": "fault", "db_type": "mariadb"}
        try:
            for folder in ("locks", "logs"):
                (path / folder).mkdir(parents=True)
            (path / "site_config.json").write_text(json.dumps(config))
            for made in (path, *path.iterdir()):
                shutil.chown(made, self.user, self.user)
            yield
        finally:
            shutil.rmtree(path)
            self._sql(f"drop user {name}@'%'; drop database {name};")

    def _sql(self, statements: str) -> None:
        subprocess.run(self.mariadb, input=statements, text=True, check=True, capture_output=True)

    @contextlib.contextmanager
    def stopped(self, programs: tuple[str, ...]) -> Iterator[None]:
        """Stop programs of supervisor."""
        subprocess.run([*self.supervisorctl, "stop", *programs], check=True, capture_output=True)
        try:
            yield
        finally:
            subprocess.run([*self.supervisorctl, "start", *programs], check=True, capture_output=True)
            self.programs()

    def execute(self, site: str, statement: str, *values: object) -> None:
        """Change a site's database directly, without Frappe."""
        self.inside("frappe.db.sql(*data)", [statement.replace('"', "`").replace("?", "%s"), values], [site])

    def rows(self, site: str, doctype: str) -> list[dict]:
        """All rows of a doctype."""
        code = f"result = frappe.db.sql('select * from `tab{doctype}` order by creation, name', as_dict=True)"
        return self.inside(code, sites=[site])[site]

    def files(self) -> dict[str, tuple]:
        """As on the demo bench, without the files of Redis, which it writes at any time."""
        return {name: seen for name, seen in super().files().items() if not name.startswith("config/pids")}

    def tables(self) -> dict[str, object]:
        """The content of every site's database."""
        found = self.inside(DIGESTS)
        return {f"{site}: {table}": what for site in found for table, what in found[site].items()}
