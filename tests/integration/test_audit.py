# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/audit.yml and the recap of site.yml: their reports, and that an audit changes nothing."""

from __future__ import annotations

import json
import os
import stat

import pytest
from demo_bench import SITES, USERS
from issued_tokens import Tokens

UNREAD = "Audit | Fail if a bench or a site could not be read"
RECAP = "Recap | Show changes, verification results and what needs review"
SITE1, SITE2, SITE3 = SITES
CLERK = USERS[0]["email"]
DECLARED = {
    "oauth2_site_defaults": {
        "oauth_clients": [{"app_name": "Mobile App", "redirect_uris": ["com.example.crm://cb"], "scopes": ["openid"]}],
        "site_config": {"settings": {"session_idle_limit": "06:00:00"}},
        "cors": {"origins": ["https://app.example.com"]},
        "api_keys": {"users": [CLERK]},
        "verify": {"api_method": "demo_crm.api.home_tasks"},
    },
}


class Audit:
    """The bench, its directory for reports, and runs of audit.yml."""

    def __init__(self, demo, folder):
        self.demo, self.folder = demo, folder / "reports"
        self.declared = {
            **DECLARED,
            "oauth2_report_dir": str(self.folder),
            "oauth2_report_name": "tests",
            "oauth2_secrets_store": str(folder / "secrets"),
        }

    def run(self, *options, status=0, **variables):
        """The run, and the report that it wrote."""
        run = self.demo.playbook("playbooks/audit.yml", *options, **{**self.declared, **variables})
        assert run.status == status, run.output
        return run, json.loads((self.folder / "tests.json").read_text())

    def page(self):
        """The text of the page."""
        return (self.folder / "tests.html").read_text()


@pytest.fixture(scope="module")
def audit(demo, tmp_path_factory):
    """The bench in its declared state, with verified sites and with tokens on one of them."""
    kit = Tokens(demo)  # its clients would be additional to those declared here
    kit.clear()
    audit = Audit(demo, tmp_path_factory.mktemp("audit"))
    run = demo.site(**{**audit.declared, "oauth2_verify": "changed"})
    assert run.status == 0, run.output
    audit.applied = run
    (client,) = demo.rows(SITE2, "OAuth Client")
    kit.ids = {"Mobile App": client["name"]}
    audit.pairs = [kit.issue(), kit.issue(age=3)]
    return audit


def by_name(report):
    return {site["name"]: site for site in report["sites"]}


# ---------------------------------------------------------------- the recap
def test_the_first_run_reports_what_changed_and_what_was_verified(audit):
    summary = audit.applied.results[RECAP]["summary"]
    assert summary["columns"] == ["changed", "verified", "findings", "result"]
    assert [(row["site"], row["state"]) for row in summary["rows"]] == [(site, "changed") for site in SITES]
    assert {tuple(row["brief"]) for row in summary["rows"]} == {("config, clients, API keys, nginx", "yes", "", "ok")}


def test_a_second_run_says_that_nothing_changed_and_check_mode_what_would(audit):
    run = audit.demo.site(**{**audit.declared, "oauth2_verify": "changed"})
    assert (run.status, run.changed) == (0, 0) and run.stats["ok"] <= 7
    assert [row["cells"] for row in run.results[RECAP]["summary"]["rows"]] == [["nothing", "not run", "", "ok"]] * 3
    other = {"oauth2_sites": [{"name": SITE3, "site_config": {"settings": {"session_idle_limit": "05:00:00"}}}]}
    run = audit.demo.site("--check", **{**audit.declared, **other})
    summary = run.results[RECAP]["summary"]
    assert summary["columns"][0] == "would change"
    assert summary["rows"][2]["cells"] == ["config (session_idle_limit)", "check mode", "", "ok"]


