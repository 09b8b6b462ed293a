# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""frappe_site_info: its facts are correct, it changes nothing, and each provoked problem has its own finding."""

from __future__ import annotations

import json

import pytest
from demo_bench import SITES
from issued_tokens import CLERK, FORMER, KIOSK, MANAGER, MOBILE, SITE
from stored_keys import PAIR

TRAITS = {
    "code_bound_to": "cookie",
    "pkce_required": "no",
    "client_secret_checked": "no",
    "old_token_revoked_on_refresh": "no",
    "refresh_bound_to_client": "no",
    "refresh_tokens_expire": "no",
    "codes_expire": "no",
    "introspection_open_to_guests": "yes",
    "expired_tokens_introspect_active": "yes",
    "password_grant": "open",
    "open_bootstraps": [],
}
NOTICES = {
    "frappe-code-cookie",
    "frappe-pkce-optional",
    "frappe-secret-unchecked",
    "frappe-refresh-keeps-old",
    "frappe-refresh-unbound",
    "frappe-refresh-endless",
    "frappe-code-endless",
    "frappe-introspection-open",
    "frappe-introspection-expired",
    "frappe-password-grant",
}


def look(demo, **options):
    """The result, and the warnings of the run."""
    run = demo.playbook(
        demo.play(
            [
                {
                    "name": "Look",
                    "benchkeeper.frappe.frappe_site_info": {"bench_path": str(demo.path), **options},
                    "ignore_errors": True,
                }
            ]
        )
    )
    result = run.results["Look"]
    return result, result.get("warnings", [])


def site(result, name=SITE):
    return next(row for row in result["sites"] if row["name"] == name)


def problems(row):
    return [finding["rule"] for finding in row["findings"] if finding["severity"] != "notice"]


def test_a_healthy_site_has_notices_of_its_frappe_and_no_warning(tokens):
    tokens.issue()
    before = tokens.demo.snapshot()
    result, warnings = look(tokens.demo)
    assert tokens.demo.snapshot() == before, "gathering facts must not change the bench"
    assert [row["name"] for row in result["sites"]] == list(SITES)
    for row in result["sites"]:
        assert problems(row) == [] and {finding["rule"] for finding in row["findings"]} == NOTICES
        assert all(finding["remedy"] and finding["source"] for finding in row["findings"])
        assert {trait: row["features"][trait] for trait in TRAITS} == TRAITS
    assert warnings == [] and not result["changed"]


def test_it_says_what_is_there(tokens, keys):
    first, second = tokens.issue(age=40), tokens.issue()
    tokens.issue(KIOSK, MANAGER)
    tokens.run(("revoke", {"state": "revoked", "clients": [KIOSK]}))
    keys.run(("given", {"secrets": {CLERK: PAIR}}))
    tokens.demo.execute(SITE, "update tabUser set api_key = 'half-a-pair-0' where name = ?", MANAGER)
    row = site(look(tokens.demo, name=SITE)[0])
    assert row["frappe_version"] == "15.55.1" and set(row["apps"]) == {"frappe", "demo_crm"}
    assert row["domains"] == ["127.0.0.1", SITE]
    assert row["oauth_settings"] == {
        "OAuth Provider Settings": {"skip_authorization": ""},
        "System Settings": {"disable_user_pass_login": False, "enable_two_factor_auth": False},
    }
    assert {(client["secret_bytes"], client["secret_in_versions"]) for client in row["oauth_clients"]} == {(43, False)}
    assert [client["app_name"] for client in row["oauth_clients"]] and row["encryption_key_missing"] is False
    assert row["config"] == {"encryption_key": {"value": "(hidden)", "file": "site_config.json"}}
    counts = {key: row["tokens"][key] for key in ("active", "expired", "revoked", "refreshable")}
    assert counts == {"active": 1, "expired": 1, "revoked": 1, "refreshable": 2}
    by_client = {entry["app_name"]: entry for entry in row["tokens"]["by_client"]}
    assert {key: by_client[MOBILE][key] for key in counts} == {**counts, "revoked": 0}
    issued = {name: held["creation"] for name, held in tokens.rows().items()}
    assert by_client[MOBILE]["oldest"][:19] == issued[first["access_token"]][:19]
    assert by_client[MOBILE]["newest"][:19] == issued[second["access_token"]][:19]
    assert by_client[KIOSK]["client_id"] == tokens.ids[KIOSK] and by_client[KIOSK]["known"]
    assert sum(row["tokens"]["by_day"].values()) == 3 and row["tokens"]["disabled_users"] == []
    user = {"enabled": True, "user_type": "System User"}
    assert row["api_keys"] == [
        {"user": CLERK, "full_name": "Clara", "has_secret": True, **user},
        {"user": MANAGER, "full_name": "Manuel", "has_secret": False, **user},
    ]
    assert row["secrets_not_opened"] == {}
    latest = [(held["user"], held["client_id"], held["status"]) for held in row["tokens"]["latest"]]
    assert latest[0] in ((MANAGER, tokens.ids[KIOSK], "Revoked"), (CLERK, tokens.ids[MOBILE], "Active"))
    assert len(latest) == 3 and row["tokens"]["latest"][2]["issued"][:19] == issued[first["access_token"]][:19]
    assert all(held["scopes"] == ["openid"] and held["expires"] for held in row["tokens"]["latest"])


