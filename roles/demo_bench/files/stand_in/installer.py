# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the configuration of a site."""

from __future__ import annotations

import json

import frappe

SPELLED = {"0": 0, "1": 1, "false": False, "true": True}
ABSENT = "None"  # the value that removes a key


def update_site_config(key, value, validate=True, site_config_path=None):
    """Set one key, or remove it if `value` is the string "None". Holds Frappe's lock, and writes in place.

    A reader can therefore find an incomplete file. Raises JSONDecodeError if the file is not valid JSON.
    """
    from frappe.utils.synchronization import filelock

    path = site_config_path or get_site_config_path()
    if isinstance(value, str):
        value = SPELLED.get(value, value)
    with filelock("site_config", is_global="common_site_config" in path):
        with open(path) as file:
            kept = json.load(file)
        kept.pop(key, None)
        if value != ABSENT:
            kept[key] = value
        with open(path, "w") as file:
            file.write(json.dumps(kept, sort_keys=True, indent=1))
        loaded = getattr(frappe.local, "conf", None)
        if loaded is not None:
            loaded[key] = value


def get_site_config_path():
    return frappe.get_site_path("site_config.json")
