# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that declarations are checked against before anything is written."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import (
    INVALID,
    NOTICE,
    REFUSED,
    WARNING,
    rule,
)

SITE_NAME = rule(
    "site-name",
    INVALID,
    "A site name contains a character that Frappe does not allow",
    "Frappe 17, frappe.init",
    "Use letters, digits, periods, underscores and hyphens. Start and end the name with a letter or a digit.",
)

# ---- text
TEXT_BLANK = rule(
    "text-blank",
    INVALID,
    "A value is blank",
    "Frappe, mandatory fields",
    "Set a value, or omit the option.",
)
TEXT_EDGES = rule(
    "text-edges",
    INVALID,
    "A value begins or ends with white space",
    "MariaDB, utf8mb4_unicode_ci; Postgres, text",
    "Remove the leading or trailing white space. MariaDB ignores trailing spaces in comparisons, Postgres does not.",
)
TEXT_CONTROL = rule(
    "text-control",
    INVALID,
    "A value contains a control character",
    "this collection",
    "Remove the control character, such as a line break or a tab.",
)
TEXT_MARKUP = rule(
    "text-markup",
    INVALID,
    "A value contains < or >",
    "Frappe, sanitize_html",
    "Remove < and >. Frappe rewrites them on save, so every run would report a change.",
)
TEXT_LENGTH = rule(
    "text-length",
    INVALID,
    "A value is longer than its column in the database",
    "Frappe, column lengths",
    "Use at most 140 characters, or 65535 bytes for a whole list.",
)

# ---- secrets
SECRET_FORM = rule(
    "secret-form",
    INVALID,
    "A value in `secret_settings` is not a string",
    "this collection",
    "Set a string, or move the key to settings. Only strings can be masked.",
)
SECRET_SHORT = rule(
    "secret-short",
    REFUSED,
    "A secret has fewer than 16 characters",
    "this collection",
    "Use 32 random bytes. Ansible masks a secret wherever it occurs, so a short one masks unrelated output.",
)
SECRET_WEAK = rule(
    "secret-weak",
    WARNING,
    "A client secret has fewer than 32 bytes",
    "RFC 7518, 3.2",
    "Use at least 32 random bytes. The secret signs id_tokens, and anyone who holds an id_token can guess it by brute "
    "force. Frappe 14 and 15 generate 5 bytes; frappe_oauth_client with rotate_secret: true generates 32.",
)
SECRET_IN_VERSIONS = rule(
    "secret-in-versions",
    WARNING,
    "Frappe's version history contains the current client secret",
    "Frappe, Version",
    "Anyone who can read the client's history can read the secret, so replace it once. Set rotate_secret: true for "
    "one run, or run rotate.yml with -e oauth2_rotate=client_secrets -e oauth2_rotate_clients=APP_NAME. The "
    "collection writes the new secret without a copy in the history.",
)
SECRET_LONG = rule(
    "secret-long",
    INVALID,
    "A client secret has more than 140 characters",
    "Frappe, varchar(140)",
    "Use at most 140 characters.",
)
SECRET_REWRITTEN = rule(
    "secret-rewritten",
    INVALID,
    "A client secret contains characters that Frappe changes on save",
    "Frappe, sanitize_html",
    "Use only letters, digits, - and _.",
)
PASSWORD_SHORT = rule(
    "password-short",
    INVALID,
    "A password or API secret has fewer than 8 characters",
    "this collection",
    "Use at least 8 characters. Ansible masks a password wherever it occurs, so a short one masks unrelated output.",
)
SECRET_IN_NAME = rule(
    "secret-in-name",
    INVALID,
    "A secret is part of the name of a site, user, app, host or key",
    "this collection",
    "Use a random value. Masking this value would also mask the name in the output.",
)
SECRET_IN_SETTINGS = rule(
    "secret-in-settings",
    INVALID,
    "A key in `settings` looks like a secret",
    "this collection",
    "Move the key to secret_settings. Its values are never shown.",
)

