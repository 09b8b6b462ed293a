# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that a site as it is, and the source of its Frappe, are held against."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import NOTICE, REFUSED, WARNING, rule

# ---- a site as it is
DOMAIN_MISSING = rule(
    "domain-missing",
    WARNING,
    "nginx, $host",
    "Give the site a domain (bench setup add-domain) and run bench setup nginx: nginx lowers the name that is "
    "asked for, so no request finds a folder with a capital in its name.",
)
BOOTSTRAP_OPEN = rule(
    "bootstrap-open",
    REFUSED,
    "Frappe, whitelist",
    "Take @frappe.whitelist() off the function and restart the web program, then rotate.yml for client_secrets and "
    "api_keys: whoever can sign in, users of the portal too, could call it and be given secrets.",
)
CORS_ORIGINS_DIFFER = rule(
    "cors-origins-differ",
    WARNING,
    "Frappe 16, set_cors_headers",
    "Add them, or empty the field: it replaces allow_cors at the token, revocation and userinfo endpoints.",
)
PASSWORD_GRANT_BYPASS = rule(
    "password-grant-bypass",
    WARNING,
    "RFC 9700, 2.4; Frappe, validate_user",
    "Do not rely on it: the password grant, open to every client, asks neither. Limit the token endpoint "
    "(oauth2_token_rate_limit), and update Frappe once it has upstream's change 42692, which ends that grant.",
)
STORED_URIS_SPLIT = rule(
    "stored-uris-split",
    WARNING,
    "Frappe, get_url_delimiter",
    "Write the client anew (frappe_oauth_client with redirect_uris): Frappe splits the text on one space, so every "
    "authorization ends in 400.",
)
SETTINGS_CONSENT_AUTO = rule(
    "settings-consent-auto",
    WARNING,
    "Frappe, authorize",
    "Set Skip Authorization to Force in OAuth Provider Settings: with Auto nobody is asked for consent any more "
    "once a token is active.",
)
SETTINGS_REGISTRATION_OPEN = rule(
    "settings-registration-open",
    NOTICE,
    "RFC 7591, 5; Frappe, register_client",
    "Turn Enable Dynamic Client Registration off in OAuth Settings unless it is wanted: Frappe 16 and later "
    "let anybody register a client.",
)
TOKEN_USER_DISABLED = rule(
    "token-user-disabled",
    WARNING,
    "Frappe, validate_bearer_token",
    "Set disabled_users: revoke (frappe_oauth_token; tokens in the role): Frappe accepts and refreshes the tokens "
    "of a disabled user.",
)
TOKEN_CLIENT_GONE = rule(
    "token-client-gone",
    WARNING,
    "Frappe, delete_doc with force",
    "Revoke them (frappe_oauth_token with clients and state: revoked; then state: absent takes the rows): their "
    "client was deleted past them, and what is live still refreshes under another client's id.",
)

# ---- what this Frappe does by itself, read in its source (`traits`)
FRAPPE_CODE_COOKIE = rule(
    "frappe-code-cookie",
    NOTICE,
    "Frappe, save_authorization_code",
    "Update Frappe once it has upstream's change 37434: a code is issued to whom the cookie user_id names, and "
    "whoever signs in can set that cookie. Until then give OAuth clients only to roles that may be trusted so far.",
)
FRAPPE_PKCE_OPTIONAL = rule(
    "frappe-pkce-optional",
    NOTICE,
    "RFC 9700, 2.1.1; Frappe, validate_code",
    "Let every app send code_challenge with code_challenge_method=S256: this Frappe leaves it to the app. "
    "Keep skip_authorization off for private-use schemes.",
)
FRAPPE_SECRET_UNCHECKED = rule(
    "frappe-secret-unchecked",
    NOTICE,
    "RFC 6749, 3.2.1; Frappe, authenticate_client",
    "Rely on redirect URIs and PKCE: this Frappe never asks for a client's secret.",
)
FRAPPE_REFRESH_KEEPS_OLD = rule(
    "frappe-refresh-keeps-old",
    NOTICE,
    "RFC 9700, 4.14.2; Frappe, save_bearer_token",
    "Let apps revoke the pair that they refreshed, and declare tokens: max_refresh_age: the old pair stays valid.",
)
FRAPPE_REFRESH_ENDLESS = rule(
    "frappe-refresh-endless",
    NOTICE,
    "RFC 9700, 4.14.2; Frappe, validate_refresh_token",
    "Declare tokens: max_refresh_age (frappe_oauth_token): this Frappe lets a refresh token live for ever.",
)
FRAPPE_REFRESH_UNBOUND = rule(
    "frappe-refresh-unbound",
    NOTICE,
    "RFC 6749, 6; Frappe, validate_refresh_token",
    "Treat a refresh token as what it is, a password: whoever holds one refreshes it under any client's id.",
)
FRAPPE_CODE_ENDLESS = rule(
    "frappe-code-endless",
    NOTICE,
    "RFC 6749, 4.1.2; Frappe, validate_code",
    "Declare tokens: max_refresh_age (frappe_oauth_token), which ends codes that nobody redeemed too: this Frappe "
    "lets them wait for ever.",
)
FRAPPE_INTROSPECTION_EXPIRED = rule(
    "frappe-introspection-expired",
    NOTICE,
    "RFC 7662, 2.2; Frappe, introspect_token",
    "Let what asks about tokens look at exp too: this Frappe calls a token active that has expired.",
)
FRAPPE_INTROSPECTION_OPEN = rule(
    "frappe-introspection-open",
    NOTICE,
    "RFC 7662, 2.1; Frappe, introspect_token",
    "Treat a token as what it is, a password: whoever holds it can ask about its user without signing in.",
)
FRAPPE_PASSWORD_GRANT = rule(
    "frappe-password-grant",
    NOTICE,
    "RFC 9700, 2.4; Frappe, validate_grant_type",
    "Limit the token endpoint (oauth2_token_rate_limit): the password grant is open to every client. It asks for "
    "no second factor, no allowed role, and not whether one may sign in with a password at all.",
)
FRAPPE_TRAIT_UNKNOWN = rule(
    "frappe-trait-unknown",
    NOTICE,
    "this collection",
    "Look at this Frappe's frappe/oauth.py and frappe/integrations/oauth2.py: they are written in a way that "
    "is not known here, so nothing is said of it.",
)
