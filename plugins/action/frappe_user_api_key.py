# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of frappe_user_api_key: generates key pairs and stores them encrypted before the module sets them."""

from __future__ import annotations

import secrets
import typing as t

from ansible.module_utils.common.validation import check_type_dict
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.collation import folded
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Row, failed_row
from ansible_collections.benchkeeper.frappe.plugins.plugin_utils._secrets_action import (
    Item,
    SecretsAction,
    option,
    texts,
)
from ansible_collections.benchkeeper.frappe.plugins.plugin_utils._secrets_store import (
    Content,
    promote,
    stage,
    withdraw,
)

KEY_BYTES = 16
SECRET_BYTES = 32
PAIR = ("api_key", "api_secret", "replace")


class ActionModule(SecretsAction):
    """Runs the module with the API keys of the secrets store."""

    MODULE = "benchkeeper.frappe.frappe_user_api_key"
    SECRETS = ("secrets",)

    def wants_store(self, items: list[Item]) -> bool:
        """True, because every key declaration uses the store."""
        return True

    def state(self, item: Item) -> str:
        """The declared state."""
        return option(self.args, item, "state", "present")

    def given(self, item: Item) -> dict[str, t.Any]:
        """The pairs that the task passes. They override pairs from the store."""
        try:
            return check_type_dict(option(self.args, item, "secrets", {}))
        except TypeError:
            return {}  # passed to the module unchanged, which rejects it

    def known(self, item: Item, content: Content) -> Item:
        """The item with its stored pairs. A rotation omits the pairs in use, because sending them changes nothing."""
        if self.state(item) == "absent":
            return item
        own = {folded(user) for user in self.given(item)}
        if not own and option(self.args, item, "secrets"):
            return item
        pairs = {}
        for user, entry in content["api_keys"].items():
            pair = entry.get("pending") or ({} if self.state(item) == "rotated" else entry)
            if folded(user) not in own and pair.get("api_secret"):
                pairs[user] = {part: pair[part] for part in PAIR if part in pair}
        return {**item, "secrets": {**self.given(item), **pairs}}

    def review(self, item: Item, row: Row, content: Content) -> bool:
        """Generate missing pairs. Both parts are new, so that the api_key identifies the pair that a site has."""
        actions = {change["user"]: change["action"] for change in row["users"]}
        for user in row["needs_secret"]:
            pair = {
                "api_key": secrets.token_hex(KEY_BYTES),
                "api_secret": secrets.token_urlsafe(SECRET_BYTES),
                "replace": actions[user] == "rotated",
            }
            content["api_keys"][user] = stage(content["api_keys"].get(user), pair)
        return bool(row["needs_secret"])

    def keep(self, item: Item | None, row: Row, content: Content) -> None:
        """Update the stored pairs according to the action for each user."""
        kept, item = content["api_keys"], item or {}
        absent = self.state(item) == "absent"
        own = {folded(user) for user in self.given(item)}
        gone = {folded(user) for user in texts(self.args, item, "users")} if absent else set()
        for change in row["users"]:
            user, action = change["user"], change["action"]
            if absent or action == "removed":
                gone.add(folded(user))
            elif "pending" in kept.get(user, ()) and folded(user) not in own:
                entry = withdraw(kept[user]) if action == "kept" else promote(kept[user])
                kept.update({user: entry} if entry else {})
                if not entry:
                    gone.add(folded(user))
        content["api_keys"] = {user: entry for user, entry in kept.items() if folded(user) not in gone}

    def failed(self, item: Item, msg: str) -> Row:
        """The failed row, in the same form as the module returns."""
        return failed_row(item["name"], msg, users=[], needs_secret=[])
