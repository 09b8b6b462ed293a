# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of frappe_oauth_verify: verifies sites in batches and shows the progress after each batch."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import failed_row, failure
from ansible_collections.benchkeeper.frappe.plugins.plugin_utils._secret_task import SecretTask, parsed

Item = t.Dict[str, t.Any]
MODULE = "benchkeeper.frappe.frappe_oauth_verify"
BATCH = 20  # sites per batch, the default in the module documentation


class ActionModule(SecretTask):
    """Runs the module of the same name once per batch of sites. With a single batch, it runs the module unchanged.

    The same applies with ``last_step=reach``: the module then checks all sites in parallel.
    """

    SECRETS = ("password", "client_secret")
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: None = None, task_vars: t.Any = None) -> Item:
        """Run the action. Ansible calls this method."""
        super().run(tmp, task_vars)
        self.task_vars, args = task_vars, parsed(self._task.args)
        self.guard(args)
        batches = batches_of(args)
        if len(batches) < 2 or args.get("last_step") == "reach" or self._task.check_mode or self._task.async_val:
            return self.module(args)
        results: list[Item] = []
        sites = len({item["name"] for batch in batches for item in batch})
        for number, batch in enumerate(batches, 1):
            results.append(self.module({**args, "sites": batch}))
            if not results[-1].get("sites"):  # the whole bench failed
                break
            self._display.display(progress(task_vars["inventory_hostname"], results, sites))
            if number < len(batches):
                self._remove_tmp_path(self._connection._shell.tmpdir)
        tried = len(results) if results[-1].get("sites") else len(results) - 1
        return merged(results, [item for batch in batches[tried:] for item in batch])

    def module(self, args: Item) -> Item:
        """Run the module."""
        wrap_async = bool(self._task.async_val and not self._connection.has_native_async)
        result = self._execute_module(
            module_name=MODULE, module_args=args, task_vars=self.task_vars, wrap_async=wrap_async
        )
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result


def batches_of(args: Item) -> list[list[Item]]:
    """The items of ``sites`` in batches, with the items of a site together. Empty if the items are not valid."""
    items, size = args.get("sites"), args.get("batch", BATCH)
    if not isinstance(items, (list, tuple)) or args.get("name") is not None:
        return []
    sound = all(isinstance(item, Mapping) and isinstance(item.get("name"), str) for item in items)
    if not sound or not str(size).isdigit() or not int(size):
        return []
    batches: list[list[Item]] = []
    for item in items:
        names = {one["name"] for one in batches[-1]} if batches else set()
        if not batches or (item["name"] not in names and len(names) >= int(size)):
            batches.append([])
        batches[-1].append(dict(item))
    return batches


def progress(host: str, results: list[Item], sites: int) -> str:
    """The progress in one line."""
    rows = [row for result in results for row in result["sites"]]
    tried, failed = {row["name"] for row in rows}, {row["name"] for row in rows if row["failed"]}
    verified = tried - {row["name"] for row in rows if not row.get("verified")}
    partly = len(tried) - len(verified) - len(failed)
    counts = f"{len(verified)} verified, {partly} partly verified, {len(failed)} failed"
    return f"{host}: {len(tried)} of {sites} sites done: {counts}"


def merged(results: list[Item], left: list[Item]) -> Item:
    """Merge the results of all batches into one. The merged result is a failure if any batch failed.

    Args:
        results: the result of each batch, in order.
        left: items of the batch that failed as a whole, and of all later batches.
    """
    last = results[-1]
    if len(results) == 1:
        return last
    rows = [row for result in results for row in result.get("sites", ())]
    rows += [
        failed_row(
            item["name"], last.get("msg", "not verified, because an earlier batch failed"), verified=False, steps=[]
        )
        for item in left
    ]
    whole = {**results[0], "sites": rows, "changed": any(result.get("changed") for result in results)}
    whole["requests"] = sum(result.get("requests", 0) for result in results)
    whole["cleaned"] = [one for result in results for one in result.get("cleaned", ())]
    for kind in ("warnings", "deprecations"):
        listed = [one for result in results for one in result.get(kind) or ()]
        if listed:
            whole[kind] = [one for number, one in enumerate(listed) if one not in listed[:number]]
    msg = failure(rows) or (last.get("msg", "") if last.get("failed") else "")
    if msg or any(result.get("failed") for result in results):
        whole.update(failed=True, msg=msg)
    return whole
