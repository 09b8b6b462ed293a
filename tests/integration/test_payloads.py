# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible ships everything that a worker needs: each job, pipelined, on the oldest and newest ansible-core."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT

CORES = {"oldest": Path(sys.executable).parent, "newest": ROOT / ".venv-newest" / "bin"}
NEEDS_NEWEST = "the newest ansible-core is not set up: it needs Python 3.12 or newer (make setup-newest)"
# A fake frappe that ends every job at its first access, and reports that access.
FRAPPE = """
import types
__version__ = "0-stub"
local = types.SimpleNamespace(message_log=[], conf={"db_name": "stub"})
db = types.SimpleNamespace(db_type="mariadb", begin=lambda read_only: None, rollback=lambda: None)
def init(site, sites_path): pass
def connect(): pass
def destroy(): pass
def __getattr__(name): raise RuntimeError("reached frappe." + name)
"""
SITE = "one.test"
CLIENT = {"app_name": "App", "redirect_uris": ["com.example.app://callback"]}
# The options of a module, its job, and the job's first access.
CALLS = {
    "frappe_oauth_client": ("clients", CLIENT, "get_meta"),
    "frappe_user_api_key": ("api_keys", {"users": ["clerk@example.com"]}, "get_all"),
    "frappe_oauth_token": ("tokens", {"max_refresh_age": "30d"}, "get_all"),
    "frappe_site_info": ("info", {"gather": ["apps"]}, "get_installed_apps"),
    "frappe_oauth_verify": ("verify", {"app_name": "App", "url": "http://127.0.0.1:9"}, "utils"),
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A minimal bench, whose Python finds the fake frappe."""
    folder = tmp_path_factory.mktemp("bench")
    packages = {"frappe/__init__.py": FRAPPE, "frappe/utils/__init__.py": "", "frappe/utils/password.py": ""}
    for name, text in packages.items():
        (folder / "lib" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "lib" / name).write_text(text)
    python = folder / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(
        f"#!/bin/sh\nshift 2\nexec {sys.executable} -I -c \"import sys; sys.path.insert(0, '{folder}/lib'); $1\"\n"
    )
    python.chmod(0o755)
    (folder / "sites" / SITE).mkdir(parents=True)
    (folder / "sites" / SITE / "site_config.json").write_text('{"db_name": "stub"}')
    (folder / "sites" / "common_site_config.json").write_text("{}")
    return folder


@pytest.mark.parametrize("core", CORES)
def test_every_job_has_all_its_imports(bench, tmp_path, core):
    if not (CORES[core] / "ansible-playbook").exists():
        pytest.skip(NEEDS_NEWEST)
    tasks = [
        {
            "name": module,
            f"benchkeeper.frappe.{module}": {"bench_path": str(bench), "name": SITE, **options},
            "check_mode": module != "frappe_oauth_verify",
            "ignore_errors": True,
        }
        for module, (_job, options, _asked) in CALLS.items()
    ]
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_pipelining": True, "ansible_python_interpreter": str(CORES[core] / "python")},
        "tasks": tasks,
    }
    (tmp_path / "play.json").write_text(json.dumps([play]))
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        "ANSIBLE_NOCOLOR": "1",
        "PATH": f"{CORES[core]}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        [CORES[core] / "ansible-playbook", "-i", "localhost,", "-vvv", tmp_path / "play.json"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "AnsiballZ_" not in done.stdout, "a module was put into a file"
    for module, (job, _options, asked) in CALLS.items():
        (said,) = [part for part in done.stdout.split("TASK [")[1:] if part.startswith(f"{module}]")]
        assert f"reached frappe.{asked}" in said, f"{job} on the {core} core: {said}"


def test_no_job_is_left_out():
    files = (ROOT / "plugins" / "module_utils" / "_frappe").glob("*.py")
    jobs = {path.stem for path in files if "\ndef job(" in path.read_text()}
    # verify_end runs only after a flow, so test_oauth_verify.py runs it with all its imports
    assert jobs - {"verify_end"} == {job for job, *_rest in CALLS.values()}
