# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of documents."""

from __future__ import annotations

import base64
import secrets

import frappe


def set_new_name(doc, chosen=None) -> None:
    """Set the name: `chosen`, or the name from the controller or a field, or a random name.

    A name that the document already has is replaced. The name of a Single is its doctype.
    """
    if chosen:
        doc.name = validate_name(doc.doctype, chosen)
        return
    doc.name = doc.doctype if doc.meta.issingle else None
    if not doc.name:
        doc.autoname()
    autoname = doc.meta.autoname or ""
    if not doc.name and autoname.startswith("field:"):
        doc.name = doc.get(autoname.partition(":")[2])
    if not doc.name:
        doc.name = random_name()
    doc.name = validate_name(doc.doctype, doc.name)


def validate_name(doctype: str, name) -> str:
    """Return the name without surrounding spaces. Raises NameError (HTTP 409), or ValidationError if it is empty."""
    if not name:
        frappe.throw(f"{doctype} needs a name")
    if isinstance(name, int):
        frappe.throw("A name must be a string, not a number", frappe.NameError)
    name = name.strip()
    if name.startswith("New " + doctype):
        frappe.throw(f"A name cannot begin with New {doctype}", frappe.NameError)
    if name == doctype and not frappe.get_meta(doctype).issingle and name != "DocType":
        frappe.throw(f"No {doctype} can be called {name}", frappe.NameError)
    if "<" in name or ">" in name:
        frappe.throw("A name cannot contain < or >", frappe.NameError)
    return name


def random_name() -> str:
    """Return ten base-32 digits. At least one is a decimal digit, so that a name is never an English word."""
    while True:
        name = base64.b32hexencode(secrets.token_bytes(10)).decode()[:10].lower()
        if any(c.isdigit() for c in name):
            return name
