# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings about a site: a healthy site has only notices, and each fault has its own finding."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import HIDDEN
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.catalogue import ALL_RULES
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import NOTICE
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.site_findings import (
    TRAITS,
    listed,
    site_findings,
    watched,
)

CLIENT = {
    "client_id": "c1",
    "owner": "Administrator",
    "app_name": "Mobile App",
    "redirect_uris": ["com.example.crm://cb", "https://app.example.com/cb"],
    "default_redirect_uri": "com.example.crm://cb",
    "scopes": ["openid"],
    "grant_type": "Authorization Code",
    "response_type": "Code",
    "skip_authorization": False,
    "allowed_roles": ["Desk User"],
    "secret_bytes": 43,
    "secret_in_versions": False,
}
HEALTHY = {
    "config": {"allow_cors": {"value": ["https://app.example.com"], "file": "site_config.json"}},
    "domains": ["crm.example.com"],
    "oauth_settings": {
        "OAuth Provider Settings": {"skip_authorization": "Force"},
        "System Settings": {"disable_user_pass_login": False, "enable_two_factor_auth": False},
    },
    "oauth_clients": [CLIENT],
    "tokens": {"disabled_users": [], "by_client": [{"client_id": "c1", "known": True}]},
    "api_keys": [{"user": "a@example.com", "enabled": True, "has_secret": True}],
    "encryption_key_missing": False,
    "secrets_not_opened": {},
    "features": {trait: value for trait, (value, _rule) in TRAITS.items()},
}


def found(**changes):
    facts = {**copy.deepcopy(HEALTHY), **changes}
    return [(f.rule, f.field, f.found) for f in site_findings(facts) if ALL_RULES[f.rule].severity != NOTICE]


def test_a_healthy_site_on_frappe_15_has_notices_and_nothing_else():
    assert found() == []
    notices = [finding.rule for finding in site_findings(HEALTHY)]
    assert notices == [rule for _value, rule in TRAITS.values()]


def test_what_was_not_gathered_breaks_nothing():
    assert list(site_findings({})) == []


def test_a_better_frappe_has_no_notices_and_an_unknown_one_says_so():
    better = {
        trait: "session" if value == "cookie" else "gone" if value == "open" else "other"
        for trait, (value, _r) in TRAITS.items()
    }
    assert list(site_findings({"features": better})) == []
    unknown = dict.fromkeys(TRAITS, "unknown")
    assert {f.rule for f in site_findings({"features": unknown})} == {"frappe-trait-unknown"}


