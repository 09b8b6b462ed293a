# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixtures of the demo bench, and of the state that the tests put on it."""

from __future__ import annotations

import http.server
import json
import shutil
import tempfile
import threading
import time
from pathlib import Path

import pytest
from demo import SITES, Demo
from edge_kit import APP, DECLARED, SITE3, WRITE, ThirdParty, ask, ours, reload_nginx
from kept import Keys
from token_kit import Tokens


@pytest.fixture(scope="module")
def demo():
    """A new bench. Files may run in different processes, so none may depend on the leftovers of another."""
    folder = Path(tempfile.mkdtemp(prefix="bk-"))  # short: the path of a socket is limited
    bench = Demo(folder)
    try:
        yield bench
    finally:
        bench.stop()
        shutil.rmtree(folder)


@pytest.fixture
def keys(demo, tmp_path):
    """A bench without API keys, and a directory for the test's secrets store."""
    yield Keys(demo, tmp_path)
    for site in SITES:
        demo.execute(site, "update tabUser set api_key = null, api_secret = null")
        demo.execute(site, "delete from __Auth where fieldname = 'api_secret'")


@pytest.fixture(scope="module")
def third_party(demo):
    """Third-party virtual hosts on the same nginx, and their headers before any change of ours."""
    backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ThirdParty)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    port = demo.ports["demo_bench_nginx_port"]
    conf = demo.nginx / "conf.d" / "third-party.conf"
    conf.write_text(
        f"server {{ listen 127.0.0.1:{port}; server_name third-party.test;\n"
        f"  location / {{ proxy_pass http://127.0.0.1:{backend.server_port}; }}\n"
        "  location /own { add_header Access-Control-Allow-Origin '*' always; add_header Vary Accept; return 204; }\n"
        "  location /bare { return 404; } }\n"
    )
    reload_nginx(demo)
    yield lambda: [
        ask(demo, "third-party.test", path, method, origin, **{"Access-Control-Request-Method": "GET"})
        for path in ("/", "/own", "/bare")
        for method in ("GET", "OPTIONS")
        for origin in (APP, "null", None)
    ]
    conf.unlink()
    reload_nginx(demo)
    backend.shutdown()


@pytest.fixture(scope="module")
def edge(demo, third_party):
    """The bench with its edge applied, and the third-party virtual hosts as before."""
    demo.config_path("site3.localhost").write_text(
        json.dumps({**demo.config("site3.localhost"), "allow_cors": "https://own.example.com"})
    )
    before = third_party(), ask(demo, SITE3, origin="https://own.example.com")
    check = demo.site("--check", "--diff", **DECLARED)
    assert check.status == 0, check.output
    assert ours(demo) == {}
    run = demo.site("--diff", **DECLARED)
    assert run.status == 0, run.output
    assert run.results[WRITE]["diff"] == check.results[WRITE]["diff"]
    assert [r["action"] for r in run.results[WRITE]["sites"]] == ["created", "created", "unchanged"]
    time.sleep(0.5)  # nginx replaces its workers
    yield before
    run = demo.site(oauth2_site_defaults={"site_config": {"absent": ["allow_cors"]}})
    assert run.status == 0 and ours(demo) == {}


@pytest.fixture
def tokens(demo):
    """A bench whose second site has two clients and no token."""
    kit = Tokens(demo)
    yield kit
    kit.clear()
