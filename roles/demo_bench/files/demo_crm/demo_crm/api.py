# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The method that the demo calls with a token."""

from __future__ import annotations

import frappe
from frappe.utils import cint


@frappe.whitelist()
def home_tasks(limit=5):
    """Return an empty list of tasks and the requested limit. Guests may not call this method."""
    return {"today": [], "limit": cint(limit)}
