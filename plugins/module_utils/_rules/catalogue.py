# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The complete registry of rules, with every table loaded, for code that lists all rules."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules import (
    cors_rules,
    declaration_rules,
    server_rules,
    site_rules,
    verify_rules,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import RULES

TABLES = (
    cors_rules,
    declaration_rules,
    server_rules,
    site_rules,
    verify_rules,
)  # importing a table registers its rules
ALL_RULES = dict(RULES)


def severity_of(identity: str) -> str:
    """The severity of a rule from any table."""
    return ALL_RULES[identity].severity
