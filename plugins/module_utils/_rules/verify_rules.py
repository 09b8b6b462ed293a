# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a proof can find on a running site, as data: id, where it is written, and what to do. Imports nothing."""

from __future__ import annotations

# How a name leads to a site behind nginx.
NAMES = (
    "A site whose folder has a capital letter answers only under a domain of its own (bench setup add-domain), for "
    "nginx asks for names in small letters. Where dns_multitenant is off, a port leads to the site, and no name: turn "
    "it on (bench config dns_multitenant on), or give that address (verify: url)."
)

# What stops an app, or lets somebody in: the step has failed.
PROBLEMS = {
    # is it there
    "site-unreachable": (
        "this collection",
        "Check that nginx and the web program run, that the name resolves, and that address (oauth2_verify_address) is "
        "where nginx listens.",
    ),
    "site-broken": ("this collection", "Do what its message says: the site could not be worked on at all."),
    "site-slow": (
        "this collection",
        "Look at the web program's load and the database, or raise site_timeout (oauth2_site_timeout).",
    ),
    "site-not-answering": (
        "Frappe, frappe.ping",
        "Run bench setup nginx and reload nginx, if the name leads elsewhere; look into logs/web.error.log, if Frappe "
        "fails.",
    ),
    "site-maintenance": ("Frappe, maintenance_mode", "End it: bench --site SITE set-maintenance-mode off."),
    "tls-invalid": ("RFC 9110, 4.3.4", "Renew or replace the certificate, with every name of the site in it."),
    "tls-missing": (
        "RFC 9700, 2.6",
        "Have nginx serve https for the site (bench setup nginx after ssl_certificate is set), or take https out of "
        "its configuration.",
    ),
    "domain-wrong-site": (
        "bench, config/nginx.conf",
        "Run bench setup nginx and reload nginx; name each domain once, in the site_config.json of its own site. "
        "currentsite.txt does not count where dns_multitenant is on. " + NAMES,
    ),
    "domain-nowhere": (
        "bench, config/nginx.conf",
        "Run bench setup nginx and reload nginx, see that the name resolves to this machine, or take it out of "
        "domains. " + NAMES,
    ),
    # the client
    "client-missing": (
        "Frappe, validate_client_id",
        "Declare the client and run site.yml (frappe_oauth_client creates it). An app must send the client_id of this "
        "very site.",
    ),
    "client-ambiguous": ("Frappe, OAuth Client", "Declare the client_id of the one you mean."),
    "client-id-stale": (
        "Frappe, OAuth Client",
        "Run site.yml, where the client is declared, or save it once in its form: the id that it shows is not the one "
        "that Frappe knows it by.",
    ),
    "client-role": (
        "Frappe, user_has_allowed_role",
        "Give the user one of the client's allowed_roles, or the client a role that its users have.",
    ),
    "redirect-uris-newline": (
        "Frappe, get_url_delimiter",
        "Run site.yml: Frappe splits redirect_uris on one space, so a list joined by newlines matches nothing.",
    ),
    "redirect-uris-edges": (
        "Frappe, confirm_redirect_uri",
        "Run site.yml: white space around redirect_uris passes when authorizing and matches nothing at the token "
        "endpoint.",
    ),
    "redirect-uri-unknown": (
        "RFC 6749, 3.1.2.3",
        "Declare this URI in redirect_uris, letter by letter as the app sends it, and run site.yml.",
    ),
    "scopes-newline": (
        "Frappe, validate_bearer_token",
        "Run site.yml: scopes joined by newlines pass until the token is used, and are refused there.",
    ),
    "scope-unknown": ("RFC 6749, 3.3", "Ask only for scopes that the client has, or declare the scope for the client."),
    # signing in and authorizing
    "login-refused": (
        "Frappe, LoginManager.authenticate",
        "Check username and password of the check's user. Ten wrong ones lock it for a while, so nothing is tried "
        "twice.",
    ),
    "login-user-missing": (
        "Frappe, User",
        "Make the check's user on this site, enabled and with a role of the client.",
    ),
    "login-password-off": (
        "Frappe, disable_user_pass_login",
        "Prove the site without a user, or allow passwords in its System Settings.",
    ),
    "login-second-factor": ("Frappe, two_factor_auth", "Check with a user that has no second factor."),
    "login-session": ("Frappe, Session", "Look into the Error Log of the site: the sign-in gave no session."),
    "authorize-refused": ("RFC 6749, 4.1.2.1", "Look into the Error Log of the site."),
    "authorize-state": ("RFC 6749, 4.1.2", "Look for what rewrites redirects between app and site."),
    "consent-differs": (
        "Frappe, authorize",
        "Look at skip_authorization of the client, at OAuth Provider Settings, and for what caches or rewrites pages.",
    ),
    # tokens
    "token-refused": (
        "RFC 6749, 5.2",
        "Look into the Error Log of the site, for a proxy that adds cookies or changes the body, and whether this "
        "Frappe asks for the client secret (it asks none of a client with token_endpoint_auth_method: None). An app "
        "must send the client_id and the redirect_uri of the authorization, form-encoded, without cookies.",
    ),
    "token-unknown-client": (
        "Frappe, authenticate_client",
        "Send the same client_id as when authorizing: no client of this site has this one.",
    ),
    "token-limited": (
        "nginx, limit_req",
        "Allow more requests (oauth2_token_rate_limit): not even one app's own flow fits into the limit.",
    ),
    "id-token-invalid": (
        "OpenID Connect Core 1.0, 3.1.3.7",
        "Check the clocks, and that nobody rewrites the answer of the token endpoint.",
    ),
    "issuer-differs": (
        "OpenID Connect Core 1.0, 3.1.3.7",
        "Correct base_url in the Social Login Key frappe, or host_name in site_config.json: an app compares the issuer "
        "with the address it knows.",
    ),
    "issuer-scheme": (
        "Frappe, get_server_url",
        "Have every proxy pass X-Forwarded-Proto: Frappe takes https for http, in issuer, links and cookies.",
    ),
    "authorization-lost": (
        "RFC 6750, 2.1",
        "Have every proxy pass the Authorization header: it does not arrive at Frappe.",
    ),
    "bearer-refused": (
        "RFC 6750, 3.1",
        "Look whether something revokes tokens at once, whether the clocks of web program and database agree, and into "
        "the Error Log.",
    ),
    "method-app-missing": ("Frappe, get_attr", "Install the app on this site: bench --site SITE install-app APP."),
    "method-missing": ("Frappe, get_attr", "Correct api_method: there is no such function in the installed app."),
    "method-not-whitelisted": (
        "Frappe, is_whitelisted",
        "Mark the function with @frappe.whitelist(), or call another.",
    ),
    "method-stale": (
        "gunicorn, --preload",
        "Restart the web program: it runs older code than lies on the disk, and a reload by SIGHUP does not load new "
        "code.",
    ),
    "method-forbidden": (
        "Frappe, permissions and allowed_http_methods",
        "Give the user a role that may do what the method does, or have the proof call one that takes GET.",
    ),
    "method-failed": ("Frappe", "Look into the Error Log of the site: the method itself fails."),
    "user-differs": ("RFC 9111, 3.5", "Look for a cache or proxy in front of the site that mixes users up."),
    "userinfo-wrong": ("OpenID Connect Core 1.0, 5.3", "Save the user once: Frappe then gives it its OpenID identity."),
    "refresh-refused": ("RFC 6749, 6", "Look into the Error Log of the site."),
    "introspection-wrong": ("RFC 7662, 2.2", "Look for what caches answers of the site."),
    "revoke-refused": ("RFC 7009, 2.2", "Look into the Error Log of the site."),
    "revoked-alive": ("RFC 7009, 2", "Look for what caches answers of the site, or for a patched Frappe."),
    "discovery-wrong": (
        "OpenID Connect Discovery 1.0, 4.3",
        "Let /.well-known/openid-configuration through to Frappe, and correct base_url in the Social Login Key frappe.",
    ),
    "password-grant-gone": (
        "RFC 9700, 2.4",
        "Use the authorization code with PKCE: this Frappe has no password grant.",
    ),
    # what must be refused
    "redirect-uri-open": ("RFC 9700, 4.1.3", "Take this Frappe off the net until it is mended: codes go to anybody."),
    "pkce-not-verified": ("RFC 7636, 4.6", "Take this Frappe off the net until it is mended: PKCE protects nobody."),
    # other origins
    "cors-absent": (
        "Fetch, CORS check",
        "Run site.yml: browsers refuse the answer without Access-Control-Allow-Origin for the declared origin. Another "
        "file of nginx may take the header away: the reason names each line. Where Frappe answers for CORS, Frappe 16 "
        "and later ask allowed_public_client_origins (OAuth Settings) at the token endpoint, in place of allow_cors.",
    ),
    "cors-duplicate": (
        "Fetch, CORS check",
        "Let one answer for CORS: take allow_cors or the add_header line away. Browsers refuse two values.",
    ),
    "cors-value": ("Fetch, CORS check", "Run site.yml, and take away what else sends Access-Control headers."),
    "cors-credentials": (
        "Fetch, CORS check",
        "Run site.yml: Access-Control-Allow-Credentials must be as declared, and never go with *.",
    ),
    "cors-error-bare": (
        "nginx, add_header",
        "Send the headers on errors too (oauth2_cors_owner: nginx does): add_header without always leaves them out, "
        "and an app cannot read why it was refused.",
    ),
    "cors-preflight": ("Fetch, CORS-preflight fetch", "Declare the method and the headers in cors, and run site.yml."),
    "cors-foreign-origin": (
        "RFC 6454; Frappe, set_cors_headers",
        "Take the wildcard away: allow_cors '*', or an add_header line, lets every web site read answers.",
    ),
    # the limit
    "limit-absent": (
        "nginx, limit_req",
        "Run site.yml with the tag edge. The limit counts by client address: behind a balancer see "
        "oauth2_trusted_proxies.",
    ),
    "check-fault": ("this collection", "Report it, with the versions of this collection and of Frappe."),
}

