# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WSGI application, `frappe.app:application`."""

from __future__ import annotations

import functools
import json
import os

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import ClosingIterator

import frappe
import frappe.api
import frappe.handler
import frappe.integrations.oauth2  # so that gunicorn's --preload shares it
from frappe.auth import UNSAFE_HTTP_METHODS, HTTPRequest, validate_auth
from frappe.utils import cint, get_site_name
from frappe.utils.response import build_response, report_error
from frappe.website import get_response, page

_sites_path = os.environ.get("SITES_PATH", ".")
PAGES = {
    401: ("Session Expired", "Your session has expired, please login again to continue."),
    403: ("Not Permitted", "You do not have enough permissions to complete the action"),
    404: ("Not Found", "The resource you are looking for is not available"),
}


def destroy_afterwards(app):
    """The site is left when the reply has been sent."""

    @functools.wraps(app)
    def wrapped(environ, start_response):
        return ClosingIterator(app(environ, start_response), (frappe.destroy,))

    return wrapped


@destroy_afterwards
@Request.application
def application(request: Request):
    response, rollback = None, True
    try:
        init_request(request)
        validate_auth()
        if request.method == "OPTIONS":
            response = Response()
        elif frappe.form_dict.cmd:
            frappe.handler.handle()
            response = build_response("json")
        elif request.path.startswith("/api/"):
            response = frappe.api.handle(request)
        elif request.method in ("GET", "HEAD", "POST"):
            response = get_response()
        else:
            raise NotFound
    except HTTPException as e:
        return e
    except Exception as e:
        response = handle_exception(e)
    else:
        rollback = sync_database()
    finally:
        if rollback and request.method in UNSAFE_HTTP_METHODS and frappe.db:
            frappe.db.rollback()
        if response:
            process_response(response)
    return response


def init_request(request):
    """Find the site (X-Frappe-Site-Name, else the Host header), read its configuration, open its session."""
    frappe.local.request = request
    frappe.local.is_ajax = request.headers.get("X-Requested-With") == "XMLHttpRequest"
    site = request.headers.get("X-Frappe-Site-Name") or get_site_name(request.host)
    frappe.init(site=site, sites_path=_sites_path, force=True)
    frappe.local.request = request
    if frappe.conf.maintenance_mode:
        frappe.connect()
        if not frappe.conf.allow_reads_during_maintenance:
            raise frappe.SessionStopped("Session Stopped")
        frappe.flags.read_only = True
        frappe.db.begin(read_only=True)
    else:
        frappe.connect(set_admin_as_user=False)
    request.max_content_length = cint(frappe.conf.get("max_file_size")) or 25 * 1024 * 1024
    make_form_dict(request)
    if request.method != "OPTIONS":
        frappe.local.http_request = HTTPRequest()


def make_form_dict(request):
    data = request.get_data(as_text=True)
    args = json.loads(data) if data and request.is_json else {**request.args, **request.form}
    if isinstance(args, dict):
        frappe.local.form_dict = frappe._dict(args)
        frappe.local.form_dict.pop("_", None)
    elif isinstance(args, list):
        frappe.local.form_dict["data"] = args
    else:
        frappe.throw("Invalid request arguments")


def handle_exception(e):
    status = getattr(e, "http_status_code", 500)
    accept = frappe.get_request_header("Accept") or ""
    wants_json = frappe.local.is_ajax or "application/json" in accept
    if not frappe.session.user:
        frappe.session.user = "Guest"
    if wants_json or (frappe.request.path.startswith("/api/") and not accept.startswith("text")):
        response = report_error(status)
    else:
        response = page(*PAGES.get(status, ("Server Error", "")), status)
    if e.__class__ is frappe.AuthenticationError and hasattr(frappe.local, "login_manager"):
        frappe.local.login_manager.clear_cookies()
    return response


def sync_database() -> bool:
    """Commit what an unsafe method did, roll back after a safe one; whether a rollback is still due."""
    if frappe.local.flags.commit or frappe.request.method in UNSAFE_HTTP_METHODS:
        frappe.db.commit()
    else:
        frappe.db.rollback()
    if session := getattr(frappe.local, "session_obj", None):
        session.update()
    return False


def process_response(response):
    if hasattr(frappe.local, "cookie_manager"):
        frappe.local.cookie_manager.flush_cookies(response)
    if hasattr(frappe.local, "conf"):
        set_cors_headers(response)


def set_cors_headers(response):
    """`allow_cors` is "*", one origin or a list, compared letter by letter; a preflight gets what it asks for."""
    allowed, origin = frappe.conf.allow_cors, frappe.request.headers.get("Origin")
    if not allowed or not origin:
        return
    if allowed != "*" and origin not in (allowed if isinstance(allowed, list) else [allowed]):
        return
    headers = {"Access-Control-Allow-Credentials": "true", "Access-Control-Allow-Origin": origin, "Vary": "Origin"}
    if frappe.request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = frappe.request.headers.get("Access-Control-Request-Method")
        if wanted := frappe.request.headers.get("Access-Control-Request-Headers"):
            headers["Access-Control-Allow-Headers"] = wanted
        if not frappe.conf.developer_mode:
            headers["Access-Control-Max-Age"] = "86400"
    response.headers.extend(headers)
