# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared parts of the fault tests: processes to kill, two declared states, and the state of a bench."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from demo_bench import Demo
from edge_requests import reload_nginx

APP, SECOND = "Fault App", "Fault Second"
KEYS = ("fault_a", "fault_b", "fault_list")
CANDIDATE_END = ".benchkeeper"  # the one file that a kill may leave: the candidate of a replaced file
FILES = {"site_config.lock"}  # Frappe creates and keeps them too: a lock file without a holder has no effect
SPAN = 300  # seconds after which a run counts as hanging, on a busy machine too

# In the bench's Python, on each site: the objects of the declared states, sorted.
SEEN = """
from frappe.utils.password import decrypt
fields = ["name", "app_name", "client_secret", "redirect_uris", "default_redirect_uri", "scopes", "skip_authorization"]
roles = frappe.get_all("OAuth Client Role", fields=["parent", "role"], filters={"parenttype": "OAuth Client"},
                       order_by="idx asc")
result = {"clients": [], "pairs": {}}
for row in frappe.get_all("OAuth Client", fields=fields, order_by="app_name asc"):
    if row["app_name"].startswith("Fault "):
        own = [role["role"] for role in roles if role["parent"] == row["name"]]
        result["clients"].append({**row, "roles": own})
stored = dict(frappe.db.sql("select name, password from `__Auth` where doctype = 'User' and "
                            "fieldname = 'api_secret' and encrypted = 1"))
for user in frappe.get_all("User", fields=["name", "api_key"], filters={"name": ["in", data]}):
    if user["api_key"] or user["name"] in stored:
        secret = decrypt(stored[user["name"]]) if user["name"] in stored else None
        result["pairs"][user["name"]] = [user["api_key"], secret]
"""


class States:
    """Two declared states. They differ so much that every step has work from one to the other.

    Args:
        ground: the bench.
        store: the directory of the secrets store.
    """

    def __init__(self, ground: Demo, store: Path):
        self.ground, self.store = ground, store
        self.users = [ground.users[who]["email"] for who in ("clerk", "manager")]
        self.roles = [ground.users["clerk"]["roles"][0], "System Manager"]

    def declared(self, which: str) -> dict[str, object]:
        """Variables that declare state A, state B, or the absence of both (Z)."""
        first = {"app_name": APP, "scopes": ["openid"], "allowed_roles": self.roles[:1]}
        second = {"app_name": SECOND, "client_id": "fault-second"}
        cors = {"origins": ["https://a.example.com"]}
        if which == "A":
            first["redirect_uris"] = ["com.example.fault://a", "https://a.example.com/callback"]
            second.update(redirect_uris=["https://a.example.com/second"], allowed_roles=self.roles, scopes=["openid"])
            config = {"settings": {"fault_a": 1, "fault_list": ["a", "b"]}, "absent": ["fault_b"]}
            keys = {"users": self.users}
        else:
            first.update(redirect_uris=["https://b.example.com/callback"], allowed_roles=self.roles[::-1])
            first["state"] = "present" if which == "B" else "absent"
            second.update(state="absent")
            config = {"settings": {"fault_b": {"deep": [1, None]}, "fault_list": ["b"]}, "absent": ["fault_a"]}
            keys = {"users": self.users, "state": "absent"}
            cors = {"origins": ["https://b.example.com", "https://c.example.com"], "credentials": True}
        if which == "Z":
            config = {"absent": list(KEYS)}
        defaults = {"oauth_clients": [first, second], "site_config": config, "api_keys": keys}
        if which != "Z":
            defaults["cors"] = cors
        return {
            "oauth2_site_defaults": defaults,
            "oauth2_sites": [{"name": site} for site in self.ground.sites],
            "oauth2_discover_sites": False,
            "oauth2_secrets_store": str(self.store),
            "oauth2_site_timeout": 30,
        }

    def seen(self) -> dict[str, dict]:
        """The clients and API keys of every site, as stored."""
        return self.ground.inside(SEEN, self.users)

    def kept(self, site: str, section: str = "api_keys") -> dict[str, dict]:
        """The content of the store for a site."""
        return opened(self.ground, self.store, site).get(section, {})

    def lost(self, seen: dict[str, dict]) -> list[str]:
        """API keys that work on a site and are not in the store, neither current nor pending."""
        failures = []
        for site, what in seen.items():
            kept = self.kept(site) if what["pairs"] else {}
            for user, pair in what["pairs"].items():
                entry = kept.get(user, {})
                held = [[value.get("api_key"), value.get("api_secret")] for value in (entry, entry.get("pending", {}))]
                if pair not in held:
                    failures.append(f"{site}: {user}: the store has no such pair")
        return failures

    def normal(self, seen: dict[str, dict]) -> dict[str, object]:
        """The state of a bench without random names, secrets and times."""
        taken: dict[str, object] = {}
        for site, what in seen.items():
            taken[f"{site}: clients"] = [plain(client) for client in what["clients"]]
            taken[f"{site}: keys"] = sorted(what["pairs"])
            taken[f"{site}: config"] = config = self.ground.config(site)
            config.pop("encryption_key", None)
        taken["edge"] = edge(self.ground)
        return taken

    def half_done(self, now: dict[str, object], one: dict[str, object], other: dict[str, object]) -> list[str]:
        """The steps of sites that have neither of the two states. `lost` checks the API keys."""
        steps = [name for name in now if name.endswith((": clients", ": config"))]
        return [f"{name}: {now[name]}" for name in steps if now[name] not in (one[name], other[name])]


