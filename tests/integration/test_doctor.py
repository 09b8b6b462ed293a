# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/verify.yml as a doctor: each problem that can be provoked has its diagnosis, and its neighbour none."""

from __future__ import annotations

import contextlib
import json

import pytest
from demo import SITES, Demo
from edge_kit import reload_nginx

SICK, WELL = "site2.localhost", "site3.localhost"
ORIGIN = "https://app.example.com"
DECLARED = {
    "oauth2_site_defaults": {
        "oauth_clients": [
            {
                "app_name": "Mobile App",
                "redirect_uris": ["com.example.app://cb", "https://app.example.com/cb"],
                "scopes": ["openid", "crm"],
            }
        ],
        "cors": {"origins": [ORIGIN]},
        "verify": {"api_method": "demo_crm.api.home_tasks"},
    },
}
FRAPPE_ITSELF = {
    "frappe-code-cookie",
    "frappe-introspection-open",
    "frappe-password-grant",
    "frappe-pkce-optional",
    "frappe-refresh-endless",
    "frappe-refresh-keeps-old",
    "frappe-revoke-needs-hint",
    "frappe-secret-unchecked",
}


@pytest.fixture(scope="module")
def clinic(demo):
    """The bench with every site as declared."""
    run = demo.site(**DECLARED)
    assert run.status == 0, run.output
    yield demo
    gone = {"oauth_clients": [{"app_name": "Mobile App", "state": "absent"}], "site_config": {"absent": ["allow_cors"]}}
    run = demo.site(oauth2_site_defaults=gone)
    assert run.status == 0, run.output


def examine(demo: Demo, **variables):
    """The diagnosis of the sick site and its neighbour."""
    run = demo.playbook("playbooks/verify.yml", **{"oauth2_only_sites": [SICK, WELL], **DECLARED, **variables})
    told = run.results.get("Diagnose | Put together what was proven and what was read")
    assert told, run.output
    return run, told["ansible_facts"]["oauth2_diagnosis"]


def rules(diagnosis, site=SICK, kind="problems"):
    return {entry["rule"] for one in diagnosis["sites"] if one["name"] == site for entry in one[kind]}


def traces(demo):
    """Everything of the bench but what every sign-in leaves."""
    taken = demo.snapshot()
    left = ('INSERT INTO "tabUser" ', 'INSERT INTO "__Cache" ')  # last login; failed logins, which Frappe has in redis
    return {k: [row for row in v if not row.startswith(left)] if k.endswith(".db") else v for k, v in taken.items()}


def test_healthy_sites_have_no_problem_and_what_frappe_does_is_told_once(clinic):
    before = traces(clinic)
    run, diagnosis = examine(clinic, oauth2_only_sites=[])
    assert run.status == 0, run.output
    assert diagnosis["unhealthy"] == []
    assert [(site["name"], site["proven"], site["problems"], site["warnings"]) for site in diagnosis["sites"]] == [
        (name, True, [], []) for name in SITES
    ]
    assert {notice["rule"] for notice in diagnosis["notices"]} == FRAPPE_ITSELF
    assert all(notice["sites"] == list(SITES) and notice["remedy"] for notice in diagnosis["notices"])
    assert sum("frappe-pkce-optional" in line for line in diagnosis["lines"]) == 1
    assert traces(clinic) == before


# ---------------------------------------------------------------- what is done to the sick site
@contextlib.contextmanager
def client(demo, **columns):
    """Columns of its OAuth client, behind everybody's back."""
    (row,) = demo.rows(SICK, "OAuth Client")
    names = ", ".join(f"{name} = ?" for name in columns)
    demo.execute(SICK, f'update "tabOAuth Client" set {names}', *columns.values())
    try:
        yield
    finally:
        demo.execute(SICK, f'update "tabOAuth Client" set {names}', *(row[name] for name in columns))


@contextlib.contextmanager
def config(demo, **keys):
    """Keys of its site_config.json."""
    path = demo.config_path(SICK)
    kept = path.read_bytes()
    path.write_text(json.dumps({**demo.config(SICK), **keys}))
    try:
        yield
    finally:
        path.write_bytes(kept)


@contextlib.contextmanager
def star(demo):
    """Frappe itself answers for the site, to every origin."""
    assert demo.site(**{**DECLARED, "oauth2_sites": [{"name": SICK, "cors": {"managed": False}}]}).status == 0
    try:
        with config(demo, allow_cors="*"):
            yield
    finally:
        assert demo.site(**DECLARED).status == 0


@contextlib.contextmanager
def nginx(demo, after, line):
    """A line in the configuration that bench wrote."""
    path = demo.path / "config" / "nginx.conf"
    kept = path.read_text()
    assert after in kept
    path.write_text(kept.replace(after, f"{after}\n{line}", 1))
    reload_nginx(demo)
    try:
        yield
    finally:
        path.write_text(kept)
        reload_nginx(demo)


