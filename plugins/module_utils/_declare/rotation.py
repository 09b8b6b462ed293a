# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Select what to rotate from the declarations. Pure; used by a filter on the controller."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.collation import folded
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.shapes import Declaration, Mistake
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.clients import label

ROTATIONS = ("client_secrets", "api_keys", "tokens")


def rotation(
    declarations: list[Declaration],
    what: str,
    clients: list[str],
    users: list[str],
    found: list[dict[str, t.Any]],
    without: list[str],
) -> list[Declaration]:
    """The items for the module that rotates ``what``. They contain only the identity and the rotation options.

    In particular, ``exclusive`` must not be passed on. With a subset of the clients, it would delete all others.

    Args:
        declarations: the result of `merge`.
        what: one of `ROTATIONS`.
        clients: app_name or client_id of the clients to rotate. All if empty.
        users: users to rotate. All if empty.
        found: rows of frappe_site_info, required for ``api_keys`` with ``users``.
        without: names of sites to exclude.

    Raises:
        Mistake: ``what`` is not in `ROTATIONS`, or a name does not exist, or a client has a declared secret, which the
            next run of site.yml would set again.
    """
    if what not in ROTATIONS:
        raise Mistake(f"oauth2_rotate: {what!r} cannot be rotated. Use one of: {', '.join(ROTATIONS)}")
    declared = [client for site in declarations for client in _present(site)]
    for given in clients if what != "api_keys" else ():
        if not any(_answers(client, given) for client in declared):
            raise Mistake(
                f"oauth2_rotate_clients: no site of this bench declares a client {given!r}. Correct the name, or "
                "exclude this bench with --limit"
            )
    sites = [site for site in declarations if site["name"] not in without]
    if what == "client_secrets":
        return [row for site in sites for row in _secrets(site, clients)]
    if what == "tokens":
        return [row for site in sites for row in _tokens(site, clients, users)]
    return _keys(sites, users, found, without)


def _present(site: Declaration) -> list[Declaration]:
    return [client for client in site.get("oauth_clients", ()) if client.get("state") != "absent"]


def _answers(client: Declaration, given: str) -> bool:
    return folded(given) in (folded(client.get("app_name")), folded(client.get("client_id")))


def _chosen(site: Declaration, clients: list[str]) -> list[Declaration]:
    return [client for client in _present(site) if not clients or any(_answers(client, given) for given in clients)]


def _identity(client: Declaration) -> dict[str, str]:
    """Only the client_id if there is one. If app_name were included, the module would also write it."""
    key = "client_id" if client.get("client_id") else "app_name"
    return {key: client[key]}


def _secrets(site: Declaration, clients: list[str]) -> t.Iterator[Declaration]:
    """Clients without ``store_secret`` are rotated only if they are listed explicitly."""
    for client in _chosen(site, clients):
        kept = bool(client.get("store_secret"))
        if (kept or clients) and client.get("client_secret"):
            raise Mistake(
                f"site {site['name']}: the client {label(client)} is selected for rotation, but the inventory sets its "
                "client_secret. The next run of site.yml would set that value again. To replace it, change "
                "client_secret in the inventory and run site.yml. To let rotate.yml replace it, remove client_secret "
                "and set store_secret: true"
            )
        if kept or clients:
            yield {"name": site["name"], **_identity(client), "rotate_secret": True, "store_secret": kept}


def _keys(sites: list[Declaration], users: list[str], found: list[dict], without: list[str]) -> list[Declaration]:
    if not users:
        return [
            {"name": site["name"], **site["api_keys"], "state": "rotated"}
            for site in sites
            if "api_keys" in site and site["api_keys"].get("state") != "absent"
        ]
    holders = {row["name"]: {folded(key["user"]): key["user"] for key in row.get("api_keys", ())} for row in found}
    for user in users:
        if not any(folded(user) in names for names in holders.values()) and not without:
            raise Mistake(
                f"oauth2_rotate_users: {user!r} has no API key on any site of this bench. Correct the name, or exclude "
                "the bench with --limit"
            )
    rows = []
    for site in sites:
        there = [holders.get(site["name"], {}).get(folded(user)) for user in users]
        if any(there):
            rows.append({"name": site["name"], "users": [user for user in there if user], "state": "rotated"})
    return rows


def _tokens(site: Declaration, clients: list[str], users: list[str]) -> t.Iterator[Declaration]:
    """All tokens of the selected clients. An app gets new tokens when its user signs in again."""
    names = [client.get("client_id") or client["app_name"] for client in _chosen(site, clients)]
    if names:
        yield {"name": site["name"], "clients": names, "users": users, "state": "revoked"}
