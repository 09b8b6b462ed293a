# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of rules, each with its severity, title, source and remedy."""

from __future__ import annotations

import typing as t

INVALID = "invalid"  # cannot work, or would report a change on every run: always rejected
REFUSED = "refused"  # works but is dangerous: rejected unless policy_exceptions lists the rule
WARNING = "warning"  # written under policy `warn`, stops the run under `enforce`
NOTICE = "notice"  # mostly default behavior of this version of Frappe: no warning, listed in the site's row
PROBLEM = "problem"  # found on a running site: an app is blocked, or Frappe grants access that it must deny
RULES_PAGE = "https://github.com/benchkeeper/frappe/blob/main/docs/rules.md"


class Rule(t.NamedTuple):
    """One rule.

    Attributes:
        severity: one of the constants above.
        title: the problem that the rule reports, in a few words.
        source: a standard, or a part of Frappe.
        remedy: what to change, and where. It makes sense without a finding.
    """

    severity: str
    title: str
    source: str
    remedy: str


RULES: dict[str, Rule] = {}


def rule(identity: str, severity: str, title: str, source: str, remedy: str) -> str:
    """Register a rule and return its id.

    Code refers to a rule by the constant that holds its id, so a typo fails at import.

    Raises:
        ValueError: the id is already registered.
    """
    if identity in RULES:
        raise ValueError(f"rule {identity!r} is registered twice")
    RULES[identity] = Rule(severity, title, source, remedy)
    return identity


def remedy_of(identity: str) -> str:
    """The remedy of a rule. Empty if the id is empty."""
    return RULES[identity].remedy if identity else ""