def test_no_secret_and_no_token_is_in_the_result(tokens, keys):
    pair = tokens.issue()
    keys.run(("given", {"secrets": {CLERK: PAIR}}))
    config = tokens.demo.config_path(SITE)
    kept = config.read_bytes()
    config.write_text(json.dumps({**json.loads(kept), "admin_password": "canary-of-admin", "root_password": 424242}))
    try:
        shown = json.dumps(look(tokens.demo)[0])
    finally:
        config.write_bytes(kept)
    stored = [client["client_secret"] for client in tokens.demo.rows(SITE, "OAuth Client")]
    secrets = [*stored, *PAIR.values(), pair["access_token"], pair["refresh_token"], "canary-of-admin", "424242"]
    secrets += [json.loads(kept)["db_password"], json.loads(kept)["encryption_key"]]
    assert len(secrets) == 10 and not [secret for secret in secrets if secret in shown]


ANOTHER_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
# As with the client's form: Frappe keeps a Version of the change.
SAVED_BY_HAND = """
doc = frappe.get_doc("OAuth Client", {"app_name": data})
doc.client_secret = "by-hand-0123456789-0123456789-0123456789"
doc.save()
"""


def bootstrap(demo):
    """The module of an app with an unprotected function that returns secrets."""
    return demo.path / "apps/demo_crm/demo_crm/setup/oauth_bootstrap.py"


def write_bootstrap(demo, text):
    bootstrap(demo).parent.mkdir()
    bootstrap(demo).write_text(f"import frappe\n\n\n{text}")


def write_config(demo, **settings):
    path = demo.config_path(SITE)
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))


def disable(demo, user):
    demo.execute(SITE, "update tabUser set enabled = 0 where name = ?", user)


def change_client(demo, **values):
    for field, value in values.items():
        demo.execute(SITE, f'update "tabOAuth Client" set {field} = ? where app_name = ?', value, MOBILE)


PROVOKED = {
    "ignore-csrf": lambda kit: write_config(kit.demo, ignore_csrf=["/api/method/frappe.integrations.oauth2.get_token"]),
    "cors-any-origin": lambda kit: write_config(kit.demo, allow_cors="*"),
    "cors-origin-form": lambda kit: write_config(kit.demo, allow_cors='["https://app.example.com"]'),
    "unread-key": lambda kit: write_config(kit.demo, cors_allow_credentials=True),
    "stored-uris-split": lambda kit: change_client(
        kit.demo, redirect_uris="com.example.crm://cb\nhttps://app.example.com/cb"
    ),
    "redirect-uri-http": lambda kit: change_client(
        kit.demo, redirect_uris="http://app.example.com/cb", default_redirect_uri="http://app.example.com/cb"
    ),
    "default-redirect-uri": lambda kit: change_client(kit.demo, default_redirect_uri="com.example.crm://other"),
    "consent-skipped": lambda kit: change_client(kit.demo, skip_authorization=1),
    "grant-implicit": lambda kit: change_client(kit.demo, grant_type="Implicit", response_type="Token"),
    "scope-all": lambda kit: change_client(kit.demo, scopes="all openid"),
    "settings-consent-auto": lambda kit: kit.demo.execute(
        SITE, "insert into tabSingles values ('OAuth Provider Settings', 'skip_authorization', 'Auto')"
    ),
    "token-user-disabled": lambda kit: (kit.issue(user=MANAGER, age=9), disable(kit.demo, MANAGER)),
    "token-client-gone": lambda kit: (
        kit.issue(KIOSK),
        kit.demo.execute(SITE, 'delete from "tabOAuth Client" where app_name = ?', KIOSK),
    ),
    "key-user-disabled": lambda kit: (give_key(kit.demo, CLERK), disable(kit.demo, CLERK)),
    "encryption-key-wrong": lambda kit: (give_key(kit.demo, CLERK), write_config(kit.demo, encryption_key=ANOTHER_KEY)),
    "password-grant-bypass": lambda kit: kit.demo.execute(
        SITE, "insert into tabSingles values ('System Settings', 'disable_user_pass_login', '1')"
    ),
    "secret-weak": lambda kit: change_client(kit.demo, client_secret="0123456789"),
    "secret-in-versions": lambda kit: kit.demo.inside(SAVED_BY_HAND, MOBILE, [SITE]),
    "bootstrap-open": lambda kit: write_bootstrap(
        kit.demo, "@frappe.whitelist()\ndef bootstrap_site():\n    return 1\n"
    ),
    "encryption-key-missing": lambda kit: (give_key(kit.demo, CLERK), write_config(kit.demo, encryption_key=None)),
}


