# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of frappe_declarations: reads the bench's sites on its host, merges and checks the inventory here."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.merge import Mistake
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.preflight import prepare, rejected
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.variables import (
    VARIABLES,
    coerce,
    settings,
)

Result = t.Dict[str, t.Any]
READ = "benchkeeper.frappe.frappe_site_info"
# What Ansible itself takes from a module's result, whatever becomes of the task.
KEPT = ("ansible_facts", "warnings", "deprecations")
# With these the audit still reads a bench whose declarations are rejected.
AUDITED = ("bench_path", "nginx_conf_dir", "site_timeout", "only_sites", "policy_exceptions")


class ActionModule(ActionBase):
    """See the module's documentation.

    Declarations may hold secrets. A success carries them, so it is hidden from every output. A failure carries none, so
    it is shown, and is kept short. They are a result and not facts, since Ansible may cache facts in a file.
    """

    _supports_check_mode = True
    _VALID_ARGS: frozenset[str] = frozenset()

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> Result:
        """Ansible's entry point."""
        super().run(tmp, task_vars)
        given = self._templar.template({name: task_vars[name] for name in VARIABLES if name in task_vars})
        values, wrong = coerce(given)
        every = settings(values)
        result: Result = {"changed": False, "settings": {name: every[name] for name in AUDITED if name in every}}
        if wrong:
            return {**result, "failed": True, "msg": rejected(wrong)}
        try:
            read = self._read(values, task_vars)
        except AnsibleConnectionFailure as error:
            return {**result, "unreachable": True, "msg": str(error)}
        if read.get("failed") and not read.get("sites"):
            return {**read, **result}
        result.update({key: read[key] for key in KEPT if key in read})
        result["user"] = values.get("oauth2_bench_user") or read["bench"]["owner"]
        try:
            wrong, prepared = prepare(values, read["bench"]["sites"], read["sites"])
        except Mistake as error:
            return {**result, "failed": True, "msg": str(error)}
        if wrong:
            asked = {"names": prepared["names"]} if values["oauth2_only_sites"] else {}
            return {**result, **asked, "failed": True, "msg": rejected(wrong)}
        result.update(prepared, settings=every, bench=read["bench"], sites=read["sites"])
        return {**result, "_ansible_no_log": True}

    def _read(self, values: Result, task_vars: Result) -> Result:
        """The names of the bench's sites, and the host names of each."""
        options = {
            "bench_path": values["oauth2_bench_path"],
            "gather": ["domains"],
            "nginx_conf_dir": values["oauth2_nginx_conf_dir"],
            "site_timeout": values["oauth2_site_timeout"],
        }
        return self._execute_module(module_name=READ, module_args=options, task_vars=task_vars)
