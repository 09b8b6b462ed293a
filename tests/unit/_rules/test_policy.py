# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules: each reports what it is about, and no valid declaration."""

from __future__ import annotations

import re

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.catalogue import ALL_RULES, TABLES
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Finding, judge
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import (
    client_findings,
    origin,
    password_findings,
    redirect_uri_findings,
    secret_findings,
    settings_findings,
    text_findings,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import (
    INVALID,
    NOTICE,
    PROBLEM,
    REFUSED,
    WARNING,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import rule as register
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.base import SitesModule
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.clients import OPTIONS
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.clients import findings as row_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.verify import password_faults
from checkout import ROOT

GOOD_CLIENT = {
    "app_name": "Mobile App",
    "client_id": "mobile-app",
    "redirect_uris": ["com.example.crm://oauth2redirect", "https://app.example.com/cb?a=1&b=2"],
    "default_redirect_uri": "com.example.crm://oauth2redirect",
    "scopes": ["openid", "crm"],
    "grant_type": "Authorization Code",
    "allowed_roles": ["Sales User"],
    "client_secret": "8b1f0c6e5a9d4f7e8b1f0c6e5a9d4f7e",
    "contacts": ["it@example.com"],
    "client_uri": None,
}


def rules(findings):
    return [finding.rule for finding in findings]


# ---------------------------------------------------------------- values that would mask unrelated output
@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("admin", ["password-short"]),
        ("crm", ["password-short", "secret-in-name"]),
        ("crm.example", ["secret-in-name"]),
        ("8-letter", []),
        ("", []),
        (None, []),
    ],
)
def test_passwords(password, expected):
    assert rules(password_findings("password", password, ["crm.example.com", None, ""])) == expected


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ("short", ["password-short"]),
        ("Mobile App", ["secret-in-name"]),
        ("crm.example", ["secret-in-name"]),
        ("15-letters-long", []),  # as long as those that Frappe generates
        (None, []),
    ],
)
def test_the_api_secret_of_the_rest_client(secret, expected):
    row = {**dict.fromkeys(OPTIONS), **GOOD_CLIENT, "name": "a", "url": "https://crm.example.com", "api_secret": secret}
    assert rules(row_findings(row, {})) == expected


