# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canaries in every place that can hold a secret, and a search in every place that must not show one."""

from __future__ import annotations

import json
import subprocess
import sysconfig
import tempfile
from pathlib import Path

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from checkout import ROOT
from watched_run import Watched, hits

CLIENT_SECRET = "canary-client-secret-5f0c2e9b71d84a36"
PAIR = {"api_key": "canary-api-key-83b1", "api_secret": "canary-api-secret-9d27c1f0a4b65e38"}
SETTING = "canary-mail-password-c4d8e2a19f7b6035"
PLANTED = "canary-planted-0b9f3e7d"
COLLECTION = "benchkeeper.frappe."
# Records all rows of the token tables, because verify empties them at the end.
SPIES = ("OAuth Bearer Token", "name, refresh_token"), ("OAuth Authorization Code", "name, name")
CREATE_TRIGGERS = """
frappe.db.commit()
frappe.db.sql('create table if not exists canary_seen (one text, other text)')
for number, (table, columns) in enumerate(data):
    one, other = columns.split(', ')
    frappe.db.sql(f'create trigger canary_{number} after insert on `tab{table}` for each row begin '
                      f'insert into canary_seen values (new.{one}, new.{other}); end')
"""
SPIED = "result = [list(row) for row in frappe.db.sql('select one, other from canary_seen')]"
DROP_TRIGGERS = """
frappe.db.commit()
for number in range(len(data)):
    frappe.db.sql(f'drop trigger if exists canary_{number}')
frappe.db.sql('drop table if exists canary_seen')
for name in frappe.get_all("OAuth Client", filters={"app_name": ["like", "Canary%"]}, pluck="name"):
    frappe.db.delete("OAuth Client Role", {"parent": name})
    frappe.db.delete("OAuth Client", {"name": name})
"""


class CanaryBench:
    """A bench with a canary, a unique text, in the place of every secret.

    Attributes:
        store: the directory of the secrets store.
        log: Ansible's log file.
        logged: the length of each log of the bench at the start; earlier lines are ignored.
    """

    def __init__(self, ground, folder: Path):
        self.ground, self.folder, self.store, self.log = (
            ground,
            folder,
            folder / "kept" / "store",
            folder / "ansible.log",
        )
        self.clerk, self.manager = (ground.users[who]["email"] for who in ("clerk", "manager"))
        folder.chmod(0o755)
        for name in ("remote", "local", "kept"):
            (folder / name).mkdir()
        (folder / "remote").chmod(0o1777)  # the bench's owner creates files in it
        # Frappe itself logs the database password when it creates a site.
        self.logged = {path: path.stat().st_size for path in self.logs()}

    def variables(self, **of_second) -> dict:
        """A declaration with every kind of secret. ``of_second`` is only for the second site."""
        client = {"app_name": "Canary", "redirect_uris": ["https://canary.example/cb"], "scopes": ["all", "openid"]}
        first, second, *others = self.ground.sites
        return {
            "oauth2_discover_sites": False,
            "oauth2_site_defaults": {
                "oauth_clients": [client],
                "site_config": {"secret_settings": {"mail_password": SETTING}},
                "api_keys": {"users": [self.manager]},
            },
            "oauth2_sites": [
                {
                    "name": first,
                    "oauth_clients": [{"app_name": "Canary", "client_secret": CLIENT_SECRET}],
                    "api_keys": {"users": [self.clerk]},
                },
                {"name": second, "oauth_clients": [{"app_name": "Canary", "store_secret": True}], **of_second},
                *({"name": name} for name in others),
            ],
            "oauth2_secrets_store": str(self.store),
            "oauth2_verify": "all",
        }

    def canaries(self) -> dict[str, str]:
        """All current secrets."""
        found = {
            "client_secret": CLIENT_SECRET,
            "api_secret": PAIR["api_secret"],
            "secret_settings": SETTING,
            "vault password": self.ground.vault.read_text(),
        }
        found |= {f"password of {user}": password for user, password in self.ground.credentials.items()}
        for site in self.ground.sites:
            config = self.ground.config(site)
            found |= {f"{site}: {k}": config[k] for k in ("encryption_key", "db_password") if config.get(k)}
        vault = VaultLib([("default", VaultSecret(self.ground.vault.read_bytes()))])
        for path in self.store.rglob("*.yml"):
            found |= dict(texts_of(yaml.safe_load(vault.decrypt(path.read_bytes())), path.name))
        for site, rows in self.ground.inside(SPIED).items():
            found |= {f"{site}: token {number}": token for number, row in enumerate(rows) for token in row}
        return found

    def watch(self, playbook: str, *options: str, kill_after=None, callback="default", **variables) -> dict:
        """Run at -vvvv --diff and watch; return what was seen in which place."""
        self.ground.environment = {
            "ANSIBLE_LOG_PATH": str(self.log),
            "ANSIBLE_LOCAL_TEMP": str(self.folder / "local"),
            "ANSIBLE_STDOUT_CALLBACK": callback,
            "ANSIBLE_FORCE_COLOR": "0",
            # a different ansible-core has its own Python and uses the same collections
            "ANSIBLE_COLLECTIONS_PATH": f"{ROOT}/.ansible/collections:{sysconfig.get_path('purelib')}",
        }
        # the tasks of the role and the action plugins enable pipelining themselves
        given = {"ansible_remote_tmp": str(self.folder / "remote"), "ansible_pipelining": False, **variables}
        process = self.ground.start(playbook, "-vvvv", "--diff", *options, **given)
        watched = Watched(process, [self.folder]).until_end(kill_after)
        self.status, self.looks = process.returncode, watched.looks
        self.ground.environment = {}
        watched.seen["logs of the bench"] = {
            path.read_bytes()[self.logged.get(path, 0) :].decode(errors="replace") for path in self.logs()
        }
        return watched.seen

    def logs(self) -> list[Path]:
        """The logs of the bench and of nginx."""
        found = [*self.ground.path.rglob("logs/*"), *self.ground.nginx.rglob("logs/*")]
        return [path for path in found if path.is_file()]


