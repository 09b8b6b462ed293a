# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that verify reports about a running site."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import NOTICE, PROBLEM, WARNING, rule

# How nginx maps a host name to a site.
NAMES = (
    "A site folder with a capital letter responds only under its own domain (bench setup add-domain), because nginx "
    "converts host names to lower case. With dns_multitenant off, a port selects the site instead of a name. Turn it "
    "on (bench config dns_multitenant on), or set that address (verify: url)."
)

# ---- an app is blocked, or access is possible that must be denied: the step fails

# reachability
SITE_UNREACHABLE = rule(
    "site-unreachable",
    PROBLEM,
    "this collection",
    "Check that nginx and the web process are running and that the host name resolves. Check that nginx listens "
    "on address (oauth2_verify_address).",
)
SITE_BROKEN = rule(
    "site-broken",
    PROBLEM,
    "this collection",
    "Follow the instructions in the message. The site could not be processed at all.",
)
SITE_SLOW = rule(
    "site-slow",
    PROBLEM,
    "this collection",
    "Check the load of the web process and the database, or raise site_timeout (oauth2_site_timeout).",
)
SITE_NOT_ANSWERING = rule(
    "site-not-answering",
    PROBLEM,
    "Frappe, frappe.ping",
    "If the host name leads elsewhere, run bench setup nginx and reload nginx. If a proxy answers 502, 503 or 504, "
    "start the web process and check its address in that proxy. If Frappe fails, check logs/web.error.log.",
)
SITE_MAINTENANCE = rule(
    "site-maintenance",
    PROBLEM,
    "Frappe, maintenance_mode",
    "End maintenance mode: bench --site SITE set-maintenance-mode off.",
)
TLS_INVALID = rule(
    "tls-invalid",
    PROBLEM,
    "RFC 9110, 4.3.4",
    "Renew or replace the certificate. It must contain every host name of the site.",
)
TLS_MISSING = rule(
    "tls-missing",
    PROBLEM,
    "RFC 9700, 2.6",
    "Make nginx serve https for the site (set ssl_certificate, then run bench setup nginx), or remove https from "
    "the site's configuration.",
)
DOMAIN_WRONG_SITE = rule(
    "domain-wrong-site",
    PROBLEM,
    "bench, config/nginx.conf",
    "Run bench setup nginx and reload nginx. List each domain once, in the site_config.json of its own site. "
    "currentsite.txt has no effect while dns_multitenant is on. " + NAMES,
)
DOMAIN_NOWHERE = rule(
    "domain-nowhere",
    PROBLEM,
    "bench, config/nginx.conf",
    "Run bench setup nginx and reload nginx. Check that the name resolves to this host, or remove it from "
    "domains. " + NAMES,
)

# the client
CLIENT_MISSING = rule(
    "client-missing",
    PROBLEM,
    "Frappe, validate_client_id",
    "Declare the client and run site.yml (frappe_oauth_client creates it). An app must send the client_id of this"
    " site.",
)
CLIENT_AMBIGUOUS = rule(
    "client-ambiguous",
    PROBLEM,
    "Frappe, OAuth Client",
    "Several clients match. Declare the client_id of the one you mean.",
)
CLIENT_ID_STALE = rule(
    "client-id-stale",
    PROBLEM,
    "Frappe, OAuth Client",
    "The client's form shows a different id than the one Frappe uses. Run site.yml if the client is declared, or "
    "save the client once in its form.",
)
CLIENT_ROLE = rule(
    "client-role",
    PROBLEM,
    "Frappe, user_has_allowed_role",
    "Give the user one of the client's allowed_roles, or add a role of its users to the client.",
)
REDIRECT_URIS_NEWLINE = rule(
    "redirect-uris-newline",
    PROBLEM,
    "Frappe, get_url_delimiter",
    "Run site.yml. Frappe splits redirect_uris on single spaces, so a list joined by newlines matches nothing.",
)
REDIRECT_URIS_EDGES = rule(
    "redirect-uris-edges",
    PROBLEM,
    "Frappe, confirm_redirect_uri",
    "Run site.yml. Frappe accepts white space around redirect_uris at authorization, but the token endpoint finds"
    " no match.",
)
REDIRECT_URI_UNKNOWN = rule(
    "redirect-uri-unknown",
    PROBLEM,
    "RFC 6749, 3.1.2.3",
    "Add this URI to redirect_uris exactly as the app sends it, and run site.yml.",
)
SCOPES_NEWLINE = rule(
    "scopes-newline",
    PROBLEM,
    "Frappe, validate_bearer_token",
    "Run site.yml. Frappe accepts scopes joined by newlines at first, but rejects the token when it is used.",
)
SCOPE_UNKNOWN = rule(
    "scope-unknown",
    PROBLEM,
    "RFC 6749, 3.3",
    "Request only scopes that the client has, or declare the scope for the client.",
)

