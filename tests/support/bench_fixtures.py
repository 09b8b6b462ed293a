# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixtures of the demo bench, and of the state that the tests put on it."""

from __future__ import annotations

import http.server
import json
import threading

import pytest
from demo_bench import SITES, new_demo
from edge_requests import APP, DECLARED, SITE3, WRITE, ThirdParty, ask, new_workers, ours, reload_nginx
from issued_tokens import Tokens
from saved_bench import SavedBench
from stored_keys import Keys


@pytest.fixture(scope="module")
def demo():
    """A new bench for every file: no file depends on what another one leaves."""
    with new_demo() as bench:
        yield bench


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
    with new_workers(demo):
        run = demo.site("--diff", **DECLARED)
    assert run.status == 0, run.output
    assert run.results[WRITE]["diff"] == check.results[WRITE]["diff"]
    assert [r["action"] for r in run.results[WRITE]["sites"]] == ["created", "created", "unchanged"]
    return before


@pytest.fixture(scope="module")
def with_clients(demo):
    """A bench whose second site has two clients, and this state."""
    kit = Tokens(demo)
    return kit, SavedBench(demo)


@pytest.fixture
def tokens(with_clients):
    """A bench whose second site has two clients and no token. What a test changes is restored."""
    kit, saved = with_clients
    yield kit
    saved.restore()
