# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From one state of the edge's files to the next, with a nginx that loads whatever it is given."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.edge import Edge
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import untold
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import Nginx

A, B = "a.example.com", "b.example.com"
LIMIT = {"rate": "5r/s", "burst": 10}
CORS = {"origins": ["https://app.example.com"]}


class Server(Nginx):
    """A nginx that includes conf.d, loads anything and counts how often it was told to."""

    def __init__(self, folder):
        self.conf, self.conf_dir, self.pid, self.told = f"{folder}/nginx.conf", f"{folder}/conf.d", 4, 0

    def files(self):
        return {self.conf: "http { include conf.d/*.conf; }"}

    def includes(self, files, path):
        return True

    def try_with(self, files, changes):
        pass

    def master(self, files):
        return self.pid

    def reload(self, pid):
        self.told += 1


def site(name, **more):
    return {"name": name, "domains": [name], "cors": None, **more}


@pytest.fixture
def run(tmp_path):
    """A run of the module: what it says; the nginx is its attribute."""
    (tmp_path / "conf.d").mkdir()
    server = Server(tmp_path)

    def settle(*sites, check=False, **options):
        params = {
            "bench_path": str(tmp_path / "bench"),
            "sites": list(sites),
            "known_sites": [A, B],
            "rate_limit": None,
            "trusted_proxies": [],
            "state": "present",
            "conf_dir": server.conf_dir,
            "reload": True,
            "headers_more_comes": False,
            **options,
        }
        return Edge(params).settle(server, check)

    settle.server, settle.folder = server, tmp_path / "benchkeeper.d"
    return settle


def text_of(run, ending):
    (path,) = run.folder.glob(f"bench_*{ending}")
    return path.read_text()


def test_a_kept_entry_never_names_a_client_that_is_no_longer_told(run):
    run(site(A), site(B), rate_limit=LIMIT, trusted_proxies=["10.0.0.0/8"])
    assert "$benchkeeper_client_" in text_of(run, ".conf")
    run(site(A), rate_limit=LIMIT)  # only this one is worked on
    assert "$benchkeeper_client_" not in text_of(run, ".conf")
    assert [f'"{name} $remote_addr"' in text_of(run, ".conf") for name in (A, B)] == [True, True]


def rules(result):
    return [finding["rule"] for row in result["sites"] for finding in row["findings"]]


def test_a_run_that_may_not_reload_reports_real_changes_only_and_that_nginx_was_not_told(run):
    quiet = {"reload": False}
    results = [run(site(A, cors=CORS), check=check, **quiet) for check in (True, False, True, False)]
    assert [result["changed"] for result in results] == [True, True, False, False]
    assert [rules(result) for result in results] == [["nginx-untold"]] * 4
    assert [result["reloaded"] for result in results] == [False] * 4 and run.server.told == 0
    later = [run(site(A, cors=CORS), check=check) for check in (True, False, True, False)]
    assert [result["changed"] for result in later] == [True, True, False, False]
    assert [result["reloaded"] for result in later] == [True, True, False, False] and run.server.told == 1
    assert rules(later[1]) == [] and run(site(A, cors=CORS), **quiet)["changed"] is False


def test_what_nginx_was_not_told_of_keeps_the_step_going_when_all_entries_are_gone(run):
    conf_dir = run.server.conf_dir
    run(site(A, cors=CORS))
    assert untold(conf_dir) == []
    run(site(A), reload=False)
    assert not list(run.folder.glob("bench_*")) and len(untold(conf_dir)) == 1
    assert run(site(A))["reloaded"] is True and untold(conf_dir) == [] and not run.folder.exists()


def test_a_site_whose_cors_is_unmanaged_keeps_its_entries_and_one_without_has_none(run):
    run(site(A, cors=CORS), site(B, cors=CORS))
    before = text_of(run, ".map")
    kept = run(site(A, cors_managed=False), site(B, cors=CORS))
    assert kept["changed"] is False and text_of(run, ".map") == before
    undeclared = run(site(A), site(B, cors=CORS))
    assert [row["action"] for row in undeclared["sites"]] == ["deleted", "unchanged"]
    assert [row["action"] for row in run(site(A, cors_managed=False), site(B))["sites"]] == ["unchanged", "deleted"]


@pytest.mark.parametrize("strange", ["*.example.com", "::1", "m\u00fcnchen.example", 'a";', "a" * 254])
def test_a_host_name_that_nginx_cannot_be_told_is_the_sites_alone(run, strange):
    result = run(site(A, cors=CORS, found_domains=[strange, "more.example.com"]), site(B, cors=CORS))
    assert [row["action"] for row in result["sites"]] == ["created", "created"]
    assert "more" in text_of(run, ".map") and strange not in text_of(run, ".map")
    first, second = result["sites"]
    assert [(f["rule"], f["severity"]) for f in first["findings"]] == [("domain-unserved", "warning")]
    assert repr(strange) in first["findings"][0]["found"] and second["findings"] == []
    assert [warning.partition(":")[0] for warning in result["warnings"]] == [A]
    assert rules(run(site(A, found_domains=[strange]))) == []  # nothing that is declared needs it
