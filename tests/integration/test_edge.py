# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge on a real nginx: which headers come, to whom, and what happens when something is in the way."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import os
import subprocess
import threading
import time
import types

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils import _files
from ansible_collections.benchkeeper.frappe.plugins.module_utils._edge_files import Edge
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx import Nginx
from demo import free_port

APP, CREDENTIALED = "https://app.example.com", "http://app.test:8080"
TRUST, SITE2, SITE3 = "trust.localhost", "site2.localhost", "site3.localhost"
PING, TOKEN = "/api/method/ping", "/api/method/frappe.integrations.oauth2.get_token"
WRITE = "Edge | Write CORS and the limit of the token endpoint"
DECLARED = {
    "oauth2_sites": [
        {"name": "Trust.com", "cors": {"origins": [APP, "https://second.example.com"]}},
        {
            "name": "site2.localhost",
            "cors": {
                "origins": [CREDENTIALED],
                "credentials": True,
                "methods": ["GET"],
                "headers": ["X-One"],
                "max_age": 5,
            },
        },
    ],
}
METHODS, HEADERS = "GET, POST, PUT, DELETE", "Authorization, Content-Type, X-Frappe-CSRF-Token"
STRANGER_CORS = [
    ("Access-Control-Allow-Origin", "https://strange.example"),
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Allow-Methods", "PATCH"),
    ("Access-Control-Max-Age", "1"),
    ("Vary", "Cookie"),
    ("Retry-After", "9"),
]


def ask(demo, host, path=PING, method="GET", origin=None, body=None, **headers):
    """Status and every header line that this is about, as they came over the wire."""
    connection = http.client.HTTPConnection("127.0.0.1", demo.ports["demo_bench_nginx_port"], timeout=30)
    with contextlib.closing(connection):
        sent = {"Host": host, **({"Origin": origin} if origin is not None else {}), **headers}
        connection.request(method, path, body=body, headers=sent)
        reply = connection.getresponse()
        reply.read()
        names = ("access-control-", "vary", "retry-after")
        found = sorted((k, v) for k, v in reply.getheaders() if k.lower().startswith(names))
        if "Accept-Encoding" not in headers:  # nginx says it of every text that is long enough to compress
            found = [line for line in found if line != ("Vary", "Accept-Encoding")]
        return reply.status, found


def lines(origin=None, credentials=False, preflight=None):
    """The header lines that an answer must have, no more and no less."""
    wanted = [("Vary", "Origin")]
    if origin:
        wanted.append(("Access-Control-Allow-Origin", origin))
        if credentials:
            wanted.append(("Access-Control-Allow-Credentials", "true"))
        if preflight:
            methods, headers, age = preflight
            wanted += [("Access-Control-Allow-Methods", methods), ("Access-Control-Allow-Headers", headers)]
            wanted.append(("Access-Control-Max-Age", age))
    return sorted(wanted)


class Strange(http.server.BaseHTTPRequestHandler):
    """A backend of somebody else's, with CORS of its own."""

    def do_GET(self):  # the library's name for it
        self.send_response(200)
        for name, value in STRANGER_CORS:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_OPTIONS = do_GET

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def stranger(demo):
    """Vhosts on the same nginx that are none of ours: what they send, before we touch anything."""
    backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Strange)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    port = demo.ports["demo_bench_nginx_port"]
    conf = demo.nginx / "conf.d" / "stranger.conf"
    conf.write_text(
        f"server {{ listen 127.0.0.1:{port}; server_name strange.test;\n"
        f"  location / {{ proxy_pass http://127.0.0.1:{backend.server_port}; }}\n"
        "  location /own { add_header Access-Control-Allow-Origin '*' always; add_header Vary Accept; return 204; }\n"
        "  location /bare { return 404; } }\n"
    )
    reload_nginx(demo)
    yield lambda: [
        ask(demo, "strange.test", path, method, origin, **{"Access-Control-Request-Method": "GET"})
        for path in ("/", "/own", "/bare")
        for method in ("GET", "OPTIONS")
        for origin in (APP, "null", None)
    ]
    conf.unlink()
    reload_nginx(demo)
    backend.shutdown()


def nginx_pid(demo):
    return int((demo.nginx / "nginx.pid").read_text())


def reload_nginx(demo):
    os.kill(nginx_pid(demo), 1)
    time.sleep(0.5)


def ours(demo):
    """Every file of ours on this nginx, with its content and time."""
    paths = [demo.nginx / "conf.d" / "benchkeeper.conf", *(demo.nginx / "benchkeeper.d").glob("*")]
    return {str(path): (path.stat().st_mtime_ns, path.read_text()) for path in paths if path.exists()}


