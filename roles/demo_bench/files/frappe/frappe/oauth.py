# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Frappe v15 answers to oauthlib's questions, with the gaps it has there.

A client's secret is never asked for, PKCE only matters if a challenge was sent, a refresh leaves the old pair alive,
and the user of a code is the one that the browser's user_id cookie names.
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
GRANTS = ("authorization_code", "refresh_token", "password")
OPENID_RESPONSES = ("id_token", "id_token token", "code id_token", "code token id_token")


class OAuthWebRequestValidator(RequestValidator):
    # ---- the client
    def validate_client_id(self, client_id, request, *args, **kwargs):
        if not frappe.db.get_value(CLIENT, {"name": client_id}):
            return False
        client = frappe.get_doc(CLIENT, client_id)
        if client.user_has_allowed_role():
            request.client = client.as_dict()
        return client.user_has_allowed_role()

    def authenticate_client(self, request, *args, **kwargs):
        """Finds the client by its id, else by the token at hand; the secret is not looked at."""
        name = request.client_id
        if not name:
            form = frappe.form_dict
            if "refresh_token" in form:
                token = {"refresh_token": form["refresh_token"]}
            elif "token" in form:
                token = form["token"]
            else:
                token = frappe.get_request_header("Authorization").split(" ")[1]
            name = frappe.db.get_value(TOKEN, token, "client")
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
        doc = frappe.new_doc(CODE)
        doc.scopes = get_url_delimiter().join(request.scopes)
        doc.redirect_uri_bound_to_authorization_code = request.redirect_uri
        doc.client = client_id
        doc.user = _user_of_cookie(request)
        doc.authorization_code = code["code"]
        if request.nonce:
            doc.nonce = request.nonce
        if request.code_challenge and request.code_challenge_method:
            doc.code_challenge = request.code_challenge
            doc.code_challenge_method = request.code_challenge_method.lower()
        doc.save(ignore_permissions=True)
        frappe.db.commit()

    def validate_code(self, client_id, code, client, request, *args, **kwargs):
        valid = frappe.get_all(CODE, filters={"client": client_id, "validity": "Valid"}, pluck="name")
        if code not in valid:
            return False
        found = frappe.db.get_value(
            CODE, code, ["scopes", "user", "code_challenge", "code_challenge_method"], as_dict=True
        )
        request.scopes, request.user = found.scopes.split(get_url_delimiter()), found.user
        if found.code_challenge and not request.code_verifier:
            frappe.delete_doc(CODE, code, ignore_permissions=True)
            frappe.db.commit()
            return False
        if found.code_challenge_method == "s256":
            digest = hashlib.sha256(request.code_verifier.encode()).digest()
            return found.code_challenge == base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if found.code_challenge_method == "plain":
            return found.code_challenge == request.code_verifier
        return True

    def confirm_redirect_uri(self, client_id, code, redirect_uri, client, *args, **kwargs):
        registered, default = frappe.db.get_value(CLIENT, client_id, ["redirect_uris", "default_redirect_uri"])
        return redirect_uri in registered.split(get_url_delimiter()) if registered else redirect_uri == default

    def invalidate_authorization_code(self, client_id, code, request, *args, **kwargs):
        frappe.db.set_value(CODE, code, "validity", "Invalid")
        frappe.db.commit()

    def get_authorization_code_nonce(self, client_id, code, redirect_uri, request):
        if frappe.get_value(CODE, code, "validity") == "Valid":
            return frappe.get_value(CODE, code, "nonce")
        return None

    def get_authorization_code_scopes(self, client_id, code, redirect_uri, request):
        return (frappe.get_value(CLIENT, client_id, "scopes") or "").split()

    # ---- tokens
    def save_bearer_token(self, token, request, *args, **kwargs):
        doc = frappe.new_doc(TOKEN)
        doc.client = request.client["name"]
        refreshed = {"refresh_token": request.body.get("refresh_token")}
        doc.user = request.user or frappe.db.get_value(TOKEN, refreshed, "user")
        doc.scopes = get_url_delimiter().join(request.scopes)
        doc.access_token, doc.refresh_token = token["access_token"], token.get("refresh_token")
        doc.expires_in = token["expires_in"]
        doc.save(ignore_permissions=True)
        frappe.db.commit()
        return frappe.db.get_value(CLIENT, request.client["name"], "default_redirect_uri")

    def validate_bearer_token(self, token, scopes, request):
        doc = frappe.get_doc(TOKEN, token)
        alive = now_datetime() < doc.expiration_time and doc.status != "Revoked"
        granted = frappe.db.get_value(CLIENT, doc.client, "scopes").split(get_url_delimiter())
        return alive and all(scope in granted for scope in scopes)

    def validate_refresh_token(self, refresh_token, client, request, *args, **kwargs):
        """Neither bound to the client nor to an age. Raises DoesNotExistError for an unknown or revoked one."""
        return bool(frappe.get_doc(TOKEN, {"refresh_token": refresh_token, "status": "Active"}))

    def get_original_scopes(self, refresh_token, request, *args, **kwargs):
        return frappe.get_doc(TOKEN, {"refresh_token": refresh_token}).scopes

    def revoke_token(self, token, token_type_hint, request, *args, **kwargs):
        """Without the hint a refresh token is looked for among access tokens, and nothing happens."""
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
        half = hashlib.sha256(token["access_token"].encode()).digest()[:16]
        claims = {
            "aud": token.client_id,
            "iat": round(time.time()),
            "at_hash": base64.urlsafe_b64encode(half).decode().rstrip("="),
        }
        return self.finalize_id_token(claims, token, token_handler, request)

    def finalize_id_token(self, id_token, token, token_handler, request):
        if request.nonce:
            id_token["nonce"] = request.nonce
        userinfo = get_userinfo(frappe.get_doc("User", request.user))
        id_token["exp"] = id_token["iat"] + token["expires_in"]
        id_token["iss"] = userinfo["iss"]
        if "openid" in request.scopes:
            id_token.update(userinfo)
        return jwt.encode(id_token, request.client.client_secret, "HS256", {"typ": "jwt", "alg": "HS256"})

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
        """Of hints only that they are absent is known here: v15 compares them, and nothing of ours sends one."""
        return not id_token_hint and frappe.session.user != "Guest"


