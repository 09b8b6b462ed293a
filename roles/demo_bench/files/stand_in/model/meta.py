# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctypes and fields that the collection uses. doctypes.json defines them."""

from __future__ import annotations

import json
import os
from functools import cache

import frappe
from frappe.context import _dict
from frappe.model import CHILD_FIELDS, DEFAULT_FIELDS, TABLE_FIELDS

NO_COLUMN = (*TABLE_FIELDS, "Button")

with open(os.path.join(os.path.dirname(__file__), "doctypes.json")) as _file:
    DOCTYPES = json.load(_file)


class Meta:
    """A doctype. Numbers that are not set are 0, as in Frappe's database."""

    def __init__(self, name):
        given = DOCTYPES[name]
        self.name, self.doctype = name, "DocType"
        self.module, self.autoname = given["module"], given.get("autoname")
        self.title_field = given.get("title_field")
        self.issingle, self.istable = given.get("issingle", 0), given.get("istable", 0)
        self.track_changes = given.get("track_changes", 0)
        self.custom = self.allow_rename = self.is_submittable = 0
        flags = {"reqd": 0, "read_only": 0, "unique": 0, "permlevel": 0, "parent": name}
        self.fields = [_dict({"label": df["fieldname"], **flags, **df}) for df in given["fields"]]
        self.permissions = [_dict(p) for p in given["permissions"]]
        self._by_name = {df.fieldname: df for df in self.fields}

    def get(self, key, default=None):
        return getattr(self, key, default)

    def has_field(self, fieldname):
        return fieldname in self._by_name

    def get_field(self, fieldname):
        return self._by_name.get(fieldname)

    def get_label(self, fieldname):
        df = self.get_field(fieldname)
        return df.label if df else fieldname

    def get_valid_columns(self):
        columns = [*DEFAULT_FIELDS, *[df.fieldname for df in self.data_fields()]]
        return columns + list(CHILD_FIELDS) if self.istable else columns

    def get_table_fields(self):
        return [df for df in self.fields if df.fieldtype in TABLE_FIELDS]

    def get_link_fields(self):
        return [df for df in self.fields if df.fieldtype == "Link"]

    def data_fields(self):
        return [df for df in self.fields if df.fieldtype not in NO_COLUMN]


@cache
def _meta(name):
    return Meta(name)


def get_meta(doctype, cached=True) -> Meta:
    """Return a doctype. Raises DoesNotExistError if the stand-in does not have it."""
    if doctype not in DOCTYPES:
        frappe.throw(f"DocType {doctype} not found", frappe.DoesNotExistError)
    return _meta(doctype)


def links_to(doctype) -> list[tuple[Meta, str]]:
    """Return the fields that link to a doctype, as (meta, fieldname), sorted by the name of their own doctype."""
    return [
        (_meta(name), df.fieldname)
        for name in sorted(DOCTYPES)
        for df in _meta(name).get_link_fields()
        if df.options == doctype
    ]
