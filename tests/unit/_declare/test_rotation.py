# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The choice of secrets to rotate: only the requested ones among the declared."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.benchkeeper.frappe.plugins.filter.rotation_rows import rotation_rows

BACKEND = {"app_name": "Backend", "redirect_uris": ["https://b.example/cb"], "store_secret": True, "exclusive": True}
MOBILE = {"app_name": "Mobile App", "client_id": "mobile", "redirect_uris": ["com.example.crm://cb"], "exclusive": True}
OLD = {"app_name": "Old", "state": "absent", "store_secret": True, "exclusive": True}
KEYS = {"roles": ["Sales User"], "users": ["bot@example.com"], "disabled_users": "revoke"}
DECLARED = [
    {"name": "a.example", "oauth_clients": [BACKEND, MOBILE, OLD], "api_keys": KEYS},
    {"name": "b.example", "oauth_clients": [MOBILE]},
    {"name": "c.example"},
]
FOUND = [
    {"name": "a.example", "api_keys": [{"user": "Bot@example.com"}, {"user": "x@example.com"}]},
    {"name": "b.example", "api_keys": [{"user": "bot@example.com"}]},
    {"name": "c.example", "api_keys": []},
]


@pytest.mark.parametrize(("stored", "clients"), [(True, []), (True, ["Backend"]), (False, ["Backend"])])
def test_a_declared_secret_is_rotated_by_declaring_another(stored, clients):
    """Otherwise the next run of site.yml sets the old secret again."""
    client = {**BACKEND, "store_secret": stored, "client_secret": "the-declared-secret-0123456789"}
    with pytest.raises(
        AnsibleFilterError, match="site a.example: .*'Backend'.* change client_secret in the inventory"
    ) as error:
        rotation_rows([{"name": "a.example", "oauth_clients": [client]}], "client_secrets", clients=clients)
    assert "the-declared-secret" not in str(error.value)


def test_a_declared_secret_that_is_not_selected_is_not_changed():
    client = {**MOBILE, "client_secret": "the-declared-secret-0123456789"}
    sites = [{"name": "a.example", "oauth_clients": [BACKEND, client]}]
    (row,) = rotation_rows(sites, "client_secrets")
    assert row["app_name"] == "Backend"


@pytest.mark.parametrize(
    ("what", "options", "expected"),
    [
        (
            "client_secrets",
            {},
            [{"name": "a.example", "app_name": "Backend", "rotate_secret": True, "store_secret": True}],
        ),
        (
            "client_secrets",
            {"clients": ["mobile app"]},
            [
                {"name": "a.example", "client_id": "mobile", "rotate_secret": True, "store_secret": False},
                {"name": "b.example", "client_id": "mobile", "rotate_secret": True, "store_secret": False},
            ],
        ),
        ("client_secrets", {"without": ["a.example"]}, []),
        ("api_keys", {}, [{"name": "a.example", **KEYS, "state": "rotated"}]),
        (
            "api_keys",
            {"users": ["bot@example.com"], "found": FOUND},
            [
                {"name": "a.example", "users": ["Bot@example.com"], "state": "rotated"},
                {"name": "b.example", "users": ["bot@example.com"], "state": "rotated"},
            ],
        ),
        (
            "tokens",
            {},
            [
                {"name": "a.example", "clients": ["Backend", "mobile"], "users": [], "state": "revoked"},
                {"name": "b.example", "clients": ["mobile"], "users": [], "state": "revoked"},
            ],
        ),
        (
            "tokens",
            {"clients": ["Backend"], "users": ["u@example.com"]},
            [{"name": "a.example", "clients": ["Backend"], "users": ["u@example.com"], "state": "revoked"}],
        ),
    ],
)
def test_only_what_is_asked_for(what, options, expected):
    assert rotation_rows(DECLARED, what, **options) == expected


@pytest.mark.parametrize(
    ("what", "options", "message"),
    [
        ("passwords", {}, "'passwords' cannot be rotated. Use one of: client_secrets, api_keys, tokens"),
        ("client_secrets", {"clients": ["Backen"]}, "no site of this bench declares a client 'Backen'"),
        ("client_secrets", {"clients": ["Old"]}, "no site of this bench declares a client 'Old'"),
        ("tokens", {"clients": ["Mobile App", "Nosuch"]}, "no site of this bench declares a client 'Nosuch'"),
        ("api_keys", {"users": ["nobody@example.com"], "found": FOUND}, "'nobody@example.com' has no API key"),
    ],
)
def test_an_unknown_name_stops_the_rotation(what, options, message):
    with pytest.raises(AnsibleFilterError, match=message):
        rotation_rows(DECLARED, what, **options)
