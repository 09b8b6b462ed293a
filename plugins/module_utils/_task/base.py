# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of all modules of this collection: one task for many sites, check mode, diff, findings and result."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.kinds import type_name
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import texts_in
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Declared, FindingRow, Row, failure
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import (
    Finding,
    judge,
    rejected,
    sentence,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import NOTICE
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import LONGEST_TIMEOUT, without_defaults


class Masking(AnsibleModule):
    """AnsibleModule that also masks the values of a secret mapping that was passed as a JSON string.

    ansible-core (2.19) masks only the complete string, then converts it to a mapping and shows its values.
    """

    def _mask(self) -> None:
        self.no_log_values.update(secrets_in(self.argument_spec, self.params))

    def _log_invocation(self) -> None:
        """Write the options to the system log."""
        self._mask()
        super()._log_invocation()

    def exit_json(self, **result: t.Any) -> t.NoReturn:
        """End the task."""
        self._mask()
        super().exit_json(**result)
        raise AssertionError  # not reached: the call above ends the process

    def fail_json(self, msg: str, **result: t.Any) -> t.NoReturn:
        """End the task as failed."""
        self._mask()
        super().fail_json(msg, **result)
        raise AssertionError  # not reached: the call above ends the process


def secrets_in(argument_spec: dict[str, t.Any], params: Row) -> t.Iterator[str]:
    """All strings in ``no_log`` options, including options of list items."""
    for name, option in argument_spec.items():
        value = params.get(name)
        if option.get("no_log"):
            yield from texts_in(value)
        for item in value if isinstance(value, list) else [value]:
            if "options" in option and isinstance(item, dict):
                yield from secrets_in(option["options"], item)


def started(argument_spec: dict[str, t.Any], **spec: t.Any) -> AnsibleModule:
    """Create the AnsibleModule. The task ends with an error if an option has the wrong type.

    ansible-core (2.19) crashes if a mapping with suboptions is passed as a number. In that case, the options are read
    again without suboptions and with masked values. AnsibleModule or `misfits` then reports the wrong option.
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
    """An error per option that expects a mapping but has a value that cannot be converted to one."""
    for name, option in argument_spec.items():
        value = params.get(name)
        for item in value if isinstance(value, list) else [value]:
            if "options" not in option or item is None:
                continue
            if isinstance(item, dict):
                yield from misfits(option["options"], item, f"{where}{name}: ")
            elif not isinstance(item, (str, list)):
                wanted = ", ".join(option["options"])
                yield f"{where}{name}: found {type_name(item)}, expected a mapping. Allowed keys: {wanted}"


class SitesModule:
    """The base of a module with the options ``name`` and ``sites``. It merges the task's options with each item.

    Args:
        options: argument spec of options that may differ per site. Each item of ``sites`` also accepts them.
        task_options: argument spec of options for the whole task.
        spec: further arguments of AnsibleModule, such as mutually_exclusive.

    Attributes:
        rows: one per declaration, with the site's ``name`` and all options. An item's values override the task's.
        params: the options of the task.
        check_mode: if true, the module must not write anything.
        brief: whether to warn only once per rule, for tasks that check everything. The rows contain all findings.
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
            self.fail(f"site_timeout: found {timeout}, expected 1 to {LONGEST_TIMEOUT} seconds")
        task = {key: self.params[key] for key in options}
        given = self.params["sites"] or ([{"name": self.params["name"]}] if self.params["name"] is not None else [])
        self.rows = [{**task, **{k: v for k, v in item.items() if v is not None}} for item in given]

    def lint(self, findings_of: t.Callable[[Declared], t.Iterable[Finding]]) -> list[list[FindingRow]]:
        """Check all rows against the rules. If a finding rejects a row, the task fails and lists all such findings.

        Returns:
            The findings of each row that are only reported.
        """
        reported: list[list[FindingRow]] = []
        stopped: list[str] = []
        for row in self.rows:
            stop, report = judge(findings_of(row), self.params["policy"], self.params["policy_exceptions"])
            stopped += [f"{row['name']}: {finding}" for finding in stop]
            reported.append([finding.row() for finding in report])
        if stopped:
            self.ansible.fail_json(msg=rejected(stopped), sites=[])
        return reported

    def warn(self, reported: t.Iterable[tuple[str, FindingRow]]) -> None:
        """Warn once per finding, even if several sites have it. Not for notices, which occur on every run."""
        met: dict[t.Any, list[tuple[str, FindingRow]]] = {}
        for site, finding in reported:
            if finding["severity"] != NOTICE:
                met.setdefault(finding["rule"] if self.brief else tuple(finding.items()), []).append((site, finding))
        for found in met.values():
            names, finding = {site for site, _finding in found}, found[0][1]
            where = found[0][0] if len(names) == 1 else f"{len(names)} sites, including {found[0][0]}"
            if any(other != finding for _site, other in found):
                where += f" ({len(found)} findings, see `findings` in the result)"
            self.ansible.warn(f"{where}: {sentence(finding)}")

    def fail(self, msg: str) -> t.NoReturn:
        """End the task as failed. Nothing was done on any site."""
        self.ansible.fail_json(msg=msg, sites=[])
        raise AssertionError  # not reached: the call above ends the process

    def finish(self, rows: t.Sequence[t.Any], title: t.Callable[[t.Any], str], **more: t.Any) -> t.NoReturn:
        """End the task. If any site failed, the task fails and lists the failed sites.

        Args:
            rows: one per declaration: name, changed, action, diff, findings, failed, msg, and fields of the module.
            title: returns the header of a row in the diff.
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
        raise AssertionError  # not reached: the call above ends the process
