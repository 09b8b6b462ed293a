# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of a bench, the table of which ones a change reloads or restarts, and a site's host names."""

from __future__ import annotations

import os

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import BrokenConfig
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.processes import processes
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.domains import domains_of, url_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.reload import reload_needs

SUPERVISOR = """\
; bench writes comments
[program:b-frappe-web]
command=gunicorn ; of course
[program:b-node-socketio]
command=node
[program:b-frappe-schedule]
[program:b-frappe-short-worker]
process_name=%(program_name)s-%(process_num)d
[group:b-web]
programs=b-frappe-web,b-node-socketio
[group:b-workers]
programs=b-frappe-schedule, b-frappe-short-worker
"""


@pytest.fixture
def bench(tmp_path):
    (tmp_path / "frappe-bench/config").mkdir(parents=True)
    (tmp_path / "units").mkdir()
    return tmp_path


def found(bench):
    return processes(str(bench / "frappe-bench"), str(bench / "units"))


def test_supervisor_the_web_program_is_named_alone(bench):
    (bench / "frappe-bench/config/supervisor.conf").write_text(SUPERVISOR)
    assert found(bench) == {"manager": "supervisor", "web": "b-web:b-frappe-web", "workers": ["b-workers:"]}


def test_a_web_program_of_another_name_is_named_as_it_was_looked_for(bench):
    conf = bench / "frappe-bench/config/supervisor.conf"
    conf.write_text("[program:erp-web]\n[program:erp-worker]\n[group:erp]\nprograms=erp-web,erp-worker\n")
    assert found(bench)["web"] is None
    assert found(bench)["looked_for"] == (
        f"{conf} has no program with a name that ends in -frappe-web. It has: erp-web, erp-worker"
    )


def test_supervisor_without_groups(bench):
    (bench / "frappe-bench/config/supervisor.conf").write_text("[program:x-frappe-web]\n[program:x-frappe-worker]\n")
    assert found(bench) == {"manager": "supervisor", "web": "x-frappe-web", "workers": ["x-frappe-worker"]}


@pytest.mark.parametrize(
    "text", [b"root:$6$the-hash:19000:0:99999:7:::\n", b"[program:x]\nthe-hash\n", b"[the-hash\xff]\n"]
)
def test_a_file_that_is_not_a_supervisor_configuration_is_named_and_never_quoted(bench, text):
    """The file may be a link to a file that only root may read, and the module runs as root."""
    (bench / "elsewhere").write_bytes(text)
    (bench / "frappe-bench/config/supervisor.conf").symlink_to(bench / "elsewhere")
    with pytest.raises(BrokenConfig, match="supervisor.conf is not a valid supervisor configuration") as error:
        found(bench)
    assert "the-hash" not in str(error.value)


def test_a_supervisor_conf_that_would_hang_its_reader_is_refused(bench):
    os.mkfifo(bench / "frappe-bench/config/supervisor.conf")
    with pytest.raises(BrokenConfig, match="is a named pipe"):
        found(bench)


def test_systemd(bench):
    for unit in ("frappe-web.service", "frappe-default-worker@.service", "workers.target"):
        (bench / f"units/frappe-bench-{unit}").write_text("")
    assert found(bench) == {
        "manager": "systemd",
        "web": "frappe-bench-frappe-web.service",
        "workers": ["frappe-bench-workers.target"],
    }


def test_neither(bench):
    assert found(bench) == {
        "manager": "none",
        "web": None,
        "workers": [],
        "looked_for": f"found neither {bench}/frappe-bench/config/supervisor.conf "
        f"nor the systemd unit {bench}/units/frappe-bench-frappe-web.service",
    }


@pytest.mark.parametrize(
    ("keys", "cached", "strategy", "web", "workers"),
    [
        (["allow_cors"], False, "graceful", "none", "none"),
        (["allow_cors"], True, "graceful", "reload", "none"),
        (["allow_cors"], False, "restart", "restart", "none"),
        (["redis_queue"], False, "graceful", "restart", "restart"),
        (["redis_queue"], True, "restart", "restart", "restart"),
        (["redis_queue"], True, "none", "none", "none"),
        ([], True, "restart", "none", "none"),
    ],
)
def test_reload_needs(keys, cached, strategy, web, workers):
    needs = reload_needs(keys, cached, strategy)
    assert (needs["web"], needs["workers"]) == (web, workers)


@pytest.mark.parametrize(
    ("name", "config", "domains", "url"),
    [
        ("a.example", {}, ["a.example"], "http://a.example"),
        ("Trust.com", {}, [], "http://trust.com"),
        ("Trust.com", {"domains": ["Trust.example.com"]}, ["trust.example.com"], "http://trust.example.com"),
        ("a", {"host_name": "https://x.example/"}, ["x.example", "a"], "https://x.example"),
        ("a", {"host_name": "x.example"}, ["x.example", "a"], "http://x.example"),
        ("a", {"host_name": "http://X.example:8000"}, ["x.example", "a"], "http://X.example:8000"),
        ("a", {"domains": [{"domain": "x", "ssl_certificate": "/c"}, "y"]}, ["x", "y", "a"], "https://x"),
        ("a", {"ssl_certificate": "/c"}, ["a"], "https://a"),
        ("a", {"domains": [None, 5, {}, ""]}, ["a"], "http://a"),
    ],
)
def test_host_names(name, config, domains, url):
    assert (domains_of(name, config), url_of(name, config)) == (domains, url)
