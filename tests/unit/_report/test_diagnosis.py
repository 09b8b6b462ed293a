# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure parts of verify: the choice of steps, the rows of failed steps, the diagnosis, the batches."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.action.frappe_oauth_verify import batches_of, merged, progress
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx import cors_sources
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.diagnosis import diagnose
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules import verify_rules
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.catalogue import ALL_RULES, severity_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import NOTICE, WARNING
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify import course
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.course import STEPS, chosen
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault, NotRun, Seen, row

PARAMS = {
    "app_name": "Mobile App",
    "client_id": None,
    "probes": None,
    "last_step": "dead",
    "scope": "openid",
    "cors": None,
    "rate_limit": None,
    "validate_certs": True,
    "url": "http://a.localhost",
    "address": None,
    "domains": ["a.localhost"],
    "password_grant": False,
    "of_site": True,
    "username": "probe@example.com",
}


# ---------------------------------------------------------------- the steps
def test_each_step_needs_only_steps_before_it():
    names = list(STEPS)
    for number, (name, step) in enumerate(STEPS.items()):
        assert set(step.needs) <= set(names[:number]), name


@pytest.mark.parametrize(
    ("options", "taken", "left"),
    [
        ({}, {"reach", "issuer", "domain", "dead"}, {"preflight", "rate_limit", "password_grant"}),
        ({"scope": "all"}, {"token"}, {"issuer", "userinfo"}),
        ({"cors": {"origins": ["https://a.example"]}}, {"preflight", "cross_origin", "foreign_origin"}, set()),
        ({"cors": {"origins": []}}, {"foreign_origin"}, {"preflight", "cross_origin"}),
        ({"rate_limit": {"rate": "5r/s"}}, {"rate_limit", "limit_bypass"}, set()),
        ({"password_grant": True}, {"password_grant"}, set()),
        ({"domains": []}, {"reach"}, {"domain"}),
        ({"of_site": False}, {"token"}, {"tls", "discovery", "domain", "foreign_origin"}),
        ({"url": "https://a.example", "address": "http://127.0.0.1"}, {"reach"}, {"tls"}),
        ({"url": "https://a.example", "address": "https://127.0.0.1"}, {"tls"}, set()),
        ({"validate_certs": False}, {"reach"}, {"tls"}),
    ],
)
def test_what_applies_is_taken(options, taken, left):
    names = set(chosen({**PARAMS, **options}))
    assert taken <= names and not left & names


def test_the_flow_up_to_a_step_has_no_other_but_those_it_needs():
    assert chosen({**PARAMS, "last_step": "reach"}) == ["reach"]
    assert chosen({**PARAMS, "last_step": "token"}) == ["reach", "client", "login", "authorize", "token"]


@pytest.mark.parametrize(
    ("error", "verdict", "rule"),
    [
        (Fault("bearer-refused", "a", "b"), "failed", "bearer-refused"),
        (NotRun("too slow"), "not_run", ""),
        (KeyError("secret-looking"), "failed", "verify-fault"),
    ],
)
def test_whatever_happens_in_a_step_is_a_verdict(monkeypatch, error, verdict, rule):
    def accident(_verification):
        raise error

    monkeypatch.setitem(course.STEPS, "reach", STEPS["reach"]._replace(take=accident))

    class Nothing:
        params = PARAMS

    found = course.take_step("reach", Nothing, {}, None)
    assert (found["verdict"], found["rule"]) == (verdict, rule)
    assert "secret-looking" not in str(found)


def of_verify(severity):
    """Ids of the rules of this severity that verify can find."""
    ids = {value for name, value in vars(verify_rules).items() if name.isupper() and value in ALL_RULES}
    return sorted(rule for rule in ids if ALL_RULES[rule].severity == severity)


# ---------------------------------------------------------------- sources of CORS headers
def test_the_sources_of_headers_are_read_once_and_only_if_needed():
    asked = []

    def sources():
        asked.append(1)
        return ["nginx: a.conf:3: add_header X"]

    fine = [row("preflight", "passed", Seen("a", "b"))]
    cors_sources.add_sources(fine, sources)
    assert asked == [] and fine[0]["reason"] == ""
    bad = [row(n, "failed", Fault("cors-duplicate", "one", "two")) for n in ("preflight", "cross_origin")]
    cors_sources.add_sources(bad, sources)
    assert asked == [1] and bad[1]["reason"] == "sent by nginx: a.conf:3: add_header X"


