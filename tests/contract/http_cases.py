# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# fmt: off
# ruff: noqa: B023, E501
"""The cases over HTTP, as data. `{name}` in a request is a value that record.py fills in."""

from __future__ import annotations

import base64
import hashlib
import json

OAUTH = "frappe.integrations.oauth2."
API = "/api/method/" + OAUTH
WHO = "/api/method/frappe.auth.get_logged_user"
PING = "/api/method/ping"
APP_URI = "app.contract://oauth2redirect"
WEB_URI = "https://app.contract.example/oauth/callback?a=1&b=2"
ORIGIN, EVIL = "https://app.contract.example", "https://evil.example"
VERIFIER = "contract-verifier-0123456789-abcdefghijklmnopqrstuvwxyz"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
AUTO_ROLES = ("All", "Guest", "Desk User")  # roles that cannot be assigned
CASES = []


def case(name, why, request, **options):
    """options: query form json multipart headers session prep save config config_text layer also."""
    method, path = request.split(" ", 1)
    CASES.append({"name": name, "why": why, "method": method, "path": path, **options})


def authorize(name, why, endpoint="authorize", session="user", drop=(), **over):
    keep = {k: over.pop(k) for k in ("save", "layer", "prep") if k in over}
    query = {"client_id": "{skip}", "response_type": "code", "redirect_uri": APP_URI, "scope": "all openid", "state": "st8",
             "code_challenge": CHALLENGE, "code_challenge_method": "S256", **over}
    case(name, why, f"GET {API}{endpoint}", query={k: v for k, v in query.items() if k not in drop}, session=session, **keep)


def token(name, why, drop=(), prep=None, save=None, headers=None, session=None, **over):
    form = {"grant_type": "authorization_code", "code": "{code}", "redirect_uri": APP_URI, "client_id": "{skip}",
            "code_verifier": VERIFIER, **over}
    case(name, why, f"POST {API}get_token", form={k: v for k, v in form.items() if k not in drop}, prep=prep, save=save,
         headers=headers, session=session)


def password(name, why, drop=(), headers=None, session=None, **over):
    form = {"grant_type": "password", "username": "{user}", "password": "{password}", "client_id": "{skip}",
            "scope": "all openid", **over}
    case(name, why, f"POST {API}get_token", form={k: v for k, v in form.items() if k not in drop}, headers=headers, session=session)


def refresh(name, why, drop=(), prep=None, save=None, **over):
    form = {"grant_type": "refresh_token", "refresh_token": "{refresh}", "client_id": "{skip}", **over}
    case(name, why, f"POST {API}get_token", form={k: v for k, v in form.items() if k not in drop}, prep=prep, save=save)


# login and session
case("login.ok", "the check logs in like a browser", "POST /api/method/login", form={"usr": "{user}", "pwd": "{password}"})
case("login.json", "login also takes a JSON body", "POST /api/method/login", json={"usr": "{user}", "pwd": "{password}"})
case("login.cmd", "login has a cmd form too", "POST /", form={"cmd": "login", "usr": "{user}", "pwd": "{password}"})
case("login.wrong-password", "a wrong password is 401 and touches no cookie", "POST /api/method/login", form={"usr": "{user}", "pwd": "wrong"})
case("login.unknown-user", "an unknown user looks like a wrong password", "POST /api/method/login",
     form={"usr": "nobody@contract.example", "pwd": "wrong"})
case("login.website-user", "a website user gets no desk", "POST /api/method/login", form={"usr": "{website}", "pwd": "{website_password}"})
case("login.page", "the page a browser is sent to", "GET /login", query={"redirect-to": "/x"})
case("login.page-logged-in", "an open session goes straight to redirect-to", "GET /login", query={"redirect-to": "{base}/x"}, session="user")
case("session.guest", "a method that needs a user", f"GET {WHO}")
case("session.user", "the session cookie is enough for GET", f"GET {WHO}", session="user")
case("session.unknown-sid", "a dead session is a guest", f"GET {WHO}", headers={"Cookie": "sid=0123456789abcdef"})
case("session.logout", "ends the session", "POST /api/method/logout", session="throwaway")
case("session.after-logout", "the cookie is dead", f"GET {WHO}", session="throwaway")

