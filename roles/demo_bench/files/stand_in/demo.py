# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in's replacement for `bench new-site`. Run it in `<bench>/sites`. It reads JSON and prints JSON.

    python -m frappe.demo new-site < request.json

The request is {"site", "domains": [...], "apps": [...], "roles": [...], "users": [{"email", "password", "first_name",
"user_type", "roles": [...], "enabled"}]}, or {"sites": [...]} with a list of these. The output is {"changed": bool}.
Passwords are read from stdin only. In an existing site, missing roles and users are added. Nothing else is changed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import secrets
import sys

import frappe
from frappe.database import connection
from frappe.database.schema import create_tables
from frappe.model.meta import DOCTYPES, get_meta

FOLDERS = ("locks", "logs", "public/files", "private/files")
STANDARD_ROLES = {"Administrator": 1, "System Manager": 1, "Desk User": 1, "All": 0, "Guest": 0}  # role: desk access


def new_site(wanted: dict) -> bool:
    """Create or complete a site. Return whether anything was missing.

    The database is created before site_config.json, because a directory with that file counts as a site.
    """
    site = wanted["site"]
    config_path = os.path.join(site, "site_config.json")
    fresh = not os.path.exists(config_path)
    if fresh:
        _make_folders(site)
        config = {
            "db_name": "_" + secrets.token_hex(8),
            "db_password": secrets.token_urlsafe(12),
            "db_type": "sqlite",
            "domains": wanted.get("domains") or [],
        }
        _make_database(connection.path_of(site, config["db_name"]))
        _write_config(config_path, config)
    frappe.init(site)
    frappe.connect()
    try:
        changed = (
            _add_standard_rows(wanted.get("apps") or ["frappe"])
            if not frappe.db.exists("User", "Administrator")
            else fresh
        )
        for role in wanted.get("roles") or []:
            changed |= _add_role(role, desk_access=1)
        for user in wanted.get("users") or []:
            changed |= _add_user(user)
        frappe.db.commit()
    finally:
        frappe.destroy()
    return changed


def _make_folders(site):
    for folder in FOLDERS:
        os.makedirs(os.path.join(site, folder), exist_ok=True)
    os.makedirs(os.path.join(site, "db"), mode=0o700, exist_ok=True)


def _make_database(path):
    conn = connection.open_database(path, create=True)
    try:
        conn.execute("BEGIN IMMEDIATE")
        create_tables(conn.execute, map(get_meta, DOCTYPES))
        conn.execute("COMMIT")
    finally:
        conn.close()


def _write_config(path, config):
    draft = path + ".new"
    with open(draft, "w") as f:
        f.write(json.dumps(config, indent=1, sort_keys=True))
    os.chmod(draft, 0o644)
    os.replace(draft, path)


def _add_standard_rows(apps) -> bool:
    for name in DOCTYPES:
        meta = get_meta(name)
        row = {
            key: getattr(meta, key)
            for key in ("module", "issingle", "istable", "track_changes", "autoname", "title_field")
        }
        doc = frappe.get_doc(
            {"doctype": "DocType", "name": name, **row, "fields": [_of("DocField", df) for df in meta.fields],
             "permissions": [_of("DocPerm", p) for p in meta.permissions]}
        )  # fmt: skip
        _db_insert(doc)
    for user_type in ("System User", "Website User"):
        _db_insert(frappe.get_doc({"doctype": "User Type", "name": user_type, "is_standard": 1}))
    for role, desk_access in STANDARD_ROLES.items():
        _add_role(role, desk_access)
    for name, user_type in (("Administrator", "System User"), ("Guest", "Website User")):
        email = "admin@example.com" if name == "Administrator" else "guest@example.com"
        user = {"doctype": "User", "name": name, "email": email, "first_name": name, "full_name": name, "enabled": 1}
        _db_insert(
            frappe.get_doc({**user, "user_type": user_type, "simultaneous_sessions": 2, "roles": [{"role": name}]})
        )
    versions = [{"app_name": app, "app_version": importlib.import_module(app).__version__} for app in apps]
    for doctype, values in (("System Settings", {}), ("Installed Applications", {"installed_applications": versions})):
        frappe.new_doc(doctype, **values).insert()
    _db_insert(
        frappe.get_doc(
            {
                "doctype": "DefaultValue",
                "parent": "__global",
                "parenttype": "__default",
                "parentfield": "system_defaults",
                "defkey": "installed_apps",
                "defvalue": json.dumps(apps),
            }
        )  # fmt: skip
    )
    return True


def _of(doctype, values):
    columns = get_meta(doctype).get_valid_columns()
    return {key: value for key, value in values.items() if key in columns and key != "parent"}


def _db_insert(doc):
    """Store a row that Frappe's installer would create, with its children. Skips the checks of an insert."""
    from frappe.model.naming import random_name

    for row in (doc, *doc.get_all_children()):
        row.name = row.name or random_name()
        row.creation = row.modified = frappe.utils.now()
        row.owner = row.modified_by = "Administrator"
        if row is not doc:
            row.parent = doc.name
        row.db_insert()


def _add_role(role, desk_access) -> bool:
    if frappe.db.exists("Role", role):
        return False
    frappe.get_doc({"doctype": "Role", "role_name": role, "desk_access": desk_access, "is_custom": 0}).insert()
    return True


def _add_user(wanted) -> bool:
    from frappe.utils.password import update_password

    if frappe.db.exists("User", wanted["email"]):
        return False
    doc = frappe.get_doc(
        {"doctype": "User", "email": wanted["email"], "first_name": wanted["first_name"], "send_welcome_email": 0,
         "enabled": wanted.get("enabled", 1), "roles": [{"role": role} for role in wanted.get("roles") or []]}
    ).insert()  # fmt: skip
    if wanted.get("user_type", doc.user_type) != doc.user_type:
        raise SystemExit(
            f"{doc.name}: Frappe sets the user type {doc.user_type} for these roles, not {wanted['user_type']}"
        )
    update_password(doc.name, wanted["password"])
    return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="frappe.demo", description="Create sites, in place of `bench new-site`.")
    parser.add_argument("command", choices=["new-site"])
    parser.parse_args()
    request = json.load(sys.stdin)
    changed = [new_site(wanted) for wanted in request.get("sites", [request])]
    print(json.dumps({"changed": any(changed)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
