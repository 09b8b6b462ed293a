# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of the action plugins with a secrets store.

A task runs the module in check mode, stores new secrets, lets the module set them, and stores the result.
"""

from __future__ import annotations

import os
import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.parsing.vault import VaultSecretsContext
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import failure
from ansible_collections.benchkeeper.frappe.plugins.plugin_utils._secret_task import SecretTask, parsed
from ansible_collections.benchkeeper.frappe.plugins.plugin_utils._secrets_store import (
    Content,
    FileFault,
    SecretsStore,
    StoreFault,
)

Item = t.Dict[str, t.Any]
Result = t.Dict[str, t.Any]


class SecretsAction(SecretTask):
    """Runs the module of the same name with the secrets from ``secrets_store``.

    Attributes:
        MODULE: full name of the module.
    """

    MODULE = ""
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: None = None, task_vars: t.Any = None) -> Result:
        """Run the action. Ansible calls this method."""
        super().run(tmp, task_vars)
        self.task_vars, self.args = task_vars, parsed(self._task.args)
        items = items_of(self.args)
        if items is None or not self.args.get("secrets_store") or not self.wants_store(items):
            return self.module(self.args, async_too=True)
        if self._task.async_val:
            raise AnsibleActionFail(
                "secrets_store: the task is async, so generated secrets could not be stored. Remove async"
            )
        folder = self._loader.path_dwim(os.path.expanduser(str(self.args["secrets_store"])))
        context = VaultSecretsContext.current(optional=True)
        store = SecretsStore(folder, task_vars["inventory_hostname"], context.secrets if context else [])
        try:
            store.require()
            if self._task.check_mode:
                return self.with_store(items, store)
            with store.held():
                return self.with_store(items, store)
        except StoreFault as fault:
            raise AnsibleActionFail(str(fault)) from None

    # ---- implemented by each plugin
    def wants_store(self, items: list[Item]) -> bool:
        """Whether any item has secrets to store."""
        raise NotImplementedError

    def known(self, item: Item, content: Content) -> Item:
        """The item with its secrets from ``content``. Pending secrets override those in use."""
        raise NotImplementedError

    def overtaken(self, item: Item, row: Item, content: Content) -> bool:
        """Discard pending secrets in ``content`` that are obsolete. Returns whether there were any."""
        return False

    def review(self, item: Item, row: Item, content: Content) -> bool:
        """Generate missing secrets, as pending in ``content``. Returns whether any secret was generated."""
        raise NotImplementedError

    def keep(self, item: Item | None, row: Item, content: Content) -> None:
        """Update ``content`` to the state of the site. If item is None, the task does not declare the row's object."""
        raise NotImplementedError

    def failed(self, item: Item, msg: str) -> Item:
        """The failed row of an item whose store file cannot be used."""
        raise NotImplementedError

    # ---- task flow
    def with_store(self, items: list[Item], store: SecretsStore) -> Result:
        """Run in check mode, generate and store missing secrets, let the module set them, and store the result."""
        contents: dict[str, Content] = {}
        broken: dict[str, str] = {}
        for item in items:
            site = item["name"]
            if site not in contents and site not in broken:
                try:
                    contents[site] = store.read(site, owner_of(self.args, item))
                except FileFault as fault:
                    broken[site] = str(fault)
        sound = [number for number, item in enumerate(items) if item["name"] in contents]
        asked = [items[number] for number in sound]
        result = self.call(asked, contents, check_mode=True)
        overtaken = sites_where(self.overtaken, asked, result, contents)
        if overtaken:
            result = self.call(asked, contents, check_mode=True)
        held = {
            number: self.failed(item, broken[item["name"]])
            for number, item in enumerate(items)
            if item["name"] in broken
        }
        if not self._task.check_mode:
            reviewed = sites_where(self.review, asked, result, contents)
            for site in sorted(reviewed | overtaken):
                store.write(site, contents[site])
            if reviewed or result.get("changed"):
                # Sites that failed are not tried again. We do not know which secrets they lack, so none were generated.
                # If a second run succeeded, Frappe would have a secret that is not in the store.
                silent = {number: row for number, row in zip(sound, result.get("sites") or ()) if row["failed"]}
                held.update(silent)
                asked = [items[number] for number in sound if number not in silent]
                result = self.call(asked, contents, check_mode=False)
            self.keep_all(store, asked, result.get("sites") or [], contents)
        return self.with_failures(result, items, held)

    def call(self, items: list[Item], contents: dict[str, Content], check_mode: bool) -> Result:
        """Run the module on the items with their stored secrets."""
        if not items:
            return {"changed": False, "sites": []}
        ready = [self.known(item, contents[item["name"]]) for item in items]
        args = {key: value for key, value in self.args.items() if key != "name"}
        return self.module({**args, "sites": ready}, check_mode=check_mode)

    def keep_all(self, store: SecretsStore, items: list[Item], rows: list[Item], contents: dict[str, Content]) -> None:
        """Store the secrets that the sites now have. Failed sites keep their pending secrets."""
        before = {site: repr(content) for site, content in contents.items()}
        for number, row in enumerate(rows):
            if not row["failed"] and row["name"] in contents:
                self.keep(items[number] if number < len(items) else None, row, contents[row["name"]])
        for site, content in contents.items():
            if repr(content) != before[site]:
                store.write(site, content)

    def with_failures(self, result: Result, items: list[Item], held: dict[int, Item]) -> Result:
        """The module's result, merged with the failed rows in ``held``, by item number."""
        if not held or (result.get("failed") and not result.get("sites")):
            return result  # nothing to merge, or the whole task failed
        rows = iter(result.get("sites") or [])
        merged = [held[number] if number in held else next(rows) for number in range(len(items))]
        merged += rows
        return {**result, "sites": merged, "failed": True, "msg": failure(merged)}

    def module(self, args: Item, check_mode: bool | None = None, async_too: bool = False) -> Result:
        """Run the module. ``check_mode`` overrides the check mode of the task."""
        self.guard(args)
        wrap_async = bool(async_too and self._task.async_val and not self._connection.has_native_async)
        kept = self._task.check_mode
        self._task.check_mode = kept if check_mode is None else check_mode
        try:
            result = self._execute_module(
                module_name=self.MODULE, module_args=dict(args), task_vars=self.task_vars, wrap_async=wrap_async
            )
        finally:
            self._task.check_mode = kept
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result


