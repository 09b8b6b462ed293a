# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which CORS declaration applies and which program sends the headers, in one table."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare import cors
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.steps import rows_of

A, B = "https://a.example", "https://b.example"
DECLARED = {"name": "s", "cors": {"origins": [A], "max_age": 5}}


def config(*absent, **of_settings):
    return {"settings": of_settings, "absent": list(absent)}


@pytest.mark.parametrize(
    ("owner", "at_nginx", "of_frappe", "verified"),
    [
        ("nginx", True, {"absent": ["allow_cors"]}, {"cors": DECLARED["cors"]}),
        ("frappe", False, {"settings": {"allow_cors": [A]}, "absent": []}, {"cors": {"origins": [A]}}),
        ("none", False, {"absent": ["allow_cors"]}, {}),
    ],
)
def test_the_table_of_owners(owner, at_nginx, of_frappe, verified):
    before = copy.deepcopy(DECLARED)
    resolved = cors.resolve(DECLARED, owner)
    assert ("cors" in resolved) is at_nginx and resolved["site_config"] == of_frappe
    assert cors.verified(resolved) == verified
    assert before == DECLARED


@pytest.mark.parametrize("owner", cors.OWNERS)
def test_without_cors_nothing_changes_and_the_key_of_frappe_is_what_is_verified(owner):
    site = {"name": "s", "site_config": config(allow_cors=[B])}
    assert cors.fault(site, owner) is None and cors.resolve(site, owner) == site
    assert cors.verified(site) == {"cors": {"origins": [B]}}
    assert cors.verified({"name": "s", "site_config": config(allow_cors="*")}) == {}


@pytest.mark.parametrize("owner", cors.OWNERS)
def test_a_configuration_that_is_not_managed_is_left_alone(owner):
    site = {**DECLARED, "unmanaged": ["site_config"]}
    resolved = cors.resolve(site, owner)
    assert "site_config" not in resolved and ("cors" in resolved) is (owner == "nginx")


def test_the_other_keys_of_the_configuration_stay():
    site = {**DECLARED, "site_config": config("x", "allow_cors", y=1)}
    assert cors.resolve(site, "nginx")["site_config"] == config("x", "allow_cors", y=1)
    assert cors.resolve(site, "frappe")["site_config"] == config("x", y=1, allow_cors=[A])


@pytest.mark.parametrize(
    ("site", "message"),
    [
        ({"name": "s", "cors": {"max_age": 5}}, "cors.origins is not set"),
        (
            {**DECLARED, "site_config": config(allow_cors=[B])},
            "cors and site_config.settings.allow_cors are both declared",
        ),
        (DECLARED, None),
        ({**DECLARED, "site_config": config("allow_cors")}, None),
    ],
)
def test_two_declarations_and_half_a_one_are_mistakes(site, message):
    found = cors.fault(site, "nginx")
    assert found is None if message is None else found.startswith(message)


def test_frappe_cannot_expose_headers_which_is_said_before_the_first_write():
    site = {"name": "s", "cors": {"origins": [A], "expose_headers": ["X-Total"]}}
    assert cors.fault(site, "nginx") is None and cors.fault(site, "none") is None
    assert cors.fault(site, "frappe").startswith("cors: expose_headers is declared, but oauth2_cors_owner is frappe")
    assert cors.fault({"name": "s", "cors": {"origins": [A], "expose_headers": []}}, "frappe") is None


def test_the_step_that_removes_frappes_key_knows_what_replaces_it():
    rows = {owner: rows_of([cors.resolve(DECLARED, owner)], [])["site_config"] for owner in cors.OWNERS}
    assert rows["nginx"] == [{"name": "s", "absent": ["allow_cors"], "cors_instead": DECLARED["cors"]}]
    assert "cors_instead" not in rows["frappe"][0] and "cors_instead" not in rows["none"][0]