@contextlib.contextmanager
def row(demo, doctype, **columns):
    """A row in its database."""
    marks = ", ".join(["?"] * len(columns))
    demo.execute(SICK, f'insert into "tab{doctype}" ({", ".join(columns)}) values ({marks})', *columns.values())
    try:
        yield
    finally:
        demo.execute(SICK, f'delete from "tab{doctype}" where name = ?', columns["name"])


@contextlib.contextmanager
def role(demo, name):
    """The only role that its OAuth client is for."""
    kept = demo.rows(SICK, "OAuth Client Role")
    demo.execute(SICK, 'update "tabOAuth Client Role" set role = ?', name)
    try:
        yield
    finally:
        for one in kept:
            demo.execute(SICK, 'update "tabOAuth Client Role" set role = ? where name = ?', one["role"], one["name"])


@contextlib.contextmanager
def code(demo, text):
    """A function in an app, which the running web program has not loaded."""
    path = demo.path / "apps" / "demo_crm" / "demo_crm" / "api.py"
    kept = path.read_text()
    path.write_text(kept + text)
    try:
        yield
    finally:
        path.write_text(kept)


@contextlib.contextmanager
def single(demo, doctype, field, value):
    """A field of a single doctype."""
    values = (doctype, field, value)
    demo.execute(SICK, 'insert into "tabSingles" (doctype, field, value) values (?, ?, ?)', *values)
    try:
        yield
    finally:
        demo.execute(SICK, 'delete from "tabSingles" where doctype = ? and field = ? and value = ?', *values)


def verify(**options):
    """What is declared for the sick site's proof."""
    return {"oauth2_sites": [{"name": SICK, "verify": options}]}


TWO = "com.example.app://cb\nhttps://app.example.com/cb"
TOKEN = {
    "name": "of-somebody-gone",
    "access_token": "of-somebody-gone",
    "refresh_token": "refresh-of-somebody-gone",
    "user": "former@demo.example",
    "status": "Active",
    "scopes": "openid",
    "expiration_time": "2099-01-01 00:00:00",
    "creation": "2026-01-01 00:00:00",
}
GUIDE = [
    ("OAuth Client not found", lambda d: client(d, app_name="Another"), {}, "client-missing"),
    ("OAuth Client not found: the id in the form is old", lambda d: client(d, client_id="old"), {}, "client-id-stale"),
    ("401 with a bearer: scopes by newline", lambda d: client(d, scopes="openid\ncrm"), {}, "scopes-newline"),
    (
        "401 with a bearer: the header is lost on the way",
        lambda d: nginx(d, "location @webserver {", 'proxy_set_header Authorization "";'),
        {},
        "authorization-lost",
    ),
    ("403: no such app here", None, verify(api_method="crm.api.mobile_api.home_tasks"), "method-app-missing"),
    ("403: no such function", None, verify(api_method="demo_crm.api.nosuch"), "method-missing"),
    ("403: not whitelisted", None, verify(api_method="frappe.utils.now"), "method-not-whitelisted"),
    (
        "403: the web program is older than the code",
        lambda d: code(d, "\n\n@frappe.whitelist()\ndef fresh():\n    return 1\n"),
        verify(api_method="demo_crm.api.fresh"),
        "method-stale",
    ),
    (
        "CORS: declared and not there",
        None,
        {"oauth2_sites": [{"name": SICK, "cors": {"origins": ["https://other.example"]}}]},
        "cors-absent",
    ),
    (
        "CORS: a method is not let in",
        None,
        {"oauth2_sites": [{"name": SICK, "cors": {"origins": [ORIGIN], "methods": ["PATCH"]}}]},
        "cors-preflight",
    ),
    (
        "Invalid client_id at the token endpoint",
        lambda d: client(d, redirect_uris="com.example.app://cb\n", default_redirect_uri="com.example.app://cb"),
        {},
        "redirect-uris-edges",
    ),
    ("domain of another site", None, {"oauth2_sites": [{"name": SICK, "domains": [WELL]}]}, "domain-wrong-site"),
    ("domain of no site", lambda d: config(d, domains=["no.where.localhost"]), {}, "domain-nowhere"),
]
FRAPPE = [
    ("redirect URIs by newline", lambda d: client(d, redirect_uris=TWO), {}, "redirect-uris-newline"),
    ("CSRF off by a list of paths", lambda d: config(d, ignore_csrf=["/api/method/x"]), {}, "ignore-csrf"),
    (
        "any origin, with credentials",
        star,
        {"oauth2_sites": [{"name": SICK, "cors": {"managed": False}}]},
        "cors-foreign-origin",
    ),
    ("a role that the user has not", lambda d: role(d, "Sales Manager"), {}, "client-role"),
    ("no such user", None, verify(username="nobody@demo.example"), "login-user-missing"),
    ("maintenance", lambda d: config(d, maintenance_mode=1), {}, "site-maintenance"),
    ("a limit that is not there", None, {"oauth2_token_rate_limit": {"rate": "5r/m", "burst": 2}}, "limit-absent"),
]


