# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API keys in Frappe's database: the job of frappe_user_api_key, which runs in the bench's Python."""

from __future__ import annotations

import importlib
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.collation import identity
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import FindingRow, KeyRow
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.bench_code import of_disabled_users
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.api_keys import (
    KeyChange,
    KeyState,
    KeyStep,
    User,
    plan_keys,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Judgement, reported_or_refused

STORED = "select name, password from `__Auth` where doctype='User' and fieldname='api_secret' and encrypted=1"
ENCRYPTED = "select doctype, password from `__Auth` where encrypted=1"
REPEATABLE = True  # it plans again from the current state
FIELDS = ["name", "full_name", "enabled", "user_type", "api_key"]


def job(site: t.Any, item: dict[str, t.Any], common: Judgement) -> list[KeyRow]:
    """Apply the API keys of one site.

    ``item["declarations"]`` contains the declarations, ``common`` the policy and its exceptions.

    Returns:
        A row for each declaration. If a secret is missing outside check mode, nothing is written, and each row has
        ``failed`` and ``msg``.

    Raises:
        Impossible: the declaration conflicts with the site. The caller must roll back.
    """
    keys, declarations = FrappeKeys(site), item["declarations"]
    steps = plan_keys(declarations, keys.state(declarations))
    reported = [reported_or_refused(step.findings, common) for step in steps]
    rows = [_row(step, findings) for step, findings in zip(steps, reported)]
    needy = [user for step in steps for user in step.needs_secret]
    if needy and not site.check_mode:
        msg = (
            f"users: {', '.join(needy)}: no secret is available for the new API key. Set secrets_store, so that a "
            "secret is generated and stored, or pass the pair in secrets"
        )
        nothing: KeyRow = {
            "action": "failed",
            "changed": False,
            "diff": {"before": {}, "after": {}},
            "findings": [],
            "users": [],
            "failed": True,
            "msg": msg,
        }
        return [
            {**nothing, "findings": row["findings"], "needs_secret": step.needs_secret}
            for row, step in zip(rows, steps)
        ]
    if not site.check_mode:
        keys.write([change for step in steps for change in step.changes])
    return rows


def _row(step: KeyStep, findings: list[FindingRow]) -> KeyRow:
    """The result row of a step; it never contains an API key."""
    return {
        "action": "updated" if step.changed else "unchanged",
        "changed": step.changed,
        "diff": step.diff(),
        "findings": findings,
        "users": [{"user": change.user, "action": change.action} for change in step.changes],
        "needs_secret": step.needs_secret,
    }


class FrappeKeys:
    """The API keys of a connected site."""

    def __init__(self, site: t.Any):
        self.site, self.frappe = site, site.frappe
        self.password = importlib.import_module("frappe.utils.password")
        self.same = identity(self.frappe.db.db_type)

    def state(self, declarations: list[dict[str, t.Any]]) -> KeyState:
        """Read the users, roles and keys. Needs three queries, or five if roles are declared."""
        get_all = self.frappe.get_all
        roles = sorted({role for declared in declarations for role in declared.get("roles") or ()})
        names = {user for declared in declarations for user in declared.get("users") or ()}
        known = get_all("Role", filters={"name": ["in", roles]}, pluck="name") if roles else []
        holders: dict[str, list[str]] = {}
        if known:
            filters = {"parenttype": "User", "role": ["in", known]}
            for row in get_all("Has Role", filters=filters, fields=["parent", "role"]):
                holders.setdefault(row["role"], []).append(row["parent"])
        names.update(name for users in holders.values() for name in users)
        of_disabled = of_disabled_users(self.frappe)["key"]
        return KeyState(self._users(names), holders, known, self.no_key(), self.same, of_disabled)

    def holders(self) -> list[User]:
        """All users with an api_key. No secret is decrypted."""
        return sorted(self._users(()), key=lambda user: user.name)

    def _users(self, names: t.Collection[str]) -> list[User]:
        """The users with these names, and all users with an api_key."""
        get_all = self.frappe.get_all
        found = get_all("User", filters={"name": ["in", sorted(names)]}, fields=FIELDS) if names else []
        found += get_all("User", filters={"api_key": ["is", "set"]}, fields=FIELDS)
        stored = {self.same(name): text for name, text in self.frappe.db.sql(STORED)}
        users, wanted = {}, {self.same(name) for name in names}
        for row in found:
            text = stored.get(self.same(row["name"]))
            users[row["name"]] = User(
                name=row["name"],
                full_name=row["full_name"] or "",
                enabled=bool(row["enabled"]),
                website=row["user_type"] == "Website User",
                api_key=row["api_key"],
                has_secret=bool(text),
                api_secret=self._decrypted(text) if text and self.same(row["name"]) in wanted else None,
            )
        return list(users.values())

    def _decrypted(self, text: str) -> str | None:
        """The secret, or None if the site's encryption_key does not decrypt it.

        Without an encryption_key, nothing is decrypted: Frappe would generate a key and write it to site_config.json,
        even in check mode.
        """
        if not self.frappe.local.conf.get("encryption_key"):
            return None
        try:
            return self.password.decrypt(text)
        except (self.frappe.ValidationError, ValueError):
            return None

    def no_key(self) -> str | None:
        """The error if encryption_key is missing although secrets are stored, or None.

        Frappe would otherwise generate a new key, which would hide the loss.
        """
        if self.frappe.local.conf.get("encryption_key"):
            return None
        if not self.frappe.db.sql("select name from `__Auth` where encrypted = 1 limit 1"):
            return None
        return (
            "encryption_key: site_config.json has no encryption_key, but the site stores encrypted secrets. Restore "
            "the key from a backup. With a new key, Frappe cannot decrypt any stored password"
        )

    def not_opened(self) -> dict[str, int]:
        """The number of stored secrets that encryption_key does not decrypt, by doctype; empty without a key."""
        counts: dict[str, int] = {}
        if self.frappe.local.conf.get("encryption_key"):
            for doctype, text in self.frappe.db.sql(ENCRYPTED):
                if self._decrypted(text) is None:
                    counts[doctype] = counts.get(doctype, 0) + 1
        return dict(sorted(counts.items()))

    def write(self, changes: list[KeyChange]) -> None:
        """Write or remove API keys. The user's ``modified`` does not change, and Frappe creates no Version.

        Raises:
            Impossible: Frappe stored a different API key.
        """
        written = {change.user: change.pair for change in changes if change.pair is not None}
        for user, pair in written.items():
            self.site.about_to_write()
            self.password.set_encrypted_password("User", user, pair["api_secret"], "api_secret")
            # Like Frappe, store asterisks in the column. If the column is empty, the next save of the user
            # removes the secret.
            self._columns(user, pair["api_key"], "*" * len(pair["api_secret"]))
        for change in changes:
            if change.action == "removed":
                self.site.about_to_write()
                self.password.remove_encrypted_password("User", change.user, "api_secret")
                self._columns(change.user, None, None)
        for stored in self._users(written) if written else ():
            given = written.get(stored.name)
            if given is not None and (given["api_key"], given["api_secret"]) != (stored.api_key, stored.api_secret):
                raise Impossible(
                    f"secrets: Frappe did not store the given API key for {stored.name}. Nothing was changed. Check "
                    "the installed apps for a hook that changes User"
                )

    def _columns(self, user: str, api_key: str | None, stars: str | None) -> None:
        values = {"api_key": api_key, "api_secret": stars}
        self.frappe.db.set_value("User", user, values, update_modified=False)
