# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SQLite connection that behaves like a MariaDB connection: types, collation, parameters, locks and error names.

Reads see one snapshot, as with MariaDB's REPEATABLE READ. The first write of a transaction takes a new snapshot. A
write locks the whole database, not single rows. A second writer waits for up to `lock_wait_timeout` seconds.
"""

from __future__ import annotations

import datetime
import os
import re
import sqlite3

from frappe.database import collation

LOCK_WAIT_TIMEOUT = 50  # seconds, MariaDB's innodb_lock_wait_timeout
WRITES = re.compile(r"(insert|update|delete|replace|create|alter|drop|truncate)\b", re.I)
PARAMETER = re.compile(r"%\((\w+)\)s|%s|%%")


def _read_datetime(raw: bytes):
    return datetime.datetime.fromisoformat(raw.decode())


def _read_date(raw: bytes):
    return datetime.date.fromisoformat(raw.decode()[:10])


sqlite3.register_converter("datetime", _read_datetime)
sqlite3.register_converter("date", _read_date)


def path_of(site_path: str, db_name: str) -> str:
    return os.path.join(site_path, "db", f"{db_name}.db")


def open_database(path: str, lock_wait_timeout: float = LOCK_WAIT_TIMEOUT, create: bool = False) -> sqlite3.Connection:
    """Open the database. Raises OperationalError if it does not exist, like pymysql."""
    conn = sqlite3.connect(
        f"file:{path.replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode={'rwc' if create else 'rw'}",
        uri=True,
        timeout=lock_wait_timeout,
        isolation_level=None,  # the class Database begins transactions, at the point where MariaDB would take a lock
        detect_types=sqlite3.PARSE_DECLTYPES,
        check_same_thread=False,
    )
    conn.create_collation(collation.NAME, collation.compare)
    conn.create_function("like", 2, collation.like, deterministic=True)
    if create:
        conn.execute("PRAGMA journal_mode=WAL")
    return conn


def to_sqlite(query: str, values):
    """Convert a query with %s or %(name)s, and its parameters, to SQLite's syntax. A list becomes a row of values."""
    if values is None:
        return query, ()
    given = list(values) if isinstance(values, (list, tuple)) else None
    out, position = [], 0

    def put(match):
        nonlocal position
        if match[0] == "%%":
            return "%"
        if match[1]:
            value = values[match[1]]
        else:
            value = given[position]
            position += 1
        if isinstance(value, (list, tuple, set)):
            out.extend(map(to_column, value))
            return f"({', '.join('?' * len(value))})"
        out.append(to_column(value))
        return "?"

    return PARAMETER.sub(put, query), out


def to_column(value):
    """Convert a value to the form in which MariaDB stores it."""
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value


def translated(error: sqlite3.Error) -> sqlite3.Error:
    """Convert an SQLite error to the class that pymysql raises, if the name differs."""
    if "no such table" in str(error):
        return sqlite3.ProgrammingError(str(error))
    return error