# authorize and approve
authorize("authorize.guest", "a guest is sent to login and comes back", session=None)
authorize("authorize.skip-consent", "skip_authorization goes straight to approve")
authorize("authorize.consent-page", "without it a page asks", client_id="{consent}")
authorize("authorize.unknown-client", "400, not 404", client_id="nosuch")
authorize("authorize.client-id-upper-case", "is the client id compared by case?", client_id="{SKIP}")
authorize("authorize.no-client-id", "client_id is needed", drop=["client_id"])
authorize("authorize.unregistered-redirect", "exact match only", redirect_uri=EVIL + "/cb")
authorize("authorize.redirect-prefix", "no prefix match", redirect_uri=APP_URI + "/x")
authorize("authorize.redirect-other-case", "redirect URIs are compared by case", redirect_uri=APP_URI.upper())
authorize("authorize.no-redirect", "a missing redirect_uri is a server error", drop=["redirect_uri"])
authorize("authorize.no-redirect-guest", "also before login", session=None, drop=["redirect_uri"])
authorize("authorize.second-redirect", "every registered URI works, query included", redirect_uri=WEB_URI)
authorize("authorize.bad-scope", "scopes must be the client's", scope="nosuch")
authorize("authorize.part-of-scope", "fewer scopes are fine", scope="openid")
authorize("authorize.no-scope", "no scope: the client's", drop=["scope"])
authorize("authorize.no-state", "state is optional", drop=["state"])
authorize("authorize.response-type-token", "implicit is refused for a code client", response_type="token")
authorize("authorize.no-response-type", "response_type is needed", drop=["response_type"])
authorize("authorize.newline-joined", "newline-joined URIs match nothing", client_id="{newline}")
authorize("authorize.newline-joined-second", "nor the second", client_id="{newline}", redirect_uri=WEB_URI)
authorize("authorize.empty-uris", "redirect_uris empty: the default alone does not count", client_id="{nouris}")
authorize("authorize.website-user", "no allowed role: the client is 'invalid'", session="website")
authorize("authorize.role-lacking", "a user without the client's role", client_id="{limited}")
authorize("authorize.pkce-lower-case", "s256 in lower case", code_challenge_method="s256")
authorize("authorize.pkce-unknown-method", "an unknown method", code_challenge_method="S512")
authorize("authorize.pkce-method-without-challenge", "a method alone is ignored", drop=["code_challenge"])
case("authorize.post", "POST works like GET", f"POST {API}authorize", session="user", form={
    "client_id": "{skip}", "response_type": "code", "redirect_uri": APP_URI, "scope": "all openid", "state": "st8"})
authorize("approve.guest", "approve needs a user", "approve", session=None)
authorize("approve.ok", "the code comes back with the state", "approve")
authorize("approve.consent-client", "approve is a plain GET: nothing proves that the page was shown", "approve", client_id="{consent}")
authorize("approve.web-uri", "the code joins an existing query", "approve", redirect_uri=WEB_URI)
authorize("approve.no-state", "no state, no parameter", "approve", drop=["state"])
authorize("approve.unregistered-redirect", "checked again", "approve", redirect_uri=EVIL + "/cb")
authorize("approve.response-type-token", "no implicit token", "approve", response_type="token")

