# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check and rewrite the values of a document before it is stored, in Frappe's order."""

from __future__ import annotations

import re

import frappe
from frappe.database.schema import COLUMN_TYPES
from frappe.messages import bold, msgprint, throw
from frappe.utils import cint, cstr, strip_html
from frappe.utils.html_utils import sanitize_html

ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+")


def check_links(doc) -> None:
    """Check the links, and correct the case of linked names. Raises LinkValidationError."""
    missing = []
    for row in (doc, *doc.get_all_children()):
        for df in row.meta.get_link_fields():
            name = row.get(df.fieldname)
            if not name:
                continue
            found = frappe.db.get_value(df.options, name, "name")
            row.set(df.fieldname, found)
            if not found:
                at = f"Row #{row.idx}: " if row.get("parentfield") else ""
                missing.append(f"{at}{df.label}: {name}")
    if missing:
        throw(f"Could not find {', '.join(missing)}", frappe.LinkValidationError)


def validate(doc) -> None:
    _check_mandatory(doc)
    for row in (doc, *doc.get_all_children()):
        _check_addresses(row)
        _check_selects(row)
        _check_lengths(row)
        _sanitize(row)
        _save_passwords(row)


def _check_mandatory(doc):
    if doc.flags.ignore_mandatory:
        return
    missing = []
    for row in (doc, *doc.get_all_children()):
        for df in row.meta.fields:
            value = row.get(df.fieldname)
            if df.reqd and (value in (None, []) or not strip_html(cstr(value)).strip()):
                at = f"{bold(row.doctype)} Row #{row.idx}: Value missing for: " if row.get("parentfield") else None
                missing.append((df.fieldname, f"Error: {at or f'Value missing for {row.doctype}: '}{df.label}"))
    for _field, message in missing:
        msgprint(message)
    if missing:
        raise frappe.MandatoryError(f"[{doc.doctype}, {doc.name}]: {', '.join(row[0] for row in missing)}")


def _check_addresses(row):
    for df in row.meta.fields:
        value = row.get(df.fieldname)
        if df.fieldtype == "Data" and df.options == "Email" and value and value not in frappe.STANDARD_USERS:
            if not ADDRESS.fullmatch(value):
                throw(f"{value} is not a valid Email Address")


def _check_selects(row):
    for df in row.meta.fields:
        if df.fieldtype != "Select" or not row.get(df.fieldname) or not df.options:
            continue
        row.set(df.fieldname, cstr(row.get(df.fieldname)).strip())
        if row.get(df.fieldname) not in df.options.split("\n"):
            at = f"Row #{row.idx}:" if row.get("parentfield") else ""
            choice = '", "'.join(df.options.split("\n"))
            throw(f'{at} {df.label} cannot be "{row.get(df.fieldname)}". It should be one of "{choice}"')


def _check_lengths(row):
    if row.meta.issingle:
        return
    for fieldname, value in row.get_valid_dict().items():
        df = row.meta.get_field(fieldname)
        if not df:
            continue
        if COLUMN_TYPES[df.fieldtype].startswith("varchar"):
            limit, size = 140, len(cstr(value))
        elif df.fieldtype == "Int":
            limit, size = 2**31 - 1, abs(cint(value))
        else:
            continue
        if size > limit:
            throw(
                f"{row.doctype} {row.name}: '{bold(df.label)}' ({value}) will get truncated, "
                f"as max characters allowed is {limit}",
                frappe.CharacterLengthExceededError,
                title="Value too big",
            )


def _sanitize(row):
    for fieldname, value in row.get_valid_dict().items():
        df = row.meta.get_field(fieldname)
        left_alone = df and (
            df.fieldtype in ("Code", "Attach Image") or (df.fieldtype == "Data" and df.options == "Email")
        )
        if isinstance(value, str) and ("<" in value or ">" in value) and not left_alone:
            row.set(fieldname, sanitize_html(value))


def _save_passwords(row):
    from frappe.utils.password import remove_encrypted_password, set_encrypted_password

    for df in row.meta.fields:
        if df.fieldtype != "Password":
            continue
        value = row.get(df.fieldname)
        if not value:
            remove_encrypted_password(row.doctype, row.name, df.fieldname)
        elif not is_dummy(value):
            set_encrypted_password(row.doctype, row.name, value, df.fieldname)
            row.set(df.fieldname, "*" * len(value))


def is_dummy(password: str) -> bool:
    """Whether the value consists only of asterisks, which Frappe stores as a placeholder."""
    return set(password) == {"*"}
