# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bearer tokens in Frappe's database: the job of frappe_oauth_token, which runs in the bench's Python."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.collation import identity
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import TokenRow
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.bench_code import of_disabled_users
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.tokens import (
    Token,
    TokenState,
    TokenStep,
    plan_tokens,
    token_counts,
    token_diff,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Judgement, reported_or_refused

BEARER, CODE = "OAuth Bearer Token", "OAuth Authorization Code"
# Tokens and scopes are not read: they must not leave the database.
TOKENS = """
    select t.name, t.client, t.user, u.enabled, t.status = 'Revoked', t.expiration_time,
        case when t.status = 'Active' and t.refresh_token != '' then 1 else 0 end, t.creation, t.modified
    from `tabOAuth Bearer Token` t left join `tabUser` u on u.name = t.user
"""
CODES = """
    select t.name, t.client, t.user, u.enabled, t.validity = 'Invalid', t.creation, t.modified
    from `tabOAuth Authorization Code` t left join `tabUser` u on u.name = t.user
"""
NEVER = float("inf")
REPEATABLE = True  # it plans again from the current state
CHUNK = 1000  # names in one statement


def job(site: t.Any, item: dict[str, t.Any], common: Judgement) -> list[TokenRow]:
    """Apply the tokens of one site.

    ``item["declarations"]`` contains the declarations, ``common`` the policy and its exceptions.

    Returns:
        A row for each declaration, without any token.

    Raises:
        Impossible: the policy rejects a finding, or the transaction must be rolled back.
    """
    tokens, declarations = FrappeTokens(site), item["declarations"]
    state = tokens.state(declarations)
    rows: list[TokenRow] = []
    for step in plan_tokens(declarations, state):
        findings = reported_or_refused(step.findings, common)
        if step.changed and not site.check_mode:
            tokens.write(step)
        rows.append(
            {
                "action": "updated" if step.changed else "unchanged",
                "changed": step.changed,
                "diff": token_diff(step, state.clients),
                "findings": findings,
                "tokens": token_counts(step, state.clients),
                "revoked": len(step.revoke),
                "deleted": len(step.delete),
                "kept_live": step.kept,
            }
        )
    return rows


class FrappeTokens:
    """The bearer tokens and authorization codes of a connected site."""

    def __init__(self, site: t.Any):
        self.site, self.frappe = site, site.frappe

    def state(self, declarations: list[dict[str, t.Any]]) -> TokenState:
        """Read the current state: three or four queries. Revoked rows are read only if rows may be deleted."""
        get_all, sql = self.frappe.get_all, self.frappe.db.sql
        users = sorted({user for declared in declarations for user in declared.get("users") or ()})
        deletes = any(d.get("state") == "absent" or d.get("prune_after") is not None for d in declarations)
        now = self.frappe.utils.now_datetime()
        alive = "" if deletes else " where coalesce(t.status, '') != 'Revoked'"
        tokens = [_token(row, now) for row in sql(TOKENS + alive)]
        alive = "" if deletes else " where coalesce(t.validity, '') != 'Invalid'"
        codes = [_code(row, now) for row in sql(CODES + alive)]
        of_disabled = of_disabled_users(self.frappe)
        return TokenState(
            tokens + codes,
            {row["name"]: row["app_name"] for row in get_all("OAuth Client", fields=["name", "app_name"])},
            get_all("User", filters={"name": ["in", users]}, pluck="name") if users else (),
            identity(self.frappe.db.db_type),
            of_disabled["bearer"] == of_disabled["refresh"] == "refused",
        )

    def write(self, step: TokenStep) -> None:
        """Revoke and delete rows. Sets ``modified`` to the current time, as Frappe does when it revokes a token.

        Rows are deleted by SQL: Frappe's delete_doc would keep a copy with both tokens in Deleted Document.

        Raises:
            Impossible: a row does not have the written value.
        """
        db = self.frappe.db
        self.site.about_to_write()
        for doctype, field, value, codes in ((BEARER, "status", "Revoked", False), (CODE, "validity", "Invalid", True)):
            for names in _chunks([token.name for token in step.revoke if token.code is codes]):
                db.set_value(doctype, {"name": ["in", names]}, field, value)
                if db.count(doctype, {"name": ["in", names], field: ["!=", value]}):
                    raise Impossible(
                        f"{doctype}: Frappe did not revoke every token. Nothing was changed. Check the site's Error Log"
                    )
            for names in _chunks([token.name for token in step.delete if token.code is codes]):
                db.delete(doctype, {"name": ["in", names]})


def _chunks(names: list[str]) -> t.Iterator[list[str]]:
    for start in range(0, len(names), CHUNK):
        yield names[start : start + CHUNK]


def _since(moment: t.Any, now: t.Any) -> float:
    return (now - moment).total_seconds() if moment else NEVER


def _token(row: t.Sequence[t.Any], now: t.Any) -> Token:
    name, client, user, enabled, revoked, ends, refreshes, issued, modified = row
    works = not revoked and ends is not None and ends > now
    state = "revoked" if revoked else "active" if works else "expired"
    ended = modified if revoked else ends
    live = works or refreshes
    return Token(
        name=name,
        code=False,
        client=client or "",
        user=user or "",
        disabled=not enabled,
        state=state,
        refreshes=bool(refreshes),
        age=_since(issued, now),
        dead_for=0 if live else _since(ended, now),
    )


def _code(row: t.Sequence[t.Any], now: t.Any) -> Token:
    name, client, user, enabled, spent, issued, modified = row
    return Token(
        name=name,
        code=True,
        client=client or "",
        user=user or "",
        disabled=not enabled,
        state="revoked" if spent else "active",
        refreshes=False,
        age=_since(issued, now),
        dead_for=_since(modified, now) if spent else 0,
    )
