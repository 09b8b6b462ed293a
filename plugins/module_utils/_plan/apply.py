# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the OAuth clients of one site to their plan, through the store that holds them: Frappe, or its REST API."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import ClientRow, FindingRow
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.clients import (
    ClientState,
    ClientStep,
    plan_clients,
    same,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Judgement, told_or_refused
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CLIENT_FIELDS


class Store(t.Protocol):
    """A site's OAuth clients. Only `write` and `delete` change anything; in check mode neither is called."""

    def state(self, roles: t.Collection[str], uses: bool) -> ClientState:
        """Read all clients; the roles among ``roles`` that exist; with ``uses``, the clients that tokens name."""

    def write(self, step: ClientStep) -> str:
        """Create, update or rename; return the client's name."""

    def delete(self, name: str) -> None:
        """Delete a client and every token and code that names it, leaving no copy."""

    def read(self, name: str) -> dict[str, t.Any]:
        """Read one client afresh, stored form."""


def apply_clients(
    store: Store, declarations: list[dict[str, t.Any]], judgement: Judgement, check_mode: bool
) -> list[ClientRow]:
    """Plan, then write if not in check mode, then read back what was written.

    Args:
        store: the site.
        declarations: options of frappe_oauth_client, one a client.
        judgement: ``policy`` and ``exceptions``, for findings that only the site's own state brings out.
        check_mode: plan only.

    Returns:
        A row for each declaration and for each pruned client: action, changed, client_id, app_name, diff, findings.

    Raises:
        Impossible: nothing was written, or what was written must be rolled back.
    """
    steps, told = plan_through(store, declarations, judgement)
    if not check_mode:
        for step in steps:
            write_step(store, step)
    return rows_of(declarations, steps, told)


def plan_through(
    store: Store, declarations: list[dict[str, t.Any]], judgement: Judgement
) -> tuple[list[ClientStep], list[list[FindingRow]]]:
    """The steps, and the findings of each that are told.

    Raises:
        Impossible: the site cannot be brought to the declared state.
    """
    roles = {role for declared in declarations for role in declared.get("allowed_roles") or ()}
    uses = any(declared.get("state") == "absent" or declared.get("exclusive") for declared in declarations)
    steps = plan_clients(declarations, store.state(roles, uses))
    told = [told_or_refused(step.findings, judgement) for step in steps]
    return steps, told


def rows_of(
    declarations: list[dict[str, t.Any]], steps: list[ClientStep], told: list[list[FindingRow]]
) -> list[ClientRow]:
    """A row for each step."""
    declared = [*declarations, *({} for step in steps if step.pruned)]
    return [_row(*each) for each in zip(declared, steps, told)]


def write_step(store: Store, step: ClientStep) -> None:
    """Do one step, and read back what it wrote.

    Raises:
        Impossible: it cannot be done, or the store made something else of it.
    """
    if step.action == "deleted":
        store.delete(str(step.name))
    elif step.action != "unchanged":
        step.name = store.write(step)
        stored = store.read(step.name)
        for field, value in step.values.items():
            if stored.get(field) != value and not same(
                CLIENT_FIELDS[field], stored.get(field), _declared(field, value)
            ):
                raise Impossible(f"{field}: Frappe stored something else than was written; no run would find it equal")


def _declared(field: str, value: t.Any) -> t.Any:
    """A value in Frappe's form, back in declared form."""
    kind = CLIENT_FIELDS[field]
    if kind in ("uris", "scopes"):
        return value.split()
    return value.splitlines() if kind == "lines" else value


def _row(declared: dict[str, t.Any], step: ClientStep, findings: list[FindingRow]) -> ClientRow:
    row = dataclasses.asdict(step)
    return {
        "action": step.action,
        "changed": step.action != "unchanged",
        "client_id": step.rename or step.name,
        "app_name": declared.get("app_name") or step.after.get("app_name") or step.before.get("app_name"),
        "diff": {"before": row["before"], "after": row["after"]},
        "findings": findings,
        "pruned": step.pruned,
    }
