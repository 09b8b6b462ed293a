# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of frappe_site_config: merge declarations into files, and check the effective configuration."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import Bench
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import (
    BrokenConfig,
    merge_file,
    read_config,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.files import Unreplaceable
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.protection import UNKEPT_REMEDY, Unkept
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Declared, failed_row, row_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.cors import KEY
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.config import cors_findings, plan_config
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import setting_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import COMMON_FILE, SITE_FILE


def file_of(row: Declared) -> str:
    """The name of the file that a row declares."""
    return COMMON_FILE if row["name"] == COMMON_FILE else SITE_FILE


def merge_one(bench: Bench, row: Declared, check_mode: bool, keep: t.Callable[[str], str]) -> t.Any:
    """Merge one declaration into its file. A failure affects only its own result row.

    Args:
        bench: the bench.
        row: the declaration.
        check_mode: if true, nothing is written.
        keep: makes a backup of a file and returns the path of the backup.
    """
    name, common = row["name"], row["name"] == COMMON_FILE
    path = bench.common_config if common else bench.site_config(name)
    lock = os.path.join(bench.path, "config") if common else os.path.join(os.path.dirname(path), "locks")
    fault = None if common else bench.fault(name)
    if fault:
        return failed_row(name, fault, path=path)
    kept: dict[str, str] = {}

    def backup() -> None:
        if row["backup"]:
            kept["backup_file"] = keep(path)

    try:
        change = merge_file(
            path,
            os.path.join(lock, "site_config.lock"),
            lambda current: plan_config(current, row["settings"], row["secret_settings"], row["absent"]),
            check_mode,
            backup,
        )
    except (BrokenConfig, Unreplaceable, TimeoutError) as error:
        return failed_row(name, str(error), path=path)
    except OSError as error:
        remedy = UNKEPT_REMEDY if isinstance(error, Unkept) else "Check its permissions and the free disk space"
        return failed_row(
            name, f"{path} cannot be written: {error.strerror}. The file is unchanged. {remedy}", path=path
        )
    if not change:
        return row_of(name, path=path, config=change.config)
    diff = {"before": change.before, "after": change.after}
    lost = [finding.row() for finding in cors_findings(change.before.get(KEY), row["cors_instead"])]
    row_now = {"changed": True, "action": "updated", "diff": diff, "findings": lost if KEY not in change.after else []}
    return row_of(name, path=path, config=change.config, **row_now, **kept)


def add_effective_findings(rows: list[t.Any], bench: Bench) -> None:
    """Add the findings about the effective configuration, which combines the common file and the site file."""
    held = next((row.pop("config", None) for row in rows if row["name"] == COMMON_FILE), None)
    common: dict[str, t.Any] = held if held is not None else read_config(bench.common_config)
    for row in rows:
        config = row.pop("config", {})
        if row["name"] != COMMON_FILE:
            inherited = {key: value for key, value in common.items() if key not in config}
            found = [f for key, value in config.items() for f in setting_findings(key, value, SITE_FILE)]
            found += [f for key, value in inherited.items() for f in setting_findings(key, value, COMMON_FILE)]
            row["findings"] += [finding.row() for finding in found]
