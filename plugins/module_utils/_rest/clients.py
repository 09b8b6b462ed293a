# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OAuth clients of one site, over Frappe's REST API."""

from __future__ import annotations

import secrets
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import ClientRow, Diff, Reply
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.apply import plan_through, rows_of, write_step
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.clients import ClientState, ClientStep, of_client
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rest.http import RestSite
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.declaration_rules import (
    REST_COPIES,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Finding, Judgement
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CLIENT_FIELDS

CLIENT, TOKEN, CODE = "OAuth Client", "OAuth Bearer Token", "OAuth Authorization Code"


class RestClients:
    """`apply.Store` over HTTP."""

    def __init__(self, site: RestSite):
        self.site = site
        meta = site.call("GET", f"/api/resource/DocType/{CLIENT}")
        if not isinstance(meta, dict) or not isinstance(meta.get("fields"), list):
            raise Impossible(f"url: {site.url} did not return the DocType {CLIENT}. Set url to a Frappe site")
        names = [field.get("fieldname") for field in meta["fields"] if isinstance(field, dict)]
        self.fields = [name for name in names if name in CLIENT_FIELDS]

    def state(self, roles: t.Collection[str], uses: bool) -> ClientState:
        """Read the current state: all clients with all fields. Frappe returns the secrets too."""
        known = (
            [row["name"] for row in self.site.rows("Role", ["name"], [["name", "in", sorted(roles)]])] if roles else ()
        )
        in_use = {row["client"] for kind in (TOKEN, CODE) for row in self.site.rows(kind, ["client"])} if uses else ()
        columns = [field for field in self.fields if field != "allowed_roles"]
        clients = {
            row["name"]: {**row, "allowed_roles": []}
            for row in self.site.rows(CLIENT, ["name", "owner", "client_id", *columns])
        }
        for row in self.site.rows(CLIENT, ["name", "allowed_roles.role"]):
            if row.get("role") and row["name"] in clients:  # a client may have been registered in between
                clients[row["name"]]["allowed_roles"].append(row["role"])
        unable = {
            "rename": "Frappe's REST API cannot rename a client. Use bench_path, or declare the existing client_id"
        }
        if "token_endpoint_auth_method" not in self.fields:  # the API that accepts a client_id is as old as this field
            unable["client_id"] = (
                "REST accepts a client_id only on Frappe 16 and later. Use bench_path, or omit client_id"
            )
        return ClientState(list(clients.values()), self.fields, known, in_use, unable)

    def read(self, name: str) -> dict[str, t.Any]:
        """One client."""
        client = self.site.document("GET", f"/api/resource/{CLIENT}/{name}")
        return {**client, "allowed_roles": [row.get("role") for row in client.get("allowed_roles") or ()]}

    def write(self, step: ClientStep) -> str:
        """Create or update one client."""
        values = dict(step.values)
        if step.new_secret:
            values["client_secret"] = secrets.token_urlsafe(32)
        if "allowed_roles" in values:
            values["allowed_roles"] = [{"role": role} for role in values["allowed_roles"]]
        if step.action == "updated":
            return self.site.document("PUT", f"/api/resource/{CLIENT}/{step.name}", values)["name"]
        path = f"/api/v2/document/{CLIENT}" if step.name else f"/api/resource/{CLIENT}"
        return self.site.document("POST", path, {**values, **({"name": step.name} if step.name else {})})["name"]

    def delete(self, name: str) -> None:
        """Delete a client after its tokens and codes."""
        for doctype in (TOKEN, CODE):
            for row in self.site.rows(doctype, ["name"], [["client", "=", name]]):
                self.site.call("DELETE", f"/api/resource/{doctype}/{row['name']}")
        self.site.call("DELETE", f"/api/resource/{CLIENT}/{name}")


class Failure(t.NamedTuple):
    """Why one client failed, and whether something was written for it before."""

    changed: bool
    msg: str


def apply_over_rest(clients: list[dict[str, t.Any]], judgement: Judgement, check_mode: bool) -> Reply:
    """Apply the clients of one site over its REST API.

    Returns:
        ``reply``, or ``failed`` with the message, as `Bench.work` returns it. REST has no transaction: if a client
        fails, earlier writes remain, and each row of the reply contains what was written.
    """
    first = clients[0]
    try:
        site = RestSite(first["url"], first["api_key"], first["api_secret"], first["validate_certs"], check_mode)
        store = RestClients(site)
        steps, findings = plan_through(store, clients, judgement)
    except Impossible as error:
        return {"failed": str(error)}
    failures = {} if check_mode else _write_all(store, steps)
    applied = rows_of(clients, steps, findings)
    for number, failure in failures.items():
        nothing: Diff = {"before": {}, "after": {}}
        row = applied[number]
        applied[number] = {
            **row,
            "action": "failed",
            "failed": True,
            "changed": failure.changed,
            "msg": failure.msg,
            "diff": nothing,
        }
    for row in applied:
        copies = [Finding(REST_COPIES, field, HOW) for field in _copied(row)]
        row["findings"] += [finding.row() for finding in of_client({**row}, copies)]
    return {"reply": applied}


def _write_all(store: RestClients, steps: list[ClientStep]) -> dict[int, Failure]:
    """Apply the steps up to the first failure; return the failure of that step and of those that were not applied."""
    failures: dict[int, Failure] = {}
    reason = ""
    for number, step in enumerate(steps):
        before = store.site.written
        try:
            if reason and step.action != "unchanged":
                raise Impossible(
                    f"not applied, because an earlier client of this site failed: {reason.rstrip('.')}. The clients "
                    "before that one were applied. Fix the cause and run again"
                )
            write_step(store, step)
        except Impossible as error:
            reason = reason or str(error)
            failures[number] = Failure(store.site.written > before, str(error))
    return failures


HOW = "Frappe keeps a copy of the secret in Version or Deleted Document"


def _copied(row: ClientRow) -> t.Iterator[str]:
    """The secret fields of which Frappe keeps a copy in Version or Deleted Document."""
    if row["action"] == "deleted" or (row["action"] == "updated" and "client_secret" in row["diff"]["after"]):
        yield "client_secret"
