# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of a real nginx with a test configuration: which files it reads, and that a test leaves no files."""

from __future__ import annotations

import subprocess
import time

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import fragment, limit_lines
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import Nginx, NginxError, find_binary
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.records import (
    cors_record,
    limit_record,
    read_records,
    record_lines,
)
from certificates import certificate

EVENTS = "events { }\n"


@pytest.fixture
def configured(tmp_path):
    """Return the client of an nginx with the given files, by path."""

    def made(**texts):
        for name, text in {"nginx.conf": EVENTS, **texts}.items():
            path = tmp_path / "etc" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, newline="")
        conf = tmp_path / "etc" / "nginx.conf"
        return Nginx(find_binary("nginx"), str(conf), str(tmp_path), str(tmp_path / "etc" / "conf.d"))

    return made


def test_a_second_include_on_a_line_is_read(configured):
    http = EVENTS + "http { include mime.types; include conf.d/*.conf; access_log off; }\n"
    nginx = configured(
        **{"nginx.conf": http, "mime.types": "types { }\n", "conf.d/one.conf": "server { listen 127.0.0.1:1; }"}
    )
    files = nginx.files()
    assert [path.rpartition("/etc/")[2] for path in files] == ["nginx.conf", "mime.types", "conf.d/one.conf"]
    assert nginx.includes(files, f"{nginx.conf_dir}/benchkeeper.conf")
    with pytest.raises(NginxError, match=r'unknown directive "nosuch" in .*/etc/conf.d/new.conf:1'):
        nginx.try_with(files, {f"{nginx.conf_dir}/new.conf": "nosuch on;"})


@pytest.mark.parametrize(
    "word", ["odd\\ *.d/a.conf", "'odd?[[]x].d/?.conf'", "odd\\ \\[x\\].d/*", '"odd \\\\[x].d/[a-b].conf"']
)
def test_a_pattern_of_an_include_names_what_it_names_for_nginx(configured, word):
    """Beside the included file is another one, with an error that nginx would report."""
    files = {"odd [x].d/a.conf": "env A;\n", "oddx.d/a.conf": "nosuch on;\n", "odd x.d/c.conf": "nosuch on;\n"}
    nginx = configured(**{"nginx.conf": f"include {word};{EVENTS}", **files})
    assert [path.rpartition("/etc/")[2] for path in nginx.files()] == ["nginx.conf", "odd [x].d/a.conf"]
    nginx.try_with(nginx.files(), {})


def test_a_backslash_in_an_include_without_a_pattern_is_part_of_the_name(configured):
    nginx = configured(
        **{"nginx.conf": f"include a\\ b.conf;{EVENTS}", "a\\ b.conf": "env A;\n", "a b.conf": "nosuch on;\n"}
    )
    assert [path.rpartition("/etc/")[2] for path in nginx.files()] == ["nginx.conf", "a\\ b.conf"]
    nginx.try_with(nginx.files(), {})


def test_line_ends_are_those_of_the_file(configured):
    """A lone carriage return ends neither a comment nor a line, so no include follows it."""
    text = f"# old\rinclude nosuch.conf;\r\n{EVENTS}http {{\r\ninclude a.conf; }}\r\n"
    nginx = configured(**{"nginx.conf": text, "a.conf": "# x\rnosuch on;\r\nlog_format a 'x\r\ny';\n"})
    files = nginx.files()
    assert [path.rpartition("/etc/")[2] for path in files] == ["nginx.conf", "a.conf"]
    assert files[nginx.conf] == text
    with pytest.raises(NginxError, match=r'unknown directive "nosuch" in .*/etc/a.conf:4'):
        nginx.try_with(files, {path: f"{text}nosuch on;" for path, text in files.items() if "a.conf" in path})


