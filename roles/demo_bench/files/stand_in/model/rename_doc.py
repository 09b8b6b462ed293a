# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rename documents."""

from __future__ import annotations

import frappe
from frappe.messages import bold, msgprint, throw
from frappe.model.meta import links_to
from frappe.model.naming import validate_name


def rename_doc(
    doctype=None, old=None, new=None, force=False, merge=False, ignore_permissions=False, ignore_if_exists=False,
    show_alert=True, rebuild_search=True, doc=None, validate=True,
):  # fmt: skip
    """Rename a document, also in its child rows, in links to it and in its versions. Return the new name.

    A column that repeats the name, such as client_id, keeps the old name until the next save.

    Raises ValidationError if the doctype does not allow renaming (`force` overrides this), or if the new name is in
    use. Raises DoesNotExistError if there is no document with the old name.
    """
    old, doctype = old or doc.name, doctype or doc.doctype
    meta = frappe.get_meta(doctype)
    old_doc = doc or frappe.get_doc(doctype, old)
    found = frappe.db.get_value(doctype, new, for_update=True)
    if old == new:
        throw("No changes made because old and new name are the same.")
    if found == new and not ignore_if_exists:  # a change of upper and lower case is allowed
        throw(f"Another {doctype} with name {new} exists, select another name")
    if not (ignore_permissions or old_doc.has_permission("write")):
        throw(f"You need write permission on {doctype} {old} to rename")
    if not (force or ignore_permissions or meta.allow_rename):
        throw(f"{doctype} not allowed to be renamed")
    new = validate_name(doctype, new)

    changes = {"name": new}
    if (meta.autoname or "").startswith("field:"):
        changes[meta.autoname.partition(":")[2]] = new
    frappe.db.update_rows(doctype, changes, {"name": old})
    for df in meta.get_table_fields():
        frappe.db.update_rows(df.options, {"parent": new}, {"parent": old, "parenttype": doctype})
    for other, fieldname in links_to(doctype):
        if not other.issingle:
            frappe.db.update_rows(other.name, {fieldname: new}, {fieldname: old})
    frappe.db.update_rows("Version", {"docname": new}, {"ref_doctype": doctype, "docname": old})

    from frappe.utils.password import rename_password

    rename_password(doctype, old, new)
    frappe.clear_cache()
    if show_alert:
        msgprint(f"Document renamed from {bold(old)} to {bold(new)}", alert=True, indicator="green")
    return new
