# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/verify.yml diagnoses each provoked problem, and reports nothing about the site beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from check_mode_comparison import differences
from declared_states import edge_as_found
from demo_bench import Demo
from provoked_problems import (
    UNMANAGED,
    another_key,
    client,
    code,
    config,
    nginx,
    role,
    saved_by_hand,
    second_client,
    single,
    star,
    token,
)
from site_faults import rewritten

ORIGIN = "https://app.example.com"
VERIFY = "Verify | Run the OAuth flow"
FRAPPE_ITSELF = {
    "frappe-code-cookie",
    "frappe-code-endless",
    "frappe-introspection-expired",
    "frappe-introspection-open",
    "frappe-password-grant",
    "frappe-pkce-optional",
    "frappe-refresh-endless",
    "frappe-refresh-keeps-old",
    "frappe-refresh-unbound",
    "frappe-revoke-needs-hint",
    "frappe-secret-unchecked",
}


class DiagnosisBench:
    """A bench with every site in its declared state. One of them gets the problems.

    Attributes:
        ground: the bench.
        broken: the site with the problem.
        well: the site beside it.
    """

    def __init__(self, ground: Demo):
        self.ground = ground
        _first, self.broken, self.healthy = ground.sites
        uris = ["com.example.app://cb", "https://app.example.com/cb"]
        self.declared = {
            "oauth2_discover_sites": False,
            "oauth2_site_defaults": {
                "oauth_clients": [{"app_name": "Mobile App", "redirect_uris": uris, "scopes": ["openid", "crm"]}],
                "cors": {"origins": [ORIGIN], "credentials": False},
                "verify": {"api_method": ground.method},
            },
            "oauth2_sites": [{"name": site} for site in ground.sites],
        }

    def with_own(self, **of_broken: object) -> dict[str, object]:
        """Variables with a declaration for the broken site."""
        others = [{"name": site} for site in self.ground.sites if site != self.broken]
        return {"oauth2_sites": [{"name": self.broken, **of_broken}, *others]}

    def examine(self, **variables: object):
        """The run of verify.yml on the broken and the healthy site, and its diagnosis."""
        given = {"oauth2_only_sites": [self.broken, self.healthy], **self.declared, **variables}
        run = self.ground.playbook("playbooks/verify.yml", **given)
        told = run.results.get("Diagnose | Combine the verification results and the facts")
        assert told, run.output
        return run, told["ansible_facts"]["oauth2_diagnosis"]

    def without_https(self, run, site: str) -> set[str]:
        """The warning for a site that is reachable from other hosts without https; a demo site is local."""
        (row,) = [row for row in run.results[VERIFY]["sites"] if row["name"] == site]
        address = urlsplit(row["url"])
        leaves = address.scheme == "http" and not address.hostname.endswith((".localhost", "127.0.0.1"))
        return {"tls-none"} if leaves else set()

    def rules(self, diagnosis: dict, site: str | None = None, kind: str = "problems") -> set[str]:
        """The rules of a diagnosis for a site; the default is the broken site."""
        wanted = site or self.broken
        return {entry["rule"] for one in diagnosis["sites"] if one["name"] == wanted for entry in one[kind]}


@pytest.fixture(scope="module")
def bench(ground):
    bench, back = DiagnosisBench(ground), edge_as_found(ground)
    run = ground.site(**bench.declared)
    assert run.status == 0, run.output
    yield bench
    if not ground.outlives_tests:
        return
    gone = {"oauth_clients": [{"app_name": "Mobile App", "state": "absent"}], "site_config": {"absent": ["allow_cors"]}}
    run = ground.site(**{**bench.declared, "oauth2_site_defaults": gone})
    back()
    assert run.status == 0, run.output


@pytest.fixture(scope="module")
def book(trial):
    """The provoked problems and the wrong diagnoses; the final row of the table."""
    tries: list[str] = []
    failures: list[str] = []

    @contextlib.contextmanager
    def entry(what):
        tries.append(what)
        try:
            yield
        except AssertionError as error:
            failures.append(f"{what}: {error}")
            raise

    yield entry
    trial.add_row(
        "each provoked problem has its diagnosis, a healthy site none; verify leaves no trace", len(tries), failures
    )


def test_healthy_sites_have_no_problem_and_notices_are_reported_once(bench, book):
    before, sites = bench.ground.snapshot_without_logins(), sorted(bench.ground.sites)
    with book("healthy sites"):
        run, diagnosis = bench.examine(oauth2_only_sites=[])
        assert run.status == 0, run.output
        assert diagnosis["unhealthy"] == []
        assert [(site["name"], site["verified"], site["problems"]) for site in diagnosis["sites"]] == [
            (name, True, []) for name in sites
        ]
        assert {name: bench.rules(diagnosis, name, "warnings") for name in sites} == {
            name: bench.without_https(run, name) for name in sites
        }
        notices = {notice["rule"]: notice for notice in diagnosis["notices"]}
        assert notices.keys() == FRAPPE_ITSELF
        assert all(notice["sites"] == sites and notice["remedy"] for notice in notices.values())
        assert diagnosis["summary"]["notices"].keys() == FRAPPE_ITSELF
        assert not differences(before, bench.ground.snapshot_without_logins())


