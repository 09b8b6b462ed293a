# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that a declaration is held against before anything is written."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import INVALID, REFUSED, WARNING, rule

SITE_NAME = rule("site-name", INVALID, "Frappe 17, init", "Use letters, digits, period, underscore and hyphen.")

# ---- text
TEXT_BLANK = rule("text-blank", INVALID, "Frappe, mandatory fields", "Give it a value, or leave it out.")
TEXT_EDGES = rule("text-edges", INVALID, "MariaDB, utf8mb4_unicode_ci", "Trim it: the database compares without it.")
TEXT_CONTROL = rule("text-control", INVALID, "this collection", "Remove the control character.")
TEXT_MARKUP = rule(
    "text-markup",
    INVALID,
    "Frappe, sanitize_html",
    "Remove < and >: Frappe rewrites them on save, so no run would find it equal.",
)
TEXT_LENGTH = rule(
    "text-length", INVALID, "Frappe, column lengths", "Use at most 140 characters; 65535 bytes for a whole list."
)

# ---- secrets
SECRET_FORM = rule(
    "secret-form", INVALID, "this collection", "Only strings can be masked: give one, or move it to settings."
)
SECRET_SHORT = rule(
    "secret-short",
    REFUSED,
    "this collection",
    "Use 32 random bytes: a short secret, once masked, eats other words of the output.",
)
SECRET_WEAK = rule(
    "secret-weak",
    WARNING,
    "RFC 7518, 3.2",
    "Use at least 32 random bytes: who has an id_token can try out what signed it. Frappe 14 and 15 make 5; "
    "frappe_oauth_client with rotate_secret: true makes 32.",
)
SECRET_IN_VERSIONS = rule(
    "secret-in-versions",
    WARNING,
    "Frappe, Version",
    "Set rotate_secret: true once (rotate.yml: client_secrets), which leaves no copy: who may read the client's "
    "history reads the secret in use.",
)
SECRET_LONG = rule("secret-long", INVALID, "Frappe, varchar(140)", "Use at most 140 characters.")
SECRET_REWRITTEN = rule("secret-rewritten", INVALID, "Frappe, sanitize_html", "Use letters, digits, - and _ only.")
PASSWORD_SHORT = rule(
    "password-short",
    INVALID,
    "this collection",
    "Use at least 8 characters: a shorter one, once masked, eats other words of the output.",
)
SECRET_IN_NAME = rule(
    "secret-in-name", INVALID, "this collection", "Use a random value: masking it would eat the name."
)
SECRET_IN_SETTINGS = rule(
    "secret-in-settings", INVALID, "this collection", "Move it to secret_settings, which is never shown."
)

# ---- redirect URIs
REDIRECT_URIS_EMPTY = rule(
    "redirect-uris-empty",
    INVALID,
    "Frappe, validate_redirect_uri",
    "Name a URI: without one every authorization ends in 400.",
)
REDIRECT_URI_WHITESPACE = rule(
    "redirect-uri-whitespace",
    INVALID,
    "Frappe, get_url_delimiter",
    "Give one URI an item, without spaces: Frappe splits the text on a space.",
)
REDIRECT_URI_ABSOLUTE = rule(
    "redirect-uri-absolute",
    INVALID,
    "RFC 6749, 3.1.2",
    "Write it whole: https://app.example.com/callback or com.example.app://callback.",
)
REDIRECT_URI_FRAGMENT = rule("redirect-uri-fragment", INVALID, "RFC 6749, 3.1.2", "Remove what follows the #.")
REDIRECT_URI_WILDCARD = rule(
    "redirect-uri-wildcard", INVALID, "RFC 9700, 4.1.3", "List each URI: Frappe compares letter by letter."
)
REDIRECT_URI_SCRIPT = rule(
    "redirect-uri-script", INVALID, "RFC 8252, 8.4", "Use https or a private-use scheme of your own domain."
)
REDIRECT_URI_USERINFO = rule("redirect-uri-userinfo", INVALID, "RFC 9110, 4.2.4", "Remove what stands before the @.")
REDIRECT_URI_HTTP = rule("redirect-uri-http", REFUSED, "RFC 9700, 2.6", "Use https: the code would travel in clear.")
REDIRECT_URI_LOCALHOST = rule(
    "redirect-uri-localhost", WARNING, "RFC 8252, 8.3", "Use http://127.0.0.1 or http://[::1]."
)
REDIRECT_URI_SCHEME = rule(
    "redirect-uri-scheme",
    WARNING,
    "RFC 8252, 7.1",
    "Use your own domain, reversed: com.example.app. Any app may claim a short scheme.",
)
DEFAULT_REDIRECT_URI = rule(
    "default-redirect-uri", INVALID, "RFC 6749, 3.1.2.3", "Add it to redirect_uris, or choose one of them."
)
DEFAULT_REDIRECT_URI_STALE = rule(
    "default-redirect-uri-stale",
    WARNING,
    "RFC 6749, 3.1.2.3",
    "Declare redirect_uris and default_redirect_uri together: one is not in the other.",
)

