# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The traits of Frappe's source code, on samples of our own: each behavior, its opposite, and unknown code."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.traits import (
    AUTH,
    ENDPOINTS,
    TOKEN,
    VALIDATOR,
    open_to_everybody,
    traits,
)
from checkout import ROOT

STAND_IN = ROOT / "roles/demo_bench/files/stand_in"
AS_IN_15 = {
    "code_bound_to": "cookie",
    "pkce_required": "no",
    "client_secret_checked": "no",
    "old_token_revoked_on_refresh": "no",
    "refresh_bound_to_client": "no",
    "refresh_tokens_expire": "no",
    "codes_expire": "no",
    "introspection_open_to_guests": "yes",
    "expired_tokens_introspect_active": "yes",
    "password_grant": "open",
    "introspection_authenticated": "nobody",
    "key_of_disabled_user": "accepted",
    "bearer_of_disabled_user": "accepted",
    "refresh_of_disabled_user": "accepted",
    "tokens_hashed": "no",
    "consent_auto_counts": "anybody",
    "approve_method": "get",
    "basic_accepted": "no",
    "plain_accepted": "yes",
}
CLASS = "class Validator(RequestValidator):\n"


def method(signature, *lines):
    return f"    def {signature}:\n" + "".join(f"        {line}\n" for line in lines)


def read(trait, *methods, rest="", endpoints="", token="class Token: pass"):
    return traits({VALIDATOR: CLASS + "".join(methods) + rest, ENDPOINTS: endpoints, TOKEN: token})[trait]


def test_the_stand_in_has_the_traits_of_frappe_15():
    names = {VALIDATOR: "oauth.py", ENDPOINTS: "integrations/oauth2.py", TOKEN: "integrations/doctypes.py"}
    names[AUTH] = "auth.py"
    assert traits({name: (STAND_IN / path).read_text() for name, path in names.items()}) == AS_IN_15


@pytest.mark.parametrize("source", ["", "def broken(:", "\0", "x = 1", "class Other:\n    def save(self): pass\n"])
def test_what_cannot_be_read_is_unknown_and_never_guessed(source):
    assert set(traits({VALIDATOR: source, ENDPOINTS: source, TOKEN: source}).values()) == {"unknown"}
    assert set(traits({}).values()) == {"unknown"}


SAVE = "save_authorization_code(self, client_id, code, request)"


@pytest.mark.parametrize(
    ("methods", "rest", "expected"),
    [
        ([method(SAVE, "oac.user = frappe.session.user")], "", "session"),
        ([method(SAVE, "oac = new(user=frappe.session.user)")], "", "session"),
        ([method(SAVE, "session = frappe.session", "oac.user = session.user")], "", "session"),
        ([method(SAVE, "oac.user = unquote(cookie_dict['user_id'].value)")], "", "cookie"),
        ([method(SAVE, "who = cookies_of(request)['user_id']", "oac.user = who")], "", "cookie"),
        ([method(SAVE, "oac.user = whose(request)")], "def whose(r):\n    return r.cookies['user_id']\n", "cookie"),
        ([method(SAVE, "oac.user = whose()")], "def whose():\n    return frappe.session.user\n", "session"),
        (
            [method(SAVE, "oac['user'] = self.whose()"), method("whose(self)", "return frappe.session.user")],
            "",
            "session",
        ),
        # a docstring and a comment are no evidence
        ([method(SAVE, "'''Not the user_id cookie.'''", "oac.user = frappe.session.user")], "", "session"),
        # both, one of them elsewhere, and neither
        ([method(SAVE, "oac.user = cookie['user_id'] or frappe.session.user")], "", "unknown"),
        ([method(SAVE, "oac.user = request.user")], "", "unknown"),
        ([method(SAVE, "oac.client = client_id", "log(frappe.session.user)")], "", "unknown"),
    ],
)
def test_the_user_that_a_code_is_bound_to(methods, rest, expected):
    assert read("code_bound_to", *methods, rest=rest) == expected