def test_a_report_on_every_site_leaves_no_trace(bench, book, tmp_path):
    ground = bench.ground
    before = {**ground.snapshot(), **ground.services()}
    with book("a report"):
        run = ground.playbook("playbooks/audit.yml", **bench.declared, oauth2_report_dir=str(tmp_path))
        assert run.status == 0, run.output
        assert sorted(path.suffix for path in tmp_path.iterdir()) == [".html", ".json"]
        assert not differences(before, {**ground.snapshot(), **ground.services()})


class Case(NamedTuple):
    """A problem from the guide, or a pitfall of Frappe.

    Attributes:
        what: the symptom.
        rule: the rule that the diagnosis must have.
        harm: the change to the broken site.
        own: the declarations for this site only.
        shared: the declarations for the whole bench.
    """

    what: str
    rule: str
    harm: Callable = lambda bench: contextlib.nullcontext()
    own: Callable = lambda bench: {}
    shared: dict = {}


def calls(method):
    """Make verify call a different method of the broken site: this one, or a function in the ground's module."""

    def own(bench):
        module = PurePosixPath(*PurePosixPath(bench.ground.module).parts[1:]).with_suffix("")
        return {"verify": {"api_method": method.format(module=".".join(module.parts))}}

    return own


TWO = "com.example.app://cb\nhttps://app.example.com/cb"
EDGED = {"redirect_uris": "com.example.app://cb\n", "default_redirect_uri": "com.example.app://cb"}
NO_BEARER = 'proxy_set_header Authorization "";'
FRESH = "\n\n@frappe.whitelist()\ndef fresh():\n    return 1\n"
TOKEN = {
    "name": "of-somebody-gone",
    "access_token": "of-somebody-gone",
    "refresh_token": "refresh-of-somebody-gone",
    "status": "Active",
    "scopes": "openid",
    "expiration_time": "2099-01-01 00:00:00",
    "creation": "2026-01-01 00:00:00",
}
GUIDE = [
    Case("OAuth Client not found", "client-missing", lambda c: client(c, app_name="Another")),
    Case("OAuth Client not found: the id in the form is old", "client-id-stale", lambda c: client(c, client_id="old")),
    Case(
        "OAuth Client not found: two have the name, as the database compares it",
        "client-ambiguous",
        lambda c: second_client(c, "mobile app "),
    ),
    Case("401 with a bearer: scopes by newline", "scopes-newline", lambda c: client(c, scopes="openid\ncrm")),
    Case(
        "401 with a bearer: the header is lost on the way",
        "authorization-lost",
        lambda c: nginx(c, "location @webserver {", NO_BEARER),
    ),
    Case("403: no such app here", "method-app-missing", own=calls("crm.api.mobile_api.home_tasks")),
    Case("403: no such function", "method-missing", own=calls("{module}.nosuch")),
    Case("403: not whitelisted", "method-not-whitelisted", own=calls("frappe.utils.now")),
    Case("403: it may not be called so", "method-forbidden", own=calls("frappe.client.delete")),
    Case(
        "403: the web program is older than the code",
        "method-stale",
        lambda c: code(c, FRESH),
        calls("{module}.fresh"),
    ),
    Case("CORS: declared and not there", "cors-absent", own=lambda c: {"cors": {"origins": ["https://other.example"]}}),
    Case(
        "CORS: a method is not let in",
        "cors-preflight",
        own=lambda c: {"cors": {"origins": [ORIGIN], "methods": ["PATCH"]}},
    ),
    Case("Invalid client_id at the token endpoint", "redirect-uris-edges", lambda c: client(c, **EDGED)),
    Case("domain of another site", "domain-wrong-site", own=lambda c: {"domains": [c.healthy]}),
    Case("domain of no site", "domain-nowhere", lambda c: config(c, domains=["no.where.localhost"])),
]
FRAPPE = [
    Case("redirect URIs by newline", "redirect-uris-newline", lambda c: client(c, redirect_uris=TWO)),
    Case("CSRF off by a list of paths", "ignore-csrf", lambda c: config(c, ignore_csrf=["/api/method/x"])),
    Case("any origin, with credentials", "cors-foreign-origin", star, lambda c: UNMANAGED),
    Case("a role that the user has not", "client-role", lambda c: role(c, "Sales Manager")),
    Case("no such user", "login-user-missing", own=lambda c: {"verify": {"username": "nobody@demo.example"}}),
    Case("maintenance", "site-maintenance", lambda c: config(c, maintenance_mode=1)),
    Case(
        "a limit that is not there",
        "limit-absent",
        shared={"oauth2_token_rate_limit": {"rate": "5r/m", "burst": 2}},
    ),
]
OF_THE_BENCH = ("authorization-lost", "limit-absent")


