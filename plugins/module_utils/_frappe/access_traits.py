# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Traits of Frappe's code about disabled users, stored tokens, consent, and how clients authenticate. Pure.

Like `traits`, each looks for evidence of either behavior, and is ``unknown`` if it finds neither or both.
"""

from __future__ import annotations

import ast
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.source import (
    UNKNOWN,
    Source,
    name_of,
    refuses,
    words,
    yes_no,
)

ACCEPTED, REFUSED = "accepted", "refused"
ACCOUNT = ("enabled", "disabled")
SESSION = {"session", "only_for", "has_permission"}
CLIENT_CREDENTIALS = {"client_secret", "authenticate_client", "authenticate_client_id", "client_authentication"}
RANDOM_NAME = "generate_hash"  # a random string, not the hash of a value


# ---------------------------------------------------------------- disabled users
def key_of_disabled_user(auth: Source) -> str:
    """Whether Frappe accepts the API key of a disabled user."""
    return _of_disabled_user(auth.reach("validate_api_key_secret"), "api_key")


def bearer_of_disabled_user(auth: Source, oauth: Source) -> str:
    """Whether Frappe accepts the access token of a disabled user."""
    if "validate_oauth" not in auth.functions or "validate_bearer_token" not in oauth.functions:
        return UNKNOWN
    return _of_disabled_user(auth.reach("validate_oauth") + oauth.reach("validate_bearer_token"), "expiration_time")


def refresh_of_disabled_user(oauth: Source) -> str:
    """Whether Frappe accepts the refresh token of a disabled user."""
    return _of_disabled_user(oauth.reach("validate_refresh_token"), "refresh_token")


def _of_disabled_user(nodes: list[ast.AST], known: str) -> str:
    """``refused`` if the code filters by the state of the account, or rejects a disabled one.

    Args:
        nodes: the code that decides.
        known: a word that this code must contain. Without it, the decision is elsewhere.
    """
    said = words(nodes)
    if known not in said:
        return UNKNOWN
    if not any(state in word.lower() for word in said for state in ACCOUNT):
        return ACCEPTED
    filters = (node for node in nodes if isinstance(node, ast.Dict))
    keys = {getattr(key, "value", None) for node in filters for key in node.keys}
    tests = (node.test for node in nodes if isinstance(node, ast.If) and refuses(node.body))
    returned = (node.value for node in nodes if isinstance(node, ast.Return) and node.value is not None)
    decides = words(part for test in (*tests, *returned) for part in ast.walk(test))
    return REFUSED if keys & set(ACCOUNT) or decides & set(ACCOUNT) else UNKNOWN


# ---------------------------------------------------------------- stored tokens
def tokens_hashed(oauth: Source, token: Source) -> str:
    """Whether Frappe stores hashes of access and refresh tokens instead of the tokens."""
    if "save_bearer_token" not in oauth.functions or not token.readable:
        return UNKNOWN
    nodes = oauth.reach("save_bearer_token") + token.reach("before_insert", "autoname", "validate", "before_save")
    calls = {str(name_of(node.func)).lower() for node in nodes if isinstance(node, ast.Call)} - {RANDOM_NAME}
    if any("hash" in name or "sha256" in name for name in calls):
        return "yes"
    said = {word.lower() for word in words(nodes)} - {RANDOM_NAME}
    return UNKNOWN if any("hash" in word or "digest" in word for word in said) else "no"


# ---------------------------------------------------------------- consent
def consent_auto_counts(endpoints: Source) -> str:
    """Whose active token makes Frappe skip the consent page under Auto: ``anybody`` or ``same_user``."""
    filters = [
        {getattr(key, "value", None) for key in node.keys}
        for node in endpoints.reach("authorize")
        if isinstance(node, ast.Dict)
    ]
    filters = [keys for keys in filters if "status" in keys]
    if not filters:
        return UNKNOWN
    named = ["user" in keys for keys in filters]
    return UNKNOWN if any(named) != all(named) else "same_user" if all(named) else "anybody"


def approve_method(endpoints: Source) -> str:
    """The HTTP method of the consent page's Allow button: ``post`` if a GET is rejected, otherwise ``get``."""
    function = endpoints.functions.get("approve")
    if function is None:
        return UNKNOWN
    for decorator in function.decorator_list:
        if name_of(getattr(decorator, "func", decorator)) != "whitelist":
            continue
        given = next((k.value for k in getattr(decorator, "keywords", ()) if k.arg == "methods"), None)
        if given is None:
            asked = [node for node in endpoints.reach("approve") if isinstance(node, ast.Compare)]
            return UNKNOWN if any("POST" in words(ast.walk(node)) for node in asked) else "get"
        if not isinstance(given, (ast.List, ast.Tuple)):
            return UNKNOWN
        methods = {getattr(item, "value", None) for item in given.elts}
        return "get" if "GET" in methods else "post" if "POST" in methods else UNKNOWN
    return UNKNOWN