@pytest.mark.parametrize("rule", ["cors-absent", "cors-error-bare", "cors-preflight"])
def test_a_missing_header_lists_what_may_remove_it(rule):
    bad = [row("cross_origin", "failed", Fault(rule, "one", "none", "why"))]
    cors_sources.add_sources(bad, lambda: ["nginx: z.conf:3: more_clear_headers X"])
    assert bad[0]["reason"] == "why; possible causes: nginx: z.conf:3: more_clear_headers X"
    bad[0]["reason"] = ""
    cors_sources.add_sources(bad, lambda: [])
    assert bad[0]["reason"] == "no setting of Frappe and no nginx directive that affects CORS headers was found"


# ---------------------------------------------------------------- the diagnosis
def step(name, verdict, rule="", found="f"):
    return {"name": name, "verdict": verdict, "rule": rule, "found": found, "reason": "", "remedy": "r" if rule else ""}


def verification(name, *steps, **more):
    return {"name": name, "failed": False, "verified": True, "msg": "", "steps": list(steps), **more}


def finding(rule, severity):
    return {"rule": rule, "severity": severity, "field": "x", "found": "y", "remedy": "z"}


SLOW = step("reach", "failed", "site-slow")


def test_a_healthy_site_has_no_problem():
    told = diagnose([verification("a", step("reach", "passed"), step("x", "not_run"))], [])
    assert (told["unhealthy"], told["notices"]) == ([], [])
    assert [(one["state"], one["cells"]) for one in told["summary"]["rows"]] == [("quiet", ["healthy", "yes", "", ""])]


@pytest.mark.parametrize("rule", [*of_verify(WARNING), "settings-consent-auto"])
def test_a_notice_about_a_site_is_reported_and_the_site_stays_healthy(rule):
    told = diagnose([verification("a", step("tls", "noticed", rule, "http")), verification("b")], [])
    assert [[e["rule"] for e in site["warnings"]] for site in told["sites"]] == [[rule], []]
    assert (told["unhealthy"], told["notices"]) == ([], [])
    assert [one["cells"] for one in told["summary"]["rows"]] == [
        ["healthy", "yes", "", "1"],
        ["healthy", "yes", "", ""],
    ]
    assert told["summary"]["notes"] == [
        {"kind": "WARNING", "sites": ["a"], "text": f"tls: http [{rule}]", "remedy": "r"}
    ]
    assert diagnose([verification("a", step("tls", "noticed", rule))], [], [rule])["sites"][0]["warnings"] == []


def test_a_problem_that_was_both_verified_and_read_is_reported_once():
    read = [{"name": "a", "failed": False, "msg": "", "findings": [finding("settings-consent-auto", "warning")]}]
    told = diagnose([verification("a", step("consent", "noticed", "settings-consent-auto", "no page"))], read)
    assert [(e["where"], e["found"]) for e in told["sites"][0]["warnings"]] == [("consent", "no page")]


def test_only_what_frappe_does_on_every_site_is_a_notice():
    assert {severity_of(rule) for rule in [*of_verify(NOTICE), "frappe-pkce-optional"]} == {"notice"}
    assert {rule for rule in of_verify(NOTICE) if not rule.startswith("frappe-")} == {"discovery-path"}


def test_problems_stand_by_site_and_what_frappe_does_once_verified_before_read():
    checks = [
        verification("a", step("pkce", "noticed", "frappe-pkce-optional", "a token")),
        verification(
            "b", step("token", "failed", "token-refused"), step("pkce", "noticed", "frappe-pkce-optional", "a token")
        ),
    ]
    facts = [
        finding("frappe-pkce-optional", "notice"),
        finding("scope-all", "warning"),
        finding("ignore-csrf", "refused"),
    ]
    infos = [{"name": name, "failed": False, "msg": "", "findings": facts} for name in "ab"]
    told = diagnose(checks, infos)
    assert [[e["rule"] for e in site["problems"]] for site in told["sites"]] == [
        ["ignore-csrf"],
        ["token-refused", "ignore-csrf"],
    ]
    (notice,) = told["notices"]
    assert (notice["found"], notice["sites"]) == ("a token", ["a", "b"])
    assert [e["rule"] for e in told["sites"][0]["warnings"]] == ["scope-all"]
    assert diagnose(checks, infos, ["ignore-csrf", "token-refused"])["unhealthy"] == []