# authorization code grant
token("code.ok", "the pair and an id_token", prep="code")
token("code.reused", "a code works once")
token("code.wrong-verifier", "PKCE S256 is compared", prep="code", code_verifier="x" * 43)
token("code.right-verifier-after-wrong", "a wrong verifier does not burn the code")
token("code.missing-verifier", "a challenge demands a verifier", prep="code", drop=["code_verifier"])
token("code.right-verifier-after-missing", "a missing verifier burns the code")
token("code.no-pkce", "PKCE is not demanded", prep="code-nopkce", drop=["code_verifier"])
token("code.no-pkce-verifier-sent", "an unasked verifier is ignored", prep="code-nopkce")
token("code.pkce-plain", "plain passes", prep="code-plain")
token("code.pkce-no-method", "a challenge without a method", prep="code-nomethod")
token("code.pkce-no-method-no-verifier", "the same, without verifier", prep="code-nomethod", drop=["code_verifier"])
token("code.other-registered-redirect", "not bound to the redirect_uri of the request", prep="code", redirect_uri=WEB_URI)
token("code.unregistered-redirect", "but to the client's list", prep="code", redirect_uri=EVIL + "/cb")
token("code.no-redirect", "redirect_uri may be left out", prep="code", drop=["redirect_uri"])
token("code.unknown-code", "invalid_grant", code="nosuch")
token("code.upper-case-code", "is the code compared by case?", prep="code", code="{CODE}")
token("code.other-client", "a code belongs to its client", prep="code", client_id="{other}")
token("code.unknown-client", "an unknown client is 404", client_id="nosuch")
token("code.no-client-id", "no client at all is a server error", drop=["client_id"])
token("code.wrong-secret", "the secret is not checked", prep="code", client_secret="wrong")
token("code.right-secret", "sending it changes nothing", prep="code", client_secret="{skip_secret}")
token("code.basic-auth", "HTTP Basic is read as an API key", prep="code", headers={"Authorization": "Basic {skip_basic}"})
token("code.basic-auth-no-client-id", "also without client_id", drop=["client_id"], headers={"Authorization": "Basic {skip_basic}"})
token("code.origin-without-cors", "no CORS configured: no header", code="nosuch", headers={"Origin": ORIGIN})
token("code.unknown-grant", "other grants are refused", grant_type="client_credentials")
token("code.no-grant", "grant_type is needed", drop=["grant_type"])
case("code.json-body", "only forms are read", f"POST {API}get_token", prep="code", json={
    "grant_type": "authorization_code", "code": "{code}", "redirect_uri": APP_URI, "client_id": "{skip}", "code_verifier": VERIFIER})
case("code.query-string", "POST with everything in the URL", f"POST {API}get_token", prep="code", query={
    "grant_type": "authorization_code", "code": "{code}", "redirect_uri": APP_URI, "client_id": "{skip}", "code_verifier": VERIFIER})
case("code.get", "GET is refused", f"GET {API}get_token", query={"grant_type": "authorization_code", "code": "nosuch", "client_id": "{skip}"})

# password grant
password("password.ok", "cannot be switched off")
password("password.no-scope", "no scope: the client's", drop=["scope"])
password("password.part-of-scope", "fewer scopes", scope="openid")
password("password.bad-scope", "scopes must be the client's", scope="nosuch")
password("password.newline-joined", "hides a broken redirect list", client_id="{newline}")
password("password.wrong", "401", password="wrong")
password("password.ok-after-wrong", "a success resets the counter")
password("password.disabled-user", "401", username="{disabled}", password="{disabled_password}")
password("password.website-user", "allowed_roles is not looked at", username="{website}", password="{website_password}")
case("password.locked", "too many failures from one address: the right password is a server error", f"POST {API}get_token",
     layer="direct", prep="locked", headers={"X-Forwarded-For": "{address}"}, form={
         "grant_type": "password", "username": "{user}", "password": "{password}", "client_id": "{skip}", "scope": "all openid"})
case("login.locked", "the same at login", "POST /api/method/login", layer="direct", headers={"X-Forwarded-For": "{address}"},
     form={"usr": "{user}", "pwd": "{password}"})
