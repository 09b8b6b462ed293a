# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base class of documents and of rows in child tables."""

from __future__ import annotations

import datetime
import sqlite3
import weakref

import frappe
from frappe.context import _dict
from frappe.messages import bold, msgprint, throw
from frappe.model import CHILD_FIELDS, DEFAULT_FIELDS
from frappe.utils import cint, cstr

RESERVED = frozenset(("doctype", "meta", "flags", "parent_doc", "_doc_before_save", "_table_fieldnames"))
DATES = (datetime.datetime, datetime.date)


class BaseDocument:
    """Fields are attributes. A table field is a list of documents. Unknown keys are kept in memory only."""

    def __init__(self, values):
        self.flags = _dict()
        self.doctype = values["doctype"]
        self.update(values)
        self._init_columns()

    @property
    def meta(self):
        return frappe.get_meta(self.doctype)

    @property
    def _table_fieldnames(self):
        return {df.fieldname for df in self.meta.get_table_fields()}

    def _init_columns(self):
        blank = {column: 0 if column in ("docstatus", "idx") else None for column in self.meta.get_valid_columns()}
        blank.update((table, []) for table in self._table_fieldnames)
        self.__dict__.update((key, value) for key, value in blank.items() if self.get(key) is None)

    # ---- values
    def update(self, d):
        if "name" in d:
            self.name = d["name"]  # before the children, because they store the name of their parent
        for key, value in d.items():
            self.set(key, value)
        return self

    def update_if_missing(self, d):
        for key, value in d.items():
            if value is not None and self.get(key) is None:
                self.set(key, value)

    def get(self, key, default=None):
        return self.__dict__.get(key, default)

    def set(self, key, value, as_value=False):
        if key in RESERVED:
            return
        if key in self._table_fieldnames and not as_value:
            self.__dict__[key] = []
            for row in value or []:
                self.append(key, row)
        else:
            self.__dict__[key] = value

    def append(self, key, value=None, position=-1):
        """Add a row to a table field. Raises TypeError if the row is neither a dictionary nor a document."""
        rows = self.__dict__.setdefault(key, [])
        row = {} if value is None else value
        if not isinstance(row, BaseDocument):
            df = self.meta.get_field(key)
            if not df:
                raise AttributeError(key)
            row["doctype"] = df.options
            row = frappe.get_doc(row)
        row.parent, row.parenttype, row.parentfield = self.name, self.doctype, key
        row.idx = row.idx or len(rows) + 1
        if not row.name:
            row.__dict__["__islocal"] = 1
        row.__dict__["_parent_doc"] = weakref.ref(self)
        if position == -1:
            rows.append(row)
        else:
            rows.insert(position, row)
            for number, each in enumerate(rows, 1):
                each.idx = number
        return row

    def remove(self, row):
        rows = self.get(row.parentfield)
        rows.remove(row)
        for number, each in enumerate(rows, 1):
            each.idx = number

    def is_new(self):
        return self.get("__islocal")

    def get_all_children(self):
        return [row for df in self.meta.get_table_fields() for row in self.get(df.fieldname) or []]

    def get_valid_dict(self, convert_dates_to_str=False, ignore_nulls=False):
        """Return the columns of this document, with their values as they are stored."""
        out = _dict()
        for fieldname in self.meta.get_valid_columns():
            value, df = self.get(fieldname), self.meta.get_field(fieldname)
            if df and isinstance(value, list):
                throw(f"Value for {df.label} cannot be a list")
            if df and df.fieldtype == "Check":
                value = 1 if cint(value) else 0
            elif df and df.fieldtype == "Int" and not isinstance(value, int):
                value = cint(value)
            elif df and (
                (df.fieldtype in ("Datetime", "Date") and value == "") or (df.unique and not cstr(value).strip())
            ):
                value = None
            if convert_dates_to_str and isinstance(value, DATES):
                value = str(value)
            if not (ignore_nulls and value is None):
                out[fieldname] = value
        return out

    def as_json(self):
        return frappe.as_json(self.as_dict())

    def as_dict(self, no_nulls=False, no_default_fields=False, convert_dates_to_str=False, no_child_table_fields=False):
        doc = self.get_valid_dict(convert_dates_to_str, no_nulls)
        doc["doctype"] = self.doctype
        for fieldname in self._table_fieldnames:
            rows = self.get(fieldname) or []
            doc[fieldname] = [
                r.as_dict(no_nulls, no_default_fields, convert_dates_to_str, no_child_table_fields) for r in rows
            ]
        dropped = [*(DEFAULT_FIELDS if no_default_fields else ()), *(CHILD_FIELDS if no_child_table_fields else ())]
        for key in dropped:
            doc.pop(key, None)
        for key in ("__islocal", "__unsaved"):
            if self.get(key):
                doc[key] = self.get(key)
        return doc

    # ---- rows
    def db_insert(self, ignore_if_duplicate=False):
        """Insert the row. Names are compared with the collation.

        Raises DuplicateEntryError if the name exists, and UniqueValidationError for another unique field.
        """
        try:
            frappe.db.insert_row(self.doctype, self.get_valid_dict(convert_dates_to_str=True))
        except sqlite3.IntegrityError as error:
            if f"tab{self.doctype}.name" not in str(error):
                self._raise_not_unique(error)
            if not ignore_if_duplicate:
                msgprint(f"{self.doctype} {bold(self.name)} already exists", title="Duplicate Name", indicator="red")
                raise frappe.DuplicateEntryError(self.doctype, self.name, error) from error
        self.__dict__["__islocal"] = False

    def db_update(self):
        if self.is_new() or not self.name:
            self.db_insert()
            return
        row = self.get_valid_dict(convert_dates_to_str=True)
        try:
            frappe.db.update_rows(self.doctype, row, {"name": cstr(row.pop("name"))})
        except sqlite3.IntegrityError as error:
            self._raise_not_unique(error)

    def _raise_not_unique(self, error):
        if "UNIQUE" not in str(error):
            raise error
        msgprint(f"{self.meta.get_label(str(error).rpartition('.')[2])} must be unique")
        raise frappe.UniqueValidationError(self.doctype, self.name, error) from error
