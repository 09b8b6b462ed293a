# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apps need of CORS, and what stands in front of a site: on a demo bench with a real nginx."""

from __future__ import annotations

import contextlib
import json
import subprocess

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import shared
from edge_requests import HEADERS, METHODS, SITE2, WRITE, ask, lines, new_workers, ours, reload_nginx
from saved_bench import SavedBench

PHONE, EXTENSION = "capacitor://localhost", "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb"
PREFLIGHT = "Preflight | Read the sites and check the declarations"
CONFIG = "Site config | Merge the declared keys"


def declared(cors, owner="nginx"):
    return {
        "oauth2_discover_sites": False,
        "oauth2_sites": [{"name": SITE2, "cors": cors}],
        "oauth2_cors_owner": owner,
    }


@pytest.fixture(scope="module")
def saved(demo):
    """The bench without CORS."""
    return SavedBench(demo)


@pytest.fixture
def clean(demo, saved):
    """The bench without CORS. What a test changes is restored."""
    yield demo
    saved.restore()


@contextlib.contextmanager
def in_nginx(demo, text):
    """Directives of another file at http level."""
    conf = demo.nginx / "conf.d" / "front.conf"
    conf.write_text(text)
    reload_nginx(demo)
    try:
        yield
    finally:
        conf.unlink()
        reload_nginx(demo)


@pytest.mark.parametrize("owner", ["nginx", "frappe"])
def test_the_origins_of_apps_and_extensions_are_let_in(clean, owner):
    with new_workers(clean) if owner == "nginx" else contextlib.nullcontext():
        run = clean.site(**declared({"origins": [PHONE, EXTENSION]}, owner))
    assert run.status == 0, run.output
    for origin in (PHONE, EXTENSION):
        assert ask(clean, SITE2, origin=origin) == (200, lines(origin, credentials=owner == "frappe"))
    for origin in ("capacitor://localhost.evil", "ionic://localhost", "null"):
        assert ("Access-Control-Allow-Origin", origin) not in ask(clean, SITE2, origin=origin)[1]
    infos = clean.modules("frappe_site_info", ("Info", {"name": SITE2, "gather": ["config"]}))["Info"]["sites"]
    assert infos[0]["findings"] == []
    assert clean.site("--check", **declared({"origins": [PHONE, EXTENSION]}, owner)).changed == 0


@pytest.mark.parametrize("owner", ["nginx", "frappe"])
def test_origins_of_anybody_are_refused_before_the_first_write(demo, owner):
    before, origins = demo.files(), ["null", "file://", "*", "capacitor://localhost/", "chrome-extension://*"]
    run = demo.site(**declared({"origins": origins}, owner))
    heading, *rejected = run.results[PREFLIGHT]["msg"].splitlines()
    assert heading == "5 declared values were rejected. Nothing was written on any site:"
    assert run.status != 0 and all(repr(origin) in line for origin, line in zip(origins, rejected)), rejected
    assert demo.files() == before and ours(demo) == {}


def test_what_apps_lose_is_reported_when_nginx_takes_over(clean):
    assert clean.site(**declared({"origins": [PHONE, "https://old.example.com"]}, "frappe")).status == 0
    wanted = declared({"origins": [PHONE]})
    for options in (["--check"], []):
        run = clean.site(*options, **wanted)
        assert run.status == 0, run.output
        (found,) = [one for one in run.rows(CONFIG)[SITE2]["findings"] if one["rule"] == "cors-owner-narrows"]
        assert found["found"].startswith("is replaced by cors, which allows only the methods GET")
        assert "cors-owner-narrows" in run.output
    assert "cors-owner-narrows" not in clean.site(**wanted).output


def test_exposed_headers_are_sent_and_frappes_own_client_passes_the_preflight(clean):
    with new_workers(clean):
        assert clean.site(**declared({"origins": [PHONE], "expose_headers": ["X-Total", "X-Two"]})).status == 0
    status, sent = ask(clean, SITE2, origin=PHONE)
    assert status == 200 and ("Access-Control-Expose-Headers", "X-Total, X-Two") in sent
    assert not [line for line in ask(clean, SITE2, origin="https://x.example")[1] if "Expose" in line[0]]
    asks = {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,x-frappe-site-name",
    }
    _status, sent = ask(clean, SITE2, method="OPTIONS", origin=PHONE, **asks)
    assert {("Access-Control-Allow-Headers", HEADERS), ("Access-Control-Allow-Methods", METHODS)} <= set(sent)
    options = {"name": SITE2, "address": clean.address, "probes": ["preflight", "cross_origin"]}
    cors = {"origins": [PHONE], "expose_headers": ["X-Total"]}
    (row,) = clean.modules("frappe_oauth_verify", ("Verify", {**options, "cors": cors}))["Verify"]["sites"]
    steps = {step["name"]: (step["verdict"], step["rule"]) for step in row["steps"]}
    assert steps["preflight"] == ("passed", "") and steps["cross_origin"] == ("noticed", "cors-cookies")
    cors["expose_headers"].append("X-Other")
    (row,) = clean.modules("frappe_oauth_verify", ("Verify", {**options, "cors": cors}))["Verify"]["sites"]
    assert row["failed"] and "[cors-expose-headers]" in row["msg"]


