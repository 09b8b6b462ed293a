# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions, in the table Sessions. Guests share one session that is not stored."""

from __future__ import annotations

import json
from urllib.parse import unquote

import frappe
from frappe.context import _dict
from frappe.utils import add_to_date, cint, cstr, get_datetime, now, now_datetime

UPDATE_EVERY = 600  # seconds between two writes of a session that is in use


def get_expiry_in_seconds() -> int:
    hours, minutes = (frappe.get_system_settings("session_expiry") or "240:00").split(":")[:2]
    return 3600 * cint(hours) + 60 * cint(minutes)


def delete_session(sid):
    frappe.db.delete("Sessions", {"sid": sid})
    frappe.db.commit()


def clear_sessions(user):
    frappe.db.delete("Sessions", {"user": user})


def get_csrf_token() -> str:
    """Return the CSRF token of the session. After the first call, unsafe requests of the session must send it."""
    data = frappe.local.session.data
    if not data.csrf_token:
        data.csrf_token = frappe.generate_hash()
        frappe.local.session_obj.update(force=True)
    return data.csrf_token


class Session:
    def __init__(self, user, resume=False, full_name=None, user_type=None):
        self.sid = cstr(frappe.form_dict.get("sid") or unquote(frappe.request.cookies.get("sid", "Guest")))
        self.user, self.full_name, self.user_type = user, full_name, user_type
        self.data = frappe.local.session = _dict(data=_dict())
        if resume:
            self._resume()
        elif user:
            self._check_enabled()
            self._start()

    def _check_enabled(self):
        if not frappe.db.get_value("User", self.user, "enabled"):
            frappe.throw(f"The account {self.user} is disabled.")

    def _start(self):
        self.sid = "Guest" if self.user == "Guest" else frappe.generate_hash()
        self.data.update(user=self.user, sid=self.sid)
        self.data.data.update(user=self.user, session_ip=frappe.local.request_ip)
        if self.user == "Guest":
            return
        self.data.data.update(last_updated=now(), full_name=self.full_name, user_type=self.user_type)
        row = {"user": self.user, "sid": self.sid, "sessiondata": json.dumps(self.data.data), "lastupdate": now()}
        frappe.db.insert_row("Sessions", {**row, "status": "Active", "ipaddress": frappe.local.request_ip})
        seen = {"last_login": now(), "last_ip": frappe.local.request_ip, "last_active": now()}
        frappe.db.set_value("User", self.user, seen, update_modified=False)
        frappe.db.commit()

    def _resume(self):
        data = self._stored() if self.sid != "Guest" else _dict(user="Guest")
        if not data:
            from frappe.auth import clear_cookies

            frappe.local.response["session_expired"] = 1
            delete_session(self.sid)
            clear_cookies()
            self.sid, data = "Guest", _dict(user="Guest")
        self.user = data.user
        self.data.update(data=data, user=data.user, sid=self.sid)
        self._check_enabled()

    def _stored(self):
        oldest = add_to_date(now_datetime(), seconds=-get_expiry_in_seconds())
        rows = frappe.db.sql(
            "select user, sessiondata from `tabSessions` where sid = %s and lastupdate > %s", (self.sid, oldest)
        )
        return _dict(json.loads(rows[0][1])).update(user=rows[0][0]) if rows else None

    def update(self, force=False) -> bool:
        """Keep the session alive. Return whether a write was necessary."""
        if frappe.session.user == "Guest" or not self.data.sid or self.data.sid == "Guest":
            return False
        last = get_datetime(self.data.data.last_updated)
        if not force and (now_datetime() - last).total_seconds() < UPDATE_EVERY:
            return False
        self.data.data.last_updated = now()
        row = {"sessiondata": json.dumps(self.data.data), "lastupdate": now()}
        frappe.db.update_rows("Sessions", row, {"sid": self.data.sid})
        frappe.db.set_value("User", frappe.session.user, "last_active", now(), update_modified=False)
        frappe.db.commit()
        return True
