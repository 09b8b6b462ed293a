# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cause of a failed step, if it can be found in the OAuth client, the user or the installed apps.

It runs in the bench's Python after a step failed, and only reads.
"""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Verdict
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.error_log import server_error
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import (
    BEARER_REFUSED,
    CLIENT_MISSING,
    CLIENT_ROLE,
    ID_TOKEN_INVALID,
    LOGIN_PASSWORD_OFF,
    LOGIN_REFUSED,
    LOGIN_USER_MISSING,
    METHOD_APP_MISSING,
    METHOD_FAILED,
    METHOD_FORBIDDEN,
    METHOD_MISSING,
    METHOD_NOT_WHITELISTED,
    METHOD_STALE,
    REDIRECT_URI_UNKNOWN,
    REDIRECT_URIS_EDGES,
    REDIRECT_URIS_NEWLINE,
    REFRESH_REFUSED,
    SCOPES_NEWLINE,
    TOKEN_REFUSED,
    USERINFO_WRONG,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import Params

CLIENT = "OAuth Client"


def add_causes(
    steps: list[Verdict], frappe: t.Any, params: Params, remedy_of: t.Callable[[str], str], since: t.Any
) -> None:
    """Replace the rule, reason and remedy of each failed step if the site's data explains the failure.

    Args:
        steps: the verdicts; they are changed in place.
        frappe: connected to the site.
        params: the options of the row, and facts about the site.
        remedy_of: returns the remedy of a rule.
        since: when the verification began.
    """
    for step in steps:
        if step["verdict"] != "failed":
            continue
        cause = CAUSES.get(step["rule"])
        rule, reason = cause(step, frappe, params) if cause else ("", "")
        if not rule:
            rule, reason = server_error(step, frappe, since)
        if rule:
            step["rule"], step["reason"], step["remedy"] = rule, reason, remedy_of(rule)
        elif reason:
            step["reason"] = f"{step['reason']}; {reason}" if step["reason"] else reason


def _client(params: Params) -> dict[str, t.Any]:
    """The row of the OAuth client. Every step that has a cause here ran with a client."""
    return params["client"] or {}


def _redirect_uri(_step: Verdict, _frappe: t.Any, params: Params) -> tuple[str, str]:
    stored = _client(params)["redirect_uris"] or ""
    if len(stored.split()) > 1 and any(mark in stored.strip() for mark in "\r\n\t"):
        return REDIRECT_URIS_NEWLINE, f"redirect_uris has {len(stored.split())} URIs that are not separated by spaces"
    return "", ""


def _token(step: Verdict, _frappe: t.Any, params: Params) -> tuple[str, str]:
    stored = _client(params)["redirect_uris"] or ""
    if params["redirect_uri"] not in stored.split(" ") and params["redirect_uri"] in stored.split():
        return REDIRECT_URIS_EDGES, "the stored URI begins or ends with white space, such as a line break"
    return "", ""


def _client_role(_step: Verdict, frappe: t.Any, params: Params) -> tuple[str, str]:
    user, allowed = params["find_user"](params["username"]), _client(params)["allowed_roles"]
    if not frappe.db.exists(CLIENT, _client(params)["name"]):
        return CLIENT_MISSING, "the client was deleted during the verification"
    common = set(allowed) & set(frappe.get_roles(user) if user else [])
    return CLIENT_ROLE, f"allowed_roles contains {', '.join(allowed)}, of which the user {user} has {_listed(common)}"


def _login(step: Verdict, frappe: t.Any, params: Params) -> tuple[str, str]:
    user = params["find_user"](params["username"])
    if not user:
        return LOGIN_USER_MISSING, f"the site has no user {params['username']}"
    if not frappe.db.get_value("User", user, "enabled"):
        return LOGIN_USER_MISSING, f"the user {user} is disabled"
    with contextlib.suppress(Exception):  # older versions of Frappe do not have this field
        if frappe.get_system_settings("disable_user_pass_login"):
            return LOGIN_PASSWORD_OFF, "disable_user_pass_login is on"
    return "", ""


def _bearer(_step: Verdict, _frappe: t.Any, params: Params) -> tuple[str, str]:
    stored = _client(params)["scopes"] or ""
    if stored.split() != [scope for scope in stored.split(" ") if scope]:
        return SCOPES_NEWLINE, "the client's scopes are not separated by spaces"
    return "", ""


def _method(step: Verdict, frappe: t.Any, params: Params) -> tuple[str, str]:
    """Check whether the method exists and may be called, in the code on disk. The web process may run older code."""
    method = params["api_method"]
    app = method.split(".")[0]
    if app not in frappe.get_installed_apps():
        return METHOD_APP_MISSING, f"the app {app} is not installed on this site"
    try:
        function = frappe.get_attr(method)
    except Exception as error:
        return METHOD_MISSING, f"{type(error).__name__}: {method} cannot be imported"
    if not _is_whitelisted(frappe, function):
        return METHOD_NOT_WHITELISTED, f"{method} is not a whitelisted function"
    if step["rule"] in (METHOD_MISSING, METHOD_NOT_WHITELISTED):
        return METHOD_STALE, "the method is whitelisted in the code on disk, but the running web process has older code"
    return "", ""


def _is_whitelisted(frappe: t.Any, function: t.Any) -> bool:
    with contextlib.suppress(Exception):
        user, frappe.session.user = frappe.session.user, "Administrator"
        try:
            frappe.is_whitelisted(function)
        finally:
            frappe.session.user = user
        return True
    return False


def _listed(names: t.Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


CAUSES = {
    REDIRECT_URI_UNKNOWN: _redirect_uri,
    TOKEN_REFUSED: _token,
    CLIENT_ROLE: _client_role,
    LOGIN_REFUSED: _login,
    BEARER_REFUSED: _bearer,
    ID_TOKEN_INVALID: _bearer,
    USERINFO_WRONG: _bearer,
    REFRESH_REFUSED: _bearer,
    METHOD_FORBIDDEN: _method,
    METHOD_MISSING: _method,
    METHOD_NOT_WHITELISTED: _method,
    METHOD_FAILED: _method,
}
