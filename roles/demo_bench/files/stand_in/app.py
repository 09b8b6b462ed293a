# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WSGI application, `frappe.app:application`."""

from __future__ import annotations

import contextlib
import functools
import json
import os

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import ClosingIterator

import frappe
import frappe.api
import frappe.handler
import frappe.integrations.oauth2  # imported here so that gunicorn's --preload loads it once
from frappe.auth import UNSAFE_HTTP_METHODS, HTTPRequest, clear_cookies, validate_auth
from frappe.utils import cint, get_site_name
from frappe.utils.response import build_response, report_error
from frappe.website import get_response, message_page, page

SITES_PATH = os.environ.get("SITES_PATH", os.curdir)
PAGE_METHODS = ("GET", "HEAD", "POST")
LARGEST_BODY = 25 * 1024 * 1024  # bytes, if the site's configuration does not set max_file_size
PAGES = {
    401: ("Session Expired", "This session is over. Log in again to go on."),
    403: ("Not Permitted", "Your roles do not allow this."),
    404: ("Not Found", "Nothing was found at this address."),
}


def destroy_afterwards(app):
    """Reset the current site after the response was sent."""

    @functools.wraps(app)
    def wrapped(environ, start_response):
        return ClosingIterator(app(environ, start_response), [frappe.destroy])

    return wrapped


@destroy_afterwards
@Request.application
def application(request: Request):
    """Handle a request. werkzeug exceptions are returned unchanged, without cookies and CORS headers."""
    with contextlib.ExitStack() as on_error:
        on_error.callback(undo_writes, request)
        try:
            init_request(request)
            validate_auth()
            reply = dispatch(request)
        except HTTPException as refusal:
            return refusal
        except Exception as error:
            reply = handle_exception(error)
        else:
            commit_or_rollback()
            on_error.pop_all()
    process_response(reply)
    return reply


def dispatch(request):
    """Return the response of the first matching handler. `cmd` takes precedence over the path."""
    for is_addressed, answer in PARTS:
        if is_addressed(request):
            return answer(request)
    raise NotFound


def call_command(_request):
    frappe.handler.handle()
    return build_response("json")


PARTS = (
    (lambda r: r.method == "OPTIONS", lambda r: Response()),
    (lambda r: frappe.form_dict.cmd, call_command),
    (lambda r: r.path.startswith("/api/"), frappe.api.handle),
    (lambda r: r.method in PAGE_METHODS, lambda r: get_response()),
)


def init_request(request):
    """Find the site (X-Frappe-Site-Name, or the Host header), read its configuration, and open its session."""
    frappe.local.request = request
    named = request.headers.get("X-Frappe-Site-Name")
    frappe.init(named or get_site_name(request.host), SITES_PATH, force=True)
    open_database()
    request.max_content_length = cint(frappe.conf.get("max_file_size")) or LARGEST_BODY
    frappe.local.form_dict = make_form_dict(request)
    if request.method != "OPTIONS":
        frappe.local.http_request = HTTPRequest()


def open_database():
    """Open the database. In maintenance mode, open it read-only as Administrator.

    Raises SessionStopped in maintenance mode, unless allow_reads_during_maintenance is set.
    """
    maintenance = bool(frappe.conf.maintenance_mode)
    frappe.connect(set_admin_as_user=maintenance)
    if not maintenance:
        return
    if not frappe.conf.allow_reads_during_maintenance:
        raise frappe.SessionStopped("The site is in maintenance")
    frappe.flags.read_only = True
    frappe.db.begin(read_only=True)


def make_form_dict(request):
    """Return the arguments: a JSON object, a JSON list as `data`, or the query merged with the form.

    The argument `_`, a cache buster, is dropped. Raises ValidationError for any other JSON.
    """
    body = request.get_data(as_text=True)
    sent = json.loads(body) if request.is_json and body else {**request.args, **request.form}
    if isinstance(sent, list):
        sent = {"data": sent}
    if not isinstance(sent, dict):
        frappe.throw("The body is neither a JSON object nor a JSON list")
    return frappe._dict((name, value) for name, value in sent.items() if name != "_")


def handle_exception(error):
    """Return the response for an error: JSON or an HTML page.

    JSON is returned if the client accepts it. It is also returned below /api/, unless Accept starts with "text".
    """
    frappe.session.user = frappe.session.user or "Guest"
    status = getattr(error, "http_status_code", 500)
    accepted = frappe.get_request_header("Accept") or ""
    of_api = frappe.request.path.startswith("/api/") and not accepted.startswith("text")
    as_json = of_api or "application/json" in accepted
    if frappe.local.response.get("page"):
        return message_page()  # Frappe renders the same page again. If that fails too, the error leaves the application
    reply = report_error(status) if as_json else page(*PAGES.get(status, ("Server Error", "")), status)
    if error.__class__ is frappe.AuthenticationError and hasattr(frappe.local, "login_manager"):
        clear_cookies()
    return reply


def undo_writes(request):
    if frappe.db and request.method in UNSAFE_HTTP_METHODS:
        frappe.db.rollback()


def commit_or_rollback():
    """Commit after an unsafe method. Roll back after a safe method, unless `frappe.flags.commit` is set."""
    keep = frappe.request.method in UNSAFE_HTTP_METHODS or frappe.flags.commit
    finish = frappe.db.commit if keep else frappe.db.rollback
    finish()
    opened = getattr(frappe.local, "session_obj", None)
    if opened:
        opened.update()


def process_response(response):
    cookies = getattr(frappe.local, "cookie_manager", None)
    if cookies:
        cookies.flush_cookies(response)
    if hasattr(frappe.local, "conf"):
        response.headers.extend(cors_headers(frappe.request))


def cors_headers(request):
    """Return the CORS headers. A preflight gets every method and header that it requests.

    `allow_cors` is "*", an origin or a list of origins. Origins are compared exactly.
    """
    asked, allowed = request.headers, frappe.conf.allow_cors
    origin = asked.get("Origin")
    listed = allowed if isinstance(allowed, list) else [allowed]
    if not origin or (allowed != "*" and origin not in listed):
        return []
    granted = {"Allow-Origin": origin, "Allow-Credentials": "true"}
    if request.method == "OPTIONS":
        # like Frappe, send the string "None" if the preflight names no method
        granted["Allow-Methods"] = str(asked.get("Access-Control-Request-Method"))
        granted["Allow-Headers"] = asked.get("Access-Control-Request-Headers") or None
        granted["Max-Age"] = None if frappe.conf.developer_mode else "86400"
    sent = [(f"Access-Control-{key}", value) for key, value in granted.items() if value is not None]
    return [*sent, ("Vary", "Origin")]
