# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge on a real nginx: which origins get which headers."""

from __future__ import annotations

import http.client

import pytest
from edge_requests import (
    APP,
    CREDENTIALED,
    DECLARED,
    HEADERS,
    METHODS,
    PING,
    SITE2,
    SITE3,
    TOKEN,
    TRUST,
    ask,
    lines,
    supervisorctl,
)

CASES = [
    ("allowed", TRUST, {"origin": APP}, 200, lines(APP)),
    ("a second origin", TRUST, {"origin": "https://second.example.com"}, 200, lines("https://second.example.com")),
    ("with credentials", SITE2, {"origin": CREDENTIALED}, 200, lines(CREDENTIALED, True)),
    ("another site's origin", SITE2, {"origin": APP}, 200, lines()),
    ("foreign", TRUST, {"origin": "https://evil.example"}, 200, lines()),
    ("null", TRUST, {"origin": "null"}, 200, lines()),
    ("none", TRUST, {}, 200, lines()),
    ("a subdomain", TRUST, {"origin": "https://x.app.example.com"}, 200, lines()),
    ("the domain above", TRUST, {"origin": "https://example.com"}, 200, lines()),
    ("a longer name", TRUST, {"origin": APP + ".evil.example"}, 200, lines()),
    ("another port", TRUST, {"origin": APP + ":8443"}, 200, lines()),
    ("http for https", TRUST, {"origin": "http://app.example.com"}, 200, lines()),
    ("upper case", TRUST, {"origin": APP.upper()}, 200, lines()),
    ("a trailing slash", TRUST, {"origin": APP + "/"}, 200, lines()),
    ("a dot that is any letter", TRUST, {"origin": "https://appXexample.com"}, 200, lines()),
    ("two origins", TRUST, {"origin": f"{APP} https://evil.example"}, 200, lines()),
    ("upper case host", "TRUST.localhost", {"origin": APP}, 200, lines(APP)),
    ("401", TRUST, {"origin": APP, "Authorization": "Bearer nosuch"}, 401, lines(APP)),
    ("403", TRUST, {"origin": APP, "path": "/api/method/frappe.auth.get_logged_user"}, 403, lines(APP)),
    ("404", TRUST, {"origin": APP, "path": "/api/nosuch"}, 404, lines(APP)),
    ("400 of the token endpoint", TRUST, {"origin": APP, "path": TOKEN, "method": "POST", "body": ""}, 400, lines(APP)),
    ("asset", TRUST, {"origin": APP, "path": "/assets/nosuch.css"}, 404, lines(APP)),
    ("asset, foreign", TRUST, {"origin": "https://evil.example", "path": "/assets/nosuch.css"}, 404, lines()),
]
ASKS = {"Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "x-odd"}
PREFLIGHTS = [
    ("allowed", TRUST, {"origin": APP, **ASKS}, lines(APP, preflight=(METHODS, HEADERS, "600"))),
    ("declared values", SITE2, {"origin": CREDENTIALED, **ASKS}, lines(CREDENTIALED, True, ("GET", "X-One", "5"))),
    ("foreign", TRUST, {"origin": "https://evil.example", **ASKS}, lines()),
    ("unknown path", TRUST, {"origin": APP, "path": "/x", **ASKS}, lines(APP, preflight=(METHODS, HEADERS, "600"))),
    ("no preflight, only OPTIONS", TRUST, {"origin": APP}, lines(APP)),
]


@pytest.mark.parametrize(("host", "request_", "status", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_answers(demo, edge, host, request_, status, wanted):
    if "body" in request_:
        request_ = {**request_, "Content-Type": "application/x-www-form-urlencoded"}
    assert ask(demo, host, **request_) == (status, wanted)


@pytest.mark.parametrize(("host", "request_", "wanted"), [c[1:] for c in PREFLIGHTS], ids=[c[0] for c in PREFLIGHTS])
def test_preflights(demo, edge, host, request_, wanted):
    assert ask(demo, host, method="OPTIONS", **request_) == (200, wanted)


def test_vary_is_extended(demo, edge):
    path = "/api/method/frappe.integrations.oauth2.openid_configuration"
    _status, found = ask(demo, TRUST, path, origin=APP, **{"Accept-Encoding": "gzip"})
    assert [value for name, value in found if name == "Vary"] == ["Accept-Encoding", "Origin"]


def test_502(demo, edge):
    supervisorctl(demo, "stop", "frappe-bench-web:")
    try:
        assert ask(demo, TRUST, origin=APP) == (502, lines(APP))
        assert ask(demo, TRUST, origin="https://evil.example") == (502, lines())
    finally:
        supervisorctl(demo, "start", "frappe-bench-web:")
        demo.playbook("playbooks/verify.yml", **DECLARED)


def test_security_headers_of_bench_stay(demo, edge):
    connection = http.client.HTTPConnection("127.0.0.1", demo.ports["demo_bench_nginx_port"])
    connection.request("GET", PING, headers={"Host": TRUST, "Origin": APP})
    reply = connection.getresponse()
    assert reply.getheader("X-Frame-Options") == "SAMEORIGIN" and reply.getheader("X-Content-Type-Options") == "nosniff"


def test_third_party_hosts_and_undeclared_sites_keep_exactly_the_headers_they_had(demo, edge, third_party):
    before, undeclared = edge
    assert any(found for _status, found in before)
    assert third_party() == before
    assert undeclared[1][0] == ("Access-Control-Allow-Credentials", "true")
    assert ask(demo, SITE3, origin="https://own.example.com") == undeclared
