# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""frappe_site_config on a bench, and the facts of frappe_site_info about it."""

from __future__ import annotations

import json

SECRET = "mail-0123456789abcdef0123456789ab"


def row(result, name):
    return next(r for r in result["sites"] if r["name"] == name)


def test_set_remove_and_again(demo):
    before = demo.config("site2.localhost")
    setting = {
        "settings": {"a": [1, True, {"b": None}], "max_reports": 3},
        "secret_settings": {"mail_password": SECRET},
        "common": {"settings": {"shared": "x"}},
    }
    gone = {"absent": ["a", "max_reports", "mail_password"], "common": {"absent": ["shared"]}}
    results = demo.modules(
        "frappe_site_config",
        ("set?", {**setting, "check_mode": True}),
        ("set", setting),
        ("set again", setting),
        ("remove?", {**gone, "check_mode": True}),
        ("remove", {**gone, "backup": True}),
        ("remove again", gone),
        sites=[{"name": "site2.localhost"}],
    )
    for name in ("set", "remove"):
        assert results[name]["changed"] and not results[name + " again"]["changed"]
        for site in ("common_site_config.json", "site2.localhost"):
            assert row(results[name], site)["diff"] == row(results[name + "?"], site)["diff"]
    assert row(results["set"], "site2.localhost")["diff"] == {
        "before": {},
        "after": {"a": [1, True, {"b": None}], "mail_password": "(hidden, new)", "max_reports": 3},
    }
    backup = demo.config_path("site2.localhost").parent / row(results["remove"], "site2.localhost")["backup_file"]
    assert json.loads(backup.read_text())["mail_password"] == SECRET
    backup.unlink()
    assert demo.config("site2.localhost") == before
    assert SECRET not in json.dumps(results)


def test_findings_are_of_the_effective_configuration_and_name_the_file(demo):
    common = demo.path / "sites" / "common_site_config.json"
    kept = common.read_bytes()
    common.write_text(json.dumps({**json.loads(kept), "ignore_csrf": 1, "allow_cors": "*"}))
    try:
        own = {"sites": [{"name": "site2.localhost", "settings": {"allow_cors": []}}, {"name": "site3.localhost"}]}
        result = demo.modules("frappe_site_config", ("look", own), check_mode=True)["look"]
    finally:
        common.write_bytes(kept)
    assert [f["field"] for f in row(result, "site2.localhost")["findings"]] == [
        "ignore_csrf in common_site_config.json"
    ]
    assert {f["rule"] for f in row(result, "site3.localhost")["findings"]} == {"ignore-csrf", "cors-any-origin"}


def test_info(demo):
    (result,) = demo.modules("frappe_site_info", ("info", {})).values()
    trust, site2 = row(result, "Trust.com"), row(result, "site2.localhost")
    assert (trust["domains"], trust["url"]) == (["trust.localhost"], "http://trust.localhost")
    assert site2["domains"] == ["127.0.0.1", "site2.localhost"]
    assert set(site2["apps"]) == {"frappe", "demo_crm"} and site2["frappe_version"].startswith("15.")
    assert "redirect_uris" in site2["features"]["client_fields"] and not site2["features"]["oauth_settings"]
    assert all("client_secret" not in client for client in site2["oauth_clients"])
    assert result["bench"]["sites"] == ["Trust.com", "site2.localhost", "site3.localhost"]


def test_info_of_files_alone_needs_no_database(demo):
    kept = demo.config_path("site2.localhost").read_bytes()
    demo.config_path("site2.localhost").write_text(json.dumps({**demo.config("site2.localhost"), "db_name": "_nosuch"}))
    try:
        results = demo.modules("frappe_site_info", ("files", {"gather": ["domains"]}), ("all", {}))
    finally:
        demo.config_path("site2.localhost").write_bytes(kept)
    assert not results["files"].get("failed")
    assert "site2.localhost: cannot connect to the site's database" in results["all"]["msg"]
    assert not row(results["all"], "Trust.com")["failed"]
