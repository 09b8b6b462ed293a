# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings, and the decision which of them reject a declaration."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import FindingRow
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import INVALID, REFUSED, RULES, WARNING


class Finding(t.NamedTuple):
    """A violation of one rule: the rule, the field, and what was found there (never a secret)."""

    rule: str
    field: str
    found: str

    @property
    def severity(self) -> str:
        """The severity of the rule: ``invalid``, ``refused``, ``warning`` or ``notice``."""
        return RULES[self.rule].severity

    def __str__(self) -> str:
        return sentence(self.row())

    def row(self) -> FindingRow:
        """The finding in the form that modules return."""
        rule = RULES[self.rule]
        return {
            "rule": self.rule,
            "field": self.field,
            "found": self.found,
            "severity": rule.severity,
            "source": rule.source,
            "remedy": rule.remedy,
        }


Findings = t.Iterator[Finding]


def sentence(finding: FindingRow) -> str:
    """A finding as a message, ``where: found [rule]. remedy``, in the layout of all findings."""
    return f"{finding['field']}: {finding['found']} [{finding['rule']}]. {finding['remedy']}"


def judge(
    findings: t.Iterable[Finding], policy: str, exceptions: t.Collection[str]
) -> tuple[list[Finding], list[Finding]]:
    """Split findings into those that reject the declaration and those that are only reported.

    Args:
        findings: the findings to split.
        policy: ``warn``, ``enforce`` (warnings also reject the declaration) or ``ignore`` (warnings and notices are not
            reported). Notices never reject anything: most report behavior of Frappe that no declaration changes.
        exceptions: ids of the rules that the operator accepts. ``invalid`` findings cannot be accepted.
    """
    stopping = {INVALID, REFUSED, WARNING} if policy == "enforce" else {INVALID, REFUSED}
    stop, report = [], []
    for finding in findings:
        excepted = finding.rule in exceptions and finding.severity != INVALID
        if finding.severity in stopping and not excepted:
            stop.append(finding)
        elif policy != "ignore" and not excepted:
            report.append(finding)
    return stop, report


class Judgement(t.TypedDict):
    """The policy for findings that depend on the current state of a site."""

    policy: str
    exceptions: t.Collection[str]


def reported_or_refused(findings: t.Iterable[Finding], judgement: Judgement) -> list[FindingRow]:
    """The rows of the findings, if none of them rejects the declaration.

    Raises:
        Impossible: at least one finding rejects the declaration. The message lists all of these findings.
    """
    stop, report = judge(findings, judgement["policy"], judgement["exceptions"])
    if stop:
        raise Impossible("\n".join(map(str, stop)))
    return [finding.row() for finding in report]


def rejected(wrong: list[str], declared: bool = True) -> str:
    """The message of a run that stops before its first write, with one line per problem.

    Args:
        wrong: the problems.
        declared: whether each problem is a declared value. Missing programs and passwords are not.
    """
    if declared:
        heading = "1 declared value was rejected" if len(wrong) == 1 else f"{len(wrong)} declared values were rejected"
    else:
        heading = (
            f"{'1 problem was' if len(wrong) == 1 else f'{len(wrong)} problems were'} found before the first write"
        )
    return "\n".join([f"{heading}. Nothing was written on any site:", *wrong])
