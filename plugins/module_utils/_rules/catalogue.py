# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule there is, for those who list them: the registry, with each table of rules loaded."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules import (
    declaration_rules,
    site_rules,
    verify_rules,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import RULES

TABLES = (declaration_rules, site_rules, verify_rules)  # importing a table registers its rules
ALL_RULES = dict(RULES)


def severity_of(identity: str) -> str:
    """Severity of a rule, whichever table has it."""
    return ALL_RULES[identity].severity
