# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Convert filters and fields in Frappe's notations to SQL.

Frappe has two dialects. `frappe.db.*` compares literally. `frappe.get_all` treats NULL as an empty string and strips
the values of `in`.
"""

from __future__ import annotations

import json

import frappe
from frappe.database.schema import full_datetime
from frappe.model.meta import DOCTYPES
from frappe.utils import cint, cstr

COMPARISONS = {"=", "!=", "<>", "<", ">", "<=", ">=", "like", "not like"}
NUMERIC = ("Check", "Int")
NEVER = "0001-01-01 00:00:00.000000"  # the value of an unset time in a list query


def table(doctype: str) -> str:
    return f"`{doctype}`" if doctype.startswith("__") else f"`tab{doctype}`"


def conditions(doctype: str, filters) -> tuple[str, list]:
    """Return the WHERE clause of `frappe.db.get_value`, `set_value`, `count` and `delete`, with its values."""
    where, values = [], []
    for field, operator, value in split(filters):
        column, operator = f"{table(doctype)}.`{field}`", operator.lower()
        if operator in ("in", "not in"):
            listed = list(value) or [""]
            where.append(f"{column} {operator} ({', '.join(['%s'] * len(listed))})")
            values.extend(listed)
        elif operator not in COMPARISONS:
            raise KeyError(operator)
        elif value is None:
            where.append(f"{column} is null")
        else:
            where.append(f"{column} {operator} %s")
            values.append(full_datetime(value) if _is_time(doctype, field) else value)
    return " and ".join(where), values


def list_conditions(doctype: str, filters, joiner=" and ") -> tuple[str, list]:
    """Return the WHERE clause of `frappe.get_all` and `frappe.get_list`, with its values."""
    where, values = [], []
    for field, operator, value in split(filters, doctype):
        operator = operator.lower()
        owner, field = field if isinstance(field, tuple) else (doctype, field)
        column = f"{table(owner)}.`{field}`"
        df = frappe.get_meta(owner).get_field(field)
        nullable = field not in ("name", "modified", "creation") and not (df and df.fieldtype in NUMERIC)
        if operator in ("in", "not in"):
            listed = value.split(",") if isinstance(value, str) else list(value or [])
            listed = [cstr(v).strip() for v in listed] or [""]
            if field in ("name", "modified", "creation") or (operator == "in" and "" not in listed):
                where.append(f"{column} {operator} ({', '.join(['%s'] * len(listed))})")
            else:
                where.append(f"ifnull({column}, '') {operator} ({', '.join(['%s'] * len(listed))})")
            values.extend(listed)
        elif operator == "is":
            where.append(f"{column} != ''" if value == "set" else f"ifnull({column}, '') = ''")
        elif operator not in COMPARISONS:
            frappe.throw(f"Operator must be one of {', '.join(sorted(COMPARISONS))}")
        elif _is_time(owner, field):
            bare = not nullable or operator in (">", ">=")
            where.append(f"{column if bare else f'ifnull({column}, {NEVER!r})'} {operator} %s")
            values.append(full_datetime(value) or NEVER)
        else:
            textual = (
                isinstance(value, str) or value is None or (df and df.fieldtype in ("Data", "Link")) or field == "name"
            )
            value = (
                ("" if value is None else value)
                if textual
                else (cint(value) if isinstance(value, (bool, int)) else value)
            )
            fallback = "''" if textual else "0"
            bare = not nullable or (operator == "=" and value not in ("", 0))
            # NULL never equals a non-empty value, so neither Frappe nor this code adds the fallback
            where.append(f"{column if bare else f'ifnull({column}, {fallback})'} {operator} %s")
            values.append(value)
    return joiner.join(where), values


def _is_time(doctype: str, field: str) -> bool:
    df = frappe.get_meta(doctype).get_field(field) if doctype in DOCTYPES else None
    return field in ("creation", "modified") or bool(df and df.fieldtype == "Datetime")


def split(filters, doctype=None) -> list[tuple]:
    """Convert filters in any of Frappe's notations to (field, operator, value).

    A field of another doctype is a pair of doctype and field.
    """
    if filters is None or filters == "":
        return []
    if doctype and isinstance(filters, str) and filters.lstrip()[:1] in "[{":
        filters = json.loads(filters)
    if isinstance(filters, (str, int)):
        return [("name", "=", str(filters))]
    if isinstance(filters, dict):
        return [(f, *(v if isinstance(v, (list, tuple)) else ("=", v))) for f, v in filters.items()]
    if filters and all(isinstance(f, (str, int)) for f in filters):
        if doctype and len(filters) in (3, 4):
            return split([filters], doctype)
        return [("name", "in", list(filters))]
    rows = []
    for given in filters:
        if isinstance(given, dict):
            rows.extend(split(given, doctype))
        elif len(given) == 2:
            rows.append((given[0], "=", given[1]))
        elif len(given) == 3:
            rows.append(tuple(given))
        else:
            rows.append(((given[0], given[1]) if given[0] != doctype else given[1], given[2], given[3]))
    return rows
