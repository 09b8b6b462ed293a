# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of frappe_oauth_verify, completed from the configuration, and its result rows."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import Bench
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import read_config
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import (
    Declared,
    Verdict,
    VerifyRow,
    failed_row,
    row_of,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.domains import domains_of, url_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.cors_sources import add_sources, sources_for
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.addresses import (
    address_faults,
    connect_address,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import password_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.verify_phases import Outcome


def configs_of(bench: Bench, name: str) -> list[tuple[str, dict[str, t.Any]]]:
    """Paths and contents of the configuration files of a site, its own first. Empty if the site cannot be read."""
    if bench.fault(name):
        return []
    return [(path, read_config(path)) for path in (bench.site_config(name), bench.common_config)]


def complete(bench: Bench, rows: list[Declared]) -> None:
    """Add values from the configuration. Mark the last row of each site, which runs the steps needed once per site."""
    last = {row["name"]: number for number, row in enumerate(rows)}
    aliases = bench.aliases()
    for number, row in enumerate(rows):
        configs = configs_of(bench, row["name"])
        config = {key: value for _path, one in reversed(configs) for key, value in one.items()}
        row["url"] = row["url"] or (url_of(row["name"], config) if configs else None)
        if row["domains"] is None:
            row["domains"] = domains_of(row["name"], config, aliases.get(row["name"], ()))
        row["of_site"] = number == last[row["name"]]


def connect(rows: list[Declared]) -> list[str]:
    """Complete the addresses, and return errors about addresses and URLs, one line each.

    Args:
        rows: the rows before `complete`, which adds URLs from the configuration.
    """
    lines = [line for row in rows for line in address_faults(f"{row['name']}: ", row)]
    for row in rows if not lines else ():
        row["address"] = connect_address(row["address"]) if row["address"] else None
    return list(dict.fromkeys(lines))


def password_faults(rows: list[Declared]) -> list[str]:
    """Errors about passwords whose masking would make the output unreadable, one line each.

    Args:
        rows: the rows after `complete`.
    """
    named = ("name", "app_name", "client_id", "username", "url")
    names = {row[key] for row in rows for key in named} | {name for row in rows for name in row["domains"]}
    return [
        f"{row['name']}: {found}" for row in rows for found in password_findings("password", row["password"], names)
    ]


def verdict(row: Declared, outcome: Outcome, sources: t.Callable[[], list[str]]) -> VerifyRow:
    """The result row of one item."""
    known = {"url": row["url"], "client_id": row["client_id"], "app_name": row["app_name"]}
    known.update(requests=outcome["requests"], left=outcome["left"])
    if outcome["failed"]:
        return failed_row(row["name"], outcome["failed"], verified=False, steps=[], **known)
    steps = outcome["steps"]
    add_sources(steps, sources)
    client = outcome["client"] or {"name": row["client_id"], "app_name": row["app_name"]}
    known.update(client_id=client["name"], app_name=client["app_name"], steps=steps)
    failed = [step for step in steps if step["verdict"] == "failed"]
    if failed:
        return failed_row(row["name"], "\n".join(map(sentence, failed)), verified=False, **known)
    return row_of(row["name"], verified=all(step["verdict"] != "not_run" for step in steps), **known)


def sentence(step: Verdict) -> str:
    """The message of one failed step."""
    why = f" ({step['reason']})" if step["reason"] else ""
    return f"{step['name']}: {step['found']}{why}, expected {step['expected']} [{step['rule']}]. {step['remedy']}"


def verdicts(
    bench: Bench | None, rows: list[Declared], outcomes: list[Outcome], nginx: t.Mapping[str, t.Any]
) -> list[VerifyRow]:
    """The result rows, in the order of the rows.

    Args:
        bench: the bench, or None.
        rows: the rows after `complete`.
        outcomes: the results of `Phases`, in the same order.
        nginx: options nginx, nginx_conf, nginx_prefix and nginx_conf_dir of the task.
    """

    def sources(row: Declared) -> list[str]:
        if bench is None:
            return ["unknown, because only the configuration on the host of the site shows it"]
        return sources_for(bench.path, configs_of(bench, row["name"]), row["domains"], nginx)

    return [verdict(row, outcome, functools.partial(sources, row)) for row, outcome in zip(rows, outcomes)]