def test_the_password_of_the_verification_is_held_against_every_name_of_the_task():
    row = {**dict.fromkeys(("app_name", "client_id", "username", "url", "password")), "name": "a", "domains": []}
    rows = [
        {**row, "password": "crm.host"},
        {**row, "name": "b", "domains": ["crm.host.example"], "password": "good-one"},
    ]
    (line,) = password_faults(rows)
    assert line.startswith("a: password: is part of a site, user, app or host name [secret-in-name")
    assert password_faults(rows[1:]) == []


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://app.example.com/callback", []),
        ("https://app.example.com:8443/cb?a=1", []),
        ("com.example.crm://oauth2redirect", []),
        ("app.trust://oauth2redirect", []),
        ("com.example.crm:/oauth2redirect", []),
        ("http://127.0.0.1:8400/callback", []),
        ("http://127.0.0.1/callback", ["redirect-uri-loopback-port"]),
        ("http://[::1]/callback", ["redirect-uri-loopback-port"]),
        ("http://localhost/callback", ["redirect-uri-localhost", "redirect-uri-loopback-port"]),
        ("https://127.0.0.1/callback", []),
        ("http://[::1]:8400/callback", []),
        ("http://127.8.9.1:8400/callback", []),
        ("http://localhost:8400/callback", ["redirect-uri-localhost"]),
        ("http://app.example.com/callback", ["redirect-uri-http"]),
        ("http://10.0.0.1/callback", ["redirect-uri-http"]),
        ("HTTP://app.example.com/callback", ["redirect-uri-http"]),
        ("myapp://callback", ["redirect-uri-scheme"]),
        ("", ["redirect-uri-whitespace"]),
        ("https://a.example/cb https://b.example/cb", ["redirect-uri-whitespace"]),
        ("https://a.example/cb\nhttps://b.example/cb", ["redirect-uri-whitespace"]),
        ("https://a.example/\u00a0", ["redirect-uri-whitespace"]),
        ("/callback", ["redirect-uri-absolute"]),
        ("app.example.com/callback", ["redirect-uri-absolute"]),
        ("https:///callback", ["redirect-uri-absolute"]),
        ("https://app.example.com:port/", ["redirect-uri-absolute"]),
        ("https://[::1/cb", ["redirect-uri-absolute"]),
        ("1https://app.example.com/", ["redirect-uri-absolute"]),
        ("https://app.example.com/cb#x", ["redirect-uri-fragment"]),
        ("https://*.example.com/cb", ["redirect-uri-wildcard"]),
        ("javascript:alert(1)", ["redirect-uri-script"]),
        ("data:text/html,x", ["redirect-uri-script"]),
        ("file:///etc/passwd", ["redirect-uri-script"]),
        ("https://user:pw@app.example.com/cb", ["redirect-uri-userinfo"]),
        ("https://app.example.com/<b>", ["text-markup"]),
        ("https://app.example.com/\x00", ["text-control"]),
    ],
)
def test_redirect_uri(uri, expected):
    assert rules(redirect_uri_findings("redirect_uris", uri)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mobile App", []),
        ("Café 😀 & Co \"a\" 'b' 100% %s", []),
        ("x" * 140, []),
        ("é" * 140, []),
        ("x" * 141, ["text-length"]),
        ("", ["text-blank"]),
        ("  ", ["text-blank"]),
        (" x", ["text-edges"]),
        ("x ", ["text-edges"]),
        ("x\ty", ["text-control"]),
        ("x\u2028y", ["text-control"]),
        ("1 < 2", ["text-markup"]),
        ("<b>", ["text-markup"]),
    ],
)
def test_text(text, expected):
    assert rules(text_findings("app_name", text)) == expected


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ("s" * 32, []),
        ("s" * 140, []),
        ("s" * 31, ["secret-weak"]),
        ("s" * 15, ["secret-short"]),
        ("s" * 141, ["secret-long"]),
        (" " + "s" * 40, ["secret-rewritten"]),
        ("s" * 40 + "&", ["secret-rewritten"]),
        ("crm.example.com.some.very.long.n", ["secret-in-name"]),
    ],
)
def test_secret(secret, expected):
    assert rules(secret_findings("client_secret", secret, ["crm.example.com.some.very.long.name"])) == expected


def test_no_finding_shows_a_secret():
    for secret in ("tiny7", "s" * 20, "s" * 150, " spaced secret & more of it ", "crm.example.com"):
        for finding in secret_findings("client_secret", secret, ["crm.example.com"]):
            assert secret.strip() not in str(finding)


def test_a_default_uri_that_is_not_declared_is_not_blamed_for_its_length():
    long = "https://a.example/" + "x" * 140
    (found,) = client_findings({"app_name": "App", "redirect_uris": [long]}, "s.example")
    assert found.field == "redirect_uris" and found.found.startswith("the shortest URI has 158 characters")
    assert rules(client_findings({"app_name": "App", "default_redirect_uri": long}, "s.example")) == ["text-length"]