# ---- redirect URIs
REDIRECT_URIS_EMPTY = rule(
    "redirect-uris-empty",
    INVALID,
    "A client has no redirect URI",
    "Frappe, validate_redirect_uri",
    "List at least one URI. Without one, Frappe rejects every authorization request with HTTP 400.",
)
REDIRECT_URI_WHITESPACE = rule(
    "redirect-uri-whitespace",
    INVALID,
    "A redirect URI is empty or contains white space",
    "Frappe, get_url_delimiter",
    "Write each URI as a separate list item, without spaces. Frappe splits the stored text on spaces.",
)
REDIRECT_URI_ABSOLUTE = rule(
    "redirect-uri-absolute",
    INVALID,
    "A redirect URI is not an absolute URI",
    "RFC 6749, 3.1.2",
    "Write the complete URI, such as https://app.example.com/callback or com.example.app://callback.",
)
REDIRECT_URI_FRAGMENT = rule(
    "redirect-uri-fragment",
    INVALID,
    "A redirect URI contains a fragment",
    "RFC 6749, 3.1.2",
    "Remove the # and everything after it.",
)
REDIRECT_URI_WILDCARD = rule(
    "redirect-uri-wildcard",
    INVALID,
    "A redirect URI contains a wildcard",
    "RFC 9700, 4.1.3",
    "List each URI. Frappe compares redirect URIs character by character.",
)
REDIRECT_URI_SCRIPT = rule(
    "redirect-uri-script",
    INVALID,
    "A redirect URI has a scheme that runs code or opens local files, such as javascript: or file:",
    "RFC 8252, 8.4",
    "Use https, or a private-use scheme based on a domain that you own.",
)
REDIRECT_URI_USERINFO = rule(
    "redirect-uri-userinfo",
    INVALID,
    "A redirect URI contains a user name or password",
    "RFC 9110, 4.2.4",
    "Remove the user name and password before the @.",
)
REDIRECT_URI_HTTP = rule(
    "redirect-uri-http",
    REFUSED,
    "A redirect URI uses http on a host other than loopback",
    "RFC 9700, 2.6",
    "Use https. Over http, the authorization code is sent unencrypted.",
)
REDIRECT_URI_LOCALHOST = rule(
    "redirect-uri-localhost",
    WARNING,
    "A redirect URI uses the name localhost",
    "RFC 8252, 8.3",
    "Use http://127.0.0.1 or http://[::1]. The name localhost may resolve to another address.",
)
REDIRECT_URI_LOOPBACK_PORT = rule(
    "redirect-uri-loopback-port",
    WARNING,
    "A loopback redirect URI has no port",
    "RFC 8252, 7.3; Frappe, validate_redirect_uri",
    "Add the port that the app listens on, such as http://127.0.0.1:8976/callback, one URI for each port. Frappe "
    "compares the port too, so an app that listens on a random port gets HTTP 400. If the app cannot use a fixed "
    "port, use a private-use scheme.",
)
REDIRECT_URI_SCHEME = rule(
    "redirect-uri-scheme",
    WARNING,
    "The private-use scheme of a redirect URI is not a reversed domain name",
    "RFC 8252, 7.1",
    "Use the reversed name of a domain that you own, such as com.example.app. Any app can claim a short scheme.",
)
DEFAULT_REDIRECT_URI = rule(
    "default-redirect-uri",
    INVALID,
    "`default_redirect_uri` is not in `redirect_uris`",
    "RFC 6749, 3.1.2.3",
    "Add the default redirect URI to `redirect_uris`, or choose one of the URIs in that list.",
)
DEFAULT_REDIRECT_URI_STALE = rule(
    "default-redirect-uri-stale",
    WARNING,
    "The stored default redirect URI is not in the stored or declared list",
    "RFC 6749, 3.1.2.3",
    "Declare redirect_uris and default_redirect_uri together. The default must be in the list.",
)

