# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was found to break a rule, and whether it stops the write."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import FindingRow
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import INVALID, REFUSED, RULES, WARNING


class Finding(t.NamedTuple):
    """One rule that a declaration breaks, where, and what was found there (never a secret)."""

    rule: str
    field: str
    found: str

    @property
    def severity(self) -> str:
        """``invalid``, ``refused``, ``warning`` or ``notice``, as its rule says."""
        return RULES[self.rule].severity

    def __str__(self) -> str:
        return f"{self.field}: {self.found} [{self.rule}; {RULES[self.rule].source}]. {RULES[self.rule].remedy}"

    def row(self) -> FindingRow:
        """The finding as a module returns it."""
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


def judge(
    findings: t.Iterable[Finding], policy: str, exceptions: t.Collection[str]
) -> tuple[list[Finding], list[Finding]]:
    """Split findings into those that stop the write and those that are only told.

    Args:
        findings: what was found.
        policy: ``warn``, ``enforce`` (warnings stop too) or ``ignore`` (warnings and notices are not told). A notice
            never stops anything: no declaration can mend what Frappe itself does.
        exceptions: rule ids that the operator allows by name; an ``invalid`` finding cannot be allowed.
    """
    stopping = {INVALID, REFUSED, WARNING} if policy == "enforce" else {INVALID, REFUSED}
    stop, tell = [], []
    for finding in findings:
        excepted = finding.rule in exceptions and finding.severity != INVALID
        if finding.severity in stopping and not excepted:
            stop.append(finding)
        elif policy != "ignore" and not excepted:
            tell.append(finding)
    return stop, tell


class Judgement(t.TypedDict):
    """How findings are judged that only a site's own state brings out."""

    policy: str
    exceptions: t.Collection[str]


def told_or_refused(findings: t.Iterable[Finding], judgement: Judgement) -> list[FindingRow]:
    """The rows of findings that do not stop the write.

    Raises:
        Impossible: one does; the message has each of those.
    """
    stop, tell = judge(findings, judgement["policy"], judgement["exceptions"])
    if stop:
        raise Impossible("; ".join(map(str, stop)))
    return [finding.row() for finding in tell]