def test_a_good_client_breaks_no_rule():
    assert rules(client_findings(GOOD_CLIENT, "crm.example.com")) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"app_name": None, "client_id": None}, ["client-identity"]),
        ({"client_id": "mobile app"}, ["client-id-form"]),
        ({"client_id": "../x"}, ["client-id-form"]),
        ({"redirect_uris": [], "default_redirect_uri": None}, ["redirect-uris-empty"]),
        ({"default_redirect_uri": "https://other.example/cb"}, ["default-redirect-uri"]),
        ({"redirect_uris": ["https://a.example/" + "x" * 140], "default_redirect_uri": None}, ["text-length"]),
        (
            {"redirect_uris": ["https://a.example/" + "x" * 140, "https://a.example/cb"], "default_redirect_uri": None},
            [],
        ),
        (
            {"redirect_uris": [f"https://a.example/{n:05}" for n in range(3000)], "default_redirect_uri": None},
            ["text-length"],
        ),
        ({"scopes": []}, ["scopes-empty"]),
        ({"scopes": ["a b"]}, ["scope-form"]),
        ({"scopes": ['a"']}, ["scope-form"]),
        ({"scopes": ["<a>"]}, ["scope-form"]),
        ({"scopes": ["all"]}, ["scope-all"]),
        ({"grant_type": "Implicit"}, ["grant-implicit"]),
        ({"allowed_roles": []}, ["roles-empty"]),
        ({"allowed_roles": [""]}, ["text-blank"]),
        ({"skip_authorization": True}, ["consent-skipped"]),
        ({"skip_authorization": True, "redirect_uris": ["https://a.example/"], "default_redirect_uri": None}, []),
        ({"client_uri": "<x>"}, ["text-markup"]),
        ({"contacts": ["a\nb"]}, ["text-control"]),
        ({"client_secret": "short"}, ["secret-short"]),
    ],
)
def test_client(change, expected):
    assert rules(client_findings({**GOOD_CLIENT, **change}, "crm.example.com")) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://app.example.com", "https://app.example.com"),
        ("https://app.example.com:8443", "https://app.example.com:8443"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("HTTPS://APP.example.com", "https://app.example.com"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        *(
            (good, good)
            for good in (
                "capacitor://localhost",
                "ionic://localhost",
                "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
                "moz-extension://8a3e2c1b-1111-4222-8333-444455556666",
                "safari-web-extension://8A3E2C1B-1111-4222-8333-444455556666",
                "tauri://localhost",
                "app://.",
                "com.example.app://localhost:8080",
            )
        ),
        ("Capacitor://localhost", "capacitor://localhost"),
        *(
            (bad, None)
            for bad in (
                "file://",
                "file://localhost",
                "data://x",
                "javascript://x",
                "blob://x",
                "capacitor://",
                "capacitor:localhost",
                "capacitor://localhost/",
                "chrome-extension://*",
                "capacitor://u@localhost",
                "capacitor://@localhost",
                "capacitor://local|host",
                "capacitor://local$host",
                f"{'a' * 101}://localhost",
                f"capacitor://{'a' * 254}",
            )
        ),
        *((bad, None) for bad in ("*", "null", "", None, 5, "https://a.example/", "https://a.example?x", "a.example")),
        *((bad, None) for bad in ("https://a.example b", "https://a'b", 'https://a"b', "https://a.example;\n")),
        *(
            (bad, None)
            for bad in ("https://*.example", "https://u@a.example", "https://a.example:x", "https://a.example:")
        ),
    ],
)
def test_origin(value, expected):
    assert origin(value) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"allow_cors": ["https://a.example"]}, []),
        ({"allow_cors": "https://a.example"}, []),
        ({"allow_cors": []}, []),
        ({"allow_cors": "*"}, ["cors-any-origin"]),
        ({"allow_cors": ["*"]}, ["cors-origin-form"]),
        ({"allow_cors": '["https://a.example"]'}, ["cors-origin-form"]),
        ({"allow_cors": "https://a.example,https://b.example"}, ["cors-origin-form"]),
        ({"allow_cors": ["https://a.example/"]}, ["cors-origin-form"]),
        ({"allow_cors": ["null"]}, ["cors-origin-form"]),
        ({"allow_cors": ["file://"]}, ["cors-origin-form"]),
        ({"allow_cors": ["capacitor://localhost", "ionic://localhost"]}, []),
        ({"ignore_csrf": ["/api/method/x"]}, ["ignore-csrf"]),
        ({"ignore_csrf": 1}, ["ignore-csrf"]),
        ({"ignore_csrf": []}, []),
        ({"ignore_csrf": 0}, []),
        ({"cors_allow_credentials": True}, ["unread-key"]),
        ({"mail_password": "x"}, ["secret-in-settings"]),
        ({"s3": {"bucket": "b", "secret_access_key": "x"}}, ["secret-in-settings"]),
        ({"encryption_key": "x"}, ["secret-in-settings"]),
        ({"": 1}, ["config-key"]),
        ({"max_file_size": 5, "limits": {"users": 3}, "nothing": None}, []),
    ],
)
def test_settings(settings, expected):
    assert rules(settings_findings(settings, {}, [], "site_config.json")) == expected


