# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shared state of the steps of one verification: options, HTTP client, tokens, and what must be cleaned up."""

from __future__ import annotations

import dataclasses
import os
import secrets
import time
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Verdict
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.http import HttpClient, body_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault

METHOD = "/api/method/"
OAUTH = METHOD + "frappe.integrations.oauth2."
WHO = "frappe.auth.get_logged_user"


class Params(t.TypedDict, total=False):
    """The options of frappe_oauth_verify for one row, and facts about the site."""

    site: str
    app_name: str | None
    client_id: str | None
    redirect_uri: str | None
    scope: t.Any  # a list as declared, a string once the client is known
    username: str | None
    password: str | None
    api_method: str
    url: str
    domains: list[str]
    cors: dict[str, t.Any] | None
    rate_limit: dict[str, t.Any] | None
    address: str | None
    validate_certs: bool
    probes: list[str] | None
    password_grant: bool
    last_step: str
    patience: float
    of_site: bool  # whether this row runs the steps that run once per site
    client: dict[str, t.Any] | None  # the row of the OAuth client
    refused: Verdict | None  # the verdict of this sign-in on this site, if it failed earlier in the run
    consent_expected: bool | None  # None: this version of Frappe is not recognized
    consent_auto: bool
    consent_why: str
    public_origins: list[str]  # Allowed Public Client Origins, in OAuth Settings
    issuer_why: str
    find_user: t.Callable[[str | None], str | None]  # the name of a User, by the user name that was entered
    user_email: t.Callable[[str], str]


@dataclasses.dataclass
class Made:
    """What Frappe created during the steps, for the cleanup.

    Attributes:
        codes: authorization codes.
        tokens: access tokens.
        nonces: one per verification; every code contains one.
        sessions: ids of sessions that could not be ended.
        reply_lost: whether a response with tokens may have been lost.
    """

    codes: list[str] = dataclasses.field(default_factory=list)
    tokens: list[str] = dataclasses.field(default_factory=list)
    nonces: list[str] = dataclasses.field(default_factory=list)
    sessions: list[str] = dataclasses.field(default_factory=list)
    reply_lost: bool = False


class Code(t.NamedTuple):
    """An authorization code: its oauthlib client, its code_verifier, and whether a consent page was shown."""

    client: t.Any
    verifier: str
    page_shown: bool


class Verification:
    """The shared state of the steps of one row.

    Args:
        params: the options of the row, and facts about the site.
        made: collects what Frappe creates during the steps.
        until: deadline, by time.monotonic(). No request is sent after it.
    """

    def __init__(self, params: Params, made: Made, until: float):
        os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # oauthlib must not raise over http: the step tls reports it
        self.params, self.made, self.until = params, made, until
        self.http = self.client_at(params["url"])
        self.code: Code | None = None
        self.pairs: list[dict[str, t.Any]] = []
        self.user = ""
        self.secret_required = False  # whether an endpoint asked for the client_secret
        self.nonce = "benchkeeper-" + secrets.token_hex(16)
        made.nonces.append(self.nonce)

    def client_at(self, url: str, address: str | None = None) -> HttpClient:
        """An HTTP client for another URL of the site, or for a different address than the declared one."""
        return HttpClient(url, address or self.params["address"], self.params["validate_certs"], self.until)

    @property
    def oauth_client(self) -> dict[str, t.Any]:
        """The row of the OAuth client. No step that needs it runs without one."""
        return t.cast("dict[str, t.Any]", self.params["client"])

    @property
    def client_id(self) -> str:
        """The client_id that an app sends."""
        return self.oauth_client["name"]

    @property
    def issued(self) -> Code:
        """The code of the step `authorize`. No step that needs it runs earlier."""
        return t.cast("Code", self.code)

    @property
    def cors(self) -> dict[str, t.Any]:
        """The declared CORS policy. No step that needs it runs without one."""
        return self.params["cors"] or {}

    @property
    def redirect_uri(self) -> str:
        """The redirect URI of the authorization request."""
        return self.params["redirect_uri"] or ""

    def bearer(self, pair: dict[str, t.Any]) -> dict[str, str]:
        """The Authorization header with an access token."""
        return {"Authorization": f"Bearer {pair['access_token']}"}

    def call(self, pair: dict[str, t.Any], method: str | None = None, **more: t.Any) -> t.Any:
        """Call the API with an access token."""
        return self.http.get(METHOD + (method or self.params["api_method"]), headers=self.bearer(pair), **more)

    def token(self, form: t.Any, headers: dict[str, str] | None = None) -> t.Any:
        """Send a request to the token endpoint, and record its token for the cleanup before any check."""
        self.made.reply_lost = True
        reply = self.http.post(OAUTH + "get_token", form, headers=headers or {})
        self.made.reply_lost = False
        if body_of(reply).get("access_token"):
            self.made.tokens.append(body_of(reply)["access_token"])
        return reply

    def end(self) -> None:
        """Sign out. Record a session that does not end, for the cleanup."""
        sid = self.http.browser.cookies.get("sid")
        if sid in (None, "", "Guest"):
            return
        try:
            self.http.until = max(self.until, time.monotonic() + 5)
            ended = self.http.send(self.http.browser, "GET", METHOD + "logout").status_code == 200
        except Fault:
            ended = False
        if not ended:
            self.made.sessions.append(sid)
