# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load, insert, save and delete documents, with the steps in Frappe's order."""

from __future__ import annotations

import datetime
import functools
import importlib

import frappe
from frappe.context import _dict, flags
from frappe.messages import bold, msgprint, throw
from frappe.model import OPTIONAL_FIELDS, validation
from frappe.model.base_document import BaseDocument
from frappe.model.meta import DOCTYPES
from frappe.model.naming import set_new_name
from frappe.utils import cint, cstr, get_datetime, now

CONTROLLERS = {  # doctypes with their own behavior
    "OAuth Client": "frappe.integrations.doctypes.OAuthClient",
    "OAuth Bearer Token": "frappe.integrations.doctypes.OAuthBearerToken",
    "User": "frappe.core.doctype.user.user.User",
}


def get_controller(doctype):
    """Return the class of a doctype. Raises ImportError if the doctype is unknown."""
    if doctype not in DOCTYPES:
        raise ImportError(f"there is no DocType {doctype}")
    path = CONTROLLERS.get(doctype)
    return getattr(importlib.import_module(path.rpartition(".")[0]), path.rpartition(".")[2]) if path else Document


def get_doc(*args, **kwargs):
    """Load a document by doctype and name or filters, or create one from a dictionary or keywords."""
    if args and isinstance(args[0], BaseDocument):
        return args[0]
    if args and not isinstance(args[0], (str, dict)):
        raise ValueError("found neither a doctype nor a dictionary as the first argument")
    given = args[0] if args and isinstance(args[0], dict) else kwargs
    doctype = args[0] if args and isinstance(args[0], str) else given.get("doctype")
    if not doctype:
        raise ValueError("the doctype is missing")
    return get_controller(doctype)(*args, **kwargs)


def make_new_doc(doctype, parent_doc=None, parentfield=None) -> _dict:
    """Return a dictionary with the default of every field. A Select without a default gets its first option."""
    doc = get_doc({"doctype": doctype, "__islocal": 1, "owner": frappe.session.user, "docstatus": 0})
    for df in doc.meta.data_fields():
        if df.default:
            doc.set(df.fieldname, df.default)
        elif df.fieldtype == "Select" and df.options:
            doc.set(df.fieldname, df.options.split("\n", 1)[0])
        if df.fieldtype == "Check" or (df.fieldtype == "Int" and doc.get(df.fieldname) is not None):
            doc.set(df.fieldname, cint(doc.get(df.fieldname)))
    new = _dict({column: doc.get(column) for column in doc.meta.get_valid_columns()})
    new.update({"doctype": doctype, "__islocal": 1})
    if not doc.meta.issingle:
        new["__unsaved"] = 1
    if parent_doc:
        new.update(parent=parent_doc.name, parenttype=parent_doc.doctype)
    if parentfield:
        new["parentfield"] = parentfield
    return new


