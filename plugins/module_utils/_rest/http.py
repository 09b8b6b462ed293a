# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The REST client for a site that is reachable only over HTTP. It authenticates as a System Manager."""

from __future__ import annotations

import json
import re
import typing as t
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit

from ansible.module_utils.urls import Request
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible, WriteInCheckMode
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.front import BROKEN, in_front
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import without_password

HEADER_TEXT = re.compile(r"[\x21-\x7e]*")
TIMEOUT = 30  # seconds per request
REMEDIES = {
    401: "Check api_key and api_secret",
    403: "The user of api_key must be a System Manager",
    404: "Check url. No Frappe site has this host name, or the site does not have this document",
    417: "Correct the values that Frappe rejected",
}
EXEMPT = "Exempt /api from the proxy, firewall or HTTP authentication that answered, or set url to an address behind it"
BEHIND = "Start the web process, and check its address in the proxy that answered"


class RestSite:
    """One site over HTTP.

    Args:
        url: base URL.
        api_key: the API key of a System Manager.
        api_secret: its API secret.
        validate_certs: whether the certificate must be valid.
        check_mode: allow only GET requests.

    Attributes:
        written: the number of requests that changed something.
    """

    def __init__(self, url: str, api_key: str | None, api_secret: str | None, validate_certs: bool, check_mode: bool):
        if not _is_address(url):
            raise Impossible(
                f"url: {without_password(url)} is not a valid address. Use the form https://crm.example.com"
            )
        if not all(HEADER_TEXT.fullmatch(text or "") for text in (api_key, api_secret)):
            raise Impossible(
                "api_key, api_secret: one of them is not valid in an HTTP header. Use printable ASCII without spaces"
            )
        self.url, self.check_mode, self.written = url.rstrip("/"), check_mode, 0
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if api_key:
            headers["Authorization"] = f"token {api_key}:{api_secret}"
        # no cookie jar: Frappe sets five cookies of Guest in every response to an API key
        self.request = Request(
            headers=headers,
            validate_certs=validate_certs,
            timeout=TIMEOUT,
            follow_redirects="none",
            http_agent="benchkeeper",
        )

    def call(self, method: str, path: str, query: dict[str, t.Any] | None = None, data: t.Any = None) -> t.Any:
        """Send one request and return ``data`` of the response.

        Raises:
            Impossible: the site did not respond, or returned an error. The message contains the remedy.
            WriteInCheckMode: in check mode, for any method except GET.
        """
        if self.check_mode and method != "GET":
            raise WriteInCheckMode(f"{method} {path}")
        text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in (query or {}).items()}
        url = f"{self.url}{quote(path)}" + (f"?{urlencode(text)}" if text else "")
        try:
            with self.request.open(method, url, data=None if data is None else json.dumps(data)) as reply:
                self.written += method != "GET"
                said = json.loads(reply.read() or b"{}")
        except HTTPError as error:
            raise Impossible(
                f"url: {self.url} returned HTTP {error.code} for {method} {path}: {_said(error)}"
            ) from None
        except (URLError, HTTPException, OSError) as error:
            raise Impossible(
                f"url: {self.url} cannot be reached: {getattr(error, 'reason', error)}. Check url and the web process"
            ) from None
        except ValueError:
            raise Impossible(
                f"url: {self.url} returned a response that is not JSON for {method} {path}. Check that url is the "
                "address of the site, not of a proxy or sign-in page"
            ) from None
        if not isinstance(said, dict):
            raise self.foreign(method, path)
        return said.get("data")

    def rows(self, doctype: str, fields: list[str], filters: list[list[t.Any]] | None = None) -> list[dict[str, t.Any]]:
        """All rows of a doctype."""
        query = {"fields": fields, "filters": filters or [], "limit_page_length": 0}
        found = self.call("GET", f"/api/resource/{doctype}", query)
        if not isinstance(found, list) or not all(isinstance(row, dict) and fields[0] in row for row in found):
            raise self.foreign("GET", f"/api/resource/{doctype}")
        return found

    def document(self, method: str, path: str, data: t.Any = None) -> dict[str, t.Any]:
        """One document, as it is after the request."""
        found = self.call(method, path, data=data)
        if not isinstance(found, dict) or not isinstance(found.get("name"), str):
            raise self.foreign(method, path)
        return found

    def foreign(self, method: str, path: str) -> Impossible:
        """The exception for a response that did not come from Frappe."""
        return Impossible(
            f"url: {self.url} returned a response that did not come from Frappe for {method} {path}. Check that url is "
            "the address of the site, not of a proxy or sign-in page"
        )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and parts.hostname and parts.username is None and parts.port != 0
    except ValueError:
        return False
    return bool(plain) and not re.search(r"[^\x21-\x7e]|[?#]", url)


def _said(error: HTTPError) -> str:
    text = error.read().decode(errors="replace")
    other = in_front(error.code, error.headers, text)
    if other:
        return f"{other}. {BEHIND if error.code in BROKEN else EXEMPT}"
    to = urlsplit(error.headers.get("Location") or "").hostname
    if to:
        return f"it redirects to {to}, and Frappe's API never redirects. {EXEMPT}"
    try:
        reply = json.loads(text)
        said = reply.get("exception") or reply.get("exc_type") or ""
        if error.code >= 500:  # the text of an error of Frappe's own may quote a query with its values
            said = reply.get("exc_type") or str(said).partition(":")[0]
    except (ValueError, AttributeError):
        said = ""
    remedy = REMEDIES.get(error.code, "Check the site's Error Log")
    return f"{said}. {remedy}".lstrip(". ")
