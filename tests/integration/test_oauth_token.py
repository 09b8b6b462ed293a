# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""frappe_oauth_token: HTTP rejects revoked tokens, valid tokens are never deleted, and no output shows a token."""

from __future__ import annotations

import json

import pytest
from demo_bench import SITES
from issued_tokens import CLERK, FORMER, KIOSK, MANAGER, MOBILE, SITE, told

STEP = "Tokens | Revoke and prune tokens"
CHECK = {"check_mode": True}


def test_missing_and_contradicting_options(tokens):
    pair = tokens.issue()
    results = tokens.run(
        ("no selection", {"state": "revoked"}),
        ("no use", {"users": [CLERK]}),
        ("no duration", {"max_refresh_age": "a month"}),
        ("bad state", {"state": "gone", "every_token": True}),
        ("bad token state", {"state": "revoked", "token_state": ["old"]}),
        ("no site", {"name": "nosuch.localhost", "max_refresh_age": "1h"}),
        ("strict", {"max_refresh_age": "1m", "policy": "enforce"}),
    )
    messages = {name: result["msg"] for name, result in results.items()}
    assert "state: revoked is declared, but no tokens are selected [token-selection-missing" in messages["no selection"]
    assert "[token-selection-unused" in messages["no use"]
    assert "max_refresh_age: 'a month' is not a valid duration [token-duration" in messages["no duration"]
    assert "value of state must be one of: revoked, absent, got: gone" in messages["bad state"]
    assert "value of token_state must be one or more of: active, expired, revoked" in messages["bad token state"]
    assert "has no site 'nosuch.localhost'" in messages["no site"]
    assert "max_refresh_age: is 1m [token-age-short" in messages["strict"]
    assert tokens.works(pair) == (True, True)


def test_revoking_by_user_and_client_ends_access_and_refresh_tokens_of_no_other(tokens):
    gone, other_client = tokens.issue(), tokens.issue(KIOSK)
    old, other_user = tokens.issue(age=3), tokens.issue(user=MANAGER)
    tokens.code("code-of-clerk")
    assert tokens.works(gone) == (True, True) and tokens.works(old) == (False, True)
    wanted = {"state": "revoked", "users": [CLERK.upper()], "clients": ["mobile app"]}
    before = tokens.demo.snapshot()
    results = tokens.run(("check", {**wanted, **CHECK}))
    assert tokens.demo.snapshot() == before
    results |= tokens.run(("run", wanted), ("again?", {**wanted, **CHECK}))
    after = tokens.demo.snapshot()
    results |= tokens.run(("again", wanted))
    assert tokens.demo.snapshot() == after
    assert told(results["check"]) == told(results["run"])
    assert results["run"]["changed"] and not results["again"]["changed"] and not results["again?"]["changed"]
    row = results["run"]["sites"][0]
    counted = {"client_id": tokens.ids[MOBILE], "app_name": MOBILE, "user": CLERK, "tokens": 2, "codes": 1}
    assert row["tokens"] == [{**counted, "action": "revoked"}]
    assert row["diff"] == {
        "before": {f"{MOBILE}, {CLERK}": {"active": 1, "expired": 1, "active codes": 1}},
        "after": {f"{MOBILE}, {CLERK}": {"revoked": 2, "revoked codes": 1}},
    }
    assert tokens.works(gone) == tokens.works(old) == (False, False)
    assert tokens.works(other_client, KIOSK) == tokens.works(other_user) == (True, True)
    assert tokens.redeem("code-of-clerk") == 400
    assert len(tokens.rows()) == 4, "rows are kept"


def test_a_code_that_is_not_revoked_can_be_redeemed(tokens):
    """Check that the test above can find a token."""
    tokens.code("code-of-clerk")
    assert tokens.redeem("code-of-clerk") == 200


def test_modified_says_when_a_row_was_revoked_and_only_of_those(tokens):
    gone, kept = tokens.issue(age=2), tokens.issue(KIOSK, age=2)
    before = tokens.rows()
    tokens.run(("run", {"state": "revoked", "clients": [MOBILE]}))
    after = tokens.rows()
    assert after[kept["access_token"]] == before[kept["access_token"]]
    was, now = before[gone["access_token"]], after[gone["access_token"]]
    assert {key for key in now if now[key] != was[key]} == {"status", "modified", "modified_by"}
    assert now["modified"] > was["modified"] and now["status"] == "Revoked"


