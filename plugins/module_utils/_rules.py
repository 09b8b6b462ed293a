# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules as data: id, severity, where it is written, and what to do. `_policy` says when one is broken."""

from __future__ import annotations

import typing as t

INVALID = "invalid"  # cannot work, or cannot converge: never written
REFUSED = "refused"  # works, and is dangerous: written only if the rule is excepted by name
WARNING = "warning"  # written under policy `warn`, stopped under `enforce`


class Rule(t.NamedTuple):
    """One rule: severity, the standard or the part of Frappe it comes from, and the remedy."""

    severity: str
    source: str
    remedy: str


RULES = {
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
    "secret-weak": Rule(WARNING, "RFC 7518, 3.2", "Use at least 32 random bytes."),
    "secret-long": Rule(INVALID, "Frappe, varchar(140)", "Use at most 140 characters."),
    "secret-rewritten": Rule(INVALID, "Frappe, sanitize_html", "Use letters, digits, - and _ only."),
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
    "client-incomplete": Rule(INVALID, "Frappe, OAuth Client", "A new client needs app_name and redirect_uris."),
    "consent-skipped": Rule(
        WARNING,
        "RFC 8252, 8.6",
        "Ask for consent: Frappe 14 and 15 do not demand PKCE, and any app can claim the scheme.",
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
    "scope-all": Rule(WARNING, "RFC 9700, 2.3", "Name the scopes that the app needs: 'all' is all the user may do."),
    # site_config.json
    "config-key": Rule(INVALID, "this collection", "Use a plain word."),
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
    "cors-origin-form": Rule(
        INVALID,
        "RFC 6454, 6.2",
        "Write scheme://host[:port], lower case, one an item of a real list: anything else silently means no CORS.",
    ),
    "encryption-key-missing": Rule(
        WARNING, "Frappe, get_encryption_key", "Restore it from a backup: stored passwords and API secrets need it."
    ),
}
