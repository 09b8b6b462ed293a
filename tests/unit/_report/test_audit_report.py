# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure parts of the audit report: its data, its counts, its page, and the record of verifications."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import NOT_SHOWN
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import failed_row, row_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.audit import bench_part, report_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.page import embedded, page
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.verify_record import read_record, verify_record
from checkout import ROOT

FILES = ROOT / "roles" / "oauth2" / "files" / "audit"
NOW = "2026-03-10T12:00:00+00:00"
A, B = "a.example", "b.example"
SECRET = "s3cr3t-value"
COUNTS = {"active": 1, "expired": 2, "revoked": 0, "refreshable": 3, "oldest": None, "newest": None}


def finding(rule, severity="warning"):
    return {"rule": rule, "severity": severity, "field": "f", "found": "x", "source": "s", "remedy": "r"}


def read_site(name, **more):
    facts = {
        "domains": [name],
        "url": f"https://{name}",
        "frappe_version": "15.55.1",
        "apps": {"frappe": "15.55.1"},
        "config": {"allow_cors": {"value": ["https://app.example"], "file": "site_config.json"}},
        "oauth_clients": [{"app_name": "App", "client_id": "c", "redirect_uris": [], "scopes": [], "other": SECRET}],
        "tokens": {**COUNTS, "by_client": [], "disabled_users": [], "by_day": {"2026-03-09": 2}, "other": SECRET},
        "api_keys": [{"user": "u", "enabled": True, "user_type": "System User", "has_secret": True, "key": SECRET}],
        "findings": [],
    }
    return row_of(name, **{**facts, **more})


def part(*rows, results=None, fault="", failed=None, verifications="", declared=None, edge=(), exceptions=()):
    results = {**dict.fromkeys(("site_config", "clients", "api_keys", "tokens", "edge"), {}), **(results or {})}
    names = [row["name"] for row in rows]
    return bench_part(
        {"name": "bench1", "path": "/b", "fault": fault},
        {"bench": {"sites": names or [A]}},
        {"sites": list(rows)},
        results,
        {"sites": names if declared is None else declared, "edge": list(edge)},
        failed or {},
        verifications,
        list(exceptions),
    )


def changed(name, action="updated", before=None, after=None, **more):
    return row_of(name, changed=True, action=action, diff={"before": before or {}, "after": after or {}}, **more)


# ---------------------------------------------------------------- one bench
def test_only_what_is_named_gets_in():
    assert SECRET not in json.dumps(part(read_site(A)))


def test_a_site_that_cannot_be_read_says_why():
    (site,) = part(failed_row(A, "no database"))["sites"]
    assert (site["readable"], site["why"], site["clients"], site["tokens"]) == (False, "no database", None, None)


def test_a_bench_that_cannot_be_read_names_the_sites_that_it_is_known_to_have():
    result = part(fault="no env")
    assert result["bench"]["fault"] == "no env"
    assert [(site["name"], site["why"], site["drift_unknown"]) for site in result["sites"]] == [(A, "no env", "no env")]


def test_drift_is_what_a_step_would_change():
    results = {
        "clients": {"sites": [changed(A, app_name="App", before={"scopes": ["a", "b"]}), row_of(A, app_name="Same")]},
        "edge": {"changed": True, "sites": [changed(A, "created", after={"nginx": [{"origin": "o"}]})]},
    }
    client, edge = part(read_site(A), results=results)["sites"][0]["drift"]
    assert client["fields"] == [{"field": "scopes", "before": "a\nb", "after": ""}]
    assert (edge["what"], edge["action"], edge["fields"][0]["after"]) == ("nginx", "created", '[{"origin": "o"}]')


def test_values_of_the_configuration_are_shown_only_of_keys_that_open_something():
    row = changed(A, before={"allow_cors": "*", "stripe": SECRET, "encryption_key": SECRET}, after={"stripe": SECRET})
    result = part(read_site(A), results={"site_config": {"sites": [row]}})
    fields = {field["field"]: field for field in result["sites"][0]["drift"][0]["fields"]}
    assert fields["allow_cors"]["before"] == "*" and fields["stripe"]["before"] == NOT_SHOWN
    assert SECRET not in json.dumps(result)


def test_what_all_sites_share_is_the_benchs_drift():
    results = {
        "site_config": {"sites": [changed("common_site_config.json", before={"allow_cors": "*"})]},
        "edge": {"changed": True, "sites": [row_of(A)], "files": ["/etc/x"]},
    }
    result = part(read_site(A), results=results)
    assert [row["step"] for row in result["bench"]["drift"]] == ["site_config", "edge"]
    assert [(site["name"], site["drift"]) for site in result["sites"]] == [(A, [])]


@pytest.mark.parametrize(
    ("edge", "now", "expected"),
    [
        ([{"name": A, "cors": {"origins": ["o"]}}], row_of(A), "as declared"),
        ([{"name": A, "cors": {"origins": ["o"]}}], changed(A, after={"nginx": 1}), "absent"),
        ([{"name": A, "cors": {"origins": ["o"]}}], changed(A, before={"nginx": 1}), "differs"),
        ([{"name": A}], changed(A, before={"nginx": 1}), "differs"),
        ([{"name": A}], row_of(A), None),
    ],
)
def test_the_source_of_cors_headers(edge, now, expected):
    cors = part(read_site(A), edge=edge, results={"edge": {"sites": [now]}})["sites"][0]["cors"]
    assert (cors["nginx"], cors["frappe"]) == (expected, ["https://app.example"])


