# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What verify can find on a running site."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import NOTICE, PROBLEM, WARNING, rule

# How a name leads to a site behind nginx.
NAMES = (
    "A site whose folder has a capital letter answers only under a domain of its own (bench setup add-domain), for "
    "nginx asks for names in small letters. Where dns_multitenant is off, a port leads to the site, and no name: turn "
    "it on (bench config dns_multitenant on), or give that address (verify: url)."
)

# ---- what stops an app, or lets somebody in: the step has failed

# is it there
SITE_UNREACHABLE = rule(
    "site-unreachable",
    PROBLEM,
    "this collection",
    "Check that nginx and the web program run, that the name resolves, and that address (oauth2_verify_address) is "
    "where nginx listens.",
)
SITE_BROKEN = rule(
    "site-broken", PROBLEM, "this collection", "Do what its message says: the site could not be worked on at all."
)
SITE_SLOW = rule(
    "site-slow",
    PROBLEM,
    "this collection",
    "Look at the web program's load and the database, or raise site_timeout (oauth2_site_timeout).",
)
SITE_NOT_ANSWERING = rule(
    "site-not-answering",
    PROBLEM,
    "Frappe, frappe.ping",
    "Run bench setup nginx and reload nginx, if the name leads elsewhere; look into logs/web.error.log, if Frappe "
    "fails.",
)
SITE_MAINTENANCE = rule(
    "site-maintenance", PROBLEM, "Frappe, maintenance_mode", "End it: bench --site SITE set-maintenance-mode off."
)
TLS_INVALID = rule(
    "tls-invalid", PROBLEM, "RFC 9110, 4.3.4", "Renew or replace the certificate, with every name of the site in it."
)
TLS_MISSING = rule(
    "tls-missing",
    PROBLEM,
    "RFC 9700, 2.6",
    "Have nginx serve https for the site (bench setup nginx after ssl_certificate is set), or take https out of "
    "its configuration.",
)
DOMAIN_WRONG_SITE = rule(
    "domain-wrong-site",
    PROBLEM,
    "bench, config/nginx.conf",
    "Run bench setup nginx and reload nginx; name each domain once, in the site_config.json of its own site. "
    "currentsite.txt does not count where dns_multitenant is on. " + NAMES,
)
DOMAIN_NOWHERE = rule(
    "domain-nowhere",
    PROBLEM,
    "bench, config/nginx.conf",
    "Run bench setup nginx and reload nginx, see that the name resolves to this machine, or take it out of "
    "domains. " + NAMES,
)

# the client
CLIENT_MISSING = rule(
    "client-missing",
    PROBLEM,
    "Frappe, validate_client_id",
    "Declare the client and run site.yml (frappe_oauth_client creates it). An app must send the client_id of this "
    "very site.",
)
CLIENT_AMBIGUOUS = rule(
    "client-ambiguous", PROBLEM, "Frappe, OAuth Client", "Declare the client_id of the one you mean."
)
CLIENT_ID_STALE = rule(
    "client-id-stale",
    PROBLEM,
    "Frappe, OAuth Client",
    "Run site.yml, where the client is declared, or save it once in its form: the id that it shows is not the one "
    "that Frappe knows it by.",
)
CLIENT_ROLE = rule(
    "client-role",
    PROBLEM,
    "Frappe, user_has_allowed_role",
    "Give the user one of the client's allowed_roles, or the client a role that its users have.",
)
REDIRECT_URIS_NEWLINE = rule(
    "redirect-uris-newline",
    PROBLEM,
    "Frappe, get_url_delimiter",
    "Run site.yml: Frappe splits redirect_uris on one space, so a list joined by newlines matches nothing.",
)
REDIRECT_URIS_EDGES = rule(
    "redirect-uris-edges",
    PROBLEM,
    "Frappe, confirm_redirect_uri",
    "Run site.yml: white space around redirect_uris passes when authorizing and matches nothing at the token endpoint.",
)
REDIRECT_URI_UNKNOWN = rule(
    "redirect-uri-unknown",
    PROBLEM,
    "RFC 6749, 3.1.2.3",
    "Declare this URI in redirect_uris, letter by letter as the app sends it, and run site.yml.",
)
SCOPES_NEWLINE = rule(
    "scopes-newline",
    PROBLEM,
    "Frappe, validate_bearer_token",
    "Run site.yml: scopes joined by newlines pass until the token is used, and are refused there.",
)
SCOPE_UNKNOWN = rule(
    "scope-unknown",
    PROBLEM,
    "RFC 6749, 3.3",
    "Ask only for scopes that the client has, or declare the scope for the client.",
)