def give_key(demo, user):
    demo.modules("frappe_user_api_key", ("give", {"name": SITE, "users": [user], "secrets": {user: PAIR}}))


@pytest.mark.parametrize("rule", PROVOKED)
def test_each_problem_has_its_own_finding_on_its_own_site(tokens, keys, rule):
    PROVOKED[rule](tokens)
    result, warnings = look(tokens.demo)
    assert problems(site(result)) == [rule]
    others = [] if rule != "bootstrap-open" else [rule]  # the app is on every site
    assert problems(site(result, SITES[0])) == problems(site(result, SITES[2])) == others
    assert (
        len(warnings) == 1
        and f"[{rule}]" in warnings[0]
        and warnings[0].startswith(f"{SITE}: " if not others else "3 ")
    )


def test_a_folder_with_a_capital_needs_a_domain(tokens):
    path = tokens.demo.config_path("Trust.com")
    kept = path.read_bytes()
    path.write_text(json.dumps({key: value for key, value in json.loads(kept).items() if key != "domains"}))
    try:
        result, warnings = look(tokens.demo, gather=["domains"])
    finally:
        path.write_bytes(kept)
    assert [problems(row) for row in result["sites"]] == [["domain-missing"], [], []]
    assert len(warnings) == 1 and warnings[0].startswith("Trust.com: domains in site_config.json")


def test_a_common_value_is_reported_with_its_file_and_one_warning(tokens):
    path = tokens.demo.path / "sites" / "common_site_config.json"
    kept = path.read_bytes()
    path.write_text(json.dumps({**json.loads(kept), "ignore_csrf": 1}))
    try:
        result, warnings = look(tokens.demo, gather=["config"])
    finally:
        path.write_bytes(kept)
    for row in result["sites"]:
        assert row["config"]["ignore_csrf"] == {"value": 1, "file": "common_site_config.json"}
        assert problems(row) == ["ignore-csrf"]
    assert len(warnings) == 1 and warnings[0].startswith("3 sites, including Trust.com: ignore_csrf in common")


def test_unrecognized_code_is_unknown_and_patched_code_has_no_notice(tokens):
    path = tokens.demo.path / "apps/frappe/frappe/oauth.py"
    kept = path.read_text()
    assert "user=_user_of_cookie(request)," in kept
    try:
        path.write_text(kept.replace("user=_user_of_cookie(request),", "user=frappe.session.user,"))
        row = site(look(tokens.demo, name=SITE, gather=["features"])[0])
        assert row["features"]["code_bound_to"] == "session"
        assert "frappe-code-cookie" not in [finding["rule"] for finding in row["findings"]]
        path.write_text(kept.replace("user=_user_of_cookie(request),", "user=somebody(request),"))
        row = site(look(tokens.demo, name=SITE, gather=["features"])[0])
        assert row["features"]["code_bound_to"] == "unknown"
        (unknown,) = [finding for finding in row["findings"] if finding["rule"] == "frappe-trait-unknown"]
        assert unknown["field"] == "features.code_bound_to" and unknown["severity"] == "notice"
    finally:
        path.write_text(kept)


def test_what_is_read_from_files_needs_no_bench_that_runs(tokens):
    env = tokens.demo.path / "env"
    hidden = env.rename(tokens.demo.path / "env.away")
    try:
        result, _warnings = look(tokens.demo, gather=["domains", "config"])
        assert [row["name"] for row in result["sites"]] == list(SITES) and not result.get("failed")
        result, _warnings = look(tokens.demo, gather=["tokens"])
        assert result["failed"] and "env/bin/python is missing" in result["msg"]
    finally:
        hidden.rename(env)


def test_one_broken_site_is_named_and_the_others_are_read(tokens):
    path = tokens.demo.config_path("site3.localhost")
    kept = path.read_bytes()
    path.write_text(json.dumps({**json.loads(kept), "db_name": "_nosuch"}))
    try:
        result, _warnings = look(tokens.demo)
    finally:
        path.write_bytes(kept)
    assert result["failed"] and "site3.localhost: cannot connect to the site's database" in result["msg"]
    assert [row["failed"] for row in result["sites"]] == [False, False, True]
    assert site(result)["tokens"]["active"] == 0 and FORMER not in json.dumps(result)
