# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on the sites of a bench, inside the bench's own Python. Knows Frappe, knows no Ansible.

Started by `Bench.work`: one process for all sites. The request comes on standard input, each reply leaves as one
line of JSON on a file descriptor of its own, and whatever Frappe prints goes to standard error.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import time
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible, WriteInCheckMode
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.locks import exclusive

PAUSE = 0.05  # seconds between two tries
HALF_WRITTEN = 1.0  # seconds that a writer has to fill a file which it has emptied


class Explanation(t.NamedTuple):
    """What an exception of others means to an operator.

    Attributes:
        errors: names of its class. Database drivers share those of PEP 249, and Frappe 14 to 17 use four drivers.
        text: a regular expression that its text must match.
        sentence: what is reported; ``{}`` stands for its text.
    """

    errors: tuple[str, ...]
    text: str
    sentence: str


EXPLANATIONS = (
    Explanation(
        ("OperationalError", "InterfaceError"),
        "",
        "the site's database cannot be used: {}. Check that it runs, and db_host, db_name, db_password",
    ),
    Explanation(
        ("ProgrammingError",),
        r"no such table|\b1146\b",
        "the site's database lacks tables of Frappe: {}. It was half made: finish or drop it with bench",
    ),
    Explanation(
        ("ConnectionError",), "", "Redis cannot be used: {}. Start it: without its queue Frappe deletes nothing"
    ),
    Explanation(("LinkExistsError",), "", "{}. Something else still uses this client: remove it there first"),
)


class ConnectedSite:
    """One connected site, handed to a job.

    Attributes:
        frappe: the imported package, connected to the site as Administrator.
        name: the site's folder name.
        check_mode: nothing may be written.
    """

    def __init__(self, frappe: t.Any, name: str, check_mode: bool):
        self.frappe, self.name, self.check_mode, self.wrote = frappe, name, check_mode, False

    def about_to_write(self) -> None:
        """Say that a write follows; every writing job calls this first.

        Raises:
            WriteInCheckMode: in check mode.
        """
        if self.check_mode:
            raise WriteInCheckMode(f"{self.name}: a write was tried in check mode")
        self.wrote = True


def initialise(frappe: t.Any, site: str) -> None:
    """Have Frappe read a site's configuration, again if it met a writer half-way.

    Frappe's own writer empties the file before it fills it (``frappe.installer.update_site_config``), and to Frappe 14
    and 15 what is no JSON is as good as nothing (``frappe.get_site_config``): no site works without its ``db_name``.

    Args:
        frappe: the imported package.
        site: name of the site.
    """
    until = time.monotonic() + HALF_WRITTEN
    frappe.init(site=site, sites_path=".")
    while not frappe.local.conf.get("db_name") and time.monotonic() < until:
        frappe.destroy()
        time.sleep(PAUSE)
        frappe.init(site=site, sites_path=".")


def run_site(frappe: t.Any, job: t.Callable, request: dict[str, t.Any], item: dict[str, t.Any]) -> dict[str, t.Any]:
    """Run a job on one site in one transaction: committed whole, or rolled back whole.

    Args:
        frappe: the imported package.
        job: called with the `ConnectedSite`, the item, and the request's ``common`` part; returns what to report.
        request: the whole request.
        item: the site's own part, with its ``site``.

    Returns:
        ``reply`` of the job, or ``failed`` with the message, the exception's type and its place.
    """
    site = ConnectedSite(frappe, item["site"], request["check_mode"])
    with contextlib.ExitStack() as stack:
        try:
            if not site.check_mode:
                stack.enter_context(exclusive(site.name, request["lock_wait"]))
            initialise(frappe, site.name)
            stack.callback(frappe.destroy)
            frappe.connect()
            if site.check_mode:
                frappe.db.begin(read_only=True)
            reply = job(site, item, request["common"])
            if site.wrote:
                frappe.db.commit()
            return {"reply": reply}
        except (Exception, SystemExit) as error:  # one broken site never stops the others
            with contextlib.suppress(Exception):  # the connection may be what is broken
                frappe.db.rollback()
            return {"failed": describe(frappe, error), "exception": type(error).__name__, "at": place(error)}


def describe(frappe: t.Any, error: BaseException) -> str:
    """What went wrong, in words, without markup and without a traceback (which could hold a secret)."""
    kind, text = type(error).__name__, " ".join(str(part) for part in error.args if str(part)).strip()
    if not text:
        log = getattr(frappe.local, "message_log", None) or ()
        text = " ".join(str(entry.get("message", entry) if hasattr(entry, "get") else entry) for entry in log)
    text = re.sub(r"<[^>]*>", "", text).strip() or kind
    if isinstance(error, (Impossible, TimeoutError)):
        return text
    for explanation in EXPLANATIONS:
        if kind in explanation.errors and re.search(explanation.text, text):
            return explanation.sentence.format(text)
    return f"{kind}: {text}"


def place(error: BaseException) -> str:
    """File and line where an exception was raised, as ``database.py:120``."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else ""


def main(request: dict[str, t.Any]) -> None:
    """Serve one request: import Frappe once, then each site in turn, a reply a site."""
    with open(request["reply_fd"], "w", encoding="utf-8") as replies:

        def emit(reply: dict[str, t.Any]) -> None:
            replies.write(json.dumps(reply, default=str) + "\n")
            replies.flush()

        try:
            frappe = importlib.import_module("frappe")
        except Exception as error:
            emit({"bench_failed": f"import frappe failed in the bench's Python: {type(error).__name__}: {error}"})
            return
        emit({"frappe": getattr(frappe, "__version__", "")})
        job = importlib.import_module(request["job"]).job
        for item in request["items"]:
            emit({"site": item["site"], **run_site(frappe, job, request, item)})
