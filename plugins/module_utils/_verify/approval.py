# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Allow button of the consent page. Newer versions of Frappe accept it by POST only, with the page's CSRF token."""

from __future__ import annotations

import html.parser
import re
import typing as t
from urllib.parse import urlsplit

from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.http import HttpClient, body_of

NOT_BY_GET = (403, 405)
CSRF = re.compile(r"""csrf_token["']?\s*[:=]\s*["']([^"'<>\s]+)["']""")


def is_page(reply: t.Any) -> bool:
    """Whether a response is an HTML page."""
    return reply.status_code == 200 and "html" in reply.headers.get("Content-Type", "")


def allow(http: HttpClient, uri: str, approval: str, page: t.Any) -> t.Any:
    """Press the Allow button.

    Args:
        http: the client of the site.
        uri: path and query of the authorization request.
        approval: path and query that the button requests.
        page: the consent page; None if it was not requested yet.

    Returns:
        The response with the redirect. If Frappe skips the consent page, this is the one to the authorization request.
    """
    reply = http.send(http.browser, "GET", approval)
    if reply.status_code not in NOT_BY_GET:
        return reply
    page = page or http.send(http.browser, "GET", uri)
    if not is_page(page):
        return page
    action, fields = _form_of(page.text)
    token = fields.get("csrf_token") or next(iter(CSRF.findall(page.text)), "")
    headers = {"X-Frappe-CSRF-Token": token} if token else {}
    fields = {**fields, **({"csrf_token": token} if token else {})}
    return http.send(http.browser, "POST", action or approval, data=fields, headers=headers)


def location_of(reply: t.Any) -> str:
    """The URL to which a response sends the browser: a redirect, or a JSON body that the page's script follows."""
    body = body_of(reply)
    said = next((body[key] for key in ("location", "redirect_to", "message") if isinstance(body.get(key), str)), "")
    return reply.headers.get("Location", "") or (said if reply.status_code == 200 and "://" in said else "")


class _Forms(html.parser.HTMLParser):
    """The forms of a page that are sent by POST, each as its action and its fields."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("method", "").lower() == "post"
            if self.inside:
                self.forms.append((given.get("action", ""), {}))
        elif tag == "input" and self.inside and given.get("name"):
            self.forms[-1][1][given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "form"


def _form_of(text: str) -> tuple[str, dict[str, str]]:
    """The path and the fields of the form that approves; empty if the page has none."""
    parser = _Forms()
    parser.feed(text)
    for action, fields in parser.forms:
        parts = urlsplit(action)
        if parts.path.endswith(".approve"):
            return parts.path + (f"?{parts.query}" if parts.query else ""), fields
    return "", {}