def test_a_site_that_failed_is_in_the_recap_and_the_run_fails_after_it(audit):
    (audit.demo.path / "sites/half-made.localhost").mkdir()
    try:
        run = audit.demo.site(**{**audit.declared, "oauth2_sites": [{"name": "half-made.localhost"}]})
    finally:
        (audit.demo.path / "sites/half-made.localhost").rmdir()
    summary = run.results[RECAP]["summary"]
    assert run.status != 0
    assert [row["site"] for row in summary["rows"] if row["state"] == "failed"] == ["half-made.localhost"]
    assert [note["sites"] for note in summary["notes"] if note["kind"] == "FAILED"] == [["half-made.localhost"]]


# ---------------------------------------------------------------- the report
def test_an_audit_changes_nothing_and_reports_the_state(audit):
    before = audit.demo.snapshot()
    _run, report = audit.run()
    assert audit.demo.snapshot() == before
    assert report["environment"] == "tests" and [bench["name"] for bench in report["benches"]] == ["localhost"]
    sites = by_name(report)
    assert list(sites) == list(SITES)
    for name, site in sites.items():
        assert site["readable"] and site["managed"] and (site["drift"], site["drift_unknown"]) == ([], ""), name
        assert [client["app_name"] for client in site["clients"]] == ["Mobile App"]
        assert site["cors"] == {"declared": ["https://app.example.com"], "nginx": "as declared", "frappe": None}
        assert [key["user"] for key in site["keys"]] == [CLERK]
        assert (site["verify_state"], site["verified_days_ago"]) == ("verified", 0)
        assert {step["verdict"] for client in site["verification"]["clients"] for step in client["steps"]} <= {
            "passed",
            "noticed",
        }
        assert {"frappe", "demo_crm"} <= set(site["apps"])
    assert sites[SITE2]["tokens"]["active"] == len(audit.demo.rows(SITE2, "OAuth Bearer Token")) - 1
    assert sum(report["tokens_by_day"].values()) == 2
    assert {row["severity"] for row in report["rules"]} == {"notice"}


def test_report_files_are_private_and_contain_no_secret(audit):
    audit.run()
    found = set()
    for path in audit.folder.rglob("*"):
        assert not stat.S_IMODE(os.stat(path).st_mode) & 0o077 or path.is_dir(), path
        found.add(path.name)
    assert found == {"tests.json", "tests.html", "tests.verified", "localhost", "last_verification.json"}
    assert stat.S_IMODE(os.stat(audit.folder).st_mode) == 0o700
    secrets = set(audit.demo.credentials.values())
    for site in SITES:
        config = audit.demo.config(site)
        secrets |= {config["db_password"], config.get("encryption_key")}
        secrets |= {row["client_secret"] for row in audit.demo.rows(site, "OAuth Client")}
        secrets |= {row["api_key"] for row in audit.demo.rows(site, "User")}
        with audit.demo.database(site) as database:
            secrets |= {row[0] for row in database.execute("select password from __Auth")}
        for row in audit.demo.rows(site, "OAuth Bearer Token"):
            secrets |= {row["access_token"], row["refresh_token"]}
    secrets |= {part for pair in audit.pairs for part in str(pair).split("'") if len(part) > 20}
    secrets -= {None, ""}
    assert len(secrets) > 12
    for path in audit.folder.rglob("*.*"):
        text = path.read_text() if path.is_file() else ""
        assert not [secret for secret in secrets if secret in text], path


def test_a_manual_change_is_drift_and_stays(audit):
    demo = audit.demo
    (row,) = demo.rows(SITE3, "OAuth Client")
    kept = demo.config_path(SITE3).read_bytes()
    demo.execute(SITE3, "update \"tabOAuth Client\" set scopes = 'openid all'")
    demo.config_path(SITE3).write_text(json.dumps({**demo.config(SITE3), "session_idle_limit": "01:00:00"}))
    try:
        before = demo.snapshot()
        _run, report = audit.run()
        assert demo.snapshot() == before
    finally:
        demo.execute(SITE3, 'update "tabOAuth Client" set scopes = ?', row["scopes"])
        demo.config_path(SITE3).write_bytes(kept)
    sites = by_name(report)
    told = {(one["step"], field["field"]): field for one in sites[SITE3]["drift"] for field in one["fields"]}
    assert set(told) == {("clients", "scopes"), ("site_config", "session_idle_limit")}
    assert told["clients", "scopes"] == {"field": "scopes", "before": "openid\nall", "after": "openid"}
    assert told["site_config", "session_idle_limit"]["before"] == "01:00:00"
    assert [finding["rule"] for finding in sites[SITE3]["findings"]] == ["scope-all"]
    assert sites[SITE1]["drift"] == sites[SITE2]["drift"] == []
    assert (report["summary"]["drifting"], report["summary"]["with_findings"]) == (1, 1)