password("password.no-username", "invalid_request", drop=["username"])
password("password.unknown-client", "404", client_id="nosuch")
password("password.no-client-id", "server error", drop=["client_id"])
password("password.wrong-secret", "the secret is not checked", client_secret="wrong")

# refresh
refresh("refresh.ok", "a new pair", prep="tokens", save="new")
case("refresh.old-access-alive", "the old access token lives on", f"GET {WHO}", headers={"Authorization": "Bearer {access}"})
case("refresh.new-access-alive", "and so does the new", f"GET {WHO}", headers={"Authorization": "Bearer {new_access}"})
refresh("refresh.old-again", "the old refresh token lives on")
refresh("refresh.no-client-id", "the client is found by the token", drop=["client_id"])
refresh("refresh.other-client", "not bound to its client", client_id="{other}")
refresh("refresh.narrower-scope", "a narrower scope", scope="openid")
refresh("refresh.wider-scope", "a wider scope", scope="all openid nosuch")
refresh("refresh.access-token", "an access token is no refresh token", refresh_token="{access}")
refresh("refresh.upper-case", "is the refresh token compared by case?", refresh_token="{REFRESH}")
refresh("refresh.unknown", "404", refresh_token="nosuch")
refresh("refresh.unknown-no-client-id", "404", refresh_token="nosuch", drop=["client_id"])
refresh("refresh.missing", "invalid_request", drop=["refresh_token"])
refresh("refresh.after-expiry", "refresh tokens do not expire", prep="expired")

# bearer
BEARER = {"Authorization": "Bearer {access}"}
case("bearer.get", "the token is the user", f"GET {WHO}", prep="tokens", headers=BEARER)
case("bearer.post", "no CSRF without a cookie", f"POST {WHO}", headers=BEARER, form={})
case("bearer.post-with-cookie", "a session that has no CSRF token yet is not checked", f"POST {WHO}", headers=BEARER, session="user", form={})
case("bearer.upper-case", "is the token compared by case?", f"GET {WHO}", headers={"Authorization": "Bearer {ACCESS}"})
case("bearer.lower-case-scheme", "the scheme has no case", f"GET {WHO}", headers={"Authorization": "bearer {access}"})
case("bearer.in-query", "not read from the URL", f"GET {WHO}", query={"access_token": "{access}"})
case("bearer.refresh-token", "a refresh token is no bearer", f"GET {WHO}", headers={"Authorization": "Bearer {refresh}"})
case("bearer.unknown", "401", f"GET {WHO}", headers={"Authorization": "Bearer nosuch"})
case("bearer.unknown-open-method", "401 also where a guest may", f"GET {PING}", headers={"Authorization": "Bearer nosuch"})
case("bearer.empty", "a bare scheme is a guest", f"GET {PING}", headers={"Authorization": "Bearer"})
case("bearer.expired", "401", f"GET {WHO}", prep="expired", headers=BEARER)
case("bearer.html-page", "a page with a token", "GET /nosuch-page", prep="tokens", headers=BEARER)

# revoke
case("revoke.access", "200 and an empty object", f"POST {API}revoke_token", prep="tokens", form={"token": "{access}", "client_id": "{skip}"})
case("revoke.access-dead", "the access token is dead", f"GET {WHO}", headers=BEARER)
refresh("revoke.access-kills-refresh", "both share one row")
case("revoke.refresh-with-hint", "works with the hint", f"POST {API}revoke_token", prep="tokens",
     form={"token": "{refresh}", "token_type_hint": "refresh_token", "client_id": "{skip}"})
case("revoke.refresh-with-hint-dead", "and ends both", f"GET {WHO}", headers=BEARER)
case("revoke.refresh-without-hint", "silently does nothing", f"POST {API}revoke_token", prep="tokens",
     form={"token": "{refresh}", "client_id": "{skip}"})