def test_a_site_that_failed_is_reported_once():
    broken = {"failed": True, "msg": "no database"}
    told = diagnose([verification("a", verified=False, **broken)], [{"name": "a", "findings": [], **broken}])
    assert [(e["rule"], e["found"]) for e in told["sites"][0]["problems"]] == [("site-broken", "no database")]
    assert told["summary"]["rows"][0]["cells"] == ["unhealthy", "no", "1", ""]


def test_several_clients_of_a_site_are_one_site():
    told = diagnose([verification("a", verified=False), verification("a")], [])
    assert [(site["name"], site["verified"]) for site in told["sites"]] == [("a", False)]


def test_a_site_that_was_only_read_is_not_called_healthy():
    told = diagnose([], [{"name": "a", "failed": False, "msg": "", "findings": []}])
    assert (told["unhealthy"], told["sites"][0]["verified"]) == ([], False)
    assert told["summary"]["rows"][0]["cells"] == ["unknown", "not run", "", ""]
    (note,) = told["summary"]["notes"]
    assert (note["kind"], note["sites"]) == ("NOT VERIFIED", ["a"]) and "the run used --check" in note["text"]


def test_a_site_where_a_step_did_not_run_is_partly_verified():
    told = diagnose([verification("a", step("login", "not_run"), verified=False)], [])
    assert told["summary"]["rows"][0]["cells"] == ["healthy", "partly", "", ""]


def test_a_problem_of_one_client_names_it_and_one_of_all_clients_or_of_the_site_does_not():
    failing = {"failed": True, "verified": False, "client_id": "id"}
    checks = [
        verification("a", SLOW, step("token", "failed", "token-refused"), app_name="Web", **failing),
        verification("a", SLOW, step("tls", "failed", "tls-invalid"), app_name=None, **failing),
    ]
    told = diagnose(checks, [])
    assert [entry["where"] for entry in told["sites"][0]["problems"]] == ["reach", "client 'Web': token", "tls"]
    checks[1]["steps"].append(step("login", "failed", "login-refused"))
    assert diagnose(checks, [])["sites"][0]["problems"][-1]["where"] == "client 'id': login"


# ---------------------------------------------------------------- the batches
def items(*names):
    return [{"name": name} for name in names]


def test_batches_keep_the_rows_of_a_site_together():
    found = batches_of({"sites": items("a", "b", "b", "b", "c"), "batch": 2})
    assert [[item["name"] for item in batch] for batch in found] == [["a", "b", "b", "b"], ["c"]]


@pytest.mark.parametrize(
    "args",
    [
        {"name": "a"},
        {"sites": "no list"},
        {"sites": [{"nam": "a"}]},
        {"sites": items("a"), "batch": "x"},
        {"sites": items("a"), "batch": 0},
    ],
)
def test_invalid_options_are_passed_to_the_module_unchanged(args):
    assert len(batches_of(args)) < 2


def batch(*rows, **more):
    failed = any(one["failed"] for one in rows)
    return {"changed": False, "sites": list(rows), **({"failed": True, "msg": "m"} if failed else {}), **more}


def test_merged_results_fail_with_the_whole_list():
    bad = verification("b", failed=True, verified=False, msg="b is bad")
    told = merged([batch(verification("a"), warnings=["w"]), batch(bad, warnings=["w", "v"])], [])
    assert told["failed"] and told["msg"] == "1 of 2 sites failed:\nb: b is bad" and told["warnings"] == ["w", "v"]
    assert (
        progress("h", [batch(verification("a")), batch(bad)], 3)
        == "h: 2 of 3 sites done: 1 verified, 0 partly verified, 1 failed"
    )
    assert "failed" not in merged([batch(verification("a")), batch(verification("b"))], [])


def test_a_batch_that_fails_as_a_whole_names_all_that_were_not_tried():
    told = merged([batch(verification("a")), {"failed": True, "msg": "gone", "sites": []}], items("b", "c"))
    assert [(one["name"], one["failed"]) for one in told["sites"]] == [("a", False), ("b", True), ("c", True)]
    assert told["msg"] == "2 of 3 sites failed:\nb: gone\nc: gone"