OF_THE_BENCH = ("authorization-lost", "limit-absent")


@pytest.mark.parametrize(
    ("harm", "declared", "rule"), [c[1:] for c in GUIDE + FRAPPE], ids=[c[0] for c in GUIDE + FRAPPE]
)
def test_each_problem_has_its_own_diagnosis_with_a_remedy_and_its_neighbour_has_none(clinic, harm, declared, rule):
    with harm(clinic) if harm else contextlib.nullcontext():
        before = traces(clinic)
        run, diagnosis = examine(clinic, **declared)
        assert traces(clinic) == before
    assert run.status != 0
    assert rule in rules(diagnosis), diagnosis["lines"]
    told = [e for one in diagnosis["sites"] for e in one["problems"] if e["rule"] == rule]
    assert all(entry["remedy"] and entry["found"] for entry in told)
    assert any(f"[{rule}]" in line and " -> " in line for line in diagnosis["lines"])
    assert diagnosis["unhealthy"] == ([SICK, WELL] if rule in OF_THE_BENCH else [SICK])


WARNINGS = [
    ("a token of a disabled user", lambda d: row(d, "OAuth Bearer Token", **TOKEN), "token-user-disabled"),
    (
        "consent asked of nobody",
        lambda d: single(d, "OAuth Provider Settings", "skip_authorization", "Auto"),
        "settings-consent-auto",
    ),
    ("a key that nobody reads", lambda d: config(d, cors_allow_credentials=True), "unread-key"),
]


@pytest.mark.parametrize(("harm", "rule"), [c[1:] for c in WARNINGS], ids=[c[0] for c in WARNINGS])
def test_what_stops_no_app_is_told_beside_the_problems(clinic, harm, rule):
    with harm(clinic):
        run, diagnosis = examine(clinic)
    assert rule in rules(diagnosis, kind="warnings"), diagnosis["lines"]
    assert (run.status, diagnosis["unhealthy"], rules(diagnosis, WELL, "warnings")) == (0, [], set())


def test_who_sends_a_second_header_is_told_by_file_and_line(clinic):
    line = f'add_header Access-Control-Allow-Origin "{ORIGIN}" always;'
    with nginx(clinic, "add_header X-Content-Type-Options nosniff;", line):
        numbered = (clinic.path / "config" / "nginx.conf").read_text().split(line)[0].count("\n") + 1
        run, diagnosis = examine(clinic)
    assert run.status != 0
    (problem, *_more) = [e for s in diagnosis["sites"] for e in s["problems"] if e["rule"] == "cors-duplicate"]
    assert f".conf:{numbered}: add_header Access-Control-Allow-Origin {ORIGIN} always" in problem["reason"]
    assert "benchkeeper.conf" in problem["reason"]


def test_star_with_credentials_is_found_in_the_file_too_and_frappe_named_as_the_sender(clinic):
    with star(clinic):
        _run, diagnosis = examine(clinic, oauth2_sites=[{"name": SICK, "cors": {"managed": False}}])
    assert rules(diagnosis) == {"cors-any-origin", "cors-foreign-origin"}
    (problem,) = [e for s in diagnosis["sites"] for e in s["problems"] if e["rule"] == "cors-foreign-origin"]
    assert "with credentials" in problem["found"] and "Frappe: allow_cors '*' in" in problem["reason"]


def test_a_rule_that_is_excepted_by_name_is_no_problem(clinic):
    with config(clinic, ignore_csrf=1):
        run, diagnosis = examine(clinic, oauth2_policy_exceptions=["ignore-csrf"])
    assert (run.status, diagnosis["unhealthy"]) == (0, [])


def test_a_site_that_cannot_be_read_is_a_problem_and_the_others_are_proven(clinic):
    kept = clinic.config_path(SICK).read_bytes()
    clinic.config_path(SICK).write_text('{"db_name": ')
    try:
        run, diagnosis = examine(clinic)
    finally:
        clinic.config_path(SICK).write_bytes(kept)
    assert run.status != 0 and diagnosis["unhealthy"] == [SICK]
    assert rules(diagnosis) == {"site-broken"}
    assert [site["proven"] for site in diagnosis["sites"] if site["name"] == WELL] == [True]