# login and authorization
LOGIN_REFUSED = rule(
    "login-refused",
    PROBLEM,
    "Frappe, LoginManager.authenticate",
    "Check the user name and password of the verify user. Ten wrong passwords lock the user temporarily, so "
    "verify tries only once.",
)
LOGIN_USER_MISSING = rule(
    "login-user-missing",
    PROBLEM,
    "Frappe, User",
    "Create the verify user on this site, enable it, and give it a role of the client.",
)
LOGIN_PASSWORD_OFF = rule(
    "login-password-off",
    PROBLEM,
    "Frappe, disable_user_pass_login",
    "Verify the site without a user, or allow password login in its System Settings.",
)
LOGIN_SECOND_FACTOR = rule(
    "login-second-factor", PROBLEM, "Frappe, two_factor_auth", "Use a verify user without two-factor authentication."
)
LOGIN_SESSION = rule(
    "login-session", PROBLEM, "Frappe, Session", "The login returned no session. Check the site's Error Log."
)
AUTHORIZE_REFUSED = rule("authorize-refused", PROBLEM, "RFC 6749, 4.1.2.1", "Check the site's Error Log.")
AUTHORIZE_STATE = rule(
    "authorize-state", PROBLEM, "RFC 6749, 4.1.2", "Find what rewrites redirects between the app and the site."
)
CONSENT_DIFFERS = rule(
    "consent-differs",
    PROBLEM,
    "Frappe, authorize",
    "Check skip_authorization of the client and OAuth Provider Settings. Check for a cache or proxy that changes "
    "pages.",
)

# tokens
TOKEN_REFUSED = rule(
    "token-refused",
    PROBLEM,
    "RFC 6749, 5.2",
    "Check the site's Error Log, and check for a proxy that adds cookies or changes the body. Check whether this "
    "Frappe requires the client secret; it does not for clients with token_endpoint_auth_method: None. An app "
    "must send the client_id and the redirect_uri of the authorization, form-encoded and without cookies.",
)
TOKEN_UNKNOWN_CLIENT = rule(
    "token-unknown-client",
    PROBLEM,
    "Frappe, authenticate_client",
    "No client of this site has this client_id. Send the same client_id as in the authorization request.",
)
TOKEN_LIMITED = rule(
    "token-limited",
    PROBLEM,
    "nginx, limit_req",
    "The rate limit is too low for the OAuth flow of a single app. Raise oauth2_token_rate_limit.",
)
ID_TOKEN_INVALID = rule(
    "id-token-invalid",
    PROBLEM,
    "OpenID Connect Core 1.0, 3.1.3.7",
    "Check the clocks, and check that nothing rewrites the response of the token endpoint.",
)
ISSUER_DIFFERS = rule(
    "issuer-differs",
    PROBLEM,
    "OpenID Connect Core 1.0, 3.1.3.7",
    "Apps compare the issuer with the address that they know. Correct base_url in the Social Login Key frappe, or"
    " host_name in site_config.json.",
)
ISSUER_SCHEME = rule(
    "issuer-scheme",
    PROBLEM,
    "Frappe, get_server_url",
    "Make every proxy pass X-Forwarded-Proto. Frappe otherwise uses http instead of https in the issuer, links "
    "and cookies.",
)
AUTHORIZATION_LOST = rule(
    "authorization-lost",
    PROBLEM,
    "RFC 6750, 2.1",
    "The Authorization header does not reach Frappe. Make every proxy pass it.",
)
BEARER_REFUSED = rule(
    "bearer-refused",
    PROBLEM,
    "RFC 6750, 3.1",
    "Check whether something revokes tokens immediately. Check that the clocks of the web process and the "
    "database agree. Check the site's Error Log.",
)
METHOD_APP_MISSING = rule(
    "method-app-missing",
    PROBLEM,
    "Frappe, get_attr",
    "Install the app on this site: bench --site SITE install-app APP.",
)
METHOD_MISSING = rule(
    "method-missing", PROBLEM, "Frappe, get_attr", "Correct api_method. The installed app has no such function."
)
METHOD_NOT_WHITELISTED = rule(
    "method-not-whitelisted",
    PROBLEM,
    "Frappe, is_whitelisted",
    "Add @frappe.whitelist() to the function, or call another one.",
)
METHOD_STALE = rule(
    "method-stale",
    PROBLEM,
    "gunicorn, --preload",
    "Restart the web process. It runs older code than the code on disk, and a reload by SIGHUP does not load new code.",
)
METHOD_FORBIDDEN = rule(
    "method-forbidden",
    PROBLEM,
    "Frappe, permissions and allowed_http_methods",
    "Give the user a role that is permitted to call the method, or set api_method to one that accepts GET.",
)
METHOD_FAILED = rule("method-failed", PROBLEM, "Frappe", "The method itself fails. Check the site's Error Log.")
USER_DIFFERS = rule(
    "user-differs", PROBLEM, "RFC 9111, 3.5", "Check for a cache or proxy in front of the site that mixes up users."
)
USERINFO_WRONG = rule(
    "userinfo-wrong",
    PROBLEM,
    "OpenID Connect Core 1.0, 5.3",
    "Save the user once. Frappe then creates its OpenID identity.",
)
REFRESH_REFUSED = rule("refresh-refused", PROBLEM, "RFC 6749, 6", "Check the site's Error Log.")
INTROSPECTION_WRONG = rule("introspection-wrong", PROBLEM, "RFC 7662, 2.2", "Find what caches responses of the site.")
REVOKE_REFUSED = rule("revoke-refused", PROBLEM, "RFC 7009, 2.2", "Check the site's Error Log.")
REVOKED_ALIVE = rule(
    "revoked-alive",
    PROBLEM,
    "RFC 7009, 2",
    "Find what caches responses of the site, or check whether Frappe was modified.",
)
DISCOVERY_WRONG = rule(
    "discovery-wrong",
    PROBLEM,
    "OpenID Connect Discovery 1.0, 4.3",
    "Let /.well-known/openid-configuration reach Frappe, and correct base_url in the Social Login Key frappe.",
)
PASSWORD_GRANT_GONE = rule(
    "password-grant-gone",
    PROBLEM,
    "RFC 9700, 2.4",
    "This Frappe does not support the password grant. Use the Authorization Code grant with PKCE.",
)

