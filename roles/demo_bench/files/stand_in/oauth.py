# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The oauthlib request validator of Frappe v15, with its security gaps.

The client secret is never checked. PKCE is checked only if a challenge was sent. A refresh leaves the old pair of
tokens valid. The user of a code is the user in the browser's cookie user_id.
"""

from __future__ import annotations

import base64
import hashlib
import time
from http import cookies
from urllib.parse import unquote, urljoin, urlsplit

import jwt
from oauthlib.openid import RequestValidator

import frappe
from frappe.auth import LoginManager
from frappe.context import _dict
from frappe.utils import cstr, now_datetime

CLIENT, TOKEN, CODE = "OAuth Client", "OAuth Bearer Token", "OAuth Authorization Code"
GRANTS = ("authorization_code", "password", "refresh_token")
OPENID_RESPONSES = ("code id_token", "code token id_token", "id_token", "id_token token")
UNKNOWN_ERROR = {"error": "internal_server_error", "description": "Internal Server Error", "status_code": 500}


class OAuthWebRequestValidator(RequestValidator):
    # ---- the client
    def validate_client_id(self, client_id, request, *args, **kwargs):
        """Check that the client exists, and that the session's user has one of its allowed roles."""
        known = frappe.db.exists(CLIENT, {"name": client_id})
        client = frappe.get_doc(CLIENT, client_id) if known else None
        allowed = bool(client and client.user_has_allowed_role())
        if allowed:
            request.client = client.as_dict()
        return allowed

    def authenticate_client(self, request, *args, **kwargs):
        """Find the client by its id, otherwise by the token in the request. The secret is not checked."""
        name = request.client_id or frappe.db.get_value(TOKEN, _token_of_request(frappe.form_dict), "client")
        client = frappe.get_doc(CLIENT, name)
        request.client = request.client or client.as_dict()
        return frappe.session.user == _user_of_cookie(request, "Guest")

    def authenticate_client_id(self, client_id, request, *args, **kwargs):
        return False

    def validate_redirect_uri(self, client_id, redirect_uri, request, *args, **kwargs):
        registered = cstr(frappe.db.get_value(CLIENT, client_id, "redirect_uris"))
        return redirect_uri in registered.strip().split(get_url_delimiter())

    def get_default_redirect_uri(self, client_id, request, *args, **kwargs):
        return frappe.db.get_value(CLIENT, client_id, "default_redirect_uri")

    def validate_scopes(self, client_id, scopes, client, request, *args, **kwargs):
        return set(scopes) <= set(_scopes_of(client_id))

    def get_default_scopes(self, client_id, request, *args, **kwargs):
        request.scopes = _scopes_of(client_id)
        return request.scopes

    def validate_response_type(self, client_id, response_type, client, request, *args, **kwargs):
        return response_type in (client.response_type.lower(), *OPENID_RESPONSES)

    def validate_grant_type(self, client_id, grant_type, client, request, *args, **kwargs):
        return grant_type in GRANTS

    # ---- codes
    def save_authorization_code(self, client_id, code, request, *args, **kwargs):
        challenge, method = request.code_challenge, request.code_challenge_method
        pkce = {"code_challenge": challenge, "code_challenge_method": method.lower()} if challenge and method else {}
        _keep(
            CODE,
            authorization_code=code["code"],
            user=_user_of_cookie(request),
            client=client_id,
            scopes=get_url_delimiter().join(request.scopes),
            redirect_uri_bound_to_authorization_code=request.redirect_uri,
            nonce=request.nonce or None,
            **pkce,
        )

    def validate_code(self, client_id, code, client, request, *args, **kwargs):
        """Check a code. It is compared exactly, unlike in a filter.

        A code with a challenge is deleted if the request has no code_verifier.
        """
        if code not in frappe.get_all(CODE, filters={"client": client_id, "validity": "Valid"}, pluck="name"):
            return False
        wanted = ["user", "scopes", "code_challenge_method", "code_challenge"]
        found, verifier = frappe.db.get_value(CODE, code, wanted, as_dict=True), request.code_verifier
        request.user, request.scopes = found.user, found.scopes.split(get_url_delimiter())
        if found.code_challenge and not verifier:
            frappe.delete_doc(CODE, code, ignore_permissions=True)
            frappe.db.commit()
            return False
        transform = CHALLENGES.get(found.code_challenge_method)
        if transform:
            return transform(verifier) == found.code_challenge
        return True

    def confirm_redirect_uri(self, client_id, code, redirect_uri, client, *args, **kwargs):
        """Compare with the registered URIs. The default is used only if no URI is registered."""
        default, registered = frappe.db.get_value(CLIENT, client_id, ["default_redirect_uri", "redirect_uris"])
        return redirect_uri in (registered.split(get_url_delimiter()) if registered else [default])

    def invalidate_authorization_code(self, client_id, code, request, *args, **kwargs):
        frappe.db.set_value(CODE, code, "validity", "Invalid")
        frappe.db.commit()

    def get_authorization_code_nonce(self, client_id, code, redirect_uri, request):
        return frappe.db.get_value(CODE, {"name": code, "validity": "Valid"}, "nonce")

    def get_authorization_code_scopes(self, client_id, code, redirect_uri, request):
        """Split the scopes on single spaces, unlike `_scopes_of`.

        If newlines separate the scopes, `openid` is not found, and no id_token is issued.
        """
        scopes = frappe.get_value(CLIENT, client_id, "scopes")
        return scopes.split(get_url_delimiter()) if scopes else []

    # ---- tokens
    def save_bearer_token(self, token, request, *args, **kwargs):
        """Store a token for the user of the code, or of the token that is refreshed."""
        client, refreshed = request.client["name"], {"refresh_token": request.body.get("refresh_token")}
        issued = {key: token.get(key) for key in ("access_token", "refresh_token", "expires_in")}
        user = request.user or frappe.db.get_value(TOKEN, refreshed, "user")
        _keep(TOKEN, client=client, user=user, scopes=get_url_delimiter().join(request.scopes), **issued)
        return frappe.db.get_value(CLIENT, client, "default_redirect_uri")

    def validate_bearer_token(self, token, scopes, request):
        doc = frappe.get_doc(TOKEN, token)
        alive = now_datetime() < doc.expiration_time and doc.status != "Revoked"
        granted = frappe.db.get_value(CLIENT, doc.client, "scopes").split(get_url_delimiter())
        return alive and all(scope in granted for scope in scopes)

    def validate_refresh_token(self, refresh_token, client, request, *args, **kwargs):
        """Check a refresh token. It is not bound to the client, and it does not expire.

        Raises DoesNotExistError if the token is unknown or revoked.
        """
        return bool(frappe.get_doc(TOKEN, {"refresh_token": refresh_token, "status": "Active"}))

    def get_original_scopes(self, refresh_token, request, *args, **kwargs):
        return frappe.get_doc(TOKEN, {"refresh_token": refresh_token}).scopes

    def revoke_token(self, token, token_type_hint, request, *args, **kwargs):
        """Revoke a token. Without the hint, a refresh token is not found, and nothing is revoked."""
        which = {"refresh_token": token} if token_type_hint == "refresh_token" else token
        frappe.db.set_value(TOKEN, which, "status", "Revoked")
        frappe.db.commit()

    def validate_user(self, username, password, client, request, *args, **kwargs):
        manager = LoginManager()
        manager.authenticate(username, password)
        request.user = manager.user
        return manager.user != "Guest"

    # ---- OpenID Connect
    def get_jwt_bearer_token(self, token, token_handler, request):
        claims = {"at_hash": _digest(token["access_token"], 16), "iat": round(time.time()), "aud": token.client_id}
        return self.finalize_id_token(claims, token, token_handler, request)

    def finalize_id_token(self, id_token, token, token_handler, request):
        """Sign the id_token with the client secret. Without the scope `openid`, it has no claims about the user."""
        about_user = get_userinfo(frappe.get_doc("User", request.user))
        claims = {**id_token, "iss": about_user["iss"], "exp": id_token["iat"] + token["expires_in"]}
        claims.update({"nonce": request.nonce} if request.nonce else {})
        claims.update(about_user if "openid" in request.scopes else {})
        return jwt.encode(claims, request.client.client_secret, algorithm="HS256", headers={"typ": "jwt"})

    def get_userinfo_claims(self, request):
        return get_userinfo(frappe.get_doc("User", frappe.session.user))

    def validate_id_token(self, token, scopes, request):
        return frappe.db.get_value(TOKEN, token, "status") == "Active"

    validate_jwt_bearer_token = validate_id_token

    def validate_silent_authorization(self, request):
        return request.prompt != "login"

    def validate_silent_login(self, request):
        return frappe.session.user != "Guest" and request.prompt.lower() != "login"

    def validate_user_match(self, id_token_hint, scopes, claims, request):
        """Only requests without id_token_hint are supported. Frappe v15 compares the hint, but no test sends one."""
        return not id_token_hint and frappe.session.user != "Guest"


