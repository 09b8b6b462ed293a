# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python functions that may be called over HTTP, by which users and with which arguments."""

from __future__ import annotations

import importlib
import inspect
from typing import Callable, NamedTuple

from frappe.context import form_dict, session
from frappe.exceptions import PermissionError
from frappe.messages import bold, throw


class Access(NamedTuple):
    """Who may call a function over HTTP, and how."""

    guests: bool
    as_sent: bool  # the values of a guest are not sanitized
    methods: tuple[str, ...]


ANY_METHOD = ("GET", "POST", "PUT", "DELETE")
ACCESS: dict[Callable, Access] = {}
REFUSAL = "You are not permitted to access this resource."


def whitelist(allow_guest=False, xss_safe=False, methods=None):
    """Decorator: make a function callable as /api/method/<dotted name>, by guests too if `allow_guest` is set."""
    access = Access(bool(allow_guest), bool(allow_guest and xss_safe), tuple(methods or ANY_METHOD))

    def mark(fn):
        ACCESS[fn] = access
        return fn

    return mark


def is_whitelisted(method):
    """Raise PermissionError unless the session's user may call `method`. The values of a guest are sanitized."""
    access, is_guest = ACCESS.get(method), session["user"] == "Guest"
    if not access or (is_guest and not access.guests):
        detail = f"Function {bold(f'{method.__module__}.{method.__name__}')} is not whitelisted."
        throw(f"<details><summary>{REFUSAL}</summary>{detail}</details>", PermissionError, title="Method Not Allowed")
    if is_guest and not access.as_sent:
        from frappe.utils.html_utils import sanitize_html

        form_dict.update({name: sanitize_html(value) for name, value in form_dict.items()})


def call(fn, *args, **kwargs):
    """Call the function with those of `kwargs` that it accepts."""
    if isinstance(fn, str):
        module, name = fn.rpartition(".")[::2]
        fn = getattr(importlib.import_module(module), name)
    return fn(*args, **get_newargs(fn, kwargs))


def get_newargs(fn, kwargs):
    parameters = inspect.signature(fn).parameters.values()
    takes_all = any(p.kind == p.VAR_KEYWORD for p in parameters)
    known = {p.name for p in parameters if p.kind != p.VAR_KEYWORD}
    return {k: v for k, v in kwargs.items() if (takes_all or k in known) and k not in ("ignore_permissions", "flags")}
