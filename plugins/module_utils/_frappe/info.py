# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts about a site: the job of frappe_site_info, which runs in the bench's Python and only reads."""

from __future__ import annotations

import functools
import importlib
import os
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.api_keys import FrappeKeys
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.bench_code import (
    BEARER,
    config_cached,
    of_disabled_users,
    read_source,
    traits_of,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.clients import CLIENT, FrappeClients
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.settings import oauth_settings, stored
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.traits import open_to_everybody
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.clients import declared_form
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.facts import (
    ClientFact,
    Facts,
    TokenCounts,
    TokenFacts,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CLIENT_FIELDS

SIGN_IN = ("disable_user_pass_login", "enable_two_factor_auth")  # the sign-in fields of System Settings that are read
BOOTSTRAP = ("setup", "oauth_bootstrap")  # setup/oauth_bootstrap.py, from an earlier tutorial; it may return secrets
# The refresh token of an `Active` row never expires, even if the access token has: these rows are counted separately.
COUNT = """
    select t.client, c.name, c.app_name, coalesce(u.name, t.user), u.enabled,
        case when t.status = 'Revoked' then 'revoked' when t.expiration_time > %(now)s then 'active'
            else 'expired' end,
        case when t.status = 'Active' and t.refresh_token != '' then 1 else 0 end,
        count(*), min(t.creation), max(t.creation)
    from `tabOAuth Bearer Token` t
        left join `tabOAuth Client` c on c.name = t.client
        left join `tabUser` u on u.name = t.user
    group by 1, 2, 3, 4, 5, 6, 7
"""
BY_DAY = "select date(creation), count(*) from `tabOAuth Bearer Token` where creation > %(since)s group by 1 order by 1"
REPEATABLE = True  # it only reads
DAYS = 90  # the period for which issued tokens are counted per day
LATEST = ["user", "client", "scopes", "status", "creation", "expiration_time"]
NEWEST = 10  # tokens that are listed


def job(site: t.Any, item: dict[str, t.Any], _common: dict[str, t.Any]) -> Facts:
    """Gather the subsets in ``item["gather"]``. The reply contains no secrets."""
    frappe, gather = site.frappe, item["gather"]
    facts: Facts = {}
    if "apps" in gather:
        facts["apps"] = {app: _version(app) for app in frappe.get_installed_apps()}
        facts["frappe_version"] = frappe.__version__
    if "features" in gather:
        facts["features"] = {
            "client_fields": [field for field in CLIENT_FIELDS if frappe.get_meta(CLIENT).has_field(field)],
            "config_cached": config_cached(),
            "oauth_settings": bool(frappe.db.exists("DocType", "OAuth Settings")),
            **traits_of(frappe),
            "open_bootstraps": [name for app in frappe.get_installed_apps() for name in open_bootstraps(app)],
        }
    if "oauth_clients" in gather:
        versions = _versions(frappe)
        facts["oauth_clients"] = [_client(row, versions) for row in FrappeClients(site).clients()]
    if "oauth_settings" in gather:
        facts["oauth_settings"] = oauth_settings(frappe)
        facts["oauth_settings"]["System Settings"] = _sign_in(frappe)
    if "tokens" in gather:
        facts["tokens"] = _tokens(frappe)
    if {"tokens", "api_keys"} & set(gather):
        facts["disabled_users"] = of_disabled_users(frappe)
    if "api_keys" in gather:
        keys = FrappeKeys(site)
        facts["api_keys"] = [
            {
                "user": user.name,
                "full_name": user.full_name,
                "enabled": user.enabled,
                "user_type": "Website User" if user.website else "System User",
                "has_secret": user.has_secret,
            }
            for user in keys.holders()
        ]
        facts["encryption_key_missing"] = keys.no_key() is not None
        facts["secrets_not_opened"] = keys.not_opened()
    return facts


def _version(app: str) -> str:
    """The version of an installed app; empty if the bench does not have its code."""
    try:
        return getattr(importlib.import_module(app), "__version__", "")
    except ImportError:
        return ""


def _versions(frappe: t.Any) -> dict[str, list[str]]:
    """The stored changes of each client. A Version has the old and new values, including a secret in clear text.

    The secret is searched for in Python, because databases name the function for it differently.
    """
    found: dict[str, list[str]] = {}
    for row in frappe.get_all("Version", filters={"ref_doctype": CLIENT}, fields=["docname", "data"]):
        found.setdefault(row["docname"], []).append(row["data"] or "")
    return found


def _client(row: dict[str, t.Any], versions: dict[str, list[str]]) -> ClientFact:
    """A client in declared form. It contains only the length of the secret, and whether a Version contains it."""
    fields: t.Any = {
        field: declared_form(kind, row.get(field))
        for field, kind in CLIENT_FIELDS.items()
        if field in row and kind != "secret"
    }
    secret = row.get("client_secret") or ""
    return {
        "client_id": row["name"],
        "owner": row["owner"],
        **fields,
        "secret_bytes": len(secret.encode()),
        "secret_in_versions": bool(secret) and any(secret in data for data in versions.get(row["name"], ())),
    }


# ---------------------------------------------------------------- source code
@functools.lru_cache(maxsize=None)
def open_bootstraps(app: str) -> list[str]:
    """The functions of an app's bootstrap module that any logged-in user may call. The module is not imported."""
    try:
        file = importlib.import_module(app).__file__
    except ImportError:
        return []
    source = read_source(f"{os.path.join(os.path.dirname(file), *BOOTSTRAP)}.py") if file else ""
    return [".".join((app, *BOOTSTRAP, name)) for name in open_to_everybody(source)]


# ---------------------------------------------------------------- settings and tokens
def _sign_in(frappe: t.Any) -> dict[str, bool]:
    """The login settings that the password grant ignores."""
    values = stored(frappe, "System Settings")
    return {field: str(values.get(field) or 0) == "1" for field in SIGN_IN}


def _tokens(frappe: t.Any) -> TokenFacts:
    """The token counts. The number of queries does not depend on the number of tokens."""
    now = frappe.utils.now_datetime()
    since = frappe.utils.add_to_date(now, days=-DAYS)
    groups = frappe.db.sql(COUNT, {"now": now})
    by_client: dict[str, t.Any] = {}  # values are `ClientTokens`, with times that are not strings yet
    disabled: dict[str, int] = {}
    total: t.Any = _no_tokens()  # the same types as in `by_client`
    for client, known, app_name, user, enabled, state, refreshes, number, oldest, newest in groups:
        entry = by_client.setdefault(
            known or client or "",
            {"client_id": known or client or "", "app_name": app_name, "known": known is not None, **_no_tokens()},
        )
        for counted in (entry, total):
            counted[state] += number
            counted["refreshable"] += number if refreshes else 0
            counted["oldest"] = min(filter(None, (counted["oldest"], oldest)), default=None)
            counted["newest"] = max(filter(None, (counted["newest"], newest)), default=None)
        if not enabled and (state == "active" or refreshes):
            disabled[user or ""] = disabled.get(user or "", 0) + number
    for counted in (*by_client.values(), total):
        counted.update({end: str(counted[end]) if counted[end] else None for end in ("oldest", "newest")})
    return {
        **t.cast(TokenCounts, total),
        "by_client": sorted(by_client.values(), key=lambda entry: entry["client_id"]),
        "disabled_users": [{"user": user, "tokens": number} for user, number in sorted(disabled.items())],
        "latest": [
            {
                "user": user,
                "client_id": client,
                "scopes": (scopes or "").split(),
                "status": status,
                "issued": str(issued),
                "expires": str(expires) if expires else None,
            }
            for user, client, scopes, status, issued, expires in frappe.get_all(
                BEARER, fields=LATEST, order_by="creation desc", limit=NEWEST, as_list=True
            )
        ],
        "by_day": {str(day): number for day, number in frappe.db.sql(BY_DAY, {"since": since})},
    }


def _no_tokens() -> TokenCounts:
    return {"active": 0, "expired": 0, "revoked": 0, "refreshable": 0, "oldest": None, "newest": None}
