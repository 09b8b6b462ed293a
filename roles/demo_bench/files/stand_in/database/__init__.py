# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database of a site: one SQLite file. The parts that the collection uses behave like MariaDB."""

from __future__ import annotations


def get_db(cur_db_name):
    from frappe.database.database import Database

    return Database(cur_db_name)