# signing in and authorizing
LOGIN_REFUSED = rule(
    "login-refused",
    PROBLEM,
    "Frappe, LoginManager.authenticate",
    "Check username and password of the check's user. Ten wrong ones lock it for a while, so nothing is tried twice.",
)
LOGIN_USER_MISSING = rule(
    "login-user-missing",
    PROBLEM,
    "Frappe, User",
    "Make the check's user on this site, enabled and with a role of the client.",
)
LOGIN_PASSWORD_OFF = rule(
    "login-password-off",
    PROBLEM,
    "Frappe, disable_user_pass_login",
    "Verify the site without a user, or allow passwords in its System Settings.",
)
LOGIN_SECOND_FACTOR = rule(
    "login-second-factor", PROBLEM, "Frappe, two_factor_auth", "Check with a user that has no second factor."
)
LOGIN_SESSION = rule(
    "login-session", PROBLEM, "Frappe, Session", "Look into the Error Log of the site: the sign-in gave no session."
)
AUTHORIZE_REFUSED = rule("authorize-refused", PROBLEM, "RFC 6749, 4.1.2.1", "Look into the Error Log of the site.")
AUTHORIZE_STATE = rule(
    "authorize-state", PROBLEM, "RFC 6749, 4.1.2", "Look for what rewrites redirects between app and site."
)
CONSENT_DIFFERS = rule(
    "consent-differs",
    PROBLEM,
    "Frappe, authorize",
    "Look at skip_authorization of the client, at OAuth Provider Settings, and for what caches or rewrites pages.",
)

