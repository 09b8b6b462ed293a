# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for the current state of a site, and for the source code of its version of Frappe."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import NOTICE, REFUSED, WARNING, rule

# ---- the current state of a site
DOMAIN_MISSING = rule(
    "domain-missing",
    WARNING,
    "The name of a site directory has a capital letter, and the site has no domain",
    "nginx, $host",
    "nginx converts the requested host name to lower case and never finds a site directory with capital letters. Add "
    "a domain (bench setup add-domain), then run bench setup nginx.",
)
BOOTSTRAP_OPEN = rule(
    "bootstrap-open",
    REFUSED,
    "Any signed-in user can call a function that returns secrets",
    "Frappe, whitelist",
    "Remove @frappe.whitelist() from the function and restart the web process. Any signed-in user, including portal "
    "users, can call it and receive secrets. Then run rotate.yml with -e oauth2_rotate=client_secrets,api_keys. For "
    "clients without store_secret, see docs/rotation.md.",
)
CORS_ORIGINS_DIFFER = rule(
    "cors-origins-differ",
    WARNING,
    "`allow_cors` and Allowed Public Client Origins differ",
    "Frappe, set_cors_for_privileged_requests",
    "In OAuth Settings, list the same origins in Allowed Public Client Origins as in allow_cors, one per line. Or "
    "clear that field. Frappe uses it instead of allow_cors at the token, revocation, introspection and userinfo "
    "endpoints.",
)
CORS_PUBLIC_ANY_ORIGIN = rule(
    "cors-public-any-origin",
    WARNING,
    "Allowed Public Client Origins lets every origin use the token endpoint",
    "Frappe, set_cors_for_privileged_requests",
    "In OAuth Settings, replace '*' in Allowed Public Client Origins with the origins of your apps, one per line. With "
    "'*', any website can read responses of the token, revocation, introspection and userinfo endpoints.",
)
PASSWORD_GRANT_BYPASS = rule(
    "password-grant-bypass",
    WARNING,
    "The password grant ignores a sign-in restriction of System Settings",
    "RFC 9700, 2.4; Frappe, validate_user",
    "The password grant is open to every client. It ignores two-factor authentication and the setting that disables "
    "password sign-in. Set a rate limit for the token endpoint (in the role: oauth2_token_rate_limit). Upgrade to a "
    "Frappe release that contains frappe/frappe#42692, which removes that grant.",
)
STORED_URIS_SPLIT = rule(
    "stored-uris-split",
    WARNING,
    "The stored redirect URIs of a client are not separated by spaces",
    "Frappe, get_url_delimiter",
    "Write the redirect URIs again (frappe_oauth_client with redirect_uris, or run site.yml if the client is "
    "declared). Frappe splits the stored text on single spaces, so every authorization fails with HTTP 400.",
)
SETTINGS_CONSENT_AUTO = rule(
    "settings-consent-auto",
    WARNING,
    "Skip Authorization is Auto",
    "Frappe, authorize",
    "With Auto, Frappe stops asking for consent as soon as a token is active: of the same user, or on older versions "
    "of any user. Set Skip Authorization to Force in OAuth Provider Settings. If OAuth Settings has the check box Skip "
    "Authorization, clear it: it means Auto.",
)
SETTINGS_REGISTRATION_OPEN = rule(
    "settings-registration-open",
    NOTICE,
    "Anyone can register a client",
    "RFC 7591, 5; Frappe, register_client",
    "This version of Frappe lets anyone register a client. Turn off Enable Dynamic Client Registration in OAuth "
    "Settings unless you need it.",
)
TOKEN_USER_DISABLED = rule(
    "token-user-disabled",
    WARNING,
    "A disabled or deleted user has tokens that still work",
    "Frappe, validate_bearer_token",
    "Frappe accepts and refreshes the tokens of a disabled user. Set disabled_users: revoke in frappe_oauth_token (in "
    "the role: under tokens in oauth2_site_defaults or oauth2_sites).",
)
TOKEN_DORMANT = rule(
    "token-dormant",
    NOTICE,
    "A disabled or deleted user has dormant tokens",
    "Frappe, validate_bearer_token",
    "This version of Frappe rejects the tokens while the user is disabled. They work again as soon as the user is "
    "enabled. To revoke them, set disabled_users: revoke in frappe_oauth_token (in the role: under tokens in "
    "oauth2_site_defaults or oauth2_sites).",
)
TOKEN_CLIENT_GONE = rule(
    "token-client-gone",
    WARNING,
    "Tokens belong to a client that was deleted",
    "Frappe, delete_doc with force",
    "Revoke the tokens with frappe_oauth_token (clients and state: revoked), then delete them with state: absent. "
    "Until then, anyone who holds such a refresh token can use it with the id of another client.",
)

