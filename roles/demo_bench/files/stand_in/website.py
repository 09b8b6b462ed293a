# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the login and of the OAuth flow. All other paths return 404."""

from __future__ import annotations

import html
import os
from urllib.parse import urlencode, urlsplit

from werkzeug.wrappers import Response

import frappe

REDIRECTS = {"/.well-known/openid-configuration": "/api/method/frappe.integrations.oauth2.openid_configuration"}
ASSETS = "assets/assets.json"  # written by bench build; the working directory is sites
NO_STORE = {"Cache-Control": "no-store, no-cache, must-revalidate"}
NOTE = "This is the demo bench's stand-in, not Frappe."
LOGIN_FORM = """<form method="post" action="/api/method/login">
<input name="usr" placeholder="Email"> <input name="pwd" type="password" placeholder="Password"> <button>Login</button>
</form><script>
document.forms[0].onsubmit = async (event) => {{
  event.preventDefault();
  const body = new URLSearchParams(new FormData(event.target));
  const reply = await fetch("/api/method/login", {{method: "POST", body}});
  if (reply.ok) window.location.href = {target};
}};
</script>"""


def get_response():
    """Return the page at the path of the request."""
    path = frappe.request.path.rstrip("/") or "/"
    try:
        if path in REDIRECTS:
            frappe.flags.redirect_location = REDIRECTS[path]
            raise frappe.Redirect
        if path == "/login" or (path == "/" and frappe.session.user == "Guest"):
            return login_page()
        if path == "/app" or path.startswith("/app/"):
            return desk_page()
    except frappe.Redirect as redirect:
        headers = {**NO_STORE, "Location": frappe.flags.redirect_location}
        return Response("", redirect.http_status_code, headers, content_type="text/html; charset=utf-8")
    return page("Not Found", "The page you are looking for does not exist.", 404)


def login_page():
    target = _own_address(frappe.request.args.get("redirect-to"))
    if frappe.session.user != "Guest":
        frappe.flags.redirect_location = target or "/app"
        raise frappe.Redirect
    return page(
        "Login", LOGIN_FORM.format(target=frappe.as_json(target or "/app", indent=None).replace("<", "\\u003c"))
    )


def desk_page():
    """Return the page of Desk. It contains the CSRF token of the session."""
    from frappe.sessions import get_csrf_token

    if frappe.session.user == "Guest":
        frappe.flags.redirect_location = "/login?" + urlencode({"redirect-to": frappe.request.path})
        raise frappe.Redirect
    if frappe.db.get_value("User", frappe.session.user, "user_type") == "Website User":
        return page("Not Permitted", "You are not permitted to access this page.", 403)
    script = f'<script>window.frappe = {{}}; frappe.csrf_token = "{get_csrf_token()}";</script>'
    return page("Frappe", f"<p>{NOTE}</p>{script}")


def _own_address(target):
    """Return the address if it is on this site, otherwise None. A login never redirects to another site."""
    there = urlsplit(target or "")
    return (
        target
        if target and there.netloc in ("", frappe.request.host) and there.scheme in ("", "http", "https")
        else None
    )


def message_page():
    message = frappe.local.response["page"]
    return page(message["title"], message["html"], frappe.local.response.get("http_status_code") or 200)


def page(title, body, status=200):
    """Return a page.

    Raises:
        AttributeError: the assets were not built. Frappe then cannot render the page that reports the error either.
    """
    if not os.path.exists(ASSETS):
        raise AttributeError("'NoneType' object has no attribute 'get'")
    head = f'<meta name="generator" content="frappe"><title>{html.escape(title)}</title>'
    text = f"<!DOCTYPE html>\n<html><head>{head}</head><body>{body}</body></html>"
    return Response(text, status, content_type="text/html; charset=utf-8")