def test_secret_settings_and_absent_keys():
    found = settings_findings(
        {"a": 1, "b": 1},
        {"b": "s" * 32, "pin": "1234", "n": 5},
        ["a", "db_password", "encryption_key"],
        "site_config.json",
    )
    assert sorted(rules(found)) == [
        "config-contradiction",
        "config-contradiction",
        "config-vital-key",
        "config-vital-key",
        "secret-form",
        "secret-short",
    ]
    assert rules(settings_findings({}, {}, ["db_password"], "common_site_config.json")) == []


def by_severity(severity):
    return next(name for name, rule in ALL_RULES.items() if rule.severity == severity)


@pytest.mark.parametrize(
    ("severity", "policy", "excepted", "outcome"),
    [
        (INVALID, "ignore", True, "stop"),
        (INVALID, "warn", False, "stop"),
        (REFUSED, "warn", False, "stop"),
        (REFUSED, "ignore", False, "stop"),
        (REFUSED, "enforce", True, "silence"),
        (WARNING, "warn", False, "tell"),
        (WARNING, "warn", True, "silence"),
        (WARNING, "enforce", False, "stop"),
        (WARNING, "enforce", True, "silence"),
        (WARNING, "ignore", False, "silence"),
        (NOTICE, "warn", False, "tell"),
        (NOTICE, "enforce", False, "tell"),
        (NOTICE, "enforce", True, "silence"),
        (NOTICE, "ignore", False, "silence"),
    ],
)
def test_judge(severity, policy, excepted, outcome):
    finding = Finding(by_severity(severity), "field", "found")
    stop, tell = judge([finding], policy, [finding.rule] if excepted else [])
    assert (stop, tell) == {"stop": ([finding], []), "tell": ([], [finding]), "silence": ([], [])}[outcome]


def test_every_rule_says_what_to_do():
    for name, rule in ALL_RULES.items():
        assert rule.severity in (INVALID, REFUSED, WARNING, NOTICE, PROBLEM), name
        assert rule.title and rule.source and rule.remedy.endswith("."), name


class RecordedWarnings:
    """The warnings of a module."""

    def __init__(self):
        self.warnings = []

    def warn(self, text):
        self.warnings.append(text)


def test_a_notice_is_not_warned_of():
    module = SitesModule.__new__(SitesModule)
    module.ansible = RecordedWarnings()
    found = [Finding(by_severity(severity), "field", "found") for severity in (NOTICE, WARNING)]
    module.warn(("a.example", finding.row()) for finding in found)
    assert len(module.ansible.warnings) == 1 and by_severity(WARNING) in module.ansible.warnings[0]


def test_every_rule_is_raised_somewhere_and_goes_by_its_own_name():
    plugins = ROOT / "plugins"
    text = "".join(path.read_text() for path in plugins.rglob("*.py") if not path.name.endswith("_rules.py"))
    for table in TABLES:
        names = {name: value for name, value in vars(table).items() if isinstance(value, str) and value in ALL_RULES}
        assert [name for name, rule in names.items() if name != rule.upper().replace("-", "_")] == []
        assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


def test_no_two_rules_have_one_id():
    with pytest.raises(ValueError, match="'site-name' is registered twice"):
        register("site-name", INVALID, "a", "b", "c")
