# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings that depend on the version of Frappe: consent, origins of public clients, and disabled users."""

from __future__ import annotations

import ast
import re
import types
from pathlib import Path

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.collation import exact, folded, identity
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe import consent
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.api_keys import KeyState, User, plan_keys
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.tokens import Token, TokenState, plan_tokens
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.audit import CLIENT_PARTS
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules import oauth_settings as oauth_settings_module
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import NOTICE, RULES
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.site_findings import (
    SILENT_TRAITS,
    site_findings,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CLIENT_FIELDS

PROVIDER, SETTINGS = "OAuth Provider Settings", "OAuth Settings"
FIELD = f"{SETTINGS}: allowed_public_client_origins"


def found(**facts):
    return [(finding.rule, finding.field, finding.found) for finding in site_findings(facts)]


# ---------------------------------------------------------------- consent
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({PROVIDER: {"skip_authorization": "Auto"}}, [(f"{PROVIDER}: skip_authorization", "is 'Auto'")]),
        ({PROVIDER: {"skip_authorization": "Force"}}, []),
        (
            {PROVIDER: {"skip_authorization": "Force"}, SETTINGS: {"skip_authorization": True}},
            [(f"{SETTINGS}: skip_authorization", "is on")],
        ),
        (
            {PROVIDER: {"skip_authorization": "Auto"}, SETTINGS: {"skip_authorization": False}},
            [(f"{PROVIDER}: skip_authorization", "is 'Auto'")],
        ),
        ({PROVIDER: {"skip_authorization": "Force"}, SETTINGS: {"skip_authorization": False}}, []),
    ],
)
def test_the_setting_that_means_auto_is_named(settings, expected):
    assert found(oauth_settings=settings) == [("settings-consent-auto", *one) for one in expected]


@pytest.mark.parametrize(
    ("counts", "tokens", "skips", "expected"),
    [
        ("anybody", ["other@example.com"], False, (False, True)),
        ("same_user", ["other@example.com"], False, (True, False)),
        ("same_user", ["clerk@example.com"], False, (False, True)),
        ("same_user", [], False, (True, False)),
        ("same_user", ["clerk@example.com"], True, (False, False)),
        ("unknown", ["other@example.com"], False, (None, True)),
        ("unknown", [], False, (True, False)),
    ],
)
def test_whether_a_consent_page_is_expected_under_auto(monkeypatch, counts, tokens, skips, expected):
    settings = {SETTINGS: {"skip_authorization": True, "allowed_public_client_origins": "https://a\n\nhttps://b \n"}}
    monkeypatch.setattr(consent, "oauth_settings", lambda frappe: settings)
    monkeypatch.setattr(consent, "traits_of", lambda frappe: {"consent_auto_counts": counts})
    frappe = types.SimpleNamespace(
        get_all=lambda doctype, filters, limit: [user for user in tokens if user == filters.get("user", user)]
    )
    facts = consent.settings_facts(frappe, skips, "clerk@example.com")
    assert (facts["consent_expected"], facts["consent_auto"]) == expected
    assert facts["public_origins"] == ["https://a", "https://b"]


# ---------------------------------------------------------------- origins of public clients
def config(value):
    return {"allow_cors": {"value": value, "file": "site_config.json"}}


@pytest.mark.parametrize(
    ("origins", "allow_cors", "expected"),
    [
        ("*", None, [("cors-public-any-origin", "contains '*'")]),
        ("https://a.test\n*\n", ["https://a.test"], [("cors-public-any-origin", "contains '*'")]),
        ("https://a.test\nhttps://b.test", ["https://b.test", "https://a.test"], []),
        ("https://a.test", "https://a.test", []),
        ("https://a.test", None, []),
        ("", ["https://a.test"], []),
        (
            "https://a.test\r\nhttps://evil.test",
            ["https://a.test"],
            [("cors-origins-differ", "contains https://evil.test, and allow_cors does not")],
        ),
        (  # Frappe splits lines, not words
            "https://a.test https://b.test",
            ["https://a.test"],
            [
                (
                    "cors-origins-differ",
                    "does not contain https://a.test; contains https://a.test https://b.test, and allow_cors does not",
                )
            ],
        ),
    ],
)
def test_allowed_public_client_origins_are_read_as_frappe_reads_them(origins, allow_cors, expected):
    facts = {"oauth_settings": {SETTINGS: {"allowed_public_client_origins": origins}}}
    if allow_cors is not None:
        facts["config"] = config(allow_cors)
    assert found(**facts) == [(rule, FIELD, text) for rule, text in expected]


def test_the_remedies_name_the_field():
    for rule in ("cors-public-any-origin", "cors-origins-differ", "cors-public-origin"):
        assert "Allowed Public Client Origins" in RULES[rule].remedy and "OAuth Settings" in RULES[rule].remedy


# ---------------------------------------------------------------- disabled users
KEY = [{"user": "carl@example.com", "enabled": False, "has_secret": True}]
TOKENS = {"disabled_users": [{"user": "carl@example.com", "tokens": 1}], "by_client": []}


