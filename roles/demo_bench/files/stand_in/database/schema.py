# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create the tables of the doctypes, and reject values that MariaDB does not store in their columns."""

from __future__ import annotations

import datetime
import sqlite3
from functools import cache

from frappe.database.collation import NAME as COLLATION

COLUMN_TYPES = {  # fieldtype: type of the column
    "Data": "varchar(140)", "Link": "varchar(140)", "Select": "varchar(140)", "Read Only": "varchar(140)",
    "Text": "text", "Small Text": "text", "Password": "text", "Long Text": "longtext", "Code": "longtext",
    "JSON": "json", "Check": "int(1) not null default 0", "Int": "int(11) not null default 0",
    "Datetime": "datetime(6)", "Date": "date", "Attach Image": "text",
}  # fmt: skip
STANDARD = {
    "name": "varchar(140) not null primary key", "creation": "datetime(6)", "modified": "datetime(6)",
    "modified_by": "varchar(140)", "owner": "varchar(140)", "docstatus": "int(1) not null default 0",
    "idx": "int(8) not null default 0",
}  # fmt: skip
CHILD = {"parent": "varchar(140)", "parentfield": "varchar(140)", "parenttype": "varchar(140)"}
OPTIONAL = {"_user_tags": "text", "_comments": "text", "_assign": "text", "_liked_by": "text"}
OTHER_TABLES = {  # tables without a doctype
    "tabSingles": {"doctype": "varchar(255)", "field": "varchar(255)", "value": "longtext"},
    "tabSessions": {
        "user": "varchar(255)", "sid": "varchar(255)", "sessiondata": "longtext", "ipaddress": "varchar(16)",
        "lastupdate": "datetime(6)", "status": "varchar(20)",
    },
    "__Auth": {
        "doctype": "varchar(140)", "name": "varchar(255)", "fieldname": "varchar(140)", "password": "text not null",
        "encrypted": "int(1) not null default 0",
    },
    "__Cache": {"key": "varchar(255)", "field": "varchar(255)", "value": "longtext"},
}  # fmt: skip
KEYS = {
    "__Auth": "primary key (`doctype`, `name`, `fieldname`)", "__Cache": "primary key (`key`, `field`)",
    "tabSingles": "", "tabSessions": "",
}  # fmt: skip


def columns_of(meta) -> dict[str, str]:
    """Return the columns of a doctype's table, with their types."""
    fields = {df.fieldname: COLUMN_TYPES[df.fieldtype] + (" unique" if df.unique else "") for df in meta.data_fields()}
    return {**STANDARD, **fields, **(CHILD if meta.istable else OPTIONAL)}


def create_tables(execute, metas) -> None:
    """Create missing tables. `execute` runs one statement."""
    tables = {f"tab{meta.name}": columns_of(meta) for meta in metas if not meta.issingle}
    for table, columns in {**tables, **OTHER_TABLES}.items():
        lines = [f"`{c}` {t}{f' collate {COLLATION}' if _is_text(t) else ''}" for c, t in columns.items()]
        lines += [KEYS[table]] if KEYS.get(table) else []
        execute(f"create table if not exists `{table}` ({', '.join(lines)})")
        if "parent" in columns:
            execute(f"create index if not exists `{table}_parent` on `{table}` (`parent`)")


def _is_text(column_type: str) -> bool:
    return column_type.split("(")[0].split()[0] in ("varchar", "text", "longtext", "json")


class DataRules:
    """Convert and check values like MariaDB's strict mode. SQLite does not do this."""

    @staticmethod
    def as_stored(doctype: str, row: dict) -> dict:
        """Return the row with complete timestamps.

        Raises DataError for a text that is too long, and OperationalError for an invalid time, like pymysql.
        """
        stored, kinds = {}, DataRules._kinds(doctype)
        for column, value in row.items():
            kind = kinds.get(column, "")
            if kind.startswith("datetime"):
                value = full_datetime(value, column)
            limit = 140 if kind.startswith("varchar") else 65535 if kind.split(" ")[0] == "text" else None
            if limit and isinstance(value, str) and len(value if limit == 140 else value.encode()) > limit:
                raise sqlite3.DataError(f"Data too long for column '{column}' at row 1")
            stored[column] = value
        return stored

    @staticmethod
    @cache
    def _kinds(doctype):
        from frappe.model.meta import DOCTYPES, get_meta

        return columns_of(get_meta(doctype)) if doctype in DOCTYPES else {}


def full_datetime(value, column="datetime"):
    """Return a time in the stored format. Texts in this format compare like times."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = datetime.datetime.fromisoformat(value)
        except ValueError:
            raise sqlite3.OperationalError(
                f"Incorrect datetime value: '{value}' for column '{column}' at row 1"
            ) from None
    return value.strftime("%Y-%m-%d") + (
        value.strftime(" %H:%M:%S.%f") if isinstance(value, datetime.datetime) else " 00:00:00.000000"
    )
