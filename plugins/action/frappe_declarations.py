# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of frappe_declarations: reads the sites on the managed host, and checks the inventory on the controller."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.merge import Mistake
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.preflight import prepare
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.variables import (
    VARIABLES,
    coerce,
    settings,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import rejected

Result = t.Dict[str, t.Any]
READ = "benchkeeper.frappe.frappe_site_info"
# Keys of a module result that Ansible processes itself, even if the task fails.
KEPT = ("ansible_facts", "warnings", "deprecations")
# The audit needs these settings to read a bench whose declarations were rejected.
AUDITED = ("bench_path", "nginx_conf_dir", "site_timeout", "only_sites", "policy_exceptions")


class ActionModule(ActionBase):
    """Runs frappe_site_info on the host, then merges and checks the declarations on the controller.

    Declarations may contain secrets. A successful result contains them, so it is hidden from all output. A failed
    result contains none, so it is shown. The result is not stored as facts, because Ansible may cache facts in a file.
    """

    _supports_check_mode = True
    _VALID_ARGS: frozenset[str] = frozenset()

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> Result:
        """Run the action. Ansible calls this method."""
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
        """Read the names of the sites on the bench, and the host names of each site."""
        options = {
            "bench_path": values["oauth2_bench_path"],
            "gather": ["domains"],
            "nginx_conf_dir": values["oauth2_nginx_conf_dir"],
            "site_timeout": values["oauth2_site_timeout"],
        }
        return self._execute_module(module_name=READ, module_args=options, task_vars=task_vars)
