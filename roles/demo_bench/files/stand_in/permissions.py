# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles, and the permissions that a doctype gives them."""

from __future__ import annotations

import frappe
from frappe.context import flags, local
from frappe.exceptions import PermissionError
from frappe.messages import bold, msgprint, throw

GUEST_ROLE, ALL_USER_ROLE, SYSTEM_USER_ROLE, ADMIN_ROLE = "Guest", "All", "Desk User", "Administrator"
AUTOMATIC_ROLES = (GUEST_ROLE, ALL_USER_ROLE, SYSTEM_USER_ROLE, ADMIN_ROLE)


def get_roles(username=None) -> list[str]:
    """Return the roles of a user, including automatic roles. An unknown user has All and Guest."""
    username = username or frappe.session.user
    if not username or username == "Guest":
        return [GUEST_ROLE]
    if username == "Administrator":
        return frappe.get_all("Role", pluck="name")
    given = frappe.get_all("Has Role", filters={"parenttype": "User", "parent": username}, pluck="role", order_by="idx")
    roles = [role for role in given if role not in AUTOMATIC_ROLES] + [ALL_USER_ROLE, GUEST_ROLE]
    if is_system_user(username):
        roles.append(SYSTEM_USER_ROLE)
    return roles


def is_system_user(username) -> bool:
    return bool(frappe.db.get_value("User", {"email": username, "enabled": 1, "user_type": "System User"}))


def only_for(roles, message=False):
    if local.session.user == "Administrator":
        return
    roles = (roles,) if isinstance(roles, str) else roles
    if any(role in roles for role in get_roles()):
        return
    if message:
        throw(f"This action is only allowed for {', '.join(map(bold, roles))}", PermissionError, "Not Permitted")
    raise PermissionError


def has_permission(doctype, ptype="read", doc=None, user=None, raise_exception=True, **_options) -> bool:
    """Whether the user's roles give `ptype`.

    Never raises an exception. With `raise_exception`, it adds a message with the reason.
    """
    flags.has_permission_check_logs = [] if raise_exception else flags.has_permission_check_logs
    allowed = _check(doctype, ptype, doc, user or frappe.session.user)
    if raise_exception:
        reasons = flags.pop("has_permission_check_logs", None) or []
        if not allowed and (user or frappe.session.user) == frappe.session.user:
            msgprint("<br>".join(reasons))
    return allowed


def _check(doctype, ptype, doc, user):
    if user == "Administrator":
        return True
    meta = frappe.get_meta(doc.parenttype if doc and frappe.get_meta(doctype).istable else doctype)
    roles = get_roles(user)
    if any(p.role in roles and p.get(ptype) and not p.permlevel for p in meta.permissions):
        return True
    reasons = flags.has_permission_check_logs
    if reasons is not None:
        subject = f"User {bold(user)} does not have"
        reasons.append(f"{subject} doctype access via role permission for document {bold(doctype)}")
        if doc:
            reasons.append(f"{subject} access to this document")
    return False
