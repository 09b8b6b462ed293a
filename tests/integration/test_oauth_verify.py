# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""frappe_oauth_verify: the choice of steps, the cleanup, many sites, and what is never sent."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import socketserver
import threading

import pytest
from demo_bench import SITES
from edge_requests import APP

SITE, OTHER = "site2.localhost", "site3.localhost"
MODULE = "frappe_oauth_verify"
FLOW = ["reach", "client", "login", "authorize", "token", "api_call", "refresh", "revoke", "dead"]
CLIENT = {"app_name": "Checked App", "redirect_uris": ["com.example.app://cb"], "scopes": ["openid", "crm"]}
CODE = "OAuth Authorization Code"
MADE = {"OAuth Bearer Token": None, CODE: None, "Deleted Document": "deleted_doctype", "Comment": "reference_doctype"}


@pytest.fixture(scope="module")
def checked(demo):
    """Every site with a client of the tests."""
    shared = {"sites": [{"name": site, **CLIENT} for site in SITES]}
    demo.modules("frappe_oauth_client", ("Make", {}), **shared)
    return demo


def check(demo, *steps, **shared):
    """The results of the module by the name of the step."""
    options = {
        "app_name": CLIENT["app_name"],
        "address": demo.address,
        "username": "clerk@demo.example",
        "password": demo.credentials["clerk@demo.example"],
        **shared,
    }
    return demo.modules(MODULE, *steps, **options)


def one(demo, **options):
    """The row of one site."""
    (row,) = check(demo, ("Check", {"name": SITE, **options}))["Check"]["sites"]
    return row


def verdicts(row):
    return {step["name"]: step["verdict"] for step in row["steps"]}


def left(demo, site=SITE):
    """The number of rows that a verification must not leave, including copies of deleted codes and sessions."""
    with demo.database(site) as connection:
        sessions = connection.execute("select count(*) from tabSessions where user != 'Guest'").fetchone()[0]
    rows = [[row for row in demo.rows(site, kind) if not about or row[about] == CODE] for kind, about in MADE.items()]
    return [len(found) for found in rows] + [sessions]


# ---------------------------------------------------------------- which steps
def test_every_step_that_applies_runs_and_has_a_complete_result(checked):
    row = one(checked, cors={"origins": []})
    names = list(verdicts(row))
    assert not {"password_grant", "preflight", "cross_origin", "rate_limit", "limit_bypass"} & set(names)
    assert set(FLOW) < set(names) and row["verified"]
    assert all(step["expected"] and step["found"] for step in row["steps"])
    for step in row["steps"]:
        assert bool(step["rule"]) == bool(step["remedy"]) == (step["verdict"] == "noticed"), step


def test_selected_steps_include_their_dependencies(checked):
    row = one(checked, probes=["refresh"])
    assert list(verdicts(row)) == ["reach", "client", "login", "authorize", "token", "refresh"] and row["verified"]
    assert left(checked) == [0] * 5


def test_a_step_that_was_asked_for_and_does_not_apply_says_why(checked):
    row = one(checked, probes=["preflight", "issuer"], scope=["crm"])
    told = {step["name"]: step["found"] for step in row["steps"] if step["verdict"] == "not_run"}
    assert told == {"preflight": "cors.origins is empty or not set", "issuer": "scope does not contain openid"}
    assert not row["verified"] and not row["failed"]


def test_without_a_user_what_needs_none_is_verified(checked):
    row = one(checked, username="{{ omit }}", password="{{ omit }}")
    found = verdicts(row)
    assert {found[name] for name in ("reach", "tls", "discovery", "client", "domain", "foreign_origin")} == {"passed"}
    assert {found[name] for name in FLOW[2:]} == {"not_run"} and not row["verified"]


