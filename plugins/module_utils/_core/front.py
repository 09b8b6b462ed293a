# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answered instead of Frappe: a proxy, a firewall, a CDN or HTTP authentication. Pure: it reads one response."""

from __future__ import annotations

import json
import re
import typing as t

REFUSED = (401, 403, 406, 407, 451)  # what authentication and firewalls answer
BROKEN = (502, 503, 504, *range(520, 528))  # what a proxy or a CDN answers for a web process that does not
# Keys of Frappe's error responses (frappe.utils.response.report_error) and of OAuth's (RFC 6749, 5.2).
FRAPPES_KEYS = {"exc_type", "exception", "exc", "_server_messages", "errors", "error", "session_expired"}
FRAPPES_COOKIES = re.compile(r"\b(?:sid|system_user|full_name|user_id)=")
# Frappe's pages (templates/base.html), and the plain pages of Werkzeug, which its web process runs in.
FRAPPES_PAGE = re.compile(r'<meta name="generator" content="frappe">|^<!doctype html>\n<html lang=en>\n<title>')
# A header that only this product sends, and its name.
MARKS = (
    ("CF-RAY", "Cloudflare"),
    ("X-Amz-Cf-Id", "Amazon CloudFront"),
    ("X-Sucuri-ID", "Sucuri"),
    ("Akamai-GRN", "Akamai"),
    ("X-Fastly-Request-ID", "Fastly"),
    ("X-Azure-Ref", "Azure Front Door"),
    ("X-Iinfo", "Imperva"),
    ("X-Varnish", "Varnish"),
)
LONGEST = 60  # characters of a header that are shown


class Headers(t.Protocol):
    """The headers of a response, as requests and urllib return them."""

    def get(self, name: str, /) -> str | None:
        """The value of a header, or None."""


def in_front(status: int, headers: Headers, text: str) -> str:
    """A phrase that names what answered instead of Frappe. Empty if Frappe answered, or may have.

    Args:
        status: the HTTP status. Only errors that something in front of Frappe sends are judged.
        headers: the headers.
        text: the body. The phrase never contains any of it.
    """
    if status not in (*REFUSED, *BROKEN) or _is_frappes(headers, text):
        return ""
    scheme = re.match(r"[A-Za-z][A-Za-z0-9-]*", headers.get("WWW-Authenticate") or "")
    parts = [name for header, name in MARKS if headers.get(header)]
    parts += [f"{name}: {_plain(headers.get(name))}" for name in ("Server", "Via") if headers.get(name)]
    parts += [f"HTTP authentication {scheme.group()[:LONGEST]}"] if scheme else []
    return f"sent by a server in front of Frappe: {', '.join(parts) or 'no name in the response'}"


def _is_frappes(headers: Headers, text: str) -> bool:
    if headers.get("X-Page-Name") or FRAPPES_COOKIES.search(headers.get("Set-Cookie") or ""):
        return True
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return bool(FRAPPES_PAGE.search(text))
    return isinstance(body, dict) and bool(FRAPPES_KEYS & body.keys())


def _plain(value: str | None) -> str:
    """A header of another program for use in a message: printable ASCII, cut."""
    return re.sub(r"[^\x20-\x7e]", "?", value or "")[:LONGEST]
