# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict of a step: what was expected, what was found, the reason, and the remedy."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Verdict
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import remedy_of

PASSED, NOTICED, FAILED, NOT_RUN = "passed", "noticed", "failed", "not_run"


class Fault(Exception):
    """A step failed.

    Args:
        rule: id of the rule.
        expected: what a correct site does.
        found: what this site did; never a secret.
        reason: the cause, if it is known.
    """

    def __init__(self, rule: str, expected: str, found: str, reason: str = ""):
        super().__init__(found)
        self.rule, self.expected, self.found, self.reason = rule, expected, found, reason


class NotRun(Exception):
    """A step could not give a result. The message contains the reason."""


class Seen(t.NamedTuple):
    """A step that passed. With a rule, the result is a notice or a warning."""

    expected: str
    found: str
    rule: str = ""
    reason: str = ""


def row(name: str, verdict: str, outcome: Fault | Seen) -> Verdict:
    """The verdict of one step, as the module returns it.

    Args:
        name: the step.
        verdict: ``passed``, ``noticed``, ``failed`` or ``not_run``.
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
    """The verdict of a step that was chosen but could not run."""
    return {**row(name, NOT_RUN, Seen("", why)), "remedy": remedy}
