# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python functions may be called over HTTP, by whom, and with which arguments."""

from __future__ import annotations

import importlib
import inspect

from frappe.context import form_dict, session
from frappe.exceptions import PermissionError
from frappe.messages import bold, throw

whitelisted, guest_methods, xss_safe_methods = [], [], []
allowed_http_methods_for_whitelisted_func = {}


def whitelist(allow_guest=False, xss_safe=False, methods=None):
    """Decorator: callable as /api/method/<dotted name>, by guests too if `allow_guest`."""

    def mark(fn):
        whitelisted.append(fn)
        allowed_http_methods_for_whitelisted_func[fn] = methods or ["GET", "POST", "PUT", "DELETE"]
        if allow_guest:
            guest_methods.append(fn)
            if xss_safe:
                xss_safe_methods.append(fn)
        return fn

    return mark


def is_whitelisted(method):
    """Raise PermissionError unless the session's user may call `method`; a guest's values are sanitised on the way."""
    is_guest = session["user"] == "Guest"
    if method not in whitelisted or (is_guest and method not in guest_methods):
        function = bold(f"{method.__module__}.{method.__name__}")
        summary, detail = "You are not permitted to access this resource.", f"Function {function} is not whitelisted."
        throw(f"<details><summary>{summary}</summary>{detail}</details>", PermissionError, title="Method Not Allowed")
    if is_guest and method not in xss_safe_methods:
        from frappe.utils.html_utils import sanitize_html

        for key, value in form_dict.items():
            if isinstance(value, str):
                form_dict[key] = sanitize_html(value)


def call(fn, *args, **kwargs):
    """Call with those of `kwargs` that the function knows."""
    if isinstance(fn, str):
        module, name = fn.rpartition(".")[::2]
        fn = getattr(importlib.import_module(module), name)
    return fn(*args, **get_newargs(fn, kwargs))


def get_newargs(fn, kwargs):
    parameters = inspect.signature(fn).parameters.values()
    takes_all = any(p.kind == p.VAR_KEYWORD for p in parameters)
    known = {p.name for p in parameters if p.kind != p.VAR_KEYWORD}
    return {k: v for k, v in kwargs.items() if (takes_all or k in known) and k not in ("ignore_permissions", "flags")}
