# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OAuth settings of a site: the single documents, as Frappe reads them."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import HIDDEN
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.oauth_settings import DOCTYPES


def oauth_settings(frappe: t.Any) -> dict[str, dict[str, t.Any]]:
    """The fields of OAuth Provider Settings, and of OAuth Settings if this version of Frappe has it."""
    return {doctype: found for doctype in DOCTYPES if (found := single(frappe, doctype))}


def single(frappe: t.Any, doctype: str) -> dict[str, t.Any] | None:
    """The fields of a single document, or None if Frappe does not have the doctype. Passwords are masked."""
    if not frappe.db.exists("DocType", doctype):
        return None
    values = stored(frappe, doctype)
    found: dict[str, t.Any] = {}
    for field in frappe.get_meta(doctype).fields:
        value = values.get(field.fieldname, field.get("default"))
        if field.fieldtype == "Check":
            found[field.fieldname] = str(value or 0) == "1"
        elif field.fieldtype == "Password":
            found[field.fieldname] = HIDDEN if value else ""
        elif field.fieldtype in ("Select", "Data", "Small Text", "Text", "Link", "Int"):
            found[field.fieldname] = value or ""
    return found


def stored(frappe: t.Any, doctype: str) -> dict[str, t.Any]:
    """The stored values of a single document, as text."""
    return dict(frappe.db.sql("select field, value from `tabSingles` where doctype = %s", (doctype,)))