def version(core):
    """The version of the ansible-core in a directory."""
    code = "from importlib.metadata import version; print(version('ansible-core'), end='')"
    return subprocess.run([core / "python", "-c", code], capture_output=True, text=True, check=True).stdout


def texts_of(value, name):
    """Every secret in the store, with its position."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from texts_of(part, f"{name}: {key}")
    elif isinstance(value, str) and name.endswith(("secret", "api_key")) and len(value) > 12:
        yield name, value


@pytest.fixture
def canary_bench(ground):
    """Add the canaries and remove them, in a directory that the bench's owner can read, unlike those of pytest."""
    ground.inside(DROP_TRIGGERS, SPIES)
    ground.inside(CREATE_TRIGGERS, SPIES)
    configs = {site: ground.config_path(site).read_text() for site in ground.sites}
    yield CanaryBench(ground, Path(tempfile.mkdtemp(dir=ground.folder)))
    ground.environment, ground.ansible = {}, type(ground).ansible
    for site, text in configs.items():
        ours = {"mail_password"}
        config = {
            key: value for key, value in ground.config(site).items() if key not in ours or key in json.loads(text)
        }
        ground.config_path(site).write_text(json.dumps(config, indent=1, sort_keys=True))
    users = [ground.users[who]["email"] for who in ("clerk", "manager")]
    gone = {"state": "absent", "users": users}
    ground.modules("frappe_user_api_key", ("gone", {"sites": [{"name": site, **gone} for site in ground.sites]}))
    ground.inside(DROP_TRIGGERS, SPIES)


def runs_of_the_role(canary_bench):
    """site.yml in check mode, applied, applied again, and with a failure in each step."""
    broken = "canary, not JSON"
    site = canary_bench.ground.sites[1]
    path = canary_bench.ground.config_path(site)
    playbook = "playbooks/site.yml"
    yield "check mode", canary_bench.watch(playbook, "--check", **canary_bench.variables())
    seen = canary_bench.watch(playbook, callback="ansible.posix.json", **canary_bench.variables())
    assert canary_bench.status == 0, f"the run must succeed to carry tokens: {str(seen['terminal'])[-4000:]}"
    yield "the run", seen
    failing = {
        "clients fail": {"oauth_clients": [{"app_name": "Canary", "allowed_roles": ["Nosuch"]}]},
        "keys fail": {"api_keys": {"users": ["nobody@canary.example"]}},
        "the declaration fails": {"site_config": {"secret_settings": {"mail_password": [SETTING]}}},
        "verify fails": {"verify": {"scope": ["nosuch"]}},
    }
    for name, of_second in failing.items():
        yield name, canary_bench.watch(playbook, **canary_bench.variables(**of_second))
        assert canary_bench.status != 0, name
    held = path.read_text()
    path.write_text(held[:-3] + broken)
    try:
        seen = canary_bench.watch(playbook, callback="ansible.posix.json", **canary_bench.variables())
        assert canary_bench.status != 0
    finally:
        path.write_text(held)
    yield "the configuration fails", seen
    edge = canary_bench.variables(cors={"origins": ["https://c.example"]})
    yield "the edge fails", canary_bench.watch(playbook, **edge, oauth2_nginx="/nosuch/nginx")
    assert canary_bench.status != 0


def runs_of_the_other_playbooks(canary_bench):
    """The playbooks that write reports, and the playbook that rotates secrets."""
    told = {"oauth2_report_dir": str(canary_bench.folder / "reports")}
    rotation = {
        "oauth2_rotate": ["api_keys", "client_secrets", "tokens"],
        "oauth2_rotate_users": [canary_bench.manager],
    }
    for playbook, more in (("verify", told), ("audit", told), ("rotate", rotation)):
        yield playbook, canary_bench.watch(f"playbooks/{playbook}.yml", **canary_bench.variables(), **more)
        assert canary_bench.status == 0, playbook


