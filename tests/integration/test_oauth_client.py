# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""frappe_oauth_client: every state is checked, applied and applied again."""

from __future__ import annotations

import json

import pytest
from demo_bench import SITES

URIS = ["com.example.crm://cb", "https://app.example.com/cb"]
SECRET, OTHER_SECRET = "first-0123456789abcdef0123456789", "second-0123456789abcdef012345678"
APP = {"name": "site2.localhost", "app_name": "Rhythm", "redirect_uris": URIS, "scopes": ["openid"]}


def row(result, number=0):
    return result["sites"][number]


def clients(demo, app_name="Rhythm", site="site2.localhost"):
    return [client for client in demo.rows(site, "OAuth Client") if client["app_name"].lower() == app_name.lower()]


def test_missing_and_contradicting_options(demo):
    results = demo.modules(
        "frappe_oauth_client",
        ("no site", {"app_name": "X"}),
        ("both", {"name": "a", "sites": [{"name": "b"}], "app_name": "X"}),
        ("no identity", {"name": "site2.localhost"}),
        ("not enough to create", {"name": "site2.localhost", "app_name": "Nosuch"}),
        ("bad choice", {"name": "site2.localhost", "app_name": "X", "grant_type": "Password"}),
    )
    messages = {name: result["msg"] for name, result in results.items()}
    assert "one of the following is required: name, sites" in messages["no site"]
    assert "parameters are mutually exclusive: name|sites" in messages["both"]
    assert "neither app_name nor client_id is set" in messages["no identity"]
    assert "redirect_uris: not declared, but required to create the client 'Nosuch'" in messages["not enough to create"]
    assert "value of grant_type must be one of: Authorization Code, Implicit, got: Password" in messages["bad choice"]


def test_create_update_rotate_delete(demo):
    update = {"scopes": ["openid", "all"], "skip_authorization": True, "allowed_roles": ["sales user"]}
    gone = {"state": "absent"}
    results = demo.modules(
        "frappe_oauth_client",
        ("create?", {"check_mode": True}),
        ("create", {}),
        ("create again?", {"check_mode": True}),
        ("create again", {}),
        ("update?", {**update, "check_mode": True}),
        ("update", update),
        ("update again", {**update, "redirect_uris": URIS[::-1], "app_name": "RHYTHM "[:-1]}),
        ("secret?", {"client_secret": SECRET, "check_mode": True}),
        ("secret", {"client_secret": SECRET}),
        ("secret again", {"client_secret": SECRET}),
        ("rotate?", {"rotate_secret": True, "check_mode": True}),
        ("rotate", {"rotate_secret": True}),
        ("delete?", {**gone, "check_mode": True}),
        ("delete", gone),
        ("delete again?", {**gone, "check_mode": True}),
        ("delete again", gone),
        **APP,
    )
    actions = {name: row(result)["action"] for name, result in results.items()}
    for name, action in actions.items():
        assert results[name]["changed"] == (action != "unchanged")
        if name + "?" in actions:
            assert actions[name + "?"] == action
            assert row(results[name + "?"])["diff"] == row(results[name])["diff"]
    assert actions["create"] == "created" and actions["create again"] == "unchanged"
    assert row(results["update"])["diff"] == {
        "before": {"allowed_roles": ["Desk User"], "scopes": ["openid"], "skip_authorization": False},
        "after": {"allowed_roles": ["Sales User"], "scopes": ["openid", "all"], "skip_authorization": True},
    }
    assert row(results["update again"])["diff"] == {"before": {"app_name": "Rhythm"}, "after": {"app_name": "RHYTHM"}}
    hidden = {"before": {"client_secret": "(hidden)"}, "after": {"client_secret": "(hidden, new)"}}
    assert row(results["secret"])["diff"]["after"]["client_secret"] == "(hidden, new)"
    assert actions["secret again"] == "unchanged"
    assert row(results["rotate"])["diff"] == hidden
    assert actions["delete"] == "deleted" and actions["delete again"] == "unchanged"
    assert clients(demo) == []
    assert SECRET not in json.dumps(results)


def test_no_secret_stays_in_versions_or_deleted_documents(demo):
    demo.modules(
        "frappe_oauth_client",
        ("create", {"client_secret": SECRET}),
        ("update", {"client_secret": OTHER_SECRET}),
        ("delete", {"state": "absent"}),
        **APP,
    )
    with demo.database("site2.localhost") as connection:
        dump = "\n".join(connection.iterdump())
    assert SECRET not in dump and OTHER_SECRET not in dump


