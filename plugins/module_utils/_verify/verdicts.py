# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a step of a verification ends: with what was expected, what came, why that is, and what to do."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Verdict
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import remedy_of

PASSED, NOTICED, FAILED, NOT_RUN = "passed", "noticed", "failed", "not_run"


class Fault(Exception):
    """A step failed.

    Args:
        rule: id of what is wrong.
        expected: what a sound site does.
        found: what this one did; never a secret.
        reason: why that is, as far as it can be told from here.
    """

    def __init__(self, rule: str, expected: str, found: str, reason: str = ""):
        super().__init__(found)
        self.rule, self.expected, self.found, self.reason = rule, expected, found, reason


class NotRun(Exception):
    """A step turned out to show nothing; the message says why."""


class Seen(t.NamedTuple):
    """A step that passed; with a rule it is worth knowing what was seen."""

    expected: str
    found: str
    rule: str = ""
    reason: str = ""


def row(name: str, verdict: str, outcome: Fault | Seen) -> Verdict:
    """One step as the module returns it.

    Args:
        name: the step.
        verdict: one of the four.
        outcome: a `Fault` or a `Seen`.
    """
    return {
        "name": name,
        "verdict": verdict,
        "rule": outcome.rule,
        "expected": outcome.expected,
        "found": outcome.found,
        "reason": outcome.reason,
        "remedy": remedy_of(outcome.rule),
    }


def not_run(name: str, why: str, remedy: str = "") -> Verdict:
    """A step that was wanted and could not be tried."""
    return {**row(name, NOT_RUN, Seen("", why)), "remedy": remedy}