case("revoke.refresh-without-hint-alive", "still alive", f"GET {WHO}", headers=BEARER)
case("revoke.no-client-id", "the client is found by the access token", f"POST {API}revoke_token", form={"token": "{access}"})
case("revoke.no-client-id-dead", "dead", f"GET {WHO}", headers=BEARER)
case("revoke.other-client", "any client may revoke", f"POST {API}revoke_token", prep="tokens", form={"token": "{access}", "client_id": "{other}"})
case("revoke.other-client-dead", "dead", f"GET {WHO}", headers=BEARER)
case("revoke.unknown", "200 as the RFC wants", f"POST {API}revoke_token", form={"token": "nosuch", "client_id": "{skip}"})
case("revoke.unknown-no-client-id", "404: no client is found", f"POST {API}revoke_token", form={"token": "nosuch"})
case("revoke.unknown-client", "404", f"POST {API}revoke_token", form={"token": "nosuch", "client_id": "nosuch"})
case("revoke.no-token", "token is needed", f"POST {API}revoke_token", form={"client_id": "{skip}"})
case("revoke.get", "GET", f"GET {API}revoke_token", query={"token": "nosuch", "client_id": "{skip}"})

# introspect
case("introspect.live", "open to guests", f"POST {API}introspect_token", prep="tokens", form={"token": "{access}"})
case("introspect.live-user", "the same in a session", f"GET {API}introspect_token", query={"token": "{access}"}, session="user")
case("introspect.refresh-hint", "a refresh token needs the hint", f"POST {API}introspect_token",
     form={"token": "{refresh}", "token_type_hint": "refresh_token"})
case("introspect.refresh-no-hint", "else it is unknown", f"POST {API}introspect_token", form={"token": "{refresh}"})
case("introspect.unknown", "active false", f"POST {API}introspect_token", form={"token": "nosuch"})
case("introspect.no-token", "active false", f"POST {API}introspect_token", form={})
case("introspect.expired", "still active", f"POST {API}introspect_token", prep="expired", form={"token": "{access}"})
case("introspect.revoked", "active false, the rest stays", f"POST {API}introspect_token", prep="revoked", form={"token": "{access}"})
refresh("refresh.revoked", "a revoked pair cannot refresh")

# profile and discovery
case("profile.bearer", "the claims", f"GET {API}openid_profile", prep="tokens", headers=BEARER)
case("profile.post", "POST too", f"POST {API}openid_profile", headers=BEARER, form={})
case("profile.guest", "403", f"GET {API}openid_profile")
case("profile.session", "a session is not a bearer", f"GET {API}openid_profile", session="user")
case("profile.dead-bearer", "401", f"GET {API}openid_profile", headers={"Authorization": "Bearer nosuch"})
case("discovery.method", "the document", f"GET {API}openid_configuration")
case("discovery.well-known-openid", "a redirect to it", "GET /.well-known/openid-configuration")
case("discovery.well-known-oauth-server", "absent in this version, or the document", "GET /.well-known/oauth-authorization-server")
case("discovery.well-known-resource", "absent in this version, or the document", "GET /.well-known/oauth-protected-resource")
case("discovery.forwarded-https", "the proxy's scheme decides the issuer", f"GET {API}openid_configuration", layer="direct",
     headers={"X-Forwarded-Proto": "https"})
case("direct.site-by-header", "the web server trusts X-Frappe-Site-Name", f"GET {PING}", layer="direct",
     headers={"Host": "nosuch.contract.example", "X-Frappe-Site-Name": "{host}"})
case("direct.unknown-site", "404", f"GET {PING}", layer="direct", headers={"Host": "nosuch.contract.example"})