def test_one_row_per_declaration_in_its_order_and_options_by_site(demo):
    sites = [
        {"name": "site3.localhost"},
        {"name": "nosuch.localhost"},
        {"name": "Trust.com", "client_id": "rhythm-trust"},
        {"name": "site3.localhost", "app_name": "Second", "scopes": ["all"]},
    ]
    shared = {key: value for key, value in APP.items() if key != "name"}
    results = demo.modules(
        "frappe_oauth_client",
        ("create", {}),
        ("again", {}),
        ("clean", {"state": "absent"}),
        sites=sites,
        **shared,
    )
    rows = results["create"]["sites"]
    assert [(r["name"], r["action"]) for r in rows] == [
        ("site3.localhost", "created"),
        ("nosuch.localhost", "failed"),
        ("Trust.com", "created"),
        ("site3.localhost", "created"),
    ]
    assert results["create"]["failed"] and results["create"]["changed"]
    assert "1 of 3 sites failed:\nnosuch.localhost: the bench" in results["create"]["msg"]
    assert (rows[2]["client_id"], rows[3]["app_name"]) == ("rhythm-trust", "Second")
    assert [r["action"] for r in results["again"]["sites"]] == ["unchanged", "failed", "unchanged", "unchanged"]
    assert [r["action"] for r in results["clean"]["sites"]] == ["deleted", "failed", "deleted", "deleted"]


def test_a_site_is_written_completely_or_not_at_all(demo):
    bad = {"app_name": "Bad Role", "allowed_roles": ["Nosuch"]}
    (result,) = demo.modules(
        "frappe_oauth_client",
        ("create", {"sites": [{"name": APP["name"]}, {"name": APP["name"], **bad}]}),
        app_name="Whole",
        redirect_uris=URIS,
    ).values()
    assert [r["failed"] for r in result["sites"]] == [True, True]
    assert clients(demo, "Whole") == []


def test_rename_takes_the_tokens_along(demo):
    demo.modules("frappe_oauth_client", ("create", {}), **APP)
    (client,) = clients(demo)
    token(demo, client["name"])
    results = demo.modules(
        "frappe_oauth_client",
        ("refused", {}),
        ("rename?", {"rename": True, "check_mode": True}),
        ("rename", {"rename": True}),
        ("again", {"rename": True}),
        ("delete", {"state": "absent"}),
        ("delete with tokens?", {"state": "absent", "revoke_tokens": True, "check_mode": True}),
        ("delete with tokens", {"state": "absent", "revoke_tokens": True}),
        client_id="rhythm-chosen",
        **APP,
    )
    assert "Declare client_id: " in results["refused"]["msg"] and "rename: true" in results["refused"]["msg"]
    assert row(results["rename"])["diff"] == row(results["rename?"])["diff"]
    assert row(results["rename"])["diff"]["after"] == {"client_id": "rhythm-chosen"}
    assert row(results["again"])["action"] == "unchanged"
    assert "revoke_tokens: true" in results["delete"]["msg"]
    assert row(results["delete with tokens"])["action"] == "deleted"
    assert demo.rows("site2.localhost", "OAuth Bearer Token") == []


def token(demo, client):
    demo.execute(
        "site2.localhost",
        'insert into "tabOAuth Bearer Token" (name, access_token, client, user, status, owner, creation, modified) '
        "values ('t', 't', ?, 'clerk@demo.example', 'Active', 'Administrator', '2026-01-01', '2026-01-01')",
        client,
    )


@pytest.fixture
def strangers(demo):
    """A site with an undeclared client, and one from dynamic client registration."""
    create = {"name": "site3.localhost", "redirect_uris": URIS}
    demo.modules("frappe_oauth_client", ("a", {"app_name": "Stranger"}), ("b", {"app_name": "Dynamic"}), **create)
    demo.execute("site3.localhost", "update \"tabOAuth Client\" set owner = 'Guest' where app_name = 'Dynamic'")
    kept = demo.rows("site3.localhost", "OAuth Client")
    yield {client["app_name"] for client in kept}
    demo.modules(
        "frappe_oauth_client", ("a", {"app_name": "Only"}), ("b", {"app_name": "Dynamic"}), **create, state="absent"
    )