def test_a_failed_step_leaves_those_that_do_not_need_it(checked):
    row = one(checked, redirect_uri="com.example.app://elsewhere")
    found = verdicts(row)
    assert (found["authorize"], found["token"], found["domain"]) == ("failed", "not_run", "passed")
    assert "redirect-uri-unknown" in row["msg"] and left(checked) == [0] * 5


def test_the_password_grant_is_tried_only_where_it_is_asked_for(checked):
    row = one(checked, probes=["password_grant"])
    assert verdicts(row)["password_grant"] == "noticed" and left(checked) == [0] * 5
    assert verdicts(one(checked, password_grant=True))["password_grant"] == "noticed"


def test_a_consent_page_is_expected_where_nothing_skips_it(checked):
    assert verdicts(one(checked, probes=["consent"]))["consent"] == "passed"
    skip = 'update "tabOAuth Client" set skip_authorization = ?'
    checked.execute(SITE, skip, 1)
    try:
        (consent,) = [step for step in one(checked, probes=["consent"])["steps"] if step["name"] == "consent"]
    finally:
        checked.execute(SITE, skip, 0)
    assert (consent["verdict"], consent["rule"], consent["found"]) == ("noticed", "consent-none", "no consent page")


def test_a_wrong_password_is_sent_once_however_many_clients_are_checked(checked):
    rows = check(checked, ("Check", {"sites": [{"name": SITE}] * 12}), password="wrong-on-purpose")["Check"]["sites"]
    assert ["login-refused" in row["msg"] for row in rows] == [True] * 12
    assert sum("was not tried again" in row["msg"] for row in rows) == 11
    assert one(checked, probes=["login"])["verified"]  # and the user is not locked


def test_the_limit_is_verified_with_requests_that_name_no_user(checked):
    """The OAuth flow and the CORS requests to the same endpoint stay within the limit."""
    limit, origins = {"rate": "5r/s", "burst": 6}, [APP, *(f"https://{name}.example" for name in "abcdefgh")]
    cors = {"oauth2_sites": [{"name": SITE, "cors": {"origins": origins}}]}
    nginx = {key: checked.variables[f"oauth2_{key}"] for key in ("nginx_conf", "nginx_prefix", "nginx_conf_dir")}
    assert checked.site(oauth2_token_rate_limit=limit, **cors).status == 0
    try:
        row = one(checked, rate_limit=limit, cors={"origins": origins}, **nginx)
        asked = one(checked, rate_limit=limit, probes=["limit_bypass"])
        again = one(checked, probes=["token"])
    finally:
        assert checked.site().status == 0
    found = {step["name"]: step for step in row["steps"]}
    assert row["verified"] and found["rate_limit"]["found"].startswith("limit_req 5r/s burst 6 in ")
    assert found["limit_bypass"]["rule"] == "frappe-limit-bypass"
    found = {step["name"]: step for step in asked["steps"]}
    assert asked["verified"] and found["rate_limit"]["found"].startswith("HTTP 429 at request ")
    assert found["limit_bypass"]["rule"] == "frappe-limit-bypass"
    assert again["verified"]  # it waits for the rate limit, as an app should