class Document(BaseDocument):
    """A document. Use frappe.get_doc or frappe.new_doc to get one."""

    def __init__(self, *args, **kwargs):
        self.doctype, self.name, self.flags = None, None, _dict()
        self._doc_before_save = None
        if args and isinstance(args[0], str):
            self.doctype = args[0]
            self.name = args[1] if len(args) > 1 else args[0]
            self.flags.for_update = kwargs.get("for_update")
            self.load_from_db()
        else:
            super().__init__(args[0] if args else kwargs)

    # ---- methods that a controller may override
    def autoname(self):
        pass

    def validate(self):
        pass

    def before_insert(self):
        pass

    # ---- reading
    def load_from_db(self):
        """Read the document from the database. Values without a column are kept. Raises DoesNotExistError."""
        if self.meta.issingle:
            found = frappe.db.get_singles_dict(self.doctype)
            if not found:
                found = make_new_doc(self.doctype)
                found.update(name=self.doctype)
                del found["__islocal"]
            self.update(found)
            self._init_columns()
            for df in self.meta.fields:
                if df.fieldtype in ("Check", "Int"):
                    self.set(df.fieldname, cint(self.get(df.fieldname)))
        else:
            order_by = "modified desc" if isinstance(self.name, (dict, list)) else None
            found = frappe.db.get_value(
                self.doctype, self.name, "*", as_dict=True, for_update=self.flags.for_update, order_by=order_by
            )
            if not found:
                throw(f"{self.doctype} {self.name} not found", frappe.DoesNotExistError)
            for key, value in found.items():
                self.set(key, value, as_value=True)
        for df in self.meta.get_table_fields():
            own = {"parent": self.name, "parenttype": self.doctype, "parentfield": df.fieldname}
            self.set(df.fieldname, frappe.db.get_values(df.options, own, "*", as_dict=True, order_by="idx asc"))
        return self

    def reload(self):
        return self.load_from_db()

    def get_doc_before_save(self):
        return self._doc_before_save

    def has_value_changed(self, fieldname):
        """Whether the value differs from the stored one. In a new document, every value has changed."""
        stored, value = self._doc_before_save, self.get(fieldname)
        if stored and value and isinstance(stored.get(fieldname), datetime.datetime):
            value = get_datetime(value)
        return stored is None or stored.get(fieldname) != value

    def get_password(self, fieldname="password", raise_exception=True):
        from frappe.utils.password import get_decrypted_password

        value = self.get(fieldname)
        if value and not validation.is_dummy(value):
            return value
        return get_decrypted_password(self.doctype, self.name, fieldname, raise_exception=raise_exception)

    # ---- permissions
    def has_permission(self, permtype="read", **_options):
        return bool(self.flags.ignore_permissions) or frappe.has_permission(self.doctype, permtype, self)

    def check_permission(self, permtype="read", permlevel=None):
        if not self.has_permission(permtype):
            what = f"'{permtype}' permission on {bold(self.doctype)} {self.name or ''}"
            flags.error_message = f"You need the {what} to perform this action."
            raise frappe.PermissionError

    # ---- writing
    def insert(
        self, ignore_permissions=None, ignore_links=None, ignore_if_duplicate=False, ignore_mandatory=None,
        set_name=None, set_child_names=True,
    ):  # fmt: skip
        """Store as a new document. `set_name` overrides the name that Frappe generates."""
        for flag, value in (
            ("permissions", ignore_permissions),
            ("links", ignore_links),
            ("mandatory", ignore_mandatory),
        ):
            if value is not None:
                self.flags["ignore_" + flag] = value
        self.__dict__["__islocal"] = True
        self._set_defaults()
        self._set_user_and_timestamp()
        self._check_if_latest()
        if not self.flags.ignore_links:
            validation.check_links(self)
        self.check_permission("create")
        self.before_insert()
        set_new_name(self, set_name)
        self._name_children(anew=True)
        self._run_validations()
        for fieldname in OPTIONAL_FIELDS:
            self.set(fieldname, None)
        self._name_children()  # validate() may have added rows
        self._store(functools.partial(self.db_insert, ignore_if_duplicate))
        for row in self.get_all_children():
            row.db_insert()
        return self._saved()

    def save(self, *args, **kwargs):
        """Store the document. Updates `modified` and rewrites the rows of table fields, even if nothing changed.

        Raises TimestampMismatchError if somebody else saved the document after it was read.
        """
        return self._save(*args, **kwargs)

    def _save(self, ignore_permissions=None, ignore_version=None):
        if ignore_permissions is not None:
            self.flags.ignore_permissions = ignore_permissions
        self.flags.ignore_version = ignore_version
        if self.is_new() or not self.name:
            return self.insert()
        self._set_defaults()
        self.check_permission("write")
        self._set_user_and_timestamp()
        self._check_if_latest()
        self._name_children()
        if not self.flags.ignore_links:
            validation.check_links(self)
        self._run_validations()
        self._name_children()
        self._store(self.db_update)
        self._update_children()
        return self._saved()

    def delete(self, ignore_permissions=False, force=False, *, delete_permanently=False):
        return frappe.delete_doc(
            self.doctype,
            self.name,
            force=force,
            ignore_permissions=ignore_permissions,
            delete_permanently=delete_permanently,
        )

    def db_set(self, fieldname, value=None, update_modified=True, notify=False, commit=False):
        """Write columns immediately, without validation. Updates `modified`, unless `update_modified` is false."""
        changes = dict(fieldname) if isinstance(fieldname, dict) else {fieldname: value}
        self.update(changes)
        if update_modified:
            self.modified, self.modified_by = now(), frappe.session.user
        write = frappe.db.set_single_value if self.meta.issingle else frappe.db.set_value
        where = (self.doctype,) if self.meta.issingle else (self.doctype, self.name)
        write(*where, changes, modified=self.modified, modified_by=self.modified_by, update_modified=update_modified)
        if commit:
            frappe.db.commit()

    # ---- steps
    def _set_defaults(self):
        if self.is_new():
            self.update_if_missing(make_new_doc(self.doctype))
        for df in self.meta.get_table_fields():
            for row in self.get(df.fieldname) or []:
                if row.is_new():
                    row.update_if_missing(make_new_doc(df.options, self, df.fieldname))

    def _set_user_and_timestamp(self):
        self._modified_as_read = self.modified
        self.modified, self.modified_by = now(), frappe.session.user
        if self.is_new():
            self.creation, self.owner = self.modified, self.modified_by
        for row in self.get_all_children():
            self._stamp(row)

    def _stamp(self, row):
        row.modified, row.modified_by, row.docstatus = self.modified, self.modified_by, self.docstatus
        row.owner, row.creation = row.owner or self.owner, row.creation or self.creation

    def _check_if_latest(self):
        self._doc_before_save = None if self.is_new() else frappe.get_doc(self.doctype, self.name, for_update=True)
        previous = self._doc_before_save
        if previous and cstr(previous.modified) != cstr(self._modified_as_read):
            msgprint(
                f"{self.doctype} {self.name} was saved by somebody else at {previous.modified}. Read it again.",
                raise_exception=frappe.TimestampMismatchError,
            )

    def _run_validations(self):
        self.validate()
        validation.validate(self)

    def _store(self, write_row):
        """Write the row. A Single doctype is stored as one row per value."""
        if self.meta.issingle:
            self._update_single()
        else:
            write_row()

    def _name_children(self, anew=False):
        for row in self.get_all_children():
            row.parent, row.parenttype = self.name, self.doctype
            if anew or not row.name:
                set_new_name(row)
            self._stamp(row)

    def _update_children(self):
        for df in self.meta.get_table_fields():
            rows = self.get(df.fieldname)
            kept = [row.name for row in rows if row.name and not row.is_new()]
            own = {"parent": self.name, "parenttype": self.doctype, "parentfield": df.fieldname}
            frappe.db.delete(df.options, {**own, "name": ("not in", kept)} if kept else own)
            for row in rows:
                row.db_update()

    def _update_single(self):
        frappe.db.delete("Singles", {"doctype": self.doctype})
        for field, value in self.get_valid_dict(convert_dates_to_str=True).items():
            frappe.db.insert_row("Singles", {"doctype": self.doctype, "field": field, "value": value})
        frappe.db.value_cache.pop(self.doctype, None)

    def _saved(self):
        from frappe.model.version import save_version

        save_version(self)
        for mark in ("__islocal", "__unsaved"):
            self.__dict__.pop(mark, None)
        return self
