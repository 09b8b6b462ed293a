# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lock a user or address after too many failed logins. A table stores the counts; Frappe stores them in Redis."""

from __future__ import annotations

import datetime

import frappe
from frappe.utils import cint, get_datetime, now, now_datetime

KEY = "login_failed"


class LoginAttemptTracker:
    """Count the failures of one address or user, within `interval` seconds of the first failure."""

    def __init__(self, key: str, limit: int, interval: int):
        self.key, self.limit, self.interval = key, limit, datetime.timedelta(seconds=interval)

    def _state(self):
        value = frappe.db.get_value("__Cache", {"key": KEY, "field": self.key}, "value")
        if not value:
            return 0, None
        count, first = value.split(" ", 1)
        return int(count), get_datetime(first)

    def add_failure_attempt(self):
        count, first = self._state()
        if not first or first + self.interval <= now_datetime():
            count, first = 0, get_datetime(now())
        frappe.db.insert_row("__Cache", {"key": KEY, "field": self.key, "value": f"{count + 1} {first}"}, replace=True)

    def add_success_attempt(self):
        frappe.db.delete("__Cache", {"key": KEY, "field": self.key})

    def is_user_allowed(self) -> bool:
        count, first = self._state()
        return not (first and first + self.interval > now_datetime() and count > self.limit)


def get_login_attempt_tracker(key: str) -> LoginAttemptTracker:
    """Return the tracker of a user or address. Raises SecurityException (HTTP 500) if it is locked out."""
    limit = cint(frappe.get_system_settings("allow_consecutive_login_attempts"))
    seconds = cint(frappe.get_system_settings("allow_login_after_fail"))
    tracker = LoginAttemptTracker(key, limit, seconds)
    if limit > 0 and not tracker.is_user_allowed():
        frappe.throw(f"Your account has been locked and will resume after {seconds} seconds", frappe.SecurityException)
    return tracker
