# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server after a run, tested from outside."""

from __future__ import annotations

import pytest

DOMAINS = ("trust.test", "two.test", "three.test")
AUTHORIZE = "/api/method/frappe.integrations.oauth2.authorize"
TOKEN = "/api/method/frappe.integrations.oauth2.get_token"


@pytest.mark.parametrize("program", ["frappe-bench-web:frappe-bench-frappe-web", "nginx"])
def test_the_programs_of_the_bench_run(bench, program):
    assert bench.host.supervisor(program).is_running


def test_gunicorn_runs_as_the_owner_of_the_bench(bench):
    users = {process.user for process in bench.host.process.filter(comm="gunicorn")}
    assert users == {"frappe"}


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_site_answers(bench, domain):
    answer = bench.request(domain, "/api/method/ping")
    assert (answer.status_code, answer.json()) == (200, {"message": "pong"})


def test_the_declared_client_is_known_and_no_other_redirect_uri_is(bench):
    known = {"client_id": "trust-mobile", "response_type": "code", "scope": "all openid"}
    session = bench.request("trust.test", "/api/method/login", "POST", data=bench.login())
    for uri, status in (("com.example.app://oauth2redirect", 200), ("https://elsewhere.example/", 400)):
        asked = {**known, "redirect_uri": uri}
        assert bench.request("trust.test", AUTHORIZE, params=asked, cookies=session.cookies).status_code == status


@pytest.mark.parametrize("path", ["/api/method/ping", "/api/method/demo_crm.api.home_tasks", "/nosuch"])
def test_the_declared_origin_and_no_other_is_allowed(bench, path):
    for domain, origin, allowed in (
        ("two.test", "https://app.example.com", "https://app.example.com"),
        ("two.test", "https://foreign.example", None),
        ("three.test", "https://app.example.com", None),
    ):
        answer = bench.request(domain, path, headers={"Origin": origin})
        # Two headers with one name would be joined by a comma.
        assert answer.headers.get("Access-Control-Allow-Origin") == allowed
        # nginx sends bench's own headers only with a success.
        assert answer.status_code != 200 or answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_the_token_endpoint_is_limited_by_site_and_the_app_can_read_the_response(bench):
    """The declared burst is 10: some of 20 requests are rejected, with Retry-After and readable CORS headers."""
    origin = {"Origin": "https://app.example.com"}
    answers = [bench.request("two.test", TOKEN, "POST", headers=origin) for _attempt in range(20)]
    limited = [answer for answer in answers if answer.status_code == 429]
    assert limited and answers[0].status_code != 429
    for answer in limited:
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert bench.request("two.test", "/api/method/ping").status_code == 200
    assert bench.request("three.test", TOKEN, "POST").status_code != 429


def test_a_third_party_virtual_host_keeps_its_headers(bench):
    answer = bench.request("third-party.test", "/", headers={"Origin": "https://app.example.com"})
    assert (answer.status_code, answer.text) == (200, "third-party\n")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://third-party.example"
    assert answer.headers["Vary"] == "Accept-Language"
