# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge on a real nginx: changes, limits, and failures."""

from __future__ import annotations

import json
import subprocess

from demo_bench import free_port
from edge_requests import (
    APP,
    CREDENTIALED,
    DECLARED,
    SITE2,
    SITE3,
    TOKEN,
    TRUST,
    WRITE,
    ask,
    lines,
    new_workers,
    ours,
    reload_nginx,
    workers,
)


def test_a_second_run_touches_nothing(demo, edge):
    before, worker = ours(demo), workers(demo)
    run = demo.site(**DECLARED)
    assert (run.status, run.changed, run.results[WRITE]["reloaded"]) == (0, 0, False)
    assert run.stats["ok"] <= 8
    assert (ours(demo), workers(demo)) == (before, worker)


def test_allow_cors_is_removed_where_nginx_sends_the_headers(demo, edge):
    demo.config_path("site2.localhost").write_text(json.dumps({**demo.config("site2.localhost"), "allow_cors": "*"}))
    assert demo.site(**DECLARED).status == 0
    assert "allow_cors" not in demo.config("site2.localhost")
    assert demo.config("site3.localhost")["allow_cors"] == "https://own.example.com"


def test_the_edge_stays_when_bench_rewrites_its_configuration(demo, edge):
    conf = demo.path / "config" / "nginx.conf"
    kept = conf.read_text()
    conf.write_text(kept.replace("site_name_", "site_name_another_"))  # bench picks a random name each time
    try:
        reload_nginx(demo)
        assert ask(demo, TRUST, origin=APP) == (200, lines(APP))
        assert demo.site(**DECLARED).changed == 0
    finally:
        conf.write_text(kept)


def test_one_site_alone_leaves_the_others_entries(demo, edge):
    run = demo.site(oauth2_only_sites=["Trust.com"], **DECLARED)
    assert (run.status, run.changed) == (0, 0)
    assert ask(demo, SITE2, origin=CREDENTIALED) == (200, lines(CREDENTIALED, True))


def test_a_third_party_header_is_reported_by_file_and_line(demo, edge):
    conf = demo.nginx / "conf.d" / "zz-added.conf"
    conf.write_text(
        f"server {{ listen 127.0.0.1:{free_port()}; server_name {TRUST};\n"
        " add_header Access-Control-Allow-Origin *; }\n"
    )
    try:
        rows = demo.site(**DECLARED).rows(WRITE)
    finally:
        conf.unlink()
    found = [(f["rule"], f["field"]) for f in rows["Trust.com"]["findings"]]
    assert found == [("cors-third-party-header", f"{conf}:2")]


def test_a_later_file_that_removes_our_header_is_reported_and_named_by_verify(demo, edge):
    conf = demo.nginx / "conf.d" / "zz-fights.conf"
    line = "more_set_headers 'Access-Control-Allow-Origin: $upstream_http_nothing';"
    conf.write_text(f"# from a third party\n{line}\n")
    options = {
        "name": "Trust.com",
        "app_name": "of no interest",
        "address": demo.address,
        "probes": ["cross_origin"],
        "cors": {"origins": [APP]},
        "nginx_conf": str(demo.nginx / "conf" / "nginx.conf"),
        "nginx_prefix": str(demo.nginx),
        "nginx_conf_dir": str(demo.nginx / "conf.d"),
    }
    try:
        reload_nginx(demo)
        assert ask(demo, TRUST, origin=APP) == (200, [header for header in lines(APP) if header[1] != APP])
        rows = demo.site(**DECLARED).rows(WRITE)
        (row,) = demo.modules("frappe_oauth_verify", ("Verify", options))["Verify"]["sites"]
    finally:
        conf.unlink()
        reload_nginx(demo)
    assert [(f["rule"], f["field"]) for f in rows["Trust.com"]["findings"]] == [
        ("cors-third-party-header", f"{conf}:2")
    ]
    (step,) = [step for step in row["steps"] if step["name"] == "cross_origin"]
    assert step["rule"] == "cors-absent" and f"{conf}:2: more_set_headers" in step["reason"]
    assert step["reason"].count("benchkeeper.conf") == 1, "our file is named once, not line by line"


