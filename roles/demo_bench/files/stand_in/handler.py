# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remote procedure calls: `cmd` in a request, or /api/method/<cmd>."""

from __future__ import annotations

import frappe
from frappe.whitelisting import ACCESS, is_whitelisted, whitelist


def handle():
    """Call the method of the request and return its result as `message`. `login` was already handled."""
    if frappe.form_dict.cmd == "login":
        return
    answer = run(frappe.form_dict.cmd, "Failed to get method for command {0} with {1}", get_attr)
    if answer is not None:
        frappe.response["message"] = answer


def run(name, complaint, find):
    try:
        method = find(name)
    except Exception as error:
        frappe.throw(complaint.format(name, error))
    is_whitelisted(method)
    if frappe.request.method not in ACCESS[method].methods:
        frappe.throw("Not permitted", frappe.PermissionError)
    return frappe.call(method, **frappe.form_dict)


def get_attr(cmd):
    return frappe.get_attr(cmd) if "." in cmd else SHORT_NAMES[cmd]


@whitelist(allow_guest=True)
def logout():
    """Log out. Guests may call this method too. It does not change their session."""
    frappe.local.login_manager.logout()


SHORT_NAMES = {"ping": frappe.ping, "logout": logout}
