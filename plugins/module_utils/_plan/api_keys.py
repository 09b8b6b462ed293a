# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan API keys: declared + current -> steps. Pure: no Ansible, no Frappe, no I/O.

A pair is an ``api_key``, which Frappe keeps as a plain column of User and compares without case, and an ``api_secret``,
which it keeps encrypted. Pairs are only ever given from outside; nothing here makes one.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.collation import folded
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import HIDDEN, HIDDEN_NEW
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Diff
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.declaration_rules import (
    KEY_DIFFERS,
    KEY_PAIR_FORM,
    KEY_ROLE_AUTOMATIC,
    KEY_USER_DISABLED,
    KEY_USER_EXCLUDED,
    KEY_WEBSITE_USER,
    SECRETS_STORE_MISSING,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Finding, Findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import secret_findings, text_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import EXCLUDED_USERS, STRICTNESS

# frappe.permissions.AUTOMATIC_ROLES: given to everybody of a kind, without a row that says so
AUTOMATIC_ROLES = ("Guest", "All", "Desk User", "Administrator")
# Frappe splits the header at its one space, then the pair at its one colon (frappe.auth.validate_auth_via_api_keys)
KEY_TEXT = re.compile(r"[\x21-\x39\x3b-\x7e]{8,140}")
WRITTEN = ("created", "rotated")


@dataclasses.dataclass
class User:
    """A user as the site holds it.

    Attributes:
        name: as Frappe spells it.
        enabled: whether the user may sign in with a password; API keys work either way.
        website: has no access to the desk.
        api_key: None or empty if there is none.
        has_secret: an encrypted secret is stored.
        api_secret: the stored secret, None where there is none or where it cannot be decrypted.
        full_name: for those who read.
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
        """Both halves are there: Frappe accepts the pair."""
        return bool(self.api_key) and self.has_secret


@dataclasses.dataclass
class KeyState:
    """What a site holds.

    Attributes:
        users: those declared or having a declared role, and everyone who has an api_key.
        holders: names of the users of each declared role, by the role's name as Frappe spells it.
        roles: names of the declared roles that exist.
        no_key: why no secret of this site can be decrypted or encrypted, or None.
    """

    users: list[User]
    holders: t.Mapping[str, t.Collection[str]] = dataclasses.field(default_factory=dict)
    roles: t.Collection[str] = ()
    no_key: str | None = None


@dataclasses.dataclass
class KeyChange:
    """What becomes of one user's pair; ``pair`` is what to write, None where nothing is written.

    ``action``: ``created``, ``rotated``, ``removed``, ``unchanged`` (as declared) or ``kept`` (another pair than the
    one given, or nobody here knows it).
    """

    user: str
    action: str
    pair: dict[str, t.Any] | None = None
    had: bool = False


@dataclasses.dataclass
class KeyStep:
    """What is to be done for one declaration.

    Attributes:
        changes: one a user.
        needs_secret: users that lack a pair to write.
        findings: rules that only the site's own state can break.
    """

    changes: list[KeyChange] = dataclasses.field(default_factory=list)
    needs_secret: list[str] = dataclasses.field(default_factory=list)
    findings: list[Finding] = dataclasses.field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether anything is written."""
        return any(change.action in (*WRITTEN, "removed") for change in self.changes)

    def diff(self) -> Diff:
        """Before and after, by user, secrets hidden."""
        before = {c.user: HIDDEN for c in self.changes if c.had and c.action in (*WRITTEN, "removed")}
        return {"before": before, "after": {c.user: HIDDEN_NEW for c in self.changes if c.action in WRITTEN}}


# ---------------------------------------------------------------- the declaration alone
def key_findings(declared: dict[str, t.Any], site: str) -> Findings:
    """All that can be said of one declaration without looking at the site.

    Args:
        declared: options of frappe_user_api_key; None, or no such key, means: not declared.
        site: name of the site, which a secret must not be part of.
    """
    users, roles = declared.get("users") or [], declared.get("roles") or []
    excluded = declared.get("exclude_users")
    left_out = {folded(user) for user in (EXCLUDED_USERS if excluded is None else excluded)}
    for field, items in (("users", users), ("roles", roles)):
        for item in items:
            yield from text_findings(field, item)
    for user in users:
        if folded(user) in left_out:
            yield Finding(KEY_USER_EXCLUDED, "users", f"{user!r} is in users and in exclude_users")
    for role in roles:
        if role in AUTOMATIC_ROLES:
            yield Finding(KEY_ROLE_AUTOMATIC, "roles", f"{role!r}")
    for user, pair in (declared.get("secrets") or {}).items():
        yield from _pair_findings(user, pair, (site, *users))


def key_store_findings(declared: dict[str, t.Any], store: str | None) -> Findings:
    """Keys that may have to be made need a place; ``store`` is the one that is given, if any."""
    wanted = declared.get("users") or declared.get("roles")
    if wanted and declared.get("state") != "absent" and not store:
        yield Finding(SECRETS_STORE_MISSING, "api_keys", "keys are declared, without a store")


def _pair_findings(user: str, pair: t.Any, names: tuple[str, ...]) -> Findings:
    if not isinstance(pair, dict) or not {"api_key", "api_secret"} <= pair.keys() <= {
        "api_key",
        "api_secret",
        "replace",
    }:
        yield Finding(KEY_PAIR_FORM, "secrets", f"what is given for {user!r} is no api_key with its api_secret")
        return
    for part in ("api_key", "api_secret"):
        if not isinstance(pair[part], str) or not KEY_TEXT.fullmatch(pair[part]):
            yield Finding(KEY_PAIR_FORM, "secrets", f"the {part} of {user!r} cannot be sent in a header")
            return
    yield from secret_findings(f"secrets: api_secret of {user}", pair["api_secret"], (*names, user))


# ---------------------------------------------------------------- the declaration and the site
def plan_keys(declarations: list[dict[str, t.Any]], state: KeyState) -> list[KeyStep]:
    """Plan the API keys of one site: a step for each declaration, in order.

    Raises:
        Impossible: the site cannot be brought to the declared state; nothing may be written.
    """
    by_name = {folded(user.name): user for user in state.users}
    steps: list[KeyStep] = []
    met: dict[str, int] = {}
    for number, declared in enumerate(declarations):
        step = KeyStep()
        for user in _targets(declared, by_name, state):
            if met.setdefault(user.name, number) != number:
                raise Impossible(f"users: {user.name} is meant by two declarations of this site. Leave it in one")
            _add_user(step, declared, user, state)
        steps.append(step)
    _refuse_keys_of_others([change for step in steps for change in step.changes], by_name)
    _disabled(declarations, steps, met, state)
    return steps


def _targets(declared: dict[str, t.Any], by_name: dict[str, User], state: KeyState) -> list[User]:
    """The users that a declaration is about: those named, and every enabled one with a role that is named."""
    absent = declared.get("state") == "absent"
    named = {folded(user): user for user in declared.get("users") or ()}
    unknown = [user for key, user in named.items() if key not in by_name]
    if unknown and not absent:
        raise Impossible(
            f"users: the site has no user {', '.join(map(repr, unknown))}. Create it in Frappe, or take it out of users"
        )
    spelling = {role.casefold(): role for role in state.roles}
    missing = [role for role in declared.get("roles") or () if role.casefold() not in spelling]
    if missing:
        raise Impossible(
            f"roles: the site has no role {', '.join(map(repr, missing))}. Create it, install the app that brings it, "
            "or correct the name"
        )
    holders = {
        folded(name)
        for role in declared.get("roles") or ()
        for name in state.holders.get(spelling[role.casefold()], ())
    }
    excluded = {folded(user) for user in _excluded(declared)}
    by_role = [key for key in sorted(holders - named.keys() - excluded) if key in by_name and by_name[key].enabled]
    return [by_name[key] for key in (*named, *by_role) if key in by_name]


def _excluded(declared: dict[str, t.Any]) -> list[str]:
    excluded = declared.get("exclude_users")
    return EXCLUDED_USERS if excluded is None else excluded


def _add_user(step: KeyStep, declared: dict[str, t.Any], user: User, state: KeyState) -> None:
    """Add to the step what becomes of one user."""
    wanted, has_any = declared.get("state") or "present", bool(user.api_key) or user.has_secret
    if not user.enabled and wanted != "absent":
        if declared.get("disabled_users") != "revoke":
            raise Impossible(
                f"users: {user.name} is disabled, and Frappe accepts a disabled user's key. Enable the user, take it "
                "out of users, or set disabled_users: revoke"
            )
        step.findings.append(Finding(KEY_USER_DISABLED, "users", user.name))
        wanted = "absent"
    if wanted == "absent":
        step.changes.append(KeyChange(user.name, "removed" if has_any else "unchanged", had=has_any))
        return
    if state.no_key:
        raise Impossible(state.no_key)
    if user.has_secret and user.api_secret is None:
        raise Impossible(
            f"encryption_key: it does not open the stored API secret of {user.name}. Restore the site's encryption_key "
            "from a backup; where it is lost for good, remove that key first (state: absent)"
        )
    if user.website:
        step.findings.append(Finding(KEY_WEBSITE_USER, "users", user.name))
    pair = next((p for name, p in (declared.get("secrets") or {}).items() if folded(name) == folded(user.name)), None)
    action = _action(wanted, user, pair)
    if action == "kept" and pair:
        step.findings.append(Finding(KEY_DIFFERS, "users", user.name))
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


def _refuse_keys_of_others(changes: list[KeyChange], by_name: dict[str, User]) -> None:
    """Frappe finds the user by the api_key, without case; its column is unique."""
    owners = {folded(user.api_key): user.name for user in by_name.values() if user.api_key}
    for change in changes:
        if change.pair is not None:
            key = folded(change.pair["api_key"])
            if owners.setdefault(key, change.user) != change.user:
                raise Impossible(
                    f"secrets: the api_key given for {change.user} is the one of {owners[key]}, as Frappe compares "
                    "them. Give another"
                )


def _disabled(declarations: list[dict[str, t.Any]], steps: list[KeyStep], met: dict[str, int], state: KeyState) -> None:
    """Report or revoke the live keys of disabled users, once a site, as its strictest declaration says."""
    modes = [declared.get("disabled_users") or "report" for declared in declarations]
    mode = max(modes, key=STRICTNESS.index, default="ignore")
    if mode == "ignore":
        return
    number = modes.index(mode)
    excluded = {folded(user) for user in _excluded(declarations[number])}
    found = [
        user
        for user in sorted(state.users, key=lambda user: user.name)
        if not user.enabled and user.live and user.name not in met and folded(user.name) not in excluded
    ]
    if mode == "revoke":
        steps[number].changes += [KeyChange(user.name, "removed", had=True) for user in found]
    elif found:
        names = ", ".join(user.name for user in found)
        steps[number].findings.append(Finding(KEY_USER_DISABLED, "disabled_users", names))
