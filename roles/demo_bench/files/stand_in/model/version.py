# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of a document: old and new values in plain text, including secrets."""

from __future__ import annotations

import frappe


def save_version(doc) -> None:
    """Store the changes of a save as a Version row.

    Nothing is stored if the doctype does not track changes, or if `ignore_version` is set.
    """
    before = doc.get_doc_before_save()
    if not before or not doc.meta.track_changes or doc.flags.ignore_version:
        return
    changes = difference(before, doc)
    if any(changes.values()):
        row = {
            "doctype": "Version",
            "ref_doctype": doc.doctype,
            "docname": doc.name,
            "data": frappe.as_json(changes, indent=None),
        }
        frappe.get_doc(row).insert(ignore_permissions=True)


def difference(before, after) -> dict:
    """Return the differences in the format of Frappe's Version.

    changed: [field, old, new]; added, removed: [table field, row]; row_changed: [table field, idx, name, diff].
    """
    out = {"changed": _changed(before, after), "added": [], "removed": [], "row_changed": []}
    for df in after.meta.get_table_fields():
        old_rows = {row.name: row for row in before.get(df.fieldname)}
        for index, row in enumerate(after.get(df.fieldname)):
            old = old_rows.pop(row.name, None)
            if not old:
                out["added"].append([df.fieldname, row.as_dict()])
            elif changed := _changed(old, row):
                out["row_changed"].append([df.fieldname, index, row.name, changed])
        out["removed"].extend([df.fieldname, row.as_dict()] for row in old_rows.values())
    return out


def _changed(before, after):
    pairs = ((df.fieldname, before.get(df.fieldname), after.get(df.fieldname)) for df in after.meta.data_fields())
    return [[field, old, new] for field, old, new in pairs if old != new]
