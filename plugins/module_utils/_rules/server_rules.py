# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for the components around Frappe: a proxy in front of it, its assets, its database and Redis."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import PROBLEM, rule

FRONT_REFUSED = rule(
    "front-refused",
    PROBLEM,
    "Something in front of Frappe rejects the request",
    "RFC 9110, 15.5",
    "A proxy, a firewall, a CDN or HTTP authentication in front of Frappe rejects the request. Exempt the API from it "
    "(/api, /.well-known), because apps get the same response. To bypass it during a verification, set "
    "address (in the role: oauth2_verify_address) to the address of the site's nginx, such as http://127.0.0.1.",
)
ASSETS_MISSING = rule(
    "assets-missing",
    PROBLEM,
    "Frappe cannot render pages, because its assets were not built",
    "Frappe, bundled_asset",
    "Run bench build. Without sites/assets/assets.json, Frappe returns HTTP 500 for every page, including the consent "
    "page.",
)
SCHEMA_BEHIND = rule(
    "schema-behind",
    PROBLEM,
    "The database lacks a table or column that the code uses",
    "bench, migrate",
    "Run bench --site SITE migrate. The database lacks a table or a column that the code uses.",
)
REDIS_DOWN = rule(
    "redis-down",
    PROBLEM,
    "Frappe cannot connect to Redis",
    "Frappe, redis_cache",
    "Start Redis, and check redis_cache and redis_queue in common_site_config.json.",
)
