# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents over HTTP: /api/resource/<doctype>[/<name>]."""

from __future__ import annotations

import frappe
from frappe.utils import cint

LIST_OPTIONS = ("filters", "or_filters", "order_by", "group_by", "limit_start")


def list_documents(doctype):
    """Return 20 rows unless the request sets a limit. The limit 0 returns all rows."""
    form = frappe.form_dict
    options = {key: form[key] for key in LIST_OPTIONS if form.get(key)}
    limit = form.limit_page_length or form.limit
    return frappe.get_list(
        doctype, fields=form.get("fields"), limit=20 if limit in (None, "") else cint(limit), **options
    )


def create(doctype):
    """Create a document. A name in the body is ignored, because the document gets a new name."""
    values = _body()
    values.pop("doctype", None)
    return frappe.new_doc(doctype, **values).insert()


def read(doctype, name):
    found = frappe.get_doc(doctype, name)
    if found.has_permission("read"):
        return found
    raise frappe.PermissionError


def update(doctype, name):
    values = _body()
    values.pop("flags", None)
    doc = frappe.get_doc(doctype, name, for_update=True)
    doc.update(values)
    doc.save()
    return doc


def delete(doctype, name):
    frappe.delete_doc(doctype, name, ignore_missing=False)
    frappe.response["http_status_code"] = 202  # Accepted: Frappe finishes the deletion after the response
    return "ok"


def _body():
    given = frappe.form_dict.data
    try:
        return frappe.parse_json(frappe.safe_decode(frappe.request.get_data()) if given is None else given)
    except ValueError:
        return frappe.form_dict
