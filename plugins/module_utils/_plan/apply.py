# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply the planned OAuth clients of one site through a store: Frappe itself or its REST API."""

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
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Judgement, reported_or_refused
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CLIENT_FIELDS


class Store(t.Protocol):
    """The OAuth clients of a site. Only `write` and `delete` change anything. Check mode calls neither."""

    def state(self, roles: t.Collection[str], uses: bool) -> ClientState:
        """Read all clients and the existing roles among ``roles``. ``uses`` also reads which clients have tokens."""

    def write(self, step: ClientStep) -> str:
        """Create, update or rename the client. Returns its name."""

    def delete(self, name: str) -> None:
        """Delete a client with all its tokens and codes. No copy remains."""

    def read(self, name: str) -> dict[str, t.Any]:
        """Read one client again, in stored form."""


def apply_clients(
    store: Store, declarations: list[dict[str, t.Any]], judgement: Judgement, check_mode: bool
) -> list[ClientRow]:
    """Plan the clients. Unless in check mode, write them and read back the result.

    Args:
        store: the store of the site.
        declarations: options of frappe_oauth_client, one mapping per client.
        judgement: ``policy`` and ``exceptions`` for findings that depend on the state of the site.
        check_mode: whether to plan only.

    Returns:
        One row per declaration and per pruned client: action, changed, client_id, app_name, diff, findings.

    Raises:
        Impossible: nothing was written, or the caller must roll back what was written.
    """
    steps, reported = plan_through(store, declarations, judgement)
    if not check_mode:
        for step in steps:
            write_step(store, step)
    return rows_of(declarations, steps, reported)


def plan_through(
    store: Store, declarations: list[dict[str, t.Any]], judgement: Judgement
) -> tuple[list[ClientStep], list[list[FindingRow]]]:
    """The steps, and the reported findings of each step.

    Raises:
        Impossible: the site cannot reach the declared state.
    """
    roles = {role for declared in declarations for role in declared.get("allowed_roles") or ()}
    uses = any(declared.get("state") == "absent" or declared.get("exclusive") for declared in declarations)
    steps = plan_clients(declarations, store.state(roles, uses))
    reported = [reported_or_refused(step.findings, judgement) for step in steps]
    return steps, reported


def rows_of(
    declarations: list[dict[str, t.Any]], steps: list[ClientStep], reported: list[list[FindingRow]]
) -> list[ClientRow]:
    """One row per step."""
    declared = [*declarations, *({} for step in steps if step.pruned)]
    return [_row(*each) for each in zip(declared, steps, reported)]


def write_step(store: Store, step: ClientStep) -> None:
    """Apply one step, and read back what it wrote.

    Raises:
        Impossible: the step failed, or Frappe stored a different value.
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
                shown = CLIENT_FIELDS[field] != "secret"
                values = f" ({stored.get(field)!r} instead of {value!r})" if shown else ""
                raise Impossible(
                    f"client {step.values.get('app_name', step.name)!r}: {field}: Frappe stored a value other than the "
                    f"written one{values}. Every run would report a change. Declare a value that Frappe does not change"
                )


def _declared(field: str, value: t.Any) -> t.Any:
    """Convert a value from Frappe's form to declared form."""
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