# ---- default behavior of the installed version of Frappe, read from its source code (`traits`)
FRAPPE_CODE_COOKIE = rule(
    "frappe-code-cookie",
    NOTICE,
    "Frappe trusts a cookie to decide which user a code belongs to",
    "Frappe, save_authorization_code",
    "Frappe issues the code to the user in the cookie user_id, and any signed-in user can set that cookie. Upgrade to "
    "a Frappe release that contains frappe/frappe#37434. Until then, set allowed_roles of each client to trusted "
    "roles.",
)
FRAPPE_PKCE_OPTIONAL = rule(
    "frappe-pkce-optional",
    NOTICE,
    "PKCE is not required",
    "RFC 9700, 2.1.1; Frappe, validate_code",
    "This version of Frappe does not require PKCE. Make every app send code_challenge with "
    "code_challenge_method=S256. Do not set skip_authorization for clients with private-use schemes.",
)
FRAPPE_SECRET_UNCHECKED = rule(
    "frappe-secret-unchecked",
    NOTICE,
    "Client secrets are not checked",
    "RFC 6749, 3.2.1; Frappe, authenticate_client",
    "This version of Frappe never checks a client's secret. Rely on redirect URIs and PKCE instead.",
)
FRAPPE_REFRESH_KEEPS_OLD = rule(
    "frappe-refresh-keeps-old",
    NOTICE,
    "The old tokens stay valid after a refresh",
    "RFC 9700, 4.14.2; Frappe, save_bearer_token",
    "Make apps revoke the old tokens after a refresh. Also set max_refresh_age in frappe_oauth_token (in the role: "
    "tokens: {max_refresh_age: 30d} in oauth2_site_defaults).",
)
FRAPPE_REFRESH_ENDLESS = rule(
    "frappe-refresh-endless",
    NOTICE,
    "Refresh tokens never expire",
    "RFC 9700, 4.14.2; Frappe, validate_refresh_token",
    "Set max_refresh_age in frappe_oauth_token (in the role: tokens: {max_refresh_age: 30d} in oauth2_site_defaults). "
    "In this version of Frappe, refresh tokens never expire.",
)
FRAPPE_REFRESH_UNBOUND = rule(
    "frappe-refresh-unbound",
    NOTICE,
    "Refresh tokens are not bound to a client",
    "RFC 6749, 6; Frappe, validate_refresh_token",
    "Frappe does not bind refresh tokens to a client. Store them as carefully as passwords.",
)
FRAPPE_CODE_ENDLESS = rule(
    "frappe-code-endless",
    NOTICE,
    "Authorization codes never expire",
    "RFC 6749, 4.1.2; Frappe, validate_code",
    "Set max_refresh_age in frappe_oauth_token (in the role: tokens: {max_refresh_age: 30d} in oauth2_site_defaults). "
    "It also revokes unused codes. In this version of Frappe, authorization codes never expire.",
)
FRAPPE_INTROSPECTION_EXPIRED = rule(
    "frappe-introspection-expired",
    NOTICE,
    "Introspection reports expired tokens as active",
    "RFC 7662, 2.2; Frappe, introspect_token",
    "Make services that introspect tokens check `exp` as well. This version of Frappe reports expired tokens as "
    "active.",
)
FRAPPE_INTROSPECTION_OPEN = rule(
    "frappe-introspection-open",
    NOTICE,
    "Introspection requires no authentication",
    "RFC 7662, 2.1; Frappe, introspect_token",
    "Anyone who holds a token can look up the user of the token without signing in. Store tokens as carefully as "
    "passwords.",
)
FRAPPE_PASSWORD_GRANT = rule(
    "frappe-password-grant",
    NOTICE,
    "The password grant is open to every client",
    "RFC 9700, 2.4; Frappe, validate_grant_type",
    "Set a rate limit for the token endpoint (in the role: oauth2_token_rate_limit). The password grant bypasses "
    "two-factor authentication, the client's allowed_roles, and the setting that disables password sign-in.",
)
FRAPPE_TRAIT_UNKNOWN = rule(
    "frappe-trait-unknown",
    NOTICE,
    "This collection does not recognize Frappe's code",
    "this collection",
    "This collection does not recognize the code of this version of Frappe, so the feature in the finding is unknown. "
    "Check it in frappe/oauth.py, frappe/auth.py and frappe/integrations/oauth2.py, and report the version at "
    "https://github.com/benchkeeper/frappe/issues.",
)
KEY_NOT_STORED = rule(
    "key-not-stored",
    WARNING,
    "An API key exists on the site, but not in the secrets store",
    "this collection",
    "If the store was lost, restore it from a backup, or rotate the key once (rotate.yml with oauth2_rotate=api_keys). "
    "Apps that use the old key then stop working. If the key is kept elsewhere, list key-not-stored in "
    "policy_exceptions (oauth2_policy_exceptions).",
)
