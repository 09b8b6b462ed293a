# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the report of check mode with the result of a run, and a run with the next run."""

from __future__ import annotations

from dataclasses import dataclass, field

TOLD = ("name", "changed", "action", "diff", "failed", "msg", "findings")
TOLD += ("users", "pruned", "tokens", "revoked", "deleted", "kept_live")  # of single modules


@dataclass
class Case:
    """One starting state and one declaration.

    Attributes:
        name: the subject of the case.
        start: the starting state, in the format of the module's test.
        declared: the options of the row.
        action: the expected action.
        again: the expected action of a second run.
    """

    name: str
    start: object
    declared: dict
    action: str
    again: str = "unchanged"
    site: int = 0
    more: dict = field(default_factory=dict)


def differences(before: dict, after: dict) -> list[str]:
    """The changes, by name."""
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return [f"{name}: {_first_difference(before.get(name), after.get(name))}" for name in names]


def _first_difference(before: object, after: object) -> str:
    if isinstance(before, (list, tuple)) and isinstance(after, (list, tuple)):
        pairs = [(b, a) for b, a in zip(before, after) if b != a]
        if pairs:
            return " -> ".join(str(part)[:300] for part in pairs[0])
    return f"{str(before)[:300]} -> {str(after)[:300]}"


class Truth:
    """One module on one ground, with all cases in one task: check mode, run, and second run.

    Attributes:
        failures: the wrong reports.
        rows: the rows that the run reported, one per case.
    """

    def __init__(self, ground, module: str, cases: list[Case]):
        self.ground, self.module, self.cases = ground, module, cases
        self.failures: list[str] = []
        self.rows: list[dict] = []

    def run(self, **shared: object) -> Truth:
        """Check, run, check again, run again; compare all reports with all states."""
        before = self.look()
        foreseen = self.task(check_mode=True, **shared)
        self.failures += [f"check mode changed {what}" for what in differences(before, self.look())]
        done = self.task(**shared)
        self.rows = done["sites"]
        self.compare("check mode", foreseen, done)
        self.expect("run", done, "action")
        after = self.look()
        again = self.task(**shared)
        self.expect("second run", again, "again")
        if {case.again for case in self.cases} == {"unchanged"}:
            if again["changed"]:
                self.failures.append("the second run says that it changed something")
            self.failures += [f"the second run changed {what}" for what in differences(after, self.look())]
        return self

    def look(self) -> dict:
        """The state of every file, row and program."""
        return {**self.ground.snapshot(), **self.ground.services()}

    def task(self, **options: object) -> dict:
        """Run one task over all cases."""
        rows = [{"name": self.ground.sites[case.site], **case.declared} for case in self.cases]
        return self.ground.modules(self.module, ("all cases", {"sites": rows, **options}))["all cases"]

    def compare(self, what: str, foreseen: dict, done: dict) -> None:
        """Compare row by row, and the diff of the task as the terminal shows it."""
        if len(foreseen["sites"]) != len(done["sites"]):
            self.failures.append(f"{what} reported {len(foreseen['sites'])} rows, the run {len(done['sites'])}")
        names = [case.name for case in self.cases] + ["(not declared)"] * len(done["sites"])
        for name, left, right in zip(names, foreseen["sites"], done["sites"]):
            self.failures += [
                f"{name}: {what} said {key}: {left.get(key)}, the run: {right.get(key)}"
                for key in TOLD
                if left.get(key) != right.get(key)
            ]
        for key in ("changed", "diff", "failed"):
            if foreseen.get(key) != done.get(key):
                self.failures.append(f"the task's {key}: {what} said {foreseen.get(key)}, the run: {done.get(key)}")

    def expect(self, what: str, result: dict, kind: str) -> None:
        """Compare each row's action with the case."""
        if len(result["sites"]) < len(self.cases):
            self.failures.append(f"{what}: {result.get('msg')}")
        for case, row in zip(self.cases, result["sites"]):
            wanted = getattr(case, kind)
            found = row["action"]
            if found != wanted or row["changed"] != (wanted not in ("unchanged", "failed")):
                self.failures.append(
                    f"{case.name}: {what} is {found} (changed: {row['changed']}), not {wanted}. {row['msg']}"
                )
