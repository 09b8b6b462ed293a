# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of frappe_oauth_client: its options, the rules of its rows, and the door that each row goes through."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench import Bench, BenchError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._clients import CHOICES, KINDS, twice_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._module import Row, failed_row, row_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._policy import (
    Findings,
    client_findings,
    password_findings,
)

LISTS = ("redirect_uris", "scopes", "allowed_roles", "contacts")
CHECKS = ("skip_authorization",)


def client_option(field: str) -> dict:
    """The option of one field of OAuth Client."""
    if field in LISTS:
        return {"type": "list", "elements": "str"}
    if field in CHECKS:
        return {"type": "bool"}
    # no_log said outright: Ansible warns of an option whose name sounds like a secret
    return {
        "type": "str",
        "no_log": field == "client_secret",
        **({"choices": CHOICES[field]} if field in CHOICES else {}),
    }


OPTIONS = {
    "url": {"type": "str"},
    "api_key": {"type": "str", "no_log": False},
    "api_secret": {"type": "str", "no_log": True},
    "validate_certs": {"type": "bool", "default": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "client_id": {"type": "str"},
    **{field: client_option(field) for field in KINDS if field != "response_type"},
    "rename": {"type": "bool", "default": False},
    "rotate_secret": {"type": "bool", "default": False, "no_log": False},
    "store_secret": {"type": "bool", "default": False, "no_log": False},
    "revoke_tokens": {"type": "bool", "default": False, "no_log": False},
    "exclusive": {"type": "bool", "default": False},
}


def findings(row: Row, seen: dict[str, list[Row]]) -> Findings:
    """Rules that one row breaks; ``seen`` remembers each site's clients from row to row."""
    yield from client_findings(row, row["name"])
    address = (row["url"] or "").rpartition("@")[2]  # a password in it is another mistake, told by its own name
    names = (row["name"], row["app_name"], row["client_id"], address, row["api_key"])
    yield from password_findings("api_secret", row["api_secret"], names)
    yield from twice_findings(row, seen.setdefault(row["name"], []))


def settle_rows(rows: list[Row], told: list[list[Row]], params: Row, check_mode: bool) -> list[Row]:
    """Settle every row, all sites of the bench in one worker; what is declared first, then what was pruned.

    Args:
        rows: one a declaration.
        told: findings of each row that did not stop it.
        params: options of the whole task.
        check_mode: nothing may be written.

    Raises:
        BenchError: the bench as a whole cannot be worked on.
    """
    judgement = {"policy": params["policy"], "exceptions": params["policy_exceptions"]}
    doors: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        doors.setdefault((row["name"], row["url"] or ""), []).append(row)
    on_bench = [door for door in doors if not door[1]]
    replies = {}
    if on_bench and not params["bench_path"]:
        raise BenchError(
            f"bench_path: it is not given, and neither is a url for {on_bench[0][0]!r}. Give the bench's folder, or "
            "the url of each site"
        )
    if on_bench:
        items = [{"site": door[0], "clients": doors[door]} for door in on_bench]
        bench = Bench(params["bench_path"])
        answers = bench.work("_frappe_clients", items, judgement, check_mode, params["site_timeout"])
        replies.update(zip(on_bench, answers))
    for door in doors:
        if door[1]:
            # here, so that a run on a bench does not load Ansible's HTTP library
            from ansible_collections.benchkeeper.frappe.plugins.module_utils._rest import settle_over_rest

            replies[door] = settle_over_rest(doors[door], judgement, check_mode)
    left = {door: iter(reply.get("reply", ())) for door, reply in replies.items()}
    result = [_result(row, found, replies, left) for row, found in zip(rows, told)]
    return result + [row_of(door[0], **settled) for door, rest in left.items() for settled in rest]


def _result(row: Row, found: list[Row], replies: dict[t.Any, Row], left: dict[t.Any, t.Iterator[Row]]) -> Row:
    """The result of one declaration: the next that its door settled, or why its site got nothing."""
    door = (row["name"], row["url"] or "")
    if "failed" in replies[door]:
        identity = {"app_name": row["app_name"], "client_id": row["client_id"]}
        return failed_row(row["name"], replies[door]["failed"], findings=found, pruned=False, **identity)
    settled = next(left[door])
    return row_of(row["name"], **{**settled, "findings": found + settled["findings"]})
