# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""frappe_user_api_key and its kept secrets: every state is checked, applied and applied again; and the role's step."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest
from stored_keys import CLERK, CUSTOMER, FORMER, MANAGER, OTHER, PAIR, SITE, actions, row


def test_missing_and_contradicting_options(keys):
    results = keys.run(
        ("both", {"sites": [{"name": SITE}]}),
        ("excluded", {"users": ["Administrator"]}),
        ("everybody", {"roles": ["All"]}),
        ("bad choice", {"state": "gone"}),
        ("half a pair", {"secrets": {CLERK: {"api_key": PAIR["api_key"]}}}),
        ("no user", {"users": ["nobody@demo.example"]}),
        ("disabled", {"users": [FORMER]}),
        ("no role", {"roles": ["Nosuch"]}),
        ("no site", {"name": "nosuch.localhost"}),
        ("no secret", {"secrets_store": None}),
    )
    messages = {name: result["msg"] for name, result in results.items()}
    assert "parameters are mutually exclusive: name|sites" in messages["both"]
    assert "'Administrator' is in both users and exclude_users" in messages["excluded"]
    assert "key-role-automatic" in messages["everybody"]
    assert "value of state must be one of: present, absent, rotated, got: gone" in messages["bad choice"]
    assert "is not a pair of api_key and api_secret [key-pair-form" in messages["half a pair"]
    assert "not found on this site: 'nobody@demo.example'. Create" in messages["no user"]
    assert f"{FORMER} is disabled" in messages["disabled"]
    assert "not found on this site: 'Nosuch'" in messages["no role"]
    assert "has no site 'nosuch.localhost'" in messages["no site"]
    assert "no secret is available for the new API key. Set secrets_store" in messages["no secret"]
    assert row(results["no secret"])["needs_secret"] == [CLERK]
    assert not any(user["api_key"] for user in keys.users().values())
    assert keys.kept() == {}


def test_create_rotate_remove(keys):
    modified = {name: user["modified"] for name, user in keys.users().items()}
    versions = len(keys.demo.rows(SITE, "Version"))
    rotated, gone = {"state": "rotated"}, {"state": "absent"}
    check = {"check_mode": True}
    results = keys.run(("create?", check), ("create", {}), ("create again?", check), ("create again", {}))
    first = keys.kept()[CLERK]
    assert keys.login(first) == CLERK
    results |= keys.run(("rotate?", {**rotated, **check}), ("rotate", rotated))
    second = keys.kept()[CLERK]
    assert (keys.login(first), keys.login(second)) == (401, CLERK)
    keys.save(CLERK)
    assert keys.login(second) == CLERK, "the next save of the user took the secret away"
    results |= keys.run(("delete?", {**gone, **check}), ("delete", gone), ("delete again", gone))
    assert keys.login(second) == 401 and keys.kept() == {}
    for name, expected in (("create", "created"), ("rotate", "rotated"), ("delete", "removed")):
        assert actions(results[name]) == actions(results[name + "?"]) == {CLERK: expected}
        assert row(results[name])["diff"] == row(results[name + "?"])["diff"]
        assert results[name]["changed"] and results[name + "?"]["changed"]
    for name in ("create again?", "create again", "delete again"):
        assert actions(results[name]) == {CLERK: "unchanged"} and not results[name]["changed"]
    assert row(results["create?"])["needs_secret"] == [CLERK] == row(results["rotate?"])["needs_secret"]
    assert row(results["create"])["diff"] == {"before": {}, "after": {CLERK: "(hidden, new)"}}
    told = json.dumps(results)
    assert not any(part in told for pair in (first, second) for part in pair.values())
    assert {name: user["modified"] for name, user in keys.users().items() if name != CLERK} == {
        name: when for name, when in modified.items() if name != CLERK
    }
    assert len(keys.demo.rows(SITE, "Version")) == versions


def test_modified_does_not_move(keys):
    before = keys.users()[CLERK]
    keys.run(("create", {}), ("rotate", {"state": "rotated"}), ("delete", {"state": "absent"}))
    assert keys.users()[CLERK] == before


