# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Responses: JSON, redirects and pages, with Frappe's messages and traceback."""

from __future__ import annotations

import datetime
import json
import sys
import traceback
from collections.abc import Iterable

import frappe
from frappe.context import _dict
from frappe.utils import cstr


def json_handler(obj):
    from frappe.model.base_document import BaseDocument

    if isinstance(obj, (datetime.date, datetime.time, datetime.timedelta)):
        return str(obj)
    if isinstance(obj, BaseDocument):
        return obj.as_dict(no_nulls=True)
    if isinstance(obj, Iterable):
        return list(obj)
    if isinstance(obj, Exception) or callable(obj):
        return repr(obj)
    raise TypeError(f"Object of type {type(obj)} is not JSON serializable")


def is_v2() -> bool:
    return bool(frappe.request) and frappe.request.path.startswith("/api/v2")


def build_response(response_type=None):
    """Convert frappe.local.response to a werkzeug Response."""
    import werkzeug.utils

    if not frappe.local.response.get("docs", True):
        del frappe.local.response["docs"]
    kind = frappe.local.response.get("type") or response_type
    if kind == "redirect":
        return werkzeug.utils.redirect(frappe.local.response.location)
    if kind == "page":
        from frappe.website import message_page

        return message_page()
    return as_json()


def as_json():
    from werkzeug.wrappers import Response

    _add_messages()
    status = frappe.local.response.pop("http_status_code", None)
    body = json.dumps(frappe.local.response, default=json_handler, separators=(",", ":"))
    return Response(body, status=status or 200, mimetype="application/json")


def report_error(status_code):
    """Return the current exception as JSON. The traceback is omitted for a 404, or if the site hides tracebacks."""
    shown = _tracebacks_allowed() and not frappe.local.flags.disable_traceback and status_code != 404
    kind, error = sys.exc_info()[:2]
    trace = traceback.format_exc()
    if is_v2():
        row = _dict(type=kind.__name__, **({"exception": trace} if shown else {}))
        for message in list(frappe.local.message_log):
            if message.get("__frappe_exc_id") == getattr(error, "__frappe_exc_id", None):
                row.update({k: v for k, v in message.items() if k not in ("raise_exception", "__frappe_exc_id")})
                frappe.local.message_log.remove(message)
                break
        frappe.local.response.errors = [row]
    else:
        if shown:
            frappe.errprint(trace)
            frappe.local.response.exception = trace.splitlines()[-1]
        frappe.local.response["exc_type"] = kind.__name__
    reply = build_response("json")
    reply.status_code = status_code
    return reply


def _tracebacks_allowed():
    return bool(frappe.db and frappe.get_system_settings("allow_error_traceback"))


def _add_messages():
    response = frappe.local.response
    if is_v2():
        if frappe.local.message_log:
            response["messages"] = frappe.local.message_log
        return
    if frappe.local.error_log and _tracebacks_allowed():
        response["exc"] = json.dumps([cstr(row["exc"]) for row in frappe.local.error_log])
    if frappe.local.message_log:
        response["_server_messages"] = json.dumps([json.dumps(message) for message in frappe.local.message_log])
    if frappe.local.flags.error_message:
        response["_error_message"] = frappe.local.flags.error_message
