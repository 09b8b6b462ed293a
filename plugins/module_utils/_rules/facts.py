# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of one site that frappe_site_info gathers. They contain no secrets."""

from __future__ import annotations

import typing as t


class ConfigFact(t.TypedDict):
    """A security-relevant key of the effective configuration, with its value and its file. A secret value is hidden."""

    value: t.Any
    file: str


class ClientFact(t.TypedDict, total=False):
    """An OAuth client in declared form. Of its secret, it contains only the length and whether Version has a copy."""

    client_id: str
    owner: str
    app_name: str
    redirect_uris: list[str]
    default_redirect_uri: str
    scopes: list[str]
    grant_type: str
    response_type: str
    skip_authorization: bool
    allowed_roles: list[str]
    token_endpoint_auth_method: str
    client_uri: str
    logo_uri: str
    tos_uri: str
    policy_uri: str
    software_id: str
    software_version: str
    contacts: list[str]
    secret_bytes: int
    secret_in_versions: bool


class KeyFact(t.TypedDict):
    """A user who has an API key."""

    user: str
    full_name: str
    enabled: bool
    user_type: str
    has_secret: bool


class TokenCounts(t.TypedDict):
    """Rows of OAuth Bearer Token per state. ``refreshable`` tokens may be active or expired. Times are in the time zone
    of the site.
    """

    active: int
    expired: int
    revoked: int
    refreshable: int
    oldest: str | None
    newest: str | None


class ClientTokens(TokenCounts):
    """The tokens of one client, which may have been deleted."""

    client_id: str
    app_name: str | None
    known: bool


class UserTokens(t.TypedDict):
    """Tokens of a disabled or deleted user that are neither revoked nor expired. Frappe may reject them."""

    user: str
    tokens: int


class LatestToken(t.TypedDict):
    """A recently issued token, without the token itself."""

    user: str
    client_id: str
    scopes: list[str]
    status: str
    issued: str
    expires: str | None


class TokenFacts(TokenCounts):
    """All tokens of a site."""

    by_client: list[ClientTokens]
    disabled_users: list[UserTokens]
    latest: list[LatestToken]
    by_day: dict[str, int]


class Facts(t.TypedDict, total=False):
    """The facts gathered about a site. Subsets that were not requested are missing."""

    url: str
    domains: list[str]
    config: dict[str, ConfigFact]
    apps: dict[str, str]
    frappe_version: str
    features: dict[str, t.Any]  # client_fields, config_cached, oauth_settings, open_bootstraps, and the traits
    oauth_clients: list[ClientFact]
    oauth_settings: dict[str, dict[str, t.Any]]  # by doctype, then by field
    tokens: TokenFacts
    disabled_users: dict[str, str]  # of the key, bearer and refresh token of a disabled user: accepted or refused
    api_keys: list[KeyFact]
    encryption_key_missing: bool
    secrets_not_opened: dict[str, int]  # by doctype