# requests that must be rejected
REDIRECT_URI_OPEN = rule(
    "redirect-uri-open",
    PROBLEM,
    "RFC 9700, 4.1.3",
    "Take the site offline until Frappe is patched. Frappe sends authorization codes to any redirect URI.",
)
PKCE_NOT_VERIFIED = rule(
    "pkce-not-verified",
    PROBLEM,
    "RFC 7636, 4.6",
    "Take the site offline until Frappe is patched. Frappe does not verify the PKCE code_verifier.",
)

# rate limit
LIMIT_ABSENT = rule(
    "limit-absent",
    PROBLEM,
    "nginx, limit_req",
    "Run site.yml with the tag edge. nginx counts requests per client address; behind a load balancer, set "
    "oauth2_trusted_proxies.",
)
VERIFY_FAULT = rule(
    "verify-fault",
    PROBLEM,
    "this collection",
    "Report this as a bug, with the versions of this collection and of Frappe.",
)

# ---- the site works but needs a review: the step passes
TLS_NONE = rule(
    "tls-none",
    WARNING,
    "RFC 9700, 2.6",
    "Serve the site over https. Over http, passwords, codes and tokens are sent unencrypted.",
)
TLS_EXPIRING = rule("tls-expiring", WARNING, "RFC 5280, 4.1.2.5", "Check why the certificate was not renewed.")
HTTP_OPEN = rule(
    "http-open",
    WARNING,
    "RFC 9700, 2.6; bench, config/nginx.conf",
    "Redirect http to https. bench's nginx does so after ssl_certificate and ssl_certificate_key are set and "
    "bench setup nginx has run. Alternatively, redirect on the proxy in front of the site. An app configured with"
    " the http address sends passwords, codes and tokens unencrypted.",
)
ISSUER_PORT = rule(
    "issuer-port",
    WARNING,
    "nginx, $host",
    "Serve the site on the default port. Behind bench's nginx, Frappe's issuer contains no port.",
)
ISSUER_HTTPS = rule(
    "issuer-https",
    WARNING,
    "bench, host_name",
    "Set host_name to the https address. Clients reach Frappe at that address, but bench is not configured for it.",
)
CONSENT_NONE = rule(
    "consent-none",
    WARNING,
    "RFC 8252, 8.6",
    "Turn off skip_authorization. Any app can claim the scheme of the redirect URI, and Frappe does not ask the user.",
)

# ---- default behavior of the installed Frappe on every site: the step passes
FRAPPE_REVOKE_NEEDS_HINT = rule(
    "frappe-revoke-needs-hint",
    NOTICE,
    "RFC 7009, 2.1; Frappe, revoke_token",
    "Make apps send token_type_hint=refresh_token and client_id when they revoke a refresh token. Without the "
    "hint, Frappe answers 200 and revokes nothing.",
)
FRAPPE_LIMIT_BYPASS = rule(
    "frappe-limit-bypass",
    NOTICE,
    "Frappe, cmd",
    "Frappe accepts POST with cmd=frappe.integrations.oauth2.get_token in the body at every path, where no nginx "
    "rule matches it. Block it on a firewall that can read request bodies.",
)
DISCOVERY_PATH = rule(
    "discovery-path",
    NOTICE,
    "OpenID Connect Discovery 1.0, 4",
    "This Frappe publishes its endpoints only at the address of its own method. Configure the endpoints in apps "
    "by hand.",
)