# tokens
TOKEN_REFUSED = rule(
    "token-refused",
    PROBLEM,
    "RFC 6749, 5.2",
    "Look into the Error Log of the site, for a proxy that adds cookies or changes the body, and whether this "
    "Frappe asks for the client secret (it asks none of a client with token_endpoint_auth_method: None). An app "
    "must send the client_id and the redirect_uri of the authorization, form-encoded, without cookies.",
)
TOKEN_UNKNOWN_CLIENT = rule(
    "token-unknown-client",
    PROBLEM,
    "Frappe, authenticate_client",
    "Send the same client_id as when authorizing: no client of this site has this one.",
)
TOKEN_LIMITED = rule(
    "token-limited",
    PROBLEM,
    "nginx, limit_req",
    "Allow more requests (oauth2_token_rate_limit): not even one app's own flow fits into the limit.",
)
ID_TOKEN_INVALID = rule(
    "id-token-invalid",
    PROBLEM,
    "OpenID Connect Core 1.0, 3.1.3.7",
    "Check the clocks, and that nobody rewrites the answer of the token endpoint.",
)
ISSUER_DIFFERS = rule(
    "issuer-differs",
    PROBLEM,
    "OpenID Connect Core 1.0, 3.1.3.7",
    "Correct base_url in the Social Login Key frappe, or host_name in site_config.json: an app compares the issuer "
    "with the address it knows.",
)
ISSUER_SCHEME = rule(
    "issuer-scheme",
    PROBLEM,
    "Frappe, get_server_url",
    "Have every proxy pass X-Forwarded-Proto: Frappe takes https for http, in issuer, links and cookies.",
)
AUTHORIZATION_LOST = rule(
    "authorization-lost",
    PROBLEM,
    "RFC 6750, 2.1",
    "Have every proxy pass the Authorization header: it does not arrive at Frappe.",
)
BEARER_REFUSED = rule(
    "bearer-refused",
    PROBLEM,
    "RFC 6750, 3.1",
    "Look whether something revokes tokens at once, whether the clocks of web program and database agree, and into "
    "the Error Log.",
)
METHOD_APP_MISSING = rule(
    "method-app-missing",
    PROBLEM,
    "Frappe, get_attr",
    "Install the app on this site: bench --site SITE install-app APP.",
)
METHOD_MISSING = rule(
    "method-missing", PROBLEM, "Frappe, get_attr", "Correct api_method: there is no such function in the installed app."
)
METHOD_NOT_WHITELISTED = rule(
    "method-not-whitelisted",
    PROBLEM,
    "Frappe, is_whitelisted",
    "Mark the function with @frappe.whitelist(), or call another.",
)
METHOD_STALE = rule(
    "method-stale",
    PROBLEM,
    "gunicorn, --preload",
    "Restart the web program: it runs older code than lies on the disk, and a reload by SIGHUP does not load new code.",
)
METHOD_FORBIDDEN = rule(
    "method-forbidden",
    PROBLEM,
    "Frappe, permissions and allowed_http_methods",
    "Give the user a role that may do what the method does, or have the verification call one that takes GET.",
)
METHOD_FAILED = rule(
    "method-failed", PROBLEM, "Frappe", "Look into the Error Log of the site: the method itself fails."
)
USER_DIFFERS = rule(
    "user-differs", PROBLEM, "RFC 9111, 3.5", "Look for a cache or proxy in front of the site that mixes users up."
)
USERINFO_WRONG = rule(
    "userinfo-wrong",
    PROBLEM,
    "OpenID Connect Core 1.0, 5.3",
    "Save the user once: Frappe then gives it its OpenID identity.",
)
REFRESH_REFUSED = rule("refresh-refused", PROBLEM, "RFC 6749, 6", "Look into the Error Log of the site.")
INTROSPECTION_WRONG = rule("introspection-wrong", PROBLEM, "RFC 7662, 2.2", "Look for what caches answers of the site.")
REVOKE_REFUSED = rule("revoke-refused", PROBLEM, "RFC 7009, 2.2", "Look into the Error Log of the site.")
REVOKED_ALIVE = rule(
    "revoked-alive", PROBLEM, "RFC 7009, 2", "Look for what caches answers of the site, or for a patched Frappe."
)
DISCOVERY_WRONG = rule(
    "discovery-wrong",
    PROBLEM,
    "OpenID Connect Discovery 1.0, 4.3",
    "Let /.well-known/openid-configuration through to Frappe, and correct base_url in the Social Login Key frappe.",
)
PASSWORD_GRANT_GONE = rule(
    "password-grant-gone",
    PROBLEM,
    "RFC 9700, 2.4",
    "Use the authorization code with PKCE: this Frappe has no password grant.",
)

# what must be refused
REDIRECT_URI_OPEN = rule(
    "redirect-uri-open",
    PROBLEM,
    "RFC 9700, 4.1.3",
    "Take this Frappe off the net until it is mended: codes go to anybody.",
)
PKCE_NOT_VERIFIED = rule(
    "pkce-not-verified",
    PROBLEM,
    "RFC 7636, 4.6",
    "Take this Frappe off the net until it is mended: PKCE protects nobody.",
)

