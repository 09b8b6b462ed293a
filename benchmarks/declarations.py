# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of the role on the controller: site.yml of two versions of this collection, with many declarations.

Every module is replaced by one that reads nothing and returns immediately. The remaining cost is merging, templating,
and the size of the data that Ansible passes. Each round runs both versions. It prints figures and asserts nothing.
"""

from __future__ import annotations

import argparse
import datetime
import io
import json
import os
import resource
import shutil
import statistics
import subprocess
import tarfile
import typing as t
from pathlib import Path

from ground import BIN, ROOT, folder, table
from playbook_runs import Run

PARTS = ("plugins", "roles", "playbooks", "meta", "galaxy.yml", "ansible.cfg")
OWN_ACTIONS = ("frappe_declarations.py",)  # modules that do not read a bench
COUNTER = "BENCHKEEPER_MERGES"
# Appended to the file of the merge: each call writes one line.
COUNTED = f"""

import os

_merge = merge


def merge(*args, **kwargs):
    with open(os.environ["{COUNTER}"], "a") as file:
        file.write("merge\\n")
    return _merge(*args, **kwargs)
"""
# Replaces every module.
STUB = """#!/usr/bin/python
# WANT_JSON
import json, os, sys

with open(sys.argv[1]) as file:
    sites = json.load(file).get("sites")
answer = json.loads(ANSWER)
row = {"changed": False, "failed": False, "msg": "", "action": "unchanged", "findings": [], "diff": {}}
if sites is not None:
    answer["sites"] = [dict(row, name=site["name"]) for site in sites]
print(json.dumps(answer))
"""


def processor_seconds() -> float:
    """The CPU time of all ended children. Unlike elapsed time, it hardly depends on other load on the host."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def names(sites: int) -> list[str]:
    """The names of the sites."""
    return [f"site{number:04}.example.com" for number in range(1, sites + 1)]


def declared(sites: int) -> dict[str, t.Any]:
    """Variables of the role. Each site declares every step, and no two sites declare the same."""
    return {
        "oauth2_bench_path": "/home/frappe/frappe-bench",
        "oauth2_become": False,
        "oauth2_verify": "none",
        "oauth2_policy": "ignore",
        "oauth2_secrets_store": "/nonexistent",
        "oauth2_token_rate_limit": {"rate": "5r/s", "burst": 10},
        "oauth2_common_site_config": {"settings": {"common_key": 1}},
        "oauth2_site_defaults": {
            "oauth_clients": [
                {"app_name": "Mobile App", "redirect_uris": ["com.example.crm://cb"], "scopes": ["openid"]}
            ],
            "site_config": {"settings": {"shared_key": 1}, "absent": ["ignore_csrf"]},
            "api_keys": {"roles": ["Sales User"]},
            "tokens": {"max_refresh_age": "30d"},
        },
        "oauth2_sites": [
            {
                "name": name,
                "domains": [f"www.{name}"],
                "oauth_clients": [
                    {"app_name": "Mobile App", "allowed_roles": [f"Role {number}"]},
                    {"app_name": f"App {number}", "redirect_uris": [f"https://{name}/cb"], "scopes": ["crm"]},
                ],
                "site_config": {"settings": {"own_key": number}},
                "api_keys": {"users": [f"user@{name}"]},
                "tokens": {"max_refresh_age": f"{number + 1}d"},
                "cors": {"origins": [f"https://app.{name}"]},
            }
            for number, name in enumerate(names(sites))
        ],
    }


