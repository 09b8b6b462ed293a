# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker that runs jobs on the sites of a bench, in the bench's Python. It does not import Ansible.

`Bench.work` starts one process for all sites. The request arrives on stdin. Each reply is one line of JSON on a
separate file descriptor, so the output of Frappe on stdout and stderr cannot mix with it.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import sys
import time
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible, WriteInCheckMode
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.locks import exclusive

PAUSE = 0.05  # seconds between two attempts
HALF_WRITTEN = 1.0  # seconds that another process has to finish writing a truncated file
TRIES = 3  # how often a transaction is tried that conflicts with another one
TRY_AGAIN_WITHIN = 20.0  # seconds from the first try, after which no new try starts
# MariaDB: record changed since last read, lock wait timeout, deadlock. Frappe wraps the last two in classes of its own.
CONFLICT_NUMBERS = ("1020", "1205", "1213")
CONFLICTS = (
    "QueryDeadlockError",
    "QueryTimeoutError",
    "SerializationFailure",
    "DeadlockDetected",
    "LockNotAvailable",
)


class Explanation(t.NamedTuple):
    """The message for an exception of Frappe or a driver.

    Attributes:
        errors: class names. Database drivers share the names of PEP 249, and Frappe 14 to 17 use four drivers.
        text: a regular expression that the exception's text must match.
        sentence: the message; ``{}`` stands for the exception's text.
    """

    errors: tuple[str, ...]
    text: str
    sentence: str


# The worker itself writes no log. Frappe may have logged the cause before it raised an error.
LOGS = "If this does not explain the cause, check the site's Error Log and logs/worker.error.log of the bench"
EXPLANATIONS = (
    Explanation(
        ("ProgrammingError", "UndefinedTable", "OperationalError", "TableMissingError"),
        r"no such table|\b1146\b|relation .* does not exist",
        "the site's database lacks Frappe tables: {}. Run bench --site SITE migrate. If the site is new, finish its "
        "creation",
    ),
    Explanation(
        ("ProgrammingError", "UndefinedColumn", "OperationalError"),
        r"no such column|\b1054\b|column .* does not exist",
        "the site's database lacks a column: {}. Run bench --site SITE migrate, and then run the playbook again",
    ),
    Explanation(
        ("OperationalError", "InterfaceError"),
        "",
        "cannot connect to the site's database: {}. Check that the database server is running, and check db_host, "
        "db_name and db_password in site_config.json",
    ),
    Explanation(
        ("ConnectionError",),
        "",
        "cannot connect to Redis: {}. Start the bench's Redis. Frappe needs the Redis queue to delete documents",
    ),
    Explanation(("LinkExistsError",), "", "{}. Another document still links to this client. Remove that link first"),
)


class ConnectedSite:
    """A connected site, the argument of a job.

    Attributes:
        frappe: the imported package, connected to the site as Administrator.
        name: the name of the site, which is its directory.
        check_mode: if true, the job must not write anything.
    """

    def __init__(self, frappe: t.Any, name: str, check_mode: bool):
        self.frappe, self.name, self.check_mode, self.wrote = frappe, name, check_mode, False

    def about_to_write(self) -> None:
        """Announce a write. Every job calls this before it writes.

        Raises:
            WriteInCheckMode: in check mode.
        """
        if self.check_mode:
            raise WriteInCheckMode(
                f"{self.name}: a write was attempted in check mode. Report this as a bug of this collection"
            )
        self.wrote = True


def initialize(frappe: t.Any, site: str) -> None:
    """Initialize Frappe for a site. Retry while another process writes the site's configuration.

    Frappe truncates the file before it writes it (``frappe.installer.update_site_config``). Frappe 14 and 15 treat
    invalid JSON as an empty configuration (``frappe.get_site_config``). A complete
    configuration always has a ``db_name``.

    Args:
        frappe: the imported package.
        site: the name of the site.
    """
    until = time.monotonic() + HALF_WRITTEN
    frappe.init(site=site, sites_path=".")
    while not frappe.local.conf.get("db_name") and time.monotonic() < until:
        frappe.destroy()
        time.sleep(PAUSE)
        frappe.init(site=site, sites_path=".")