# other origins
CORS_ABSENT = rule(
    "cors-absent",
    PROBLEM,
    "Fetch, CORS check",
    "Run site.yml: browsers refuse the answer without Access-Control-Allow-Origin for the declared origin. Another "
    "file of nginx may take the header away: the reason names each line. Where Frappe answers for CORS, Frappe 16 "
    "and later ask allowed_public_client_origins (OAuth Settings) at the token endpoint, in place of allow_cors.",
)
CORS_DUPLICATE = rule(
    "cors-duplicate",
    PROBLEM,
    "Fetch, CORS check",
    "Let one answer for CORS: take allow_cors or the add_header line away. Browsers refuse two values.",
)
CORS_VALUE = rule(
    "cors-value", PROBLEM, "Fetch, CORS check", "Run site.yml, and take away what else sends Access-Control headers."
)
CORS_CREDENTIALS = rule(
    "cors-credentials",
    PROBLEM,
    "Fetch, CORS check",
    "Run site.yml: Access-Control-Allow-Credentials must be as declared, and never go with *.",
)
CORS_ERROR_BARE = rule(
    "cors-error-bare",
    PROBLEM,
    "nginx, add_header",
    "Send the headers on errors too (oauth2_cors_owner: nginx does): add_header without always leaves them out, "
    "and an app cannot read why it was refused.",
)
CORS_PREFLIGHT = rule(
    "cors-preflight",
    PROBLEM,
    "Fetch, CORS-preflight fetch",
    "Declare the method and the headers in cors, and run site.yml.",
)
CORS_FOREIGN_ORIGIN = rule(
    "cors-foreign-origin",
    PROBLEM,
    "RFC 6454; Frappe, set_cors_headers",
    "Take the wildcard away: allow_cors '*', or an add_header line, lets every web site read answers.",
)

# the limit
LIMIT_ABSENT = rule(
    "limit-absent",
    PROBLEM,
    "nginx, limit_req",
    "Run site.yml with the tag edge. The limit counts by client address: behind a balancer see oauth2_trusted_proxies.",
)
VERIFY_FAULT = rule(
    "verify-fault", PROBLEM, "this collection", "Report it, with the versions of this collection and of Frappe."
)

# ---- what works on this site and needs a review: the step has passed
TLS_NONE = rule(
    "tls-none", WARNING, "RFC 9700, 2.6", "Serve the site over https: passwords, codes and tokens travel in clear."
)
TLS_EXPIRING = rule("tls-expiring", WARNING, "RFC 5280, 4.1.2.5", "See why the certificate was not renewed.")
HTTP_OPEN = rule(
    "http-open",
    WARNING,
    "RFC 9700, 2.6; bench, config/nginx.conf",
    "Redirect http to https: bench's nginx does once ssl_certificate and ssl_certificate_key are set for the site "
    "(bench setup nginx), or have what stands in front of it do so. An app that is given the http address sends "
    "passwords, codes and tokens in clear.",
)
ISSUER_PORT = rule(
    "issuer-port",
    WARNING,
    "nginx, $host",
    "Serve the site on the usual port: Frappe's issuer has no port behind bench's nginx.",
)
ISSUER_HTTPS = rule(
    "issuer-https",
    WARNING,
    "bench, host_name",
    "Set host_name to the https address: Frappe is reached by it, and bench does not know.",
)
CONSENT_NONE = rule(
    "consent-none",
    WARNING,
    "RFC 8252, 8.6",
    "Turn skip_authorization off: any app can claim the scheme of the redirect URI, and nobody is asked.",
)

# ---- what works, and is what this Frappe does on every site: the step has passed
FRAPPE_REVOKE_NEEDS_HINT = rule(
    "frappe-revoke-needs-hint",
    NOTICE,
    "RFC 7009, 2.1; Frappe, revoke_token",
    "Let apps send token_type_hint=refresh_token and client_id when they revoke a refresh token: without the hint "
    "Frappe answers 200 and does nothing.",
)
FRAPPE_LIMIT_BYPASS = rule(
    "frappe-limit-bypass",
    NOTICE,
    "Frappe, cmd",
    "Block POST with cmd=frappe.integrations.oauth2.get_token in the body where a firewall can read bodies: Frappe "
    "takes it at every path, where no rule of nginx sees it.",
)
DISCOVERY_PATH = rule(
    "discovery-path",
    NOTICE,
    "OpenID Connect Discovery 1.0, 4",
    "Give apps the endpoints by hand: this Frappe tells them only at its own method's address.",
)
