# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security-relevant traits of Frappe's OAuth code, read from its source. Pure: the code is never run.

Each trait looks for evidence of either behavior. If it finds neither or both, the trait is ``unknown``. The code does
not guess. A version number is less reliable, because fixes are backported and forks differ.
"""

from __future__ import annotations

import ast
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.access_traits import (
    approve_method,
    basic_accepted,
    bearer_of_disabled_user,
    consent_auto_counts,
    introspection_authenticated,
    key_of_disabled_user,
    plain_accepted,
    refresh_of_disabled_user,
    tokens_hashed,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.source import (
    UNKNOWN,
    Source,
    called,
    name_of,
    nodes_of,
    refuses,
    words,
    yes_no,
)

VALIDATOR, ENDPOINTS, TOKEN, AUTH = SOURCES = ("oauth", "integrations.oauth2", "OAuth Bearer Token", "auth")
TIMES = {"expiration_time", "expires_in", "creation", "expiry", "expires_at"}
CLIENT = {"client", "client_id"}
PUBLIC = ("token_endpoint_auth_method", "is_public_client", "is_public", "public_client")
GUARDS = {"only_for", "has_permission", "check_permission", "PermissionError"}


def traits(sources: t.Mapping[str, str]) -> dict[str, str]:
    """The traits of a version of Frappe.

    Args:
        sources: source text by `VALIDATOR`, `ENDPOINTS`, `TOKEN` and `AUTH`. If one is missing or not valid Python, its
            traits are ``unknown``.
    """
    oauth, endpoints, token, auth = (Source(sources.get(name, "")) for name in SOURCES)
    return {
        "code_bound_to": _code_bound_to(oauth),
        "pkce_required": _pkce_required(oauth),
        "client_secret_checked": _client_secret_checked(oauth),
        "old_token_revoked_on_refresh": _old_token_revoked(oauth, token),
        "refresh_bound_to_client": _refresh_bound_to_client(oauth),
        "refresh_tokens_expire": _refresh_tokens_expire(oauth, token),
        "codes_expire": _codes_expire(oauth),
        "introspection_open_to_guests": _introspection_open(endpoints),
        "introspection_authenticated": introspection_authenticated(endpoints),
        "expired_tokens_introspect_active": _expired_introspect_active(endpoints),
        "password_grant": _password_grant(oauth),
        "key_of_disabled_user": key_of_disabled_user(auth),
        "bearer_of_disabled_user": bearer_of_disabled_user(auth, oauth),
        "refresh_of_disabled_user": refresh_of_disabled_user(oauth),
        "tokens_hashed": tokens_hashed(oauth, token),
        "consent_auto_counts": consent_auto_counts(endpoints),
        "approve_method": approve_method(endpoints),
        "basic_accepted": basic_accepted(auth, oauth),
        "plain_accepted": plain_accepted(oauth),
    }


def open_to_everybody(source: str) -> list[str]:
    """The functions that any logged-in user may call over HTTP, because they check no permission."""
    code = Source(source)
    return sorted(
        name
        for name, function in code.functions.items()
        if any(name_of(getattr(one, "func", one)) == "whitelist" for one in function.decorator_list)
        and not words(code.reach(name)) & GUARDS
    )


# ---------------------------------------------------------------- traits
def _code_bound_to(oauth: Source) -> str:
    """The owner of an authorization code: the user of the ``session``, or the user in a ``cookie`` of the request."""
    nodes = oauth.reach("save_authorization_code")
    values = [node.value for node in nodes if isinstance(node, ast.Assign) and _sets(node.targets[0], "user")]
    values += [node.value for node in nodes if isinstance(node, ast.keyword) and node.arg == "user"]
    if not values:
        return UNKNOWN
    # the names that the value is computed from, and the functions that it calls
    assigned = {
        node.targets[0].id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    parts, left, met = [], list(values), set()
    while left:
        node = left.pop()
        if id(node) in met:
            continue
        met.add(id(node))
        inner = list(ast.walk(node))
        parts += inner
        left += [assigned[part.id] for part in inner if isinstance(part, ast.Name) and part.id in assigned]
        for call in inner:
            if isinstance(call, ast.Call):
                parts += oauth.reach(called(call) or "")
    said = words(parts)
    cookie = any("cookie" in word.lower() for word in said) or "user_id" in said
    session = any(
        isinstance(part, ast.Attribute) and part.attr == "user" and name_of(part.value) == "session" for part in parts
    )
    return UNKNOWN if cookie == session else "cookie" if cookie else "session"


def _sets(target: ast.AST, field: str) -> bool:
    if isinstance(target, ast.Subscript):
        return isinstance(target.slice, ast.Constant) and target.slice.value == field
    return isinstance(target, ast.Attribute) and target.attr == field


def _pkce_required(oauth: Source) -> str:
    """Whether a request without code_challenge is rejected: ``yes``, ``no`` or ``public_clients``."""
    asked = oauth.reach("is_pkce_required")
    if asked:
        returned = [node.value for node in asked if isinstance(node, ast.Return)]
        fixed = {part.value for part in returned if isinstance(part, ast.Constant)}
        if len(fixed) == len(returned) == 1 and fixed <= {True, False}:
            return "yes" if fixed == {True} else "no"
        return "public_clients" if words(asked) & set(PUBLIC) else UNKNOWN
    nodes = oauth.reach("validate_code", "save_authorization_code", "validate_client_id", "validate_response_type")
    if "code_challenge" not in words(nodes):
        return UNKNOWN
    missing = [node for node in nodes if isinstance(node, ast.If) and _challenge_missing(node.test)]
    elses = [
        node
        for node in nodes
        if isinstance(node, ast.If) and node.orelse and _challenge_there(node.test) and refuses(node.orelse)
    ]
    if any(refuses(node.body) for node in missing) or elses:
        tests = [part for node in missing + elses for part in ast.walk(node.test)]
        return "public_clients" if words(tests) & set(PUBLIC) else "yes"
    accepts = any(
        isinstance(node, ast.Return) and isinstance(node.value, ast.Constant) and node.value.value is True
        for node in nodes_of(oauth.functions.get("validate_code", ast.Pass()))
    )
    return "no" if accepts and not missing else UNKNOWN


def _challenge_there(test: ast.AST) -> bool:
    return str(name_of(test)).startswith("code_challenge")


def _challenge_missing(test: ast.AST) -> bool:
    """Whether a condition tests for a missing code_challenge or a wrong method."""
    for node in ast.walk(test):
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and _challenge_there(node.operand):
            return True
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Is, ast.NotEq, ast.NotIn)):
            if _challenge_there(node.left):
                return True
    return False


def _client_secret_checked(oauth: Source) -> str:
    """Whether client authentication checks the client_secret."""
    nodes = oauth.reach("authenticate_client", "authenticate_client_id", "client_authentication_required")
    if "authenticate_client" not in oauth.functions:
        return UNKNOWN
    if "client_secret" not in words(nodes):
        return "no"
    compared: list[ast.AST] = [node for node in nodes if isinstance(node, ast.Compare)]
    compared += [node for node in nodes if isinstance(node, ast.Call) and "compare" in str(name_of(node.func)).lower()]
    return "yes" if any("client_secret" in words(ast.walk(node)) for node in compared) else UNKNOWN


def _old_token_revoked(oauth: Source, token: Source) -> str:
    """Whether a refresh revokes the old tokens."""
    if not {"save_bearer_token", "validate_refresh_token"} <= oauth.functions.keys() or not token.readable:
        return UNKNOWN
    nodes = oauth.reach("save_bearer_token", "validate_refresh_token", "rotate_refresh_token")
    nodes += token.reach("before_insert", "after_insert", "validate", "on_update")
    compared = {part for node in nodes if isinstance(node, ast.Compare) for part in ast.walk(node)}
    written = words(node for node in nodes if node not in compared)
    calls = {str(name_of(node.func)) for node in nodes if isinstance(node, ast.Call)}
    if "Revoked" in written or calls & {"delete", "delete_doc", "db_delete"}:
        return "yes"
    return "no" if not any("revoke" in word.lower() for word in written) else UNKNOWN


def _refresh_bound_to_client(oauth: Source) -> str:
    """Whether a refresh token of a different client is rejected."""
    nodes = oauth.reach("validate_refresh_token")
    if "refresh_token" not in words(nodes):
        return UNKNOWN
    return yes_no(_asked(nodes, CLIENT), not words(nodes) & CLIENT)


def _codes_expire(oauth: Source) -> str:
    """Whether an expired authorization code is rejected."""
    nodes = oauth.reach("validate_code")
    if "validity" not in words(nodes):
        return UNKNOWN
    return yes_no(_asked(nodes, TIMES), not words(nodes) & TIMES)


def _asked(nodes: list[ast.AST], names: set[str]) -> bool:
    """Whether a comparison or a filter (a dict) contains one of these names."""
    tests = (node for node in nodes if isinstance(node, (ast.Compare, ast.Dict)))
    return any(words(ast.walk(node)) & names for node in tests)


def _expired_introspect_active(endpoints: Source) -> str:
    """Whether introspection computes ``active`` from the status alone and ignores the expiry."""
    stated: list[ast.AST] = []
    for node in endpoints.reach("introspect_token"):
        if isinstance(node, ast.Dict):
            stated += [value for key, value in zip(node.keys, node.values) if getattr(key, "value", None) == "active"]
        elif isinstance(node, ast.keyword) and node.arg == "active":
            stated.append(node.value)
    parts = [part for value in stated for part in ast.walk(value)]
    computed = any(isinstance(part, ast.Call) for part in parts)
    return yes_no("status" in words(parts) and not computed and not words(parts) & TIMES, bool(words(parts) & TIMES))


def _introspection_open(endpoints: Source) -> str:
    """Whether introspection works without authentication of a user or a client."""
    asked = introspection_authenticated(endpoints)
    return UNKNOWN if asked == UNKNOWN else yes_no(asked == "nobody", asked != "nobody")


def _password_grant(oauth: Source) -> str:
    """Whether Frappe supports the password grant: ``open`` or ``gone``."""
    said = words(oauth.reach("validate_grant_type"))
    if "authorization_code" not in said:
        return UNKNOWN
    if "password" not in said:
        return "gone"
    return "open" if "validate_user" in oauth.functions else UNKNOWN


def _refresh_tokens_expire(oauth: Source, token: Source) -> str:
    """``yes``, ``no``, or ``when_cleared`` if Log Settings deletes the row some time after the access token expires."""
    nodes = oauth.reach("validate_refresh_token")
    if "refresh_token" not in words(nodes) or not token.readable:
        return UNKNOWN
    if words(nodes) & TIMES:
        return "yes" if _asked(nodes, TIMES) else UNKNOWN
    return "when_cleared" if "clear_old_logs" in token.functions else "no"