@pytest.mark.parametrize("case", GUIDE + FRAPPE, ids=lambda case: case.what)
def test_each_problem_has_its_own_diagnosis_with_a_remedy_and_its_neighbour_has_none(bench, book, case):
    with book(case.what), case.harm(bench):
        before = bench.ground.snapshot_without_logins()
        run, diagnosis = bench.examine(**case.shared, **bench.with_own(**case.own(bench)))
        assert not differences(before, bench.ground.snapshot_without_logins())
        assert run.status != 0
        assert case.rule in bench.rules(diagnosis), diagnosis["summary"]
        told = [e for one in diagnosis["sites"] for e in one["problems"] if e["rule"] == case.rule]
        assert all(entry["remedy"] and entry["found"] for entry in told)
        notes = [note for note in diagnosis["summary"]["notes"] if f"[{case.rule}]" in note["text"]]
        assert notes and all(note["remedy"] for note in notes)
        broken = sorted([bench.broken, bench.healthy]) if case.rule in OF_THE_BENCH else [bench.broken]
        assert diagnosis["unhealthy"] == broken, diagnosis["summary"]


WARNINGS = [
    Case("a token of a disabled user", "token-user-disabled", lambda c: token(c, "former", **TOKEN)),
    Case(
        "consent asked of nobody",
        "settings-consent-auto",
        lambda c: single(c, "OAuth Provider Settings", "skip_authorization", "Auto"),
    ),
    Case("a secret as Frappe makes them", "secret-weak", lambda c: client(c, client_secret="0123456789")),
    Case("a secret in the client's history", "secret-in-versions", saved_by_hand),
    Case("another encryption key than the secrets'", "encryption-key-wrong", another_key),
    Case("a key that nobody reads", "unread-key", lambda c: config(c, cors_allow_credentials=True)),
]


@pytest.mark.parametrize("case", WARNINGS, ids=lambda case: case.what)
def test_warnings_are_reported_separately_from_problems(bench, book, case):
    with book(case.what), case.harm(bench):
        run, diagnosis = bench.examine()
        assert case.rule in bench.rules(diagnosis, kind="warnings"), diagnosis["summary"]
        beside = bench.rules(diagnosis, bench.healthy, "warnings")
        assert (run.status, diagnosis["unhealthy"]) == (0, []), diagnosis["summary"]
        assert beside == bench.without_https(run, bench.healthy), diagnosis["summary"]


def test_the_source_of_a_second_header_is_reported_by_file_and_line(bench, book):
    line = f'add_header Access-Control-Allow-Origin "{ORIGIN}" always;'
    with book("two sources of one header"):
        with nginx(bench, "add_header X-Content-Type-Options nosniff;", line):
            written = (bench.ground.path / "config" / "nginx.conf").read_text()
            run, diagnosis = bench.examine()
        assert run.status != 0
        (problem, *_more) = [e for s in diagnosis["sites"] for e in s["problems"] if e["rule"] == "cors-duplicate"]
        numbered = written.split(line)[0].count("\n") + 1
        assert f".conf:{numbered}: add_header Access-Control-Allow-Origin {ORIGIN} always" in problem["reason"]
        assert "benchkeeper.conf" in problem["reason"]


def test_star_with_credentials_is_found_in_the_file_too_and_frappe_named_as_the_sender(bench, book):
    with book("star with credentials"):
        with star(bench):
            _run, diagnosis = bench.examine(**bench.with_own(**UNMANAGED))
        assert bench.rules(diagnosis) == {"cors-any-origin", "cors-foreign-origin"}
        (problem,) = [e for s in diagnosis["sites"] for e in s["problems"] if e["rule"] == "cors-foreign-origin"]
        assert "with credentials" in problem["found"] and "Frappe: allow_cors '*' in" in problem["reason"]


def test_a_rule_that_is_listed_as_an_exception_is_not_a_problem(bench, book):
    with book("a rule excepted by name"), config(bench, ignore_csrf=1):
        run, diagnosis = bench.examine(oauth2_policy_exceptions=["ignore-csrf"])
        assert (run.status, diagnosis["unhealthy"]) == (0, [])


def test_a_site_that_cannot_be_read_is_a_problem_and_the_others_are_verified(bench, book):
    with book("a site that cannot be read"):
        with rewritten(bench.ground.config_path(bench.broken), '{"db_name": '):
            run, diagnosis = bench.examine()
        assert run.status != 0 and diagnosis["unhealthy"] == [bench.broken]
        assert bench.rules(diagnosis) == {"site-broken"}
        assert [site["verified"] for site in diagnosis["sites"] if site["name"] == bench.healthy] == [True]