CODE = "validate_code(self, client_id, code, client, request)"
KEEP = method(
    SAVE,
    "if request.code_challenge and request.code_challenge_method:",
    "    oac.code_challenge = request.code_challenge",
)
CHECK = ("if code_challenge and not request.code_verifier:", "    return False", "if code_challenge_method == 's256':")
CHECK = (*CHECK, "    return digest(request.code_verifier) == code_challenge")


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        ([KEEP, method(CODE, *CHECK, "return True")], "no"),
        ([KEEP, method(CODE, "if not code_challenge:", "    return False", *CHECK, "return True")], "yes"),
        ([KEEP, method(CODE, "if request.code_challenge is None:", "    raise Refused", "return True")], "yes"),
        ([KEEP, method(CODE, "if code_challenge_method != 's256':", "    raise Refused", "return True")], "yes"),
        ([KEEP, method(CODE, "if code_challenge:", "    return same()", "else:", "    return False")], "yes"),
        (
            [
                KEEP,
                method(
                    CODE, "if client.is_public_client() and not code_challenge:", "    raise Refused", "return True"
                ),
            ],
            "public_clients",
        ),
        ([method("is_pkce_required(self, client_id, request)", "return True")], "yes"),
        ([method("is_pkce_required(self, client_id, request)", "return False")], "no"),
        (
            [
                method(
                    "is_pkce_required(self, client_id, request)",
                    "return method_of(client_id, 'token_endpoint_auth_method') == 'None'",
                )
            ],
            "public_clients",
        ),
        ([method("is_pkce_required(self, client_id, request)", "return wanted(client_id)")], "unknown"),
        # a check without a visible result; and no visible way to pass
        ([KEEP, method(CODE, "if not code_challenge:", "    self.note(code)", "return True")], "unknown"),
        ([KEEP, method(CODE, "return check(request)")], "unknown"),
        ([method(CODE, "return True")], "unknown"),
    ],
)
def test_whether_pkce_is_required(methods, expected):
    assert read("pkce_required", *methods) == expected


AUTHENTICATE = "authenticate_client(self, request)"


@pytest.mark.parametrize(
    ("methods", "rest", "expected"),
    [
        ([method(AUTHENTICATE, "request.client = find(request.client_id)", "return True")], "", "no"),
        ([method(AUTHENTICATE, "return request.client_secret == client.client_secret")], "", "yes"),
        ([method(AUTHENTICATE, "return compare_digest(request.client_secret, client.client_secret)")], "", "yes"),
        ([method(AUTHENTICATE, "return right(request)")], "def right(r):\n    return r.client_secret == 1\n", "yes"),
        ([method(AUTHENTICATE, "return verify(request.client_secret)")], "", "unknown"),
        # other methods are no evidence: there, the secret signs the id_token
        (
            [method(AUTHENTICATE, "return True"), method("finalize_id_token(self)", "sign(client_secret == 1)")],
            "",
            "no",
        ),
        ([method("finalize_id_token(self)", "return client.client_secret")], "", "unknown"),
    ],
)
def test_whether_the_clients_secret_is_checked(methods, rest, expected):
    assert read("client_secret_checked", *methods, rest=rest) == expected


SAVED, VALID = "save_bearer_token(self, token, request)", "validate_refresh_token(self, refresh_token, client, request)"
PLAIN = method(VALID, "return bool(get_doc({'refresh_token': refresh_token, 'status': 'Active'}))")


@pytest.mark.parametrize(
    ("methods", "token", "expected"),
    [
        ([PLAIN, method(SAVED, "new.save()")], "class T: pass", "no"),
        ([PLAIN, method(SAVED, "if old.status != 'Revoked':", "    new.save()")], "class T: pass", "no"),
        (
            [PLAIN, method(SAVED, "new.save()", "frappe.db.set_value(T, old, 'status', 'Revoked')")],
            "class T: pass",
            "yes",
        ),
        ([PLAIN, method(SAVED, "old.status = 'Revoked'")], "class T: pass", "yes"),
        ([PLAIN, method(SAVED, "frappe.db.delete(T, old)")], "class T: pass", "yes"),
        (
            [
                PLAIN,
                method(SAVED, "self.revoke_token(old, 'refresh_token', request)"),
                method("revoke_token(self, t, h, r)", "set(t, 'Revoked')"),
            ],
            "class T: pass",
            "yes",
        ),
        (
            [PLAIN, method(SAVED, "new.save()")],
            "class T:\n    def before_insert(self):\n        old.status = 'Revoked'\n",
            "yes",
        ),
        ([PLAIN, method(SAVED, "new.save()", "revoke_old(new)")], "class T: pass", "unknown"),
        ([PLAIN], "class T: pass", "unknown"),
        ([PLAIN, method(SAVED, "new.save()")], "", "unknown"),
    ],
)
def test_whether_a_refresh_ends_the_old_pair(methods, token, expected):
    assert read("old_token_revoked_on_refresh", *methods, token=token) == expected


OPEN = "@frappe.whitelist(allow_guest=True)\ndef introspect_token(token):\n    "


@pytest.mark.parametrize(
    ("endpoints", "expected"),
    [
        (OPEN + "answer(token)\n", "yes"),
        ("@frappe.whitelist()\ndef introspect_token(token):\n    answer(token)\n", "no"),
        ("@frappe.whitelist\ndef introspect_token(token):\n    answer(token)\n", "no"),
        ("@frappe.whitelist(allow_guest=False)\ndef introspect_token(token):\n    answer(token)\n", "no"),
        (OPEN + "if frappe.session.user == 'Guest':\n        raise frappe.PermissionError\n", "no"),
        (
            OPEN + "check()\n\ndef check():\n    if not frappe.form_dict.client_secret:\n        raise Refused\n",
            "no",
        ),
        ("@frappe.whitelist(allow_guest=SETTING)\ndef introspect_token(token):\n    answer(token)\n", "unknown"),
        ("def introspect_token(token):\n    answer(token)\n", "unknown"),
    ],
)
def test_whether_introspection_is_open_to_guests(endpoints, expected):
    assert read("introspection_open_to_guests", endpoints=endpoints) == expected


