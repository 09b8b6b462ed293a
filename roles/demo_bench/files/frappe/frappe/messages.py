# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages to the user and the exceptions that come with them."""

from __future__ import annotations

import inspect
import secrets
import traceback

from frappe.context import _dict, error_log, flags, local, message_log
from frappe.exceptions import ValidationError


def bold(text):
    return f"<strong>{text}</strong>"


def msgprint(
    msg: str, title: str | None = None, raise_exception: bool | type[Exception] = False, as_table=False, as_list=False,
    indicator=None, alert=False, primary_action=None, is_minimizable=False, wide=False, *, realtime=False,
) -> None:  # fmt: skip
    """Add a message to the reply (`_server_messages`), and raise if asked to."""
    out = _dict(message=msg)

    def leave():
        if raise_exception:
            kind = raise_exception if inspect.isclass(raise_exception) else ValidationError
            error = kind(msg)
            if out.get("__frappe_exc_id"):
                error.__frappe_exc_id = out["__frappe_exc_id"]
            raise error

    if flags.mute_messages:
        return leave()
    out.title = title or "Message"
    if indicator or raise_exception:
        out.indicator = indicator or "red"
    if alert:
        out.alert = 1
    if raise_exception:
        out.raise_exception = 1
        out["__frappe_exc_id"] = secrets.token_hex(28)
    if primary_action:
        out.primary_action = primary_action
    message_log.append(out)
    return leave()


def throw(
    msg: str, exc: type[Exception] = ValidationError, title: str | None = None, is_minimizable: bool = False,
    wide: bool = False, as_list: bool = False, primary_action=None,
) -> None:  # fmt: skip
    msgprint(msg, raise_exception=exc, title=title, indicator="red", primary_action=primary_action)


def clear_messages():
    local.message_log = []


def clear_last_message():
    if local.message_log:
        local.message_log = local.message_log[:-1]


def errprint(msg):
    error_log.append({"exc": msg})


def get_traceback(with_context=False) -> str:
    return traceback.format_exc()
