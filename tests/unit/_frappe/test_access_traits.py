# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The traits about disabled users, stored tokens, consent and client authentication, on samples of our own."""

from __future__ import annotations

import sys
import types

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe import bench_code
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.traits import (
    AUTH,
    ENDPOINTS,
    TOKEN,
    VALIDATOR,
    traits,
)


def code(*functions):
    return "".join(f"def {head}:\n" + "".join(f"    {line}\n" for line in lines) for head, *lines in functions)


def read(trait, oauth="", auth="", endpoints="", token="class Token: pass"):
    return traits({VALIDATOR: oauth, AUTH: auth, ENDPOINTS: endpoints, TOKEN: token})[trait]


SECRET = "validate_api_key_secret(api_key, api_secret)"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["doc = get_value('User', {'api_key': api_key})"], "accepted"),
        (["doc = get_value('User', {'api_key': api_key, 'enabled': True})"], "refused"),
        (["doc = get({'api_key': api_key})", "if not doc.enabled:", "    raise Refused"], "refused"),
        (["doc = get({'api_key': api_key})", "if doc.disabled:", "    return False"], "refused"),
        (["doc = get({'api_key': api_key})", "check_enabled(doc)"], "unknown"),
        (["doc = get({'api_key': api_key})", "if doc.enabled:", "    log(doc)"], "unknown"),
        (["return check(key)"], "unknown"),
    ],
)
def test_whether_the_key_of_a_disabled_user_works(lines, expected):
    assert read("key_of_disabled_user", auth=code((SECRET, *lines))) == expected


OAUTH = ("validate_oauth(header)", "set_user(get_value('OAuth Bearer Token', token, 'user'))")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["return now() < get_doc(token).expiration_time"], "accepted"),
        (
            ["t = get_doc(token)", "return now() < t.expiration_time and get_value('User', t.user, 'enabled')"],
            "refused",
        ),
        (["t = get(token).expiration_time", "if not user(t).enabled:", "    return False"], "refused"),
        (["return valid(token)"], "unknown"),
    ],
)
def test_whether_the_access_token_of_a_disabled_user_works(lines, expected):
    oauth = code(("validate_bearer_token(token, scopes, request)", *lines))
    assert read("bearer_of_disabled_user", oauth=oauth, auth=code(OAUTH)) == expected
    assert read("bearer_of_disabled_user", oauth=oauth) == "unknown"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["return get_doc({'refresh_token': refresh_token})"], "accepted"),
        (["t = get_doc({'refresh_token': refresh_token})", "if not enabled(t.user):", "    return False"], "refused"),
        (["return known(request)"], "unknown"),
    ],
)
def test_whether_the_refresh_token_of_a_disabled_user_works(lines, expected):
    assert read("refresh_of_disabled_user", oauth=code(("validate_refresh_token(refresh_token)", *lines))) == expected


@pytest.mark.parametrize(
    ("line", "token", "expected"),
    [
        ("new.access_token = token['access_token']", "class T: pass", "no"),
        ("new.name = frappe.generate_hash(length=10)", "class T: pass", "no"),
        ("new.access_token = sha256_hash(token['access_token'])", "class T: pass", "yes"),
        ("new.save()", "class T:\n    def before_insert(self):\n        self.t = hash_token(self.t)\n", "yes"),
        ("new.access_token = self.digest_of(token)", "class T: pass", "unknown"),
        ("new.save()", "", "unknown"),
    ],
)
def test_whether_tokens_are_stored_as_hashes(line, token, expected):
    assert read("tokens_hashed", oauth=code(("save_bearer_token(token, request)", line)), token=token) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("frappe.get_all('OAuth Bearer Token', filters={'status': 'Active'})", "anybody"),
        ("frappe.db.exists('OAuth Bearer Token', {'status': 'Active', 'user': frappe.session.user})", "same_user"),
        ("has_active_token(frappe.session.user)", "unknown"),
    ],
)
def test_which_tokens_end_the_question_for_consent(line, expected):
    assert read("consent_auto_counts", endpoints=code(("authorize(**kwargs)", f"tokens = {line}"))) == expected


