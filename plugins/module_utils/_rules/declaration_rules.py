# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that declarations are checked against before anything is written."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import INVALID, REFUSED, WARNING, rule

SITE_NAME = rule(
    "site-name",
    INVALID,
    "Frappe 17, init",
    "Use letters, digits, periods, underscores and hyphens. Start and end the name with a letter or a digit.",
)

# ---- text
TEXT_BLANK = rule("text-blank", INVALID, "Frappe, mandatory fields", "Set a value, or omit the option.")
TEXT_EDGES = rule(
    "text-edges",
    INVALID,
    "MariaDB, utf8mb4_unicode_ci",
    "Remove the leading or trailing white space. MariaDB ignores trailing spaces in comparisons.",
)
TEXT_CONTROL = rule("text-control", INVALID, "this collection", "Remove the control character.")
TEXT_MARKUP = rule(
    "text-markup",
    INVALID,
    "Frappe, sanitize_html",
    "Remove < and >. Frappe rewrites them on save, so every run would report a change.",
)
TEXT_LENGTH = rule(
    "text-length", INVALID, "Frappe, column lengths", "Use at most 140 characters, or 65535 bytes for a whole list."
)

# ---- secrets
SECRET_FORM = rule(
    "secret-form", INVALID, "this collection", "Set a string, or move the key to settings. Only strings can be masked."
)
SECRET_SHORT = rule(
    "secret-short",
    REFUSED,
    "this collection",
    "Use 32 random bytes. Ansible masks a secret wherever it occurs, so a short one masks unrelated output.",
)
SECRET_WEAK = rule(
    "secret-weak",
    WARNING,
    "RFC 7518, 3.2",
    "Use at least 32 random bytes. The secret signs id_tokens, and anyone who holds an id_token can guess it by "
    "brute force. Frappe 14 and 15 generate 5 bytes; frappe_oauth_client with rotate_secret: true generates 32.",
)
SECRET_IN_VERSIONS = rule(
    "secret-in-versions",
    WARNING,
    "Frappe, Version",
    "Anyone who can read the client's history can read the current secret. Set rotate_secret: true once "
    "(rotate.yml: client_secrets). The new secret leaves no copy there.",
)
SECRET_LONG = rule("secret-long", INVALID, "Frappe, varchar(140)", "Use at most 140 characters.")
SECRET_REWRITTEN = rule("secret-rewritten", INVALID, "Frappe, sanitize_html", "Use only letters, digits, - and _.")
PASSWORD_SHORT = rule(
    "password-short",
    INVALID,
    "this collection",
    "Use at least 8 characters. Ansible masks a password wherever it occurs, so a short one masks unrelated output.",
)
SECRET_IN_NAME = rule(
    "secret-in-name",
    INVALID,
    "this collection",
    "Use a random value. Masking this value would also mask the name in the output.",
)
SECRET_IN_SETTINGS = rule(
    "secret-in-settings", INVALID, "this collection", "Move the key to secret_settings. Its values are never shown."
)

# ---- redirect URIs
REDIRECT_URIS_EMPTY = rule(
    "redirect-uris-empty",
    INVALID,
    "Frappe, validate_redirect_uri",
    "List at least one URI. Without one, Frappe answers every authorization request with 400.",
)
REDIRECT_URI_WHITESPACE = rule(
    "redirect-uri-whitespace",
    INVALID,
    "Frappe, get_url_delimiter",
    "Write each URI as a separate list item, without spaces. Frappe splits the stored text on spaces.",
)
REDIRECT_URI_ABSOLUTE = rule(
    "redirect-uri-absolute",
    INVALID,
    "RFC 6749, 3.1.2",
    "Write the complete URI, such as https://app.example.com/callback or com.example.app://callback.",
)
REDIRECT_URI_FRAGMENT = rule(
    "redirect-uri-fragment", INVALID, "RFC 6749, 3.1.2", "Remove the # and everything after it."
)
REDIRECT_URI_WILDCARD = rule(
    "redirect-uri-wildcard",
    INVALID,
    "RFC 9700, 4.1.3",
    "List each URI. Frappe compares redirect URIs character by character.",
)
REDIRECT_URI_SCRIPT = rule(
    "redirect-uri-script",
    INVALID,
    "RFC 8252, 8.4",
    "Use https, or a private-use scheme based on a domain that you own.",
)
REDIRECT_URI_USERINFO = rule(
    "redirect-uri-userinfo", INVALID, "RFC 9110, 4.2.4", "Remove the user name and password before the @."
)
REDIRECT_URI_HTTP = rule(
    "redirect-uri-http", REFUSED, "RFC 9700, 2.6", "Use https. Over http, the authorization code is sent unencrypted."
)
REDIRECT_URI_LOCALHOST = rule(
    "redirect-uri-localhost", WARNING, "RFC 8252, 8.3", "Use http://127.0.0.1 or http://[::1]."
)
REDIRECT_URI_LOOPBACK_PORT = rule(
    "redirect-uri-loopback-port",
    WARNING,
    "RFC 8252, 7.3; Frappe, validate_redirect_uri",
    "Add the port that the app listens on, such as http://127.0.0.1:8976/callback, one URI for each port. Frappe "
    "compares the port too, so an app on a random port gets 400. If the app cannot use a fixed port, use a private-use "
    "scheme.",
)
REDIRECT_URI_SCHEME = rule(
    "redirect-uri-scheme",
    WARNING,
    "RFC 8252, 7.1",
    "Use the reversed name of a domain that you own, such as com.example.app. Any app can claim a short scheme.",
)
DEFAULT_REDIRECT_URI = rule(
    "default-redirect-uri",
    INVALID,
    "RFC 6749, 3.1.2.3",
    "Add it to redirect_uris, or choose one of the URIs listed there.",
)
DEFAULT_REDIRECT_URI_STALE = rule(
    "default-redirect-uri-stale",
    WARNING,
    "RFC 6749, 3.1.2.3",
    "Declare redirect_uris and default_redirect_uri together. The default must be in the list.",
)