# What works on this site, and should be looked at: the step counts as passed.
WARNINGS = {
    "tls-none": ("RFC 9700, 2.6", "Serve the site over https: passwords, codes and tokens travel in clear."),
    "tls-expiring": ("RFC 5280, 4.1.2.5", "See why the certificate was not renewed."),
    "http-open": (
        "RFC 9700, 2.6; bench, config/nginx.conf",
        "Redirect http to https: bench's nginx does once ssl_certificate and ssl_certificate_key are set for the site "
        "(bench setup nginx), or have what stands in front of it do so. An app that is given the http address sends "
        "passwords, codes and tokens in clear.",
    ),
    "issuer-port": (
        "nginx, $host",
        "Serve the site on the usual port: Frappe's issuer has no port behind bench's nginx.",
    ),
    "issuer-https": (
        "bench, host_name",
        "Set host_name to the https address: Frappe is reached by it, and bench does not know.",
    ),
    "consent-none": (
        "RFC 8252, 8.6",
        "Turn skip_authorization off: any app can claim the scheme of the redirect URI, and nobody is asked.",
    ),
}

# What works, and is what this Frappe does on every site: the step counts as passed.
NOTES = {
    "frappe-revoke-needs-hint": (
        "RFC 7009, 2.1; Frappe, revoke_token",
        "Let apps send token_type_hint=refresh_token and client_id when they revoke a refresh token: without the hint "
        "Frappe answers 200 and does nothing.",
    ),
    "frappe-limit-bypass": (
        "Frappe, cmd",
        "Block POST with cmd=frappe.integrations.oauth2.get_token in the body where a firewall can read bodies: Frappe "
        "takes it at every path, where no rule of nginx sees it.",
    ),
    "discovery-path": (
        "OpenID Connect Discovery 1.0, 4",
        "Give apps the endpoints by hand: this Frappe tells them only at its own method's address.",
    ),
}