# the paths of the token endpoint
PROBE = {"grant_type": "authorization_code", "code": "nosuch", "redirect_uri": APP_URI, "client_id": "{skip}"}
CMD = {"cmd": OAUTH + "get_token", **PROBE}
case("form.method", "the usual way: invalid_grant says that it was reached", f"POST {API}get_token", form=PROBE)
case("form.v1", "v1", f"POST /api/v1/method/{OAUTH}get_token", form=PROBE)
case("form.v2", "v2", f"POST /api/v2/method/{OAUTH}get_token", form=PROBE)
case("form.v2-unknown-client", "v2 shapes its errors its own way", f"POST /api/v2/method/{OAUTH}get_token", form={**PROBE, "client_id": "nosuch"})
case("form.cmd-root", "cmd in the body of POST /", "POST /", form=CMD)
case("form.cmd-other-path", "on any path", "POST /nosuch/path", form=CMD)
case("form.cmd-api-path", "also below another method", f"POST {PING}", form=CMD)
case("form.cmd-query", "cmd in the URL, the rest in the body", "POST /", query={"cmd": OAUTH + "get_token"}, form=PROBE)
case("form.cmd-json", "cmd as JSON reaches it, but no form does", "POST /", json=CMD)
case("form.cmd-get", "GET is refused", "GET /", query=CMD)
case("form.multipart", "multipart works", f"POST {API}get_token", form=PROBE, multipart=True)
case("form.suffix", "anything after the method name", f"POST {API}get_token/x", form=PROBE)
case("form.percent", "percent-encoded letters", "POST /api/method/frappe%2Eintegrations.oauth2.get_%74oken", form=PROBE)
case("form.upper-case", "the path has case", f"POST /API/METHOD/{OAUTH}get_token", form=PROBE)
case("form.double-slash", "two slashes", f"POST //api/method/{OAUTH}get_token", form=PROBE)
case("form.dot-segment", "a dot segment", f"POST /x/../api/method/{OAUTH}get_token", form=PROBE)
case("form.unknown-method", "an unknown method", "GET /api/method/frappe.nosuch")
case("form.unknown-api", "an unknown route", "GET /api/nosuch")

# CSRF: a session is checked only after the desk has given it a token
case("csrf.before-desk", "no desk page seen: not checked", f"POST {API}get_token", session="user", form=PROBE)
case("csrf.desk-page", "the desk gives the session its token", "GET /app", session="desk")
case("csrf.token-endpoint", "from then on the token endpoint wants it", f"POST {API}get_token", session="desk", form=PROBE)
case("csrf.revoke", "revocation too", f"POST {API}revoke_token", session="desk", form={"token": "nosuch", "client_id": "{skip}"})
case("csrf.bearer-and-cookie", "a bearer does not help", f"POST {WHO}", prep="tokens", session="desk", headers=BEARER, form={})
case("csrf.header", "the header does", f"POST {WHO}", session="desk", headers={"X-Frappe-CSRF-Token": "{csrf}"}, form={})
case("csrf.field", "or the field", f"POST {WHO}", session="desk", form={"csrf_token": "{csrf}"})
case("csrf.wrong", "not any header", f"POST {WHO}", session="desk", headers={"X-Frappe-CSRF-Token": "wrong"}, form={})
for label, value in {"paths": [API + "get_token"], "empty-list": [], "one": 1, "zero": 0}.items():
    case(f"csrf.ignore-{label}", "ignore_csrf is a truth value for the whole site", f"POST {WHO}", session="desk", form={},
         config={"ignore_csrf": value})

# CORS
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
for label, value in {"unset": None, "string": ORIGIN, "list": [ORIGIN, "https://b.example"], "star": "*", "star-list": ["*"], "empty-list": [],
                     "json-string": json.dumps([ORIGIN]), "comma-string": f"{ORIGIN},https://b.example", "trailing-slash": ORIGIN + "/",
                     "upper-case": ORIGIN.upper(), "space": ORIGIN + " "}.items():
    conf = {} if value is None else {"allow_cors": value}
    case(f"cors.{label}.simple", "which forms of allow_cors work", f"GET {PING}", headers={"Origin": ORIGIN}, config=conf)
    case(f"cors.{label}.preflight", "a preflight is always 200", f"OPTIONS {API}get_token", headers={"Origin": ORIGIN, **PREFLIGHT}, config=conf)
