# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the declared API keys with the current ones, and plan the changes. Pure: no Ansible, no Frappe, no I/O.

A pair consists of an ``api_key`` and an ``api_secret``. Frappe stores the ``api_key`` in a plain column of User, and
MariaDB ignores its case. It stores the ``api_secret`` encrypted. The caller supplies all pairs; this module generates
none.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.collation import Identity, folded
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import HIDDEN, HIDDEN_NEW
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Diff
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.declaration_rules import (
    KEY_DIFFERS,
    KEY_DORMANT,
    KEY_PAIR_FORM,
    KEY_ROLE_AUTOMATIC,
    KEY_USER_DISABLED,
    KEY_USER_EXCLUDED,
    KEY_WEBSITE_USER,
    SECRETS_STORE_MISSING,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Finding, Findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import secret_findings, text_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.site_rules import KEY_NOT_STORED
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import EXCLUDED_USERS, STRICTNESS

# frappe.permissions.AUTOMATIC_ROLES: roles that apply to groups of users without an assignment
AUTOMATIC_ROLES = ("Guest", "All", "Desk User", "Administrator")
# Frappe splits the header at the space, then the pair at the colon (frappe.auth.validate_auth_via_api_keys)
KEY_TEXT = re.compile(r"[\x21-\x39\x3b-\x7e]{8,140}")
WRITTEN = ("created", "rotated")
# what Frappe does with the key of a disabled user, in an error message
ON_DISABLED = {
    "accepted": "but Frappe accepts a disabled user's key",
    "refused": "and Frappe rejects a disabled user's key",
    "unknown": "and Frappe may accept a disabled user's key",
}


@dataclasses.dataclass
class User:
    """A user of the site.

    Attributes:
        name: the name in Frappe's spelling.
        enabled: whether the user may sign in. Whether Frappe accepts the key of a disabled user depends on its version.
        website: whether the user has no access to Desk.
        api_key: the key. None or empty if the user has none.
        has_secret: whether an encrypted secret is stored.
        api_secret: the stored secret. None if there is none or if it cannot be decrypted.
        full_name: the display name.
    """

    name: str
    enabled: bool = True
    website: bool = False
    api_key: str | None = None
    has_secret: bool = False
    api_secret: str | None = None
    full_name: str = ""

    @property
    def live(self) -> bool:
        """Whether both parts exist, so that Frappe accepts the pair."""
        return bool(self.api_key) and self.has_secret


@dataclasses.dataclass
class KeyState:
    """The state of a site.

    Attributes:
        users: declared users, users with a declared role, and all users with an api_key.
        holders: names of the users of each declared role, by role name in Frappe's spelling.
        roles: names of the existing declared roles.
        no_key: the error if secrets of this site cannot be encrypted or decrypted, or None.
        same: returns equal values for names that the site's database treats as equal.
        of_disabled: whether Frappe accepts the key of a disabled user: ``accepted``, ``refused`` or ``unknown``.
    """

    users: list[User]
    holders: t.Mapping[str, t.Collection[str]] = dataclasses.field(default_factory=dict)
    roles: t.Collection[str] = ()
    no_key: str | None = None
    same: Identity = folded
    of_disabled: str = "accepted"

    @property
    def disabled_rule(self) -> str:
        """The rule for a disabled user with an API key."""
        return KEY_DORMANT if self.of_disabled == "refused" else KEY_USER_DISABLED


@dataclasses.dataclass
class KeyChange:
    """The change to the pair of one user. ``pair`` is the pair to write, or None if nothing is written.

    ``action`` is ``created``, ``rotated``, ``removed``, ``unchanged`` (as declared) or ``kept``. ``kept`` means that
    the site has an unknown pair, or a different pair than the one given.
    """

    user: str
    action: str
    pair: dict[str, t.Any] | None = None
    had: bool = False


@dataclasses.dataclass
class KeyStep:
    """The planned step for one declaration.

    Attributes:
        changes: one change per user.
        needs_secret: users that still need a generated pair.
        findings: findings that depend on the state of the site.
    """

    changes: list[KeyChange] = dataclasses.field(default_factory=list)
    needs_secret: list[str] = dataclasses.field(default_factory=list)
    findings: list[Finding] = dataclasses.field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether the step writes anything."""
        return any(change.action in (*WRITTEN, "removed") for change in self.changes)

    def diff(self) -> Diff:
        """The state before and after, by user. Secrets are hidden."""
        before = {c.user: HIDDEN for c in self.changes if c.had and c.action in (*WRITTEN, "removed")}
        return {"before": before, "after": {c.user: HIDDEN_NEW for c in self.changes if c.action in WRITTEN}}


# ---------------------------------------------------------------- checks that need only the declaration
def key_findings(declared: dict[str, t.Any], site: str) -> Findings:
    """All findings about one declaration that do not depend on the state of the site.

    Args:
        declared: options of frappe_user_api_key. Options that are None or missing are not declared.
        site: name of the site. A secret must not be part of it.
    """
    users, roles = declared.get("users") or [], declared.get("roles") or []
    excluded = declared.get("exclude_users")
    left_out = {folded(user) for user in (EXCLUDED_USERS if excluded is None else excluded)}
    for field, items in (("users", users), ("roles", roles)):
        for item in items:
            yield from text_findings(field, item)
    for user in users:
        if folded(user) in left_out:
            yield Finding(KEY_USER_EXCLUDED, "users", f"{user!r} is in both users and exclude_users")
    for role in roles:
        if role in AUTOMATIC_ROLES:
            yield Finding(KEY_ROLE_AUTOMATIC, "roles", f"{role!r} is an automatic role")
    for user, pair in (declared.get("secrets") or {}).items():
        yield from _pair_findings(user, pair, (site, *users))


def key_store_findings(declared: dict[str, t.Any], store: str | None) -> Findings:
    """A finding if keys are declared without a secrets store, because a key may have to be generated."""
    wanted = declared.get("users") or declared.get("roles")
    if wanted and declared.get("state") != "absent" and not store:
        yield Finding(SECRETS_STORE_MISSING, "api_keys", "keys are declared, but secrets_store is not set")


def _pair_findings(user: str, pair: t.Any, names: tuple[str, ...]) -> Findings:
    if not isinstance(pair, dict) or not {"api_key", "api_secret"} <= pair.keys() <= {
        "api_key",
        "api_secret",
        "replace",
    }:
        yield Finding(KEY_PAIR_FORM, "secrets", f"the value for {user!r} is not a pair of api_key and api_secret")
        return
    for part in ("api_key", "api_secret"):
        if not isinstance(pair[part], str) or not KEY_TEXT.fullmatch(pair[part]):
            yield Finding(KEY_PAIR_FORM, "secrets", f"the {part} of {user!r} has an invalid length or character")
            return
    yield from secret_findings(f"secrets: api_secret of {user}", pair["api_secret"], (*names, user))


# ---------------------------------------------------------------- the declaration and the site
def plan_keys(declarations: list[dict[str, t.Any]], state: KeyState) -> list[KeyStep]:
    """Plan the API keys of one site, one step per declaration, in order.

    Raises:
        Impossible: the site cannot reach the declared state. Nothing may be written.
    """
    by_name = {state.same(user.name): user for user in state.users}
    steps: list[KeyStep] = []
    met: dict[str, int] = {}
    for number, declared in enumerate(declarations):
        step = KeyStep()
        for user in _targets(declared, by_name, state):
            if met.setdefault(user.name, number) != number:
                raise Impossible(f"users: {user.name} is selected by two declarations of this site. Remove it from one")
            _add_user(step, declared, user, state)
        steps.append(step)
    _refuse_keys_of_others([change for step in steps for change in step.changes], by_name, state)
    _disabled(declarations, steps, met, state)
    return steps


def _targets(declared: dict[str, t.Any], by_name: dict[str, User], state: KeyState) -> list[User]:
    """The users that a declaration selects: the listed users, and all enabled users with a listed role."""
    absent = declared.get("state") == "absent"
    named = {state.same(user): user for user in declared.get("users") or ()}
    unknown = [user for key, user in named.items() if key not in by_name]
    if unknown and not absent:
        raise Impossible(
            f"users: not found on this site: {', '.join(map(repr, unknown))}. Create these users in Frappe, or remove "
            "them from users"
        )
    spelling = {role.casefold(): role for role in state.roles}
    missing = [role for role in declared.get("roles") or () if role.casefold() not in spelling]
    if missing:
        raise Impossible(
            f"roles: not found on this site: {', '.join(map(repr, missing))}. Create these roles, install the app that "
            "provides them, or correct the names"
        )
    holders = {
        state.same(name)
        for role in declared.get("roles") or ()
        for name in state.holders.get(spelling[role.casefold()], ())
    }
    excluded = {state.same(user) for user in _excluded(declared)}
    by_role = [key for key in sorted(holders - named.keys() - excluded) if key in by_name and by_name[key].enabled]
    return [by_name[key] for key in (*named, *by_role) if key in by_name]


def _excluded(declared: dict[str, t.Any]) -> list[str]:
    excluded = declared.get("exclude_users")
    return EXCLUDED_USERS if excluded is None else excluded


def _add_user(step: KeyStep, declared: dict[str, t.Any], user: User, state: KeyState) -> None:
    """Add the change for one user to the step."""
    wanted, has_any = declared.get("state") or "present", bool(user.api_key) or user.has_secret
    if not user.enabled and wanted != "absent":
        if declared.get("disabled_users") != "revoke":
            raise Impossible(
                f"users: {user.name} is disabled, {ON_DISABLED[state.of_disabled]}. Enable the user, remove the user "
                "from users, or set disabled_users: revoke"
            )
        step.findings.append(Finding(state.disabled_rule, "users", f"{user.name} is disabled"))
        wanted = "absent"
    if wanted == "absent":
        step.changes.append(KeyChange(user.name, "removed" if has_any else "unchanged", had=has_any))
        return
    if state.no_key:
        raise Impossible(state.no_key)
    if user.has_secret and user.api_secret is None:
        raise Impossible(
            f"encryption_key: cannot decrypt the stored API secret of {user.name}. Restore the site's "
            "encryption_key from a backup. If it is lost, remove this API key first (state: absent)"
        )
    if user.website:
        step.findings.append(Finding(KEY_WEBSITE_USER, "users", f"{user.name} is a Website User"))
    pair = next(
        (p for name, p in (declared.get("secrets") or {}).items() if state.same(name) == state.same(user.name)), None
    )
    action = _action(wanted, user, pair)
    if action == "kept" and pair is None and declared.get("secrets") is not None:  # without a store, none is passed
        step.findings.append(
            Finding(KEY_NOT_STORED, "users", f"the API key of {user.name} is not in the secrets store")
        )
    if action == "kept" and pair:
        step.findings.append(Finding(KEY_DIFFERS, "users", f"{user.name} has a different API key"))
    if action in WRITTEN and pair is None:
        step.needs_secret.append(user.name)
    step.changes.append(KeyChange(user.name, action, pair if action in WRITTEN else None, had=has_any))


def _action(wanted: str, user: User, pair: dict[str, t.Any] | None) -> str:
    if not user.live:
        return "created"
    if pair is None:
        return "rotated" if wanted == "rotated" else "kept"
    if (pair["api_key"], pair["api_secret"]) == (user.api_key, user.api_secret):
        return "unchanged"
    return "rotated" if wanted == "rotated" or pair.get("replace") else "kept"


def _refuse_keys_of_others(changes: list[KeyChange], by_name: dict[str, User], state: KeyState) -> None:
    """Reject duplicate keys. Frappe looks up the user by api_key, as the database compares it; the column is unique."""
    owners = {state.same(user.api_key): user.name for user in by_name.values() if user.api_key}
    for change in changes:
        if change.pair is not None:
            key = state.same(change.pair["api_key"])
            if owners.setdefault(key, change.user) != change.user:
                raise Impossible(
                    f"secrets: the api_key for {change.user} already belongs to {owners[key]} (MariaDB ignores case). "
                    "Set a different api_key"
                )


def _disabled(declarations: list[dict[str, t.Any]], steps: list[KeyStep], met: dict[str, int], state: KeyState) -> None:
    """Report or revoke the API keys of disabled users, once per site, following its strictest declaration."""
    modes = [declared.get("disabled_users") or "report" for declared in declarations]
    mode = max(modes, key=STRICTNESS.index, default="ignore")
    if mode == "ignore":
        return
    number = modes.index(mode)
    excluded = {state.same(user) for user in _excluded(declarations[number])}
    found = [
        user
        for user in sorted(state.users, key=lambda user: user.name)
        if not user.enabled and user.live and user.name not in met and state.same(user.name) not in excluded
    ]
    if mode == "revoke":
        steps[number].changes += [KeyChange(user.name, "removed", had=True) for user in found]
    elif found:
        names = ", ".join(user.name for user in found)
        found_names = f"disabled users with an API key: {names}"
        steps[number].findings.append(Finding(state.disabled_rule, "disabled_users", found_names))