# ---- clients
CLIENT_IDENTITY = rule(
    "client-identity",
    INVALID,
    "A client has neither `app_name` nor `client_id`",
    "Frappe, OAuth Client",
    "Set app_name, client_id, or both.",
)
CLIENT_ID_FORM = rule(
    "client-id-form",
    INVALID,
    "A `client_id` contains a character that is not allowed",
    "Frappe, naming",
    "Use letters, digits, periods, underscores and hyphens, at most 140 characters.",
)
CLIENT_TWICE = rule(
    "client-twice",
    INVALID,
    "Two declarations of a site are for the same client",
    "this collection",
    "Declare each client of a site only once. The comparison ignores case, and accents in `app_name`. MariaDB treats "
    "such names as equal. Postgres does not, but one declaration must work on both.",
)
CONSENT_SKIPPED = rule(
    "consent-skipped",
    WARNING,
    "A client with a private-use scheme skips the consent page",
    "RFC 8252, 8.6",
    "Set skip_authorization: false. Any app on a device can claim the URI scheme, and would get a code without the "
    "user's consent.",
)
CLIENT_AUTH_METHOD = rule(
    "client-auth-method",
    WARNING,
    "A client for an app on a device is configured to need a client secret",
    "RFC 8252, 8.4; Frappe, OAuth Client",
    "Declare token_endpoint_auth_method: None, which marks the app as a public client. If this version of Frappe "
    "checks client secrets, it requires a secret from every client that is not public. An app on a user's device "
    "cannot keep a secret confidential.",
)
FIELD_UNSUPPORTED = rule(
    "field-unsupported",
    WARNING,
    "A declared field does not exist in this version of Frappe",
    "Frappe, OAuth Client",
    "Remove the field for this site, or upgrade to a version of Frappe that has it (Frappe 16 or later). The field "
    "was not written.",
)
GRANT_IMPLICIT = rule(
    "grant-implicit",
    REFUSED,
    "A client uses the implicit grant",
    "RFC 9700, 2.1.2",
    "Set grant_type: Authorization Code, and make the app use PKCE. The implicit grant exposes access tokens in URLs.",
)
REST_COPIES = rule(
    "rest-copies",
    WARNING,
    "Over REST, Frappe keeps a copy of a client secret in its database",
    "Frappe, Version and Deleted Document",
    "Use `bench_path` instead of `url`. With `bench_path`, no copy remains. Or delete the copy on the site: in the "
    "doctype Version after an update, in Deleted Document after a deletion.",
)
ROLES_EMPTY = rule(
    "roles-empty",
    INVALID,
    "`allowed_roles` is an empty list",
    "Frappe, OAuthClient.validate",
    "List a role, or omit the option. Frappe replaces an empty list with its default role, so every run would report "
    "a change.",
)
SCOPES_EMPTY = rule(
    "scopes-empty",
    INVALID,
    "`scopes` is an empty list",
    "Frappe, OAuth Client",
    "List a scope, or omit the option. Frappe requires at least one scope.",
)
SCOPE_FORM = rule(
    "scope-form",
    INVALID,
    "A scope contains a character that is not allowed",
    "RFC 6749, 3.3",
    "Write each scope as a separate list item. Use printable ASCII without space, double quote, backslash, < or >.",
)
SCOPE_ALL = rule(
    "scope-all",
    WARNING,
    "A client may request the scope all",
    "RFC 9700, 2.3",
    "List only the scopes that the app needs. Frappe does not check scopes on API calls, but apps and proxies can. "
    "A token can do whatever its user's roles allow, so restrict those roles.",
)
CLIENT_SECRET_UNKNOWN = rule(
    "client-secret-unknown",
    WARNING,
    "The secrets store does not contain the secret of a client with `store_secret`",
    "this collection",
    "Set rotate_secret: true for one run, or run rotate.yml with -e oauth2_rotate=client_secrets. Both generate and "
    "store a new secret. Apps that use the old secret stop working.",
)
SECRETS_STORE_MISSING = rule(
    "secrets-store-missing",
    INVALID,
    "A secret must be generated, but there is no secrets store",
    "this collection",
    "Set secrets_store (in the role: oauth2_secrets_store) to the directory for generated secrets.",
)

