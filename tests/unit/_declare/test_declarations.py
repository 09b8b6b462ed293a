# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merging the declarations of an inventory."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.faults import faults
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.merge import merge
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.shapes import Mistake
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.steps import rows_of

CLIENT = {"app_name": "Mobile App", "redirect_uris": ["com.example.crm://cb"], "scopes": ["openid"]}
DEFAULTS = {
    "oauth_clients": [CLIENT],
    "site_config": {"settings": {"a": 1, "b": {"x": 1}}, "absent": ["ignore_csrf", "c"]},
}
FOUND = ["Trust.com", "a.example.com", "b.example.com"]


def merged(sites=(), defaults=None, found=tuple(FOUND), discover=True, exclude=(), only=()):
    sites, defaults = list(sites), DEFAULTS if defaults is None else defaults
    before = copy.deepcopy((sites, defaults))
    declarations = merge(sites, defaults, list(found), discover, list(exclude), list(only))
    assert (sites, defaults) == before, "merging changed what it was given"
    return {site["name"]: site for site in declarations}


def site(**declared):
    return merged([{"name": "a.example.com", **declared}])["a.example.com"]


# ---------------------------------------------------------------- which sites
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, FOUND),
        ({"sites": [{"name": "new.example.com"}]}, [*FOUND, "new.example.com"]),
        ({"discover": False}, []),
        (
            {"discover": False, "sites": [{"name": "b.example.com"}, {"name": "Trust.com"}]},
            ["Trust.com", "b.example.com"],
        ),
        ({"exclude": ["*.example.com"]}, ["Trust.com"]),
        ({"exclude": ["trust.com"]}, FOUND),
        ({"only": ["a.*", "Trust.com"]}, ["Trust.com", "a.example.com"]),
        ({"only": ["a.example.com"], "exclude": ["a.*"]}, []),
        ({"sites": [{"name": "a.example.com", "managed": False}]}, ["Trust.com", "b.example.com"]),
    ],
)
def test_sites(options, expected):
    assert list(merged(**options)) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"only": ["nosuch"]}, "oauth2_only_sites: 'nosuch' matches no site of this bench. Correct the pattern"),
        ({"sites": [{"name": "a"}, {"name": "a"}]}, "oauth2_sites: a is listed twice"),
        ({"sites": [{"domains": ["x"]}]}, "oauth2_sites, item 1: name is not set"),
        ({"sites": ["a"]}, "oauth2_sites, item 1: name is not set"),
        ({"sites": [{"name": "a", "oauth_client": []}]}, "site a: unknown key 'oauth_client'"),
        ({"sites": [{"name": "a", "site_config": {"setings": {}}}]}, "site a: site_config: unknown key 'setings'"),
        ({"sites": [{"name": "a", "site_config": {"settings": []}}]}, "site a: site_config: settings: found a list"),
        (
            {"sites": [{"name": "a", "site_config": {"absent": [[]]}}]},
            "absent, item 1: found a list, expected a string",
        ),
        ({"sites": [{"name": "a", "cors": {"credentials": "maybe"}}]}, "credentials: found 'maybe', expected true or"),
        ({"sites": [{"name": "a", "cors": {"max_age": "x"}}]}, "cors: max_age: found 'x', expected a whole number"),
        (
            {"sites": [{"name": "a", "cors": '{"origins"'}]},
            "cors: found a string that is not valid JSON, expected a ma",
        ),
        ({"sites": [{"name": "a", "oauth_clients": "x"}]}, "oauth_clients, item 1: found a string, expected a mapping"),
        ({"sites": [{"name": "a", "oauth_clients": [{"scopes": ["x"]}]}]}, "item 1: neither app_name nor"),
        ({"sites": [{"name": "a", "oauth_clients": [{"app_name": [5]}]}]}, "app_name: found a list, expected a string"),
        ({"sites": [{"name": "a", "oauth_clients": [{"app_name": None}]}]}, "app_name: the value is empty"),
        (
            {"sites": [{"name": "a", "oauth_clients": [{"app_name": "x", "redirect_uris": {}}]}]},
            "redirect_uris: found a mapping, expected a list",
        ),
        ({"sites": [{"name": "a", "oauth_clients": [{"app_name": "x", "state": "gone"}]}]}, "state: found 'gone'"),
        ({"defaults": {"cor": {}}}, "oauth2_site_defaults: unknown key 'cor'"),
        ({"defaults": {"cors": {"max_age": 5}}}, "site Trust.com: cors.origins is not set"),
        (
            {"sites": [{"name": "a", "cors": {"origins": []}, "site_config": {"settings": {"allow_cors": []}}}]},
            "site a: cors and site_config.settings.allow_cors are both declared",
        ),
        ({"defaults": {"name": "x"}}, "oauth2_site_defaults: unknown key 'name'"),
    ],
)
def test_mistakes_name_site_and_key(options, message):
    with pytest.raises(Mistake) as error:
        merged(**options)
    assert message in str(error.value)