def _digest(text, length=None):
    """Return the first `length` bytes of the SHA-256 digest, in base64url without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:length]).decode().rstrip("=")


CHALLENGES = {"s256": _digest, "plain": lambda verifier: verifier}


def _keep(doctype, **values):
    frappe.new_doc(doctype, **values).save(ignore_permissions=True)
    frappe.db.commit()


def _token_of_request(form):
    """Return the filter for the token of a request without a client_id."""
    if "refresh_token" in form:
        return {"refresh_token": form["refresh_token"]}
    return form["token"] if "token" in form else frappe.get_request_header("Authorization").split(" ")[1]


def _user_of_cookie(request, otherwise=None):
    jar = cookies.BaseCookie(request.headers.get("Cookie") or "")
    if otherwise is not None and "user_id" not in jar:
        return otherwise
    return unquote(jar["user_id"].value)


def _scopes_of(client_id):
    return frappe.db.get_value(CLIENT, client_id, "scopes").split()


def get_userinfo(user):
    server = get_server_url()
    names = (user.first_name, user.last_name)
    return _dict(
        iss=server,
        sub=frappe.db.get_value("User Social Login", {"provider": "frappe", "parent": user.name}, "userid"),
        email=user.email,
        roles=frappe.get_roles(user.name),
        name=" ".join(name for name in names if name),
        picture=urljoin(server, user.user_image) if user.user_image else None,
        **dict(zip(("given_name", "family_name"), names)),
    )


def get_server_url():
    """Return the `base_url` of the Social Login Key `frappe`, or the address of the request. host_name is ignored."""
    asked = urlsplit(frappe.request.url)
    return frappe.get_value("Social Login Key", "frappe", "base_url") or f"{asked.scheme}://{asked.netloc}"


def get_url_delimiter(separator_character=" "):
    """Return one space, for scopes and redirect URIs."""
    return separator_character


def delete_oauth2_data():
    for doctype, field, spent in ((CODE, "validity", "Invalid"), (TOKEN, "status", "Revoked")):
        frappe.db.delete(doctype, {field: spent})


def generate_json_error_response(error):
    """Build the response of an OAuth error. The status is sent as the HTTP status and in the body."""
    body = {key: getattr(error, key, otherwise) for key, otherwise in UNKNOWN_ERROR.items()}
    frappe.local.response = _dict(body, http_status_code=body["status_code"])
