# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that verify reports about a running site."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import NOTICE, PROBLEM, WARNING, rule

# How nginx maps a host name to a site.
NAMES = (
    "If the name of the site directory has a capital letter, add a domain (bench setup add-domain), because nginx "
    "converts host names to lower case. If dns_multitenant is off, a port selects the site instead of a name. Turn it "
    "on (bench config dns_multitenant on), or set verify.url of the site to http://HOST:PORT."
)

# ---- an app is blocked, or Frappe grants access that it must deny: the step fails

# reachability
SITE_UNREACHABLE = rule(
    "site-unreachable",
    PROBLEM,
    "The site did not respond",
    "this collection",
    "Check that nginx and the web process are running and that the host name resolves. Check that nginx listens on "
    "the address in `address` (in the role: oauth2_verify_address).",
)
SITE_BROKEN = rule(
    "site-broken",
    PROBLEM,
    "The site could not be verified or read",
    "this collection",
    "Fix the cause that the finding names, and run the playbook again.",
)
SITE_SLOW = rule(
    "site-slow",
    PROBLEM,
    "The site did not respond in time",
    "this collection",
    "Check the load of the web process and the database, or raise site_timeout (in the role: oauth2_site_timeout).",
)
SITE_NOT_ANSWERING = rule(
    "site-not-answering",
    PROBLEM,
    "The site did not respond to ping with pong",
    "Frappe, frappe.ping",
    "If another site or virtual host responds for the host name, run bench setup nginx and reload nginx. If a proxy "
    "answers 502, 503 or 504, start the web process and check its address in that proxy. If Frappe fails, check "
    "logs/web.error.log.",
)
SITE_MAINTENANCE = rule(
    "site-maintenance",
    PROBLEM,
    "The site is in maintenance mode",
    "Frappe, maintenance_mode",
    "End maintenance mode: bench --site SITE set-maintenance-mode off.",
)
TLS_INVALID = rule(
    "tls-invalid",
    PROBLEM,
    "The certificate is not valid for the site",
    "RFC 9110, 4.3.4",
    "Renew or replace the certificate. It must contain every host name of the site.",
)
TLS_MISSING = rule(
    "tls-missing",
    PROBLEM,
    "The URL of the site is https, but the site does not serve TLS",
    "RFC 9700, 2.6",
    "Make nginx serve https for the site: set ssl_certificate and ssl_certificate_key, then run bench setup nginx. If "
    "the site has no certificate, change host_name in site_config.json to an http:// URL.",
)
DOMAIN_WRONG_SITE = rule(
    "domain-wrong-site",
    PROBLEM,
    "Another site responds for a host name of this site",
    "bench, config/nginx.conf",
    "Run bench setup nginx and reload nginx. List each domain once, in the site_config.json of its own site. "
    "currentsite.txt has no effect while dns_multitenant is on. " + NAMES,
)
DOMAIN_NOWHERE = rule(
    "domain-nowhere",
    PROBLEM,
    "No site responds for a host name of this site",
    "bench, config/nginx.conf",
    "Run bench setup nginx and reload nginx. Check that the name resolves to this host, or remove it from `domains`. "
    + NAMES,
)

# the client
CLIENT_MISSING = rule(
    "client-missing",
    PROBLEM,
    "The OAuth client does not exist on the site",
    "Frappe, validate_client_id",
    "Declare the client and run site.yml (frappe_oauth_client creates it). Make the app send the client_id that the "
    "client has on this site.",
)
CLIENT_AMBIGUOUS = rule(
    "client-ambiguous",
    PROBLEM,
    "Several OAuth clients match",
    "Frappe, OAuth Client",
    "Several clients of the site have this app_name. Set client_id for the client to verify (in the role: in "
    "oauth_clients).",
)
CLIENT_ID_STALE = rule(
    "client-id-stale",
    PROBLEM,
    "The field App Client ID of a client differs from its name",
    "Frappe, OAuth Client",
    "Run site.yml if the client is declared, or open the client in Desk and save it once. Frappe uses the name of the "
    "document, and the field App Client ID shows a different id.",
)
CLIENT_ROLE = rule(
    "client-role",
    PROBLEM,
    "The user has no role that may authorize the client",
    "Frappe, user_has_allowed_role",
    "Give the user one of the client's allowed_roles, or add one of the user's roles to allowed_roles.",
)
REDIRECT_URIS_NEWLINE = rule(
    "redirect-uris-newline",
    PROBLEM,
    "The stored redirect URIs are separated by line breaks",
    "Frappe, get_url_delimiter",
    "Run site.yml. Frappe splits redirect_uris on single spaces, so a list joined by newlines matches nothing.",
)
REDIRECT_URIS_EDGES = rule(
    "redirect-uris-edges",
    PROBLEM,
    "The stored redirect URIs begin or end with white space",
    "Frappe, confirm_redirect_uri",
    "Run site.yml. Frappe accepts white space around redirect_uris at authorization, but the token endpoint finds no "
    "match.",
)
REDIRECT_URI_UNKNOWN = rule(
    "redirect-uri-unknown",
    PROBLEM,
    "The client does not have the redirect URI",
    "RFC 6749, 3.1.2.3",
    "Add this URI to redirect_uris exactly as the app sends it, and run site.yml.",
)
SCOPES_NEWLINE = rule(
    "scopes-newline",
    PROBLEM,
    "The stored scopes are separated by line breaks",
    "Frappe, validate_bearer_token",
    "Run site.yml. Frappe accepts scopes joined by newlines at first, but rejects the token when it is used.",
)
SCOPE_UNKNOWN = rule(
    "scope-unknown",
    PROBLEM,
    "The client does not have a requested scope",
    "RFC 6749, 3.3",
    "Request only scopes that the client has, or declare the scope for the client.",
)

