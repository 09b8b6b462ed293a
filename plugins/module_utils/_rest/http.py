# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of Frappe's REST API, as a System Manager, for a site that is reached over HTTP only."""

from __future__ import annotations

import json
import re
import typing as t
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit

from ansible.module_utils.urls import Request
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible, WriteInCheckMode
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import without_password

HEADER_TEXT = re.compile(r"[\x21-\x7e]*")
TIMEOUT = 30  # seconds a request may take
REMEDIES = {
    401: "Check api_key and api_secret",
    403: "The user of api_key must be a System Manager",
    404: "Check url: no Frappe site answers there under this name",
    417: "Frappe refused the values",
}


class RestSite:
    """One site over HTTP.

    Args:
        url: base URL.
        api_key: key of a System Manager.
        api_secret: the secret that belongs to it.
        validate_certs: whether the certificate must be valid.
        check_mode: refuse every request but GET.

    Attributes:
        written: number of requests that changed something.
    """

    def __init__(self, url: str, api_key: str | None, api_secret: str | None, validate_certs: bool, check_mode: bool):
        if not _is_address(url):
            raise Impossible(
                f"url: {without_password(url)} is no address of a site. Write it as https://crm.example.com"
            )
        if not all(HEADER_TEXT.fullmatch(text or "") for text in (api_key, api_secret)):
            raise Impossible("api_key, api_secret: one of them cannot be sent in a header. Use printable ASCII")
        self.url, self.check_mode, self.written = url.rstrip("/"), check_mode, 0
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if api_key:
            headers["Authorization"] = f"token {api_key}:{api_secret}"
        # no cookie jar: every reply to an API key sets five cookies of Guest
        self.request = Request(
            headers=headers,
            validate_certs=validate_certs,
            timeout=TIMEOUT,
            follow_redirects="none",
            http_agent="benchkeeper",
        )

    def call(self, method: str, path: str, query: dict[str, t.Any] | None = None, data: t.Any = None) -> t.Any:
        """One request; what Frappe put into ``data`` of its reply.

        Raises:
            Impossible: no reply, or one that is no success; the message names the remedy.
            WriteInCheckMode: in check mode, for anything but a GET.
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
            raise Impossible(f"url: {self.url} answered {method} {path} with {error.code}: {_said(error)}") from None
        except (URLError, HTTPException, OSError) as error:
            raise Impossible(f"url: {self.url} cannot be reached: {getattr(error, 'reason', error)}") from None
        except ValueError:
            raise Impossible(f"url: {self.url} answered {method} {path} with something else than JSON") from None
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
        """What is raised for an answer that is not Frappe's."""
        return Impossible(
            f"url: {self.url} answered {method} {path} as no Frappe does. See that url leads to the site itself"
        )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and parts.hostname and parts.username is None and parts.port != 0
    except ValueError:
        return False
    return bool(plain) and not re.search(r"[^\x21-\x7e]|[?#]", url)


def _said(error: HTTPError) -> str:
    try:
        reply = json.loads(error.read())
        said = reply.get("exception") or reply.get("exc_type") or ""
    except (ValueError, AttributeError):
        said = ""
    return f"{said}. {REMEDIES.get(error.code, 'Look into the error log of the site')}".lstrip(". ")
