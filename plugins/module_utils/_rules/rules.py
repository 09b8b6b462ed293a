# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of rules: what each comes from, how severe it is, and what to do about it."""

from __future__ import annotations

import typing as t

INVALID = "invalid"  # cannot work, or cannot converge: never written
REFUSED = "refused"  # works, and is dangerous: written only if the rule is excepted by name
WARNING = "warning"  # written under policy `warn`, stopped under `enforce`
NOTICE = "notice"  # what this Frappe does by itself: stops nothing, warns of nothing, stands in the site's row
PROBLEM = "problem"  # found on a running site: an app is stopped, or somebody is let in


class Rule(t.NamedTuple):
    """One rule: severity, the standard or the part of Frappe it comes from, and the remedy."""

    severity: str
    source: str
    remedy: str


RULES: dict[str, Rule] = {}


def rule(identity: str, severity: str, source: str, remedy: str) -> str:
    """Register a rule; its id. Code refers to it by the name it is assigned to, so a mistyped one fails at import.

    Raises:
        ValueError: two rules have this id.
    """
    if identity in RULES:
        raise ValueError(f"rule {identity!r} is registered twice")
    RULES[identity] = Rule(severity, source, remedy)
    return identity


def remedy_of(identity: str) -> str:
    """What to do about a rule; empty for no rule."""
    return RULES[identity].remedy if identity else ""