def test_lines_of_maps_are_not_taken_for_directives(configured, tmp_path):
    http = f"http {{ access_log off; map $uri $a {{ error_log {tmp_path}/x; pid /x; default 0; include a.map; }} }}"
    nginx = configured(**{"nginx.conf": EVENTS + http, "a.map": "b 1;\n"})
    files = nginx.files()
    nginx.try_with(files, {})
    assert f"error_log {tmp_path}/x; pid /x;" in nginx._in_shadow(nginx.conf, files[nginx.conf], "/shadow")
    assert len(files) == 2 and not (tmp_path / "x").exists()


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


def test_a_try_makes_no_log_and_no_folder(configured, tmp_path):
    (tmp_path / "new").mkdir()
    included = f"server {{ listen 127.0.0.1:3; access_log {tmp_path}/new/included.log; }}"
    nginx = configured(**{"nginx.conf": WRITES.format(tmp_path), "conf.d/one.conf": included})
    nginx.try_with(nginx.files(), {})
    assert list((tmp_path / "new").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["etc", "new"]


def test_a_log_that_nginx_could_not_open_is_reported_by_the_try(configured, tmp_path):
    nginx = configured(**{"nginx.conf": WRITES.format(tmp_path), "conf.d/one.conf": ""})
    with pytest.raises(NginxError, match=f"{tmp_path}/new/.* failed .2: No such file or directory"):
        nginx.try_with(nginx.files(), {})


def test_a_fault_is_named_by_its_own_line(configured):
    nginx = configured(**{"nginx.conf": "\n" + EVENTS + "nosuch on;\n"})
    with pytest.raises(NginxError, match=r'unknown directive "nosuch" in .*/etc/nginx.conf:3'):
        nginx.try_with(nginx.files(), {})


def test_what_is_named_relative_to_the_main_file_is_found_beside_an_included_file(configured, tmp_path):
    """As with certificates: a directory with a copy of an included file must have its other files too."""
    for folder in ("etc/conf.d", "beside"):
        (tmp_path / folder).mkdir(parents=True)
        certificate(tmp_path / folder, "a.example.com", 9)
    names = ("conf.d/certificate.pem", "../beside/certificate.pem")
    servers = [
        f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {name}; ssl_certificate_key {name}; }}\n"
        for port, name in enumerate(names, 1)
    ]
    http = EVENTS + "http { access_log off; include conf.d/*.conf; }\n"
    nginx = configured(**{"nginx.conf": http, "conf.d/one.conf": "".join(servers), "conf.d/old.conf": "nosuch on;"})
    nginx.try_with(nginx.files(), {f"{nginx.conf_dir}/old.conf": None})


def test_nginx_takes_the_files_of_a_site_with_very_many_names(configured):
    """nginx rejects a comment or a word of more than 4096 bytes."""
    cors = {"origins": [f"https://app-{number}.example.com" for number in range(100)]}
    site = {
        "name": "a",
        "domains": [f"site-{number}.of.a.large.fleet.example.com" for number in range(200)],
        "cors": cors,
    }
    http = "http { access_log off; map $host $policy { include cors.map; } map $host $limited { include limit.map; } }"
    limited = limit_record(site)
    entries = [*record_lines(limited), *limit_lines(limited, "x", [])]
    files = {"cors.map": fragment([cors_record(site)]), "limit.map": "\n".join(entries) + "\n"}
    nginx = configured(**{"nginx.conf": EVENTS + http, **files})
    nginx.try_with(nginx.files(), {})
    assert [len(read_records(text).sites) for text in files.values()] == [1, 1]
    long_comment = f"#{'x' * 4097}\n"
    with pytest.raises(NginxError, match="too long parameter"):
        nginx.try_with(nginx.files(), {nginx.conf: EVENTS + long_comment + http})


def test_a_running_nginx_is_found_by_its_pid_file(configured, tmp_path):
    conf = f"pid run.pid; error_log {tmp_path}/error.log; {EVENTS}"
    nginx = configured(**{"nginx.conf": conf})
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
        while running.poll() is None:  # a process that has just started can miss a signal
            running.terminate()
            time.sleep(0.05)