def run_site(frappe: t.Any, job: t.Callable, request: dict[str, t.Any], item: dict[str, t.Any]) -> dict[str, t.Any]:
    """Run a job on one site in one transaction, which is committed or rolled back as a whole.

    A job that plans from the current state is run again if its transaction conflicts with another one: its module sets
    ``REPEATABLE``.

    Args:
        frappe: the imported package.
        job: called with the `ConnectedSite`, the item and the request's ``common`` part; returns the reply.
        request: the whole request.
        item: the arguments for this site, with its ``site``.

    Returns:
        The ``reply`` of the job, or ``failed`` with the message, the exception's type and its position.
    """
    repeatable = getattr(sys.modules.get(job.__module__), "REPEATABLE", False)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        try:
            if not request["check_mode"]:
                stack.enter_context(exclusive(item["site"], request["lock_wait"]))
            for number in range(1, TRIES + 1):
                reply, conflict = _transaction(frappe, job, request, item)
                late = time.monotonic() - began > TRY_AGAIN_WITHIN
                if not (conflict and repeatable) or late or number == TRIES:
                    return reply
                time.sleep(PAUSE * number)
        except (Exception, SystemExit) as error:  # an error on one site does not stop the others
            return failure(frappe, error)
    raise AssertionError  # the loop returns


def _transaction(
    frappe: t.Any, job: t.Callable, request: dict[str, t.Any], item: dict[str, t.Any]
) -> tuple[dict[str, t.Any], bool]:
    """Connect to the site, run the job, and commit. Roll back if the job fails.

    Returns:
        The reply of the site, and whether another transaction is the cause of its failure.
    """
    site = ConnectedSite(frappe, item["site"], request["check_mode"])
    with contextlib.ExitStack() as stack:
        try:
            initialize(frappe, site.name)
            stack.callback(frappe.destroy)
            frappe.connect()
            if site.check_mode:
                frappe.db.begin(read_only=True)
            reply = job(site, item, request["common"])
            if site.wrote:
                frappe.db.commit()
            return {"reply": reply}, False
        except (Exception, SystemExit) as error:
            with contextlib.suppress(Exception):  # the connection itself may be the cause
                frappe.db.rollback()
            return failure(frappe, error), is_conflict(error)


def failure(frappe: t.Any, error: BaseException) -> dict[str, t.Any]:
    """The reply of a site on which the job failed."""
    return {"failed": describe(frappe, error), "exception": type(error).__name__, "at": place(error)}


def is_conflict(error: BaseException) -> bool:
    """Whether a database rejected a statement because of another transaction, so that a new try may succeed."""
    kind, first = type(error).__name__, str(error.args[0]) if error.args else ""
    if kind in ("OperationalError", "InternalError"):
        return first in CONFLICT_NUMBERS or first == "database is locked"  # the latter is SQLite's
    return kind in CONFLICTS


def describe(frappe: t.Any, error: BaseException) -> str:
    """The message for an exception, without markup and without a traceback, which could contain a secret."""
    kind, text = type(error).__name__, " ".join(str(part) for part in error.args if str(part)).strip()
    if not text:
        log = getattr(frappe.local, "message_log", None) or ()
        text = " ".join(str(entry.get("message", entry) if hasattr(entry, "get") else entry) for entry in log)
    text = re.sub(r"<[^>]*>", "", text).strip() or kind
    if isinstance(error, (Impossible, TimeoutError)):
        return text
    text = one_line(text)
    if is_conflict(error):
        return (
            f"the site's database rejected a transaction that conflicts with another one: {text}. It was rolled back. "
            "Run the playbook again"
        )
    for explanation in EXPLANATIONS:
        if kind in explanation.errors and re.search(explanation.text, text):
            return explanation.sentence.format(text)
    return f"{kind}: {text.rstrip('.')}. {LOGS}"


def one_line(text: str) -> str:
    """The message of a driver on one line, without the statement that Postgres quotes: it may contain a secret."""
    return " ".join(re.split(r"\n\s*LINE \d+:", text)[0].split()).rstrip(".")


def place(error: BaseException) -> str:
    """The file and line of an exception, as ``database.py:120``."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else ""


def main(request: dict[str, t.Any]) -> None:
    """Serve one request: import Frappe once, then run the job on each site and write one reply per site."""
    with open(request["reply_fd"], "w", encoding="utf-8") as replies:

        def emit(reply: dict[str, t.Any]) -> None:
            replies.write(json.dumps(reply, default=str) + "\n")
            replies.flush()

        try:
            frappe = importlib.import_module("frappe")
        except Exception as error:
            emit({"bench_failed": f"the bench's Python cannot import frappe: {type(error).__name__}: {error}"})
            return
        emit({"frappe": getattr(frappe, "__version__", "")})
        job = importlib.import_module(request["job"]).job
        for item in request["items"]:
            emit({"site": item["site"], **run_site(frappe, job, request, item)})