@pytest.mark.parametrize(
    ("decorator", "line", "expected"),
    [
        ("@frappe.whitelist()", "redirect()", "get"),
        ("@frappe.whitelist", "redirect()", "get"),
        ("@frappe.whitelist(methods=['POST'])", "redirect()", "post"),
        ("@frappe.whitelist(methods=['GET', 'POST'])", "redirect()", "get"),
        ("@frappe.whitelist(methods=METHODS)", "redirect()", "unknown"),
        ("@frappe.whitelist()", "assert frappe.request.method == 'POST'", "unknown"),
        ("@other", "redirect()", "unknown"),
    ],
)
def test_how_the_consent_page_is_answered(decorator, line, expected):
    assert read("approve_method", endpoints=f"{decorator}\ndef approve():\n    {line}\n") == expected


KEYS = ("validate_auth_via_api_keys(header)", "if scheme.lower() == 'basic':", "    validate_api_key_secret(*pair)")


@pytest.mark.parametrize(
    ("line", "auth", "expected"),
    [
        ("return get_doc(request.client_id)", code(KEYS), "no"),
        ("return header.split('Basic ')[1]", code(KEYS), "yes"),
        ("return by(method='client_secret_basic')", code(KEYS), "yes"),
        ("return get_doc(request.client_id)", code(("validate_auth_via_api_keys(header)", "pass")), "unknown"),
        ("return get_doc(request.client_id)", "", "unknown"),
    ],
)
def test_whether_a_client_may_authenticate_by_http_basic(line, auth, expected):
    assert read("basic_accepted", oauth=code(("authenticate_client(request)", line)), auth=auth) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["if code_challenge_method == 'plain':", "    return code_challenge == verifier"], "yes"),
        (["if code_challenge_method != 's256':", "    return False", "return code_challenge == digest()"], "no"),
        (["if code_challenge_method == 'plain':", "    raise Refused", "return code_challenge"], "no"),
        (["return code_challenge == digest(verifier)"], "unknown"),
        (["return self.check(request)"], "unknown"),
    ],
)
def test_whether_the_pkce_method_plain_is_accepted(lines, expected):
    assert read("plain_accepted", oauth=code(("validate_code(code, request)", *lines))) == expected


GUEST = "@frappe.whitelist(allow_guest=True)\n"


@pytest.mark.parametrize(
    ("decorator", "lines", "expected"),
    [
        (GUEST, ["answer(token)"], "nobody"),
        ("@frappe.whitelist()\n", ["answer(token)"], "user"),
        (GUEST, ["if frappe.session.user == 'Guest':", "    raise Refused"], "user"),
        (GUEST, ["if not server.authenticate_client(request):", "    fail(401)", "    return"], "client"),
        (GUEST, ["if frappe.form_dict.client_secret != secret:", "    raise Refused"], "client"),
        (GUEST, ["log(frappe.session.user)"], "unknown"),
        ("", ["answer(token)"], "unknown"),
    ],
)
def test_who_may_introspect_a_token(decorator, lines, expected):
    endpoints = decorator + code(("introspect_token(token)", *lines))
    assert read("introspection_authenticated", endpoints=endpoints) == expected
    guests = {"nobody": "yes", "unknown": "unknown"}.get(expected, "no")
    assert read("introspection_open_to_guests", endpoints=endpoints) == guests


# ---------------------------------------------------------------- without inspect
@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"frappe": "def get_site_config(sites_path=None, site_path=None): pass"}, False),
        ({"frappe.config": "def get_site_config(site_path: 'Missing' = None, *, cached=False): pass"}, True),
        ({"frappe": "from frappe.config import get_site_config"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_whether_the_configuration_is_cached_is_read_from_the_source(monkeypatch, tmp_path, sources, expected):
    """Python 3.14 evaluates annotations when a signature is asked for, and raises NameError for this one."""
    monkeypatch.setattr(bench_code, "source_of", lambda module: sources.get(module, ""))
    bench_code.config_cached.cache_clear()
    assert bench_code.config_cached() == expected
    bench_code.config_cached.cache_clear()


def test_the_source_of_a_module_is_found_without_importing_it(monkeypatch, tmp_path):
    (tmp_path / "never_imported.py").write_text("raise AssertionError\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert bench_code.source_of("never_imported") == "raise AssertionError\n"
    assert bench_code.source_of("no_such_module") == ""
    assert "never_imported" not in sys.modules


def test_a_frappe_that_is_not_recognized_is_reported_as_unknown(monkeypatch):
    monkeypatch.setattr(bench_code, "source_of", lambda module: "")
    bench_code.traits_of_bench.cache_clear()
    frappe = types.SimpleNamespace(new_doc=lambda doctype: object())
    assert bench_code.of_disabled_users(frappe) == {"key": "unknown", "bearer": "unknown", "refresh": "unknown"}
    bench_code.traits_of_bench.cache_clear()
