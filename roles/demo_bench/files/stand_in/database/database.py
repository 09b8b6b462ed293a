# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`frappe.db`."""

from __future__ import annotations

import os
import sqlite3

import frappe
from frappe.context import _dict
from frappe.database import connection, query
from frappe.database.schema import DataRules
from frappe.utils import cint, cstr, now

DEFAULT_ORDER = "KEEP_DEFAULT_ORDERING"
NO_VALUES = object()


class Database:
    """One connection to one site's database, opened by its first query."""

    OperationalError, InternalError = sqlite3.OperationalError, sqlite3.InternalError
    ProgrammingError, DataError = sqlite3.ProgrammingError, sqlite3.DataError
    IntegrityError, TableMissingError = sqlite3.IntegrityError, sqlite3.ProgrammingError

    def __init__(self, cur_db_name):
        self.cur_db_name, self.db_type = cur_db_name, "mariadb"  # it compares as MariaDB does
        self.path = connection.path_of(frappe.local.site_path, cur_db_name)
        self.value_cache, self.after_commit = {}, []
        self._conn, self._read_only, self._writing = None, False, False
        _touch_logs()

    def connect(self):
        wait = frappe.local.conf.get("demo_lock_wait_timeout")
        self._conn = connection.open_database(self.path, connection.LOCK_WAIT_TIMEOUT if wait is None else wait)

    def close(self):
        if self._conn:
            self._conn.close()  # uncommitted changes are lost
            self._conn = None

    # ---- statements
    def sql(
        self, query, values=NO_VALUES, *, as_dict=0, as_list=0, debug=0, ignore_ddl=0, auto_commit=0, update=None,
        explain=False, run=True, pluck=False, as_iterator=False,
    ):  # fmt: skip
        """Run one statement and return its rows as tuples, lists or dictionaries."""
        statement = str(query).strip()
        if not run:
            return statement
        if values is NO_VALUES:
            values = None
        elif not isinstance(values, (tuple, dict, list)):
            values = (values,)
        if not self._conn:
            self.connect()
        if connection.WRITES.match(statement):
            self._begin_write()
        elif not self._conn.in_transaction:
            self._execute("BEGIN")  # the snapshot that all reads see until the next commit, rollback or write
        cursor = self._execute(*connection.to_sqlite(statement, values))
        if auto_commit:
            self.commit()
        if not cursor.description:
            return ()
        rows = cursor.fetchall()
        if pluck:
            return [row[0] for row in rows]
        if as_dict:
            names = [column[0] for column in cursor.description]
            return [_dict(zip(names, row)).update(update or {}) for row in rows]
        return [list(row) for row in rows] if as_list else tuple(rows)

    def multisql(self, sql_dict, values=(), **kwargs):
        return self.sql(sql_dict.get("mariadb"), values, **kwargs)

    def escape(self, s, percent=True):
        text = cstr(s).replace("\\", "\\\\").replace("'", "\\'")
        return f"'{text.replace('%', '%%') if percent else text}'"

    def _execute(self, statement, values=()):
        try:
            return self._conn.execute(statement, values)
        except sqlite3.Error as error:
            if "database is locked" in str(error) or "is busy" in str(error):
                raise frappe.QueryTimeoutError(error) from error
            if "readonly database" in str(error):
                frappe.throw(
                    "The site is in read only mode, this cannot be done now",
                    title="In Read Only Mode",
                    exc=frappe.InReadOnlyMode,
                )
            raise connection.translated(error) from error

    # ---- transactions
    def _begin_write(self):
        """Start a write transaction, at the point where MariaDB would lock a row. It locks the whole database."""
        if not self._conn:
            self.connect()
        if self._writing or self._read_only:
            return
        self._end("COMMIT")  # end the snapshot of the reads so far, because a write uses the current data
        self._execute("BEGIN IMMEDIATE")
        self._writing = True

    def _end(self, how):
        if self._conn and self._conn.in_transaction:
            self._execute(how)
        self._writing = False

    def begin(self, *, read_only=False):
        """Begin a transaction.

        With `read_only`, writes fail until the next commit or rollback, and reads see one snapshot.
        """
        if not self._conn:
            self.connect()
        self._end("COMMIT")  # START TRANSACTION also commits
        self._set_read_only(bool(read_only or frappe.flags.read_only))

    def _set_read_only(self, read_only):
        if read_only != self._read_only:
            self._conn.execute(f"PRAGMA query_only={int(read_only)}")
            self._read_only = read_only
        if read_only:
            self._execute("BEGIN")

    def commit(self):
        self._end("COMMIT")
        if self._conn:
            self._set_read_only(bool(frappe.flags.read_only))
        callbacks, self.after_commit = self.after_commit, []
        for callback in callbacks:
            callback()

    def rollback(self, *, save_point=None):
        if save_point:
            self._execute(f"ROLLBACK TO SAVEPOINT {save_point}")
            return
        self.after_commit = []
        self._end("ROLLBACK")
        if self._conn:
            self._set_read_only(bool(frappe.flags.read_only))

    def savepoint(self, save_point):
        self._begin_write()
        self._execute(f"SAVEPOINT {save_point}")

    def release_savepoint(self, save_point):
        self._execute(f"RELEASE SAVEPOINT {save_point}")

    # ---- reading
    def get_value(
        self, doctype, filters=None, fieldname="name", ignore=None, as_dict=False, debug=False, order_by=DEFAULT_ORDER,
        cache=False, for_update=False, *, run=True, pluck=False, distinct=False, skip_locked=False, wait=True,
    ):  # fmt: skip
        """Return a field, or a row of fields, of the first match. None if nothing matches."""
        rows = self.get_values(
            doctype, filters, fieldname, ignore, as_dict, debug, order_by, cache=cache, for_update=for_update, limit=1
        )
        if not rows:
            return None
        return rows[0] if as_dict or len(rows[0]) > 1 else rows[0][0]

    def get_values(
        self, doctype, filters=None, fieldname="name", ignore=None, as_dict=False, debug=False, order_by=DEFAULT_ORDER,
        update=None, cache=False, for_update=False, *, run=True, pluck=False, distinct=False, limit=None,
        skip_locked=False, wait=True,
    ):  # fmt: skip
        fields = [fieldname] if isinstance(fieldname, str) else list(fieldname)
        if filters is None or (filters == doctype and doctype != "DocType"):
            return self._single_values(doctype, fields, filters, as_dict)
        if for_update:
            self._begin_write()  # `wait` is ignored, because the lock is on the whole database, not on this row
        where, values = query.conditions(doctype, filters)
        order = "modified desc" if order_by == DEFAULT_ORDER else order_by
        columns = ", ".join(f if f == "*" or "(" in f or "`" in f else f"`{f}`" for f in fields)
        statement = f"select {'distinct ' if distinct else ''}{columns} from {query.table(doctype)}"
        statement += f" where {where}" if where else ""
        statement += f" order by {order}" if order and not distinct and not doctype.startswith("__") else ""
        statement += f" limit {cint(limit)}" if limit else ""
        try:
            return self.sql(statement, values, as_dict=as_dict or fields == ["*"], pluck=pluck)
        except sqlite3.Error as error:
            if ignore and ("no such" in str(error)):
                return None
            if "no such table" in str(error):
                return self._single_values(doctype, fields, filters, as_dict)
            raise

    def _single_values(self, doctype, fields, filters, as_dict):
        found = self.get_singles_dict(doctype)
        if isinstance(filters, dict) and any(found.get(k) != v for k, v in filters.items()):
            return []
        if fields != ["*"] and not isinstance(filters, dict):
            found = _dict({k: v for k, v in found.items() if k in fields})
        if not found:
            return []
        return [found] if as_dict or fields == ["*"] else [[found.get(f) for f in fields]]

    def get_singles_dict(self, doctype, debug=False, *, for_update=False, cast=False):
        return _dict(self.sql("select field, value from `tabSingles` where doctype = %s", (doctype,)))

    def get_single_value(self, doctype, fieldname, cache=True):
        """Return a field of a Single doctype, with its type. A field that was never set is None, or 0 for a number."""
        known = self.value_cache.setdefault(doctype, {})
        if cache and fieldname in known:
            return known[fieldname]
        found = self.sql("select value from `tabSingles` where doctype = %s and field = %s", (doctype, fieldname))
        df = frappe.get_meta(doctype).get_field(fieldname)
        if not df:
            frappe.throw(f"Field {frappe.bold(fieldname)} does not exist on {frappe.bold(doctype)}")
        value = found[0][0] if found else None
        known[fieldname] = cint(value) if df.fieldtype in ("Check", "Int") else value
        return known[fieldname]

    def get_all(self, *args, **kwargs):
        return frappe.get_all(*args, **kwargs)

    def get_list(self, *args, **kwargs):
        return frappe.get_list(*args, **kwargs)

    def exists(self, dt, dn=None, cache=False):
        """Return the name of a matching document, or None."""
        if isinstance(dt, dict):
            return self.exists(dt["doctype"], {key: dt[key] for key in dt if key != "doctype"}, cache)
        is_single = dn == dt != "DocType"  # not checked, as in Frappe
        return dn if is_single else self.get_value(dt, dn, order_by=None, ignore=True, cache=cache)

    def count(self, dt, filters=None, debug=False, cache=False, distinct: bool = True):
        where, values = query.conditions(dt, filters)
        return self.sql(f"select count(*) from {query.table(dt)}" + (f" where {where}" if where else ""), values)[0][0]

    def get_global(self, key, user="__global"):
        found = self.sql("select defvalue from `tabDefaultValue` where parent = %s and defkey = %s", (user, key))
        return found[0][0] if found else None

    # ---- writing
    def set_value(self, dt, dn, field, val=None, modified=None, modified_by=None, update_modified=True, debug=False):
        """Write columns without document events. Updates `modified`, unless `update_modified` is false."""
        if dn is None or dt == dn:
            if frappe.get_meta(dt).issingle:
                self.set_single_value(
                    dt, field, val, modified=modified, modified_by=modified_by, update_modified=update_modified
                )
            return
        changes = dict(field) if isinstance(field, dict) else {field: val}
        if update_modified:
            changes.update(modified=modified or now(), modified_by=modified_by or frappe.session.user)
        self.update_rows(dt, changes, dn)
        self.value_cache.pop(dt, None)

    def set_single_value(
        self, doctype, fieldname, value=None, *, modified=None, modified_by=None, update_modified=True, debug=False
    ):
        changes = dict(fieldname) if isinstance(fieldname, dict) else {fieldname: value}
        if update_modified:
            changes.update(modified=modified or now(), modified_by=modified_by or frappe.session.user)
        self.delete("Singles", {"doctype": doctype, "field": ("in", tuple(changes))})
        for key, val in changes.items():
            self.insert_row("Singles", {"doctype": doctype, "field": key, "value": val})
        self.value_cache.pop(doctype, None)

    def delete(self, doctype, filters=None, debug=False, **kwargs):
        """Delete the rows that match. Without a filter, delete all rows."""
        where, values = query.conditions(doctype, filters if filters is not None else kwargs.get("conditions"))
        return self.sql(f"delete from {query.table(doctype)}" + (f" where {where}" if where else ""), values)

    def insert_row(self, doctype, row: dict, replace=False):
        row = DataRules.as_stored(doctype, row)
        columns = ", ".join(f"`{c}`" for c in row)
        verb = "insert or replace" if replace else "insert"
        self.sql(
            f"{verb} into {query.table(doctype)} ({columns}) values ({', '.join(['%s'] * len(row))})",
            list(row.values()),
        )

    def update_rows(self, doctype, row: dict, filters):
        row = DataRules.as_stored(doctype, row)
        where, values = query.conditions(doctype, filters)
        columns = ", ".join(f"`{c}` = %s" for c in row)
        self.sql(
            f"update {query.table(doctype)} set {columns}" + (f" where {where}" if where else ""),
            [*row.values(), *values],
        )

    # ---- tables
    def table_exists(self, doctype, cached=True):
        return bool(self.sql("select 1 from sqlite_master where type = 'table' and name = %s", (f"tab{doctype}",)))

    def get_table_columns(self, doctype):
        described = self.sql(f"pragma table_info({query.table(doctype)})")
        if described:
            return [row[1] for row in described]
        raise self.TableMissingError("DocType", doctype)

    def has_column(self, doctype, column):
        return column in self.get_table_columns(doctype)


def _touch_logs():
    """Open two log files, like Frappe's logger. Fails if their directories are missing."""
    for folder in (os.path.join("..", "logs"), os.path.join(frappe.local.site, "logs")):
        with open(os.path.join(folder, "database.log"), "a"):
            pass
