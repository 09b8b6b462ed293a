# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cause of an HTTP 500: from the Error Log of that moment, or missing assets. It runs in the bench's Python.

An entry holds a traceback with the values of variables, so it may contain any secret. Only the class of its exception
and the rule of a recognized cause leave this module.
"""

from __future__ import annotations

import builtins
import contextlib
import json
import os
import re
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Verdict
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.server_rules import (
    ASSETS_MISSING,
    REDIS_DOWN,
    SCHEMA_BEHIND,
)

LOG = "Error Log"
# Frappe puts the entries of failed requests here, and a background job inserts them (frappe.deferred_insert).
ASSETS = "assets/assets.json"  # from sites, the working directory of the worker
QUEUE = f"insert_queue_for_{LOG}"
MOST = 20  # entries that are read
SERVER_ERROR = re.compile(r"\bHTTP 5[0-9][0-9](?: ([A-Za-z_]\w*))?")
CLASS = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)", re.MULTILINE)
FRAME = re.compile(r'^ *File "[^"\n]*", line [0-9]+, in (?:bundled_asset|get_assets_json|_get_assets)$', re.MULTILINE)
MYSQL_SCHEMA = re.compile(r"^[\w.]*(?:ProgrammingError|OperationalError): \((?:1054|1146),", re.MULTILINE)
SCHEMA_CLASSES = ("UndefinedTable", "UndefinedColumn")


class Entry(t.NamedTuple):
    """An entry of the log: when it was made, and its traceback."""

    creation: str
    error: str


def server_error(step: Verdict, frappe: t.Any, since: t.Any) -> tuple[str, str]:
    """The rule of a recognized cause and the reason of a failed step, or two empty strings.

    Args:
        step: a failed step.
        frappe: connected to the site.
        since: when the verification began.
    """
    found = SERVER_ERROR.search(step["found"])
    if not found:
        return "", ""
    for entry in sorted(_entries(frappe, str(since)), reverse=True):
        name = exception_class(entry.error, frappe)
        if name and found.group(1) in (None, name.rpartition(".")[2]):
            return cause_of(entry.error, name), f"Frappe raised {name}; its Error Log has the entry"
    # Without its assets, Frappe cannot render the error page either. The request then ends before the log is written.
    if not found.group(1) and not os.path.exists(ASSETS):
        return ASSETS_MISSING, f"the bench has no sites/{ASSETS}"
    return "", ""


def exception_class(trace: str, frappe: t.Any) -> str:
    """The class of the exception that ends a traceback; empty if the last name is not one of a class of exceptions.

    The message of an exception may have several lines, and a line may look like a name. So the name must be known.
    """
    names = CLASS.findall(trace)
    return next((name for name in reversed(names) if _is_exception(name.rpartition(".")[2], frappe)), "")


def _is_exception(name: str, frappe: t.Any) -> bool:
    if name in ("Error", "Exception") or re.fullmatch(r"[A-Z][A-Za-z]{0,60}(?:Error|Exception)", name):
        return True
    found = getattr(builtins, name, None) or getattr(getattr(frappe, "exceptions", None), name, None)
    return (isinstance(found, type) and issubclass(found, BaseException)) or name in SCHEMA_CLASSES


def cause_of(trace: str, name: str) -> str:
    """The rule of a recognized cause; empty if there is none.

    Args:
        trace: the traceback.
        name: the class of the exception.
    """
    if FRAME.search(trace):
        return ASSETS_MISSING
    if MYSQL_SCHEMA.search(trace) or name.rpartition(".")[2] in SCHEMA_CLASSES:
        return SCHEMA_BEHIND
    return REDIS_DOWN if name.startswith("redis.") and name.endswith("ConnectionError") else ""


def _entries(frappe: t.Any, since: str) -> t.Iterator[Entry]:
    with contextlib.suppress(Exception):  # this version of Frappe, or the demo bench, has no such log
        rows = frappe.get_all(
            LOG, filters={"creation": [">=", since]}, fields=["creation", "error"], order_by="creation desc", limit=MOST
        )
        yield from (Entry(str(row["creation"]), str(row["error"] or "")) for row in rows)
    with contextlib.suppress(Exception):
        cache = frappe.cache if hasattr(frappe.cache, "lrange") else frappe.cache()
        for text in cache.lrange(QUEUE, -MOST, -1):
            found = json.loads(text)
            for row in found if isinstance(found, list) else [found]:
                if str(row["creation"]) >= since:
                    yield Entry(str(row["creation"]), str(row["error"] or ""))
