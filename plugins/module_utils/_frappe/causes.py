# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a step failed, where the site itself can tell: from the client's row, the user and the installed apps.

Runs inside the bench's own Python, reads only, and only after a step failed.
"""

from __future__ import annotations

import contextlib
import typing as t

CLIENT = "OAuth Client"
FailedStep = t.Dict[str, str]


def add_causes(
    steps: list[FailedStep], frappe: t.Any, params: dict[str, t.Any], remedy_of: t.Callable[[str], str]
) -> None:
    """Replace the rule of each failed step by the cause that the site shows, where it shows one."""
    for step in steps:
        cause = CAUSES.get(step["rule"]) if step["verdict"] == "failed" else None
        if cause:
            rule, reason = cause(step, frappe, params)
            if rule:
                step.update(rule=rule, reason=reason, remedy=remedy_of(rule))


def _redirect_uri(_step: FailedStep, _frappe: t.Any, params: dict[str, t.Any]) -> tuple[str, str]:
    stored = params["client"]["redirect_uris"] or ""
    if len(stored.split()) > 1 and any(mark in stored.strip() for mark in "\r\n\t"):
        return "redirect-uris-newline", f"{len(stored.split())} URIs are stored, joined by something else than a space"
    return "", ""


def _token(step: FailedStep, _frappe: t.Any, params: dict[str, t.Any]) -> tuple[str, str]:
    stored = params["client"]["redirect_uris"] or ""
    if params["redirect_uri"] not in stored.split(" ") and params["redirect_uri"] in stored.split():
        return "redirect-uris-edges", "a line end or another blank clings to the URI that is stored"
    return "", ""


def _client_role(_step: FailedStep, frappe: t.Any, params: dict[str, t.Any]) -> tuple[str, str]:
    user, allowed = params["find_user"](params["username"]), params["client"]["allowed_roles"]
    if not frappe.db.exists(CLIENT, params["client"]["name"]):
        return "client-missing", "it has gone while the site was proven"
    has = frappe.get_roles(user) if user else []
    return (
        "client-role",
        f"the client is for {', '.join(allowed)}; of these the user has {_listed(set(allowed) & set(has))}",
    )


def _login(step: FailedStep, frappe: t.Any, params: dict[str, t.Any]) -> tuple[str, str]:
    user = params["find_user"](params["username"])
    if not user:
        return "login-user-missing", f"the site has no user {params['username']}"
    if not frappe.db.get_value("User", user, "enabled"):
        return "login-user-missing", f"the user {user} is disabled"
    with contextlib.suppress(Exception):  # a field that came later
        if frappe.get_system_settings("disable_user_pass_login"):
            return "login-password-off", "the site takes no passwords"
    return "", ""


def _bearer(_step: FailedStep, _frappe: t.Any, params: dict[str, t.Any]) -> tuple[str, str]:
    stored = params["client"]["scopes"] or ""
    if stored.split() != [scope for scope in stored.split(" ") if scope]:
        return "scopes-newline", "the client's scopes are joined by something else than a space"
    return "", ""


def _method(step: FailedStep, frappe: t.Any, params: dict[str, t.Any]) -> tuple[str, str]:
    """Is the method there, and may it be called? Asked of the code on the disk, which the web program may not run."""
    method = params["api_method"]
    app = method.split(".")[0]
    if app not in frappe.get_installed_apps():
        return "method-app-missing", f"the app {app} is not installed on this site"
    try:
        function = frappe.get_attr(method)
    except Exception as error:
        return "method-missing", f"{type(error).__name__}: {method} cannot be imported"
    if not _is_whitelisted(frappe, function):
        return "method-not-whitelisted", f"{method} is no whitelisted function"
    if step["rule"] in ("method-missing", "method-not-whitelisted"):
        return "method-stale", "the code on the disk has it, whitelisted; the code that runs has not"
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
    "redirect-uri-unknown": _redirect_uri,
    "token-refused": _token,
    "client-role": _client_role,
    "login-refused": _login,
    "bearer-refused": _bearer,
    "id-token-invalid": _bearer,
    "userinfo-wrong": _bearer,
    "refresh-refused": _bearer,
    "method-forbidden": _method,
    "method-missing": _method,
    "method-not-whitelisted": _method,
    "method-failed": _method,
}