def _user_of_cookie(request, otherwise=None):
    jar = cookies.BaseCookie(request.headers.get("Cookie") or "")
    if otherwise is not None and "user_id" not in jar:
        return otherwise
    return unquote(jar["user_id"].value)


def _scopes_of(client_id):
    return frappe.db.get_value(CLIENT, client_id, "scopes").split()


def get_userinfo(user):
    server = get_server_url()
    return _dict(
        sub=frappe.db.get_value("User Social Login", {"parent": user.name, "provider": "frappe"}, "userid"),
        name=" ".join(filter(None, [user.first_name, user.last_name])),
        given_name=user.first_name,
        family_name=user.last_name,
        email=user.email,
        picture=urljoin(server, user.user_image) if user.user_image else None,
        roles=frappe.get_roles(user.name),
        iss=server,
    )


def get_server_url():
    """The `base_url` of the Social Login Key `frappe`, else the address asked for; host_name does not count."""
    asked = urlsplit(frappe.request.url)
    return frappe.get_value("Social Login Key", "frappe", "base_url") or f"{asked.scheme}://{asked.netloc}"


def get_url_delimiter(separator_character=" "):
    """One space, for scopes and redirect URIs alike."""
    return separator_character


def delete_oauth2_data():
    frappe.db.delete(CODE, {"validity": "Invalid"})
    frappe.db.delete(TOKEN, {"status": "Revoked"})


def generate_json_error_response(error):
    status = getattr(error, "status_code", 500)
    frappe.local.response = _dict(
        description=getattr(error, "description", "Internal Server Error"),
        status_code=status,
        error=getattr(error, "error", "internal_server_error"),
        http_status_code=status,
    )
