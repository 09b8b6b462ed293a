# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a step failed, where the site itself can tell: from the client's row, the user and the installed apps.

Runs inside the bench's own Python, reads only, and only after a step failed.
"""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Verdict
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


def add_causes(steps: list[Verdict], frappe: t.Any, params: Params, remedy_of: t.Callable[[str], str]) -> None:
    """Replace the rule of each failed step by the cause that the site shows, where it shows one."""
    for step in steps:
        cause = CAUSES.get(step["rule"]) if step["verdict"] == "failed" else None
        if cause:
            rule, reason = cause(step, frappe, params)
            if rule:
                step["rule"], step["reason"], step["remedy"] = rule, reason, remedy_of(rule)


def _client(params: Params) -> dict[str, t.Any]:
    """The row of the OAuth client; a step with a cause to look for was taken with one."""
    return params["client"] or {}


def _redirect_uri(_step: Verdict, _frappe: t.Any, params: Params) -> tuple[str, str]:
    stored = _client(params)["redirect_uris"] or ""
    if len(stored.split()) > 1 and any(mark in stored.strip() for mark in "\r\n\t"):
        return REDIRECT_URIS_NEWLINE, f"{len(stored.split())} URIs are stored, joined by something else than a space"
    return "", ""


def _token(step: Verdict, _frappe: t.Any, params: Params) -> tuple[str, str]:
    stored = _client(params)["redirect_uris"] or ""
    if params["redirect_uri"] not in stored.split(" ") and params["redirect_uri"] in stored.split():
        return REDIRECT_URIS_EDGES, "a line end or another blank clings to the URI that is stored"
    return "", ""


def _client_role(_step: Verdict, frappe: t.Any, params: Params) -> tuple[str, str]:
    user, allowed = params["find_user"](params["username"]), _client(params)["allowed_roles"]
    if not frappe.db.exists(CLIENT, _client(params)["name"]):
        return CLIENT_MISSING, "it has gone while the site was verified"
    has = frappe.get_roles(user) if user else []
    return (
        CLIENT_ROLE,
        f"the client is for {', '.join(allowed)}; of these the user has {_listed(set(allowed) & set(has))}",
    )


def _login(step: Verdict, frappe: t.Any, params: Params) -> tuple[str, str]:
    user = params["find_user"](params["username"])
    if not user:
        return LOGIN_USER_MISSING, f"the site has no user {params['username']}"
    if not frappe.db.get_value("User", user, "enabled"):
        return LOGIN_USER_MISSING, f"the user {user} is disabled"
    with contextlib.suppress(Exception):  # a field that came later
        if frappe.get_system_settings("disable_user_pass_login"):
            return LOGIN_PASSWORD_OFF, "the site takes no passwords"
    return "", ""


def _bearer(_step: Verdict, _frappe: t.Any, params: Params) -> tuple[str, str]:
    stored = _client(params)["scopes"] or ""
    if stored.split() != [scope for scope in stored.split(" ") if scope]:
        return SCOPES_NEWLINE, "the client's scopes are joined by something else than a space"
    return "", ""


def _method(step: Verdict, frappe: t.Any, params: Params) -> tuple[str, str]:
    """Is the method there, and may it be called? Asked of the code on the disk, which the web program may not run."""
    method = params["api_method"]
    app = method.split(".")[0]
    if app not in frappe.get_installed_apps():
        return METHOD_APP_MISSING, f"the app {app} is not installed on this site"
    try:
        function = frappe.get_attr(method)
    except Exception as error:
        return METHOD_MISSING, f"{type(error).__name__}: {method} cannot be imported"
    if not _is_whitelisted(frappe, function):
        return METHOD_NOT_WHITELISTED, f"{method} is no whitelisted function"
    if step["rule"] in (METHOD_MISSING, METHOD_NOT_WHITELISTED):
        return METHOD_STALE, "the code on the disk has it, whitelisted; the code that runs has not"
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