# ---------------------------------------------------------------- strings mean what they mean elsewhere in Ansible
OMIT = ("<<Omit>>", "__omit_place_holder__8e4f3b")


@pytest.mark.parametrize(
    ("step", "given", "expected"),
    [
        ("cors", {"origins": "https://a.example, https://b.example", "credentials": "yes", "max_age": "600"},
         {"origins": ["https://a.example", "https://b.example"], "credentials": True, "max_age": 600}),
        ("cors", '{"origins": ["https://a.example"]}', {"origins": ["https://a.example"]}),
        ("cors", {"origins": '["https://a.example"]'}, {"origins": ["https://a.example"]}),
        ("tokens", {"max_refresh_age": 30, "prune_after": "7d"}, {"max_refresh_age": "30", "prune_after": "7d"}),
        ("api_keys", {"users": 5, "state": "absent"}, {"users": ["5"], "state": "absent"}),
        ("verify", {"validate_certs": "no", "password": 12345678}, {"validate_certs": False, "password": "12345678"}),
        ("site_config", {"backup": "true", "settings": {"a": "yes"}}, {"backup": True, "settings": {"a": "yes"}}),
        *(("site_config", {"backup": omit, "absent": ["a", omit], "settings": {"x": omit, "y": [1, omit, {"z": omit}]}},
           {"absent": ["a"], "settings": {"y": [1, {}]}}) for omit in OMIT),
    ],
)  # fmt: skip
def test_strings_in_a_step_are_converted_and_omitted_values_removed(step, given, expected):
    for found in (merged([{"name": "a.example.com", step: given}], {}), merged((), {step: given})):
        assert found["a.example.com"][step].items() >= expected.items()
    assert found["a.example.com"][step].keys() - expected.keys() <= {"managed"}


@pytest.mark.parametrize("omit", OMIT)
def test_strings_in_a_client_and_a_site_are_converted(omit):
    client = {"app_name": 5, "skip_authorization": "no", "allowed_roles": omit, "scopes": "openid,all", "managed": "y"}
    found = merged([{"name": 7, "domains": "x.example", "oauth_clients": [client, omit]}], {}, ["7"])
    assert found["7"]["domains"] == ["x.example"]
    assert found["7"]["oauth_clients"] == [
        {"app_name": "5", "skip_authorization": False, "scopes": ["openid", "all"], "exclusive": False}
    ]
    assert merged([{"name": "7", "managed": "no"}], {}, ["7"]) == {}
    defaults = {"oauth_clients": [CLIENT], "oauth_clients_exclusive": "yes"}
    assert "oauth_clients" not in merged([{"name": "7", "oauth_clients": {"managed": "false"}}], defaults, ["7"])["7"]
    assert merged([], defaults, ["7"])["7"]["oauth_clients"][0]["exclusive"] is True