# ---------------------------------------------------------------- clients
def basic_accepted(auth: Source, oauth: Source) -> str:
    """Whether a client may authenticate by HTTP Basic. Otherwise, Frappe reads the header as an API key."""
    if "authenticate_client" not in oauth.functions or "validate_auth_via_api_keys" not in auth.functions:
        return UNKNOWN
    said = {word.lower() for word in words(oauth.reach("authenticate_client"))}
    as_key = "basic" in {word.lower() for word in words(auth.reach("validate_auth_via_api_keys"))}
    reads = any("basic" in word for word in said)
    return yes_no(reads, not reads and as_key)


def plain_accepted(oauth: Source) -> str:
    """Whether Frappe accepts the PKCE method plain."""
    nodes = oauth.reach("validate_code", "save_authorization_code", "validate_client_id", "validate_response_type")
    if "code_challenge" not in words(nodes):
        return UNKNOWN
    refused = any(isinstance(node, ast.If) and refuses(node.body) and _asks_for_method(node.test) for node in nodes)
    return yes_no("plain" in words(nodes) and not refused, refused)


def _asks_for_method(test: ast.AST) -> bool:
    """Whether a condition is true for the method plain: it names plain, or excludes every method but S256."""
    for node in ast.walk(test):
        if isinstance(node, ast.Compare) and any("method" in word for word in words(ast.walk(node.left))):
            if isinstance(node.ops[0], (ast.Eq, ast.In)) and "plain" in words(ast.walk(node)):
                return True
            if isinstance(node.ops[0], (ast.NotEq, ast.NotIn)) and "plain" not in words(ast.walk(node)):
                return True
    return False


def introspection_authenticated(endpoints: Source) -> str:
    """Who may introspect a token: ``nobody`` has to authenticate, a ``user`` must sign in, or a ``client`` must."""
    function = endpoints.functions.get("introspect_token")
    if function is None:
        return UNKNOWN
    guests = None
    for decorator in function.decorator_list:
        if name_of(getattr(decorator, "func", decorator)) == "whitelist":
            given = {k.arg: k.value for k in getattr(decorator, "keywords", ())}.get("allow_guest")
            guests = False if given is None else getattr(given, "value", None)
    if guests is None:
        return UNKNOWN
    if not guests:
        return "user"
    nodes = endpoints.reach("introspect_token")
    asked = words(nodes) & {*SESSION, *CLIENT_CREDENTIALS, "PermissionError", "AuthenticationError"}
    if not asked:
        return "nobody"
    tests = (node.test for node in nodes if isinstance(node, ast.If) and _ends(node.body))
    decides = words(part for test in tests for part in ast.walk(test)) & (SESSION | CLIENT_CREDENTIALS)
    return UNKNOWN if not decides else "client" if decides & CLIENT_CREDENTIALS else "user"


def _ends(body: t.Sequence[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], (ast.Raise, ast.Return))
