# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes from one state of our nginx files to the next, with a fake nginx that accepts every configuration."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.edge import Edge
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import not_reloaded
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import Nginx, NginxError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.records import read_records

A, B = "a.example.com", "b.example.com"
LIMIT = {"rate": "5r/s", "burst": 10}
CORS = {"origins": ["https://app.example.com"]}


class Server(Nginx):
    """A fake nginx that includes conf.d, accepts everything and counts its reloads."""

    def __init__(self, folder):
        self.conf, self.conf_dir, self.pid, self.reloads = f"{folder}/nginx.conf", f"{folder}/conf.d", 4, 0

    def files(self):
        return {self.conf: "http { include conf.d/*.conf; }"}

    def includes(self, files, path):
        return True

    def try_with(self, files, changes):
        pass

    def master(self, files):
        return self.pid

    def reload(self, pid):
        self.reloads += 1


def site(name, **more):
    return {"name": name, "domains": [name], "cors": None, **more}


@pytest.fixture
def run(tmp_path):
    """Run the module and return its result. The fake nginx is an attribute."""
    (tmp_path / "conf.d").mkdir()
    server = Server(tmp_path)

    def run_edge(*sites, check=False, **options):
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
        return Edge(params).apply(server, check)

    run_edge.server, run_edge.folder = server, tmp_path / "benchkeeper.d"
    return run_edge


def text_of(run, ending):
    (path,) = run.folder.glob(f"bench_*{ending}")
    return path.read_text()


def test_a_kept_entry_of_the_limit_follows_the_trusted_proxies(run):
    run(site(A), site(B), rate_limit=LIMIT, trusted_proxies=["10.0.0.0/8"])
    assert "$benchkeeper_client_" in text_of(run, ".conf")
    run(site(A), rate_limit=LIMIT)  # only this one is in the run
    assert "$benchkeeper_client_" not in text_of(run, ".conf")
    assert [f'"{name} $remote_addr"' in text_of(run, ".conf") for name in (A, B)] == [True, True]


def test_a_kept_entry_is_written_from_its_record(run):
    both = [site(A, cors=CORS), site(B, cors=CORS)]
    run(*both, rate_limit=LIMIT)
    for ending in (".map", ".conf"):
        (path,) = run.folder.glob(f"bench_*{ending}")
        before = path.read_text()
        path.write_text(before.replace("(?:b\\.example\\.com)", "(?:evil\\.example\\.com)"))
        assert path.read_text() != before
        result = run(site(A, cors=CORS), rate_limit=LIMIT)
        assert result["files"] == [str(path)] and path.read_text() == before and result["warnings"] == []
    assert run(*both, rate_limit=LIMIT)["changed"] is False


