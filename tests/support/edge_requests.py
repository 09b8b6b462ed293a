# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared parts of the edge tests: raw HTTP requests, and a third-party backend."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import os
import signal
import subprocess
import time

import psutil

APP, CREDENTIALED = "https://app.example.com", "http://app.test:8080"
TRUST, SITE2, SITE3 = "trust.localhost", "site2.localhost", "site3.localhost"
PING, TOKEN = "/api/method/ping", "/api/method/frappe.integrations.oauth2.get_token"
WRITE = "Edge | Configure CORS and the token endpoint rate limit"
DECLARED = {
    "oauth2_sites": [
        {"name": "Trust.com", "cors": {"origins": [APP, "https://second.example.com"]}},
        {
            "name": "site2.localhost",
            "cors": {
                "origins": [CREDENTIALED],
                "credentials": True,
                "methods": ["GET"],
                "headers": ["X-One"],
                "max_age": 5,
            },
        },
    ],
}
METHODS = "GET, POST, PUT, DELETE"
HEADERS = "Authorization, Content-Type, X-Frappe-CSRF-Token, X-Frappe-Site-Name"
THIRD_PARTY_CORS = [
    ("Access-Control-Allow-Origin", "https://strange.example"),
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Allow-Methods", "PATCH"),
    ("Access-Control-Max-Age", "1"),
    ("Vary", "Cookie"),
    ("Retry-After", "9"),
]


def ask(demo, host, path=PING, method="GET", origin=None, body=None, **headers):
    """The status and the relevant header lines, as received."""
    connection = http.client.HTTPConnection("127.0.0.1", demo.ports["demo_bench_nginx_port"], timeout=30)
    with contextlib.closing(connection):
        sent = {"Host": host, **({"Origin": origin} if origin is not None else {}), **headers}
        connection.request(method, path, body=body, headers=sent)
        reply = connection.getresponse()
        reply.read()
        names = ("access-control-", "vary", "retry-after")
        found = sorted((k, v) for k, v in reply.getheaders() if k.lower().startswith(names))
        if "Accept-Encoding" not in headers:  # nginx sends it with every text that is long enough to compress
            found = [line for line in found if line != ("Vary", "Accept-Encoding")]
        return reply.status, found


def eventually(look, wanted):
    """Whether a request has the wanted result within the time in which nginx replaces its workers."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if look() == wanted:
            return True
        time.sleep(0.02)
    raise AssertionError(f"{look()} is not {wanted}")


def lines(origin=None, credentials=False, preflight=None):
    """The exact header lines of a response."""
    wanted = [("Vary", "Origin")]
    if origin:
        wanted.append(("Access-Control-Allow-Origin", origin))
        if credentials:
            wanted.append(("Access-Control-Allow-Credentials", "true"))
        if preflight:
            methods, headers, age = preflight
            wanted += [("Access-Control-Allow-Methods", methods), ("Access-Control-Allow-Headers", headers)]
            wanted.append(("Access-Control-Max-Age", age))
    return sorted(wanted)


class ThirdParty(http.server.BaseHTTPRequestHandler):
    """A third-party backend that sends CORS headers."""

    def do_GET(self):  # the library defines this name
        self.send_response(200)
        for name, value in THIRD_PARTY_CORS:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_OPTIONS = do_GET

    def log_message(self, *args):
        pass


def nginx_pid(demo):
    return int(demo.nginx_pid.read_text())


def workers(demo):
    """The process ids of nginx's workers."""
    return sorted(child.pid for child in psutil.Process(nginx_pid(demo)).children())


@contextlib.contextmanager
def new_workers(demo):
    """Wait at the end until nginx has replaced every worker: an old one still serves the old configuration."""
    old = set(workers(demo))
    yield
    for _try in range(1000):
        now = set(workers(demo))
        if now and not now & old:
            return
        time.sleep(0.02)
    raise AssertionError(f"nginx has not replaced its workers {old}")


def reload_nginx(demo):
    with new_workers(demo):
        os.kill(nginx_pid(demo), signal.SIGHUP)


def ours(demo):
    """Each of our files on this nginx, with its content and time."""
    paths = [demo.nginx / "conf.d" / "benchkeeper.conf", *(demo.nginx / "benchkeeper.d").glob("*")]
    return {str(path): (path.stat().st_mtime_ns, path.read_text()) for path in paths if path.exists()}


def supervisorctl(demo, *words):
    subprocess.run([*demo.supervisorctl, *words], check=True, capture_output=True)
