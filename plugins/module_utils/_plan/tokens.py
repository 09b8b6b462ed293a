# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the declared token policy with the current tokens, and plan the changes. Pure: no Ansible, no Frappe, no I/O.

Access token and refresh token share one row. Unless Frappe stores hashes, the name of the row is the access token.
Therefore, a name must never appear in output. A row still works (is live) if its access token is valid or its refresh
token works. Otherwise, it is dead. Authorization codes are handled like tokens: in Frappe they never expire, and an
unused code can be exchanged for a new token at any time.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.collation import Identity, folded
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Diff, TokenCount
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.declaration_rules import (
    TOKEN_AGE_SHORT,
    TOKEN_CLIENT_UNKNOWN,
    TOKEN_DURATION,
    TOKEN_SELECTION_MISSING,
    TOKEN_SELECTION_UNUSED,
    TOKEN_USER_UNKNOWN,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Finding, Findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import text_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.site_rules import (
    TOKEN_DORMANT,
    TOKEN_USER_DISABLED,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import STRICTNESS, TOKEN_STATES

DURATION = re.compile(r"([0-9]{1,9})([smhdw]?)")
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
ACCESS_TOKEN_LIFE = 3600  # seconds, fixed in Frappe
SELECTORS = ("users", "clients", "older_than", "token_state", "every_token")
DURATIONS = ("older_than", "max_refresh_age", "prune_after")


class Token(t.NamedTuple):
    """A row of OAuth Bearer Token, or of OAuth Authorization Code.

    Attributes:
        name: the name of the row, in most versions the token or code itself.
        code: whether it is an authorization code.
        client: name of the client, which may have been deleted.
        user: name of the user.
        disabled: whether the user is disabled or deleted.
        state: ``active``, ``expired`` (the access token) or ``revoked`` (for a code: redeemed or no longer valid).
        refreshes: whether its refresh token works.
        age: seconds since it was issued.
        dead_for: seconds since it was revoked, or since it expired without a refresh token. 0 while it still works.
    """

    name: str
    code: bool
    client: str
    user: str
    disabled: bool
    state: str
    refreshes: bool
    age: float
    dead_for: float

    @property
    def key(self) -> tuple[bool, str]:
        """The unique key of the row. A code and a token may have the same name."""
        return self.code, self.name

    @property
    def live(self) -> bool:
        """Whether the token or code can still be used."""
        return self.state == "active" or self.refreshes


@dataclasses.dataclass
class TokenState:
    """The state of a site.

    Attributes:
        tokens: all tokens and codes that the declarations may select.
        clients: name and app_name of every client.
        users: names of the existing declared users.
        same: returns equal values for names that the site's database treats as equal.
        dormant: whether Frappe rejects the access and refresh tokens of a disabled user.
    """

    tokens: list[Token]
    clients: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    users: t.Collection[str] = ()
    same: Identity = folded
    dormant: bool = False

    @property
    def disabled_rule(self) -> str:
        """The rule for a disabled user with tokens."""
        return TOKEN_DORMANT if self.dormant else TOKEN_USER_DISABLED


@dataclasses.dataclass
class TokenStep:
    """The planned step for one declaration.

    Attributes:
        revoke: tokens and codes to revoke.
        delete: tokens and codes whose rows are deleted.
        kept: number of rows that were selected for deletion but are kept because they still work.
        findings: findings that depend on the state of the site.
    """

    revoke: list[Token] = dataclasses.field(default_factory=list)
    delete: list[Token] = dataclasses.field(default_factory=list)
    kept: int = 0
    findings: list[Finding] = dataclasses.field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether the step writes anything."""
        return bool(self.revoke or self.delete)


# ---------------------------------------------------------------- checks that need only the declaration
def seconds(duration: str | int | None) -> int | None:
    """A duration such as ``30d``, ``12h``, ``90s`` or ``3600`` in seconds; None for None.

    Raises:
        ValueError: the value is not a duration.
    """
    if duration is None:
        return None
    found = DURATION.fullmatch(str(duration).strip())
    if not found:
        raise ValueError(f"{duration!r} is not a duration")
    return int(found[1]) * SECONDS[found[2]]


def token_findings(declared: dict[str, t.Any]) -> Findings:
    """All findings about one declaration that do not depend on the state of the site.

    Args:
        declared: options of frappe_oauth_token. Options that are None or missing are not declared.
    """
    for field in DURATIONS:
        try:
            seconds(declared.get(field))
        except ValueError:
            yield Finding(TOKEN_DURATION, field, f"{declared[field]!r} is not a valid duration")
            return
    for field in ("users", "clients"):
        for item in declared.get(field) or ():
            yield from text_findings(field, item)
    selects = [field for field in SELECTORS if declared.get(field)]
    if declared.get("state") and not selects:
        yield Finding(TOKEN_SELECTION_MISSING, "state", f"{declared['state']} is declared, but no tokens are selected")
    does = declared.get("state") or declared.get("max_refresh_age") or declared.get("prune_after") is not None
    if selects and not does:
        yield Finding(TOKEN_SELECTION_UNUSED, selects[0], "tokens are selected, but no action is declared")
    age = seconds(declared.get("max_refresh_age"))
    if age is not None and age < ACCESS_TOKEN_LIFE:
        yield Finding(TOKEN_AGE_SHORT, "max_refresh_age", f"is {declared['max_refresh_age']}")


# ---------------------------------------------------------------- the declaration and the site
def plan_tokens(declarations: list[dict[str, t.Any]], state: TokenState) -> list[TokenStep]:
    """Plan the tokens of one site, one step per declaration, in order. Each step starts from the previous result."""
    tokens, steps = list(state.tokens), []
    modes = [declared.get("disabled_users") or "report" for declared in declarations]
    strictest = modes.index(max(modes, key=STRICTNESS.index)) if modes else 0
    for number, declared in enumerate(declarations):
        step = TokenStep()
        within = _scope(declared, state, step)
        revoked = _to_revoke(declared, [token for token in tokens if within(token)])
        if number == strictest:
            of_disabled = [token for token in tokens if token.disabled and token.live]
            if modes[number] == "revoke":
                met = {token.key for token in revoked}
                revoked += [token for token in of_disabled if token.key not in met]
            elif modes[number] == "report" and of_disabled:
                names = ", ".join(sorted({token.user for token in of_disabled}))
                found = f"disabled or deleted users with tokens: {names}"
                step.findings.append(Finding(state.disabled_rule, "disabled_users", found))
        ended = {token.key for token in revoked}
        after = [
            (token, token._replace(state="revoked", refreshes=False, dead_for=0) if token.key in ended else token)
            for token in tokens
        ]
        deleted = _to_delete(declared, [now for _was, now in after if within(now)], step)
        gone = {now.key for now in deleted}
        step.delete = [was for was, now in after if now.key in gone]
        step.revoke = [was for was, now in after if was.key in ended and now.key not in gone]
        tokens = [now for _was, now in after if now.key not in gone]
        steps.append(step)
    return steps


def _scope(declared: dict[str, t.Any], state: TokenState, step: TokenStep) -> t.Callable[[Token], bool]:
    """A predicate for tokens of the declared users and clients. Unknown names become findings."""
    users = {state.same(user) for user in declared.get("users") or ()}
    there = {state.same(user) for user in state.users} | {state.same(token.user) for token in state.tokens}
    unknown = [user for user in declared.get("users") or () if state.same(user) not in there]
    if unknown:
        step.findings.append(Finding(TOKEN_USER_UNKNOWN, "users", f"not found on this site: {', '.join(unknown)}"))
    clients: set[str] = set()
    for given in declared.get("clients") or ():
        wanted = folded(given)
        found = {name for name, app_name in state.clients.items() if wanted in (folded(name), folded(app_name))}
        found |= {token.client for token in state.tokens if folded(token.client) == wanted}
        clients |= {folded(name) for name in found}
        if not found:
            step.findings.append(Finding(TOKEN_CLIENT_UNKNOWN, "clients", f"not found on this site: {given}"))
    return lambda token: (
        (not declared.get("users") or state.same(token.user) in users)
        and (not declared.get("clients") or folded(token.client) in clients)
    )


def _selected(declared: dict[str, t.Any], token: Token) -> bool:
    """Whether a token in scope also has the declared age and state."""
    oldest = seconds(declared.get("older_than"))
    return (oldest is None or token.age >= oldest) and token.state in (declared.get("token_state") or TOKEN_STATES)


def _to_revoke(declared: dict[str, t.Any], tokens: list[Token]) -> list[Token]:
    longest = seconds(declared.get("max_refresh_age"))
    asked = declared.get("state") == "revoked"
    return [
        token
        for token in tokens
        if token.live
        and (
            (asked and _selected(declared, token))
            or (longest is not None and (token.refreshes or token.code) and token.age >= longest)
        )
    ]


def _to_delete(declared: dict[str, t.Any], tokens: list[Token], step: TokenStep) -> list[Token]:
    """The rows to delete: only tokens that no longer work, unless ``delete_live`` is set."""
    keep_for, deleted = seconds(declared.get("prune_after")), []
    for token in tokens:
        asked = declared.get("state") == "absent" and _selected(declared, token)
        if asked and token.live and not declared.get("delete_live"):
            step.kept += 1
        elif asked or (keep_for is not None and not token.live and token.dead_for >= keep_for):
            deleted.append(token)
    return deleted


# ---------------------------------------------------------------- the report
def token_counts(step: TokenStep, clients: t.Mapping[str, str]) -> list[TokenCount]:
    """The number of revoked and deleted tokens by client and user. The result contains no tokens."""
    counts: dict[tuple[str, str, str], TokenCount] = {}
    for action, tokens in (("revoked", step.revoke), ("deleted", step.delete)):
        for token in tokens:
            none: TokenCount = {
                "client_id": token.client,
                "app_name": clients.get(token.client),
                "user": token.user,
                "action": action,
                "tokens": 0,
                "codes": 0,
            }
            counts.setdefault((token.client, token.user, action), none)["codes" if token.code else "tokens"] += 1
    return [count for _key, count in sorted(counts.items())]


def token_diff(step: TokenStep, clients: t.Mapping[str, str]) -> Diff:
    """The number of changed tokens per state, before and after, by client and user."""
    before: dict[str, dict[str, int]] = {}
    after: dict[str, dict[str, int]] = {}

    def count(side: dict[str, dict[str, int]], token: Token, state: str) -> None:
        entry = side.setdefault(f"{clients.get(token.client) or token.client}, {token.user}", {})
        kind = f"{state} codes" if token.code else state
        entry[kind] = entry.get(kind, 0) + 1

    for token in step.revoke:
        count(before, token, token.state)
        count(after, token, "revoked")
    for token in step.delete:
        count(before, token, token.state)
    return {"before": before, "after": after}
