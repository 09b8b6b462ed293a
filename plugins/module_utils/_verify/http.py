# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP client of one site: a browser session with cookies, and an app session without cookies."""

from __future__ import annotations

import os
import socket
import ssl
import time
import typing as t
from urllib.parse import urljoin, urlsplit, urlunsplit

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.front import REFUSED, in_front
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.server_rules import FRONT_REFUSED
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import (
    SITE_SLOW,
    SITE_UNREACHABLE,
    TLS_INVALID,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault

REQUEST_TIMEOUT = 15  # seconds
LIMIT_PATIENCE = 6  # attempts for a request that the rate limit rejects
LIMITED = (429, 503)
LOGIN = "/api/method/login"
CLOSED = ("RemoteDisconnected", "IncompleteRead", "ProtocolError", "BadStatusLine")


class Watch(t.Protocol):
    """Counts requests, and records sign-ins before they are sent: see `verification.Made`."""

    def count(self) -> None:
        """Count a request."""

    def asks(self, kind: str) -> None:
        """Record that a sign-in begins."""

    def answered(self, kind: str, secret: str | None) -> None:
        """Record the session of a sign-in."""


class HttpClient:
    """HTTP to one site.

    Args:
        url: base URL of the site, as its users enter it.
        address: base URL to connect to instead. The Host header, and SNI with TLS, then select the site.
        validate_certs: whether the certificate must be valid and signed by an authority that this host or requests
            trusts.
        until: deadline, by time.monotonic(). No request is sent after it.

    Attributes:
        made: counts and records the requests, if set.
    """

    made: Watch | None = None

    def __init__(self, url: str, address: str | None, validate_certs: bool, until: float):
        import requests
        import requests.adapters

        self.requests, self.url, self.verify, self.until = requests, url.rstrip("/"), validate_certs, until
        self.base, self.host = (address or url).rstrip("/"), urlsplit(url).netloc

        # The host's trust store may contain the operator's own authority. By default, requests uses only its own list.
        secure = validate_certs and self.base.startswith("https:")
        trust: dict[str, t.Any] = {"ssl_context": ssl.create_default_context()} if secure else {}

        class NamedHost(requests.adapters.HTTPAdapter):
            """Send the site's host name by SNI and check the certificate against it, whatever the address is."""

            def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
                name = urlsplit(url).hostname
                super().init_poolmanager(*args, **{"server_hostname": name, "assert_hostname": name, **trust, **kwargs})

        self.browser, self.app = requests.Session(), requests.Session()
        for session in (self.browser, self.app):
            session.trust_env = False
            session.headers.update({"Host": self.host, "User-Agent": "benchkeeper-verify"})
            session.mount("https://", NamedHost())

    def send(self, session: t.Any, method: str, path: str, **more: t.Any) -> t.Any:
        """Send one request without following redirects. The app session sends no cookies, as an app with a token does.

        Raises:
            Fault: the site did not respond, or something in front of it rejected the request.
        """
        if session is self.app:
            session.cookies.clear()
        left = self.until - time.monotonic()
        if left <= 0:
            raise Fault(
                SITE_SLOW, "a response in time", "no response before the time limit of this site (site_timeout)"
            )
        errors, signs_in = self.requests.exceptions, path == LOGIN
        if self.made:
            self.made.count()
            if signs_in:
                self.made.asks("session")
        try:
            reply = session.request(
                method,
                self.base + path,
                allow_redirects=False,
                verify=self.verify,
                timeout=min(REQUEST_TIMEOUT, left),
                **more,
            )
        except errors.SSLError as error:
            raise Fault(TLS_INVALID, "a valid certificate", plain(error)) from None
        except errors.Timeout:
            raise Fault(
                SITE_SLOW,
                "a response in time",
                f"no response from {self.base} within {min(REQUEST_TIMEOUT, left):.3g} s",
            ) from None
        except errors.RequestException as error:
            raise Fault(SITE_UNREACHABLE, "a response", f"{cause_of(error)} at {self.base}") from None
        if self.made and signs_in and reply.status_code < 500:
            sid = session.cookies.get("sid")
            self.made.answered("session", sid if sid != "Guest" else None)
        if reply.status_code in REFUSED and front(reply):
            raise Fault(FRONT_REFUSED, "a response from Frappe", said(reply))
        return reply

    def get(self, path: str, **more: t.Any) -> t.Any:
        """Send a GET request as the app."""
        return self.send(self.app, "GET", path, **more)

    def post(self, path: str, form: t.Any, **more: t.Any) -> t.Any:
        """Send a form as the app. After a rejection by a rate limit, wait for Retry-After and send it again."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", **more.pop("headers", {})}
        for left in reversed(range(LIMIT_PATIENCE)):
            reply = self.send(self.app, "POST", path, data=form, headers=headers, **more)
            wait = retry_after(reply)
            if wait is None or not left or time.monotonic() + wait > self.until:
                return reply
            time.sleep(wait)
        raise AssertionError  # the loop returns

    def path_of(self, reply: t.Any) -> str:
        """The path and query of a redirect within the site."""
        parts = urlsplit(urljoin(self.url + "/", reply.headers.get("Location", "")))
        return urlunsplit(("", "", parts.path, parts.query, ""))


def plain(error: BaseException) -> str:
    """The innermost message of an exception of requests, which wraps exceptions of urllib3 and ssl."""
    inner = getattr(error, "args", None) and error.args[0]
    inner = getattr(inner, "reason", inner)
    return getattr(inner, "verify_message", "") or str(inner or error).partition(" (_ssl.c")[0]


def cause_of(error: BaseException) -> str:
    """Why a request got no response, in plain words: exceptions of requests wrap those of urllib3 and the system."""
    seen: set[int] = set()
    left: list[t.Any] = [error]
    while left:
        one = left.pop(0)
        if id(one) in seen or not isinstance(one, BaseException):
            continue
        seen.add(id(one))
        if isinstance(one, socket.gaierror) or type(one).__name__ == "NameResolutionError":
            return "the host name does not resolve"
        if isinstance(one, OSError) and isinstance(one.errno, int):
            return (one.strerror or os.strerror(one.errno)).lower()
        if type(one).__name__ in CLOSED:
            return "connection closed without a response"
        left += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return f"no valid response ({type(error).__name__})"


def retry_after(reply: t.Any) -> float | None:
    """The seconds to wait if a rate limit rejected the request; None if it did not."""
    if reply.status_code not in LIMITED or (
        reply.status_code == 503 and "json" in reply.headers.get("Content-Type", "")
    ):
        return None
    seconds = reply.headers.get("Retry-After", "")
    return float(seconds) if seconds.isdigit() else 1.0


def lines(reply: t.Any, name: str) -> list[str]:
    """All values of a header, one per line; requests joins them into one."""
    return list(reply.raw.headers.getlist(name))


def body_of(reply: t.Any) -> dict[str, t.Any]:
    """The JSON object of a response; empty if its body is not a JSON object."""
    try:
        body = reply.json()
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {}


def front(reply: t.Any) -> str:
    """What answered instead of Frappe, as `in_front` names it; empty if Frappe did."""
    return in_front(reply.status_code, reply.headers, reply.text)


def said(reply: t.Any) -> str:
    """The status, and Frappe's error message or what answered instead of Frappe.

    It contains no token, because only successful responses contain one.
    """
    other = front(reply)
    if other:
        return f"HTTP {reply.status_code} ({other})"
    if reply.is_redirect and urlsplit(reply.headers.get("Location", "")).hostname:
        return f"HTTP {reply.status_code} to {urlsplit(reply.headers['Location']).hostname}"
    body = body_of(reply)
    words = [str(body[key]) for key in ("error", "error_description", "description", "exc_type") if body.get(key)]
    return f"HTTP {reply.status_code} {' '.join(words)}".strip()