DAMAGES = [
    lambda text: text.replace('{"cors"', '{ "cors"', 1),  # every byte matters
    lambda text: text.replace("# site-record 1 ", "# site-record 2 ", 1),
    lambda text: text.replace("# site-record 1 ", "# ", 1),
    lambda text: text.replace("# site-record 1 ", "# site-record + ", 1),
    lambda text: text.replace(f'"hosts":["{A}"]', '"hosts":["a\\";"]', 1),
    lambda text: text.replace(f'"hosts":["{A}"]', '"hosts":[]', 1),
    lambda text: text.replace(f'"hosts":["{A}"]', f'"hosts":["{B}","{A}"]', 1),
    lambda text: text.replace(f'"name":"{A}"', f'"name":"{A}","name":"{A}"', 1),
    lambda text: text.replace(f'"name":"{A}"', '"name":"../x"', 1),
    lambda text: text.replace("600", "true", 1),
    lambda text: text.replace("600", "600.0", 1),
    lambda text: text.replace("600", "9" * 5000, 1),
    lambda text: text.replace("https://app.example.com", "*", 1),
    lambda text: text.replace('"methods":["GET"', '"methods":["GET|"', 1),
    lambda text: text.replace('"cors":{', '"cors":{"x":' + "[" * 20000 + "{", 1),
    lambda text: text.replace("{", "\udcff", 1),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_entries_below_a_damaged_record_are_not_kept_and_reported(run, damage):
    run(site(A, cors=CORS), site(B, cors=CORS))
    (path,) = run.folder.glob("bench_*.map")
    good = path.read_bytes()
    path.write_bytes(damage(good.decode()).encode("utf-8", "surrogateescape"))
    damaged = path.read_bytes()
    assert damaged != good
    foreseen = run(check=True)
    assert path.read_bytes() == damaged
    result = run()  # no site is declared in this run
    assert result == {**foreseen, "reloaded": True} and result["changed"] is True
    assert len(result["warnings"]) in (1, 2) and all(f"{path}:" in warning for warning in result["warnings"])
    assert list(read_records(path.read_text()).sites) == [B]
    assert B in text_of(run, ".map") and A not in text_of(run, ".map")
    assert run()["changed"] is False and run()["warnings"] == []
    assert run(site(A, cors=CORS))["changed"] is True and path.read_bytes() == good


def test_of_two_records_of_one_site_neither_is_kept(run):
    run(site(A, cors=CORS), site(B, cors=CORS))
    (path,) = run.folder.glob("bench_*.map")
    path.write_text(path.read_text().replace(f'"name":"{A}"', f'"name":"{B}"'))
    result = run()
    assert [warning.split(": ")[0] for warning in result["warnings"]] == [f"{path}:2", f"{path}:5"]
    assert not path.exists() and result["changed"] is True


def test_a_file_of_ours_with_other_line_ends_is_written_again(run):
    run(site(A, cors=CORS))
    (path,) = run.folder.glob("bench_*.map")
    good = path.read_bytes()
    path.write_bytes(good.replace(b"\n", b"\r\n"))
    assert run(site(A, cors=CORS))["changed"] is True and path.read_bytes() == good


def test_a_damaged_record_does_not_matter_where_everything_is_removed(run):
    run(site(A, cors=CORS))
    (path,) = run.folder.glob("bench_*.map")
    path.write_text(path.read_text().replace("record 1", "record 9"))
    assert run(state="absent")["warnings"] == [] and not run.folder.exists()


def rules(result):
    return [finding["rule"] for row in result["sites"] for finding in row["findings"]]


def test_a_run_that_may_not_reload_reports_real_changes_only_and_that_nginx_has_not_reloaded(run):
    quiet = {"reload": False}
    results = [run(site(A, cors=CORS), check=check, **quiet) for check in (True, False, True, False)]
    assert [result["changed"] for result in results] == [True, True, False, False]
    assert [rules(result) for result in results] == [["nginx-not-reloaded"]] * 4
    assert [result["reloaded"] for result in results] == [False] * 4 and run.server.reloads == 0
    later = [run(site(A, cors=CORS), check=check) for check in (True, False, True, False)]
    assert [result["changed"] for result in later] == [True, True, False, False]
    assert [result["reloaded"] for result in later] == [True, True, False, False] and run.server.reloads == 1
    assert rules(later[1]) == [] and run(site(A, cors=CORS), **quiet)["changed"] is False


def test_a_pending_reload_is_reported_after_the_last_entry_was_removed(run):
    conf_dir = run.server.conf_dir
    run(site(A, cors=CORS))
    assert not_reloaded(conf_dir) == []
    run(site(A), reload=False)
    assert not list(run.folder.glob("bench_*")) and len(not_reloaded(conf_dir)) == 1
    assert run(site(A))["reloaded"] is True and not_reloaded(conf_dir) == [] and not run.folder.exists()


def test_a_site_whose_cors_is_unmanaged_keeps_its_entries_and_one_without_has_none(run):
    run(site(A, cors=CORS), site(B, cors=CORS))
    before = text_of(run, ".map")
    kept = run(site(A, cors_managed=False), site(B, cors=CORS))
    assert kept["changed"] is False and text_of(run, ".map") == before
    undeclared = run(site(A), site(B, cors=CORS))
    assert [row["action"] for row in undeclared["sites"]] == ["deleted", "unchanged"]
    assert [row["action"] for row in run(site(A, cors_managed=False), site(B))["sites"]] == ["unchanged", "deleted"]


@pytest.mark.parametrize("strange", ["*.example.com", "::1", "m\u00fcnchen.example", 'a";', "a" * 254])
def test_a_host_name_that_nginx_cannot_serve_affects_its_site_only(run, strange):
    result = run(site(A, cors=CORS, found_domains=[strange, "more.example.com"]), site(B, cors=CORS))
    assert [row["action"] for row in result["sites"]] == ["created", "created"]
    assert "more" in text_of(run, ".map") and strange not in text_of(run, ".map")
    first, second = result["sites"]
    assert [(f["rule"], f["severity"]) for f in first["findings"]] == [("domain-unserved", "warning")]
    assert repr(strange) in first["findings"][0]["found"] and second["findings"] == []
    assert [warning.partition(":")[0] for warning in result["warnings"]] == [A]
    assert rules(run(site(A, found_domains=[strange]))) == []  # no declaration requires it


# ---------------------------------------------------------------- one host name on two sites
SHOP = "shop.example.com"


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("rate_limit", [None, LIMIT])
def test_a_host_name_of_two_sites_is_refused(run, check, rate_limit):
    cors = {"cors": CORS} if rate_limit is None else {}
    both = [site(A, domains=[SHOP], **cors), site(B, domains=[B], found_domains=[SHOP], **cors)]
    with pytest.raises(NginxError, match=rf"^{A} and {B}: domains: '{SHOP}' is a host name of 2 sites \[domain-shared"):
        run(*both, check=check, rate_limit=rate_limit)
    assert not run.folder.exists()


def test_a_host_name_of_a_kept_site_is_refused(run):
    run(site(A, domains=[SHOP], cors=CORS))
    before = text_of(run, ".map")
    with pytest.raises(NginxError, match="domain-shared"):
        run(site(B, domains=[SHOP], cors=CORS))
    assert text_of(run, ".map") == before


@pytest.mark.parametrize("first", [{"rate_limit": LIMIT}, {}])
def test_a_host_name_of_another_bench_is_refused(run, first):
    run(site(A, domains=[SHOP], cors=CORS), **first)
    with pytest.raises(NginxError, match=rf"{B} and {A} \(in {run.folder}/bench_\w+\.\*\): .* host name of 2 sites"):
        run(site(B, domains=[SHOP], cors=CORS), bench_path=f"{run.folder}/other")
    assert run(site(B, cors=CORS), bench_path=f"{run.folder}/other")["changed"]


def test_what_two_other_benches_share_does_not_stop_this_one(run):
    run(site(A, domains=[SHOP], cors=CORS))
    text = text_of(run, ".map")
    (run.folder / "other_00000000.map").write_text(text.replace(f'"{A}"', f'"{B}"'))
    assert run(site("c.example.com", cors=CORS), bench_path=f"{run.folder}/third")["changed"]
