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
    "An origin does not have the form that browsers and web views send",
    "RFC 6454, 6.2",
    "Write scheme://host[:port] exactly as the browser or web view sends it, each origin as a separate list item, such "
    "as https://app.example.com, capacitor://localhost or chrome-extension://ID. null, file://, *, paths and wildcards "
    "are not accepted.",
)
CORS_ANY_ORIGIN = rule(
    "cors-any-origin",
    REFUSED,
    "`allow_cors` allows every origin",
    "Frappe, set_cors_headers",
    "List the allowed origins. With '*', any website can send requests with the cookies of a signed-in user.",
)
CORS_TOKEN = rule(
    "cors-token",
    INVALID,
    "A method or header of `cors` is not valid, or the list is too long",
    "RFC 9110, 5.6.2",
    "Write each method or header as a separate list item. Use letters, digits and hyphens, and at most 1000 "
    "characters for the whole list.",
)
CORS_MAX_AGE = rule(
    "cors-max-age",
    INVALID,
    "`cors.max_age` is out of range",
    "Fetch, CORS-preflight cache",
    "Set 0 to 86400 seconds. Browsers do not cache a preflight response for longer.",
)
CORS_OWNER_NARROWS = rule(
    "cors-owner-narrows",
    WARNING,
    "nginx will allow less than Frappe's `allow_cors` did",
    "Frappe, set_cors_headers",
    "Add the origins, methods and headers that these apps need to `cors`. Add credentials: true for an app that sends "
    "cookies. Frappe allowed cookies, every method and every request header.",
)

# ---- in nginx
CORS_NO_DOMAIN = rule(
    "cors-no-domain",
    WARNING,
    "A site with `cors` has no host name that nginx can match",
    "nginx, server_name",
    "Add a domain to the site (domains). nginx converts the requested host name to lower case, so a site directory "
    "with a capital letter in its name never matches.",
)
CORS_THIRD_PARTY_HEADER = rule(
    "cors-third-party-header",
    WARNING,
    "Another nginx file adds, sets or removes a CORS header",
    "nginx, add_header and more_set_headers",
    "Remove the nginx line that the finding shows. add_header sends a second header, and browsers reject duplicates. "
    "With more_set_headers or more_clear_headers, the line that nginx reads last wins. If bench generated the file, "
    "run bench setup nginx, which overwrites manual edits.",
)

# ---- on a running site: the step fails
CORS_ABSENT = rule(
    "cors-absent",
    PROBLEM,
    "A response has no Access-Control-Allow-Origin for a declared origin",
    "Fetch, CORS check",
    "Run site.yml. Browsers block the response without this header. If site.yml does not help, check the nginx lines "
    "that the finding names: one of them may remove the header. With oauth2_cors_owner: frappe on Frappe 16 and "
    "later, also add the origin to Allowed Public Client Origins in OAuth Settings.",
)
CORS_DUPLICATE = rule(
    "cors-duplicate",
    PROBLEM,
    "A CORS header is sent twice",
    "Fetch, CORS check",
    "Two sources send the same Access-Control header, and browsers reject duplicates. Keep one of the sources that "
    "the finding names, and remove the others, such as `allow_cors` or an `add_header` line.",
)
CORS_VALUE = rule(
    "cors-value",
    PROBLEM,
    "Access-Control-Allow-Origin has a wrong value",
    "Fetch, CORS check",
    "Run site.yml, and remove all other sources of Access-Control headers.",
)
CORS_CREDENTIALS = rule(
    "cors-credentials",
    PROBLEM,
    "Access-Control-Allow-Credentials is not as declared",
    "Fetch, CORS check",
    "Run site.yml. Access-Control-Allow-Credentials must be as declared, and must never be sent together with *.",
)
CORS_ERROR_BARE = rule(
    "cors-error-bare",
    PROBLEM,
    "Error responses have no CORS headers",
    "nginx, add_header",
    "Set oauth2_cors_owner: nginx, or add the parameter `always` to the add_header line. Without `always`, nginx "
    "omits the header on errors, and an app cannot read why its request was rejected.",
)
CORS_PREFLIGHT = rule(
    "cors-preflight",
    PROBLEM,
    "A preflight response does not allow a declared request",
    "Fetch, CORS-preflight fetch",
    "Declare the method and the headers in cors, and run site.yml.",
)
CORS_EXPOSE_HEADERS = rule(
    "cors-expose-headers",
    PROBLEM,
    "A page cannot read a declared response header",
    "Fetch, CORS-exposed header-name list",
    "Run site.yml with the tag edge, and remove other sources of Access-Control-Expose-Headers. Browsers hide every "
    "response header that Access-Control-Expose-Headers does not list.",
)
CORS_FOREIGN_ORIGIN = rule(
    "cors-foreign-origin",
    PROBLEM,
    "Every origin can read responses",
    "RFC 6454; Frappe, set_cors_headers",
    "Remove the wildcard (allow_cors '*' or an add_header line). It lets every website read responses.",
)

CORS_PUBLIC_ORIGIN = rule(
    "cors-public-origin",
    PROBLEM,
    "An undeclared origin can read responses of the token endpoint",
    "RFC 6454; Frappe, set_cors_for_privileged_requests",
    "In OAuth Settings, remove '*' and the undeclared origin from Allowed Public Client Origins. List there only the "
    "declared origins, one per line. If that field does not exist or does not contain it, remove the add_header line "
    "for the token endpoint from nginx.",
)

# ---- on a running site: the step passes
CORS_COOKIES = rule(
    "cors-cookies",
    NOTICE,
    "Cookies are not allowed, and `cors.credentials` is not declared",
    "Fetch, CORS check; frappe-js-sdk, withCredentials",
    "Browsers hide these responses from apps that send requests with cookies. frappe-js-sdk always sends cookies, "
    "even with a token. Declare cors: credentials: true for such an app. If no app sends cookies, declare "
    "credentials: false, which ends this notice.",
)
