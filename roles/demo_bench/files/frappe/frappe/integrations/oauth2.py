# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OAuth endpoints, `/api/method/frappe.integrations.oauth2.*`."""

from __future__ import annotations

import html
import json
from urllib.parse import quote, urlencode

from oauthlib.oauth2 import FatalClientError, OAuth2Error
from oauthlib.openid.connect.core.endpoints.pre_configured import Server

import frappe
from frappe.context import _dict
from frappe.oauth import (
    CLIENT,
    TOKEN,
    OAuthWebRequestValidator,
    generate_json_error_response,
    get_server_url,
    get_userinfo,
)

HERE = "/api/method/frappe.integrations.oauth2."
OAUTH_ERRORS = (FatalClientError, OAuth2Error)


def get_oauth_server():
    if not getattr(frappe.local, "oauth_server", None):
        frappe.local.oauth_server = Server(OAuthWebRequestValidator())
    return frappe.local.oauth_server


def get_oauth_settings():
    return _dict(skip_authorization=frappe.db.get_single_value("OAuth Provider Settings", "skip_authorization"))


def _encoded(params):
    return urlencode(params, quote_via=quote)


def _redirect(location):
    frappe.local.response.update(type="redirect", location=location)


def _validated():
    """The scopes of an authorization request; its credentials are left in frappe.flags."""
    r = frappe.request
    scopes, frappe.flags.oauth_credentials = get_oauth_server().validate_authorization_request(
        r.url, r.method, r.get_data(), r.headers
    )
    return scopes


@frappe.whitelist(allow_guest=True)
def authorize(**kwargs):
    """To the login page, to `approve`, or a page that asks; a missing redirect_uri is a KeyError, as in Frappe."""
    params = {k: v for k, v in kwargs.items() if k not in ("data", "cmd")}
    approval = f"{HERE}approve?{_encoded(params)}"
    denial = frappe.form_dict["redirect_uri"] + "?error=access_denied"
    if frappe.session.user == "Guest":
        return _redirect("/login?" + _encoded({"redirect-to": frappe.request.url}))
    try:
        scopes = _validated()
    except OAUTH_ERRORS as error:
        return generate_json_error_response(error)
    skip = frappe.db.get_value(CLIENT, frappe.flags.oauth_credentials["client_id"], "skip_authorization")
    automatic = get_oauth_settings().skip_authorization == "Auto"
    if skip or (automatic and frappe.get_all(TOKEN, filters={"status": "Active"}, limit=1)):
        return _redirect(approval)
    asked = [scope for scope in scopes if scope != "openid"]
    asked += ["Full Name", "Email", "User Image", "Roles"] if "openid" in scopes else []
    return frappe.respond_as_web_page("Confirm Access", _consent(params["client_id"], asked, approval, denial))


def _consent(client_id, asked, approval, denial):
    name = frappe.db.get_value(CLIENT, client_id, "app_name")
    listed = "".join(f"<li>{html.escape(scope.title())}</li>" for scope in asked)
    allow, deny = (frappe.as_json(url, indent=None).replace("<", "\\u003c") for url in (approval, denial))
    return (
        f"<h3>{html.escape(name)}</h3><p>asks for these details of your account</p><ul>{listed}</ul>"
        '<button id="deny">Deny</button> <button id="allow">Allow</button><script>'
        f'document.getElementById("allow").onclick = () => window.location.replace({allow});'
        f'document.getElementById("deny").onclick = () => window.location.replace({deny});</script>'
    )


@frappe.whitelist()
def approve(*args, **kwargs):
    """Back to the client with a code; nothing proves that the page of `authorize` was shown."""
    r = frappe.request
    try:
        scopes = _validated()
        headers, _body, _status = get_oauth_server().create_authorization_response(
            uri=frappe.flags.oauth_credentials["redirect_uri"],
            body=r.get_data(),
            headers=r.headers,
            scopes=scopes,
            credentials=frappe.flags.oauth_credentials,
        )
    except OAUTH_ERRORS as error:
        return generate_json_error_response(error)
    return _redirect(headers.get("Location"))


@frappe.whitelist(allow_guest=True)
def get_token(*args, **kwargs):
    r = frappe.request
    try:
        _headers, body, _status = get_oauth_server().create_token_response(
            r.url, r.method, r.form, r.headers, frappe.flags.oauth_credentials
        )
    except OAUTH_ERRORS as error:
        return generate_json_error_response(error)
    frappe.local.response = _dict(json.loads(body))
    if frappe.local.response.error:
        frappe.local.response["http_status_code"] = 400


@frappe.whitelist(allow_guest=True)
def revoke_token(*args, **kwargs):
    r, status = frappe.request, None
    try:
        _headers, _body, status = get_oauth_server().create_revocation_response(
            r.url, headers=r.headers, body=r.form, http_method=r.method
        )
    except OAUTH_ERRORS:
        pass
    frappe.local.response = _dict(http_status_code=status or 200)


@frappe.whitelist()
def openid_profile(*args, **kwargs):
    r = frappe.request
    try:
        _headers, body, _status = get_oauth_server().create_userinfo_response(r.url, headers=r.headers, body=r.form)
    except OAUTH_ERRORS as error:
        return generate_json_error_response(error)
    frappe.local.response = _dict(json.loads(body))


@frappe.whitelist(allow_guest=True)
def openid_configuration():
    server = get_server_url()
    endpoints = {
        "authorization_endpoint": "authorize",
        "token_endpoint": "get_token",
        "userinfo_endpoint": "openid_profile",
        "revocation_endpoint": "revoke_token",
        "introspection_endpoint": "introspect_token",
    }
    frappe.local.response = _dict(
        issuer=server,
        **{key: f"{server}{HERE}{method}" for key, method in endpoints.items()},
        response_types_supported=[
            "code",
            "token",
            "code id_token",
            "code token id_token",
            "id_token",
            "id_token token",
        ],
        subject_types_supported=["public"],
        id_token_signing_alg_values_supported=["HS256"],
    )


@frappe.whitelist(allow_guest=True)
def introspect_token(token=None, token_type_hint=None):
    """Open to guests; a token that has expired is still active. The message of a failed search stays in the reply."""
    field = token_type_hint if token_type_hint == "refresh_token" else "access_token"
    try:
        found = frappe.get_doc(TOKEN, {field: token})
        client = frappe.get_doc(CLIENT, found.client)
        answer = _dict(
            client_id=client.client_id,
            trusted_client=client.skip_authorization,
            active=found.status == "Active",
            exp=round(found.expiration_time.timestamp()),
            scope=found.scopes,
        )
        if "openid" in found.scopes:
            answer.update(get_userinfo(frappe.get_doc("User", found.user)))
        frappe.local.response = answer
    except Exception:
        frappe.local.response = _dict(active=False)
