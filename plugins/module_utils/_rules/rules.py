# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of rules, each with its severity, source and remedy."""

from __future__ import annotations

import typing as t

INVALID = "invalid"  # cannot work, or reports a change on every run: never written
REFUSED = "refused"  # works but is dangerous: written only if policy_exceptions lists the rule
WARNING = "warning"  # written under policy `warn`, stops the run under `enforce`
NOTICE = "notice"  # default behavior of this Frappe: no warning, listed in the site's row
PROBLEM = "problem"  # found on a running site: an app is blocked, or access is possible that must be denied


class Rule(t.NamedTuple):
    """One rule: its severity, its source (a standard or a part of Frappe), and the remedy."""

    severity: str
    source: str
    remedy: str


RULES: dict[str, Rule] = {}


def rule(identity: str, severity: str, source: str, remedy: str) -> str:
    """Register a rule and return its id.

    Code refers to a rule by the constant that holds its id, so a typo fails at import.

    Raises:
        ValueError: the id is already registered.
    """
    if identity in RULES:
        raise ValueError(f"rule {identity!r} is registered twice")
    RULES[identity] = Rule(severity, source, remedy)
    return identity


def remedy_of(identity: str) -> str:
    """The remedy of a rule. Empty if the id is empty."""
    return RULES[identity].remedy if identity else ""
