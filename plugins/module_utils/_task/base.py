# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module of this collection shares: one task over many sites, check mode, diff, findings, result."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import texts_in
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Declared, FindingRow, Row, failure
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Finding, judge
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import NOTICE
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import LONGEST_TIMEOUT, without_defaults


class Masking(AnsibleModule):
    """AnsibleModule, which masks what a secret mapping holds also where that was given as a text of JSON.

    ansible-core (2.19) masks that text as a whole, then makes a mapping of it, and shows the mapping.
    """

    def _mask(self) -> None:
        self.no_log_values.update(secrets_in(self.argument_spec, self.params))

    def _log_invocation(self) -> None:
        """Write the options into the system's log."""
        self._mask()
        super()._log_invocation()

    def exit_json(self, **result: t.Any) -> t.NoReturn:
        """End the task."""
        self._mask()
        super().exit_json(**result)
        raise AssertionError  # it ends the process

    def fail_json(self, msg: str, **result: t.Any) -> t.NoReturn:
        """End the task, failed."""
        self._mask()
        super().fail_json(msg, **result)
        raise AssertionError  # it ends the process


def secrets_in(argument_spec: dict[str, t.Any], params: Row) -> t.Iterator[str]:
    """Every text inside the options that are ``no_log``, those of items of a list too."""
    for name, option in argument_spec.items():
        value = params.get(name)
        if option.get("no_log"):
            yield from texts_in(value)
        for item in value if isinstance(value, list) else [value]:
            if "options" in option and isinstance(item, dict):
                yield from secrets_in(option["options"], item)


def started(argument_spec: dict[str, t.Any], **spec: t.Any) -> AnsibleModule:
    """AnsibleModule, which ends the task if an option has another type.

    Where a mapping with options of its own is given as a number, ansible-core (2.19) stumbles before it can say so; it
    does say so of a mapping without, at the top, and `misfits` of those in items. What is inside is then masked.
    """
    try:
        return Masking(argument_spec=argument_spec, **spec)
    except TypeError:
        flat = {
            key: {"type": option["type"], "elements": option.get("elements"), "no_log": True}
            if "options" in option
            else option
            for key, option in argument_spec.items()
        }
        module = Masking(argument_spec=flat)
        for mistake in misfits(argument_spec, module.params):
            module.fail_json(msg=mistake)
        raise


def misfits(argument_spec: dict[str, t.Any], params: Row, where: str = "") -> t.Iterator[str]:
    """Options that take a mapping, and were given something that none can be made of."""
    for name, option in argument_spec.items():
        value = params.get(name)
        for item in value if isinstance(value, list) else [value]:
            if "options" not in option or item is None:
                continue
            if isinstance(item, dict):
                yield from misfits(option["options"], item, f"{where}{name}: ")
            elif not isinstance(item, (str, list)):
                wanted = ", ".join(option["options"])
                yield f"{where}{name}: found a {type(item).__name__}, expected a mapping of {wanted}"


class SitesModule:
    """A task, merged with its ``sites`` into one row a declaration.

    Args:
        options: argument spec of what may differ by site; also accepted in each item of ``sites``.
        task_options: argument spec of what holds for the whole task.
        spec: further arguments of AnsibleModule, such as mutually_exclusive.

    Attributes:
        rows: for each declaration the site's ``name`` and every option, the item's value before the task's.
        params: the task's own options.
        check_mode: nothing may be written.
        brief: warn once a rule, and leave the rest to the rows; for a task that looks at everything.
    """

    brief = False

    def __init__(self, options: dict[str, t.Any], task_options: dict[str, t.Any], **spec: t.Any):
        items = {"name": {"type": "str", "required": True}, **without_defaults(options)}
        spec.setdefault("mutually_exclusive", []).append(("name", "sites"))
        spec.setdefault("supports_check_mode", True)
        self.ansible = started(
            argument_spec={
                "name": {"type": "str"},
                "sites": {"type": "list", "elements": "dict", "options": items},
                **options,
                **task_options,
            },
            **spec,
        )
        self.params, self.check_mode = self.ansible.params, self.ansible.check_mode
        timeout = self.params.get("site_timeout", LONGEST_TIMEOUT)
        if not 1 <= timeout <= LONGEST_TIMEOUT:
            self.fail(f"site_timeout: found {timeout}, expected seconds, from 1 to {LONGEST_TIMEOUT}")
        task = {key: self.params[key] for key in options}
        given = self.params["sites"] or ([{"name": self.params["name"]}] if self.params["name"] is not None else [])
        self.rows = [{**task, **{k: v for k, v in item.items() if v is not None}} for item in given]

    def lint(self, findings_of: t.Callable[[Declared], t.Iterable[Finding]]) -> list[list[FindingRow]]:
        """Hold every row against the rules; any that must stop the write ends the task here, with all of them named.

        Returns:
            For each row the findings that are only told.
        """
        told: list[list[FindingRow]] = []
        stopped: list[str] = []
        for row in self.rows:
            stop, tell = judge(findings_of(row), self.params["policy"], self.params["policy_exceptions"])
            stopped += [f"{row['name']}: {finding}" for finding in stop]
            told.append([finding.row() for finding in tell])
        if stopped:
            self.ansible.fail_json(
                msg=f"Nothing was written, on any site. {len(stopped)} declared value(s) cannot stay:\n"
                + "\n".join(stopped),
                sites=[],
            )
        return told

    def warn(self, told: t.Iterable[tuple[str, FindingRow]]) -> None:
        """One warning a finding, however many sites have it; none for a notice, which is there on every run."""
        met: dict[t.Any, list[tuple[str, FindingRow]]] = {}
        for site, finding in told:
            if finding["severity"] != NOTICE:
                met.setdefault(finding["rule"] if self.brief else tuple(finding.items()), []).append((site, finding))
        for found in met.values():
            names, finding = {site for site, _finding in found}, found[0][1]
            where = found[0][0] if len(names) == 1 else f"{len(names)} sites, {found[0][0]} among them"
            if any(other != finding for _site, other in found):
                where += f" ({len(found)} in all, see findings)"
            self.ansible.warn(
                f"{where}: {finding['field']}: {finding['found']} [{finding['rule']}; {finding['source']}]. "
                f"{finding['remedy']}"
            )

    def fail(self, msg: str) -> t.NoReturn:
        """End the task: nothing could be done on any site."""
        self.ansible.fail_json(msg=msg, sites=[])
        raise AssertionError  # it ends the process

    def finish(self, rows: t.Sequence[t.Any], title: t.Callable[[t.Any], str], **more: t.Any) -> t.NoReturn:
        """End the task: failed, with the list, if any site failed.

        Args:
            rows: one a declaration: name, changed, action, diff, findings, failed, msg, and what the module adds.
            title: how a row is headed in the diff.
            more: further return values.
        """
        self.warn((row["name"], finding) for row in rows for finding in row["findings"])
        result: dict[str, t.Any] = {"changed": any(row["changed"] for row in rows), "sites": rows, **more}
        if self.ansible._diff:
            result["diff"] = [
                {**row["diff"], "before_header": title(row), "after_header": title(row)}
                for row in rows
                if row["changed"]
            ]
        msg = failure(rows)
        if msg:
            self.ansible.fail_json(**result, msg=msg)
        self.ansible.exit_json(**result)
        raise AssertionError  # it ends the process