# ---- clients
CLIENT_IDENTITY = rule("client-identity", INVALID, "Frappe, OAuth Client", "Give app_name, client_id, or both.")
CLIENT_ID_FORM = rule(
    "client-id-form", INVALID, "Frappe, naming", "Use letters, digits, period, underscore, hyphen; at most 140."
)
CLIENT_TWICE = rule("client-twice", INVALID, "this collection", "Declare each client of a site once.")
CONSENT_SKIPPED = rule(
    "consent-skipped",
    WARNING,
    "RFC 8252, 8.6",
    "Ask for consent: Frappe does not demand PKCE (14 to 17, by mid-2026), and any app can claim the scheme.",
)
CLIENT_AUTH_METHOD = rule(
    "client-auth-method",
    WARNING,
    "RFC 8252, 8.4; Frappe, OAuth Client",
    "Declare token_endpoint_auth_method: None, which says that the app keeps no secret: newer Frappe asks all "
    "others for theirs, and an app on somebody's device cannot keep one.",
)
FIELD_UNSUPPORTED = rule(
    "field-unsupported", WARNING, "Frappe, OAuth Client", "Frappe 16 brought this field; this site ignores it."
)
GRANT_IMPLICIT = rule("grant-implicit", REFUSED, "RFC 9700, 2.1.2", "Use Authorization Code with PKCE.")
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
    "Name a role, or leave it out: Frappe fills an empty list itself.",
)
SCOPES_EMPTY = rule(
    "scopes-empty", INVALID, "Frappe, OAuth Client", "Name a scope, or leave it out: the field is mandatory."
)
SCOPE_FORM = rule(
    "scope-form",
    INVALID,
    "RFC 6749, 3.3",
    "Give one scope an item: printable ASCII without space, quote, backslash, < or >.",
)
SCOPE_ALL = rule(
    "scope-all",
    WARNING,
    "RFC 9700, 2.3",
    "Name the scopes that the app needs. Frappe 15 itself bounds no call by a scope, apps and proxies may: there a "
    "token may do what its user's roles allow, so bound those.",
)
CLIENT_SECRET_UNKNOWN = rule(
    "client-secret-unknown",
    WARNING,
    "this collection",
    "Set rotate_secret: true once: a new secret is then made and kept. Apps that use the old one stop working.",
)
SECRETS_STORE_MISSING = rule(
    "secrets-store-missing",
    INVALID,
    "this collection",
    "Give secrets_store (in the role: oauth2_secrets_store), where the secret is kept.",
)

# ---- API keys
KEY_USER_EXCLUDED = rule("key-user-excluded", INVALID, "this collection", "Take the user out of one of them.")
KEY_ROLE_AUTOMATIC = rule(
    "key-role-automatic",
    INVALID,
    "Frappe, AUTOMATIC_ROLES",
    "Name users, or a role that is given to them: nobody is given this one.",
)
KEY_PAIR_FORM = rule(
    "key-pair-form",
    INVALID,
    "Frappe, validate_auth_via_api_keys",
    "Give {api_key: ..., api_secret: ...}, each of 8 to 140 printable ASCII characters without space and colon.",
)
KEY_USER_DISABLED = rule(
    "key-user-disabled",
    WARNING,
    "Frappe, validate_api_key_secret",
    "Set disabled_users: revoke: Frappe accepts the API key of a disabled user.",
)
KEY_WEBSITE_USER = rule(
    "key-website-user",
    WARNING,
    "Frappe, User",
    "Make sure that it is meant: a Website User sees the portal only, and so does its key.",
)
KEY_DIFFERS = rule(
    "key-differs",
    WARNING,
    "this collection",
    "Set state: rotated once to give the user a new pair that is kept. The site has another than the one given.",
)

