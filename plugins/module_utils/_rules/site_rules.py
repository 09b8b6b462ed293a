# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that the current state of a site and the source code of its Frappe are checked against."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import NOTICE, REFUSED, WARNING, rule

# ---- the current state of a site
DOMAIN_MISSING = rule(
    "domain-missing",
    WARNING,
    "nginx, $host",
    "nginx converts the requested host name to lower case and never finds a site folder with capital letters. Add"
    " a domain (bench setup add-domain), then run bench setup nginx.",
)
BOOTSTRAP_OPEN = rule(
    "bootstrap-open",
    REFUSED,
    "Frappe, whitelist",
    "Any signed-in user, including portal users, can call this function and receive secrets. Remove "
    "@frappe.whitelist() from it and restart the web process. Then run rotate.yml for client_secrets and "
    "api_keys.",
)
CORS_ORIGINS_DIFFER = rule(
    "cors-origins-differ",
    WARNING,
    "Frappe 16, set_cors_headers",
    "This field replaces allow_cors at the token, revocation and userinfo endpoints. Add the missing origins, or "
    "clear the field.",
)
PASSWORD_GRANT_BYPASS = rule(
    "password-grant-bypass",
    WARNING,
    "RFC 9700, 2.4; Frappe, validate_user",
    "The password grant is open to every client and ignores these settings. Limit the token endpoint "
    "(oauth2_token_rate_limit). Update Frappe once it contains upstream change 42692, which removes that grant.",
)
STORED_URIS_SPLIT = rule(
    "stored-uris-split",
    WARNING,
    "Frappe, get_url_delimiter",
    "Frappe splits the stored text on single spaces, so every authorization fails with 400. Write the client "
    "again (frappe_oauth_client with redirect_uris).",
)
SETTINGS_CONSENT_AUTO = rule(
    "settings-consent-auto",
    WARNING,
    "Frappe, authorize",
    "With Auto, Frappe stops asking users for consent as soon as any token is active. Set Skip Authorization to "
    "Force in OAuth Provider Settings.",
)
SETTINGS_REGISTRATION_OPEN = rule(
    "settings-registration-open",
    NOTICE,
    "RFC 7591, 5; Frappe, register_client",
    "Frappe 16 and later let anyone register a client. Turn off Enable Dynamic Client Registration in OAuth "
    "Settings unless you need it.",
)
TOKEN_USER_DISABLED = rule(
    "token-user-disabled",
    WARNING,
    "Frappe, validate_bearer_token",
    "Frappe accepts and refreshes the tokens of a disabled user. Set disabled_users: revoke (frappe_oauth_token; "
    "tokens in the role).",
)
TOKEN_CLIENT_GONE = rule(
    "token-client-gone",
    WARNING,
    "Frappe, delete_doc with force",
    "The client was deleted, but its tokens remain. Live ones can still be refreshed under another client's id. "
    "Revoke them with frappe_oauth_token (clients and state: revoked). Then delete the rows with state: absent.",
)

# ---- default behavior of the installed Frappe, read from its source code (`traits`)
FRAPPE_CODE_COOKIE = rule(
    "frappe-code-cookie",
    NOTICE,
    "Frappe, save_authorization_code",
    "Frappe issues the code to the user named in the cookie user_id, and any signed-in user can set that cookie. "
    "Update Frappe once it contains upstream change 37434. Until then, allow OAuth clients only for trusted "
    "roles.",
)
FRAPPE_PKCE_OPTIONAL = rule(
    "frappe-pkce-optional",
    NOTICE,
    "RFC 9700, 2.1.1; Frappe, validate_code",
    "This Frappe does not require PKCE. Make every app send code_challenge with code_challenge_method=S256. Keep "
    "skip_authorization off for private-use schemes.",
)
FRAPPE_SECRET_UNCHECKED = rule(
    "frappe-secret-unchecked",
    NOTICE,
    "RFC 6749, 3.2.1; Frappe, authenticate_client",
    "This Frappe never checks a client's secret. Rely on redirect URIs and PKCE.",
)
FRAPPE_REFRESH_KEEPS_OLD = rule(
    "frappe-refresh-keeps-old",
    NOTICE,
    "RFC 9700, 4.14.2; Frappe, save_bearer_token",
    "The old token pair stays valid after a refresh. Make apps revoke it, and declare tokens: max_refresh_age.",
)
FRAPPE_REFRESH_ENDLESS = rule(
    "frappe-refresh-endless",
    NOTICE,
    "RFC 9700, 4.14.2; Frappe, validate_refresh_token",
    "Refresh tokens of this Frappe never expire. Declare tokens: max_refresh_age (frappe_oauth_token).",
)
FRAPPE_REFRESH_UNBOUND = rule(
    "frappe-refresh-unbound",
    NOTICE,
    "RFC 6749, 6; Frappe, validate_refresh_token",
    "Frappe does not bind refresh tokens to a client. Store them as carefully as passwords.",
)
FRAPPE_CODE_ENDLESS = rule(
    "frappe-code-endless",
    NOTICE,
    "RFC 6749, 4.1.2; Frappe, validate_code",
    "Authorization codes of this Frappe never expire. Declare tokens: max_refresh_age (frappe_oauth_token), which"
    " also revokes unused codes.",
)
FRAPPE_INTROSPECTION_EXPIRED = rule(
    "frappe-introspection-expired",
    NOTICE,
    "RFC 7662, 2.2; Frappe, introspect_token",
    "This Frappe reports expired tokens as active. Make services that introspect tokens check exp as well.",
)
FRAPPE_INTROSPECTION_OPEN = rule(
    "frappe-introspection-open",
    NOTICE,
    "RFC 7662, 2.1; Frappe, introspect_token",
    "Anyone who holds a token can query its user without signing in. Store tokens as carefully as passwords.",
)
FRAPPE_PASSWORD_GRANT = rule(
    "frappe-password-grant",
    NOTICE,
    "RFC 9700, 2.4; Frappe, validate_grant_type",
    "The password grant is open to every client. It checks no second factor, no allowed roles, and not whether "
    "password login is enabled. Limit the token endpoint (oauth2_token_rate_limit).",
)
FRAPPE_TRAIT_UNKNOWN = rule(
    "frappe-trait-unknown",
    NOTICE,
    "this collection",
    "This collection does not recognize the code in frappe/oauth.py and frappe/integrations/oauth2.py, so this "
    "property is unknown. Review these files of your Frappe.",
)
KEY_NOT_STORED = rule(
    "key-not-stored",
    WARNING,
    "this collection",
    "If the key is kept elsewhere, accept this rule. If the store was lost, restore it from a backup, or rotate the "
    "key once (oauth2_rotate: api_keys). Apps that use the old key then stop working.",
)