# sign-in and authorization
LOGIN_REFUSED = rule(
    "login-refused",
    PROBLEM,
    "Frappe rejected the user name or password",
    "Frappe, LoginManager.authenticate",
    "Check username and password (in the role: oauth2_verify_user and oauth2_verify_password). Ten wrong passwords "
    "lock the user temporarily, so the verification tries only once.",
)
LOGIN_USER_MISSING = rule(
    "login-user-missing",
    PROBLEM,
    "The verify user does not exist or is disabled",
    "Frappe, User",
    "Create the user in `username` (in the role: oauth2_verify_user) on this site, enable it, and give it one of the "
    "client's allowed_roles.",
)
LOGIN_PASSWORD_OFF = rule(
    "login-password-off",
    PROBLEM,
    "Password sign-in is disabled on the site",
    "Frappe, disable_user_pass_login",
    "Allow password sign-in in System Settings of the site. Or omit username and password (in the role: "
    "oauth2_verify_user): only the steps that need no user then run.",
)
LOGIN_SECOND_FACTOR = rule(
    "login-second-factor",
    PROBLEM,
    "Frappe requests a second factor",
    "Frappe, two_factor_auth",
    "Set username (in the role: oauth2_verify_user) to a user without two-factor authentication.",
)
LOGIN_SESSION = rule(
    "login-session",
    PROBLEM,
    "The sign-in returned no session",
    "Frappe, Session",
    "Check the site's Error Log. The sign-in returned no session cookie.",
)
AUTHORIZE_REFUSED = rule(
    "authorize-refused",
    PROBLEM,
    "The site rejected the authorization request",
    "RFC 6749, 4.1.2.1",
    "Check the site's Error Log.",
)
AUTHORIZE_STATE = rule(
    "authorize-state",
    PROBLEM,
    "The redirect contains a wrong state",
    "RFC 6749, 4.1.2",
    "Check for a proxy that rewrites redirects between the app and the site.",
)
CONSENT_DIFFERS = rule(
    "consent-differs",
    PROBLEM,
    "The consent page does not match the settings",
    "Frappe, authorize",
    "Compare skip_authorization of the client with Skip Authorization in OAuth Provider Settings and, if it exists, in "
    "OAuth Settings. Check for a cache or proxy that changes pages.",
)

