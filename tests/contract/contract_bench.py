# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benches for the recorder: a new demo bench, or an existing bench."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FILES = os.path.join(ROOT, "roles", "demo_bench", "files")
RECORDER = (
    "record.py",
    "bench_helper.py",
    "differences.py",
    "http_cases.py",
    "inprocess.py",
    "inprocess_cases.py",
)
START_WITHIN = 30  # seconds within which the demo's web server must respond
SITE = "contract.localhost"
USERS = {  # the recorder's name: the user of the demo bench
    "user": {"email": "desk@contract.localhost", "roles": ["Sales User"]},
    "admin": {"email": "manager@contract.localhost", "roles": ["System Manager"]},
    "website": {"email": "portal@contract.localhost", "roles": [], "user_type": "Website User"},
    "disabled": {"email": "gone@contract.localhost", "roles": ["Sales User"], "enabled": 0},
}


class RecordedBench:
    """Runs the recorder. Subclasses set `site`, `bench`, `python` (a command) and `http`, the recorder's options."""

    everything = False
    environment = None

    def __init__(self, folder):
        self.folder = str(folder)
        for name in RECORDER:
            shutil.copy(os.path.join(HERE, name), self.folder)

    def record(self, kind):
        out = os.path.join(self.folder, f"{kind}.json")
        recorder = os.path.join(self.folder, "record.py")
        there = ["--bench", self.bench, "--site", self.site]
        if kind == "inprocess":
            command = [*self.python, recorder, "inprocess", *there, "--out", out]
        else:
            helper = shlex.join([*self.python, recorder, "helper", *there])
            given = {**self.http, "helper": helper}
            options = [f"--{k}" if v is True else f"--{k}={v}" for k, v in given.items() if v is not False]
            command = [sys.executable, recorder, "http", *options, "--out", out]
        done = subprocess.run(
            command, env=self.environment, cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"recorder {kind} ended with {done.returncode}:\n{done.stderr[-4000:]}"
        with open(out) as f:
            return json.load(f)


class RealBench(RecordedBench):
    everything = True

    def __init__(self, args):
        folder = tempfile.mkdtemp(prefix="contract-")
        super().__init__(folder)
        os.chmod(folder, 0o1777)  # the recorder inside the bench runs as the bench's owner
        self.bench, self.site, self.python, self.http = args["bench"], args["site"], args["python"], args["http"]

    def stop(self):
        shutil.rmtree(self.folder)


class DemoBench(RecordedBench):
    """A bench with one site in its own directory, with gunicorn on a free port of 127.0.0.1."""

    def __init__(self, folder, python):
        super().__init__(folder)
        self.site, self.bench = SITE, os.path.join(self.folder, "frappe-bench")
        self.python = [python]
        apps = [os.path.join(self.bench, "apps", app) for app in ("frappe", "demo_crm")]
        self.environment = {**os.environ, "PYTHONPATH": os.pathsep.join(apps), "PYTHONDONTWRITEBYTECODE": "1"}
        self._create_files(apps)
        self._make_site()
        self._start()

    def _create_files(self, apps):
        frappe, demo_crm = apps
        for source, app in (("stand_in", os.path.join(frappe, "frappe")), ("demo_crm", demo_crm)):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(os.path.join(FILES, source), app, ignore=ignored)
        for folder in ("sites/assets", "config", "logs"):
            os.makedirs(os.path.join(self.bench, folder))
        self.sites = os.path.join(self.bench, "sites")
        for name in ("common_site_config.json", "assets/assets.json"):
            with open(os.path.join(self.sites, name), "w") as f:
                f.write("{}")

    def _make_site(self):
        # each password is the user's address: the bench is deleted after the test, and no password is recorded
        users = [{"first_name": name.title(), "password": user["email"], **user} for name, user in USERS.items()]
        request = {"site": SITE, "apps": ["frappe", "demo_crm"], "roles": ["Sales User"], "users": users}
        subprocess.run(
            [*self.python, "-m", "frappe.demo", "new-site"],
            input=json.dumps(request), text=True, cwd=self.sites, env=self.environment, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def _start(self):
        listener = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with open(os.path.join(self.bench, "logs", "web.log"), "w") as log:
            self._server = subprocess.Popen(
                [*self.python, "-m", "gunicorn", "-b", f"fd://{listener.fileno()}", "-w", "2", "--threads", "4",
                 "--preload", "frappe.app:application"],
                cwd=self.sites, env=self.environment, stdout=log, stderr=log, pass_fds=[listener.fileno()],
            )  # fmt: skip
        listener.close()
        who = {"user": "", "admin": "admin-", "website": "website-", "disabled": "disabled-"}
        self.http = {"base": url, "direct": url, "host": SITE, "site-dir": os.path.join(self.sites, SITE)}
        for name, prefix in who.items():
            self.http[prefix + "user" if prefix else "user"] = self.http[prefix + "password"] = USERS[name]["email"]
        self._wait(url)

    def _wait(self, url):
        ping = urllib.request.Request(url + "/api/method/ping", headers={"Host": SITE})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        until = time.monotonic() + START_WITHIN
        while time.monotonic() < until:
            try:
                with opener.open(ping, timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                if self._server.poll() is not None:
                    break
                time.sleep(0.1)
        self.stop()
        with open(os.path.join(self.bench, "logs", "web.log")) as f:
            raise AssertionError(f"the demo's web server does not answer:\n{f.read()[-4000:]}")

    def stop(self):
        self._server.terminate()
        try:
            self._server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