class Version:
    """A copy of the collection with modules that return immediately.

    Args:
        name: its name in the table.
        place: an empty directory.
        commit: the version; None is the current checkout.
        sites: the number of sites of the bench.
    """

    def __init__(self, name: str, place: Path, commit: str | None, sites: int):
        self.name, self.place = name, place
        self.home = place / "ansible_collections" / "benchkeeper" / "frappe"
        self.home.mkdir(parents=True)
        if commit:
            archive = subprocess.run(["git", "archive", commit, *PARTS], cwd=ROOT, check=True, capture_output=True)
            with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
                tar.extractall(self.home)
        else:
            for part in PARTS:
                copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
                copy(ROOT / part, self.home / part)
        for path in (self.home / "plugins" / "action").glob("*.py"):
            if path.name not in OWN_ACTIONS:
                path.unlink()
        self._stub(sites)
        (merging,) = (
            path
            for path in self.home.rglob("*.py")
            if "def merge(" in (text := path.read_text()) and "cors_owner" in text
        )
        merging.write_text(merging.read_text() + COUNTED)
        self.inventory = place / "hosts.json"
        host = {"ansible_connection": "local", "ansible_python_interpreter": str(BIN / "python"), **declared(sites)}
        self.inventory.write_text(json.dumps({"benches": {"hosts": {"localhost": host}}}))

    def _stub(self, sites: int) -> None:
        processes = {"manager": "none", "web": "", "workers": []}
        bench = {
            "path": "/",
            "owner": "nobody",
            "sites": names(sites),
            "edge_files": [],
            "verify_records": [],
            "processes": processes,
        }
        row = {"changed": False, "failed": False, "msg": "", "findings": []}
        found = {"bench": bench, "sites": [{**row, "name": name, "domains": [name]} for name in names(sites)]}
        for path in (self.home / "plugins" / "modules").glob("*.py"):
            if path.name not in OWN_ACTIONS:
                answer = {"changed": False, "sites": [], **(found if path.stem == "frappe_site_info" else {})}
                path.write_text(STUB.replace("ANSWER", repr(json.dumps(answer))))

    def run(self) -> tuple[float, int, int]:
        """The seconds of CPU time, the executed tasks and the merges of one run of site.yml."""
        counter = self.place / "merges"
        counter.write_text("")
        before = processor_seconds()
        done = subprocess.run(
            [BIN / "ansible-playbook", "-i", self.inventory, self.home / "playbooks" / "site.yml"],
            env={
                **os.environ,
                "PATH": f"{BIN}:{os.environ['PATH']}",
                "ANSIBLE_CONFIG": str(self.home / "ansible.cfg"),
                "ANSIBLE_COLLECTIONS_PATH": str(self.place),
                "ANSIBLE_HOME": str(self.place / "home"),
                "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
                COUNTER: str(counter),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        seconds, run = processor_seconds() - before, Run(done)
        if run.status or run.changed:
            raise SystemExit(f"site.yml of {self.name} was expected to change nothing.\n{run.output[-5000:]}")
        return seconds, run.stats["ok"], len(counter.read_text().splitlines())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--before", default="643e117", metavar="COMMIT", help="compare with this commit (%(default)s)")
    parser.add_argument("--sites", type=int, default=500, help="number of sites of the bench (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="(%(default)s)")
    options = parser.parse_args()
    with folder() as place:
        versions = [
            Version(options.before, place / "before", options.before, options.sites),
            Version("this checkout", place / "after", None, options.sites),
        ]
        taken: dict[str, list[tuple[float, int, int]]] = {version.name: [] for version in versions}
        for number in range(options.rounds + 1):
            for version in versions:
                figures = version.run()
                if number:  # the first round fills the caches
                    taken[version.name].append(figures)
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    print(f"{when}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {options.sites} different sites")
    table(
        ("site.yml, nothing to change", "merges", "executed tasks", "processor seconds, median"),
        [
            (name, str(runs[0][2]), str(runs[0][1]), f"{statistics.median(run[0] for run in runs):.2f}")
            for name, runs in taken.items()
        ],
    )
    before, after = taken.values()
    ratios = sorted(old[0] / new[0] for old, new in zip(before, after))
    print(
        f"before / after: {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f} in {len(ratios)} rounds)"
    )


if __name__ == "__main__":
    main()