# tokens
TOKEN_REFUSED = rule(
    "token-refused",
    PROBLEM,
    "The token endpoint rejected the request",
    "RFC 6749, 5.2",
    "Check the site's Error Log. Check for a proxy that adds cookies or changes the body. An app must send the "
    "client_id and the redirect_uri of the authorization, form-encoded and without cookies. If this version of Frappe "
    "checks client secrets, the app must send its secret. A client with token_endpoint_auth_method: None needs no "
    "secret.",
)
TOKEN_UNKNOWN_CLIENT = rule(
    "token-unknown-client",
    PROBLEM,
    "The token endpoint does not know the `client_id`",
    "Frappe, authenticate_client",
    "No client of this site has this client_id. Send the same client_id as in the authorization request.",
)
TOKEN_LIMITED = rule(
    "token-limited",
    PROBLEM,
    "The rate limit blocks the OAuth flow",
    "nginx, limit_req",
    "The rate limit is too low for the OAuth flow of a single app. Raise oauth2_token_rate_limit.",
)
ID_TOKEN_INVALID = rule(
    "id-token-invalid",
    PROBLEM,
    "The id_token is not valid",
    "OpenID Connect Core 1.0, 3.1.3.7",
    "Check that the clocks of this host and of the host of the web process agree. Check that no proxy rewrites the "
    "response of the token endpoint.",
)
ISSUER_DIFFERS = rule(
    "issuer-differs",
    PROBLEM,
    "The issuer is not the URL of the site",
    "OpenID Connect Core 1.0, 3.1.3.7",
    "Correct base_url in the Social Login Key document named frappe, or host_name in site_config.json. Apps compare "
    "the issuer with the URL that they are configured with.",
)
ISSUER_SCHEME = rule(
    "issuer-scheme",
    PROBLEM,
    "The issuer is http although the site is https",
    "Frappe, get_server_url",
    "Make every proxy pass X-Forwarded-Proto. Frappe otherwise uses http instead of https in the issuer, links and "
    "cookies.",
)
AUTHORIZATION_LOST = rule(
    "authorization-lost",
    PROBLEM,
    "The Authorization header does not reach Frappe",
    "RFC 6750, 2.1",
    "The Authorization header does not reach Frappe. Make every proxy pass it.",
)
BEARER_REFUSED = rule(
    "bearer-refused",
    PROBLEM,
    "The API rejected a new access token",
    "RFC 6750, 3.1",
    "Check whether something revokes tokens immediately. Check that the clocks of the web server and the database "
    "server agree. Check the site's Error Log.",
)
METHOD_APP_MISSING = rule(
    "method-app-missing",
    PROBLEM,
    "The app of `api_method` is not installed on the site",
    "Frappe, get_attr",
    "Install the app on this site: bench --site SITE install-app APP.",
)
METHOD_MISSING = rule(
    "method-missing",
    PROBLEM,
    "`api_method` does not exist",
    "Frappe, get_attr",
    "Correct api_method. The installed app has no such function.",
)
METHOD_NOT_WHITELISTED = rule(
    "method-not-whitelisted",
    PROBLEM,
    "`api_method` is not whitelisted",
    "Frappe, is_whitelisted",
    "Add @frappe.whitelist() to the function, or call another one.",
)
METHOD_STALE = rule(
    "method-stale",
    PROBLEM,
    "The web process runs older code than the code on disk",
    "gunicorn, --preload",
    "Restart the web process. It runs older code than the code on disk, and a reload by SIGHUP does not load new code.",
)
METHOD_FORBIDDEN = rule(
    "method-forbidden",
    PROBLEM,
    "The user may not call `api_method`",
    "Frappe, permissions and allowed_http_methods",
    "Give the user a role that is permitted to call the method, or set api_method to one that accepts GET.",
)
METHOD_FAILED = rule(
    "method-failed",
    PROBLEM,
    "`api_method` returned an error",
    "Frappe",
    "The method itself fails. Check the site's Error Log, or set api_method to another method.",
)
USER_DIFFERS = rule(
    "user-differs",
    PROBLEM,
    "A response belongs to another user",
    "RFC 9111, 3.5",
    "Check for a cache or proxy in front of the site that mixes up users.",
)
USERINFO_WRONG = rule(
    "userinfo-wrong",
    PROBLEM,
    "The userinfo endpoint does not return the user's claims",
    "OpenID Connect Core 1.0, 5.3",
    "Open the user in Desk and save it once. Frappe then creates the User Social Login entry that contains the value "
    "of the claim sub.",
)
REFRESH_REFUSED = rule(
    "refresh-refused",
    PROBLEM,
    "The refresh token was rejected",
    "RFC 6749, 6",
    "Check the site's Error Log.",
)
INTROSPECTION_WRONG = rule(
    "introspection-wrong",
    PROBLEM,
    "Introspection returns a wrong state",
    "RFC 7662, 2.2",
    "Check for a proxy or CDN in front of the site that caches responses below /api/.",
)
REVOKE_REFUSED = rule(
    "revoke-refused",
    PROBLEM,
    "The revocation request was rejected",
    "RFC 7009, 2.2",
    "Check the site's Error Log.",
)
REVOKED_ALIVE = rule(
    "revoked-alive",
    PROBLEM,
    "A revoked token still works",
    "RFC 7009, 2",
    "Check for a proxy or CDN in front of the site that caches responses below /api/. Check whether Frappe was "
    "modified.",
)
DISCOVERY_WRONG = rule(
    "discovery-wrong",
    PROBLEM,
    "The OpenID configuration contains wrong endpoints",
    "OpenID Connect Discovery 1.0, 4.3",
    "Let /.well-known/openid-configuration reach Frappe, and correct base_url in the Social Login Key document named "
    "frappe.",
)
PASSWORD_GRANT_GONE = rule(
    "password-grant-gone",
    PROBLEM,
    "Frappe does not support the password grant",
    "RFC 9700, 2.4",
    "Set password_grant: false for the verification, or remove password_grant from `probes`. This version of Frappe "
    "does not support it. Apps must use the Authorization Code grant with PKCE.",
)

