# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, with logins, roles and API keys."""

from __future__ import annotations

import frappe
from frappe.model.document import Document
from frappe.utils import cint
from frappe.utils.password import check_password
from frappe.whitelisting import whitelist


class User(Document):
    def autoname(self):
        self.email = self.email.strip().lower()
        self.name = self.email

    def validate(self):
        if self.name not in frappe.STANDARD_USERS:
            self.email = self.name
            desk_roles = {"name": ("in", [row.role for row in self.roles]), "desk_access": 1}
            self.user_type = "System User" if self.roles and frappe.db.count("Role", desk_roles) else "Website User"
        self.full_name = " ".join(filter(None, [self.first_name, self.last_name]))
        self._set_username()
        if self.name not in frappe.STANDARD_USERS and not any(row.provider == "frappe" for row in self.social_logins):
            self.append("social_logins", {"provider": "frappe", "userid": frappe.generate_hash(length=39)})

    def _set_username(self):
        if not self.username and self.is_new() and self.first_name:
            self.username = frappe.scrub(self.first_name)
        self.username = self.username and self.username.strip(" @")
        if self.username and frappe.db.get_value("User", {"username": self.username, "name": ("!=", self.name)}):
            self.username = ""


def find_by_credentials(user_name: str, password: str):
    """Return the user with this name and `is_authenticated`, or None."""
    either = [{"name": user_name}]
    if cint(frappe.db.get_single_value("System Settings", "allow_login_using_user_name")):
        either.append({"username": user_name})
    users = frappe.get_all("User", fields=["name", "enabled"], or_filters=either, limit=1)
    if not users:
        return None
    try:
        check_password(users[0].name, password, delete_tracker_cache=False)
    except frappe.AuthenticationError:
        return users[0].update(is_authenticated=False)
    return users[0].update(is_authenticated=True)


@whitelist()
def generate_keys(user: str):
    """Generate a new api_secret for a user, and an api_key if the user has none.

    Raises PermissionError or DoesNotExistError.
    """
    frappe.only_for("System Manager")
    doc = frappe.get_doc("User", user)
    secret = frappe.generate_hash(length=15)
    doc.api_key = doc.api_key or frappe.generate_hash(length=15)
    doc.api_secret = secret
    doc.save()
    return {"api_secret": secret}
