# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps of one verification share: its options, its HTTP client, what it holds and what it made."""

from __future__ import annotations

import dataclasses
import os
import secrets
import time
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.http import HttpClient, body_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault

METHOD = "/api/method/"
OAUTH = METHOD + "frappe.integrations.oauth2."
WHO = "frappe.auth.get_logged_user"


class Params(t.TypedDict, total=False):
    """The options of frappe_oauth_verify for one row, and what the site knows of itself."""

    site: str
    app_name: str | None
    client_id: str | None
    redirect_uri: str | None
    scope: t.Any  # a list as declared, a text once the client is known
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
    patience: int
    of_site: bool  # whether this row does what is done once per site
    client: dict[str, t.Any] | None  # the row of the OAuth client
    refused: bool  # the sign-in was refused on this site before
    consent_expected: bool
    consent_auto: bool
    consent_why: str
    issuer_why: str
    find_user: t.Callable[[str | None], str | None]  # Frappe's name of a user, by what they sign in with
    user_email: t.Callable[[str], str]


@dataclasses.dataclass
class Made:
    """What Frappe made on the way, for whoever cleans up.

    Attributes:
        codes: authorization codes.
        tokens: access tokens.
        nonces: one for each verification; every code carries one.
        sessions: ids of sessions that could not be ended.
        reply_lost: a reply with tokens may not have arrived.
    """

    codes: list[str] = dataclasses.field(default_factory=list)
    tokens: list[str] = dataclasses.field(default_factory=list)
    nonces: list[str] = dataclasses.field(default_factory=list)
    sessions: list[str] = dataclasses.field(default_factory=list)
    reply_lost: bool = False


class Code(t.NamedTuple):
    """An authorization code: the oauthlib client that holds it, its verifier, and whether a page asked for consent."""

    client: t.Any
    verifier: str
    page_shown: bool


class Verification:
    """What the steps of one row share.

    Args:
        params: the row's options, and what the site knows of itself.
        made: filled on the way.
        until: time.monotonic() after which nothing is sent any more.
    """

    def __init__(self, params: Params, made: Made, until: float):
        os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # what travels in clear is judged here, not by an exception
        self.params, self.made, self.until = params, made, until
        self.http = self.client_at(params["url"])
        self.code: Code | None = None
        self.pairs: list[dict[str, t.Any]] = []
        self.user = ""
        self.nonce = "benchkeeper-" + secrets.token_hex(16)
        made.nonces.append(self.nonce)

    def client_at(self, url: str, address: str | None = None) -> HttpClient:
        """An HTTP client of a site under another of its names, or at another address than the one that was given."""
        return HttpClient(url, address or self.params["address"], self.params["validate_certs"], self.until)

    @property
    def oauth_client(self) -> dict[str, t.Any]:
        """The row of the OAuth client; no step that needs it is taken without one."""
        return t.cast("dict[str, t.Any]", self.params["client"])

    @property
    def client_id(self) -> str:
        """What an app sends to say which client it is."""
        return self.oauth_client["name"]

    @property
    def issued(self) -> Code:
        """The code that `authorize` got; no step that needs it is taken before."""
        return t.cast("Code", self.code)

    @property
    def cors(self) -> dict[str, t.Any]:
        """What is declared of other origins; no step that needs it is taken without."""
        return self.params["cors"] or {}

    @property
    def redirect_uri(self) -> str:
        """Where codes are sent."""
        return self.params["redirect_uri"] or ""

    def bearer(self, pair: dict[str, t.Any]) -> dict[str, str]:
        """The header that a pair's access token is sent in."""
        return {"Authorization": f"Bearer {pair['access_token']}"}

    def call(self, pair: dict[str, t.Any], method: str | None = None, **more: t.Any) -> t.Any:
        """A call of the API with a pair's access token."""
        return self.http.get(METHOD + (method or self.params["api_method"]), headers=self.bearer(pair), **more)

    def token(self, form: t.Any) -> t.Any:
        """A request to the token endpoint; what it grants is noted before it is looked at."""
        self.made.reply_lost = True
        reply = self.http.post(OAUTH + "get_token", form)
        self.made.reply_lost = False
        if body_of(reply).get("access_token"):
            self.made.tokens.append(body_of(reply)["access_token"])
        return reply

    def end(self) -> None:
        """Sign out; a session that does not end is noted."""
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