def test_pairs_of_the_caller(keys):
    own, other = {"secrets": {CLERK: PAIR}}, {"secrets": {CLERK.upper(): OTHER}}
    results = keys.run(
        ("set?", {**own, "check_mode": True}),
        ("set", own),
        ("set again", own),
        ("another", other),
        ("replaced", {"secrets": {CLERK: {**OTHER, "replace": True}}}),
        ("of another user", {"users": [MANAGER], "secrets": {MANAGER: {**PAIR, "api_key": OTHER["api_key"].upper()}}}),
        secrets_store=None,
    )
    found = {name: actions(result).get(CLERK) for name, result in results.items()}
    assert found == {
        "set?": "created",
        "set": "created",
        "set again": "unchanged",
        "another": "kept",
        "replaced": "rotated",
        "of another user": None,
    }
    assert [finding["rule"] for finding in row(results["another"])["findings"]] == ["key-differs"]
    assert f"the api_key for {MANAGER} already belongs to {CLERK}" in results["of another user"]["msg"]
    assert (keys.login(PAIR), keys.login(OTHER)) == (401, CLERK)
    assert not Path(keys.store).exists()


def test_users_by_role_and_website_users(keys):
    results = keys.run(
        ("roles", {"users": [], "roles": ["sales user", "System Manager"]}), ("portal", {"users": [CUSTOMER]})
    )
    assert actions(results["roles"]) == {CLERK: "created", MANAGER: "created"}  # neither disabled nor Administrator
    assert [finding["rule"] for finding in row(results["portal"])["findings"]] == ["key-website-user"]
    assert {keys.login(pair) for pair in keys.kept().values()} == {CLERK, MANAGER, CUSTOMER}


def test_disabled_users_are_reported_and_revoked(keys):
    keys.demo.execute(SITE, "update tabUser set enabled = 1 where email = ?", FORMER)
    keys.run(("give", {"users": [FORMER]}))
    pair = keys.kept()[FORMER]
    keys.demo.execute(SITE, "update tabUser set enabled = 0 where email = ?", FORMER)
    assert keys.login(pair) == FORMER, "what the rule is about"
    nobody = {"users": []}
    results = keys.run(
        ("report", nobody),
        ("ignore", {**nobody, "disabled_users": "ignore"}),
        ("enforce", {**nobody, "policy": "enforce"}),
        ("revoke?", {**nobody, "disabled_users": "revoke", "check_mode": True}),
        ("revoke", {**nobody, "disabled_users": "revoke"}),
        ("revoke again", {**nobody, "disabled_users": "revoke"}),
    )
    (finding,) = row(results["report"])["findings"]
    assert (finding["rule"], finding["found"]) == (
        "key-user-disabled",
        f"disabled users with an API key: {FORMER}",
    ) and not results["report"]["changed"]
    assert row(results["ignore"])["findings"] == []
    assert "key-user-disabled" in results["enforce"]["msg"]
    assert actions(results["revoke?"]) == actions(results["revoke"]) == {FORMER: "removed"}
    assert results["revoke again"]["changed"] is False
    assert keys.login(pair) == 401 and FORMER not in keys.kept()