LIST, STAR = {"allow_cors": [ORIGIN, "https://b.example"]}, {"allow_cors": "*"}
case("cors.list.other-origin", "no header", f"GET {PING}", headers={"Origin": EVIL}, config=LIST)
case("cors.list.no-origin", "no header", f"GET {PING}", config=LIST)
case("cors.list.error-401", "on errors too", f"GET {WHO}", headers={"Origin": ORIGIN, "Authorization": "Bearer nosuch"}, config=LIST)
case("cors.list.error-403", "on errors too", f"GET {WHO}", headers={"Origin": ORIGIN}, config=LIST)
case("cors.list.error-404", "on errors too", "GET /api/nosuch", headers={"Origin": ORIGIN}, config=LIST)
case("cors.list.token-error", "on errors too", f"POST {API}get_token", headers={"Origin": ORIGIN}, form=PROBE, config=LIST)
case("cors.list.redirect", "on redirects too", "GET /.well-known/openid-configuration", headers={"Origin": ORIGIN}, config=LIST)
case("cors.list.preflight-other-origin", "200 without headers", f"OPTIONS {API}get_token", headers={"Origin": EVIL, **PREFLIGHT}, config=LIST)
case("cors.list.preflight-odd", "whatever is asked comes back", f"OPTIONS {PING}", config=LIST, headers={
    "Origin": ORIGIN, "Access-Control-Request-Method": "NOSUCH", "Access-Control-Request-Headers": "x-anything"})
case("cors.list.preflight-bare", "without the request headers", f"OPTIONS {PING}", headers={"Origin": ORIGIN}, config=LIST)
case("cors.list.preflight-unknown-path", "any path", "OPTIONS /nosuch", headers={"Origin": ORIGIN, **PREFLIGHT}, config=LIST)
case("cors.star.other-origin", "any origin, with credentials", f"GET {PING}", headers={"Origin": EVIL}, config=STAR)
case("cors.star.null-origin", "null too", f"GET {PING}", headers={"Origin": "null"}, config=STAR)
case("cors.unread-keys", "keys that nothing reads", f"OPTIONS {PING}", headers={"Origin": ORIGIN, **PREFLIGHT}, config={
    **STAR, "cors_allow_credentials": False, "allow_cors_for_methods": ["GET"], "allow_cors_for_headers": ["X-No"]})

# REST and API keys (for the REST client)
CLIENTS = "/api/resource/OAuth Client"
NEW = {"app_name": "Contract Rest", "default_redirect_uri": APP_URI, "redirect_uris": APP_URI, "scopes": "all openid"}
case("rest.list", "find by app_name", f"GET {CLIENTS}", session="admin",
     query={"filters": '[["app_name","=","Contract Skip"]]', "fields": '["name","app_name"]'})
