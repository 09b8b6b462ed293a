# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Token introspection, refresh and revocation on one site. One function per step."""

from __future__ import annotations

import json
import typing as t
from urllib.parse import quote

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.site_rules import (
    FRAPPE_INTROSPECTION_OPEN,
    FRAPPE_REFRESH_KEEPS_OLD,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import (
    INTROSPECTION_WRONG,
    REFRESH_REFUSED,
    REVOKE_REFUSED,
    REVOKED_ALIVE,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.client_auth import (
    as_client,
    unauthenticated,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.flow import answered, granted
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.http import body_of, said
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault, Seen
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import OAUTH, WHO, Verification

DEAD = (400, 401, 403, 404)
CLOSED = (403,)  # what introspection returns to a client that has not authenticated, besides 401


def introspect(run: Verification) -> Seen:
    """Check that introspection reports a valid token as active, and whether it requires authentication."""
    expected = "active: true for a valid token"
    token = run.pairs[-1]["access_token"]
    reply = _introspected(run, _question(token), {})
    if unauthenticated(reply, *CLOSED):
        reply = asked_about(run, token)
        if unauthenticated(reply, *CLOSED):
            return Seen(expected, f"{said(reply)}: introspection requires authentication")
        if body_of(reply).get("active") is True:
            return Seen(expected, "active: true for the client, after authentication")
    if body_of(reply).get("active") is not True:
        raise Fault(INTROSPECTION_WRONG, expected, _active(reply))
    return Seen(
        expected,
        "active: true, without authentication",
        FRAPPE_INTROSPECTION_OPEN,
        "introspection requires no authentication",
    )


def _active(reply: t.Any) -> str:
    """The field ``active`` of a response, as JSON spells it."""
    body = body_of(reply)
    return f"active: {json.dumps(body['active'])}" if "active" in body else f"{said(reply)} without the field active"


def asked_about(run: Verification, value: str, hint: str = "access_token") -> t.Any:
    """The response of the introspection endpoint for a token, to the client that it was issued to."""
    return as_client(run, _question(value, hint), lambda form, more: _introspected(run, form, more), *CLOSED)


def _question(value: str, hint: str = "access_token") -> str:
    return f"token={quote(value)}&token_type_hint={hint}"


def _introspected(run: Verification, form: str, headers: dict[str, str]) -> t.Any:
    return run.http.post(OAUTH + "introspect_token", form, headers=headers)


def refresh(run: Verification) -> Seen:
    """Exchange the refresh token for a new access token and refresh token."""
    expected = "new tokens for the refresh token, and a new access token that works"
    form = run.issued.client.prepare_refresh_body(refresh_token=run.pairs[0]["refresh_token"], client_id=run.client_id)
    # Frappe returns the 404 of an unknown client for an unknown refresh token; this client_id is known to work
    run.pairs.append(granted(run, form, expected, lambda _reply: REFRESH_REFUSED))
    reply = run.call(run.pairs[-1], WHO)
    if reply.status_code != 200:
        raise Fault(REFRESH_REFUSED, expected, f"the new access token: {said(reply)}")
    return Seen(expected, "new tokens that work")


def old_pair(run: Verification) -> Seen:
    """Check whether the refresh revoked the old tokens."""
    expected = "revoked old tokens after a refresh"
    if run.call(run.pairs[0], WHO).status_code in DEAD:
        return Seen(expected, "the old tokens are revoked")
    return Seen(expected, "the old access token still works", FRAPPE_REFRESH_KEEPS_OLD, "Frappe does not revoke it")


def revoke(run: Verification) -> Seen:
    """Revoke all tokens: the last pair by its refresh token with the hint, the others by their access tokens."""
    expected = "HTTP 200 for each token"
    for pair in run.pairs:
        by_refresh = pair is run.pairs[-1] and len(run.pairs) > 1
        reply = revoked(run, pair, "refresh_token" if by_refresh else "access_token")
        if reply.status_code != 200:
            raise Fault(REVOKE_REFUSED, expected, said(reply))
    return Seen(expected, "HTTP 200 for each token")


def revoked(run: Verification, pair: dict[str, t.Any], kind: str, hint: bool = True) -> t.Any:
    """Revoke an access token and its refresh token by one of the two."""
    from oauthlib.oauth2 import WebApplicationClient

    client = WebApplicationClient(run.client_id)
    body = client.prepare_token_revocation_request(run.http.base, pair[kind], kind if hint else None)[2]
    form = f"{body}&client_id={quote(run.client_id)}"
    return as_client(run, form, lambda form, more: run.http.post(OAUTH + "revoke_token", form, headers=more))


def dead(run: Verification) -> Seen:
    """Check that the API rejects revoked access tokens, and the token endpoint a revoked refresh token."""
    expected = "an error response for every revoked token"
    for pair in run.pairs:
        reply = run.call(pair, WHO)
        if reply.status_code not in (401, 403):
            raise Fault(REVOKED_ALIVE, expected, f"a revoked access token: {said(reply)}")
    last = run.pairs[-1]
    form = run.issued.client.prepare_refresh_body(refresh_token=last["refresh_token"], client_id=run.client_id)
    reply = answered(run, form, expected)
    if reply.status_code not in DEAD:
        raise Fault(REVOKED_ALIVE, expected, f"a revoked refresh token: {said(reply)}")
    return Seen(expected, "every revoked token is rejected")


def introspect_dead(run: Verification) -> Seen:
    """Check that introspection reports a revoked token as inactive."""
    expected, reply = "active: false for a revoked token", asked_about(run, run.pairs[0]["access_token"])
    if unauthenticated(reply, *CLOSED):
        return Seen(expected, f"{said(reply)}: introspection requires authentication")
    if body_of(reply).get("active") is not False:
        raise Fault(INTROSPECTION_WRONG, expected, _active(reply))
    return Seen(expected, "active: false")