def sites_where(
    look: t.Callable[[Item, Item, Content], bool], items: list[Item], result: Result, contents: dict[str, Content]
) -> set[str]:
    """The sites for which ``look`` returns true. It is called with each item and its row."""
    answered = zip(items, result.get("sites") or ())
    return {item["name"] for item, row in answered if not row["failed"] and look(item, row, contents[item["name"]])}


def items_of(args: Item) -> list[Item] | None:
    """The items of ``sites``, or one item for ``name``. None if they are not valid. The module then reports the error.

    Args:
        args: the result of `parsed`.
    """
    name, sites = args.get("name"), args.get("sites")
    if (name is None) == (sites is None):
        return None
    items = [{"name": name}] if sites is None else sites
    if not isinstance(items, (list, tuple)):
        return None
    if not all(isinstance(item, Mapping) and isinstance(item.get("name"), str) for item in items):
        return None
    return [dict(item) for item in items]


def option(args: Item, item: Item, key: str, default: t.Any = None) -> t.Any:
    """The effective value of an option: that of the item, otherwise that of the task."""
    for source in (item, args):
        if source.get(key) is not None:
            return source[key]
    return default


def text(args: Item, item: Item, key: str) -> str | None:
    """A string option. YAML reads a name of digits as a number."""
    value = option(args, item, key)
    return None if value is None else str(value)


def texts(args: Item, item: Item, key: str) -> list[str]:
    """A list option. Ansible accepts a comma-separated string, or a single number as a list with one item."""
    value = option(args, item, key, ())
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return [str(part) for part in (value if isinstance(value, (list, tuple)) else [value])]


def flag(args: Item, item: Item, key: str) -> bool:
    """A boolean option. The module rejects values that are not boolean."""
    return boolean(option(args, item, key, False), strict=False)


def owner_of(args: Item, item: Item) -> str:
    """The bench or URL that a site belongs to, which identifies the owner of a store file."""
    return str(option(args, item, "url") or os.path.normpath(str(args.get("bench_path") or "")))
