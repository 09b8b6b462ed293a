# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules about CORS: in a declaration, in nginx, and on a running site."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import (
    INVALID,
    NOTICE,
    PROBLEM,
    REFUSED,
    WARNING,
    rule,
)

# ---- declared
CORS_ORIGIN_FORM = rule(
    "cors-origin-form",
    INVALID,
    "RFC 6454, 6.2",
    "Write scheme://host[:port] exactly as the browser or web view sends it, each origin as a separate list item, such "
    "as https://app.example.com, capacitor://localhost or chrome-extension://ID. null, file://, *, paths and wildcards "
    "are not accepted.",
)
CORS_ANY_ORIGIN = rule(
    "cors-any-origin",
    REFUSED,
    "Frappe, set_cors_headers",
    "List the allowed origins. With '*', any website can send requests with the cookies of a signed-in user.",
)
CORS_TOKEN = rule(
    "cors-token",
    INVALID,
    "RFC 9110, 5.6.2",
    "Write each method or header as a separate list item. Use letters, digits and hyphens.",
)
CORS_MAX_AGE = rule(
    "cors-max-age",
    INVALID,
    "Fetch, CORS-preflight cache",
    "Set 0 to 86400 seconds. Browsers do not cache a preflight response for longer.",
)
CORS_OWNER_NARROWS = rule(
    "cors-owner-narrows",
    WARNING,
    "Frappe, set_cors_headers",
    "Add to cors what the apps of these origins need: origins, methods, headers, and credentials: true for an app that "
    "sends cookies. Frappe allowed cookies, every method and every request header.",
)

# ---- in nginx
CORS_NO_DOMAIN = rule(
    "cors-no-domain",
    WARNING,
    "nginx, server_name",
    "Add a domain to the site (domains). nginx converts the requested host name to lower case, so a site folder "
    "with a capital letter never matches.",
)
CORS_THIRD_PARTY_HEADER = rule(
    "cors-third-party-header",
    WARNING,
    "nginx, add_header and more_set_headers",
    "Remove that line. add_header sends a second header, and browsers reject duplicates. With more_set_headers or"
    " more_clear_headers, the line that nginx reads last wins. bench setup nginx restores a configuration that "
    "was edited by hand.",
)

# ---- on a running site: the step fails
CORS_ABSENT = rule(
    "cors-absent",
    PROBLEM,
    "Fetch, CORS check",
    "Run site.yml. Browsers block the response because it has no Access-Control-Allow-Origin for the declared "
    "origin. Another nginx file may remove the header; the reason lists each line. If Frappe sends the CORS "
    "headers, Frappe 16 and later use allowed_public_client_origins (OAuth Settings) at the token endpoint "
    "instead of allow_cors.",
)
CORS_DUPLICATE = rule(
    "cors-duplicate",
    PROBLEM,
    "Fetch, CORS check",
    "Two sources send Access-Control-Allow-Origin, and browsers reject duplicates. Remove either `allow_cors` or "
    "the `add_header` line.",
)
CORS_VALUE = rule(
    "cors-value", PROBLEM, "Fetch, CORS check", "Run site.yml, and remove all other sources of Access-Control headers."
)
CORS_CREDENTIALS = rule(
    "cors-credentials",
    PROBLEM,
    "Fetch, CORS check",
    "Run site.yml. Access-Control-Allow-Credentials must be as declared, and must never be sent together with *.",
)
CORS_ERROR_BARE = rule(
    "cors-error-bare",
    PROBLEM,
    "nginx, add_header",
    "Send the headers on errors too (oauth2_cors_owner: nginx does). Without always, add_header omits them, and "
    "an app cannot read why its request was rejected.",
)
CORS_PREFLIGHT = rule(
    "cors-preflight",
    PROBLEM,
    "Fetch, CORS-preflight fetch",
    "Declare the method and the headers in cors, and run site.yml.",
)
CORS_EXPOSE_HEADERS = rule(
    "cors-expose-headers",
    PROBLEM,
    "Fetch, CORS-exposed header-name list",
    "Run site.yml with the tag edge, and remove other sources of Access-Control-Expose-Headers. Browsers hide response "
    "headers that it does not list.",
)
CORS_FOREIGN_ORIGIN = rule(
    "cors-foreign-origin",
    PROBLEM,
    "RFC 6454; Frappe, set_cors_headers",
    "Remove the wildcard (allow_cors '*' or an add_header line). It lets every website read responses.",
)

# ---- on a running site: the step passes
CORS_COOKIES = rule(
    "cors-cookies",
    NOTICE,
    "Fetch, CORS check; frappe-js-sdk, withCredentials",
    "Browsers hide these responses from apps that send requests with cookies. frappe-js-sdk always does, even with a "
    "token. Declare cors: credentials: true for such an app. If no app sends cookies, declare credentials: false, "
    "which ends this notice.",
)