# ---------------------------------------------------------------- clients
def test_clients_merge_by_name_as_the_database_compares_it():
    (client,) = site(oauth_clients=[{"app_name": "MOBILE app", "scopes": ["crm"]}])["oauth_clients"]
    assert client == {**CLIENT, "app_name": "MOBILE app", "scopes": ["crm"], "exclusive": False}


def test_clients_merge_by_client_id_before_name():
    defaults = {"oauth_clients": [{"client_id": "a", "app_name": "X"}, {"client_id": "b", "app_name": "X"}]}
    sites = [{"name": "a.example.com", "oauth_clients": [{"client_id": "b", "app_name": "X", "rename": True}]}]
    first, second = merged(sites, defaults)["a.example.com"]["oauth_clients"]
    assert "rename" not in first and second["rename"] is True


def test_other_clients_are_added_and_an_empty_list_changes_nothing():
    more = site(oauth_clients=[{"app_name": "Other", "redirect_uris": ["https://o.example/"]}])["oauth_clients"]
    assert [client["app_name"] for client in more] == ["Mobile App", "Other"]
    assert len(site(oauth_clients=[])["oauth_clients"]) == 1


@pytest.mark.parametrize("declared", [{"managed": False}, [{"app_name": "mobile app", "managed": False}]])
def test_unmanaged_clients_are_dropped(declared):
    assert "oauth_clients" not in site(oauth_clients=declared)


def test_absent_is_kept_for_the_module():
    (client,) = site(oauth_clients=[{"app_name": "Mobile App", "state": "absent"}])["oauth_clients"]
    assert client["state"] == "absent"


# ---------------------------------------------------------------- site_config
def test_mappings_merge_by_key_and_values_and_lists_replace():
    config = site(site_config={"settings": {"b": {"y": 2}, "d": 4}, "absent": ["e"]})["site_config"]
    assert config == {"settings": {"a": 1, "b": {"y": 2}, "d": 4}, "absent": ["e"]}


def test_what_a_site_says_beats_the_defaults_both_ways():
    config = site(site_config={"settings": {"ignore_csrf": 0}, "secret_settings": {"c": "s" * 32}})["site_config"]
    assert config["absent"] == []
    assert config["settings"] == {"a": 1, "b": {"x": 1}, "ignore_csrf": 0}
    assert "a" not in site(site_config={"absent": ["a"]})["site_config"]["settings"]


def test_an_unmanaged_step_is_dropped():
    assert "site_config" not in site(site_config={"managed": False})
    assert "verify" not in site(verify={"managed": False})


# ---------------------------------------------------------------- rows for the modules
def test_rows_of_each_step():
    declarations = list(merged([{"name": "b.example.com", "site_config": {"managed": False}}]).values())
    rows = rows_of(declarations, [])
    assert [row["name"] for row in rows["site_config"]] == ["Trust.com", "a.example.com"]
    assert [row["name"] for row in rows["oauth_clients"]] == FOUND
    assert rows["verify"] == [{"name": name, "app_name": "Mobile App"} for name in FOUND]
    assert rows["reach"] == [{"name": name} for name in FOUND]
    assert rows["api_keys"] == rows["tokens"] == rows["edge"] == []


def test_what_is_declared_for_other_origins_is_what_is_verified():
    site = {"name": "Trust.com", "domains": ["trust.example.com"], "cors": {"origins": ["https://a.example"]}}
    found = [{"name": "Trust.com", "domains": ["trust.example.com", "old.example.com"]}]
    for owner, cors in (
        ("nginx", {"origins": ["https://a.example"]}),
        ("frappe", {"origins": ["https://a.example"]}),
        ("none", None),
    ):
        declared = merge([site], {"oauth_clients": [{"app_name": "X"}]}, FOUND, False, [], [], owner)
        (row,) = rows_of(declared, found)["verify"]
        assert row["domains"] == ["trust.example.com", "old.example.com"]
        assert row.get("cors") == cors, owner