case("rest.list-user", "only a System Manager", f"GET {CLIENTS}", session="user")
case("rest.list-guest", "only a System Manager", f"GET {CLIENTS}")
case("rest.read", "the whole document, secret included", f"GET {CLIENTS}/{{skip}}", session="admin")
case("rest.read-unknown", "404", f"GET {CLIENTS}/nosuch", session="admin")
case("rest.create", "defaults are filled in", f"POST {CLIENTS}", session="admin", json=NEW, save="rest")
case("rest.create-chosen-name", "a name cannot be chosen over REST", f"POST {CLIENTS}", session="admin", json={**NEW, "name": "contract-chosen"})
case("rest.create-mandatory", "417", f"POST {CLIENTS}", session="admin", json={"app_name": "Contract Rest"})
case("rest.create-bad-pair", "417", f"POST {CLIENTS}", session="admin", json={**NEW, "grant_type": "Implicit"})
case("rest.update", "one field", f"PUT {CLIENTS}/{{rest}}", session="admin", json={"scopes": "openid"})
case("rest.update-secret", "a read-only field is still written", f"PUT {CLIENTS}/{{rest}}", session="admin", json={"client_secret": "contract-given"})
case("rest.update-user", "403", f"PUT {CLIENTS}/{{rest}}", session="user", json={"scopes": "all"})
case("rest.delete", "202", f"DELETE {CLIENTS}/{{rest}}", session="admin")
case("rest.delete-again", "404", f"DELETE {CLIENTS}/{{rest}}", session="admin")
case("rest.delete-with-tokens", "417: it has tokens", f"DELETE {CLIENTS}/{{skip}}", session="admin")
case("key.token", "API key", f"GET {WHO}", headers={"Authorization": "token {key}:{secret}"})
case("key.post", "no CSRF", f"POST {WHO}", headers={"Authorization": "token {key}:{secret}"}, form={})
case("key.basic", "as HTTP Basic", f"GET {WHO}", headers={"Authorization": "Basic {key_basic}"})
case("key.wrong-secret", "401", f"GET {WHO}", headers={"Authorization": "token {key}:wrong"})
case("key.unknown", "401", f"GET {WHO}", headers={"Authorization": "token nosuch:wrong"})
case("key.upper-case", "is the key compared by case?", f"GET {WHO}", headers={"Authorization": "token {KEY}:{secret}"})
case("key.no-colon", "401", f"GET {WHO}", headers={"Authorization": "token nosuch"})

# the site's state
case("site.ping", "what the reload waits for", f"GET {PING}")
case("site.unknown-page", "a page that is not there", "GET /nosuch-page")
case("site.maintenance", "maintenance_mode", f"GET {PING}", config={"maintenance_mode": 1})
case("site.broken-config", "a truncated site_config.json stops the site", f"GET {PING}", config_text='{"db_name": ')
case("site.healed-config", "and a whole one heals it at once", f"GET {PING}")

# nginx as bench writes it
SECURITY = ["X-Frame-Options", "Strict-Transport-Security", "X-Content-Type-Options", "X-XSS-Protection", "Referrer-Policy"]
case("nginx.headers-200", "headers of the server block", f"GET {PING}", layer="nginx", also=SECURITY)
case("nginx.headers-401", "absent on errors", f"GET {WHO}", layer="nginx", also=SECURITY, headers={"Authorization": "Bearer nosuch"})
case("nginx.trailing-slash", "a redirect that loses a POST", f"POST {API}get_token/", layer="nginx", form=PROBE)
case("nginx.html-suffix", "cut off", "GET /login.html", layer="nginx")
case("nginx.unknown-host", "the first server block answers", f"GET {PING}", layer="nginx", headers={"Host": "nosuch.contract.example"})
case("nginx.upper-case-host", "the host is lowered", f"GET {PING}", layer="nginx", headers={"Host": "{HOST}"})
case("nginx.site-header", "a client's X-Frappe-Site-Name is overwritten", f"GET {PING}", layer="nginx", headers={"X-Frappe-Site-Name": "nosuch"})
case("nginx.forwarded-proto", "a client's X-Forwarded-Proto is overwritten", f"GET {API}openid_configuration", layer="nginx",
     headers={"X-Forwarded-Proto": "https"})
case("nginx.gzip", "gzip and Vary", f"GET {API}openid_configuration", layer="nginx",
     headers={"Accept-Encoding": "gzip"}, also=["Content-Encoding", "Vary"])
case("nginx.gzip-cors-vary", "two Vary lines", f"GET {API}openid_configuration", layer="nginx", also=["Content-Encoding", "Vary"], config=LIST,
     headers={"Accept-Encoding": "gzip", "Origin": ORIGIN})
case("nginx.asset-missing", "assets never reach Frappe", "GET /assets/nosuch.css", layer="nginx", also=["Cache-Control"])
