# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to a real nginx, with a configuration of the test's own: what it finds, and what a try leaves behind."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx import Nginx, NginxError, find_binary

EVENTS = "events { }\n"


@pytest.fixture
def door(tmp_path):
    """A nginx that is configured with the texts given, by path."""

    def made(**texts):
        for name, text in {"nginx.conf": EVENTS, **texts}.items():
            path = tmp_path / "etc" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        conf = tmp_path / "etc" / "nginx.conf"
        return Nginx(find_binary("nginx"), str(conf), str(tmp_path), str(tmp_path / "etc" / "conf.d"))

    return made


def test_a_second_include_on_a_line_counts(door):
    http = EVENTS + "http { include mime.types; include conf.d/*.conf; access_log off; }\n"
    nginx = door(
        **{"nginx.conf": http, "mime.types": "types { }\n", "conf.d/one.conf": "server { listen 127.0.0.1:1; }"}
    )
    files = nginx.files()
    assert [path.rpartition("/etc/")[2] for path in files] == ["nginx.conf", "mime.types", "conf.d/one.conf"]
    assert nginx.includes(files, f"{nginx.conf_dir}/benchkeeper.conf")
    with pytest.raises(NginxError, match=r'unknown directive "nosuch" in .*/etc/conf.d/new.conf:1'):
        nginx.try_with(files, {f"{nginx.conf_dir}/new.conf": "nosuch on;"})