GRANT, USER = (
    "validate_grant_type(self, client_id, grant_type, client, request)",
    method("validate_user(self)", "return 1"),
)


@pytest.mark.parametrize(
    ("methods", "rest", "expected"),
    [
        ([method(GRANT, "return grant_type in ['authorization_code', 'refresh_token', 'password']"), USER], "", "open"),
        ([method(GRANT, "return grant_type in GRANTS"), USER], "GRANTS = ('authorization_code', 'password')\n", "open"),
        ([method(GRANT, "return grant_type in ('authorization_code', 'refresh_token')"), USER], "", "gone"),
        ([method(GRANT, "return grant_type in ['authorization_code', 'password']")], "", "unknown"),
        ([method(GRANT, "return allowed(client, grant_type)"), USER], "", "unknown"),
    ],
)
def test_whether_the_password_grant_is_open(methods, rest, expected):
    assert read("password_grant", *methods, rest=rest) == expected


@pytest.mark.parametrize(
    ("methods", "token", "expected"),
    [
        ([PLAIN], "class T: pass", "no"),
        ([PLAIN], "class T:\n    @staticmethod\n    def clear_old_logs(days=30): pass\n", "when_cleared"),
        ([method(VALID, "t = get(refresh_token)", "return now() < t.expiration_time")], "class T: pass", "yes"),
        ([method(VALID, "return find({'refresh_token': refresh_token, 'creation': recent})")], "class T: pass", "yes"),
        ([method(VALID, "t = get(refresh_token)", "return young(t.creation)")], "class T: pass", "unknown"),
        ([PLAIN], "", "unknown"),
        ([method(VALID, "return self.known(request)")], "class T: pass", "unknown"),
    ],
)
def test_whether_refresh_tokens_end(methods, token, expected):
    assert read("refresh_tokens_expire", *methods, token=token) == expected


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        ([PLAIN], "no"),
        ([method(VALID, "return get({'refresh_token': refresh_token, 'client': client.name})")], "yes"),
        ([method(VALID, "t = get(refresh_token)", "return t.client == request.client_id")], "yes"),
        ([method(VALID, "return self.own(refresh_token)"), method("own(self, t)", "return t.client == self.c")], "yes"),
        ([method(VALID, "return belongs(refresh_token, client)")], "unknown"),
        ([method(VALID, "return self.known(request)")], "unknown"),
    ],
)
def test_whether_a_refresh_token_is_its_clients_own(methods, expected):
    assert read("refresh_bound_to_client", *methods) == expected


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        ([method(CODE, "return code in get_all(filters={'client': client_id, 'validity': 'Valid'})")], "no"),
        ([method(CODE, "return get_all({'validity': 'Valid', 'creation': ('>', recent)})")], "yes"),
        ([method(CODE, "c = get(code, {'validity': 'Valid'})", "return now() < c.expiration_time")], "yes"),
        ([method(CODE, "c = get(code, {'validity': 'Valid'})", "return young(c.creation)")], "unknown"),
        ([method(CODE, "return find(code)")], "unknown"),
    ],
)
def test_whether_codes_end(methods, expected):
    assert read("codes_expire", *methods) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("{'active': bearer.status == 'Active', 'exp': bearer.expiration_time}", "yes"),
        ("_dict(active=bearer.status == 'Active')", "yes"),
        ("{'active': bearer.status == 'Active' and now() < bearer.expiration_time}", "no"),
        ("{'active': is_valid(bearer.status)}", "unknown"),
        ("{'active': False}", "unknown"),
        ("{'exp': bearer.expiration_time}", "unknown"),
    ],
)
def test_whether_introspection_reports_an_expired_token_as_active(answer, expected):
    assert (
        read("expired_tokens_introspect_active", endpoints=f"def introspect_token(token):\n    return {answer}\n")
        == expected
    )


def test_unprotected_whitelisted_functions_are_found():
    source = """
@frappe.whitelist()
def bootstrap_site(show_secret=False):
    return frappe.get_doc("OAuth Client", "x").client_secret

@frappe.whitelist
def plain():
    return 1

@frappe.whitelist()
def guarded():
    frappe.only_for("System Manager")
    return secrets()

@frappe.whitelist()
def guarded_deeper():
    return check()

def check():
    if not frappe.has_permission("OAuth Client"):
        raise Refused

def not_whitelisted():
    return 1
"""
    assert open_to_everybody(source) == ["bootstrap_site", "plain"]
    assert open_to_everybody("def broken(:") == open_to_everybody("") == []
