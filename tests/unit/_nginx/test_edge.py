# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that configure nginx for the sites of a bench, and third-party directives."""

from __future__ import annotations

import os
import re

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import (
    MARK,
    bench_id,
    cors_lines,
    fragment,
    limit,
    limit_lines,
    own_files,
    shared,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import Nginx, reason_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.reader import directives
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.records import (
    cors_record,
    limit_record,
    read_records,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.third_party import (
    third_party_cors,
    third_party_limits,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import edge_findings, limit_findings

SITE = {
    "name": "Trust.com",
    "domains": ["trust.example.com", "www.example.com"],
    "cors": {"origins": ["https://app.example.com", "http://127.0.0.1:3000"]},
}
RECORD, LIMITED = cors_record(SITE), limit_record(SITE)


def policy(text, host, origin):
    """The value of the map for a request, as in nginx: the first regular expression that matches."""
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
    found = policy(fragment([RECORD]), host, origin)
    rest = "|GET, POST, PUT, DELETE|Authorization, Content-Type, X-Frappe-CSRF-Token, X-Frappe-Site-Name|600"
    assert found == {True: f"{origin}|{rest}", False: "||||", None: ""}[allowed]


def test_credentials_methods_headers_and_age_are_the_declared_ones():
    cors = {"origins": ["https://a.example"], "methods": ["GET"], "headers": ["X-A", "X-B"], "max_age": 0}
    (line, _rest) = cors_lines(cors_record({**SITE, "cors": {**cors, "credentials": True}}))
    assert line.endswith('"https://a.example|true|GET|X-A, X-B|0";')


def test_exposed_headers_are_the_last_part_and_only_there_if_declared():
    cors = {"origins": ["https://a.example"], "methods": ["GET"], "headers": ["X-A"], "max_age": 0}
    for exposed, end in ((["X-B", "X-C"], "|0|X-B, X-C"), ([], "|0|"), (None, "|0")):
        record = cors_record({**SITE, "cors": {**cors, "expose_headers": exposed}})
        assert cors_lines(record)[0].endswith(f'"https://a.example||GET|X-A{end}";')
        assert read_records(fragment([record])).sites["Trust.com"].record == record


def test_a_file_of_version_1_is_read_and_stays_as_it_is():
    text = (
        f"{MARK}\n"
        '# site-record 1 {"cors":{"credentials":false,"headers":["Authorization","Content-Type","X-Frappe-CSRF-Token"],'
        '"max_age":600,"methods":["GET"],"origins":["https://a.example"]},"hosts":["a.example"],"name":"a.example"}\n'
        '"~^(?:a\\.example) https://a\\.example$" "https://a.example||GET|Authorization, Content-Type, '
        'X-Frappe-CSRF-Token|600";\n'
        '"~^(?:a\\.example) " "||||";\n'
    )
    found = read_records(text)
    assert not found.damaged and fragment([one.record for one in found.sites.values()]) == text


@pytest.mark.parametrize(
    "swap", [("record 2", "record 1"), ('"expose_headers":["X-B"],', ""), ('["X-B"]', "null"), ('["X-B"]', '["X B"]')]
)
def test_a_record_of_the_wrong_version_is_damaged(swap):
    record = cors_record({**SITE, "cors": {"origins": ["https://a.example"], "expose_headers": ["X-B"]}})
    text = fragment([record])
    assert not read_records(text).damaged and swap[0] in text
    found = read_records(text.replace(*swap))
    assert found.damaged == [2] and not found.sites


def test_the_shared_file_reads_policies_with_and_without_exposed_headers():
    """Another bench may still have fragments of an earlier release."""
    patterns = dict(re.findall(r'"~(.*?)" \$(benchkeeper_\w+);', shared("/etc/nginx/conf.d").replace("?<", "?P<")))
    by_name = {name: re.compile(pattern) for pattern, name in patterns.items()}
    for policy_text, age, exposed in (
        ("https://a||GET|X-A|600", "600", None),
        ("https://a|true|GET|X-A|600|X-B, X-C", "600", "X-B, X-C"),
        ("https://a||GET|X-A|600|", "600", ""),
        ("||||", "", None),
    ):
        seen = by_name["benchkeeper_age"].search(f"preflight {policy_text}")
        assert (seen["benchkeeper_age"] if seen else "") == age
        seen = by_name["benchkeeper_exposed"].search(policy_text)
        assert (seen["benchkeeper_exposed"] if seen else None) == exposed


def test_entries_of_each_site_are_found_again():
    records = [RECORD, cors_record({**SITE, "name": "b", "domains": ["b.example.com"]})]
    found = read_records(fragment(records))
    assert {name: (own.record, own.lines) for name, own in found.sites.items()} == {
        record.name: (record, cors_lines(record)) for record in records
    }
    text = limit("x", [LIMITED], "5r/s", 10, ["10.0.0.0/8"])
    (section,) = read_records(text).sites.values()
    assert section == (LIMITED, limit_lines(LIMITED, "x", ["10.0.0.0/8"]))
    assert found.damaged == read_records(text).damaged == []
    assert fragment([]) is None and limit("x", [], "5r/s", 10, []) is None
    assert cors_record({**SITE, "domains": []}) is None and cors_record({**SITE, "cors": None}) is None


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
    (line,) = limit_lines(LIMITED, "x", [])
    pattern = re.match(r'"~(.*)" "Trust.com \$remote_addr";$', line)[1]
    assert bool(re.search(pattern, request_line)) is limited


def test_a_site_with_very_many_names_has_words_and_comments_that_nginx_takes():
    names = [f"site-number-{number}.of.a.very.large.fleet.example.com" for number in range(300)]
    site = {**SITE, "domains": names}
    text = fragment([cors_record(site)]) + limit("x", [limit_record(site)], "5r/s", 1, [])
    assert all(len(word) < 4000 for line in directives("x", text) for word in line.words)
    assert all(len(line) < 4000 for line in text.splitlines() if line.lstrip().startswith("#"))
    assert {policy(text, name, "https://app.example.com")[:24] for name in names} == {"https://app.example.com|"}
    assert {policy(text, name, "https://evil.example") for name in names} == {"||||"}
    assert read_records(fragment([cors_record(site)])).sites["Trust.com"].record == cors_record(site)


@pytest.mark.parametrize(("rate", "retry"), [("5r/s", 1), ("1r/s", 1), ("30r/m", 2), ("7r/m", 9), ("1r/m", 60)])
def test_retry_after_is_the_time_of_one_request(rate, retry):
    assert f'"~^REJECTED ." {retry};' in limit("x", [LIMITED], rate, 1, [])


def test_the_shared_file_is_the_same_for_every_bench():
    text = shared("/etc/nginx/conf.d/")
    assert "include /etc/nginx/benchkeeper.d/*.map;" in text and "{" not in text.replace("{\n", "")
    assert [line.words[0] for line in directives("x", text)].count("more_set_headers") == 7
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


# ---------------------------------------------------------------- third-party directives
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
    server { server_name Other.example.com; add_header Access-Control-Allow-Origin *; limit_req zone=a; }
    map $uri $limits { add_header Access-Control-Allow-Origin; limit_req zone=a; }
    server { add_header Access-Control-Allow-Origin *; server_name late.example.com; }
    server { listen 81; add_header Access-Control-Allow-Origin "no name of ours"; }
    server { server_name .dotted.example.com; log_by_lua_block { a("}") } add_header Access-Control-Max-Age 1; }
}
"""


def test_the_log_that_nginx_was_built_with_is_not_made_by_a_try(tmp_path):
    nginx = Nginx("/nosuch/nginx", "/etc/nginx/nginx.conf", None, "/etc/nginx/conf.d")
    nginx._built = f"--prefix=/usr --http-log-path={tmp_path}/access.log"
    text = nginx._in_shadow("x", "http { }", "/shadow")
    assert re.fullmatch(r'http \{ access_log "/shadow/[0-9a-f]+"; \}', text)
    (tmp_path / "access.log").touch()
    assert nginx._in_shadow("x", "http { }", "/shadow") == "http { }"


@pytest.mark.parametrize("stale", ["-1", "0", "1", "", "x", "{other}", "999999999"])
def test_the_process_that_a_stale_pid_file_names_is_not_nginx(tmp_path, stale):
    conf = {"/etc/nginx/nginx.conf": f"pid {tmp_path}/nginx.pid;"}
    nginx = Nginx("/usr/sbin/nginx", "/etc/nginx/nginx.conf", "/", "/etc/nginx/conf.d")
    (tmp_path / "nginx.pid").write_text(stale.format(other=os.getpid()))
    assert nginx.master(conf) is None


@pytest.mark.parametrize(
    ("domains", "lines"),
    [
        (["trust.example.com"], [6, 9]),
        (["a.wild.example.com"], [6, 9]),
        (["other.example.com"], [13]),
        (["OTHER.example.com"], [13]),
        (["late.example.com", "a.dotted.example.com"], [15, 17]),
        (["dotted.example.com"], [17]),
        (["xdotted.example.com"], []),
        (["nobody.example.com"], []),
        ([], []),
    ],
)
def test_headers_of_others_that_may_reach_one_of_our_hosts(domains, lines):
    found = third_party_cors({"/etc/nginx/nginx.conf": OTHERS, "ours": OTHERS}, {"ours"}, domains)
    assert [line.place for line in found] == [f"/etc/nginx/nginx.conf:{line}" for line in lines]


def test_headers_in_a_snippet_that_any_server_may_include_are_reported():
    (line,) = third_party_cors({"snippet": "add_header Access-Control-Allow-Origin *;"}, set(), ["a.example.com"])
    assert line.place == "snippet:1"


def test_headers_of_a_server_without_names_are_not_reported():
    """nginx uses it only for hosts that no other server names."""
    text = "server { listen 81; add_header Access-Control-Allow-Origin *; }"
    assert third_party_cors({"conf.d/a.conf": text}, (), ["a.example.com"]) == []


FIGHTING = """
http {
    more_set_headers -s "404" "X-Mine: 1" 'Access-Control-Allow-Origin: $mine';
    more_clear_headers "Access-*" ;
    more_clear_headers Vary;
    more_set_headers "X-Vary: 1" "Content-Type: access-control-allow-origin";
    more_clear_headers X-* Server;
    add_header Access-Control-Allow-Origin "a server of bench's does not inherit it";
    server { server_name other.example.com; more_set_headers "vary: Accept"; }
}
"""


@pytest.mark.parametrize(("domain", "lines"), [("trust.example.com", [3, 4, 5]), ("other.example.com", [3, 4, 5, 9])])
def test_lines_that_set_or_clear_what_we_send_count_for_every_server(domain, lines):
    assert [line.line for line in third_party_cors({"a": FIGHTING}, (), [domain])] == lines


def test_own_files_are_recognized_by_any_path(tmp_path):
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
        assert (third_party_cors(read, own, ["a.example"]), third_party_limits(read, own)) == ([], [])
    assert third_party_cors(read, (), ["a.example"]) and third_party_limits(read, ())


def test_limits_of_others():
    assert [line.place for line in third_party_limits({"a": OTHERS, "b": OTHERS}, {"b"})] == ["a:13"]


def test_the_reason_is_nginxs_own_line():
    stderr = (
        'nginx: [alert] could not open error log\n2026/11/23 [warn] x\nnginx: [emerg] unknown directive "x" in /a:3\n'
    )
    assert reason_of(stderr) == 'unknown directive "x" in /a:3'
    assert reason_of("nginx: [emerg] 12#12: bind() failed\n") == "bind() failed"
