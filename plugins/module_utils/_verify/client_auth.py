# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the client authenticates at the token, revocation and introspection endpoints.

Older versions of Frappe check no secret, and read HTTP Basic as an API key. Newer ones require the secret of a
confidential client. So HTTP Basic is sent only after the endpoint asked for it. A secret in the body harms nowhere.
"""

from __future__ import annotations

import base64
import typing as t
from urllib.parse import quote_plus, urlencode, urlsplit

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import (
    TOKEN_REFUSED,
    TOKEN_UNKNOWN_CLIENT,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.http import body_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import Verification

PUBLIC, POST = "None", "Client Secret Post"  # values of token_endpoint_auth_method
CLIENT_ERRORS = ("invalid_client", "unauthorized_client")
PASSWORD_GRANT = "grant_type=password"

Post = t.Callable[[str, t.Dict[str, str]], t.Any]


def method_of(run: Verification) -> str:
    """token_endpoint_auth_method of the client. Empty if this version of Frappe does not have the field."""
    return str(run.oauth_client.get("token_endpoint_auth_method") or "")


def is_native(run: Verification) -> bool:
    """Whether the client is an app on a user's device, which cannot keep a secret (RFC 8252, 8.4)."""
    return urlsplit(run.redirect_uri).scheme not in ("http", "https")


def unauthenticated(reply: t.Any, *statuses: int) -> bool:
    """Whether the endpoint rejected the authentication of the client, or does not know the client.

    Args:
        reply: the response.
        statuses: further statuses that mean so at this endpoint.
    """
    return reply.status_code in (401, *statuses) or (
        reply.status_code in (400, 403) and body_of(reply).get("error") in CLIENT_ERRORS
    )


def as_client(run: Verification, form: str, post: Post, *statuses: int, native: bool = False) -> t.Any:
    """Send a form, and authenticate as the client if the endpoint asks for it.

    Args:
        run: the verification.
        form: the body, with the client_id.
        post: sends a body with these headers.
        statuses: further statuses that ask for authentication at this endpoint.
        native: send the secret of a native app too. Such an app does not, so this does not show what it can do.

    Returns:
        The last response.
    """
    secret = run.oauth_client.get("client_secret") or ""
    may = bool(secret) and method_of(run) != PUBLIC and (native or not is_native(run))
    if not (may and (run.secret_required or method_of(run) == POST)):
        reply = post(form, {})
        # a rejected password is never sent twice, because Frappe locks users out
        if not may or not unauthenticated(reply, *statuses) or PASSWORD_GRANT in form:
            return reply
    reply = post(*with_secret(run, form, secret))
    run.secret_required = run.secret_required or not unauthenticated(reply, *statuses)
    return reply


def with_secret(run: Verification, form: str, secret: str) -> tuple[str, dict[str, str]]:
    """The body and the headers of a request with a client_secret, in the form that the client declares."""
    if method_of(run) == POST:
        return f"{form}&{urlencode({'client_secret': secret})}", {}
    pair = f"{quote_plus(run.client_id)}:{quote_plus(secret)}"
    return form, {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def why_client_refused(run: Verification) -> tuple[str, str]:
    """The rule and the reason if the token endpoint rejects the client that it accepted at authorization."""
    if method_of(run) == PUBLIC:
        return TOKEN_UNKNOWN_CLIENT, "a public client needs no client_secret"
    if is_native(run) and method_of(run):
        scheme = urlsplit(run.redirect_uri).scheme
        return (
            TOKEN_REFUSED,
            f"token_endpoint_auth_method is {method_of(run)}, and an app at {scheme}: cannot keep a client_secret",
        )
    return TOKEN_REFUSED, ""