@pytest.mark.parametrize(
    ("key", "expected"),
    [("accepted", "key-user-disabled"), ("unknown", "key-user-disabled"), ("refused", "key-dormant")],
)
def test_the_key_of_a_disabled_user_is_dormant_where_frappe_rejects_it(key, expected):
    assert [row[0] for row in found(api_keys=KEY, disabled_users={"key": key})] == [expected]
    carl = User("carl@example.com", enabled=False, api_key="0123456789abcde", has_secret=True)
    state = KeyState([carl], of_disabled=key)
    (step,) = plan_keys([{"users": []}], state)
    assert [finding.rule for finding in step.findings] == [expected]
    with pytest.raises(Impossible) as refused:
        plan_keys([{"users": ["carl@example.com"]}], state)
    word = {"accepted": "accepts", "refused": "rejects", "unknown": "may accept"}[key]
    assert f"is disabled, and Frappe {word}" in str(refused.value).replace("but", "and")
    assert (RULES[expected].severity == NOTICE) is (key == "refused")


@pytest.mark.parametrize(
    ("bearer", "refresh", "expected"),
    [
        ("accepted", "accepted", "token-user-disabled"),
        ("refused", "accepted", "token-user-disabled"),
        ("refused", "unknown", "token-user-disabled"),
        ("refused", "refused", "token-dormant"),
    ],
)
def test_the_tokens_of_a_disabled_user_are_dormant_where_frappe_rejects_both(bearer, refresh, expected):
    of_disabled = {"bearer": bearer, "refresh": refresh}
    assert [row[0] for row in found(tokens=TOKENS, disabled_users=of_disabled)] == [expected]
    token = Token("t", False, "c", "carl@example.com", True, "active", True, 1, 0)
    (step,) = plan_tokens([{}], TokenState([token], dormant=expected == "token-dormant"))
    assert [finding.rule for finding in step.findings] == [expected]


def test_every_unknown_trait_is_reported():
    features = dict.fromkeys((*SILENT_TRAITS, "config_cached"), "unknown")
    assert {row[1] for row in found(features=features)} == {f"features.{trait}" for trait in features}
    assert {row[0] for row in found(features=features)} == {"frappe-trait-unknown"}


# ---------------------------------------------------------------- one identity per database
def test_names_are_compared_as_the_database_of_the_site_compares_them():
    assert [identity(kind) for kind in ("mariadb", "postgres", "sqlite", None)] == [folded, exact, exact, folded]


@pytest.mark.parametrize("has_key", [True, False])
def test_a_user_in_other_case_is_another_user_on_postgres_and_the_same_on_mariadb(has_key):
    key = {"api_key": "0123456789abcde", "has_secret": True, "api_secret": "x" * 15} if has_key else {}
    alice, declared = User("alice@example.com", **key), {"users": ["Alice@Example.com"]}
    (step,) = plan_keys([declared], KeyState([alice], same=identity("mariadb")))
    assert [change.user for change in step.changes] == ["alice@example.com"]
    with pytest.raises(Impossible, match="not found on this site: 'Alice@Example.com'"):
        plan_keys([declared], KeyState([alice], same=identity("postgres")))
    token = Token("t", False, "c", "alice@example.com", False, "active", True, 1, 0)
    for kind, rules, revoked in (("mariadb", [], 1), ("postgres", ["token-user-unknown"], 0)):
        state = TokenState([token], users=["alice@example.com"], same=identity(kind))
        (step,) = plan_tokens([{"users": ["Alice@Example.com"], "state": "revoked"}], state)
        assert ([finding.rule for finding in step.findings], len(step.revoke)) == (rules, revoked)


# ---------------------------------------------------------------- portable SQL
FRAPPE_SIDE = Path(oauth_settings_module.__file__).resolve().parents[1] / "_frappe"


def statements():
    """Every SQL statement in the code that runs in the bench's Python."""
    for path in sorted(FRAPPE_SIDE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and re.match(r"\s*select\b", str(node.value)):
                yield path.name, str(node.value)


def test_no_statement_is_only_right_on_mariadb():
    """Frappe turns backticks into quotes for Postgres, and changes nothing else that is used here."""
    found = list(statements())
    assert len(found) >= 6
    for file, statement in found:
        assert not re.search(r"\b(instr|locate|ifnull|if|group_concat|date_format|now)\(", statement), file
        assert not re.search(r"(?<![.\w`])user(?![\w`])", statement), f"{file}: without a table, user is the role"


# ---------------------------------------------------------------- the report
def test_the_report_shows_every_field_of_a_client_but_its_secret():
    assert set(CLIENT_PARTS) == {"client_id", "owner", *CLIENT_FIELDS} - {"client_secret"}
    page = (FRAPPE_SIDE.parents[2] / "roles/oauth2/files/audit/details.js").read_text(encoding="utf-8")
    assert [field for field in CLIENT_PARTS if field not in page] == ["owner", "default_redirect_uri"] + [
        "grant_type",
        "response_type",
    ]
