# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of frappe_declarations: reads the sites on the managed host, and checks the inventory on the controller.

What a run needs is checked here too, before its first write: the secrets store on the controller, and the programs on
the host.
"""

from __future__ import annotations

import os
import typing as t

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.parsing.vault import VaultSecretsContext
from ansible.plugins.action import ActionBase
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.faults import owner_fault
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.needs import (
    ENTRY_POINTS,
    programs,
    steps_of,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.preflight import prepare
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.shapes import Mistake
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.variables import (
    VARIABLES,
    coerce,
    in_role,
    misspelled,
    settings,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import rejected
from ansible_collections.benchkeeper.frappe.plugins.plugin_utils._secrets_store import SecretsStore, StoreFault

Result = t.Dict[str, t.Any]
READ = "benchkeeper.frappe.frappe_site_info"
# Keys of a module result that Ansible processes itself, even if the task fails.
KEPT = ("ansible_facts", "warnings", "deprecations")
# The audit needs these settings to read a bench whose declarations were rejected.
READ_OPTIONS = (
    *("bench_path", "nginx_conf_dir", "nginx", "nginx_conf", "nginx_prefix", "supervisorctl", "supervisor_config"),
    "site_timeout",
)
AUDITED = ("bench_path", "nginx_conf_dir", "site_timeout", "only_sites", "policy_exceptions")


class ActionModule(ActionBase):
    """Runs frappe_site_info on the host, then merges and checks the declarations on the controller.

    Declarations may contain secrets. A successful result contains them, so it is hidden from all output. A failed
    result contains none, so it is shown. The result is not stored as facts, because Ansible may cache facts in a file.
    """

    _supports_check_mode = True
    _VALID_ARGS = frozenset({"entry_point"})

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> Result:
        """Run the action. Ansible calls this method."""
        super().run(tmp, task_vars)
        entry_point = self._task.args.get("entry_point", "main")
        if entry_point not in ENTRY_POINTS:
            raise AnsibleActionFail(f"entry_point: found {entry_point!r}, expected one of {', '.join(ENTRY_POINTS)}")
        given = self._templar.template({name: task_vars[name] for name in VARIABLES if name in task_vars})
        values, wrong = coerce(given)
        wrong += misspelled(task_vars)
        every = settings(values)
        result: Result = {"changed": False, "settings": {name: every[name] for name in AUDITED if name in every}}
        if wrong:
            return {**result, "failed": True, "msg": rejected(wrong)}
        tags = (task_vars.get("ansible_run_tags", ["all"]), task_vars.get("ansible_skip_tags", []))
        steps = steps_of(entry_point, values, *tags)
        try:
            read = self._read(values, steps, task_vars)
        except AnsibleConnectionFailure as error:
            return {**result, "unreachable": True, "msg": str(error)}
        if read.get("failed") and not read.get("sites"):
            return {**read, **result, "msg": in_role(str(read.get("msg", "")))}
        result.update({key: read[key] for key in KEPT if key in read})
        alone = owner_fault(
            values["oauth2_bench_path"],
            read["bench"]["owner"],
            values["oauth2_become"],
            values.get("oauth2_bench_user"),
        )
        if alone:
            return {**result, "failed": True, "msg": alone}
        result["user"] = values.get("oauth2_bench_user") or read["bench"]["owner"]
        try:
            wrong, prepared = prepare(values, read["bench"], read["sites"], entry_point, steps)
        except Mistake as error:
            return {**result, "failed": True, "msg": str(error)}
        missing = prepared.pop("missing")
        if prepared["store_used"]:
            missing += self._store_faults(values, task_vars)
            wrong += [line for line in missing if line not in wrong]
        if wrong:
            asked = {"names": prepared["names"]} if values["oauth2_only_sites"] else {}
            return {**result, **asked, "failed": True, "msg": in_role(rejected(wrong, not missing))}
        every["token_rate_limit"] = prepared.pop("token_rate_limit")
        result.update(prepared, settings=every, bench=read["bench"], sites=read["sites"])
        return {**result, "_ansible_no_log": True}

    def _read(self, values: Result, steps: set[str], task_vars: Result) -> Result:
        """Read the names of the sites on the bench, the host names of each site, and the programs on the host."""
        options = {name: values[f"oauth2_{name}"] for name in READ_OPTIONS if f"oauth2_{name}" in values}
        options.update(gather=["domains"], programs=programs(values, steps))
        return self._execute_module(module_name=READ, module_args=options, task_vars=task_vars)

    def _store_faults(self, values: Result, task_vars: Result) -> list[str]:
        """Why no secret can be stored. A missing oauth2_secrets_store is a fault of the declarations."""
        if not values.get("oauth2_secrets_store"):
            return []
        folder = self._loader.path_dwim(os.path.expanduser(values["oauth2_secrets_store"]))
        context = VaultSecretsContext.current(optional=True)
        try:
            SecretsStore(folder, task_vars["inventory_hostname"], context.secrets if context else []).require()
        except StoreFault as fault:
            return [str(fault)]
        return []