@pytest.fixture(scope="module")
def edge(demo, stranger):
    """The bench with its edge in place; the strangers as they were before."""
    demo.config_path("site3.localhost").write_text(
        json.dumps({**demo.config("site3.localhost"), "allow_cors": "https://own.example.com"})
    )
    before = stranger(), ask(demo, SITE3, origin="https://own.example.com")
    check = demo.site("--check", "--diff", **DECLARED)
    assert check.status == 0, check.output
    assert ours(demo) == {}
    run = demo.site("--diff", **DECLARED)
    assert run.status == 0, run.output
    assert run.results[WRITE]["diff"] == check.results[WRITE]["diff"]
    assert [r["action"] for r in run.results[WRITE]["sites"]] == ["created", "created", "unchanged"]
    time.sleep(0.5)  # nginx replaces its workers
    yield before
    run = demo.site(oauth2_site_defaults={"site_config": {"absent": ["allow_cors"]}})
    assert run.status == 0 and ours(demo) == {}


CASES = [
    ("allowed", TRUST, {"origin": APP}, 200, lines(APP)),
    ("a second origin", TRUST, {"origin": "https://second.example.com"}, 200, lines("https://second.example.com")),
    ("with credentials", SITE2, {"origin": CREDENTIALED}, 200, lines(CREDENTIALED, True)),
    ("another site's origin", SITE2, {"origin": APP}, 200, lines()),
    ("foreign", TRUST, {"origin": "https://evil.example"}, 200, lines()),
    ("null", TRUST, {"origin": "null"}, 200, lines()),
    ("none", TRUST, {}, 200, lines()),
    ("a subdomain", TRUST, {"origin": "https://x.app.example.com"}, 200, lines()),
    ("the domain above", TRUST, {"origin": "https://example.com"}, 200, lines()),
    ("a longer name", TRUST, {"origin": APP + ".evil.example"}, 200, lines()),
    ("another port", TRUST, {"origin": APP + ":8443"}, 200, lines()),
    ("http for https", TRUST, {"origin": "http://app.example.com"}, 200, lines()),
    ("upper case", TRUST, {"origin": APP.upper()}, 200, lines()),
    ("a trailing slash", TRUST, {"origin": APP + "/"}, 200, lines()),
    ("a dot that is any letter", TRUST, {"origin": "https://appXexample.com"}, 200, lines()),
    ("two origins", TRUST, {"origin": f"{APP} https://evil.example"}, 200, lines()),
    ("upper case host", "TRUST.localhost", {"origin": APP}, 200, lines(APP)),
    ("401", TRUST, {"origin": APP, "Authorization": "Bearer nosuch"}, 401, lines(APP)),
    ("403", TRUST, {"origin": APP, "path": "/api/method/frappe.auth.get_logged_user"}, 403, lines(APP)),
    ("404", TRUST, {"origin": APP, "path": "/api/nosuch"}, 404, lines(APP)),
    ("400 of the token endpoint", TRUST, {"origin": APP, "path": TOKEN, "method": "POST", "body": ""}, 400, lines(APP)),
    ("asset", TRUST, {"origin": APP, "path": "/assets/nosuch.css"}, 404, lines(APP)),
    ("asset, foreign", TRUST, {"origin": "https://evil.example", "path": "/assets/nosuch.css"}, 404, lines()),
]
ASKS = {"Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "x-odd"}
PREFLIGHTS = [
    ("allowed", TRUST, {"origin": APP, **ASKS}, lines(APP, preflight=(METHODS, HEADERS, "600"))),
    ("declared values", SITE2, {"origin": CREDENTIALED, **ASKS}, lines(CREDENTIALED, True, ("GET", "X-One", "5"))),
    ("foreign", TRUST, {"origin": "https://evil.example", **ASKS}, lines()),
    ("unknown path", TRUST, {"origin": APP, "path": "/x", **ASKS}, lines(APP, preflight=(METHODS, HEADERS, "600"))),
    ("no preflight, only OPTIONS", TRUST, {"origin": APP}, lines(APP)),
]


@pytest.mark.parametrize(("host", "request_", "status", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_answers(demo, edge, host, request_, status, wanted):
    if "body" in request_:
        request_ = {**request_, "Content-Type": "application/x-www-form-urlencoded"}
    assert ask(demo, host, **request_) == (status, wanted)


@pytest.mark.parametrize(("host", "request_", "wanted"), [c[1:] for c in PREFLIGHTS], ids=[c[0] for c in PREFLIGHTS])
def test_preflights(demo, edge, host, request_, wanted):
    assert ask(demo, host, method="OPTIONS", **request_) == (200, wanted)


def test_vary_is_extended(demo, edge):
    path = "/api/method/frappe.integrations.oauth2.openid_configuration"
    _status, found = ask(demo, TRUST, path, origin=APP, **{"Accept-Encoding": "gzip"})
    assert [value for name, value in found if name == "Vary"] == ["Accept-Encoding", "Origin"]


def test_502(demo, edge):
    supervisorctl(demo, "stop", "frappe-bench-web:")
    try:
        assert ask(demo, TRUST, origin=APP) == (502, lines(APP))
        assert ask(demo, TRUST, origin="https://evil.example") == (502, lines())
    finally:
        supervisorctl(demo, "start", "frappe-bench-web:")
        demo.playbook("playbooks/verify.yml", **DECLARED)


def supervisorctl(demo, *words):
    subprocess.run([*demo.supervisorctl, *words], check=True, capture_output=True)


def test_security_headers_of_bench_stay(demo, edge):
    connection = http.client.HTTPConnection("127.0.0.1", demo.ports["demo_bench_nginx_port"])
    connection.request("GET", PING, headers={"Host": TRUST, "Origin": APP})
    reply = connection.getresponse()
    assert reply.getheader("X-Frame-Options") == "SAMEORIGIN" and reply.getheader("X-Content-Type-Options") == "nosniff"


def test_strangers_and_undeclared_sites_keep_exactly_what_they_had(demo, edge, stranger):
    strangers, undeclared = edge
    assert any(found for _status, found in strangers)
    assert stranger() == strangers
    assert undeclared[1][0] == ("Access-Control-Allow-Credentials", "true")
    assert ask(demo, SITE3, origin="https://own.example.com") == undeclared


def test_a_second_run_touches_nothing(demo, edge):
    before, worker = ours(demo), workers(demo)
    run = demo.site(**DECLARED)
    assert (run.status, run.changed, run.results[WRITE]["reloaded"]) == (0, 0, False)
    assert run.stats["ok"] <= 8
    assert (ours(demo), workers(demo)) == (before, worker)


def workers(demo):
    children = subprocess.run(["pgrep", "-P", str(nginx_pid(demo))], capture_output=True, text=True, check=True)
    return sorted(children.stdout.split())


def test_frappes_own_key_is_taken_away_where_nginx_answers(demo, edge):
    demo.config_path("site2.localhost").write_text(json.dumps({**demo.config("site2.localhost"), "allow_cors": "*"}))
    assert demo.site(**DECLARED).status == 0
    assert "allow_cors" not in demo.config("site2.localhost")
    assert demo.config("site3.localhost")["allow_cors"] == "https://own.example.com"


def test_bench_writes_its_configuration_anew_and_the_edge_stays(demo, edge):
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


def test_somebody_elses_header_is_reported_by_file_and_line(demo, edge):
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
    assert found == [("cors-foreign-header", f"{conf}:2")]


def test_a_broken_file_of_the_machine_changes_nothing_and_is_named(demo, edge):
    conf = demo.nginx / "conf.d" / "broken.conf"
    conf.write_text("server { nosuch_directive on; }\n")
    before = ours(demo)
    other = {"oauth2_sites": [{"name": "Trust.com", "cors": {"origins": ["https://other.example.com"]}}]}
    try:
        for options in (["--check"], []):
            run = demo.site(*options, **other)
            assert run.status != 0
            assert f'unknown directive "nosuch_directive" in {conf}:1' in run.output.replace('\\"', '"')
            assert ours(demo) == before
    finally:
        conf.unlink()
    assert ask(demo, TRUST, origin=APP) == (200, lines(APP))


def test_a_broken_file_of_ours_is_mended(demo, edge):
    shared = demo.nginx / "conf.d" / "benchkeeper.conf"
    kept = shared.read_text()
    shared.write_text(kept[:500])
    run = demo.site(**DECLARED)
    assert run.status == 0 and shared.read_text() == kept
    assert ask(demo, TRUST, origin=APP) == (200, lines(APP))


def test_a_second_bench_on_the_same_nginx(demo, edge):
    before = {path: text for path, (_time, text) in ours(demo).items()}
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


KILLS = [(state, instant) for state in ("present", "absent") for instant in (2, 3, 4, 6)]


@pytest.mark.parametrize(("state", "instant"), KILLS)
def test_a_kill_at_any_instant_leaves_an_edge_that_serves_after_a_restart(demo, edge, monkeypatch, state, instant):
    """Killed before the instant-th rename or removal of a change that touches every file."""
    conf_dir = demo.nginx / "conf.d"
    params = {
        "bench_path": str(demo.path),
        "sites": [{"name": "Trust.com", "domains": [TRUST], "cors": None}],
        "known_sites": ["Trust.com"],
        "rate_limit": {"rate": "9r/s", "burst": instant + 1},
        "trusted_proxies": [],
        "state": state,
        "conf_dir": str(conf_dir),
        "reload": True,
        "headers_more_comes": False,
    }
    nginx = Nginx("/usr/sbin/nginx", str(demo.nginx / "conf" / "nginx.conf"), str(demo.nginx), str(conf_dir))
    left = [instant]

    class Killed(BaseException):
        pass

    def dying(real):
        def act(*args):
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return real(*args)

        return act

    dying_os = types.SimpleNamespace(**{**vars(os), "replace": dying(os.replace), "unlink": dying(os.unlink)})
    with monkeypatch.context() as patched:
        patched.setattr(_files, "os", dying_os)
        with contextlib.suppress(Killed):
            Edge(params).settle(nginx, check_mode=False)
    nginx.try_with(nginx.files(), {})  # loads, whatever the kill left
    assert ask(demo, TRUST, origin=APP) in ((200, lines(APP)), (200, []))
    run = demo.site(**DECLARED)
    assert run.status == 0, run.output
    assert run.results[WRITE]["reloaded"] == run.results[WRITE]["changed"]
    time.sleep(0.3)
    assert ask(demo, TRUST, origin=APP) == (200, lines(APP))
    assert sorted(os.listdir(demo.nginx / "benchkeeper.d")) == [
        os.path.basename(p) for p in sorted(ours(demo)) if p.endswith(".map")
    ]


def test_the_limit(demo, edge):
    limited = {**DECLARED, "oauth2_token_rate_limit": {"rate": "2r/m", "burst": 1}}
    assert demo.site(**limited).status == 0
    time.sleep(0.5)

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
        statuses = [
            post(TRUST, path)[0] for path in [*ways, TOKEN + "/x", "/?cmd=frappe.integrations.oauth2.get_token"]
        ]
        assert statuses == [400, 400, 429, 429, 429, 429]
        status, found = post(TRUST)
        assert (status, found) == (429, sorted([*lines(APP), ("Retry-After", "30")]))
        assert post(SITE2)[0] == 400  # each site has its own count
        assert ask(demo, TRUST, origin=APP)[0] == 200
        assert ask(demo, TRUST, TOKEN, "OPTIONS", APP)[0] == 200
        assert demo.site(**limited).changed == 0
    finally:
        assert demo.site(**DECLARED).changed == 1
    assert not any(path.endswith(".conf") and "benchkeeper.d" in path for path in ours(demo))


def test_the_client_behind_a_trusted_proxy_is_counted(demo, edge):
    limited = {"oauth2_token_rate_limit": {"rate": "1r/m", "burst": 0}, "oauth2_trusted_proxies": ["127.0.0.0/8"]}
    assert demo.site(**{**DECLARED, **limited}).status == 0
    time.sleep(0.5)

    def post(forwarded):
        return ask(demo, TRUST, TOKEN, "POST", body="", **{"X-Forwarded-For": forwarded})[0]

    try:
        assert [post("198.51.100.1"), post("198.51.100.1"), post("198.51.100.2")] == [400, 429, 400]
        assert post("198.51.100.9, 198.51.100.1") == 429  # what the proxy appended counts, not the client's word
    finally:
        assert demo.site(**DECLARED).status == 0


def test_changing_the_owner_cleans_up(demo, edge):
    assert demo.site(oauth2_cors_owner="frappe", **DECLARED).status == 0
    assert ours(demo) == {}
    assert demo.config("site2.localhost")["allow_cors"] == [CREDENTIALED]
    time.sleep(0.5)
    assert ("Access-Control-Allow-Origin", APP) in ask(demo, TRUST, origin=APP)[1]
    assert demo.site(oauth2_cors_owner="none", **DECLARED).status == 0
    assert ask(demo, TRUST, origin=APP) == (200, [])
    assert demo.site(**DECLARED).status == 0
    assert "allow_cors" not in demo.config("site2.localhost")


def test_reload_only_where_something_must_hear(demo, edge):
    """Frappe 15 reads its configuration on every request: graceful leaves the web program alone, restart does not."""

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
    assert run.status != 0 and "4 declared value(s) cannot stay" in run.output
    assert (demo.snapshot(), ours(demo)) == before
