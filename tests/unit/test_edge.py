# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx is told, and what is read out of what it is told by others."""

from __future__ import annotations

import os
import re

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import (
    bench_id,
    cors_lines,
    fragment,
    kept_limit_lines,
    limit,
    limit_lines,
    own_files,
    sections,
    shared,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import (
    Nginx,
    directives,
    foreign_cors,
    foreign_limits,
    includes_in,
    reason_of,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import edge_findings, limit_findings

SITE = {
    "name": "Trust.com",
    "domains": ["trust.example.com", "www.example.com"],
    "cors": {"origins": ["https://app.example.com", "http://127.0.0.1:3000"]},
}


def policy(text, host, origin):
    """What the map gives for a request, as nginx looks it up: the first regular expression that matches."""
    for pattern, value in re.findall(r'^\s*"~(\^.*?)" "(.*)";$', text, re.MULTILINE):
        if re.search(pattern, f"{host} {origin}"):
            return value
    return ""


@pytest.mark.parametrize(
    ("host", "origin", "allowed"),
    [
        ("trust.example.com", "https://app.example.com", True),
        ("www.example.com", "http://127.0.0.1:3000", True),
        ("trust.example.com", "https://app.example.com:443", False),
        ("trust.example.com", "https://APP.example.com", False),
        ("trust.example.com", "https://app.example.com/", False),
        ("trust.example.com", "https://app.example.com.evil.example", False),
        ("trust.example.com", "https://evil.app.example.com", False),
        ("trust.example.com", "https://appXexample.com", False),
        ("trust.example.com", "http://app.example.com", False),
        ("trust.example.com", "null", False),
        ("trust.example.com", "", False),
        ("trustXexample.com", "https://app.example.com", None),
        ("sub.trust.example.com", "https://app.example.com", None),
        ("trust.example.com.evil.example", "https://app.example.com", None),
        ("other.example.com", "https://app.example.com", None),
    ],
)
def test_which_request_is_ours_and_whose_origin_is_allowed(host, origin, allowed):
    found = policy(fragment({"Trust.com": cors_lines(SITE)}), host, origin)
    rest = "|GET, POST, PUT, DELETE|Authorization, Content-Type, X-Frappe-CSRF-Token|600"
    assert found == {True: f"{origin}|{rest}", False: "||||", None: ""}[allowed]


def test_credentials_methods_headers_and_age_are_the_declared_ones():
    cors = {"origins": ["https://a.example"], "methods": ["GET"], "headers": ["X-A", "X-B"], "max_age": 0}
    (line, _rest) = cors_lines({**SITE, "cors": {**cors, "credentials": True}})
    assert line.endswith('"https://a.example|true|GET|X-A, X-B|0";')


def test_entries_of_each_site_are_found_again():
    entries = {"a": cors_lines(SITE), "b": cors_lines({**SITE, "domains": ["b.example.com"]}), "c": []}
    assert sections(fragment(entries)) == {name: lines for name, lines in entries.items() if lines}
    limits = {"a": limit_lines(SITE, "x", ["10.0.0.0/8"]), "c": []}
    assert sections(limit("x", limits, "5r/s", 10, ["10.0.0.0/8"])) == {"a": limits["a"]}
    assert fragment({"c": []}) is None and limit("x", {"c": []}, "5r/s", 10, []) is None


@pytest.mark.parametrize(
    ("request_line", "limited"),
    [
        ("trust.example.com POST /api/method/frappe.integrations.oauth2.get_token ", True),
        ("trust.example.com POST /api/v1/method/frappe.integrations.oauth2.get_token ", True),
        ("trust.example.com POST /api/v2/method/frappe.integrations.oauth2.get_token ", True),
        ("trust.example.com POST /api/method/frappe.integrations.oauth2.get_token/x y ", True),
        ("trust.example.com POST / cmd=frappe.integrations.oauth2.get_token", True),
        ("trust.example.com POST / a=1&cmd=frappe.integrations.oauth2.get_token&b=2", True),
        ("trust.example.com POST / cmd=frappe.integrations.oauth2.get%5ftoken", True),
        ("trust.example.com POST / %63%6D%64=frappe%2Eintegrations%2eoauth2.get_token", True),
        ("trust.example.com POST / CMD=ping&cmd=frappe.integrations.oauth2.get_token", True),
        ("trust.example.com POST /a\nb cmd=frappe.integrations.oauth2.get_token", True),
        ("trust.example.com POST / cmd=frappe.integrations.oauth2.get_tokens", False),
        ("trust.example.com POST / xcmd=frappe.integrations.oauth2.get_token", False),
        ("trust.example.com POST / a=cmd=frappe.integrations.oauth2.get_token", False),
        ("trust.example.com OPTIONS /api/method/frappe.integrations.oauth2.get_token ", False),
        ("trust.example.com POST /api/method/frappe.integrations.oauth2.get_tokens ", False),
        ("trust.example.com POST /api/method/ping ", False),
        ("other.example.com POST /api/method/frappe.integrations.oauth2.get_token ", False),
    ],
)
def test_which_request_is_limited(request_line, limited):
    (line,) = limit_lines(SITE, "x", [])
    pattern = re.match(r'"~(.*)" "Trust.com \$remote_addr";$', line)[1]
    assert bool(re.search(pattern, request_line)) is limited


def test_an_entry_of_the_limit_that_is_kept_names_the_client_as_it_is_told_now():
    behind, bare = limit_lines(SITE, "x", ["10.0.0.0/8"]), limit_lines(SITE, "x", [])
    assert kept_limit_lines("Trust.com", behind, "x", []) == bare
    assert kept_limit_lines("Trust.com", bare, "x", ["10.0.0.0/8"]) == behind
    older = '"~^(?:trust\\.example\\.com|www\\.example\\.com) (?!OPTIONS )[A-Z]+ (?:/x|.*x)" "Trust.com $remote_addr";'
    assert kept_limit_lines("Trust.com", [older], "x", []) == bare


def test_a_site_with_very_many_names_has_words_that_nginx_takes():
    names = [f"site-number-{number}.of.a.very.large.fleet.example.com" for number in range(300)]
    site = {**SITE, "domains": names}
    text = fragment({"a": cors_lines(site)}) + limit("x", {"a": limit_lines(site, "x", [])}, "5r/s", 1, [])
    assert all(len(word) < 4000 for line in directives("x", text) for word in line.words)
    assert {policy(text, name, "https://app.example.com")[:24] for name in names} == {"https://app.example.com|"}
    assert {policy(text, name, "https://evil.example") for name in names} == {"||||"}


@pytest.mark.parametrize(("rate", "retry"), [("5r/s", 1), ("1r/s", 1), ("30r/m", 2), ("7r/m", 9), ("1r/m", 60)])
def test_retry_after_is_the_time_of_one_request(rate, retry):
    assert f'"~^REJECTED ." {retry};' in limit("x", {"a": limit_lines(SITE, "x", [])}, rate, 1, [])


def test_the_shared_file_is_the_same_for_every_bench():
    text = shared("/etc/nginx/conf.d/")
    assert "include /etc/nginx/benchkeeper.d/*.map;" in text and "{" not in text.replace("{\n", "")
    assert [line.words[0] for line in directives("x", text)].count("more_set_headers") == 6
    assert not {"map_hash_bucket_size", "limit_req_status", "add_header"} & {d.words[0] for d in directives("x", text)}


def test_a_bench_has_one_name_however_it_is_reached(tmp_path):
    (tmp_path / "frappe-bench").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "frappe-bench")
    assert bench_id(str(tmp_path / "link")) == bench_id(str(tmp_path / "frappe-bench"))
    assert re.fullmatch(r"frappe_bench_[0-9a-f]{8}", bench_id(str(tmp_path / "frappe-bench")))


@pytest.mark.parametrize(
    ("domains", "cors", "expected"),
    [
        (["trust.example.com", "127.0.0.1", "a", "my_site.local", "_x"], {"origins": ["https://a.example"]}, []),
        (["Trust.com"], None, ["domain-form"]),
        (['a";'], None, ["domain-form"]),
        ([], {"origins": ["*"]}, ["cors-origin-form"]),
        ([], {"origins": ["null"]}, ["cors-origin-form"]),
        ([], {"origins": ['https://a.example"; return 200 "x']}, ["cors-origin-form"]),
        ([], {"origins": ["https://a.example|true"]}, ["cors-origin-form"]),
        ([], {"origins": ["https://a$host.example"]}, ["cors-origin-form"]),
        ([], {"origins": ["https://a.example\n"]}, ["cors-origin-form"]),
        ([], {"origins": [], "methods": ["GET|"], "headers": ['X"']}, ["cors-token", "cors-token"]),
        ([], {"origins": [], "headers": ["*"]}, ["cors-token"]),
        ([], {"origins": [], "max_age": -1}, ["cors-max-age"]),
    ],
)
def test_nothing_that_passes_can_end_a_line(domains, cors, expected):
    assert [finding.rule for finding in edge_findings(domains, cors)] == expected


@pytest.mark.parametrize(
    ("rate", "burst", "proxies", "expected"),
    [
        ("5r/s", 10, ["10.0.0.0/8", "::1"], []),
        ("5", 10, [], ["limit-rate"]),
        ("5r/s;", 10, [], ["limit-rate"]),
        ("0r/s", 10, [], ["limit-rate"]),
        ("5r/s", -1, [], ["limit-rate"]),
        ("5r/s", 1, ["balancer"], ["limit-proxy"]),
        ("5r/s", 1, ["10.0.0.1/8"], ["limit-proxy"]),
    ],
)
def test_limits(rate, burst, proxies, expected):
    assert [f.rule for f in limit_findings({"rate": rate, "burst": burst}, proxies)] == expected


# ---------------------------------------------------------------- what others wrote
OTHERS = """
# add_header Access-Control-Allow-Origin "in a comment";
http {
    server {
        server_name trust.example.com *.wild.example.com;
        add_header "Access-Control-Allow-Origin" '*';  # here
        location / {
            add_header X-Frame-Options "SAMEORIGIN; add_header Access-Control-Allow-Origin x";
            add_header
                access-control-allow-headers "a\\"b";
        }
    }
    server { server_name other.example.com; add_header Access-Control-Allow-Origin *; limit_req zone=a; }
}
"""


def test_directives_know_their_line_and_server():
    found = list(directives("nginx.conf", OTHERS))
    assert [(d.words[0], d.line) for d in found][:4] == [
        ("http", 3),
        ("server", 4),
        ("server_name", 5),
        ("add_header", 6),
    ]
    assert found[-1].words == ["limit_req", "zone=a"] and found[-1].servers[-1]["names"] == ["other.example.com"]


INCLUDES = """
include main.d/*.conf; # include comment.conf;
http { include mime.types; include "conf.d/with space/*.conf";
    log_format x '; include quoted.conf;'; server { include
        deep.conf; } my_include no.conf; }
"""


def test_the_log_that_nginx_was_built_with_is_not_made_by_a_try(tmp_path):
    nginx = Nginx("/nosuch/nginx", "/etc/nginx/nginx.conf", None, "/etc/nginx/conf.d")
    nginx._built = f"--prefix=/usr --http-log-path={tmp_path}/access.log"
    text = nginx._in_shadow("x", "http { }", "/shadow")
    assert re.fullmatch(r'http \{ access_log "/shadow/[0-9a-f]+"; \}', text)
    (tmp_path / "access.log").touch()
    assert nginx._in_shadow("x", "http { }", "/shadow") == "http { }"


@pytest.mark.parametrize("stale", ["-1", "0", "1", "", "x", "{stranger}", "999999999"])
def test_whoever_a_stale_pid_file_names_is_no_nginx(tmp_path, stale):
    conf = {"/etc/nginx/nginx.conf": f"pid {tmp_path}/nginx.pid;"}
    nginx = Nginx("/usr/sbin/nginx", "/etc/nginx/nginx.conf", "/", "/etc/nginx/conf.d")
    (tmp_path / "nginx.pid").write_text(stale.format(stranger=os.getpid()))
    assert nginx.master(conf) is None


def test_includes_are_found_wherever_on_a_line_they_stand():
    found = [line.words[1] for line in includes_in("nginx.conf", INCLUDES)]
    assert found == ["main.d/*.conf", "mime.types", "conf.d/with space/*.conf", "deep.conf"]


@pytest.mark.parametrize(
    ("domains", "lines"),
    [
        (["trust.example.com"], [6, 9]),
        (["a.wild.example.com"], [6, 9]),
        (["other.example.com"], [13]),
        (["nobody.example.com"], []),
        ([], []),
    ],
)
def test_headers_of_others_that_concern_us(domains, lines):
    found = foreign_cors({"/etc/nginx/nginx.conf": OTHERS, "ours": OTHERS}, {"ours"}, domains)
    assert [line.place for line in found] == [f"/etc/nginx/nginx.conf:{line}" for line in lines]


def test_a_snippet_that_any_server_may_include_concerns_us():
    (line,) = foreign_cors({"snippet": "add_header Access-Control-Allow-Origin *;"}, set(), ["a.example.com"])
    assert line.place == "snippet:1"


FIGHTING = """
http {
    more_set_headers -s "404" "X-Mine: 1" 'Access-Control-Allow-Origin: $mine';
    more_clear_headers "Access-*" ;
    more_clear_headers Vary;
    more_set_headers "X-Vary: 1" "Content-Type: access-control-allow-origin";
    more_clear_headers X-* Server;
    add_header Access-Control-Allow-Origin "no server of bench's takes it from here";
    server { server_name other.example.com; more_set_headers "vary: Accept"; }
}
"""


@pytest.mark.parametrize(("domain", "lines"), [("trust.example.com", [3, 4, 5]), ("other.example.com", [3, 4, 5, 9])])
def test_lines_that_set_or_clear_what_we_send_count_for_every_server(domain, lines):
    assert [line.line for line in foreign_cors({"a": FIGHTING}, (), [domain])] == lines


def test_files_of_ours_are_nobody_elses_however_their_path_is_written(tmp_path):
    conf_dir = tmp_path / "conf.d"
    conf_dir.mkdir()
    (tmp_path / "benchkeeper.d").mkdir()
    files = {
        conf_dir / "benchkeeper.conf": shared(str(conf_dir)),
        tmp_path / "benchkeeper.d" / "a.conf": "limit_req x;",
    }
    for path, text in files.items():
        path.write_text(text)
    (tmp_path / "link").symlink_to(conf_dir)
    read = {f"{tmp_path}/conf.d/../{path.relative_to(tmp_path)}": text for path, text in files.items()}
    for spelt in ("conf.d", "link"):
        own = own_files(str(tmp_path / spelt))
        assert (foreign_cors(read, own, ["a.example"]), foreign_limits(read, own)) == ([], [])
    assert foreign_cors(read, (), ["a.example"]) and foreign_limits(read, ())


def test_limits_of_others():
    assert [line.place for line in foreign_limits({"a": OTHERS, "b": OTHERS}, {"b"})] == ["a:13"]


def test_the_reason_is_nginxs_own_line():
    stderr = (
        'nginx: [alert] could not open error log\n2026/11/23 [warn] x\nnginx: [emerg] unknown directive "x" in /a:3\n'
    )
    assert reason_of(stderr) == 'unknown directive "x" in /a:3'
    assert reason_of("nginx: [emerg] 12#12: bind() failed\n") == "bind() failed"