def test_refresh_tokens_get_the_life_that_is_declared(tokens):
    young, old = tokens.issue(age=29.9), tokens.issue(age=30.1)
    narrow = {"max_refresh_age": "30d", "clients": [KIOSK]}
    wanted = {"max_refresh_age": "30d", "prune_after": "7d"}
    results = tokens.run(("narrow", narrow), ("check", {**wanted, **CHECK}), ("run", wanted), ("again", wanted))
    assert not results["narrow"]["changed"] and not results["again"]["changed"]
    assert told(results["check"]) == told(results["run"])
    assert results["run"]["sites"][0]["revoked"] == 1
    assert tokens.works(old) == (False, False) and tokens.works(young) == (False, True)


def test_pruning_takes_dead_rows_only_and_leaves_no_copy(tokens):
    """The access token of an old row has expired; the refresh token in the same row has not."""
    sleeping, dead, fresh = tokens.issue(age=90), tokens.issue(age=90), tokens.issue()
    tokens.code("spent", validity="Invalid")
    tokens.run(("revoke", {"state": "revoked", "clients": [MOBILE], "older_than": "80d", "users": [CLERK]}))
    tokens.demo.execute(
        SITE, "update \"tabOAuth Bearer Token\" set status = 'Active' where name = ?", sleeping["access_token"]
    )
    tokens.set_back(dead, 90)
    wanted = {"prune_after": "7d"}
    results = tokens.run(("check", {**wanted, **CHECK}), ("run", wanted), ("again", wanted))
    assert told(results["check"]) == told(results["run"])
    assert results["run"]["sites"][0]["deleted"] == 1 and not results["again"]["changed"]
    assert set(tokens.rows()) == {sleeping["access_token"], fresh["access_token"]}
    assert tokens.works(sleeping) == (False, True), "an app that slept for 90 days was signed out"
    assert set(tokens.rows("OAuth Authorization Code")) == {"spent"}
    tokens.run(("at once", {"prune_after": "0"}))
    assert tokens.rows("OAuth Authorization Code") == {} and len(tokens.rows()) == 2
    copies = json.dumps([tokens.demo.rows(SITE, doctype) for doctype in ("Deleted Document", "Version")], default=str)
    assert dead["access_token"] not in copies and dead["refresh_token"] not in copies


def test_absent_never_takes_what_still_works_unless_that_is_asked_by_name(tokens):
    live, sleeping = tokens.issue(), tokens.issue(age=50)
    wanted = {"state": "absent", "every_token": True}
    by_name = {**wanted, "delete_live": True}
    results = tokens.run(("gentle", wanted), ("check", {**by_name, **CHECK}))
    assert not results["gentle"]["changed"] and results["gentle"]["sites"][0]["kept_live"] == 2
    assert tokens.works(live) == (True, True) and tokens.works(sleeping) == (False, True)
    results |= tokens.run(("run", by_name), ("again", by_name))
    assert told(results["check"]) == told(results["run"]) and not results["again"]["changed"]
    assert tokens.works(live) == tokens.works(sleeping) == (False, False)
    assert tokens.rows() == {}


@pytest.mark.parametrize("mode", ["report", "revoke", "ignore"])
def test_tokens_of_disabled_users_work_until_they_are_revoked(tokens, mode):
    left, stays = tokens.issue(user=MANAGER), tokens.issue()
    tokens.demo.execute(SITE, "update tabUser set enabled = 0 where name = ?", MANAGER)
    assert tokens.works(left) == (True, True), "Frappe 15 does not check whether the user is enabled"
    results = tokens.run(("check", {"disabled_users": mode, **CHECK}), ("run", {"disabled_users": mode}))
    row = results["run"]["sites"][0]
    assert told(results["check"]) == told(results["run"])
    assert tokens.works(left) == ((False, False) if mode == "revoke" else (True, True))
    assert tokens.works(stays) == (True, True)
    rules = [finding["rule"] for finding in row["findings"]]
    assert rules == (["token-user-disabled"] if mode == "report" else [])
    if mode == "report":
        assert row["findings"][0]["found"] == f"disabled or deleted users with tokens: {MANAGER}"


def test_tokens_of_a_client_that_is_gone_are_found_by_its_id(tokens):
    pair = tokens.issue(KIOSK)
    tokens.demo.execute(SITE, 'delete from "tabOAuth Client" where name = ?', tokens.ids[KIOSK])
    wanted = {"state": "absent", "clients": [tokens.ids[KIOSK]], "delete_live": True}
    results = tokens.run(("unknown", {"state": "revoked", "clients": ["Kiosk"], "users": ["nobody@demo.example"]}))
    assert [f["rule"] for f in results["unknown"]["sites"][0]["findings"]] == [
        "token-user-unknown",
        "token-client-unknown",
    ]
    results |= tokens.run(("run", wanted))
    assert results["run"]["sites"][0]["deleted"] == 1 and pair["access_token"] not in tokens.rows()