# ---- API keys
KEY_USER_EXCLUDED = rule(
    "key-user-excluded",
    INVALID,
    "A user is in both `users` and `exclude_users`",
    "this collection",
    "Remove the user from either `users` or `exclude_users`.",
)
KEY_ROLE_AUTOMATIC = rule(
    "key-role-automatic",
    INVALID,
    "A role in `roles` is automatic",
    "Frappe, AUTOMATIC_ROLES",
    "List users, or a role that is assigned to them. Frappe does not assign this role to individual users.",
)
KEY_PAIR_FORM = rule(
    "key-pair-form",
    INVALID,
    "A value in `secrets` is not a valid pair of API key and API secret",
    "Frappe, validate_auth_via_api_keys",
    "Use {api_key: ..., api_secret: ...}. Each needs 8 to 140 printable ASCII characters without spaces and colons.",
)
KEY_USER_DISABLED = rule(
    "key-user-disabled",
    WARNING,
    "A disabled user has an API key",
    "Frappe, validate_api_key_secret",
    "This version of Frappe accepts the API key of a disabled user, or this collection does not recognize its code. "
    "Set disabled_users: revoke in frappe_user_api_key (in the role: under api_keys in oauth2_site_defaults or "
    "oauth2_sites).",
)
KEY_DORMANT = rule(
    "key-dormant",
    NOTICE,
    "A disabled user has a dormant API key",
    "Frappe, validate_api_key_secret",
    "This version of Frappe rejects the key while the user is disabled. The key works again as soon as the user is "
    "enabled. To remove it, set disabled_users: revoke in frappe_user_api_key (in the role: under api_keys in "
    "oauth2_site_defaults or oauth2_sites).",
)
KEY_WEBSITE_USER = rule(
    "key-website-user",
    WARNING,
    "A Website User has an API key",
    "Frappe, User",
    "A Website User can use only the portal. The same limit applies to its API key. Check that this is intended.",
)
KEY_DIFFERS = rule(
    "key-differs",
    WARNING,
    "The API key of a user on the site differs from the declared or stored one",
    "this collection",
    "The pair on the site is not the one in secrets or secrets_store. To replace it, set state: rotated for one run, "
    "or run rotate.yml with -e oauth2_rotate=api_keys.",
)

