# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Frappe's own HTTP client calls by name; of `frappe.client` only what a test of ours was seen to need."""

from __future__ import annotations

import frappe


@frappe.whitelist()
def get_value(doctype, fieldname, filters=None):
    """One row's fields; an empty object where none fits. Raises PermissionError."""
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
    """Raises DoesNotExistError, LinkExistsError, PermissionError."""
    frappe.delete_doc(doctype, name, ignore_missing=False)


def _parsed(text):
    try:
        return frappe.parse_json(text)
    except ValueError:
        return text