def differences(wanted: dict[str, object], found: dict[str, object]) -> list[str]:
    """The differences between two normal states, by name."""
    return [f"{name}: {found.get(name)!r}, not {what!r}" for name, what in wanted.items() if found.get(name) != what]


@contextlib.contextmanager
def declared_states(ground: Demo, folder: Path) -> Iterator[States]:
    """Two declared states. On a bench that outlives the tests, they are removed, and the edge is restored."""
    kept, back = States(ground, folder / "secrets"), edge_as_found(ground)
    try:
        yield kept
    finally:
        if ground.outlives_tests:
            run = ground.site(**kept.declared("Z"))
            back()
            assert run.status == 0, run.output


def plain(client: dict) -> dict:
    """A client without random values and Frappe's internal columns."""
    chosen = {} if client["app_name"] == APP else {"name": client["name"]}
    return {**{key: value for key, value in client.items() if key not in ("name", "client_secret")}, **chosen}


def opened(ground: Demo, store: Path, site: str) -> dict:
    """The decrypted content of a store for a site."""
    path = store / "localhost" / f"{site}.yml"
    if not path.exists():
        return {}
    vault = VaultLib([("default", VaultSecret(ground.vault.read_bytes()))])
    return yaml.safe_load(vault.decrypt(path.read_bytes()))


def edge(ground: Demo) -> dict[str, str]:
    """The files of the edge by name, including candidates."""
    paths = [*(ground.nginx / "conf.d").glob("*benchkeeper*"), *(ground.nginx / "benchkeeper.d").glob("*")]
    hidden = (ground.nginx / "benchkeeper.d").glob(".*")
    return {str(path.relative_to(ground.nginx)): path.read_text() for path in sorted({*paths, *hidden})}


def edge_as_found(ground: Demo):
    """Return a function that restores the current files of the edge."""
    kept = edge(ground)

    def back() -> None:
        now = edge(ground)
        for name in now.keys() - kept.keys():
            (ground.nginx / name).unlink()
        for name, text in kept.items():
            (ground.nginx / name).parent.mkdir(exist_ok=True)
            (ground.nginx / name).write_text(text)
        if now != kept:
            reload_nginx(ground)

    return back


def nginx(ground: Demo) -> list[str]:
    """The command of the bench's nginx."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    prefix = ["-p", ground.variables["oauth2_nginx_prefix"]] if "oauth2_nginx_prefix" in ground.variables else []
    return [program, *prefix, "-c", ground.variables["oauth2_nginx_conf"]]


def names(ground: Demo) -> dict[str, int]:
    """Every file and directory that Frappe and we write, with its owner; without assets and SQLite files."""
    found = {}
    for top in ("sites", "config", "logs"):
        for folder, folders, files in os.walk(ground.path / top):
            folders[:] = [name for name in folders if name not in ("assets", "pids")]
            for name in [*folders, *files]:
                path = Path(folder, name)
                if not name.endswith(("-wal", "-shm", "-journal")):
                    with contextlib.suppress(FileNotFoundError):
                        found[str(path.relative_to(ground.path))] = path.lstat().st_uid
    return found


def left_over(ground: Demo, before: dict[str, int]) -> list[str]:
    """New files of the bench that are not logs, lock files or candidates; and files with a wrong owner."""
    owner, now = (ground.path / "sites").stat().st_uid, names(ground)
    strange = [name for name in now if name not in before and Path(name).name not in FILES]
    strange = [name for name in strange if "logs" not in Path(name).parts and not name.endswith(CANDIDATE_END)]
    return strange + [f"{name} belongs to {uid}" for name, uid in now.items() if uid not in (owner, before.get(name))]


def unreadable(ground: Demo) -> list[str]:
    """Configuration files that are not valid JSON, and the error of nginx if its configuration is invalid."""
    failures = []
    for path in [ground.path / "sites" / "common_site_config.json", *map(ground.config_path, ground.sites)]:
        try:
            json.loads(path.read_bytes())
        except ValueError as error:
            failures.append(f"{path}: {error}")
    done = subprocess.run([*nginx(ground), "-t", "-q"], capture_output=True, text=True, check=False)
    return failures + ([done.stderr] if done.returncode else [])


@contextlib.contextmanager
def collected_rows(trial) -> Iterator:
    """Add several rows to the table; then fail the test with the first failed row."""
    wrong: list[AssertionError] = []

    def tell(*row) -> None:
        try:
            trial.add_row(*row)
        except AssertionError as error:
            wrong.append(error)

    yield tell
    if wrong:
        raise wrong[0]
