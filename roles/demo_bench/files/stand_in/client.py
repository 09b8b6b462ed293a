# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The methods of `frappe.client` that the tests use. Frappe's own HTTP client calls them by name."""

from __future__ import annotations

import frappe


@frappe.whitelist()
def get_value(doctype, fieldname, filters=None):
    """Return the fields of one row, or an empty object if no row matches. Raises PermissionError."""
    frappe.has_permission(doctype)
    fields, wanted = _parsed(fieldname), _parsed(filters) or None
    rows = frappe.get_list(
        doctype,
        fields=fields if isinstance(fields, list) else [fields],
        filters={"name": wanted} if isinstance(wanted, str) else wanted,
        limit=1,
    )
    return rows[0] if rows else {}


@frappe.whitelist(methods=["DELETE", "POST"])
def delete(doctype, name):
    """Delete a document. Raises DoesNotExistError, LinkExistsError or PermissionError."""
    frappe.delete_doc(doctype, name, ignore_missing=False)


def _parsed(text):
    try:
        return frappe.parse_json(text)
    except ValueError:
        return text
