# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that carries a secret: sent through a pipe, and silent about the item of its loop."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.validation import check_type_dict, check_type_list
from ansible.plugins.action import ActionBase
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import texts_in

Args = t.Dict[str, t.Any]


class SecretTask(ActionBase):
    """Base of the action plugins whose module takes a secret.

    Attributes:
        SECRETS: options, of the task or of an item of ``sites``, that carry a secret.
    """

    SECRETS: tuple[str, ...] = ()

    def guard(self, args: Args) -> None:
        """Keep the secrets among these options from the managed host's disk and from the terminal.

        Args:
            args: as `parsed` gives them.

        Raises:
            AnsibleActionFail: they would have to lie in a file.
        """
        items = args["sites"] if isinstance(args.get("sites"), (list, tuple)) else ()
        given = []
        for source in (args, args.get("common"), *items):
            if isinstance(source, Mapping):
                given += [source[name] for name in self.SECRETS if source.get(name)]
            elif any(name in str(source) for name in self.SECRETS):  # a text that the module is going to refuse
                given.append(source)
        if given:
            self.pipelined()
            self.hide_item(set(texts_in([given, [mapping(value) for value in given]])))

    def pipelined(self) -> None:
        """Have the module sent through a pipe: it carries a secret, and must not lie in a file on the host."""
        if not self._is_pipelining_enabled("new"):
            try:
                self._connection.set_option("pipelining", True)
            except KeyError:
                pass  # this connection has no such option, and is refused below
        if self._task.async_val or not self._is_pipelining_enabled("new"):
            raise AnsibleActionFail(
                "A secret is to be sent, and Ansible would write it into a file on the managed host: that happens with "
                "async, with ANSIBLE_KEEP_REMOTE_FILES, and where the connection or the become method cannot be "
                "pipelined. Use ssh or local with become_method: sudo"
            )

    def hide_item(self, secrets: set[str]) -> None:
        """Make the task ``no_log`` if the item of its loop holds a secret: Ansible shows the item with each result."""
        item = self.task_vars.get(self.task_vars.get("ansible_loop_var", ""))
        if item is not None and secrets & set(texts_in(item)) and not self._task.no_log:
            self._task.no_log = True
            self._display.warning(
                f"{self._task.get_name()}: the item of its loop holds a secret, so what it says is hidden. "
                "Give all sites at once in the option sites, without a loop, and it is shown."
            )


def parsed(args: Args) -> Args:
    """The options, with names, items and mappings in the form that the module will make of them.

    Ansible takes a text of JSON or of ``key=value`` for a mapping, one with commas for a list, and a number for a name.
    What the module is going to refuse stays as it is.
    """
    found = {key: mapping(value) if key == "common" else value for key, value in named(args).items()}
    if found.get("sites") is not None:
        sites = listed(found["sites"])
        found["sites"] = [named(mapping(item)) for item in sites] if isinstance(sites, (list, tuple)) else sites
    return found


def named(item: t.Any) -> t.Any:
    """An item with its name as a text, which is all that a name can be."""
    if not isinstance(item, Mapping) or item.get("name") is None:
        return item
    return {**item, "name": str(item["name"])}


def listed(value: t.Any) -> t.Any:
    """A list, as Ansible makes one of a text or a number."""
    try:
        return check_type_list(value)
    except TypeError:
        return value


def mapping(value: t.Any) -> t.Any:
    """A mapping, as Ansible makes one of a text."""
    try:
        return check_type_dict(value)
    except TypeError:
        return value
