# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names denote secrets, and which values may be shown."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import (
    HIDDEN,
    NOT_SHOWN,
    OPEN_KEYS,
    looks_secret,
    names_secret,
    shown_setting,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.site_findings import CORS_KEYS, RISKY_KEYS


@pytest.mark.parametrize(
    "key",
    [
        *("aws_secret_key", "s3_secret_key", "stripe_key", "jwt_key", "pwd", "mail_pass", "client_secret", "api-key"),
        *("apiToken", "awsSecretKey", "refresh_tokens", "credentials", "passphrase", "db_pwd_2", "s3_secret_key_base"),
    ],
)
def test_names_of_secrets(key):
    assert names_secret(key) and looks_secret(key, "x")


@pytest.mark.parametrize(
    "key",
    [
        *sorted(OPEN_KEYS),
        *("secretary", "compass", "bypass", "monkey", "keyboard", "tokenizer", "public_key", "recaptcha_site_key"),
        *("stripe_publishable_key", "passenger", "key_figure"),
    ],
)
def test_names_of_no_secret(key):
    assert not names_secret(key) and not looks_secret(key, "x")


def test_what_the_facts_show_of_a_configuration_is_open_or_hidden():
    keys = {*CORS_KEYS, *RISKY_KEYS}
    assert {key for key in keys if key not in OPEN_KEYS} == {key for key in keys if names_secret(key)}


@pytest.mark.parametrize("value", [True, None, 0, -1, 99999, 0.5, "", [], {}, [{"a": 1}]])
def test_harmless_values_are_shown_whatever_they_are_called(value):
    assert shown_setting("anything", value) == value


@pytest.mark.parametrize("value", ["x", 100000, float("nan"), [0, "x"], {"a": ["x"]}])
def test_other_values_are_shown_only_of_open_keys(value):
    assert shown_setting("anything", value) == NOT_SHOWN and shown_setting("limits", value) is value


def test_the_password_of_a_url_is_shown_nowhere():
    assert shown_setting("redis_cache", "redis://:word@127.0.0.1") == HIDDEN
