# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete documents."""

from __future__ import annotations

import frappe
from frappe.messages import msgprint, throw
from frappe.model.meta import links_to
from frappe.utils import now

IGNORED_LINKS = ("Version", "Deleted Document", "DocType")  # links from these doctypes do not prevent a deletion


def delete_doc(
    doctype=None, name=None, force=0, ignore_doctypes=None, for_reload=False, ignore_permissions=False, flags=None,
    ignore_on_trash=False, ignore_missing=True, delete_permanently=False,
):  # fmt: skip
    """Delete one or several documents with their child rows. Return False if one of them does not exist.

    Unless `delete_permanently` is set, the complete row is kept in Deleted Document, including secrets. With `force`,
    rows that link to the document are orphaned.

    Raises PermissionError. Raises LinkExistsError if another row links to the document, unless `force` is set. Raises
    DoesNotExistError if a document is missing and `ignore_missing` is false.
    """
    from frappe.utils.password import delete_all_passwords_for

    for each in [name] if isinstance(name, (str, int)) else name or []:
        if not frappe.db.exists(doctype, each):
            if not ignore_missing:
                raise frappe.DoesNotExistError
            return False
        delete_all_passwords_for(doctype, each)
        frappe.db.get_value(doctype, each, for_update=True, wait=False)
        doc = frappe.get_doc(doctype, each)
        doc.flags.update({**(flags or {}), **({"ignore_permissions": True} if ignore_permissions else {})})
        trusted = doc.flags.ignore_permissions or frappe.session.user == "Administrator"
        if not (trusted or doc.has_permission("delete")):
            msgprint(f"You may not delete {doc.doctype} {doc.name}", raise_exception=frappe.PermissionError)
        if not force:
            _check_links(doc)
        frappe.db.delete(doctype, {"name": each})
        for child in {df.options for df in doc.meta.get_table_fields()}:
            frappe.db.delete(child, {"parenttype": doctype, "parent": each})
        if not delete_permanently and doctype != "Deleted Document":
            _keep_copy(doc)
        if not for_reload:
            _add_to_feed(doc)
        frappe.db.after_commit.append(lambda doc=doc: _delete_versions(doc))


def _check_links(doc):
    for meta, fieldname in links_to(doc.doctype):
        if meta.name in IGNORED_LINKS:
            continue
        columns = ["name", "parent", "parenttype"] if meta.istable else ["name"]
        for row in frappe.db.get_values(meta.name, {fieldname: doc.name}, columns, as_dict=True):
            holder, kind = row.parent or row.name, row.parenttype or meta.name
            if (kind, holder) == (doc.doctype, doc.name):
                continue
            if doc.meta.has_field("enabled") or doc.meta.has_field("disabled"):
                throw(f"You can disable this {doc.doctype} instead of deleting it.", frappe.LinkExistsError)
            here, there = _link(doc.doctype, doc.name), _link(kind, holder)
            throw(
                f"Cannot delete or cancel because {doc.doctype} {here} is linked with {kind} {there} ",
                frappe.LinkExistsError,
            )


def _link(doctype, name):
    return f'<a href="/app/Form/{doctype}/{name}">{name}</a>'


def _keep_copy(doc):
    copy = {
        "doctype": "Deleted Document",
        "deleted_doctype": doc.doctype,
        "deleted_name": doc.name,
        "data": doc.as_json(),
    }
    _insert(copy)


def _add_to_feed(doc):
    """Add an entry with the name of the deleted document to Desk's feed."""
    subject = f"{doc.doctype} {doc.name}"
    _insert({"doctype": "Comment", "comment_type": "Deleted", "reference_doctype": doc.doctype, "subject": subject})


def _insert(values):
    row = frappe.get_doc(values)
    row.creation = row.modified = now()
    row.owner = row.modified_by = frappe.session.user
    row.name = frappe.generate_hash(length=10)
    row.db_insert()


def _delete_versions(doc):
    """Delete the versions immediately. In Frappe, a background worker does this soon after the commit."""
    frappe.db.delete("Version", {"ref_doctype": doc.doctype, "docname": doc.name})
    frappe.db.commit()