def runs_of_the_modules(canary_bench):
    """Each module with its secret: registered and printed, in a loop, in vars, failing."""
    site, shared = canary_bench.ground.sites[2], {"bench_path": str(canary_bench.ground.path)}
    with_secret = {
        "frappe_oauth_client": {"app_name": "Canary 2", "redirect_uris": ["https://canary.example/cb"],
                                "client_secret": "{{ canaries.client }}"},
        "frappe_site_config": {"secret_settings": "{{ canaries.settings }}"},
        "frappe_user_api_key": {"users": [canary_bench.clerk], "secrets": "{{ canaries.pairs }}"},
        "frappe_oauth_verify": {"app_name": "Canary", "username": canary_bench.clerk,
                                "password": "{{ canaries.password }}", "address": canary_bench.ground.address},
    }  # fmt: skip
    canaries = {
        "client": CLIENT_SECRET,
        "settings": {"mail_password": SETTING},
        "pairs": {canary_bench.clerk: PAIR},
        "password": canary_bench.ground.credentials[canary_bench.clerk],
    }
    tasks = []
    for module, options in with_secret.items():
        name, of_item = COLLECTION + module, {k: v for k, v in options.items() if "canaries" in str(v)}
        in_item = {k: v.replace("canaries", "item") for k, v in of_item.items()}
        tasks += [
            {"name": f"{module}, registered", name: {**shared, "name": site, **options}, "register": "told"},
            {"name": f"{module}, shown", "ansible.builtin.debug": {"var": "told"}},
            {"name": f"{module}, looped", name: {**shared, "name": site, **options, **in_item},
             "loop": ["{{ canaries }}"], "register": "told"},
            {"name": f"{module}, shown", "ansible.builtin.debug": {"msg": "{{ told.results[0].sites }}"}},
            {"name": f"{module}, failing", name: {**shared, "name": "nosuch.test", **options}, "register": "told"},
            {"name": f"{module}, shown", "ansible.builtin.debug": {"var": "told"}},
            {"name": f"{module}, refused", name: {**shared, "name": site, **options, "nosuch": 1}, "register": "told"},
            {"name": f"{module}, shown", "ansible.builtin.debug": {"var": "told"}},
        ]  # fmt: skip
    play = canary_bench.ground.play([{**task, "ignore_errors": True} for task in tasks])
    for callback in ("default", "ansible.posix.json"):
        yield f"modules, {callback}", canary_bench.watch(play, callback=callback, canaries=canaries)
    rotate = {
        **shared,
        "name": site,
        "users": [canary_bench.clerk],
        "state": "rotated",
        "secrets_store": str(canary_bench.store),
    }
    play = canary_bench.ground.play([{"name": "Rotate", f"{COLLECTION}frappe_user_api_key": rotate}])
    yield "a rotation", canary_bench.watch(play)


def runs_that_are_killed(canary_bench, trial):
    """Runs that are killed at a random instant."""
    for number in range(trial.count(1, 10)):
        after = trial.random.uniform(1, 5)
        changed = {"site_config": {"secret_settings": {"mail_password": f"{SETTING}{number}"}}}
        yield (
            f"killed after {after:.2f} s",
            canary_bench.watch("playbooks/site.yml", kill_after=after, **canary_bench.variables(**changed)),
        )


def test_no_canary_is_seen_anywhere(canary_bench, trial):
    failures, tries, versions = [], 0, []
    for core in trial.cores:
        canary_bench.ground.ansible = core
        versions.append(version(core))
        for runs in (
            runs_of_the_role(canary_bench),
            runs_of_the_other_playbooks(canary_bench),
            runs_of_the_modules(canary_bench),
            runs_that_are_killed(canary_bench, trial),
        ):
            for name, seen in runs:
                canaries = canary_bench.canaries()
                assert canary_bench.looks > 20 and seen["terminal"], f"{name} was not watched"
                tries += len(canaries)
                failures += [f"{name}: {hit}" for hit in hits(canaries, seen)]
    assert any("token" in name for name in canaries) and any("api_keys" in name for name in canaries)
    trial.add_row(f"no secret is visible anywhere, on ansible-core {' and '.join(versions)}", tries, failures)


def test_a_planted_canary_is_found_in_every_place(canary_bench, trial):
    left = canary_bench.folder / "remote" / "left behind"
    log = canary_bench.ground.path / "logs" / "canary.log"
    tasks = [
        {"name": "Left behind", "ansible.builtin.copy": {"content": PLANTED, "dest": str(left), "mode": "0600"}},
        {"name": "Logged", "ansible.builtin.copy": {"content": PLANTED, "dest": str(log), "mode": "0600"}},
        {
            "name": "Environment",
            "ansible.builtin.command": {"argv": ["sleep", "0.5"]},
            "environment": {"CANARY": PLANTED},
        },
        {"name": "Arguments", "ansible.builtin.command": {
            "argv": ["python3", "-c", "import time; time.sleep(0.5)", PLANTED]}},
    ]  # fmt: skip
    try:
        seen = canary_bench.watch(canary_bench.ground.play(tasks))
    finally:
        log.unlink(missing_ok=True)
    blind = [place for place, texts in seen.items() if not hits({"planted": PLANTED}, {place: texts})]
    trial.add_row("a planted secret is found in every searched place", len(seen), blind)
