# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to one site in one thread: `local`, its proxies, and the dictionary with attributes they hold."""

from __future__ import annotations

from werkzeug.local import Local


class _dict(dict):
    """A dictionary whose keys are attributes too; a missing attribute is None, not an error."""

    __getattr__ = dict.get
    __setattr__ = dict.__setitem__

    def __delattr__(self, name):
        self.pop(name, None)

    def update(self, *args, **kwargs):
        super().update(*args, **kwargs)
        return self

    def copy(self):
        return _dict(self)


local = Local()

db = local("db")
conf = local("conf")
form_dict = form = local("form_dict")
request = local("request")
response = local("response")
session = local("session")
user = local("user")
flags = local("flags")
message_log = local("message_log")
error_log = local("error_log")
debug_log = local("debug_log")
lang = local("lang")
