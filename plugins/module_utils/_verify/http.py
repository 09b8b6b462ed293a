# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP to one site, as from outside: a browser with cookies, and an app with none. Knows no OAuth and no Frappe."""

from __future__ import annotations

import ssl
import time
import typing as t
from urllib.parse import urljoin, urlsplit, urlunsplit

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import (
    SITE_SLOW,
    SITE_UNREACHABLE,
    TLS_INVALID,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault

REQUEST_TIMEOUT = 15  # seconds
LIMIT_PATIENCE = 6  # times that a limited request is sent again
LIMITED = (429, 503)


class HttpClient:
    """HTTP to one site.

    Args:
        url: base URL of the site, as its users write it.
        address: base URL to connect to instead; the site is then asked for by Host header and, with TLS, by SNI.
        validate_certs: whether a certificate must be valid: signed by one whom this machine or requests trusts.
        until: time.monotonic() after which nothing is sent any more.
    """

    def __init__(self, url: str, address: str | None, validate_certs: bool, until: float):
        import requests
        import requests.adapters

        self.requests, self.url, self.verify, self.until = requests, url.rstrip("/"), validate_certs, until
        self.base, self.host = (address or url).rstrip("/"), urlsplit(url).netloc

        # An authority of the operator's own is known to the machine; requests by itself knows its own list alone.
        trust: dict[str, t.Any] = {"ssl_context": ssl.create_default_context()} if validate_certs else {}

        class NamedHost(requests.adapters.HTTPAdapter):
            """Ask for the site's name, and check its certificate, whatever address is connected to."""

            def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
                name = urlsplit(url).hostname
                super().init_poolmanager(*args, **{"server_hostname": name, "assert_hostname": name, **trust, **kwargs})

        self.browser, self.app = requests.Session(), requests.Session()
        for session in (self.browser, self.app):
            session.trust_env = False
            session.headers.update({"Host": self.host, "User-Agent": "benchkeeper-check"})
            session.mount("https://", NamedHost())

    def send(self, session: t.Any, method: str, path: str, **more: t.Any) -> t.Any:
        """One request, redirects not followed; the app's session sends no cookie, a bearer and a cookie do not mix.

        Raises:
            Fault: no answer.
        """
        if session is self.app:
            session.cookies.clear()
        left = self.until - time.monotonic()
        if left <= 0:
            raise Fault(SITE_SLOW, "an answer in time", "the time for this site is used up")
        errors = self.requests.exceptions
        try:
            return session.request(
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
            raise Fault(SITE_SLOW, "an answer", f"none in time at {self.base}") from None
        except errors.RequestException as error:
            raise Fault(SITE_UNREACHABLE, "an answer", f"{type(error).__name__} at {self.base}") from None

    def get(self, path: str, **more: t.Any) -> t.Any:
        """A request of the app."""
        return self.send(self.app, "GET", path, **more)

    def post(self, path: str, form: t.Any, **more: t.Any) -> t.Any:
        """A form sent by the app; where the endpoint is limited, again after the time it asks for."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", **more.pop("headers", {})}
        for left in reversed(range(LIMIT_PATIENCE)):
            reply = self.send(self.app, "POST", path, data=form, headers=headers, **more)
            wait = retry_after(reply)
            if wait is None or not left or time.monotonic() + wait > self.until:
                return reply
            time.sleep(wait)
        raise AssertionError  # the loop returns

    def path_of(self, reply: t.Any) -> str:
        """Path and query of a redirect within the site."""
        parts = urlsplit(urljoin(self.url + "/", reply.headers.get("Location", "")))
        return urlunsplit(("", "", parts.path, parts.query, ""))


def plain(error: BaseException) -> str:
    """The innermost words of an exception of requests, which wraps those of urllib3 and ssl."""
    inner = getattr(error, "args", None) and error.args[0]
    inner = getattr(inner, "reason", inner)
    return getattr(inner, "verify_message", "") or str(inner or error).partition(" (_ssl.c")[0]


def retry_after(reply: t.Any) -> float | None:
    """Seconds to wait for if the reply is a refusal by a limit; None if it is none."""
    if reply.status_code not in LIMITED or (
        reply.status_code == 503 and "json" in reply.headers.get("Content-Type", "")
    ):
        return None
    told = reply.headers.get("Retry-After", "")
    return float(told) if told.isdigit() else 1.0


def lines(reply: t.Any, name: str) -> list[str]:
    """Every line of a header, which requests would join into one."""
    return list(reply.raw.headers.getlist(name))


def body_of(reply: t.Any) -> dict[str, t.Any]:
    """The JSON object of a reply; empty if it holds none."""
    try:
        body = reply.json()
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {}


def said(reply: t.Any) -> str:
    """Status and Frappe's own words; never a token, which only a success holds."""
    body = body_of(reply)
    words = [str(body[key]) for key in ("error", "error_description", "description", "exc_type") if body.get(key)]
    return f"HTTP {reply.status_code} {' '.join(words)}".strip()
