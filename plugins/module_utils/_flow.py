# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OAuth flow of a mobile app against one site, step by step, each with a verdict. Knows HTTP and OAuth, no Frappe.

Runs in the bench's own Python, which has what Frappe itself brings: requests and oauthlib.
"""

from __future__ import annotations

import os
import secrets
import time
import typing as t
from urllib.parse import parse_qs, urljoin, urlsplit, urlunsplit

METHOD = "/api/method/"
OAUTH = METHOD + "frappe.integrations.oauth2."
WHO = "frappe.auth.get_logged_user"
REQUEST_TIMEOUT = 15  # seconds
LOOK = "Look into the error log of the site"
PASSED, FAILED, NOT_RUN = "passed", "failed", "not_run"
STEPS = ("reach", "login", "authorize", "token", "api_call", "refresh", "revoke", "dead")


class Stop(Exception):
    """A step failed; those after it cannot be run."""

    def __init__(self, expected: str, found: str, remedy: str):
        super().__init__(found)
        self.verdict = {"verdict": FAILED, "expected": expected, "found": found, "remedy": remedy}


class Visitor:
    """HTTP to one site, as from outside.

    Args:
        url: base URL of the site, as its users write it.
        address: base URL to connect to instead; the site is then asked for by Host header and, with TLS, by SNI.
        validate_certs: whether a certificate must be valid.
    """

    def __init__(self, url: str, address: str | None, validate_certs: bool):
        import requests
        import requests.adapters

        self.requests, self.url, self.verify = requests, url.rstrip("/"), validate_certs
        self.base, self.host = (address or url).rstrip("/"), urlsplit(url).netloc

        class NamedHost(requests.adapters.HTTPAdapter):
            """Ask for the site's name, and check its certificate, whatever address is connected to."""

            def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
                name = urlsplit(url).hostname
                super().init_poolmanager(*args, server_hostname=name, assert_hostname=name, **kwargs)

        self.browser, self.app = requests.Session(), requests.Session()
        for session in (self.browser, self.app):
            session.trust_env = False
            session.headers.update({"Host": self.host, "User-Agent": "benchkeeper-check"})
            if address:
                session.mount("https://", NamedHost())

    def send(self, session: t.Any, method: str, path: str, **more: t.Any) -> t.Any:
        """One request, redirects not followed; the app's session sends no cookie, a bearer and a cookie do not mix."""
        if session is self.app:
            session.cookies.clear()
        try:
            return session.request(
                method, self.base + path, allow_redirects=False, verify=self.verify, timeout=REQUEST_TIMEOUT, **more
            )
        except self.requests.RequestException as error:
            raise Stop(
                "an answer",
                f"{type(error).__name__} at {self.base}",
                "Check that nginx and the web program run, and that verify_address is where they listen",
            ) from None


def run(params: dict[str, t.Any], made: dict[str, list[str]]) -> list[dict[str, str]]:
    """Play the flow.

    Args:
        params: url, address, validate_certs, username, password, client_id, redirect_uri, scope, api_method, last_step,
            patience.
        made: filled with what Frappe made on the way, ``codes`` and ``tokens``, for whoever cleans up.

    Returns:
        A verdict for each of `STEPS` up to ``last_step``: name, verdict, expected, found, remedy.
    """
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # what travels in clear is judged here, not by an exception
    visitor = Visitor(params["url"], params["address"], params["validate_certs"])
    steps = STEPS[: STEPS.index(params["last_step"]) + 1]
    verdicts: list[dict[str, str]] = []
    state: dict[str, t.Any] = {"made": made}
    try:
        for name in steps:
            if name != "reach" and not params["username"]:
                verdicts.append(
                    _not_run(name, "no user to sign in", "Declare username and password of a user for the check")
                )
                continue
            expected, found = globals()[f"_{name}"](visitor, params, state)
            verdicts.append({"name": name, "verdict": PASSED, "expected": expected, "found": found, "remedy": ""})
    except Stop as stop:
        verdicts.append({"name": steps[len(verdicts)], **stop.verdict})
        verdicts += [_not_run(name, "a step before it failed", "") for name in steps[len(verdicts) :]]
    finally:
        if state.get("session"):
            visitor.send(visitor.browser, "GET", METHOD + "logout")
    return verdicts


