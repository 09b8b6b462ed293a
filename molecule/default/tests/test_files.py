# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files on the server after a run: the declared state with the right owner, and nothing else."""

from __future__ import annotations

import json

import pytest

SITES = ("Trust.com", "two.test", "three.test")


def test_every_file_belongs_to_the_owner_of_the_bench(bench):
    """Except for the files of supervisord, which root always owns."""
    others = bench.host.check_output("find %s '(' ! -user frappe -o ! -group frappe ')'", bench.path).split()
    assert [name for name in others if not name.endswith(("/logs/web.log", "/logs/web.error.log"))] == []


def test_no_leftover(bench):
    """The file writer leaves no temporary file, and Ansible with pipelining writes no module file."""
    sites = bench.host.check_output("find %s/sites %s/config -type f -newer /etc/hostname", bench.path, bench.path)
    known = {"site_config.json", "site_config.lock", "common_site_config.json", "apps.txt"}
    known |= {"nginx.conf", "supervisor.conf", "502.html", "assets.json"}
    others = [name for name in sites.split() if name.rpartition("/")[2] not in known]
    assert [name for name in others if "/db/" not in name and "/logs/" not in name] == []
    assert bench.host.check_output("find /root/.ansible/tmp /home/frappe/.ansible/tmp /var/tmp -type f || :") == ""


@pytest.mark.parametrize("site", SITES)
def test_site_config_keeps_owner_and_mode_and_has_what_is_declared(bench, site):
    file = bench.host.file(f"{bench.path}/sites/{site}/site_config.json")
    assert (file.user, file.group, file.mode) == ("frappe", "frappe", 0o644)
    config = json.loads(file.content_string)
    assert config["session_idle_limit"] == "06:00:00"
    # Frappe's own keys remain.
    assert {"db_name", "db_password", "db_type"} <= set(config)


def test_the_common_config_is_merged(bench):
    file = bench.host.file(f"{bench.path}/sites/common_site_config.json")
    assert (file.user, file.group, file.mode) == ("frappe", "frappe", 0o644)
    config = json.loads(file.content_string)
    assert config["max_file_size"] == 10485760 and config["webserver_port"] == 8000


def test_nginx_has_one_additional_file_and_one_directory(bench):
    names = bench.host.check_output("ls -A /etc/nginx/conf.d").split()
    assert names == ["benchkeeper.conf", "frappe-bench.conf", "third-party.conf"]
    found = bench.host.check_output(
        "find /etc/nginx/benchkeeper.d /etc/nginx/conf.d/benchkeeper.conf -printf '%y %m %u:%g\\n'"
    )
    assert set(found.splitlines()) == {"d 755 root:root", "f 644 root:root"}
    assert bench.host.run("nginx -t").rc == 0


def test_headers_more_was_installed(bench):
    assert bench.host.package("libnginx-mod-http-headers-more-filter").is_installed