def test_an_invalid_nginx_configuration_is_reported_and_the_other_steps_continue(demo, edge):
    conf = demo.nginx / "conf.d" / "broken.conf"
    conf.write_text("server { nosuch_directive on; }\n")
    before = ours(demo)
    other = {
        "oauth2_sites": [{"name": "Trust.com", "cors": {"origins": ["https://other.example.com"]}}],
        "oauth2_site_defaults": {"site_config": {"settings": {"beside_edge": 1}}},
        "oauth2_reload": "restart",
    }
    reason = f'unknown directive "nosuch_directive" in {conf}:1'
    try:
        for options in (["--check"], []):
            run = demo.site(*options, **other)
            assert run.status != 0
            assert reason in run.results["Finish | Fail if a site or a step failed"]["msg"]
            (recap,) = (name for name in run.results if name.startswith("Recap"))
            notes = run.results[recap]["summary"]["notes"]
            assert ["step edge (whole bench)"] in [note["sites"] for note in notes if note["kind"] == "FAILED"]
            assert run.results["Reload | Reload or restart the web process with supervisor"]["changed"]
            assert ours(demo) == before
    finally:
        conf.unlink()
    assert demo.config(SITE2)["beside_edge"] == 1
    gone = {"site_config": {"absent": ["beside_edge"]}}
    assert demo.site(**{**DECLARED, "oauth2_site_defaults": gone}).status == 0
    assert ask(demo, TRUST, origin=APP) == (200, lines(APP))


def test_a_host_name_that_nginx_cannot_serve_stops_no_other_site(demo, edge):
    kept = demo.config("site2.localhost")
    names = ["127.0.0.1", "*.example.com", "m\u00fcnchen.example", "[::1]", "with_underscore.localhost"]
    demo.config_path("site2.localhost").write_text(json.dumps({**kept, "domains": names}))
    try:
        run = demo.site(**DECLARED)
        assert run.status == 0, run.output
        findings = run.rows(WRITE)["site2.localhost"]["findings"]
        assert [finding["rule"] for finding in findings] == ["domain-unserved"] * 3
        assert run.rows(WRITE)["Trust.com"]["findings"] == []
        assert "with_underscore" in "".join(text for _time, text in ours(demo).values())
    finally:
        demo.config_path("site2.localhost").write_text(json.dumps(kept))
    assert demo.site(**DECLARED).status == 0


def test_a_broken_file_of_ours_is_restored(demo, edge):
    shared = demo.nginx / "conf.d" / "benchkeeper.conf"
    kept = shared.read_text()
    shared.write_text(kept[:500])
    run = demo.site(**DECLARED)
    assert run.status == 0 and shared.read_text() == kept
    assert ask(demo, TRUST, origin=APP) == (200, lines(APP))


def test_a_second_bench_on_the_same_nginx(demo, edge):
    before = {path: text for path, (_time, text) in ours(demo).items()}
    (demo.folder / "second-bench" / "sites").mkdir(parents=True)
    second = {
        "bench_path": str(demo.folder / "second-bench"),
        "conf_dir": str(demo.nginx / "conf.d"),
        "nginx_conf": str(demo.nginx / "conf" / "nginx.conf"),
        "nginx_prefix": str(demo.nginx),
        "sites": [{"name": "s", "domains": [SITE3], "cors": {"origins": ["https://own.example.com"]}}],
    }
    results = demo.modules(
        "frappe_nginx_edge", ("add", second), ("again", second), ("remove", {**second, "state": "absent"})
    )
    assert [results[step]["changed"] for step in ("add", "again", "remove")] == [True, False, True]
    assert "/conf.d/benchkeeper.conf" not in "".join(results["add"]["files"])
    assert {path: text for path, (_time, text) in ours(demo).items()} == before