def test_exclusive_prunes_undeclared_clients_and_reports_them(demo, strangers):
    only = {"name": "site3.localhost", "app_name": "Only", "redirect_uris": URIS, "exclusive": True}
    results = demo.modules(
        "frappe_oauth_client", ("prune?", {"check_mode": True}), ("prune", {}), ("again", {}), **only
    )
    pruned = {r["app_name"] for r in results["prune"]["sites"] if r["pruned"]}
    assert pruned == strangers - {"Dynamic"} and "Stranger" in pruned
    assert [r["action"] for r in results["prune?"]["sites"]] == [r["action"] for r in results["prune"]["sites"]]
    assert results["again"]["changed"] is False
    assert {c["app_name"] for c in demo.rows("site3.localhost", "OAuth Client")} == {"Only", "Dynamic"}


def test_policy(demo):
    odd = {**APP, "scopes": ["all"], "redirect_uris": ["http://app.example.com/cb"]}
    results = demo.modules(
        "frappe_oauth_client",
        ("refused", {}),
        ("excepted", {"policy_exceptions": ["redirect-uri-http"]}),
        ("enforced", {"policy": "enforce", "policy_exceptions": ["redirect-uri-http"]}),
        ("ignored", {"policy": "ignore", "policy_exceptions": ["redirect-uri-http"]}),
        check_mode=True,
        **odd,
    )
    assert "redirect-uri-http" in results["refused"]["msg"] and results["refused"]["sites"] == []
    assert [f["rule"] for f in row(results["excepted"])["findings"]] == ["scope-all"]
    assert "scope-all" in results["enforced"]["msg"]
    assert row(results["ignored"])["findings"] == []


def test_over_rest(demo):
    """The same over REST, with the API key of a System Manager. 127.0.0.1 is a domain of site2."""
    key, secret = "restkey0123456789", "restsecret-0123456789abcdef01234"
    demo.tasks([{"name": "Key", "ansible.builtin.command": give_key(demo, key, secret)}])
    door = {"url": demo.address, "api_key": key, "api_secret": secret}
    update = {"scopes": ["openid", "all"], "allowed_roles": ["sales user"]}
    results = demo.modules(
        "frappe_oauth_client",
        ("create?", {"check_mode": True}),
        ("create", {}),
        ("create again", {}),
        ("update?", {**update, "check_mode": True}),
        ("update", update),
        ("update again", {**update, "redirect_uris": URIS[::-1]}),
        ("chosen?", {"app_name": "Chosen", "client_id": "chosen", "check_mode": True}),
        ("wrong key", {"api_secret": OTHER_SECRET}),
        ("nobody there", {"url": "http://127.0.0.1:9"}),
        ("delete?", {"state": "absent", "check_mode": True}),
        ("delete", {"state": "absent"}),
        ("delete again", {"state": "absent"}),
        **{**APP, "app_name": "Over REST"},
        **door,
    )
    for name in ("create", "update", "delete"):
        assert row(results[name])["diff"] == row(results[name + "?"])["diff"], name
        assert row(results[name])["changed"] and not row(results[name + " again"])["changed"], name
    assert "client_id: REST accepts a client_id only on Frappe 16 and later" in results["chosen?"]["msg"]
    assert "returned HTTP 401 for " in results["wrong key"]["msg"]
    assert "Check api_key and api_secret" in results["wrong key"]["msg"]
    assert "url: http://127.0.0.1:9 cannot be reached" in results["nobody there"]["msg"]
    assert [f["rule"] for f in row(results["delete"])["findings"]] == ["rest-copies"]
    assert secret not in json.dumps(results)


def give_key(demo, key, secret):
    code = (
        "import frappe; frappe.init(site='site2.localhost', sites_path='.'); frappe.connect();"
        "from frappe.utils.password import set_encrypted_password as keep;"
        f"frappe.db.set_value('User', 'manager@demo.example', 'api_key', '{key}');"
        f"keep('User', 'manager@demo.example', '{secret}', 'api_secret'); frappe.db.commit()"
    )
    return {"argv": [str(demo.path / "env/bin/python"), "-c", code], "chdir": str(demo.path / "sites")}


def test_every_site_of_the_demo_can_still_be_read(demo):
    results = demo.modules("frappe_site_info", ("info", {}))
    assert [r["name"] for r in results["info"]["sites"]] == sorted(SITES)
    assert not results["info"].get("failed")