# ---- clients
CLIENT_IDENTITY = rule("client-identity", INVALID, "Frappe, OAuth Client", "Set app_name, client_id, or both.")
CLIENT_ID_FORM = rule(
    "client-id-form",
    INVALID,
    "Frappe, naming",
    "Use letters, digits, periods, underscores and hyphens, at most 140 characters.",
)
CLIENT_TWICE = rule("client-twice", INVALID, "this collection", "Declare each client of a site only once.")
CONSENT_SKIPPED = rule(
    "consent-skipped",
    WARNING,
    "RFC 8252, 8.6",
    "Set skip_authorization: false. Frappe 14 to 17 (as of mid-2026) do not require PKCE, and any app can claim "
    "the URI scheme.",
)
CLIENT_AUTH_METHOD = rule(
    "client-auth-method",
    WARNING,
    "RFC 8252, 8.4; Frappe, OAuth Client",
    "Declare token_endpoint_auth_method: None, which marks the app as a public client. Newer Frappe requires a "
    "secret from all other clients, and an app on a user's device cannot keep one.",
)
FIELD_UNSUPPORTED = rule(
    "field-unsupported",
    WARNING,
    "Frappe, OAuth Client",
    "This field requires Frappe 16 or later. This site ignores it.",
)
GRANT_IMPLICIT = rule("grant-implicit", REFUSED, "RFC 9700, 2.1.2", "Use the Authorization Code grant with PKCE.")
REST_COPIES = rule(
    "rest-copies",
    WARNING,
    "Frappe, Version and Deleted Document",
    "Use bench_path, which leaves no copy, or delete the copy by hand.",
)
ROLES_EMPTY = rule(
    "roles-empty",
    INVALID,
    "Frappe, OAuthClient.validate",
    "List a role, or omit the option. Frappe fills an empty list itself.",
)
SCOPES_EMPTY = rule(
    "scopes-empty",
    INVALID,
    "Frappe, OAuth Client",
    "List a scope, or omit the option. Frappe requires at least one scope.",
)
SCOPE_FORM = rule(
    "scope-form",
    INVALID,
    "RFC 6749, 3.3",
    "Write each scope as a separate list item. Use printable ASCII without space, double quote, backslash, < or >.",
)
SCOPE_ALL = rule(
    "scope-all",
    WARNING,
    "RFC 9700, 2.3",
    "List only the scopes that the app needs. Frappe 15 does not restrict calls by scope, although apps and "
    "proxies can. A token can do whatever its user's roles allow, so restrict those roles.",
)
CLIENT_SECRET_UNKNOWN = rule(
    "client-secret-unknown",
    WARNING,
    "this collection",
    "Set rotate_secret: true once to generate and store a new secret. Apps that use the old secret stop working.",
)
SECRETS_STORE_MISSING = rule(
    "secrets-store-missing",
    INVALID,
    "this collection",
    "Set secrets_store (in the role: oauth2_secrets_store), where the generated secret is stored.",
)

# ---- API keys
KEY_USER_EXCLUDED = rule("key-user-excluded", INVALID, "this collection", "Remove the user from one of the two lists.")
KEY_ROLE_AUTOMATIC = rule(
    "key-role-automatic",
    INVALID,
    "Frappe, AUTOMATIC_ROLES",
    "List users, or a role that is assigned to them. Frappe does not assign this role to individual users.",
)
KEY_PAIR_FORM = rule(
    "key-pair-form",
    INVALID,
    "Frappe, validate_auth_via_api_keys",
    "Use {api_key: ..., api_secret: ...}. Each needs 8 to 140 printable ASCII characters without spaces and colons.",
)
KEY_USER_DISABLED = rule(
    "key-user-disabled",
    WARNING,
    "Frappe, validate_api_key_secret",
    "Frappe accepts the API key of a disabled user. Set disabled_users: revoke.",
)
KEY_WEBSITE_USER = rule(
    "key-website-user",
    WARNING,
    "Frappe, User",
    "A Website User can use only the portal, and so can its API key. Check that this is intended.",
)
KEY_DIFFERS = rule(
    "key-differs",
    WARNING,
    "this collection",
    "The site has a different key pair than the one given. Set state: rotated once to generate and store a new pair.",
)