# ---------------------------------------------------------------- cleanup
class Leak(http.server.BaseHTTPRequestHandler):
    """A proxy in front of the bench that drops selected responses."""

    protocol_version = "HTTP/1.1"
    port, lost = 0, ""

    def _pass(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as bench:
            bench.request(self.command, self.path, body, dict(self.headers))
            reply = bench.getresponse()
            content = reply.read()
        if self.lost in self.path:
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_OPTIONS = _pass

    def log_message(self, *_args):
        """Do not log to the test's output."""


@pytest.fixture
def leak(checked):
    """The address of a proxy that drops responses of the bench."""

    class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
        daemon_threads = True

    servers = []

    def start(lost):
        handler = type("Handler", (Leak,), {"port": checked.ports["demo_bench_nginx_port"], "lost": lost})
        servers.append(Server(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("lost", "failed"), [("approve", "authorize"), ("get_token", "token"), ("revoke_token", "revoke"), ("logout", None)]
)
def test_nothing_is_left_where_an_answer_is_lost(checked, leak, lost, failed):
    assert left(checked) == [0] * 5
    row = one(checked, address=leak(lost))
    found = verdicts(row)
    assert (found[failed] == "failed") if failed else row["verified"]
    assert left(checked) == [0] * 5


def test_the_tokens_of_others_stay_where_an_answer_is_lost(checked, leak):
    other = ("of-another", "of-another-refresh", "manager@demo.example")
    statement = (
        'insert into "tabOAuth Bearer Token" '
        "(name, access_token, refresh_token, user, status, scopes, creation, client) "
        "select ?, ?, ?, ?, 'Active', 'openid', '2099-01-01 00:00:00', name from \"tabOAuth Client\" limit 1"
    )
    checked.execute(SITE, statement, other[0], *other)
    try:
        one(checked, address=leak("get_token"))
        assert [row["name"] for row in checked.rows(SITE, "OAuth Bearer Token")] == ["of-another"]
    finally:
        checked.execute(SITE, 'delete from "tabOAuth Bearer Token"')


# ---------------------------------------------------------------- many sites
def test_many_sites_are_verified_in_batches_and_each_batch_is_reported(checked):
    task = {
        "name": "Check",
        "benchkeeper.frappe.frappe_oauth_verify": {
            "bench_path": str(checked.path),
            "app_name": CLIENT["app_name"],
            "address": checked.address,
            "username": "clerk@demo.example",
            "password": checked.credentials["clerk@demo.example"],
            "probes": ["login"],
            "batch": 2,
            "sites": [{"name": SITE}, {"name": "nosuch.localhost"}, {"name": OTHER}, {"name": SITES[0]}],
        },
        "ignore_errors": True,
    }
    run = checked.tasks([task])
    assert "localhost: 2 of 4 sites done: 1 verified, 0 partly verified, 1 failed" in run.output
    assert "localhost: 4 of 4 sites done: 3 verified, 0 partly verified, 1 failed" in run.output
    result = run.results["Check"]
    assert [row["name"] for row in result["sites"]] == [SITE, "nosuch.localhost", OTHER, SITES[0]]
    assert result["failed"] and result["msg"].startswith("1 of 4 sites failed:\nnosuch.localhost: the bench")
    assert result["invocation"]["module_args"]["password"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    task["benchkeeper.frappe.frappe_oauth_verify"].update(batch=20)
    few = checked.tasks([task])
    assert "sites done" not in few.output and few.results["Check"]["msg"] == result["msg"]


def test_an_invalid_bench_fails_the_whole_task_in_batches_too(checked):
    steps = [("Check", {"sites": [{"name": SITE}, {"name": OTHER}], "batch": 1, "bench_path": "/usr"})]
    result = check(checked, *steps)["Check"]
    assert result["failed"] and result["sites"] == [] and "/usr has no sites directory" in result["msg"]


# ---------------------------------------------------------------- CORS
def test_declared_origins_are_verified_at_the_edge(checked):
    declared = {"oauth2_sites": [{"name": SITE, "cors": {"origins": [APP], "credentials": True}}]}
    assert checked.site(**declared).status == 0
    try:
        sound = one(checked, cors={"origins": [APP], "credentials": True})
        cookies = one(checked, cors={"origins": [APP], "credentials": False}, probes=["cross_origin"])
        stranger = one(checked, cors={"origins": [APP, "https://second.example"]}, probes=["preflight"])
    finally:
        assert checked.site().status == 0
    found = verdicts(sound)
    assert {found[name] for name in ("preflight", "cross_origin", "foreign_origin")} == {"passed"} and sound["verified"]
    assert "[cors-credentials]" in cookies["msg"]
    assert (
        "https://second.example: preflight of frappe.auth.get_logged_user: no header" in stranger["msg"]
        and "[cors-absent]" in stranger["msg"]
    )
