# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`frappe.get_list`."""

from __future__ import annotations

import json
import re

import frappe
from frappe.context import _dict, flags
from frappe.database import query
from frappe.utils import cint

CHILD_FIELD = re.compile(r"^`?tab([^`.]+)`?\.`?(\w+)`?$|^(\w+)\.(\w+)$")


def get_list(
    doctype, fields=None, filters=None, *, order_by=None, or_filters=None, group_by=None, start=None, page_length=None,
    limit_start=None, limit_page_length=None, limit=None, as_list=False, pluck=None, distinct=False,
    ignore_permissions=False, **_options,
):  # fmt: skip
    """Return rows as dictionaries. All rows are returned unless a `limit` other than 0 is given.

    With fields of a child table (`table_field.column`, or `tabDoctype`.`column`), there is one row per child row.
    Raises PermissionError if the user may not read the doctype, and DoesNotExistError if there is no such doctype.
    """
    if isinstance(fields, dict) or (isinstance(fields, list) and fields and isinstance(fields[0], list)):
        fields, filters = filters, fields  # callers may pass them in either order
    meta = frappe.get_meta(doctype)
    if not ignore_permissions and not frappe.has_permission(doctype, "read"):
        flags.error_message = f"No permission for {doctype}"
        raise frappe.PermissionError(doctype)
    fields = json.loads(fields) if isinstance(fields, str) and fields.startswith("[") else fields
    fields = [pluck] if pluck else [fields] if isinstance(fields, str) else list(fields or ["name"])
    joins: dict[str, str] = {}
    columns = [_column(meta, field, joins) for field in fields]
    where, values = query.list_conditions(doctype, filters)
    either, more = query.list_conditions(doctype, or_filters, " or ")
    for owner in {row[0][0] for row in query.split(filters, doctype) if isinstance(row[0], tuple)} - {doctype}:
        _join(meta, owner, joins)
    where = " and ".join(part for part in (where, f"({either})" if either else "") if part)
    statement = f"select {'distinct ' if distinct else ''}{', '.join(columns)} from {query.table(doctype)}"
    statement += "".join(joins.values()) + (f" where {where}" if where else "")
    statement += f" group by {group_by}" if group_by else ""
    order = f"{query.table(doctype)}.`modified` desc" if order_by in (None, "KEEP_DEFAULT_ORDERING") else order_by
    statement += f" order by {order}" if order and not distinct and "count(" not in ",".join(columns) else ""
    wanted = next((cint(n) for n in (limit, limit_page_length, page_length) if n is not None), 0)
    offset = cint(limit_start if limit_start is not None else start)
    if wanted or offset:
        statement += f" limit {wanted or -1} offset {offset}"
    rows = frappe.db.sql(statement, [*values, *more], as_dict=not as_list and not pluck)
    return [row[0] for row in rows] if pluck else [row if isinstance(row, _dict) else tuple(row) for row in rows]


def _column(meta, field, joins):
    if field == "*":
        return f"{query.table(meta.name)}.*"
    name, alias = field.partition(" as ")[::2]
    child = CHILD_FIELD.match(name.strip())
    if "(" in name:
        sql = name
    elif child and child[1] == meta.name:
        sql = f"{query.table(meta.name)}.`{child[2]}`"
    elif child:
        owner = child[1] or meta.get_field(child[3]).options
        _join(meta, owner, joins)
        sql = f"{query.table(owner)}.`{child[2] or child[4]}`"
    else:
        sql = f"{query.table(meta.name)}.`{name.strip().strip('`')}`"
    return f"{sql} as {alias}" if alias else sql


def _join(meta, owner, joins):
    own, other = query.table(meta.name), query.table(owner)
    joins[owner] = f" left join {other} on ({other}.parent = {own}.name and {other}.parenttype = '{meta.name}')"
