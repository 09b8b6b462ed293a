# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of tasks with secrets: they use pipelining, and hide loop items that contain a secret."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.validation import check_type_dict, check_type_list
from ansible.plugins.action import ActionBase
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import texts_in

Args = t.Dict[str, t.Any]


class SecretTask(ActionBase):
    """Base of the action plugins whose module accepts a secret.

    Attributes:
        SECRETS: names of options, of the task or of items of ``sites``, that contain a secret.
    """

    SECRETS: tuple[str, ...] = ()

    def guard(self, args: Args) -> None:
        """Keep secrets in these options off the managed host's disk and out of the terminal.

        Args:
            args: the result of `parsed`.

        Raises:
            AnsibleActionFail: Ansible would write the secrets to a file.
        """
        items = args["sites"] if isinstance(args.get("sites"), (list, tuple)) else ()
        given = []
        for source in (args, args.get("common"), *items):
            if isinstance(source, Mapping):
                given += [source[name] for name in self.SECRETS if source.get(name)]
            elif any(name in str(source) for name in self.SECRETS):  # a string that the module will reject
                given.append(source)
        if given:
            self.pipelined()
            self.hide_item(set(texts_in([given, [mapping(value) for value in given]])))

    def pipelined(self) -> None:
        """Enable pipelining, so that Ansible does not write the secret to a file on the managed host.

        Raises:
            AnsibleActionFail: pipelining is not available.
        """
        if not self._is_pipelining_enabled("new"):
            try:
                self._connection.set_option("pipelining", True)
            except KeyError:
                pass  # the connection has no such option and is rejected below
        if self._task.async_val or not self._is_pipelining_enabled("new"):
            raise AnsibleActionFail(
                "Pipelining is not available, so Ansible would write a secret to a file on the managed host. Remove "
                "async from the task, unset ANSIBLE_KEEP_REMOTE_FILES, and use a connection (ssh, local) and a "
                "become_method (sudo) that support pipelining"
            )

    def hide_item(self, secrets: set[str]) -> None:
        """Set ``no_log`` if the loop item contains a secret, because Ansible shows the item with each result."""
        item = self.task_vars.get(self.task_vars.get("ansible_loop_var", ""))
        if item is not None and secrets & set(texts_in(item)) and not self._task.no_log:
            self._task.no_log = True
            self._display.warning(
                f"{self._task.get_name()}: the loop item contains a secret, so the output of the task is "
                "hidden. To show it, pass all sites at once in the option sites, without a loop."
            )


def parsed(args: Args) -> Args:
    """The options, with names, items and mappings converted as the module will convert them.

    Ansible accepts a JSON or ``key=value`` string as a mapping, a comma-separated string as a list, and a number as a
    name. Values that the module will reject stay unchanged.
    """
    found = {key: mapping(value) if key == "common" else value for key, value in named(args).items()}
    if found.get("sites") is not None:
        sites = listed(found["sites"])
        found["sites"] = [named(mapping(item)) for item in sites] if isinstance(sites, (list, tuple)) else sites
    return found


def named(item: t.Any) -> t.Any:
    """The item with its name as a string."""
    if not isinstance(item, Mapping) or item.get("name") is None:
        return item
    return {**item, "name": str(item["name"])}


def listed(value: t.Any) -> t.Any:
    """The value as a list, converted as Ansible converts it. Unchanged if that is not possible."""
    try:
        return check_type_list(value)
    except TypeError:
        return value


def mapping(value: t.Any) -> t.Any:
    """The value as a mapping, converted as Ansible converts it. Unchanged if that is not possible."""
    try:
        return check_type_dict(value)
    except TypeError:
        return value