def test_a_site_that_is_not_declared_has_no_drift_and_says_that_it_is_not_managed():
    (site,) = part(read_site(A), declared=[])["sites"]
    assert (site["managed"], site["drift"], site["drift_unknown"]) == (False, [], "")


def test_a_site_on_which_a_step_failed_has_unknown_drift():
    (site,) = part(read_site(A), failed={A: "two clients"})["sites"]
    assert site["drift_unknown"] == "two clients" and site["readable"]


def test_warnings_and_notices_are_apart_and_exceptions_are_left_out():
    rows = [finding("scope-all"), finding("frappe-code-cookie", "notice"), finding("csrf-off")]
    (site,) = part(read_site(A, findings=rows), exceptions=["csrf-off"])["sites"]
    assert [row["rule"] for row in site["findings"]] == ["scope-all"]
    assert [row["rule"] for row in site["notices"]] == ["frappe-code-cookie"]


# ---------------------------------------------------------------- the report
def test_a_report_counts_and_adds_up():
    first = part(read_site(A, findings=[finding("scope-all"), finding("scope-all")]), read_site(B))
    report = report_of([first, part(failed_row("c.example", "gone"))], "production", NOW)
    assert report["summary"] == {
        "benches": 2,
        "sites": 3,
        "unreadable": 1,
        "with_findings": 1,
        "drifting": 0,
        "drift_unknown": 0,
        "unmanaged": 0,
        "unverified": 3,
        "live_tokens": 2,
    }
    assert report["tokens_by_day"] == {"2026-03-09": 4}
    assert [(row["rule"], row["sites"]) for row in report["rules"]] == [("scope-all", 1)]


def test_the_last_verification_has_its_state_and_its_age():
    def verification(verified=True, failed=False, at="2026-03-07T11:00:00+00:00"):
        return {"at": at, "verified": verified, "failed": failed, "clients": []}

    def state(**sites):
        record = json.dumps({"format": 1, "sites": {A: verification(**sites)}})
        (site,) = report_of([part(read_site(A), verifications=record)], "e", NOW)["sites"]
        return site["verify_state"], site["verified_days_ago"]

    assert state() == ("verified", 3)
    assert state(verified=False) == ("partial", 3)
    assert state(verified=False, failed=True) == ("failed", 3)
    assert state(at="2026-03-11T11:00:00+00:00") == ("verified", 0)  # the clock of a different controller
    (site,) = report_of([part(read_site(A), verifications="no json")], "e", NOW)["sites"]
    assert (site["verify_state"], site["verified_days_ago"]) == ("none", None)


# ---------------------------------------------------------------- the record of verifications
def check(name, verdict="passed", verified=True):
    step = {"name": "token", "verdict": verdict, "rule": "", "found": "", "reason": "", "remedy": "", "expected": "x"}
    return row_of(name, steps=[step], verified=verified, app_name="App", client_id="c", url="u")


def test_a_record_keeps_the_sites_that_were_not_verified_this_time():
    first = verify_record("", [check(A), check(B)], "2026-03-01T00:00:00+00:00")
    second = verify_record(json.dumps(first), [check(B, "failed", False), check(B)], NOW)
    assert second["sites"][A] == first["sites"][A]
    assert (second["sites"][B]["at"], second["sites"][B]["verified"]) == (NOW, False)
    assert len(second["sites"][B]["clients"]) == 2


def test_a_record_drops_sites_that_are_gone():
    first = verify_record("", [check(A), check(B)], NOW)
    assert set(verify_record(json.dumps(first), [check(B)], NOW, [B])["sites"]) == {B}


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 2, "sites": {}}', '{"format": 1, "sites": []}'])
def test_an_invalid_record_is_replaced(text):
    assert read_record(text) == {}
    assert set(verify_record(text, [check(A)], NOW)["sites"]) == {A}


# ---------------------------------------------------------------- the page
HOSTILE = "</script><script>alert(1)</script><!-- &amp; \u2028\u2029 %SCRIPT% %DATA%"


def test_embedded_data_comes_back_and_holds_nothing_that_ends_a_script():
    text = embedded({HOSTILE: [HOSTILE]})
    assert json.loads(text) == {HOSTILE: [HOSTILE]}
    assert not set("<>&\u2028\u2029") & set(text)


def whole(environment="production", name=A):
    report = report_of([part(read_site(name))], environment, NOW)
    scripts = [(FILES / f"{part}.js").read_text() for part in ("dom", "pictures", "details", "page")]
    return page(report, (FILES / "page.html").read_text(), (FILES / "page.css").read_text(), scripts)


def test_the_page_holds_its_policy_with_the_hash_of_what_it_runs():
    text = whole()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.search(r"%[A-Z]+%", text)


def test_no_name_gets_into_the_pages_markup():
    text = whole(environment=HOSTILE, name=HOSTILE)
    assert text.count("<script") == 2 and text.count("</script>") == 2
    assert "alert(1)</script>" not in text


def test_the_page_names_nothing_outside_itself():
    text = re.sub(r'<script type="application/json".*?</script>', "", whole(), flags=re.DOTALL)
    assert re.findall(r"https?://[^\"' ]+", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval)\b|@import|url\(", text)


def test_a_template_without_a_placeholder_is_rejected():
    with pytest.raises(ValueError, match="%STYLE%"):
        page({"environment": "e"}, "%POLICY% %TITLE% %DATA% %SCRIPT%", "", [])