def test_absent_clients_are_not_verified():
    declarations = merge([], {"oauth_clients": [{"app_name": "X", "state": "absent"}]}, FOUND, True, [], [])
    assert rows_of(declarations, [])["verify"] == []


def test_faults_name_the_site_and_spare_the_good():
    bad = {"name": "a.example.com", "site_config": {"settings": {"ignore_csrf": ["/x"]}}}
    lines = faults(list(merged([bad]).values()), {"settings": {"allow_cors": "*"}}, "warn", [])
    common, site = lines
    assert common.startswith("oauth2_common_site_config: allow_cors: is '*' [cors-any-origin]. ")
    assert site.startswith('a.example.com: ignore_csrf in site_config.json: is ["/x"] [ignore-csrf]. ')
    with pytest.raises(Mistake, match="oauth2_common_site_config: unknown key 'allow_cors'"):
        faults([], {"allow_cors": []}, "warn", [])


# ---------------------------------------------------------------- API keys and kept secrets
KEYS = {"roles": ["Sales User"], "exclude_users": ["Administrator"]}


def test_api_keys_merge_by_key_and_become_a_row():
    found = merged(
        [
            {"name": "a.example.com", "api_keys": {"users": ["x@example.com"], "roles": []}},
            {"name": "b.example.com", "api_keys": {"managed": False}},
        ],
        {"api_keys": KEYS},
    )
    assert found["Trust.com"]["api_keys"] == KEYS and "api_keys" not in found["b.example.com"]
    assert rows_of(list(found.values()), [])["api_keys"] == [
        {"name": "Trust.com", **KEYS},
        {"name": "a.example.com", **KEYS, "users": ["x@example.com"], "roles": []},
    ]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"user": []}, "api_keys: unknown key 'user'"),
        ({"state": "gone"}, "api_keys: state: found 'gone', expected one of present, absent, rotated"),
        ({"disabled_users": "keep"}, "disabled_users: found 'keep', expected one of report, revoke, ignore"),
    ],
)
def test_mistakes_in_api_keys(declared, message):
    with pytest.raises(Mistake, match=message):
        site(api_keys=declared)


def test_a_stray_folder_on_the_bench_stops_nobody_and_a_listed_name_is_held_to_its_form():
    declarations = merge([{"name": "Trust.com"}], {}, ["Trust.com", "Copy of Trust.com"], True, [], [])
    assert faults(declarations, {}, "warn", [], listed=["Trust.com"]) == []
    (line,) = faults(declarations, {}, "warn", [], listed=["Trust.com", "Copy of Trust.com"])
    assert line.startswith("Copy of Trust.com: name: ") and "[site-name" in line
    assert faults(declarations, {}, "warn", []) == [line]


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("admin", "password-short"),
        ("example.com", "secret-in-name"),
        ("crm-host.example", "secret-in-name"),
        ("Reporting App", "secret-in-name"),
        ("someone@", "secret-in-name"),
        ("horse-78", None),
        ("", None),
    ],
)
def test_a_password_whose_masking_would_mask_unrelated_output_is_rejected(password, rule):
    sites = [
        {"name": "a.example.com", "domains": ["crm-host.example"], "verify": {"password": password}},
        {"name": "b.example.com", "oauth_clients": [{**CLIENT, "app_name": "Reporting App"}]},
        {"name": "Trust.com", "verify": {"username": "someone@x.example"}},
    ]
    declarations = merge(sites, {}, FOUND, True, [], [])
    lines = faults(declarations, {}, "warn", [])
    assert [f"a.example.com: verify: password: {line.split(': ', 3)[3]}" for line in lines] == lines
    assert [line for line in lines if f"[{rule}]" in line] == lines and bool(lines) is bool(rule)