def _not_run(name: str, why: str, remedy: str) -> dict[str, str]:
    return {"name": name, "verdict": NOT_RUN, "expected": "", "found": why, "remedy": remedy}


def _said(reply: t.Any) -> str:
    """Status and Frappe's own words; never a token, which only a success holds."""
    try:
        body = reply.json()
        words = [str(body[key]) for key in ("error", "error_description", "description", "exc_type") if body.get(key)]
    except (ValueError, AttributeError):
        words = []
    return f"HTTP {reply.status_code} {' '.join(words)}".strip()


def _json(reply: t.Any) -> dict[str, t.Any]:
    try:
        body = reply.json()
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {}


def _reach(visitor: Visitor, params: dict, _state: dict) -> tuple[str, str]:
    until = time.monotonic() + params["patience"]
    while True:
        try:
            return _ping(visitor)
        except Stop:
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


def _ping(visitor: Visitor) -> tuple[str, str]:
    expected, reply = "HTTP 200 pong", visitor.send(visitor.app, "GET", METHOD + "ping")
    if reply.status_code != 200 or _json(reply).get("message") != "pong":
        remedy = (
            "Check that the site's domain leads to this bench, and bench setup nginx; in maintenance it answers 503"
        )
        raise Stop(expected, f"{_said(reply)} for Host {visitor.host}", remedy)
    return expected, "HTTP 200 pong"


def _login(visitor: Visitor, params: dict, state: dict) -> tuple[str, str]:
    expected = "HTTP 200 and a session"
    form = {"usr": params["username"], "pwd": params["password"]}
    reply = visitor.send(visitor.browser, "POST", METHOD + "login", data=form)
    if reply.status_code != 200:
        wrong = "Check username and password; ten wrong ones lock the user for a minute"
        raise Stop(expected, _said(reply), wrong if reply.status_code == 401 else LOOK)
    if "verification" in _json(reply):
        raise Stop(expected, "a second factor is asked for", "Check with a user without two-factor authentication")
    if visitor.browser.cookies.get("sid") in (None, "Guest"):
        raise Stop(expected, "no session cookie", "Check with a user who may sign in with a password")
    state["session"] = True
    return expected, "HTTP 200 and a session"


def _authorize(visitor: Visitor, params: dict, state: dict) -> tuple[str, str]:
    from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

    expected = "a redirect to the redirect URI, with a code and the state that was sent"
    client = state["client"] = WebApplicationClient(params["client_id"])
    sent, verifier = secrets.token_urlsafe(24), client.create_code_verifier(64)
    uri = client.prepare_request_uri(
        OAUTH + "authorize",
        redirect_uri=params["redirect_uri"],
        scope=params["scope"],
        state=sent,
        code_challenge=client.create_code_challenge(verifier, "S256"),
        code_challenge_method="S256",
    )
    reply, how = visitor.send(visitor.browser, "GET", uri), "without a consent page"
    if reply.status_code == 200 and "html" in reply.headers.get("Content-Type", ""):
        how = "after the consent page"
        reply = visitor.send(visitor.browser, "GET", uri.replace(".authorize?", ".approve?"))
    elif reply.is_redirect and _path(visitor, reply).startswith(OAUTH + "approve"):
        reply = visitor.send(visitor.browser, "GET", _path(visitor, reply))
    location = reply.headers.get("Location", "")
    state["made"]["codes"] += parse_qs(urlsplit(location).query).get("code", [])
    if not reply.is_redirect or not location.startswith(params["redirect_uri"]):
        found = f"a redirect to {location.split('?')[0]}" if reply.is_redirect else _said(reply)
        raise Stop(expected, found, _authorize_remedy(reply))
    try:
        client.parse_request_uri_response(location, state=sent)
    except OAuth2Error as error:
        raise Stop(
            expected, f"{error.error} {error.description or ''}", "The site changed the state, or gave no code"
        ) from None
    state["verifier"] = verifier
    return expected, f"a code and the state, {how}"


