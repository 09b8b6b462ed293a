# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of one site in one thread: `local`, its proxies, and the dictionary type that they use."""

from __future__ import annotations

from werkzeug.local import Local


class _dict(dict):
    """A dictionary whose keys are also attributes. A missing attribute is None."""

    __getattr__ = dict.get
    __setattr__ = dict.__setitem__

    def __delattr__(self, name):
        self.pop(name, None)

    def copy(self):
        return _dict(self)

    def update(self, *args, **kwargs):
        """Like dict.update, but returns the dictionary."""
        dict.update(self, *args, **kwargs)
        return self


local = Local()

db, conf, flags, form_dict, lang, session, user = map(
    local, ("db", "conf", "flags", "form_dict", "lang", "session", "user")
)
request, response, debug_log, error_log, message_log = map(
    local, ("request", "response", "debug_log", "error_log", "message_log")
)
form = form_dict
