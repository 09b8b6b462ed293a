# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to a real nginx, with a configuration of the test's own: what it finds, and what a try leaves behind."""

from __future__ import annotations

import subprocess
import time

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import Nginx, NginxError, find_binary
from certificates import certificate

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


WRITES = """
error_log {0}/new/error.log; error_log stderr; error_log {0}/new/main.log notice;
events {{ }}
http {{
    client_body_temp_path {0}/new/body; proxy_cache_path {0}/new/cache keys_zone=one:1m;
    log_format short '$host access_log {0}/new/quoted.log'; access_log "new/access.log" short;
    server {{ listen 127.0.0.1:1; access_log off; error_log {0}/new/server.log; }}
    server {{ listen 127.0.0.1:2; access_log {0}/new/$host.log short; access_log syslog:server=127.0.0.1; }}
    include conf.d/*.conf;
}}
"""


def test_a_try_makes_no_log_and_no_folder(door, tmp_path):
    (tmp_path / "new").mkdir()
    included = f"server {{ listen 127.0.0.1:3; access_log {tmp_path}/new/included.log; }}"
    nginx = door(**{"nginx.conf": WRITES.format(tmp_path), "conf.d/one.conf": included})
    nginx.try_with(nginx.files(), {})
    assert list((tmp_path / "new").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["etc", "new"]


def test_a_log_that_nginx_could_not_open_is_found_by_the_try(door, tmp_path):
    nginx = door(**{"nginx.conf": WRITES.format(tmp_path), "conf.d/one.conf": ""})
    with pytest.raises(NginxError, match=f"{tmp_path}/new/.* failed .2: No such file or directory"):
        nginx.try_with(nginx.files(), {})


def test_a_fault_is_named_by_its_own_line(door):
    nginx = door(**{"nginx.conf": "\n" + EVENTS + "nosuch on;\n"})
    with pytest.raises(NginxError, match=r'unknown directive "nosuch" in .*/etc/nginx.conf:3'):
        nginx.try_with(nginx.files(), {})


def test_what_is_named_relative_to_the_main_file_is_found_beside_an_included_file(door, tmp_path):
    """As certificates are; a folder with a copy of an included file in it must hold the rest, too."""
    for folder in ("etc/conf.d", "beside"):
        (tmp_path / folder).mkdir(parents=True)
        certificate(tmp_path / folder, "a.example.com", 9)
    names = ("conf.d/certificate.pem", "../beside/certificate.pem")
    servers = [
        f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {name}; ssl_certificate_key {name}; }}\n"
        for port, name in enumerate(names, 1)
    ]
    http = EVENTS + "http { access_log off; include conf.d/*.conf; }\n"
    nginx = door(**{"nginx.conf": http, "conf.d/one.conf": "".join(servers), "conf.d/old.conf": "nosuch on;"})
    nginx.try_with(nginx.files(), {f"{nginx.conf_dir}/old.conf": None})


def test_a_nginx_that_runs_is_found_by_its_pid_file(door, tmp_path):
    conf = f"pid run.pid; error_log {tmp_path}/error.log; {EVENTS}"
    nginx = door(**{"nginx.conf": conf})
    assert nginx.master(nginx.files()) is None
    running = subprocess.Popen(nginx._command(nginx.conf, "-g", "daemon off;"))
    try:
        written = tmp_path / "run.pid"
        for _try in range(500):
            if written.exists() and written.read_text().strip():
                break
            time.sleep(0.01)
        assert nginx.master(nginx.files()) == running.pid
    finally:
        while running.poll() is None:  # one that has only just begun can miss a signal
            running.terminate()
            time.sleep(0.05)