def test_one_bad_site_never_stops_the_others(tokens):
    pair = tokens.issue()
    kept = tokens.demo.config_path("site3.localhost").read_bytes()
    tokens.demo.config_path("site3.localhost").write_text('{"db_name": ')
    try:
        sites = [{"name": name} for name in reversed(SITES)]
        results = tokens.demo.modules(
            "frappe_oauth_token", ("run", {"sites": sites, "state": "revoked", "every_token": True})
        )
        row = {row["name"]: row for row in results["run"]["sites"]}
        assert results["run"]["failed"] and "site3.localhost: " in results["run"]["msg"]
        assert [row[name]["action"] for name in SITES] == ["unchanged", "updated", "failed"]
        assert tokens.works(pair) == (False, False)
    finally:
        tokens.demo.config_path("site3.localhost").write_bytes(kept)


def test_no_token_is_in_any_output(tokens):
    pairs = [tokens.issue(), tokens.issue(KIOSK, MANAGER, age=40)]
    tokens.code("code-that-nobody-may-see")
    common = {"bench_path": str(tokens.demo.path), "name": SITE}
    tasks = [
        {"name": "Look", "benchkeeper.frappe.frappe_site_info": common},
        {
            "name": "Revoke",
            "benchkeeper.frappe.frappe_oauth_token": {**common, "state": "revoked", "every_token": True},
        },
        {"name": "Prune", "benchkeeper.frappe.frappe_oauth_token": {**common, "prune_after": "0"}},
    ]
    for options in (["--check"], []):
        run = tokens.demo.playbook(tokens.demo.play(tasks), "-vvvv", "--diff", *options)
        assert run.status == 0, run.output
        assert tokens.ids[MOBILE] in run.output
        for secret in [
            "code-that-nobody-may-see",
            *(pair[key] for pair in pairs for key in ("access_token", "refresh_token")),
        ]:
            assert secret not in run.output
    assert tokens.rows() == {}


class TestRole:
    """The step tokens of site.yml."""

    DECLARED = {"tokens": {"max_refresh_age": "30d", "prune_after": "0", "disabled_users": "revoke"}}

    def test_the_step_runs_where_it_is_declared_and_only_there(self, tokens):
        old, left = tokens.issue(age=31), tokens.issue(user=MANAGER)
        tokens.demo.execute(SITE, "update tabUser set enabled = 0 where name = ?", MANAGER)
        run = tokens.demo.site(oauth2_site_defaults={"site_config": {"absent": ["nosuch"]}})
        assert "sites" not in run.results[STEP]
        declared = {
            "oauth2_site_defaults": self.DECLARED,
            "oauth2_sites": [{"name": "site3.localhost", "tokens": {"managed": False}}],
        }
        check = tokens.demo.site("--check", "--diff", **declared)
        assert tokens.refreshes(old) and tokens.refreshes(left)
        run = tokens.demo.site("--diff", **declared)
        assert (check.status, run.status) == (0, 0), run.output
        assert check.results[STEP]["sites"] == run.results[STEP]["sites"]
        assert [row["name"] for row in run.results[STEP]["sites"]] == list(SITES[:2])
        assert tokens.works(old) == tokens.works(left) == (False, False)
        again = tokens.demo.site(**declared)
        assert (again.status, again.changed) == (0, 0) and again.stats["ok"] <= 8

    @pytest.mark.parametrize(
        ("declared", "message"),
        [
            ({"max_refresh_age": "soon"}, "Trust.com: max_refresh_age: 'soon' is not a valid duration [token-duration"),
            ({"max_age": "30d"}, "tokens: unknown key 'max_age'"),
            (
                {"disabled_users": "kill"},
                "tokens: disabled_users: found 'kill', expected one of report, revoke, ignore",
            ),
            ({"prune_after": ["7d"]}, "tokens: prune_after: found a list, expected a duration such as 30d"),
        ],
    )
    def test_what_is_wrong_is_found_before_the_first_write(self, tokens, declared, message):
        before = tokens.demo.snapshot()
        run = tokens.demo.site(oauth2_site_defaults={"tokens": declared})
        assert run.status != 0 and message in run.output.replace('\\"', '"'), run.output
        assert tokens.demo.snapshot() == before


def test_the_users_of_the_demo_have_the_expected_state(tokens):
    """FORMER is disabled from the start, so it cannot log in."""
    enabled = {row["name"]: row["enabled"] for row in tokens.demo.rows(SITE, "User")}
    assert (enabled[CLERK], enabled[MANAGER], enabled[FORMER]) == (1, 1, 0)
