# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shared state of the steps of one verification: options, HTTP client, tokens, and what must be cleaned up."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import os
import secrets
import time
import typing as t
from urllib.parse import parse_qsl, quote, urlencode

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Verdict
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.verify_records import Entry, digest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.http import HttpClient, body_of, retry_after
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault

METHOD = "/api/method/"
OAUTH = METHOD + "frappe.integrations.oauth2."
WHO = "frappe.auth.get_logged_user"
BASIC, POST = "Client Secret Basic", "Client Secret Post"


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
    nonce: str  # the nonce of every authorization request
    elsewhere: t.Collection[str]  # steps that another site verifies for this one
    outside: bool  # whether the database of the site cannot be cleaned up
    limit_read: dict[str, str] | None  # the rate limit in nginx's configuration, as `limits.limit_read` returns it


def _forget(_entry: Entry) -> None:
    """Where nobody keeps a record."""


class Codes(t.List[str]):
    """Authorization codes. The hash of each is recorded before anything else is done with it."""

    def __init__(self, note: t.Callable[[Entry], None]):
        super().__init__()
        self.note = note

    def __iadd__(self, more: t.Iterable[str]) -> Codes:  # type: ignore[override,misc]
        for code in more:
            self.note({"code": digest(code)})
            self.append(code)
        return self


@dataclasses.dataclass
class Made:
    """What Frappe creates during the steps. Each item is recorded at once, so that it is found after an interruption.

    Attributes:
        note: writes an entry of the record: see `_core.verify_records`.
        codes: authorization codes.
        tokens: access tokens.
        alive: access tokens that could not be revoked. It is only filled without a bench.
        requests: the number of requests.
    """

    note: t.Callable[[Entry], None] = _forget
    tokens: list[str] = dataclasses.field(default_factory=list)
    alive: list[str] = dataclasses.field(default_factory=list)
    requests: int = 0

    def __post_init__(self) -> None:
        """Start without codes."""
        self.codes = Codes(self.note)

    def count(self) -> None:
        """Count a request."""
        self.requests += 1

    def asks(self, kind: str) -> None:
        """Record that a request begins whose response is a new token or session."""
        self.note({"asks": kind, "at": time.time()})

    def answered(self, kind: str, secret: str | None) -> None:
        """Record the response to that request, with the hash of the token or session id, if it contains one."""
        self.note({"answered": kind, **({kind: digest(secret)} if secret else {})})
        if kind == "token" and secret:
            self.tokens.append(secret)


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
        self.nonce = params.get("nonce") or new_nonce()

    def client_at(self, url: str, address: str | None = None) -> HttpClient:
        """An HTTP client for another URL of the site, or for a different address than the declared one."""
        http = HttpClient(url, address or self.params["address"], self.params["validate_certs"], self.until)
        http.made = self.made
        return http

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

    def token(self, form: str, headers: dict[str, str] | None = None) -> t.Any:
        """Send a request to the token endpoint, and record its token for the cleanup before any check.

        An error of the server, or of a proxy in front of it, may follow after the token was created.
        """
        self.made.asks("token")
        reply = self.http.post(OAUTH + "get_token", form, headers=headers or {})
        if reply.status_code < 500 or retry_after(reply) is not None:
            self.made.answered("token", body_of(reply).get("access_token"))
        return reply

    def authenticated(self, form: str) -> tuple[str, dict[str, str]]:
        """A form and the headers that authenticate the client, as its token_endpoint_auth_method says.

        Frappe 14 and 15 have no such method and check no secret. A client_secret in the form is kept: a step may send a
        wrong one.
        """
        method, secret = self.oauth_client.get("token_endpoint_auth_method"), self.oauth_client.get("client_secret")
        if method not in (BASIC, POST) or not secret or (method == BASIC and not self.secret_required):
            return form, {}
        fields = parse_qsl(form, keep_blank_values=True)
        sent = dict(fields).get("client_secret") or secret
        others = [(name, value) for name, value in fields if name != "client_secret"]
        if method == POST:
            return urlencode([*others, ("client_secret", sent)]), {}
        pair = f"{quote(self.client_id, safe='')}:{quote(sent, safe='')}"
        return urlencode(others), {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

    def end(self, revoked: t.Collection[str] = ()) -> None:
        """Sign out. A session that does not end is found by its recorded hash.

        Without a bench, revoke the tokens first, except those that a step has revoked.
        """
        if self.params.get("outside"):
            self.http.until = max(self.until, time.monotonic() + 5)
            for token in self.made.tokens:
                if token not in revoked and not self._revoke(token):
                    self.made.alive.append(token)
        if self.http.browser.cookies.get("sid") in (None, "", "Guest"):
            return
        self.http.until = max(self.until, time.monotonic() + 5)
        with contextlib.suppress(Fault):
            self.http.send(self.http.browser, "GET", METHOD + "logout")

    def _revoke(self, token: str) -> bool:
        form = urlencode({"token": token, "token_type_hint": "access_token", "client_id": self.client_id})
        form, headers = self.authenticated(form)
        with contextlib.suppress(Fault):
            return self.http.post(OAUTH + "revoke_token", form, headers=headers).status_code == 200
        return False


def new_nonce() -> str:
    """A nonce for the authorization requests of one row."""
    return "benchkeeper-" + secrets.token_hex(16)
