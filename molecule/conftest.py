# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared fixtures of the scenarios: the bench's container, its published port, and further runs of the playbook."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import docker
import pytest
import requests

ROOT = Path(__file__).resolve().parent.parent


class Bench:
    """The container of a bench, seen from outside.

    Attributes:
        host: testinfra's host, for checks inside.
        path: the bench directory.
        port: the port of 127.0.0.1 that is published for its nginx.
    """

    def __init__(self, host):
        self.host, self.variables = host, host.ansible.get_variables()
        self.path = self.variables["oauth2_bench_path"]
        container = docker.from_env().containers.get(self.variables["ansible_host"])
        self.port = int(container.ports["80/tcp"][0]["HostPort"])

    def request(self, site: str, path: str, method: str = "GET", **options) -> requests.Response:
        """Send a request to a site by one of its host names, without following redirects."""
        headers = {"Host": site, **options.pop("headers", {})}
        url = f"http://127.0.0.1:{self.port}{path}"
        return requests.request(method, url, headers=headers, timeout=30, allow_redirects=False, **options)

    def login(self) -> dict[str, str]:
        """The login parameters of the verify user."""
        user = self.variables["oauth2_verify_user"]
        passwords = Path(
            os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], f"{self.variables['inventory_hostname']}.credentials.json"
        )
        return {"usr": user, "pwd": json.loads(passwords.read_text())[user]}

    def config(self, site: str) -> dict:
        """The content of a site's site_config.json."""
        return json.loads(self.host.file(f"{self.path}/sites/{site}/site_config.json").content_string)

    def processes(self) -> dict[str, list[int]]:
        """Sorted process ids: ``web`` and ``nginx`` are the masters of gunicorn and nginx; the others are workers."""
        found = {}
        for name, program in (("web", "frappe-bench-web:frappe-bench-frappe-web"), ("nginx", "nginx")):
            master = self.host.check_output("supervisorctl pid %s", program)
            found[name] = [int(master)]
            found[f"{name} workers"] = sorted(map(int, self.host.check_output("pgrep -P %s", master).split()))
        return found

    def apply(self, **variables: object) -> tuple[int, str]:
        """Run playbooks/site.yml with changed variables; return the number of changed tasks and the output.

        A failed run raises AssertionError.
        """
        inventory = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"], "inventory")
        done = subprocess.run(
            [Path(sys.executable).parent / "ansible-playbook", "-i", inventory, ROOT / "playbooks" / "site.yml"]
            + ["-e", json.dumps(variables)],
            # molecule enables colors.
            env={**os.environ, "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_NOCOLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        (changed,) = re.findall(rf"^{self.variables['inventory_hostname']} .* changed=(\d+) ", output, re.MULTILINE)
        return int(changed), output


@pytest.fixture(scope="module")
def bench(host) -> Bench:
    return Bench(host)
