# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site without a network for the steps of verify. Its responses are correct, except those that a test overrides."""

from __future__ import annotations

import itertools
import json
import math
import types
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.flow import authorize, token
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.http import HttpClient
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import Made, Verification
from oauthlib.oauth2 import WebApplicationClient

REDIRECT_URI = "com.example.app://cb"
ORIGIN, OTHER_ORIGIN = "https://app.example.com", "https://desk.example.com"
ALLOW = "Access-Control-Allow-"
PARAMS = {
    "url": "https://crm.example.com",
    "address": None,
    "validate_certs": True,
    "patience": 0,
    "client": {"name": "the-client", "app_name": "Mobile App", "redirect_uris": REDIRECT_URI, "scopes": "openid"},
    "redirect_uri": REDIRECT_URI,
    "scope": "openid",
    "username": "clerk@example.com",
    "password": "right",
    "refused": None,
    "api_method": "crm.api.tasks",
    "cors": {"origins": [ORIGIN, OTHER_ORIGIN], "credentials": False},
    "issuer_why": "",
}


class Reply:
    """The part of a response of requests that the steps read.

    Args:
        status: the HTTP status.
        body: an object, which is sent as JSON, or text.
        headers: the name and value of each line.
    """

    def __init__(self, status: int = 200, body: object = "", *headers: tuple[str, str]):
        self.status_code, self.ok, self.headers, self.sent = status, status < 400, {}, []
        self.text = body if isinstance(body, str) else json.dumps(body)
        self.raw = types.SimpleNamespace(headers=types.SimpleNamespace(getlist=self._lines))
        for name, value in headers:
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        self.headers[name] = value
        self.sent.append((name, value))

    def _lines(self, wanted: str) -> list[str]:
        return [value for name, value in self.sent if name == wanted]

    @property
    def is_redirect(self) -> bool:
        return self.status_code in (301, 302)

    def json(self) -> object:
        return json.loads(self.text)


class Asked(NamedTuple):
    """One request: the method, the last part of the path, the values of the query and the form, the headers."""

    method: str
    what: str
    values: dict[str, str]
    headers: dict[str, str]

    @property
    def bearer(self) -> str:
        return self.headers.get("Authorization", "").partition(" ")[2]


class Site:
    """A correct site. A test overrides a method, or sets the response of an endpoint.

    Args:
        scripted: by the last part of the path (``get_token``, ``ping``), a function of `Asked` or a `Reply`.

    Attributes:
        asked: every request that was received.
    """

    challenges = ("S256",)
    refused = Reply(400, {"error": "invalid_grant"})

    def __init__(self, **scripted: Callable[[Asked], Reply] | Reply):
        self.scripted, self.asked, self.number = scripted, [], itertools.count()
        self.codes: dict[str, dict[str, str]] = {}
        self.pairs: list[dict[str, str]] = []

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        script = self.scripted.get(asked.what)
        if script is None:
            reply = self.preflight(asked) if asked.method == "OPTIONS" else getattr(self, asked.what, self.api)(asked)
        else:
            reply = script(asked) if callable(script) else script
        return self.shared(asked, Reply(reply.status_code, reply.text, *reply.sent))

    # -------- CORS
    def shared(self, asked: Asked, reply: Reply) -> Reply:
        """The response with CORS headers."""
        if asked.headers.get("Origin") in (ORIGIN, OTHER_ORIGIN):
            reply.add(ALLOW + "Origin", asked.headers["Origin"])
        return reply

    def preflight(self, asked: Asked) -> Reply:
        given = {kind: asked.headers.get(f"Access-Control-Request-{kind}", "") for kind in ("Method", "Headers")}
        return Reply(200, "", (ALLOW + "Methods", given["Method"]), (ALLOW + "Headers", given["Headers"]))

    # -------- codes
    def authorize(self, asked: Asked) -> Reply:
        if self.approve(asked).is_redirect:
            return Reply(200, "<p>Allow?", ("Content-Type", "text/html"))
        return Reply(400, {"error": "invalid_request_fatal", "error_description": "Mismatching redirect URI."})

    def approve(self, asked: Asked) -> Reply:
        if asked.values["redirect_uri"] != REDIRECT_URI or not self.may_ask(asked.values):
            return Reply(400, {"error": "invalid_request"})
        code = f"code-{next(self.number)}"
        self.codes[code] = asked.values
        query = urlencode({"code": code, "state": asked.values["state"]})
        return Reply(302, "", ("Location", f"{REDIRECT_URI}?{query}"))

    def may_ask(self, values: dict[str, str]) -> bool:
        return values.get("code_challenge_method") in self.challenges

    def verified(self, code: dict[str, str], verifier: str) -> bool:
        if code.get("code_challenge_method") == "plain":
            return verifier == code["code_challenge"]
        return bool(verifier) and WebApplicationClient("").create_code_challenge(verifier, "S256") == code.get(
            "code_challenge"
        )

    # -------- tokens
    def get_token(self, asked: Asked) -> Reply:
        grant, values = asked.values["grant_type"], asked.values
        if grant == "refresh_token":
            old = [pair for pair in self.pairs if pair["refresh_token"] == values["refresh_token"]]
            for pair in old:
                self.pairs.remove(pair)
            return self.pair() if old else self.refused
        if grant == "authorization_code":
            code = self.codes.pop(values["code"], None)
            return self.pair() if code and self.verified(code, values.get("code_verifier", "")) else self.refused
        return Reply(400, {"error": "unsupported_grant_type"})

    def pair(self) -> Reply:
        number = next(self.number)
        self.pairs.append({"access_token": f"access-{number}", "refresh_token": f"refresh-{number}"})
        return Reply(200, self.pairs[-1])

    def revoke_token(self, asked: Asked) -> Reply:
        self.pairs = [pair for pair in self.pairs if asked.values["token"] not in pair.values()]
        return Reply(200, {})

    # -------- the API
    def ping(self, asked: Asked) -> Reply:
        return Reply(200, {"message": "pong"}) if not asked.bearer else self.api(asked)

    def api(self, asked: Asked) -> Reply:
        """Any other method; it requires a valid token."""
        if asked.bearer in [pair["access_token"] for pair in self.pairs]:
            return Reply(200, {"message": "done"})
        return Reply(401, {"exc_type": "AuthenticationError"})


class ScriptedClient(HttpClient):
    """An HTTP client whose requests go to a `Site`."""

    def __init__(self, site: Site, url: str, until: float):
        self.site, self.url, self.base, self.host, self.until = site, url, url, urlsplit(url).netloc, until
        self.browser, self.app = (types.SimpleNamespace(cookies={}) for _session in range(2))

    def send(self, session, method, path, headers=None, data=None):
        parts, form = urlsplit(path), data if isinstance(data, dict) else dict(parse_qsl(data or ""))
        values = {name: found[0] for name, found in parse_qs(parts.query).items()}
        what = parts.path.rpartition("/")[2].rpartition(".")[2]
        return self.site.answer(Asked(method, what, {**values, **form}, headers or {}))


class ScriptedRun(Verification):
    """A verification of a `Site`.

    Args:
        site: the site to verify.
        params: options that differ from `PARAMS`.
    """

    def __init__(self, site: Site, /, **params: object):
        self.site = site
        super().__init__({**PARAMS, **params}, Made(), params.get("until", math.inf))

    def client_at(self, url: str, address: str | None = None) -> ScriptedClient:
        return ScriptedClient(self.site, url, self.until)

    def with_pair(self) -> ScriptedRun:
        """Return itself, with a code and tokens."""
        authorize(self)
        token(self)
        return self
