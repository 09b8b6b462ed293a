# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow of a verification as a child process of the bench's Python. It never imports Frappe.

The rows arrive on stdin. Each result is one line of JSON on a separate file descriptor. The child ends at once if its
parent dies, because nobody would clean up after it. The record then shows what to remove.
"""

from __future__ import annotations

import json
import os
import threading
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.verify_records import append
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.sites import Sites

ORPHANED = 3  # exit status


def main(request: dict[str, t.Any]) -> None:
    """Serve one request.

    ``record`` is the descriptor of the record, or None. ``alive`` is the read end of a pipe that closes when the parent
    ends.
    """
    threading.Thread(target=_end_with, args=(request["alive"],), daemon=True).start()
    lock, record = threading.Lock(), request["record"]
    with open(request["reply_fd"], "w", encoding="utf-8") as replies:

        def emit(reply: dict[str, t.Any]) -> None:
            with lock:
                replies.write(json.dumps(reply) + "\n")
                replies.flush()

        sites = Sites(
            request["rows"],
            request["budget"],
            request["parallel"],
            note=lambda entry: append(record, entry) if record is not None else None,
            began=lambda site: emit({"began": site}),
            done=lambda site, results: emit({"done": site, "results": results}),
        )
        emit({"results": sites.run()})


def _end_with(alive: int) -> None:
    """Wait until the parent has ended, then end this process."""
    os.read(alive, 1)
    os._exit(ORPHANED)
