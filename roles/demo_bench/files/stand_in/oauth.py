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
GRANTS = ("authorization_code", "password", "refresh_token")
OPENID_RESPONSES = ("code id_token", "code token id_token", "id_token", "id_token token")
UNKNOWN_ERROR = {"error": "internal_server_error", "description": "Internal Server Error", "status_code": 500}


class OAuthWebRequestValidator(RequestValidator):
    # ---- the client
    def validate_client_id(self, client_id, request, *args, **kwargs):
        """Also asks whether the session's user has a role that the client is for."""
        known = frappe.db.exists(CLIENT, {"name": client_id})
        client = frappe.get_doc(CLIENT, client_id) if known else None
        allowed = bool(client and client.user_has_allowed_role())
        if allowed:
            request.client = client.as_dict()
        return allowed

    def authenticate_client(self, request, *args, **kwargs):
        """Finds the client by its id, else by the token at hand; the secret is not looked at."""
        name = request.client_id or frappe.db.get_value(TOKEN, _token_at_hand(frappe.form_dict), "client")
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
        proof = {"code_challenge": challenge, "code_challenge_method": method.lower()} if challenge and method else {}
        _keep(
            CODE,
            authorization_code=code["code"],
            user=_user_of_cookie(request),
            client=client_id,
            scopes=get_url_delimiter().join(request.scopes),
            redirect_uri_bound_to_authorization_code=request.redirect_uri,
            nonce=request.nonce or None,
            **proof,
        )

    def validate_code(self, client_id, code, client, request, *args, **kwargs):
        """Compared letter by letter, unlike a filter. A code whose challenge is not answered is deleted."""
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
        """The default only counts where none is registered."""
        default, registered = frappe.db.get_value(CLIENT, client_id, ["default_redirect_uri", "redirect_uris"])
        return redirect_uri in (registered.split(get_url_delimiter()) if registered else [default])

    def invalidate_authorization_code(self, client_id, code, request, *args, **kwargs):
        frappe.db.set_value(CODE, code, "validity", "Invalid")
        frappe.db.commit()

    def get_authorization_code_nonce(self, client_id, code, redirect_uri, request):
        return frappe.db.get_value(CODE, {"name": code, "validity": "Valid"}, "nonce")

    def get_authorization_code_scopes(self, client_id, code, redirect_uri, request):
        """On one space, unlike those that are held against a request: a newline hides `openid`, and its id_token."""
        scopes = frappe.get_value(CLIENT, client_id, "scopes")
        return scopes.split(get_url_delimiter()) if scopes else []

    # ---- tokens
    def save_bearer_token(self, token, request, *args, **kwargs):
        """For the user of the code, else of the token that is refreshed."""
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
        claims = {"at_hash": _digest(token["access_token"], 16), "iat": round(time.time()), "aud": token.client_id}
        return self.finalize_id_token(claims, token, token_handler, request)

    def finalize_id_token(self, id_token, token, token_handler, request):
        """Signed with the client's secret. Without the scope `openid` it says nothing about the user."""
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
        """Of hints only that they are absent is known here: v15 compares them, and nothing of ours sends one."""
        return not id_token_hint and frappe.session.user != "Guest"


def _digest(text, length=None):
    """Of the SHA-256 the first `length` bytes, in base64url without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:length]).decode().rstrip("=")


CHALLENGES = {"s256": _digest, "plain": lambda verifier: verifier}


def _keep(doctype, **values):
    frappe.new_doc(doctype, **values).save(ignore_permissions=True)
    frappe.db.commit()


def _token_at_hand(form):
    """What finds the row of the token that a request without a client_id is about."""
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
    """The `base_url` of the Social Login Key `frappe`, else the address asked for; host_name does not count."""
    asked = urlsplit(frappe.request.url)
    return frappe.get_value("Social Login Key", "frappe", "base_url") or f"{asked.scheme}://{asked.netloc}"


def get_url_delimiter(separator_character=" "):
    """One space, for scopes and redirect URIs alike."""
    return separator_character


def delete_oauth2_data():
    for doctype, field, spent in ((CODE, "validity", "Invalid"), (TOKEN, "status", "Revoked")):
        frappe.db.delete(doctype, {field: spent})


def generate_json_error_response(error):
    """The status is told twice: to HTTP, and in the reply."""
    told = {key: getattr(error, key, otherwise) for key, otherwise in UNKNOWN_ERROR.items()}
    frappe.local.response = _dict(told, http_status_code=told["status_code"])
