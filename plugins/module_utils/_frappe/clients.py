# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OAuth clients in Frappe's database: the job of frappe_oauth_client, which runs in the bench's Python."""

from __future__ import annotations

import secrets
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import ClientRow
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.apply import apply_clients
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.clients import ClientState, ClientStep
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Judgement
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CLIENT_FIELDS

CLIENT, ROLE_ROW = "OAuth Client", "OAuth Client Role"
NAMING_CLIENT = ("OAuth Bearer Token", "OAuth Authorization Code")
SECRET_BYTES = 32
REPEATABLE = True  # it plans again from the current state


def job(site: t.Any, item: dict[str, t.Any], common: Judgement) -> list[ClientRow]:
    """Apply the clients of one site.

    ``item["declarations"]`` contains the declarations, ``common`` the policy and its exceptions.
    """
    return apply_clients(FrappeClients(site), item["declarations"], common, site.check_mode)


class FrappeClients:
    """`apply.Store` on a connected site."""

    def __init__(self, site: t.Any):
        self.site, self.frappe = site, site.frappe
        self.fields = [field for field in CLIENT_FIELDS if self.frappe.get_meta(CLIENT).has_field(field)]

    def state(self, roles: t.Collection[str], uses: bool) -> ClientState:
        """Read the current state: two queries, one more if roles are declared, two more to delete a client."""
        get_all = self.frappe.get_all
        known = get_all("Role", filters={"name": ["in", sorted(roles)]}, pluck="name") if roles else ()
        in_use = {name for doctype in NAMING_CLIENT for name in get_all(doctype, pluck="client")} if uses else ()
        return ClientState(self.clients(), self.fields, known, in_use)

    def read(self, name: str) -> dict[str, t.Any]:
        """One client, read from the database and not from a cache."""
        return self._rows({"name": name})[0]

    def clients(self) -> list[dict[str, t.Any]]:
        """All clients."""
        return self._rows({})

    def _rows(self, filters: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        columns = [field for field in self.fields if field != "allowed_roles"]
        clients = self.frappe.get_all(CLIENT, filters=filters, fields=["name", "owner", "client_id", *columns])
        parents = {"parent": filters["name"]} if filters else {}
        rows = self.frappe.get_all(
            ROLE_ROW, filters={**parents, "parenttype": CLIENT}, fields=["parent", "role"], order_by="idx asc"
        )
        for client in clients:
            client["allowed_roles"] = [row["role"] for row in rows if row["parent"] == client["name"]]
        return clients

    def write(self, step: ClientStep) -> str:
        """Create, update or rename one client.

        A changed secret is saved without a Version, which would store the old and the new secret in clear text.
        """
        self.site.about_to_write()
        values = dict(step.values)
        if step.new_secret:
            values["client_secret"] = secrets.token_urlsafe(SECRET_BYTES)
        if "allowed_roles" in values:
            values["allowed_roles"] = [{"role": role} for role in values["allowed_roles"]]
        if step.action == "created":
            return self.frappe.get_doc({"doctype": CLIENT, **values}).insert(set_name=step.name).name
        name = str(step.name)
        if step.rename:
            name = self.frappe.rename_doc(CLIENT, name, step.rename, force=True, show_alert=False)
        doc = self.frappe.get_doc(CLIENT, name)
        doc.update(values)
        doc.save(ignore_version="client_secret" in values)
        return name

    def delete(self, name: str) -> None:
        """Delete a client with its tokens and codes.

        The deletion is permanent: Frappe's Deleted Document would keep the whole row with its secret.
        """
        self.site.about_to_write()
        for doctype in NAMING_CLIENT:
            self.frappe.db.delete(doctype, {"client": name})
        self.frappe.delete_doc(CLIENT, name, delete_permanently=True)
