# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of frappe_oauth_verify, what the configuration adds to them, and the rows that come of the verdicts."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import Bench
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import read_config
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import (
    Declared,
    Reply,
    Verdict,
    VerifyRow,
    failed_row,
    row_of,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.domains import domains_of, url_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.cors_sources import add_sources, sources_for
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import password_findings

BUDGET = 0.45  # of site_timeout: the rest is for waiting for another run, and for Frappe's own start


def configs_of(bench: Bench, name: str) -> list[tuple[str, dict[str, t.Any]]]:
    """Paths and contents of the files that hold for a site, its own first; none for a site that cannot be read."""
    if bench.fault(name):
        return []
    return [(path, read_config(path)) for path in (bench.site_config(name), bench.common_config)]


def complete(bench: Bench, rows: list[Declared]) -> None:
    """Fill in what the configuration has, and which row of a site does what is done once a site: its last one."""
    for number, row in enumerate(rows):
        configs = configs_of(bench, row["name"])
        config = {key: value for _path, one in reversed(configs) for key, value in one.items()}
        row["url"] = row["url"] or (url_of(row["name"], config) if configs else None)
        if row["domains"] is None:
            row["domains"] = domains_of(row["name"], config)
        row["of_site"] = row["name"] not in [later["name"] for later in rows[number + 1 :]]


def password_faults(rows: list[Declared]) -> list[str]:
    """Why the output would be unreadable once the passwords are masked, a line for each row; empty if it would not.

    Args:
        rows: as `complete` left them.
    """
    named = ("name", "app_name", "client_id", "username", "url")
    names = {row[key] for row in rows for key in named} | {name for row in rows for name in row["domains"]}
    return [
        f"{row['name']}: {found}" for row in rows for found in password_findings("password", row["password"], names)
    ]


def verdict(row: Declared, reply: Reply, sources: t.Callable[[], list[str]]) -> VerifyRow:
    """The result row of one site."""
    told = {"url": row["url"], "client_id": row["client_id"], "app_name": row["app_name"]}
    if "failed" in reply:
        return failed_row(row["name"], reply["failed"], verified=False, steps=[], **told)
    flow = reply["reply"]
    steps = flow["steps"]
    add_sources(steps, sources)
    told.update(client_id=flow["client_id"], app_name=flow["app_name"], steps=steps)
    failed = [step for step in steps if step["verdict"] == "failed"]
    if failed:
        return failed_row(row["name"], "\n".join(map(sentence, failed)), verified=False, **told)
    return row_of(row["name"], verified=all(step["verdict"] != "not_run" for step in steps), **told)


def sentence(step: Verdict) -> str:
    """One failed step, in words."""
    why = f" ({step['reason']})" if step["reason"] else ""
    return f"{step['name']}: expected {step['expected']}, found {step['found']}{why} [{step['rule']}]. {step['remedy']}"


def verdicts(bench: Bench, rows: list[Declared], replies: list[Reply], nginx: dict[str, t.Any]) -> list[VerifyRow]:
    """The result row of each row.

    Args:
        bench: the bench.
        rows: as `complete` left them.
        replies: of the worker, in the same order.
        nginx: options nginx, nginx_conf, nginx_prefix and nginx_conf_dir of the task.
    """

    def sources(row: Declared) -> list[str]:
        return sources_for(bench.path, configs_of(bench, row["name"]), row["domains"], nginx)

    return [verdict(row, reply, functools.partial(sources, row)) for row, reply in zip(rows, replies)]
