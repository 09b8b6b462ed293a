# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hashed passwords, and secrets encrypted with the site's key. Both are in the table __Auth."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

import frappe

ROUNDS = 29000  # of PBKDF2 with SHA-256, the default of passlib


# ---- secrets
def get_decrypted_password(doctype, name, fieldname="password", raise_exception=True):
    """Return a secret. Raises AuthenticationError if it is missing, ValidationError if encryption_key has changed."""
    found = _row(doctype, name, fieldname, encrypted=1)
    if found and found[1]:
        return decrypt(found[1], key=f"{doctype}.{name}.{fieldname}")
    if raise_exception:
        frappe.throw(f"Password not found for {doctype} {name} {fieldname}", frappe.AuthenticationError)
    return None


def set_encrypted_password(doctype, name, pwd, fieldname="password"):
    _write(doctype, name, fieldname, encrypt(pwd), 1)


def remove_encrypted_password(doctype, name, fieldname="password"):
    frappe.db.delete("__Auth", {"doctype": doctype, "name": name, "fieldname": fieldname})


def encrypt(txt, encryption_key=None):
    from cryptography.fernet import Fernet

    try:
        cipher = Fernet((encryption_key or get_encryption_key()).encode())
    except Exception:
        frappe.throw("Encryption key is in invalid format!")
    return cipher.encrypt(txt.encode()).decode()


def decrypt(txt, encryption_key=None, key: str | None = None):
    from cryptography.fernet import Fernet, InvalidToken

    try:
        return Fernet((encryption_key or get_encryption_key()).encode()).decrypt(txt.encode()).decode()
    except InvalidToken:
        frappe.throw(
            (f"Failed to decrypt key {key}<br><br>" if key else "")
            + "Encryption key is invalid! Check site_config.json"
        )


def get_encryption_key():
    """Return the site's key. The first call generates it and writes it to site_config.json."""
    if "encryption_key" not in frappe.local.conf:
        from cryptography.fernet import Fernet

        from frappe.installer import update_site_config

        key = Fernet.generate_key().decode()
        update_site_config("encryption_key", key)
        frappe.local.conf.encryption_key = key
    return frappe.local.conf.encryption_key


# ---- passwords
def update_password(user, pwd, doctype="User", fieldname="password", logout_all_sessions=False):
    salt = os.urandom(16)
    _write(doctype, user, fieldname, f"$pbkdf2-sha256${ROUNDS}${_ab64(salt)}${_ab64(_hash(pwd, salt, ROUNDS))}", 0)
    if logout_all_sessions:
        from frappe.sessions import clear_sessions

        clear_sessions(user)


def check_password(user, pwd, doctype="User", fieldname="password", delete_tracker_cache=True):
    """Check a password. Return the user's name as it is stored. Raises AuthenticationError."""
    found = _row(doctype, user, fieldname, encrypted=0)
    if found:
        rounds, salt, digest = found[1].split("$")[2:]
        if hmac.compare_digest(_ab64(_hash(pwd, _unab64(salt), int(rounds))), digest):
            return found[0]
    raise frappe.AuthenticationError("Incorrect User or Password")


def delete_all_passwords_for(doctype, name):
    frappe.db.delete("__Auth", {"doctype": doctype, "name": name})


def rename_password(doctype, old_name, new_name):
    frappe.db.update_rows("__Auth", {"name": new_name}, {"doctype": doctype, "name": old_name})


def _hash(pwd, salt, rounds):
    return hashlib.pbkdf2_hmac("sha256", pwd.encode(), salt, rounds)


def _ab64(raw: bytes) -> str:
    return base64.b64encode(raw, b"./").decode().rstrip("=")


def _unab64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), b"./")


def _row(doctype, name, fieldname, encrypted):
    rows = frappe.db.sql(
        "select name, password from `__Auth` where doctype = %s and name = %s and fieldname = %s and encrypted = %s",
        (doctype, name, fieldname, encrypted),
    )
    return rows[0] if rows else None


def _write(doctype, name, fieldname, password, encrypted):
    row = {"doctype": doctype, "name": name, "fieldname": fieldname, "password": password, "encrypted": encrypted}
    frappe.db.insert_row("__Auth", row, replace=True)