def test_one_row_per_declaration_and_no_site_stops_another(keys):
    sites = [{"name": "Trust.com"}, {"name": "nosuch.localhost"}, {"name": SITE}, {"name": SITE, "users": [MANAGER]}]
    results = keys.run(("create", {}), ("again", {}), name=None, sites=sites)
    rows = results["create"]["sites"]
    assert [(r["name"], r["action"]) for r in rows] == [
        ("Trust.com", "updated"),
        ("nosuch.localhost", "failed"),
        (SITE, "updated"),
        (SITE, "updated"),
    ]
    assert [r["action"] for r in results["again"]["sites"]] == ["unchanged", "failed", "unchanged", "unchanged"]
    assert set(keys.kept()) == {CLERK, MANAGER} and set(keys.kept(site="Trust.com")) == {CLERK}
    assert stat.S_IMODE(keys.file().stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.file().parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("harm", ["wrong", "missing"])
def test_a_lost_encryption_key_is_reported_and_not_replaced(keys, harm):
    keys.run(("create", {}))
    path, kept = keys.demo.config_path(SITE), keys.demo.config_path(SITE).read_bytes()
    config = keys.demo.config(SITE)
    config.pop("encryption_key")
    if harm == "wrong":
        config["encryption_key"] = base64.urlsafe_b64encode(bytes(32)).decode()
    path.write_text(json.dumps(config))
    harmed = path.read_bytes()
    try:
        rotated, gone = {"state": "rotated"}, {"state": "absent"}
        results = keys.run(("check", {"check_mode": True}), ("present", {}), ("rotated", rotated), ("absent", gone))
        for name in ("check", "present", "rotated"):
            assert "encryption_key: " in results[name]["msg"] and "backup" in results[name]["msg"], name
        assert actions(results["absent"]) == {CLERK: "removed"}
        assert path.read_bytes() == harmed
    finally:
        path.write_bytes(kept)


# ---------------------------------------------------------------- no secret is generated before it can be kept
def test_without_a_vault_or_a_folder_nothing_is_made(keys, tmp_path):
    results = keys.run(("no folder", {"secrets_store": str(tmp_path / "nosuch" / "secrets")}))
    assert "nosuch does not exist. Create it" in results["no folder"]["msg"]
    password, keys.demo.vault = keys.demo.vault, None
    try:
        results = keys.run(("create?", {"check_mode": True}), ("create", {}))
    finally:
        keys.demo.vault = password
    for result in results.values():
        assert "no vault secret is loaded" in result["msg"] and "No secret was generated" in result["msg"]
    assert not Path(keys.store).exists() and not keys.users()[CLERK]["api_key"]


def test_another_vault_leaves_site_and_file_as_they_are(keys):
    keys.run(("create", {}))
    before, pair = keys.file().read_bytes(), keys.kept()[CLERK]
    right = keys.demo.vault.read_text()
    keys.demo.vault.write_text("another")
    try:
        results = keys.run(("rotate", {"state": "rotated"}))
    finally:
        keys.demo.vault.write_text(right)
    assert "no loaded vault secret can decrypt" in results["rotate"]["msg"]
    assert keys.file().read_bytes() == before and keys.login(pair) == CLERK


# ---------------------------------------------------------------- confidential clients
def test_a_confidential_client(keys):
    client = {"app_name": "Confidential", "redirect_uris": ["https://app.example.com/cb"], "scopes": ["openid"]}
    shared = {"name": SITE, "secrets_store": keys.store, "store_secret": True, **client}
    created = keys.demo.modules(
        "frappe_oauth_client",
        ("no store", {"secrets_store": None}),
        ("create?", {"check_mode": True}),
        ("create", {}),
        ("again", {}),
        **shared,
    )
    first = keys.kept("oauth_clients")["Confidential"]
    rotated = keys.demo.modules("frappe_oauth_client", ("rotate", {"rotate_secret": True}), ("again", {}), **shared)
    second = keys.kept("oauth_clients")["Confidential"]
    (stored,) = [c for c in keys.demo.rows(SITE, "OAuth Client") if c["app_name"] == "Confidential"]
    gone = keys.demo.modules("frappe_oauth_client", ("delete", {"state": "absent"}), **shared)
    assert "secrets-store-missing" in created["no store"]["msg"]
    assert row(created["create?"])["diff"] == row(created["create"])["diff"]
    assert not created["again"]["changed"] and not rotated["again"]["changed"] and rotated["rotate"]["changed"]
    assert second == {"client_id": stored["name"], "client_secret": stored["client_secret"]}
    assert first["client_id"] == second["client_id"] and first["client_secret"] != second["client_secret"]
    assert keys.kept("oauth_clients") == {}
    told = json.dumps([created, rotated, gone])
    assert first["client_secret"] not in told and second["client_secret"] not in told


# ---------------------------------------------------------------- the role's step
def test_the_step_of_the_role(keys):
    client = {"app_name": "Kept", "redirect_uris": ["https://app.example.com/cb"], "scopes": ["openid"]}
    declared = {
        "oauth2_site_defaults": {
            "api_keys": {"roles": ["Sales User"]},
            "oauth_clients": [{**client, "store_secret": True}],
        },
        "oauth2_sites": [{"name": "Trust.com", "api_keys": {"managed": False}}, {"name": SITE}],
        "oauth2_only_sites": ["Trust.com", SITE],
    }
    stored = {"oauth2_secrets_store": keys.store}
    before = keys.demo.snapshot()
    refused = keys.demo.site(**declared)
    assert refused.status and "secrets-store-missing" in refused.output
    checked = keys.demo.site("--check", **declared, **stored)
    assert (checked.status, checked.changed) == (0, 2), checked.output
    assert keys.demo.snapshot() == before and not Path(keys.store).exists()
    applied = keys.demo.site(**declared, **stored)
    again = keys.demo.site(**declared, **stored)
    assert (applied.status, applied.changed, again.status, again.changed) == (0, 2, 0, 0), applied.output
    task = "API keys | Apply the declared API keys"
    assert list(applied.rows(task)) == [SITE] == list(checked.rows(task))
    assert keys.login(keys.kept()[CLERK]) == CLERK
    assert "Kept" in keys.kept("oauth_clients") and "Kept" in keys.kept("oauth_clients", "Trust.com")
    for site in ("Trust.com", SITE):
        keys.demo.execute(site, "delete from \"tabOAuth Client\" where app_name = 'Kept'")
