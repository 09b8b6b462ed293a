# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of frappe_oauth_client: generates client secrets and stores them encrypted before they are set."""

from __future__ import annotations

import secrets

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.collation import folded
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Row, failed_row
from ansible_collections.benchkeeper.frappe.plugins.plugin_utils._secrets_action import (
    Item,
    SecretsAction,
    flag,
    option,
    text,
)
from ansible_collections.benchkeeper.frappe.plugins.plugin_utils._secrets_store import (
    Content,
    promote,
    stage,
    withdraw,
)

SECRET_BYTES = 32


class ActionModule(SecretsAction):
    """Runs the module with the client secrets of the secrets store."""

    MODULE = "benchkeeper.frappe.frappe_oauth_client"
    SECRETS = ("client_secret", "api_secret")

    def wants_store(self, items: list[Item]) -> bool:
        """Whether any client has store_secret."""
        return any(flag(self.args, item, "store_secret") for item in items)

    def kept_here(self, item: Item) -> bool:
        """Whether the secret of the item belongs in the store."""
        return flag(self.args, item, "store_secret") and not option(self.args, item, "client_secret")

    def absent(self, item: Item) -> bool:
        """Whether the client is declared absent."""
        return option(self.args, item, "state") == "absent"

    def key(self, item: Item, content: Content) -> str:
        """The key of the item's entry in the store: its client_id, otherwise its app_name."""
        kept, client_id = content["oauth_clients"], text(self.args, item, "client_id")
        app_name = text(self.args, item, "app_name")
        if client_id and client_id in kept:
            return client_id
        for key, entry in kept.items():
            theirs = entry.get("client_id")
            if client_id and theirs == client_id:
                return key
            if app_name and folded(key) == folded(app_name) and (not client_id or not theirs):
                return key
        return client_id or app_name or ""

    def known(self, item: Item, content: Content) -> Item:
        """The item with its stored secret. For a rotation, the secret in use is left out."""
        if not self.kept_here(item) or self.absent(item):
            return item
        entry = content["oauth_clients"].get(self.key(item, content), {})
        value = entry.get("pending") or ({} if flag(self.args, item, "rotate_secret") else entry)
        return {**item, "client_secret": value["client_secret"]} if value.get("client_secret") else item

    def overtaken(self, item: Item, row: Row, content: Content) -> bool:
        """Discard the pending secret of a new client if the client has since been created with another secret."""
        if not self.kept_here(item) or self.absent(item):
            return False
        kept, key = content["oauth_clients"], self.key(item, content)
        pending = kept.get(key, {}).get("pending")
        differs = row["action"] == "updated" and "client_secret" in row["diff"]["after"]
        if not pending or pending.get("replace") or not differs:
            return False
        kept[key] = withdraw(kept[key]) or {}
        return True

    def review(self, item: Item, row: Row, content: Content) -> bool:
        """Generate a secret for a new client or a rotation. The secret of any other client is left unchanged."""
        if not self.kept_here(item) or self.absent(item):
            return False
        kept, key, rotate = content["oauth_clients"], self.key(item, content), flag(self.args, item, "rotate_secret")
        entry = kept.get(key, {})
        if entry.get("pending") or (row["action"] == "created" and entry.get("client_secret") and not rotate):
            return False
        if not rotate and row["action"] != "created":
            return False
        value = {"client_secret": secrets.token_urlsafe(SECRET_BYTES), "replace": row["action"] != "created"}
        kept[key] = stage(entry, value)
        return True

    def keep(self, item: Item | None, row: Row, content: Content) -> None:
        """Mark pending secrets as in use, and remove the entries of deleted clients."""
        kept = content["oauth_clients"]
        if item is None:
            gone = [key for key, entry in kept.items() if row["client_id"] in (key, entry.get("client_id"))]
        elif not self.kept_here(item):
            return
        else:
            key = self.key(item, content)
            gone = [key] if self.absent(item) or not kept.get(key) else []
            if key in kept and not gone:
                kept[key] = promote(kept[key], client_id=row["client_id"])
        for key in gone:
            kept.pop(key, None)

    def failed(self, item: Item, msg: str) -> Row:
        """The failed row, in the same form as the module returns."""
        identity = {key: text(self.args, item, key) for key in ("app_name", "client_id")}
        return failed_row(item["name"], msg, pruned=False, **identity)