def test_exposed_headers_cannot_be_had_of_frappe_which_is_said_before_the_first_write(demo):
    before = demo.files()
    run = demo.site(**declared({"origins": [PHONE], "expose_headers": ["X-Total"]}, "frappe"))
    assert (
        run.status != 0
        and f"site {SITE2}: cors: expose_headers is declared, but oauth2_cors_owner is frappe" in run.output
    )
    assert demo.files() == before


def test_nginx_loads_every_state_between_the_shared_file_of_an_earlier_release_and_this_one(clean):
    """A kill may leave the new fragment below the old shared file, and the other way round."""
    check = ["nginx", "-t", "-p", str(clean.nginx), "-c", str(clean.nginx / "conf" / "nginx.conf")]
    conf = clean.nginx / "conf.d" / "benchkeeper.conf"
    new = shared(str(clean.nginx / "conf.d"))
    begin = new.index("map $benchkeeper_policy $benchkeeper_expose_headers")
    old = new[:begin] + new[new.index("# The response depends on the Origin") :]
    old = old.replace('more_set_headers "Access-Control-Expose-Headers: $benchkeeper_expose_headers";\n', "")
    old = old.replace("[^|]*)(?:\\|\\|$)", "[^|]*)$").replace("(?:\\||$)", "$")
    assert "expose_headers" not in old
    for policy in ({"origins": [PHONE]}, {"origins": [PHONE], "expose_headers": ["X-Total"]}):
        assert clean.site(**declared(policy)).status == 0
        for text in (old, new):
            conf.write_text(text)
            assert subprocess.run(check, capture_output=True, check=False).returncode == 0
            reload_nginx(clean)
            assert ("Access-Control-Allow-Origin", PHONE) in ask(clean, SITE2, origin=PHONE)[1]
    conf.write_text(old)
    run = clean.site(**declared(policy))
    assert run.status == 0 and conf.read_text() == new and str(conf) in run.results[WRITE]["files"]


def test_basic_authentication_in_front_of_the_site_is_named_in_verify_and_over_rest(demo):
    text = f"auth_basic 'canary realm';\nauth_basic_user_file {demo.nginx}/conf/nobody;\n"
    (demo.nginx / "conf" / "nobody").write_text("")
    with in_nginx(demo, text):
        (row,) = demo.modules(
            "frappe_oauth_verify", ("Verify", {"name": SITE2, "address": demo.address, "last_step": "reach"})
        )["Verify"]["sites"]
        assert "HTTP 401 (sent by a server in front of Frappe: Server: nginx" in row["msg"]
        assert "HTTP authentication Basic)" in row["msg"] and "[front-refused]" in row["msg"]
        door = {"url": demo.address, "api_key": "0123456789abcde", "api_secret": "edcba9876543210", "bench_path": None}
        client = {"name": SITE2, "app_name": "App", "redirect_uris": ["com.example.app://cb"], **door}
        task = {"name": "REST", "benchkeeper.frappe.frappe_oauth_client": {k: v for k, v in client.items() if v}}
        result = demo.tasks([{**task, "ignore_errors": True}]).results["REST"]
        told = json.dumps(result)
        assert "sent by a server in front of Frappe: Server: nginx" in told and "HTTP authentication Basic" in told
        assert "canary" not in told and "Check api_key" not in told


def test_a_refusal_of_frappes_own_is_not_taken_for_one_in_front(demo):
    """Its nginx sends the same Server header with every response."""
    options = {
        "name": SITE2,
        "address": demo.address,
        "probes": ["reach", "foreign_origin", "cross_origin"],
        "cors": {"origins": [PHONE]},
    }
    (row,) = demo.modules("frappe_oauth_verify", ("Verify", options))["Verify"]["sites"]
    assert "front-refused" not in json.dumps(row)


def test_missing_assets_are_the_cause_of_an_http_500(demo):
    """Frappe cannot render the error page either, so its Error Log has no entry."""
    client = {"app_name": "Assets", "redirect_uris": ["https://app.example.com/cb"], "scopes": ["openid"]}
    demo.modules("frappe_oauth_client", ("Client", {"name": SITE2, **client}))
    options = {"name": SITE2, "address": demo.address, "app_name": "Assets", "probes": ["authorize"]}
    options.update(username="clerk@demo.example", password=demo.credentials["clerk@demo.example"])
    assets = demo.path / "sites/assets/assets.json"
    away = assets.rename(assets.with_suffix(".away"))
    try:
        (row,) = demo.modules("frappe_oauth_verify", ("Verify", options))["Verify"]["sites"]
    finally:
        away.rename(assets)
    assert row["steps"][-1]["rule"] == "assets-missing"
    assert "the bench has no sites/assets/assets.json" in row["msg"] and "Run bench build" in row["msg"]
