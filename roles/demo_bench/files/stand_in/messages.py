# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages to the user, and their exceptions."""

from __future__ import annotations

import inspect
import secrets
import traceback

from frappe.context import _dict, error_log, flags, local, message_log
from frappe.exceptions import ValidationError

ID = "__frappe_exc_id"  # the attribute that links an exception to its message in API v2


def bold(text):
    return f"<strong>{text}</strong>"


def msgprint(
    msg: str, title: str | None = None, raise_exception: bool | type[Exception] = False, as_table=False, as_list=False,
    indicator=None, alert=False, primary_action=None, is_minimizable=False, wide=False, *, realtime=False,
) -> None:  # fmt: skip
    """Add a message to the response (`_server_messages`). Raise an exception if `raise_exception` is set."""
    errors = [_exception(msg, raise_exception)] if raise_exception else []
    if not flags.mute_messages:
        extra = {
            "indicator": indicator or (errors and "red"),
            "alert": 1 if alert else None,
            "raise_exception": len(errors),
            ID: errors and secrets.token_hex(28),
            "primary_action": primary_action,
        }
        note = _dict(message=msg, title=title or "Message")
        message_log.append(note.update({key: value for key, value in extra.items() if value}))
        for error in errors:
            setattr(error, ID, note[ID])
    for error in errors:
        raise error


def _exception(msg, wanted):
    return wanted(msg) if inspect.isclass(wanted) else ValidationError(msg)


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