@pytest.mark.parametrize(
    ("password", "found"), [("b.example", 1), (1234, 1), (12345678, 0), ("horse-78", 0), (None, 0)]
)
def test_the_password_for_every_site_is_held_against_every_name(password, found):
    declarations = merge([{"name": "b.example.com"}], {}, ["b.example.com"], True, [], [])
    lines = faults(declarations, {}, "warn", [], verify_password=password)
    assert len(lines) == found and all(line.startswith("oauth2_verify_password: ") for line in lines)


def test_generated_secrets_require_a_store():
    declarations = list(
        merged(defaults={"api_keys": KEYS, "oauth_clients": [{**CLIENT, "store_secret": True}]}).values()
    )
    without = faults(declarations, {}, "warn", [])
    assert len(without) == 6 and all("secrets-store-missing" in line for line in without)
    assert faults(declarations, {}, "warn", [], "/store") == []
    contradiction = merged([{"name": "a.example.com", "api_keys": {"users": ["Administrator"]}}], {})
    assert "key-user-excluded" in faults(list(contradiction.values()), {}, "warn", [], "/store")[0]


# ---------------------------------------------------------------- CORS has one owner
@pytest.mark.parametrize(
    ("owner", "settings", "absent", "at_nginx"),
    [
        ("nginx", {}, ["ignore_csrf", "allow_cors"], True),
        ("none", {}, ["ignore_csrf", "allow_cors"], False),
        ("frappe", {"allow_cors": ["https://a.example"]}, ["ignore_csrf"], False),
    ],
)
def test_the_source_of_cors_headers(owner, settings, absent, at_nginx):
    defaults = {"cors": {"origins": ["https://a.example"], "max_age": 5}, "site_config": {"absent": ["ignore_csrf"]}}
    (declared,) = merge([], defaults, ["a"], True, [], [], owner)
    assert declared["site_config"].get("settings", {}) == settings
    assert declared["site_config"]["absent"] == absent
    assert ("cors" in declared) is at_nginx


def test_cors_merges_by_key_and_a_site_may_drop_it():
    defaults = {"cors": {"origins": ["https://a.example"], "max_age": 5}}
    sites = [{"name": "a", "cors": {"origins": []}}, {"name": "b", "cors": {"managed": False}}]
    first, second = merge(sites, defaults, ["a", "b"], True, [], [])
    assert first["cors"] == {"origins": [], "max_age": 5}
    assert "cors" not in second and "site_config" not in second


@pytest.mark.parametrize("owner", ["nginx", "frappe", "none"])
def test_what_is_unmanaged_is_not_touched_for_the_sake_of_cors(owner):
    defaults = {"cors": {"origins": ["https://a.example"]}, "site_config": {"settings": {"x": 1}}}
    sites = [{"name": "a", "site_config": {"managed": False}}, {"name": "b", "cors": {"managed": False}}, {"name": "c"}]
    declared = merge(sites, defaults, ["a", "b", "c"], True, [], [], owner)
    config = {row["name"]: row for row in rows_of(declared, [])["site_config"]}
    assert config["b"] == {"name": "b", "settings": {"x": 1}} and "a" not in config and "c" in config
    found = [{"name": name, "domains": [name]} for name in "abc"]
    rows = {row["name"]: row for row in rows_of(declared, found)["edge"]}
    assert ["cors" in rows[name] for name in "abc"] == [owner == "nginx", False, owner == "nginx"]
    assert [rows[name].get("cors_managed", True) for name in "abc"] == [True, False, True]


def test_rows_of_the_edge_know_every_host_name():
    declared = merge([{"name": "a", "domains": ["x.example"]}], {}, ["a", "b", "broken"], True, [], [])
    found = [{"name": "a", "domains": ["a.example", "x.example"]}, {"name": "b", "domains": []}, {"name": "broken"}]
    assert rows_of(declared, found)["edge"] == [
        {"name": "a", "domains": ["x.example"], "found_domains": ["a.example", "x.example"]},
        {"name": "b", "domains": [], "found_domains": []},
    ]
