# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of frappe_summary: shows the table of one host, unless the callback shows one table for all hosts."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.benchkeeper.frappe.plugins.plugin_utils._summary_output import AtEnd, for_a_person, shown


class ActionModule(ActionBase):
    """Shows the summary, unless the callback or a program shows it."""

    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        """Run the action. Ansible calls this method."""
        super().run(tmp, task_vars)
        spec = {"summary": {"type": "dict", "required": True}, "footer": {"type": "list", "elements": "str"}}
        _checked, given = self.validate_argument_spec(argument_spec=spec)
        summary, footer = given["summary"], given["footer"] or []
        if for_a_person() and not AtEnd.wanted:
            host = task_vars["inventory_hostname"]
            self._display.display("\n" + shown({host: summary}, footer))
        return {"changed": False, "summary": summary, "footer": footer}