# ---- site_config.json
CONFIG_KEY = rule("config-key", INVALID, "this collection", "Use a non-empty text without control characters.")
CONFIG_NUMBER = rule(
    "config-number", INVALID, "RFC 8259, 6", "Use a number that JSON supports. NaN and infinity are not valid JSON."
)
CONFIG_CONTRADICTION = rule(
    "config-contradiction",
    INVALID,
    "this collection",
    "Declare the key only once, in settings, secret_settings or absent.",
)
CONFIG_VITAL_KEY = rule(
    "config-vital-key",
    REFUSED,
    "Frappe, get_site_config",
    "Keep the key. Without it, the site or every password stored in it is lost.",
)
IGNORE_CSRF = rule(
    "ignore-csrf",
    REFUSED,
    "Frappe, validate_csrf_token",
    "Remove the key. Any true value, even a list of paths, disables CSRF protection for the whole site. Requests "
    "with a bearer token and without a session cookie need no exemption.",
)
UNREAD_KEY = rule("unread-key", WARNING, "Frappe, set_cors_headers", "Remove the key. Frappe does not read it.")
DOMAIN_FORM = rule(
    "domain-form",
    INVALID,
    "RFC 1123, 2.1",
    "Use lower-case letters, digits, periods, hyphens and underscores. Write international names in punycode (xn--).",
)
DOMAIN_SHARED = rule(
    "domain-shared",
    INVALID,
    "nginx, $host",
    "Remove the host name from all but one of these sites: from domains in the inventory, or from domains or host_name "
    "in site_config.json. nginx selects the CORS origins by host name, so a port does not separate sites.",
)
DOMAIN_UNSERVED = rule(
    "domain-unserved",
    WARNING,
    "RFC 1123, 2.1; nginx, $host",
    "List each host name separately in domains, and write international names in punycode (xn--). For this name, "
    "nginx sends no CORS headers of this collection and applies no rate limit.",
)
LIMIT_STATUS = rule(
    "limit-status",
    WARNING,
    "nginx, limit_req_status",
    "Rate-limited requests get 503 instead of 429. Setting limit_req_status 429 would also affect that line.",
)
LIMIT_RATE = rule(
    "limit-rate",
    INVALID,
    "nginx, limit_req_zone",
    "Set rate to requests per second or minute, such as 5r/s or 30r/m. Set burst from 0 to 10000.",
)
LIMIT_PROXY = rule("limit-proxy", INVALID, "nginx, geo", "Use an IP address or a network, such as 10.0.0.0/8.")
NGINX_STOPPED = rule(
    "nginx-stopped", WARNING, "nginx", "Start nginx. The new configuration takes effect when it starts."
)
NGINX_NOT_RELOADED = rule(
    "nginx-not-reloaded",
    WARNING,
    "nginx",
    "nginx still uses its previous configuration. Reload it, or run again with reload: true (in the role: set "
    "oauth2_reload to graceful or restart).",
)
ENCRYPTION_KEY_MISSING = rule(
    "encryption-key-missing",
    WARNING,
    "Frappe, get_encryption_key",
    "Restore the key from a backup. Frappe needs it to decrypt stored passwords and API secrets.",
)
ENCRYPTION_KEY_WRONG = rule(
    "encryption-key-wrong",
    WARNING,
    "Frappe, decrypt",
    "Restore the original encryption_key from a backup of site_config.json. If it is lost, enter these secrets "
    "again. Remove API keys with state: absent, then create new ones with state: present.",
)

# ---- tokens
TOKEN_DURATION = rule(
    "token-duration",
    INVALID,
    "this collection",
    "Use a number with s, m, h, d or w, such as 90s, 30m, 12h, 30d or 2w. A number without a unit means seconds.",
)
TOKEN_SELECTION_MISSING = rule(
    "token-selection-missing",
    INVALID,
    "this collection",
    "Select tokens with users, clients, older_than or token_state. To select all tokens of the site, set "
    "every_token: true.",
)
TOKEN_SELECTION_UNUSED = rule(
    "token-selection-unused",
    INVALID,
    "this collection",
    "Set state, max_refresh_age or prune_after, which define what happens to the selected tokens.",
)
TOKEN_AGE_SHORT = rule(
    "token-age-short",
    WARNING,
    "Frappe, OAuth Bearer Token",
    "Set one hour or more. An access token shares its database row with its refresh token, and both are revoked "
    "together.",
)
TOKEN_USER_UNKNOWN = rule(
    "token-user-unknown",
    WARNING,
    "this collection",
    "Correct the name, or create the user. The site has no such user, and no token belongs to that name.",
)
TOKEN_CLIENT_UNKNOWN = rule(
    "token-client-unknown",
    WARNING,
    "this collection",
    "Correct the name. No client and no token on the site has this name.",
)