# requests that must be rejected
REDIRECT_URI_OPEN = rule(
    "redirect-uri-open",
    PROBLEM,
    "Frappe sends codes to an unregistered redirect URI",
    "RFC 9700, 4.1.3",
    "Take the site offline until Frappe is patched. Frappe sends authorization codes to any redirect URI.",
)
PKCE_NOT_VERIFIED = rule(
    "pkce-not-verified",
    PROBLEM,
    "Frappe does not verify the PKCE code_verifier",
    "RFC 7636, 4.6",
    "Take the site offline until Frappe is patched. Frappe does not verify the PKCE code_verifier.",
)

# rate limit
LIMIT_ABSENT = rule(
    "limit-absent",
    PROBLEM,
    "The token endpoint has no rate limit",
    "nginx, limit_req",
    "Run site.yml with --tags edge. nginx counts requests per client address. Behind a load balancer, also set "
    "oauth2_trusted_proxies.",
)
VERIFY_FAULT = rule(
    "verify-fault",
    PROBLEM,
    "The verification itself failed with an internal error",
    "this collection",
    "Report this at https://github.com/benchkeeper/frappe/issues, with the versions of this collection and of Frappe.",
)

# ---- the site works but needs a review: the step passes
TLS_NONE = rule(
    "tls-none",
    WARNING,
    "The site uses http",
    "RFC 9700, 2.6",
    "Serve the site over https. Over http, passwords, codes and tokens are sent unencrypted.",
)
TLS_EXPIRING = rule(
    "tls-expiring",
    WARNING,
    "The certificate expires soon",
    "RFC 5280, 4.1.2.5",
    "Check why the certificate was not renewed.",
)
HTTP_OPEN = rule(
    "http-open",
    WARNING,
    "Frappe also responds over http",
    "RFC 9700, 2.6; bench, config/nginx.conf",
    "Redirect http to https. bench's nginx does so after ssl_certificate and ssl_certificate_key are set and bench "
    "setup nginx has run. Alternatively, redirect on the proxy in front of the site. An app configured with the http "
    "address sends passwords, codes and tokens unencrypted.",
)
ISSUER_PORT = rule(
    "issuer-port",
    WARNING,
    "The issuer contains no port",
    "nginx, $host",
    "Serve the site on the default port. Behind bench's nginx, Frappe's issuer contains no port.",
)
ISSUER_HTTPS = rule(
    "issuer-https",
    WARNING,
    "The issuer is https although the configured URL is http",
    "bench, host_name",
    "Set host_name in site_config.json to the https URL. Clients reach Frappe at that URL, but bench is not "
    "configured for it.",
)
CONSENT_NONE = rule(
    "consent-none",
    WARNING,
    "A client with a private-use scheme shows no consent page",
    "RFC 8252, 8.6",
    "Set skip_authorization: false for the client. Any app can claim the scheme of the redirect URI, and Frappe does "
    "not ask the user.",
)

# ---- default behavior of the installed version of Frappe on every site: the step passes
FRAPPE_REVOKE_NEEDS_HINT = rule(
    "frappe-revoke-needs-hint",
    NOTICE,
    "Revoking a refresh token needs token_type_hint",
    "RFC 7009, 2.1; Frappe, revoke_token",
    "Make apps send token_type_hint=refresh_token and client_id when they revoke a refresh token. Without the hint, "
    "Frappe returns HTTP 200 and revokes nothing.",
)
FRAPPE_LIMIT_BYPASS = rule(
    "frappe-limit-bypass",
    NOTICE,
    "The rate limit can be bypassed",
    "Frappe, cmd",
    "Block POST requests with cmd=frappe.integrations.oauth2.get_token in the body on a firewall that can read "
    "request bodies. Frappe accepts them at any path. nginx does not read request bodies, so it cannot limit them.",
)
DISCOVERY_PATH = rule(
    "discovery-path",
    NOTICE,
    "The OpenID configuration is not at the standard path",
    "OpenID Connect Discovery 1.0, 4",
    "Configure the endpoints in apps manually. This version of Frappe publishes them only at "
    "/api/method/frappe.integrations.oauth2.openid_configuration.",
)