def test_the_limit(demo, edge):
    limited = {**DECLARED, "oauth2_token_rate_limit": {"rate": "2r/m", "burst": 1}}
    with new_workers(demo):
        assert demo.site(**limited).status == 0

    def post(host, path=TOKEN):
        sent = {"origin": APP, "Content-Type": "application/x-www-form-urlencoded"}
        return ask(demo, host, path, "POST", body="grant_type=x", **sent)

    try:
        ways = [
            TOKEN,
            "/api/v1/method/" + TOKEN[12:],
            "/api/v2/method/frappe.integrations.oauth2.get_%74oken",
            "//api" + TOKEN[4:],
        ]
        in_query = [
            "/?cmd=frappe.integrations.oauth2.get_token",
            "/?CMD=ping&c%6Dd=frappe%2eintegrations.oauth2.get%5ftoken",
        ]
        statuses = [post(TRUST, path)[0] for path in [*ways, TOKEN + "/x", *in_query]]
        assert statuses == [400, 400, 429, 429, 429, 429, 429]
        status, found = post(TRUST)
        assert (status, found) == (429, sorted([*lines(APP), ("Retry-After", "30")]))
        assert post(SITE2)[0] == 400  # each site has its own limit
        assert ask(demo, TRUST, origin=APP)[0] == 200
        assert ask(demo, TRUST, TOKEN, "OPTIONS", APP)[0] == 200
        assert demo.site(**limited).changed == 0
    finally:
        assert demo.site(**DECLARED).changed == 1
    assert not any(path.endswith(".conf") and "benchkeeper.d" in path for path in ours(demo))


def test_the_client_behind_a_trusted_proxy_is_counted(demo, edge):
    limited = {"oauth2_token_rate_limit": {"rate": "1r/m", "burst": 0}, "oauth2_trusted_proxies": ["127.0.0.0/8"]}
    with new_workers(demo):
        assert demo.site(**{**DECLARED, **limited}).status == 0

    def post(forwarded):
        return ask(demo, TRUST, TOKEN, "POST", body="", **{"X-Forwarded-For": forwarded})[0]

    try:
        assert [post("198.51.100.1"), post("198.51.100.1"), post("198.51.100.2")] == [400, 429, 400]
        assert post("198.51.100.9, 198.51.100.1") == 429  # the address from the proxy counts, not the client's
    finally:
        assert demo.site(**DECLARED).status == 0


def test_changing_the_cors_owner_removes_the_old_configuration(demo, edge):
    with new_workers(demo):
        assert demo.site(oauth2_cors_owner="frappe", **DECLARED).status == 0
    assert ours(demo) == {}
    assert demo.config("site2.localhost")["allow_cors"] == [CREDENTIALED]
    assert ("Access-Control-Allow-Origin", APP) in ask(demo, TRUST, origin=APP)[1]
    assert demo.site(oauth2_cors_owner="none", **DECLARED).status == 0
    assert ask(demo, TRUST, origin=APP) == (200, [])
    assert demo.site(**DECLARED).status == 0
    assert "allow_cors" not in demo.config("site2.localhost")


def test_reload_only_where_a_program_must_pick_up_a_change(demo, edge):
    """Frappe 15 reads its configuration on every request: graceful does not touch the web process, restart does."""

    def web():
        status = subprocess.run(
            [*demo.supervisorctl, "pid", "frappe-bench-web:frappe-bench-frappe-web"], capture_output=True, check=True
        )
        return status.stdout

    def with_key(value, **more):
        return demo.site(**DECLARED, oauth2_site_defaults={"site_config": {"settings": {"reload_key": value}}}, **more)

    before = web()
    assert with_key(1).changed == 1 and web() == before
    assert with_key(2, oauth2_reload="none").changed == 1 and web() == before
    run = with_key(3, oauth2_reload="restart")
    assert run.status == 0 and run.changed == 2 and web() != before
    again = web()
    assert with_key(3, oauth2_reload="restart").changed == 0 and web() == again
    assert demo.site(**DECLARED, oauth2_site_defaults={"site_config": {"absent": ["reload_key"]}}).status == 0


def test_a_bad_origin_is_refused_before_the_first_write(demo, edge):
    before = demo.snapshot(), ours(demo)
    bad = [{"name": "Trust.com", "cors": {"origins": ["*", 'https://a"b', "https://a.example/\n", "null"]}}]
    run = demo.site(oauth2_sites=bad)
    assert run.status != 0 and "4 declared values were rejected" in run.output
    assert (demo.snapshot(), ours(demo)) == before


def test_when_no_cors_is_declared_any_more_no_file_of_ours_stays(demo, edge):
    """The last test of the file: it undoes the fixture."""
    run = demo.site(oauth2_site_defaults={"site_config": {"absent": ["allow_cors"]}})
    assert run.status == 0 and ours(demo) == {}