def _path(visitor: Visitor, reply: t.Any) -> str:
    """Path and query of a redirect within the site."""
    parts = urlsplit(urljoin(visitor.url + "/", reply.headers["Location"]))
    return urlunsplit(("", "", parts.path, parts.query, ""))


def _authorize_remedy(reply: t.Any) -> str:
    said = _said(reply)
    if "Mismatching redirect URI" in said:
        return "redirect_uris must be separated by one space in Frappe, and this URI must be one of them: run site.yml"
    if "Invalid client_id" in said:
        return "The user has none of the client's allowed_roles, or the client is gone"
    if "invalid_scope" in said:
        return "Ask only for scopes that the client has"
    return LOOK


def _token(visitor: Visitor, params: dict, state: dict) -> tuple[str, str]:
    expected = "an access token and a refresh token for the code and its verifier"
    body = state["client"].prepare_request_body(
        redirect_uri=params["redirect_uri"], code_verifier=state["verifier"], include_client_id=True
    )
    state["tokens"] = [_grant(visitor, state, body, expected)]
    return expected, f"a pair that lasts {state['tokens'][0].get('expires_in')} s"


def _grant(visitor: Visitor, state: dict, body: str, expected: str) -> dict[str, t.Any]:
    reply = visitor.send(
        visitor.app,
        "POST",
        OAUTH + "get_token",
        data=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    pair = _json(reply)
    if pair.get("access_token"):
        state["made"]["tokens"].append(pair["access_token"])
    if reply.status_code != 200 or not pair.get("access_token") or not pair.get("refresh_token"):
        raise Stop(
            expected, _said(reply), "The client, its redirect URIs and the code must belong together: run site.yml"
        )
    return pair


def _api_call(visitor: Visitor, params: dict, state: dict) -> tuple[str, str]:
    expected = f"HTTP 200 from {params['api_method']} with the token"
    reply = _call(visitor, params, state["tokens"][-1])
    if reply.status_code != 200:
        raise Stop(expected, _said(reply), "Check that the app with this method is installed and the user may call it")
    if params["api_method"] == WHO and _json(reply).get("message", "").lower() != params["username"].lower():
        raise Stop(
            f"the user {params['username']}", "another user", "A proxy or cache in front of the site mixes users up"
        )
    return expected, "HTTP 200"


def _call(visitor: Visitor, params: dict, pair: dict[str, t.Any]) -> t.Any:
    headers = {"Authorization": f"Bearer {pair['access_token']}"}
    return visitor.send(visitor.app, "GET", METHOD + params["api_method"], headers=headers)


def _refresh(visitor: Visitor, params: dict, state: dict) -> tuple[str, str]:
    expected = "a new pair for the refresh token, and the new access token works"
    body = state["client"].prepare_refresh_body(
        refresh_token=state["tokens"][0]["refresh_token"], client_id=params["client_id"]
    )
    state["tokens"].append(_grant(visitor, state, body, expected))
    reply = _call(visitor, params, state["tokens"][-1])
    if reply.status_code != 200:
        raise Stop(expected, f"the new access token: {_said(reply)}", LOOK)
    return expected, "a new pair that works"


def _revoke(visitor: Visitor, params: dict, state: dict) -> tuple[str, str]:
    expected = "HTTP 200 for each access token"
    for pair in state["tokens"]:
        form = {"token": pair["access_token"], "client_id": params["client_id"]}
        reply = visitor.send(visitor.app, "POST", OAUTH + "revoke_token", data=form)
        if reply.status_code != 200:
            raise Stop(expected, _said(reply), LOOK)
    return expected, "HTTP 200"


def _dead(visitor: Visitor, params: dict, state: dict) -> tuple[str, str]:
    expected = "HTTP 401 with each revoked token"
    for pair in state["tokens"]:
        reply = _call(visitor, params, pair)
        if reply.status_code not in (401, 403):
            raise Stop(
                expected, _said(reply), "A revoked token still works: something caches answers, or Frappe is patched"
            )
    return expected, "no revoked token works"