def test_a_site_that_cannot_be_read_has_a_reason_and_the_others_are_reported(audit):
    path = audit.demo.config_path(SITE1)
    kept = path.read_bytes()
    path.write_text('{"db_name": ')
    try:
        run, report = audit.run(status=2)
    finally:
        path.write_bytes(kept)
    assert f"1 of 3 sites could not be read:\n{SITE1}: " in run.results[UNREAD]["msg"]
    sites = by_name(report)
    assert not sites[SITE1]["readable"] and "is not valid JSON" in sites[SITE1]["why"] and sites[SITE1]["drift_unknown"]
    assert sites[SITE2]["readable"] and sites[SITE2]["drift_unknown"] == ""
    assert "is not valid JSON" in audit.page()


@pytest.mark.parametrize(
    ("variables", "message", "readable"),
    [
        ({"oauth2_bench_path": "/nosuch"}, "oauth2_bench_path: /nosuch does not exist", None),
        ({"oauth2_sites": [{"name": SITE2, "oauth_clients": [{"app_name": "a<b"}]}]}, "text-markup", True),
        ({"oauth2_sites": [{"name": SITE2, "nosuch": 1}]}, "unknown key 'nosuch'", True),
        ({"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}, "Connection refused", None),
    ],
)
def test_an_unreadable_bench_is_in_the_report_and_the_run_fails(audit, variables, message, readable):
    before = audit.demo.snapshot()
    run, report = audit.run(status=2, **variables)
    assert audit.demo.snapshot() == before
    assert message in report["benches"][0]["fault"], report["benches"]
    assert message in run.results[UNREAD]["msg"]
    assert "has no attribute" not in run.output
    assert all(site["readable"] is readable and site["drift_unknown"] for site in report["sites"])
    assert bool(report["sites"]) is bool(readable)


def test_a_site_that_the_inventory_does_not_name_is_reported_as_unmanaged(audit):
    _run, report = audit.run(oauth2_discover_sites=False, oauth2_sites=[{"name": SITE2}])
    assert [(site["name"], site["managed"]) for site in report["sites"]] == [
        (name, name == SITE2) for name in (SITE1, SITE2, SITE3)
    ]
    assert all(site["readable"] for site in report["sites"])


def test_a_verification_that_failed_is_on_record_and_the_others_keep_theirs(audit):
    run = audit.demo.playbook(
        "playbooks/verify.yml",
        **{**audit.declared, "oauth2_only_sites": [SITE2], "oauth2_verify_user": "{{ omit }}"},
    )
    assert run.status == 0 and run.changed == 0, run.output
    _run, report = audit.run()
    states = {site["name"]: site["verify_state"] for site in report["sites"]}
    assert states == {SITE1: "verified", SITE2: "partial", SITE3: "verified"}


def test_without_a_folder_no_verification_is_kept_and_the_report_is_named_after_the_inventory(audit, tmp_path):
    bare = {key: value for key, value in audit.declared.items() if not key.startswith("oauth2_report_")}
    run = audit.demo.site(**{**bare, "oauth2_verify": "all"})
    assert run.status == 0 and run.results["Verify | Store the results for the audit"]["skipped"], run.output
    run = audit.demo.playbook("playbooks/audit.yml", **{**bare, "oauth2_report_dir": str(tmp_path / "a" / "reports")})
    assert run.status == 0, run.output
    report = json.loads((tmp_path / "a" / "reports" / "inventory.json").read_text())
    assert report["environment"] == "inventory"
    assert {site["verify_state"] for site in report["sites"]} == {"none"}
