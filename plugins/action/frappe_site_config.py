# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of frappe_site_config: keeps secret_settings off the managed host's disk and out of the terminal."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.plugin_utils._secret_task import SecretTask, parsed


class ActionModule(SecretTask):
    """Runs the module of the same name."""

    SECRETS = ("secret_settings",)
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: None = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        """Run the action. Ansible calls this method."""
        super().run(tmp, task_vars)
        self.task_vars, args = task_vars, parsed(self._task.args)
        self.guard(args)
        wrap_async = bool(self._task.async_val and not self._connection.has_native_async)
        return self._execute_module(module_args=args, task_vars=task_vars, wrap_async=wrap_async)
