# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules as data: id, severity, where it is written, and what to do. `_policy` says when one is broken."""

from __future__ import annotations

import typing as t

INVALID = "invalid"  # cannot work, or cannot converge: never written
REFUSED = "refused"  # works, and is dangerous: written only if the rule is excepted by name
WARNING = "warning"  # written under policy `warn`, stopped under `enforce`
NOTICE = "notice"  # what this Frappe does by itself: stops nothing, warns of nothing, stands in the site's row


class Rule(t.NamedTuple):
    """One rule: severity, the standard or the part of Frappe it comes from, and the remedy."""

    severity: str
    source: str
    remedy: str


RULES = {
    "site-name": Rule(INVALID, "Frappe 17, init", "Use letters, digits, period, underscore and hyphen."),
    # text
    "text-blank": Rule(INVALID, "Frappe, mandatory fields", "Give it a value, or leave it out."),
    "text-edges": Rule(INVALID, "MariaDB, utf8mb4_unicode_ci", "Trim it: the database compares without it."),
    "text-control": Rule(INVALID, "this collection", "Remove the control character."),
    "text-markup": Rule(
        INVALID, "Frappe, sanitize_html", "Remove < and >: Frappe rewrites them on save, so no run would find it equal."
    ),
    "text-length": Rule(INVALID, "Frappe, column lengths", "Use at most 140 characters; 65535 bytes for a whole list."),
    # secrets
    "secret-form": Rule(INVALID, "this collection", "Only strings can be masked: give one, or move it to settings."),
    "secret-short": Rule(
        REFUSED, "this collection", "Use 32 random bytes: a short secret, once masked, eats other words of the output."
    ),
    "secret-weak": Rule(
        WARNING,
        "RFC 7518, 3.2",
        "Use at least 32 random bytes: who has an id_token can try out what signed it. Frappe 14 and 15 make 5; "
        "frappe_oauth_client with rotate_secret: true makes 32.",
    ),
    "secret-in-versions": Rule(
        WARNING,
        "Frappe, Version",
        "Set rotate_secret: true once (rotate.yml: client_secrets), which leaves no copy: who may read the client's "
        "history reads the secret in use.",
    ),
    "secret-long": Rule(INVALID, "Frappe, varchar(140)", "Use at most 140 characters."),
    "secret-rewritten": Rule(INVALID, "Frappe, sanitize_html", "Use letters, digits, - and _ only."),
    "password-short": Rule(
        INVALID,
        "this collection",
        "Use at least 8 characters: a shorter one, once masked, eats other words of the output.",
    ),
    "secret-in-name": Rule(INVALID, "this collection", "Use a random value: masking it would eat the name."),
    "secret-in-settings": Rule(INVALID, "this collection", "Move it to secret_settings, which is never shown."),
    # redirect URIs
    "redirect-uris-empty": Rule(
        INVALID, "Frappe, validate_redirect_uri", "Name a URI: without one every authorization ends in 400."
    ),
    "redirect-uri-whitespace": Rule(
        INVALID, "Frappe, get_url_delimiter", "Give one URI an item, without spaces: Frappe splits the text on a space."
    ),
    "redirect-uri-absolute": Rule(
        INVALID, "RFC 6749, 3.1.2", "Write it whole: https://app.example.com/callback or com.example.app://callback."
    ),
    "redirect-uri-fragment": Rule(INVALID, "RFC 6749, 3.1.2", "Remove what follows the #."),
    "redirect-uri-wildcard": Rule(INVALID, "RFC 9700, 4.1.3", "List each URI: Frappe compares letter by letter."),
    "redirect-uri-script": Rule(INVALID, "RFC 8252, 8.4", "Use https or a private-use scheme of your own domain."),
    "redirect-uri-userinfo": Rule(INVALID, "RFC 9110, 4.2.4", "Remove what stands before the @."),
    "redirect-uri-http": Rule(REFUSED, "RFC 9700, 2.6", "Use https: the code would travel in clear."),
    "redirect-uri-localhost": Rule(WARNING, "RFC 8252, 8.3", "Use http://127.0.0.1 or http://[::1]."),
    "redirect-uri-scheme": Rule(
        WARNING, "RFC 8252, 7.1", "Use your own domain, reversed: com.example.app. Any app may claim a short scheme."
    ),
    "default-redirect-uri": Rule(INVALID, "RFC 6749, 3.1.2.3", "Add it to redirect_uris, or choose one of them."),
    "default-redirect-uri-stale": Rule(
        WARNING,
        "RFC 6749, 3.1.2.3",
        "Declare redirect_uris and default_redirect_uri together: one is not in the other.",
    ),
    # clients
    "client-identity": Rule(INVALID, "Frappe, OAuth Client", "Give app_name, client_id, or both."),
    "client-id-form": Rule(INVALID, "Frappe, naming", "Use letters, digits, period, underscore, hyphen; at most 140."),
    "client-twice": Rule(INVALID, "this collection", "Declare each client of a site once."),
    "consent-skipped": Rule(
        WARNING,
        "RFC 8252, 8.6",
        "Ask for consent: Frappe does not demand PKCE (14 to 17, by mid-2026), and any app can claim the scheme.",
    ),
    "client-auth-method": Rule(
        WARNING,
        "RFC 8252, 8.4; Frappe, OAuth Client",
        "Declare token_endpoint_auth_method: None, which says that the app keeps no secret: newer Frappe asks all "
        "others for theirs, and an app on somebody's device cannot keep one.",
    ),
    "field-unsupported": Rule(WARNING, "Frappe, OAuth Client", "Frappe 16 brought this field; this site ignores it."),
    "grant-implicit": Rule(REFUSED, "RFC 9700, 2.1.2", "Use Authorization Code with PKCE."),
    "rest-copies": Rule(
        WARNING,
        "Frappe, Version and Deleted Document",
        "Use bench_path, which leaves no copy, or delete the copy by hand.",
    ),
    "roles-empty": Rule(
        INVALID, "Frappe, OAuthClient.validate", "Name a role, or leave it out: Frappe fills an empty list itself."
    ),
    "scopes-empty": Rule(INVALID, "Frappe, OAuth Client", "Name a scope, or leave it out: the field is mandatory."),
    "scope-form": Rule(
        INVALID, "RFC 6749, 3.3", "Give one scope an item: printable ASCII without space, quote, backslash, < or >."
    ),
    "scope-all": Rule(
        WARNING,
        "RFC 9700, 2.3",
        "Name the scopes that the app needs. Frappe 15 itself bounds no call by a scope, apps and proxies may: there a "
        "token may do what its user's roles allow, so bound those.",
    ),
    "client-secret-unknown": Rule(
        WARNING,
        "this collection",
        "Set rotate_secret: true once: a new secret is then made and kept. Apps that use the old one stop working.",
    ),
    "secrets-store-missing": Rule(
        INVALID, "this collection", "Give secrets_store (in the role: oauth2_secrets_store), where the secret is kept."
    ),
    # API keys
    "key-user-excluded": Rule(INVALID, "this collection", "Take the user out of one of them."),
    "key-role-automatic": Rule(
        INVALID, "Frappe, AUTOMATIC_ROLES", "Name users, or a role that is given to them: nobody is given this one."
    ),
    "key-pair-form": Rule(
        INVALID,
        "Frappe, validate_auth_via_api_keys",
        "Give {api_key: ..., api_secret: ...}, each of 8 to 140 printable ASCII characters without space and colon.",
    ),
    "key-user-disabled": Rule(
        WARNING,
        "Frappe, validate_api_key_secret",
        "Set disabled_users: revoke: Frappe accepts the API key of a disabled user.",
    ),
    "key-website-user": Rule(
        WARNING, "Frappe, User", "Make sure that it is meant: a Website User sees the portal only, and so does its key."
    ),
    "key-differs": Rule(
        WARNING,
        "this collection",
        "Set state: rotated once to give the user a new pair that is kept. The site has another than the one given.",
    ),
    # site_config.json
    "config-key": Rule(INVALID, "this collection", "Use a plain word."),
    "config-number": Rule(INVALID, "RFC 8259, 6", "Give a number that JSON has: no NaN and no infinity."),
    "config-contradiction": Rule(INVALID, "this collection", "Declare the key once: as a value, or absent."),
    "config-vital-key": Rule(
        REFUSED, "Frappe, get_site_config", "Leave it: without it the site, or every password it stores, is lost."
    ),
    "ignore-csrf": Rule(
        REFUSED,
        "Frappe, validate_csrf_token",
        "Remove it: any true value switches CSRF off for the whole site, a list of paths too, "
        "and a bearer token without a session cookie needs no exemption.",
    ),
    "unread-key": Rule(WARNING, "Frappe, set_cors_headers", "Remove it: nothing in Frappe reads it."),
    "cors-any-origin": Rule(
        REFUSED, "Frappe, set_cors_headers", "List the origins: '*' lets any web site call with its visitor's cookies."
    ),
    "cors-token": Rule(INVALID, "RFC 9110, 5.6.2", "Name methods and headers one an item, in letters, digits and -."),
    "cors-max-age": Rule(
        INVALID, "Fetch, CORS-preflight cache", "Give seconds, from 0 to 86400: browsers keep no longer."
    ),
    "cors-no-domain": Rule(
        WARNING, "nginx, server_name", "Give the site a domain (domains): nginx lowers what a browser asks for."
    ),
    "domain-form": Rule(
        INVALID, "RFC 1123, 2.1", "Use small letters, digits, period, hyphen and underscore; unicode as xn--."
    ),
    "domain-unserved": Rule(
        WARNING,
        "RFC 1123, 2.1; nginx, $host",
        "Name every host by itself in domains, unicode as xn--: under this one nginx sends none of our headers, and "
        "limits nothing.",
    ),
    "cors-foreign-header": Rule(
        WARNING,
        "nginx, add_header and more_set_headers",
        "Remove that line: add_header adds a second header after ours, and browsers refuse two; of more_set_headers or "
        "more_clear_headers and ours the one that is read last wins. bench setup nginx restores a configuration that "
        "somebody edited.",
    ),
    "limit-status": Rule(
        WARNING,
        "nginx, limit_req_status",
        "A limited request gets 503 in place of 429: setting it would change that line.",
    ),
    "limit-rate": Rule(
        INVALID, "nginx, limit_req_zone", "Write a number of requests per second or minute: 5r/s, 30r/m."
    ),
    "limit-proxy": Rule(INVALID, "nginx, geo", "Write an address or a network: 10.0.0.0/8."),
    "nginx-stopped": Rule(WARNING, "nginx", "Start it: what was written counts from then on."),
    "nginx-untold": Rule(
        WARNING,
        "nginx",
        "Reload it, or run again with reload: true (in the role: another oauth2_reload than none): it serves what it "
        "read last.",
    ),
    "cors-origin-form": Rule(
        INVALID,
        "RFC 6454, 6.2",
        "Write scheme://host[:port], lower case, one an item of a real list: anything else silently means no CORS.",
    ),
    "encryption-key-missing": Rule(
        WARNING, "Frappe, get_encryption_key", "Restore it from a backup: stored passwords and API secrets need it."
    ),
    "encryption-key-wrong": Rule(
        WARNING,
        "Frappe, decrypt",
        "Restore the key that they were stored with from a backup of site_config.json. Where it is lost, enter these "
        "secrets anew; API keys: state: rotated.",
    ),
    # a site as it is
    "domain-missing": Rule(
        WARNING,
        "nginx, $host",
        "Give the site a domain (bench setup add-domain) and run bench setup nginx: nginx lowers the name that is "
        "asked for, so no request finds a folder with a capital in its name.",
    ),
    "bootstrap-open": Rule(
        REFUSED,
        "Frappe, whitelist",
        "Take @frappe.whitelist() off the function and restart the web program, then rotate.yml for client_secrets and "
        "api_keys: whoever can sign in, users of the portal too, could call it and be given secrets.",
    ),
    "cors-origins-differ": Rule(
        WARNING,
        "Frappe 16, set_cors_headers",
        "Add them, or empty the field: it replaces allow_cors at the token, revocation and userinfo endpoints.",
    ),
    "password-grant-bypass": Rule(
        WARNING,
        "RFC 9700, 2.4; Frappe, validate_user",
        "Do not rely on it: the password grant, open to every client, asks neither. Limit the token endpoint "
        "(oauth2_token_rate_limit), and update Frappe once it has upstream's change 42692, which ends that grant.",
    ),
    "stored-uris-split": Rule(
        WARNING,
        "Frappe, get_url_delimiter",
        "Write the client anew (frappe_oauth_client with redirect_uris): Frappe splits the text on one space, so every "
        "authorization ends in 400.",
    ),
    "settings-consent-auto": Rule(
        WARNING,
        "Frappe, authorize",
        "Set Skip Authorization to Force in OAuth Provider Settings: with Auto nobody is asked for consent any more "
        "once a token is active.",
    ),
    "settings-registration-open": Rule(
        NOTICE,
        "RFC 7591, 5; Frappe, register_client",
        "Turn Enable Dynamic Client Registration off in OAuth Settings unless it is wanted: Frappe 16 and later "
        "let anybody register a client.",
    ),
    "token-user-disabled": Rule(
        WARNING,
        "Frappe, validate_bearer_token",
        "Set disabled_users: revoke (frappe_oauth_token; tokens in the role): Frappe accepts and refreshes the tokens "
        "of a disabled user.",
    ),
    "token-client-gone": Rule(
        WARNING,
        "Frappe, delete_doc with force",
        "Revoke them (frappe_oauth_token with clients and state: revoked; then state: absent takes the rows): their "
        "client was deleted past them, and what is live still refreshes under another client's id.",
    ),
    # tokens
    "token-duration": Rule(
        INVALID,
        "this collection",
        "Write a number with s, m, h, d or w: 90s, 30m, 12h, 30d, 2w; a bare number is seconds.",
    ),
    "token-selection-missing": Rule(
        INVALID,
        "this collection",
        "Say which tokens: users, clients, older_than, token_state, or every_token: true for all of the site.",
    ),
    "token-selection-unused": Rule(
        INVALID, "this collection", "Say what becomes of them: state, max_refresh_age or prune_after."
    ),
    "token-age-short": Rule(
        WARNING,
        "Frappe, OAuth Bearer Token",
        "Give an hour or more: an access token shares its row with its refresh token, and ends with it.",
    ),
    "token-user-unknown": Rule(
        WARNING, "this collection", "Correct the name, or create the user: the site has neither it nor a token of it."
    ),
    "token-client-unknown": Rule(
        WARNING, "this collection", "Correct the name: no client of the site and no token answers to it."
    ),
    # what this Frappe does by itself, read in its source (`_traits`)
    "frappe-code-cookie": Rule(
        NOTICE,
        "Frappe, save_authorization_code",
        "Update Frappe once it has upstream's change 37434: a code is issued to whom the cookie user_id names, and "
        "whoever signs in can set that cookie. Until then give OAuth clients only to roles that may be trusted so far.",
    ),
    "frappe-pkce-optional": Rule(
        NOTICE,
        "RFC 9700, 2.1.1; Frappe, validate_code",
        "Let every app send code_challenge with code_challenge_method=S256: this Frappe leaves it to the app. "
        "Keep skip_authorization off for private-use schemes.",
    ),
    "frappe-secret-unchecked": Rule(
        NOTICE,
        "RFC 6749, 3.2.1; Frappe, authenticate_client",
        "Rely on redirect URIs and PKCE: this Frappe never asks for a client's secret.",
    ),
    "frappe-refresh-keeps-old": Rule(
        NOTICE,
        "RFC 9700, 4.14.2; Frappe, save_bearer_token",
        "Let apps revoke the pair that they refreshed, and declare tokens: max_refresh_age: the old pair stays valid.",
    ),
    "frappe-refresh-endless": Rule(
        NOTICE,
        "RFC 9700, 4.14.2; Frappe, validate_refresh_token",
        "Declare tokens: max_refresh_age (frappe_oauth_token): this Frappe lets a refresh token live for ever.",
    ),
    "frappe-refresh-unbound": Rule(
        NOTICE,
        "RFC 6749, 6; Frappe, validate_refresh_token",
        "Treat a refresh token as what it is, a password: whoever holds one refreshes it under any client's id.",
    ),
    "frappe-code-endless": Rule(
        NOTICE,
        "RFC 6749, 4.1.2; Frappe, validate_code",
        "Declare tokens: max_refresh_age (frappe_oauth_token), which ends codes that nobody redeemed too: this Frappe "
        "lets them wait for ever.",
    ),
    "frappe-introspection-expired": Rule(
        NOTICE,
        "RFC 7662, 2.2; Frappe, introspect_token",
        "Let what asks about tokens look at exp too: this Frappe calls a token active that has expired.",
    ),
    "frappe-introspection-open": Rule(
        NOTICE,
        "RFC 7662, 2.1; Frappe, introspect_token",
        "Treat a token as what it is, a password: whoever holds it can ask about its user without signing in.",
    ),
    "frappe-password-grant": Rule(
        NOTICE,
        "RFC 9700, 2.4; Frappe, validate_grant_type",
        "Limit the token endpoint (oauth2_token_rate_limit): the password grant is open to every client. It asks for "
        "no second factor, no allowed role, and not whether one may sign in with a password at all.",
    ),
    "frappe-trait-unknown": Rule(
        NOTICE,
        "this collection",
        "Look at this Frappe's frappe/oauth.py and frappe/integrations/oauth2.py: they are written in a way that "
        "is not known here, so nothing is said of it.",
    ),
}
