# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that carries a secret: sent through a pipe, and silent about the item of its loop."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

Args = t.Dict[str, t.Any]


class SecretTask(ActionBase):
    """Base of the action plugins whose module takes a secret.

    Attributes:
        SECRETS: options, of the task or of an item of ``sites``, that carry a secret.
    """

    SECRETS: tuple[str, ...] = ()

    def guard(self, args: Args) -> None:
        """Keep the secrets among these options from the managed host's disk and from the terminal.

        Raises:
            AnsibleActionFail: they would have to lie in a file.
        """
        items = args["sites"] if isinstance(args.get("sites"), (list, tuple)) else ()
        sources = [source for source in (args, args.get("common"), *items) if isinstance(source, Mapping)]
        given = [source[name] for source in sources for name in self.SECRETS if source.get(name)]
        if given:
            self.pipelined()
            self.hide_item(set(texts_in(given)))

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


def texts_in(value: t.Any) -> Iterator[str]:
    """Every text in a value, however deep, but for the keys of dictionaries."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from texts_in(part)
    elif isinstance(value, str) and value:
        yield value
