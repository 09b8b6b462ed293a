# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes below /api/."""

from __future__ import annotations

from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule, Submount

import frappe
from frappe.api import rest
from frappe.utils.response import build_response


def _call(method):
    import frappe.handler

    frappe.form_dict.cmd = method.split("/")[0]  # the rest of the path is ignored
    return frappe.handler.handle()


def _call_v2(method):
    import frappe.handler

    return frappe.handler.run(method, "Failed to get method {0} with {1}", frappe.get_attr)


V1 = [
    Rule("/method/<path:method>", endpoint=_call),
    Rule("/resource/<doctype>", methods=["GET"], endpoint=rest.list_documents),
    Rule("/resource/<doctype>", methods=["POST"], endpoint=rest.create),
    Rule("/resource/<doctype>/<path:name>/", methods=["GET"], endpoint=rest.read),
    Rule("/resource/<doctype>/<path:name>/", methods=["PUT"], endpoint=rest.update),
    Rule("/resource/<doctype>/<path:name>/", methods=["DELETE"], endpoint=rest.delete),
]
V2 = [
    Rule("/method/login", endpoint=lambda: None),
    Rule("/method/ping", endpoint=frappe.ping),
    Rule("/method/<method>", endpoint=_call_v2),
]
ROUTES = Map(
    [Submount("/api", V1), Submount("/api/v1", V1), Submount("/api/v2", V2)], strict_slashes=False, merge_slashes=False
)


def handle(request):
    """Return the response to a request below /api/. Raises DoesNotExistError if no route matches."""
    try:
        endpoint, arguments = ROUTES.bind_to_environ(request.environ).match()
    except NotFound:
        raise frappe.DoesNotExistError from None
    answer = endpoint(**arguments)
    if answer is not None:
        frappe.response["data"] = answer
    return build_response("json")
