# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OAuth endpoints, `/api/method/frappe.integrations.oauth2.*`."""

from __future__ import annotations

import contextlib
import functools
import html
import json
from urllib.parse import quote, urlencode

from oauthlib.oauth2 import FatalClientError, OAuth2Error
from oauthlib.openid.connect.core.endpoints.pre_configured import Server

import frappe
from frappe.context import _dict
from frappe.oauth import (
    CLIENT,
    OPENID_RESPONSES,
    TOKEN,
    OAuthWebRequestValidator,
    generate_json_error_response,
    get_server_url,
    get_userinfo,
)

HERE = "/api/method/frappe.integrations.oauth2."
OAUTH_ERRORS = (FatalClientError, OAuth2Error)
RESPONSE_TYPES = ["code", "token", *OPENID_RESPONSES]  # in the discovery document; a client supports one of the first 2
CLAIMED = ["Full Name", "Email", "User Image", "Roles"]  # what the consent page shows for the scope `openid`


def get_oauth_server():
    """Return the OAuth server object. It is cached per request, or per site in a script."""
    server = getattr(frappe.local, "oauth_server", None)
    if server is None:
        server = frappe.local.oauth_server = Server(OAuthWebRequestValidator())
    return server


def _errors_as_json(endpoint):
    @functools.wraps(endpoint)
    def guarded(*args, **kwargs):
        try:
            return endpoint(*args, **kwargs)
        except OAUTH_ERRORS as error:
            return generate_json_error_response(error)

    return guarded


def get_oauth_settings():
    return _dict(skip_authorization=frappe.db.get_single_value("OAuth Provider Settings", "skip_authorization"))


def _encoded(params):
    return urlencode(params, quote_via=quote)


def _redirect(location):
    frappe.local.response.update(type="redirect", location=location)


def _validated():
    """Return the scopes and credentials of an authorization request. Raises OAuth2Error or FatalClientError."""
    asked = frappe.request
    return get_oauth_server().validate_authorization_request(asked.url, asked.method, asked.get_data(), asked.headers)


@frappe.whitelist(allow_guest=True)
@_errors_as_json
def authorize(**kwargs):
    """Redirect to the login page or to `approve`, or show the consent page.

    As in Frappe, a missing redirect_uri raises KeyError.
    """
    params = {k: v for k, v in kwargs.items() if k not in ("data", "cmd")}
    approval = f"{HERE}approve?{_encoded(params)}"
    denial = frappe.form_dict["redirect_uri"] + "?error=access_denied"
    if frappe.session.user == "Guest":
        return _redirect("/login?" + _encoded({"redirect-to": frappe.request.url}))
    scopes, credentials = _validated()
    skip = frappe.db.get_value(CLIENT, credentials["client_id"], "skip_authorization")
    automatic = get_oauth_settings().skip_authorization == "Auto"
    if skip or (automatic and frappe.get_all(TOKEN, filters={"status": "Active"}, limit=1)):
        return _redirect(approval)
    asked = [scope for scope in scopes if scope != "openid"]
    asked += CLAIMED if "openid" in scopes else []
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
@_errors_as_json
def approve(*args, **kwargs):
    """Redirect to the client with a code. Frappe does not check that the consent page was shown."""
    scopes, credentials = _validated()
    asked, redirect_uri = frappe.request, credentials["redirect_uri"]
    grant = get_oauth_server().create_authorization_response
    headers = grant(redirect_uri, "GET", asked.get_data(), asked.headers, scopes, credentials)[0]
    return _redirect(headers.get("Location"))


@frappe.whitelist(allow_guest=True)
@_errors_as_json
def get_token(*args, **kwargs):
    """Issue tokens. The status is 400 for every oauthlib error."""
    asked = frappe.request
    body = get_oauth_server().create_token_response(asked.url, asked.method, asked.form, asked.headers)[1]
    answer = _dict(json.loads(body))
    frappe.local.response = answer.update(http_status_code=400) if answer.error else answer


@frappe.whitelist(allow_guest=True)
def revoke_token(*args, **kwargs):
    """Revoke a token. A request that oauthlib rejects gets the same response as a successful one."""
    asked, status = frappe.request, 200
    with contextlib.suppress(*OAUTH_ERRORS):
        revoke = get_oauth_server().create_revocation_response
        status = revoke(asked.url, asked.method, asked.form, asked.headers)[2] or status
    frappe.local.response = _dict(http_status_code=status)


@frappe.whitelist()
@_errors_as_json
def openid_profile(*args, **kwargs):
    """Return the claims of the session's user, if the bearer token has the scope `openid`."""
    asked = frappe.request
    body = get_oauth_server().create_userinfo_response(asked.url, "GET", asked.form, asked.headers)[1]
    frappe.local.response = _dict(json.loads(body))


@frappe.whitelist(allow_guest=True)
def openid_configuration():
    server = get_server_url()
    endpoints = {
        "token": "get_token",
        "authorization": "authorize",
        "introspection": "introspect_token",
        "revocation": "revoke_token",
        "userinfo": "openid_profile",
    }
    supported = {
        "id_token_signing_alg_values": ["HS256"],
        "response_types": RESPONSE_TYPES,
        "subject_types": ["public"],
    }
    frappe.local.response = _dict(
        {f"{name}_endpoint": f"{server}{HERE}{method}" for name, method in endpoints.items()},
        **{f"{what}_supported": values for what, values in supported.items()},
        issuer=server,
    )


@frappe.whitelist(allow_guest=True)
def introspect_token(token=None, token_type_hint=None):
    """Describe a token. Guests may call this method, and an expired token is still active.

    If no token is found, the response still contains the message of the failed search.
    """
    field = "refresh_token" if token_type_hint == "refresh_token" else "access_token"
    answer = _dict(active=False)
    with contextlib.suppress(Exception):
        answer = _facts_about(frappe.get_doc(TOKEN, {field: token}))
    frappe.local.response = answer


def _facts_about(bearer):
    client = frappe.get_doc(CLIENT, bearer.client)
    about_user = get_userinfo(frappe.get_doc("User", bearer.user)) if "openid" in bearer.scopes else {}
    return _dict(
        active=bearer.status == "Active",
        scope=bearer.scopes,
        exp=round(bearer.expiration_time.timestamp()),
        trusted_client=client.skip_authorization,
        client_id=client.client_id,
    ).update(about_user)
