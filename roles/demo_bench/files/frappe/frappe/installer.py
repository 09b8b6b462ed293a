# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing the configuration of a site."""

from __future__ import annotations

import json
import os

import frappe


def update_site_config(key, value, validate=True, site_config_path=None):
    """Set one key, or remove it if `value` is the word "None", under Frappe's lock; writes in place, not atomically.

    Raises JSONDecodeError where the file is no JSON.
    """
    from frappe.utils.synchronization import filelock

    path = site_config_path or get_site_config_path()
    with filelock("site_config", is_global="common_site_config" in path):
        with open(path) as f:
            config = json.loads(f.read())
        if isinstance(value, str):
            value = {"0": 0, "1": 1, "false": False, "true": True}.get(value, value)
        if value == "None":
            config.pop(key, None)
        else:
            config[key] = value
        with open(path, "w") as f:
            f.write(json.dumps(config, indent=1, sort_keys=True))
        if hasattr(frappe.local, "conf"):
            frappe.local.conf[key] = value


def get_site_config_path():
    return os.path.join(frappe.local.site_path, "site_config.json")
