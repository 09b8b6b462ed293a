# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of frappe_oauth_client: secrets of confidential clients are made here, kept encrypted, and only then set."""

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
    """See the module's documentation."""

    MODULE = "benchkeeper.frappe.frappe_oauth_client"
    SECRETS = ("client_secret", "api_secret")

    def wants_store(self, items: list[Item]) -> bool:
        """Only clients that say store_secret."""
        return any(flag(self.args, item, "store_secret") for item in items)

    def kept_here(self, item: Item) -> bool:
        """Is the item's secret the store's business?"""
        return flag(self.args, item, "store_secret") and not option(self.args, item, "client_secret")

    def absent(self, item: Item) -> bool:
        """Is the client to go?"""
        return option(self.args, item, "state") == "absent"

    def key(self, item: Item, content: Content) -> str:
        """Under which name the item's entry is, or will be: its client_id, else its app_name."""
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
        """A rotation does not send what is in use: that would be no change."""
        if not self.kept_here(item) or self.absent(item):
            return item
        entry = content["oauth_clients"].get(self.key(item, content), {})
        value = entry.get("pending") or ({} if flag(self.args, item, "rotate_secret") else entry)
        return {**item, "client_secret": value["client_secret"]} if value.get("client_secret") else item

    def overtaken(self, item: Item, row: Row, content: Content) -> bool:
        """What was made for a client that was not there goes, where the client by now has a secret from elsewhere."""
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
        """A new client and a rotation get a new secret; that of an unknown one is not touched."""
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
        """What is pending is now in use; what is gone is forgotten."""
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
        """As the module has it."""
        identity = {key: text(self.args, item, key) for key in ("app_name", "client_id")}
        return failed_row(item["name"], msg, pruned=False, **identity)