def client(**changes):
    return {"oauth_clients": [{**CLIENT, **changes}]}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"config": {"ignore_csrf": {"value": ["/x"], "file": "common_site_config.json"}}},
            ("ignore-csrf", "ignore_csrf in common_site_config.json", 'is ["/x"]'),
        ),
        (
            {"config": {"allow_cors": {"value": "*", "file": "site_config.json"}}},
            ("cors-any-origin", "allow_cors in site_config.json", "is '*'"),
        ),
        (
            {"config": {"cors_allow_credentials": {"value": True, "file": "site_config.json"}}},
            ("unread-key", "cors_allow_credentials in site_config.json", "is true"),
        ),
        (
            {"encryption_key_missing": True},
            ("encryption-key-missing", "encryption_key in site_config.json", "is missing"),
        ),
        (
            {"oauth_settings": {"OAuth Provider Settings": {"skip_authorization": "Auto"}}},
            ("settings-consent-auto", "OAuth Provider Settings: skip_authorization", "is 'Auto'"),
        ),
        (
            {"domains": []},
            (
                "domain-missing",
                "domains in site_config.json",
                "is not set, and the name of the site directory has a capital letter",
            ),
        ),
        (
            {"secrets_not_opened": {"Email Account": 1, "User": 2}},
            (
                "encryption-key-wrong",
                "encryption_key in site_config.json",
                "cannot decrypt secrets in Email Account (1), secrets in User (2)",
            ),
        ),
        (
            {"oauth_settings": {"System Settings": {"disable_user_pass_login": True, "enable_two_factor_auth": True}}},
            (
                "password-grant-bypass",
                "System Settings",
                "the password grant ignores disable_user_pass_login and enable_two_factor_auth",
            ),
        ),
        (
            {"oauth_settings": {"OAuth Settings": {"allowed_public_client_origins": "https://other.example.com\n"}}},
            (
                "cors-origins-differ",
                "OAuth Settings: allowed_public_client_origins",
                "does not contain https://app.example.com; contains https://other.example.com, and allow_cors does not",
            ),
        ),
        (
            {"features": {"open_bootstraps": ["crm.setup.oauth_bootstrap.bootstrap_site"]}},
            ("bootstrap-open", "apps", "any signed-in user can call crm.setup.oauth_bootstrap.bootstrap_site"),
        ),
        (
            client(secret_bytes=10),
            ("secret-weak", "client 'Mobile App': client_secret", "has 10 bytes, but at least 32 are expected"),
        ),
        (
            client(secret_in_versions=True),
            ("secret-in-versions", "client 'Mobile App': client_secret", "is stored in Version in clear text"),
        ),
        (
            client(token_endpoint_auth_method="Client Secret Basic"),
            (
                "client-auth-method",
                "client 'Mobile App': token_endpoint_auth_method",
                "is 'Client Secret Basic', but the redirect URI 'com.example.crm://cb' belongs to an app on a device",
            ),
        ),
        (
            client(redirect_uris=["com.example.crm://cb\nhttps://app.example.com/cb"]),
            (
                "stored-uris-split",
                "client 'Mobile App': redirect_uris",
                "'com.example.crm://cb\\nhttps://app.example.com/cb' contains white space",
            ),
        ),
        (client(redirect_uris=[]), ("redirect-uris-empty", "client 'Mobile App': redirect_uris", "is an empty list")),
        (
            client(default_redirect_uri="https://other.example.com/"),
            (
                "default-redirect-uri",
                "client 'Mobile App': default_redirect_uri",
                "'https://other.example.com/' is not in redirect_uris",
            ),
        ),
        (
            client(redirect_uris=["/cb"], default_redirect_uri="/cb"),
            ("redirect-uri-absolute", "client 'Mobile App': redirect_uris", "'/cb' is not an absolute URI"),
        ),
        (client(grant_type="Implicit"), ("grant-implicit", "client 'Mobile App': grant_type", "is Implicit")),
        (client(scopes=["all"]), ("scope-all", "client 'Mobile App': scopes", "contains 'all'")),
        (
            client(skip_authorization=True),
            (
                "consent-skipped",
                "client 'Mobile App': skip_authorization",
                "no consent page is shown for 'com.example.crm://cb'",
            ),
        ),
        (
            {"tokens": {"disabled_users": [{"user": "left@example.com", "tokens": 2}], "by_client": []}},
            ("token-user-disabled", "tokens", "disabled or deleted users with tokens: left@example.com"),
        ),
        (
            {"tokens": {"disabled_users": [], "by_client": [{"client_id": "gone", "known": False}]}},
            ("token-client-gone", "tokens", "deleted clients with tokens: gone"),
        ),
        (
            {"api_keys": [{"user": "left@example.com", "enabled": False, "has_secret": True}]},
            ("key-user-disabled", "api_keys", "disabled users with an API key: left@example.com"),
        ),
    ],
)
def test_each_fault_has_its_own_finding(changes, expected):
    assert expected in found(**changes)
    assert {rule for rule, _field, _found in found(**changes)} <= {expected[0], "redirect-uri-absolute"}


@pytest.mark.parametrize(
    "changes",
    [
        client(token_endpoint_auth_method="None"),
        client(redirect_uris=["https://app.example.com/cb"], default_redirect_uri="https://app.example.com/cb")
        | {"token_endpoint_auth_method": "Client Secret Post"},
        client(secret_bytes=0),
        {"oauth_settings": {"OAuth Settings": {"allowed_public_client_origins": "https://app.example.com"}}},
        {"oauth_settings": {"OAuth Settings": {"allowed_public_client_origins": ""}}},
        {
            "oauth_settings": {"System Settings": {"enable_two_factor_auth": True}},
            "features": {"password_grant": "gone"},
        },
    ],
)
def test_what_is_as_it_should_be_has_no_finding(changes):
    assert found(**changes) == []


def test_a_key_without_a_secret_is_not_reported():
    assert found(api_keys=[{"user": "left@example.com", "enabled": False, "has_secret": False}]) == []


def test_many_names_are_counted():
    assert listed(list("abcde")) == "a, b, c, d, e"
    assert listed(list("abcdefg")) == "a, b, c, d, e and 2 more"


def test_the_effective_configuration_names_its_files_and_hides_secrets():
    common = {
        "allow_cors": "*",
        "root_password": "hunter2",
        "developer_mode": 1,
        "db_password": "x",
        "admin_password": 12345,
    }
    site = {"allow_cors": ["https://a.example"], "encryption_key": "k" * 44, "own": 1}
    assert watched(common, site) == {
        "allow_cors": {"value": ["https://a.example"], "file": "site_config.json"},
        "developer_mode": {"value": 1, "file": "common_site_config.json"},
        "encryption_key": {"value": HIDDEN, "file": "site_config.json"},
        "admin_password": {"value": HIDDEN, "file": "common_site_config.json"},
        "root_password": {"value": HIDDEN, "file": "common_site_config.json"},
    }