# ---- site_config.json
CONFIG_KEY = rule("config-key", INVALID, "this collection", "Use a plain word.")
CONFIG_NUMBER = rule("config-number", INVALID, "RFC 8259, 6", "Give a number that JSON has: no NaN and no infinity.")
CONFIG_CONTRADICTION = rule(
    "config-contradiction", INVALID, "this collection", "Declare the key once: as a value, or absent."
)
CONFIG_VITAL_KEY = rule(
    "config-vital-key",
    REFUSED,
    "Frappe, get_site_config",
    "Leave it: without it the site, or every password it stores, is lost.",
)
IGNORE_CSRF = rule(
    "ignore-csrf",
    REFUSED,
    "Frappe, validate_csrf_token",
    "Remove it: any true value switches CSRF off for the whole site, a list of paths too, "
    "and a bearer token without a session cookie needs no exemption.",
)
UNREAD_KEY = rule("unread-key", WARNING, "Frappe, set_cors_headers", "Remove it: nothing in Frappe reads it.")
CORS_ANY_ORIGIN = rule(
    "cors-any-origin",
    REFUSED,
    "Frappe, set_cors_headers",
    "List the origins: '*' lets any web site call with its visitor's cookies.",
)
CORS_TOKEN = rule(
    "cors-token", INVALID, "RFC 9110, 5.6.2", "Name methods and headers one an item, in letters, digits and -."
)
CORS_MAX_AGE = rule(
    "cors-max-age", INVALID, "Fetch, CORS-preflight cache", "Give seconds, from 0 to 86400: browsers keep no longer."
)
CORS_NO_DOMAIN = rule(
    "cors-no-domain",
    WARNING,
    "nginx, server_name",
    "Give the site a domain (domains): nginx lowers what a browser asks for.",
)
DOMAIN_FORM = rule(
    "domain-form",
    INVALID,
    "RFC 1123, 2.1",
    "Use small letters, digits, period, hyphen and underscore; unicode as xn--.",
)
DOMAIN_UNSERVED = rule(
    "domain-unserved",
    WARNING,
    "RFC 1123, 2.1; nginx, $host",
    "Name every host by itself in domains, unicode as xn--: under this one nginx sends none of our headers, and "
    "limits nothing.",
)
CORS_THIRD_PARTY_HEADER = rule(
    "cors-third-party-header",
    WARNING,
    "nginx, add_header and more_set_headers",
    "Remove that line: add_header adds a second header after ours, and browsers refuse two; of more_set_headers or "
    "more_clear_headers and ours the one that is read last wins. bench setup nginx restores a configuration that "
    "somebody edited.",
)
LIMIT_STATUS = rule(
    "limit-status",
    WARNING,
    "nginx, limit_req_status",
    "A limited request gets 503 in place of 429: setting it would change that line.",
)
LIMIT_RATE = rule(
    "limit-rate", INVALID, "nginx, limit_req_zone", "Write a number of requests per second or minute: 5r/s, 30r/m."
)
LIMIT_PROXY = rule("limit-proxy", INVALID, "nginx, geo", "Write an address or a network: 10.0.0.0/8.")
NGINX_STOPPED = rule("nginx-stopped", WARNING, "nginx", "Start it: what was written counts from then on.")
NGINX_NOT_RELOADED = rule(
    "nginx-not-reloaded",
    WARNING,
    "nginx",
    "Reload it, or run again with reload: true (in the role: another oauth2_reload than none): it serves what it "
    "read last.",
)
CORS_ORIGIN_FORM = rule(
    "cors-origin-form",
    INVALID,
    "RFC 6454, 6.2",
    "Write scheme://host[:port], lower case, one an item of a real list: anything else silently means no CORS.",
)
ENCRYPTION_KEY_MISSING = rule(
    "encryption-key-missing",
    WARNING,
    "Frappe, get_encryption_key",
    "Restore it from a backup: stored passwords and API secrets need it.",
)
ENCRYPTION_KEY_WRONG = rule(
    "encryption-key-wrong",
    WARNING,
    "Frappe, decrypt",
    "Restore the key that they were stored with from a backup of site_config.json. Where it is lost, enter these "
    "secrets anew; API keys: state: rotated.",
)

# ---- tokens
TOKEN_DURATION = rule(
    "token-duration",
    INVALID,
    "this collection",
    "Write a number with s, m, h, d or w: 90s, 30m, 12h, 30d, 2w; a bare number is seconds.",
)
TOKEN_SELECTION_MISSING = rule(
    "token-selection-missing",
    INVALID,
    "this collection",
    "Say which tokens: users, clients, older_than, token_state, or every_token: true for all of the site.",
)
TOKEN_SELECTION_UNUSED = rule(
    "token-selection-unused",
    INVALID,
    "this collection",
    "Say what becomes of them: state, max_refresh_age or prune_after.",
)
TOKEN_AGE_SHORT = rule(
    "token-age-short",
    WARNING,
    "Frappe, OAuth Bearer Token",
    "Give an hour or more: an access token shares its row with its refresh token, and ends with it.",
)
TOKEN_USER_UNKNOWN = rule(
    "token-user-unknown",
    WARNING,
    "this collection",
    "Correct the name, or create the user: the site has neither it nor a token of it.",
)
TOKEN_CLIENT_UNKNOWN = rule(
    "token-client-unknown",
    WARNING,
    "this collection",
    "Correct the name: no client of the site and no token answers to it.",
)