# ---- site_config.json
CONFIG_KEY = rule(
    "config-key",
    INVALID,
    "A configuration key is not valid",
    "this collection",
    "Use a non-empty string without control characters as the key.",
)
CONFIG_NUMBER = rule(
    "config-number",
    INVALID,
    "A value contains NaN or infinity",
    "RFC 8259, 6",
    "Use a number that JSON supports. NaN and infinity are not valid JSON.",
)
CONFIG_CONTRADICTION = rule(
    "config-contradiction",
    INVALID,
    "A configuration key is declared twice",
    "this collection",
    "Declare the key only once, in settings, secret_settings or absent.",
)
CONFIG_VITAL_KEY = rule(
    "config-vital-key",
    REFUSED,
    "`absent` contains a key that Frappe needs",
    "Frappe, get_site_config",
    "Remove the key from `absent`. Without it, Frappe cannot open the site's database or decrypt its stored passwords.",
)
IGNORE_CSRF = rule(
    "ignore-csrf",
    REFUSED,
    "CSRF protection is disabled",
    "Frappe, validate_csrf_token",
    "Remove the key. Any value other than false, 0 or an empty value disables CSRF protection for the whole site, "
    "even a list of paths. Requests with a bearer token and without a session cookie need no exemption.",
)
UNREAD_KEY = rule(
    "unread-key",
    WARNING,
    "Frappe does not read a configuration key",
    "Frappe, set_cors_headers",
    "Remove the key. Frappe does not read it.",
)
DOMAIN_FORM = rule(
    "domain-form",
    INVALID,
    "A host name in `domains` is not valid",
    "RFC 1123, 2.1",
    "Use lower-case letters, digits, periods, hyphens and underscores. Write international names in punycode (xn--).",
)
DOMAIN_SHARED = rule(
    "domain-shared",
    INVALID,
    "Two sites have the same host name",
    "nginx, $host",
    "Remove the host name from all but one of these sites: from domains in the inventory, or from domains or "
    "host_name in site_config.json. nginx selects the CORS origins by host name, so two sites cannot share a "
    "host name, even on different ports.",
)
DOMAIN_UNSERVED = rule(
    "domain-unserved",
    WARNING,
    "nginx cannot match a host name in the site's configuration",
    "RFC 1123, 2.1; nginx, $host",
    "List each host name separately in domains, and write international names in punycode (xn--). For this name, "
    "nginx does not send the CORS headers of this collection and does not apply the rate limit.",
)
LIMIT_STATUS = rule(
    "limit-status",
    WARNING,
    "Another nginx file sets a request limit or its status",
    "nginx, limit_req_status",
    "Rate-limited requests get the status that another nginx file sets, or 503 if none sets it. To send 429, add "
    "limit_req_status 429 to the http block. This status then also applies to the request limit that the finding "
    "shows.",
)
LIMIT_RATE = rule(
    "limit-rate",
    INVALID,
    "`rate` or `burst` of the rate limit is not valid",
    "nginx, limit_req_zone",
    "Set rate to requests per second or minute, such as 5r/s or 30r/m. Set burst from 0 to 10000.",
)
LIMIT_PROXY = rule(
    "limit-proxy",
    INVALID,
    "A trusted proxy is not an IP address or network",
    "nginx, geo",
    "Use an IP address or a network, such as 10.0.0.0/8.",
)
NGINX_STOPPED = rule(
    "nginx-stopped",
    WARNING,
    "nginx is not running",
    "nginx",
    "Start nginx. The new configuration takes effect when it starts.",
)
NGINX_NOT_RELOADED = rule(
    "nginx-not-reloaded",
    WARNING,
    "nginx was not reloaded after a change",
    "nginx",
    "nginx still uses its previous configuration. Reload it, or run again with reload: true (in the role: set "
    "oauth2_reload to graceful or restart).",
)
ENCRYPTION_KEY_MISSING = rule(
    "encryption-key-missing",
    WARNING,
    "The site has encrypted secrets, but no `encryption_key`",
    "Frappe, get_encryption_key",
    "Restore encryption_key in site_config.json from a backup. Frappe needs it to decrypt stored passwords and API "
    "secrets.",
)
ENCRYPTION_KEY_WRONG = rule(
    "encryption-key-wrong",
    WARNING,
    "`encryption_key` cannot decrypt the stored secrets",
    "Frappe, decrypt",
    "Restore the original encryption_key from a backup of site_config.json. If it is lost, enter the stored passwords "
    "again in Desk. Remove API keys with state: absent, then create new ones with state: present.",
)

# ---- tokens
TOKEN_DURATION = rule(
    "token-duration",
    INVALID,
    "A duration is not valid",
    "this collection",
    "Use a number with s, m, h, d or w, such as 90s, 30m, 12h, 30d or 2w. A number without a unit means seconds.",
)
TOKEN_SELECTION_MISSING = rule(
    "token-selection-missing",
    INVALID,
    "`state` is set, but no tokens are selected",
    "this collection",
    "Select tokens with users, clients, older_than or token_state. To select all tokens of the site, set every_token: "
    "true.",
)
TOKEN_SELECTION_UNUSED = rule(
    "token-selection-unused",
    INVALID,
    "Tokens are selected, but no action is declared",
    "this collection",
    "Set state, max_refresh_age or prune_after, which define what happens to the selected tokens.",
)
TOKEN_AGE_SHORT = rule(
    "token-age-short",
    WARNING,
    "`max_refresh_age` is shorter than the lifetime of an access token",
    "Frappe, OAuth Bearer Token",
    "Set max_refresh_age to 1h or more. Frappe revokes an access token and its refresh token together, and an access "
    "token is valid for one hour.",
)
TOKEN_USER_UNKNOWN = rule(
    "token-user-unknown",
    WARNING,
    "A user in `users` does not exist on the site",
    "this collection",
    "Correct the name, or create the user. The site has no such user, and no token belongs to that name.",
)
TOKEN_CLIENT_UNKNOWN = rule(
    "token-client-unknown",
    WARNING,
    "A client in `clients` does not exist on the site",
    "this collection",
    "Correct the name. No client and no token on the site has this name.",
)
