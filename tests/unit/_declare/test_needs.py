# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run needs is known before its first write: sites, rules, users, addresses, programs and the store."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.needs import (
    STEPS,
    exception_faults,
    programs,
    steps_of,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.preflight import prepare
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.variables import coerce, in_role
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import rejected
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task import programs as on_host

BENCH = {
    "path": "/bench",
    "sites": ["a.example.com", "b.example.com"],
    "directories": ["half-made.example.com"],
    "processes": {"manager": "supervisor", "web": "w:web", "workers": []},
    "programs": {},
}
FOUND = [{"name": name, "failed": False, "domains": [name]} for name in BENCH["sites"]]
CORS = {"cors": {"origins": ["https://app.example.com"]}}


def values(**given):
    found, faults = coerce({"oauth2_bench_path": "/bench", **{f"oauth2_{name}": v for name, v in given.items()}})
    assert faults == []
    return found


def prepared(entry_point="main", steps=STEPS, found=None, **given):
    bench = {**BENCH, "programs": found or {}}
    return prepare(values(**given), bench, FOUND, entry_point, steps)


def wrong(**given):
    return prepared(**given)[0]


# ---------------------------------------------------------------- sites and rules
def test_a_site_that_the_bench_does_not_have_is_named_with_the_sites_and_the_remedy():
    (line,) = wrong(sites=[{"name": "b.exampel.com"}, {"name": "a.example.com"}])
    assert line == (
        "b.exampel.com: oauth2_sites lists this site, but the bench /bench does not have it. It has: a.example.com, "
        "b.example.com. Did you mean b.example.com? Correct the name, create the site with bench new-site, or set "
        "managed: false on it"
    )


def test_a_link_to_a_site_is_named_with_the_site():
    bench = {**BENCH, "aliases": {"a.example.com": ["shop.example.com"]}}
    (line,) = prepare(values(sites=[{"name": "shop.example.com"}]), bench, FOUND)[0]
    assert line.startswith("shop.example.com: oauth2_sites lists this name") and line.endswith(
        "List a.example.com instead"
    )


@pytest.mark.parametrize(
    "given",
    [
        {"sites": [{"name": "c", "managed": False}]},
        {"sites": [{"name": "c", "managed": "no"}]},
        {"sites": [{"name": "c"}], "exclude_sites": ["c"]},
        {"sites": [{"name": "c"}], "only_sites": ["a*"]},
        {"sites": [{"name": "half-made.example.com"}]},
        {"sites": [{"name": "c"}], "entry_point": "audit"},
        {"sites": [{"name": "c"}], "entry_point": "verify"},
    ],
)
def test_a_site_that_is_not_worked_on_and_a_broken_one_stop_nobody(given):
    assert wrong(**given) == []


def test_an_accepted_rule_that_does_not_exist_is_named_with_the_one_that_it_resembles():
    (line,) = wrong(policy_exceptions=["scope-all", "scope_all"])
    assert line.startswith(
        "oauth2_policy_exceptions: found 'scope_all', which is not the id of a rule. Did you mean scope-"
    )
    assert exception_faults(["x"]) == [
        "oauth2_policy_exceptions: found 'x', which is not the id of a rule. All ids: https://github.com/benchkeeper/frappe/blob/main/docs/rules.md"
    ]


# ---------------------------------------------------------------- the verification
@pytest.mark.parametrize(
    ("given", "start"),
    [
        ({"verify_address": "10.0.0.5"}, "oauth2_verify_address: found '10.0.0.5' without a scheme"),
        ({"verify_address": "http://a/b"}, "oauth2_verify_address: found 'http://a/b', expected an address"),
        ({"sites": [{"name": "a.example.com", "verify": {"url": "crm"}}]}, "a.example.com: verify: url: found 'crm'"),
        ({"verify_user": " x", "verify_password": "long-enough"}, "oauth2_verify_user: found ' x', expected the name"),
        ({"verify_user": "x"}, "oauth2_verify_password: not set for 2 of 2 sites, including a.example.com. Set it"),
        (
            {"sites": [{"name": "b.example.com", "verify": {"username": "x"}}]},
            "b.example.com: verify: password: not set for 1 of 2 sites",
        ),
    ],
)
def test_what_no_verification_can_use_is_named(given, start):
    (line,) = wrong(**given)
    assert line.startswith(start)


def test_a_user_with_a_password_and_an_address_with_an_obvious_scheme_are_fine():
    assert wrong(verify_user="Jane Doe", verify_password="long-enough", verify_address="127.0.0.1:8080") == []
    assert wrong(verify_user="x", verify="none") == []


def test_a_site_without_a_client_has_a_row_for_what_needs_none():
    rows = prepared(site_defaults=CORS, sites=[{"name": "b.example.com", "cors": {"managed": False}}])[1]["rows"]
    assert rows["verify"] == [{"name": "a.example.com", **CORS, "domains": ["a.example.com"]}]
    rows = prepared(token_rate_limit={"rate": "5r/s"})[1]["rows"]
    assert [row["name"] for row in rows["verify"]] == BENCH["sites"]
    rows = prepared(token_rate_limit={"rate": "5r/s"}, site_defaults={"verify": {"managed": False}})[1]["rows"]
    assert rows["verify"] == [] and prepared()[1]["rows"]["verify"] == []


def test_the_check_after_a_reload_connects_as_the_verification_does():
    verify = {"address": "https://127.0.0.1", "url": "https://a.example.com", "validate_certs": "no"}
    rows = prepared(sites=[{"name": "a.example.com", "verify": {**verify, "api_method": "x"}}])[1]["rows"]
    assert rows["reach"] == [{"name": "a.example.com", **verify, "validate_certs": False}, {"name": "b.example.com"}]
    assert rows["sites"] == [{"name": "a.example.com"}, {"name": "b.example.com"}]


# ---------------------------------------------------------------- steps, store, programs
@pytest.mark.parametrize(
    ("entry_point", "run", "skip", "expected"),
    [
        ("main", ["all"], [], set(STEPS)),
        ("main", ["all"], ["edge", "verify"], set(STEPS) - {"edge", "verify"}),
        ("main", ["clients"], [], {"clients"}),
        ("main", ["tagged"], [], set(STEPS)),
        ("main", ["all"], ["all"], set()),
        ("verify", ["all"], [], {"verify"}),
        ("audit", ["all"], [], set()),
        ("rotate", ["all"], [], {"api_keys"}),
    ],
)
def test_only_a_step_that_runs_needs_something(entry_point, run, skip, expected):
    assert steps_of(entry_point, values(rotate=["api_keys", "tokens"]), run, skip) == expected


def test_programs_are_looked_for_only_if_a_step_may_use_them():
    assert programs(values(), STEPS) == []
    assert programs(values(site_defaults=CORS), STEPS) == ["nginx", "supervisor"]
    assert programs(values(site_defaults=CORS, cors_owner="frappe", reload="none"), STEPS) == []
    assert programs(values(token_rate_limit={"rate": "5r/s"}), STEPS) == ["nginx"]
    assert programs(values(token_rate_limit={"rate": "5r/s"}), {"clients"}) == []
    assert programs(values(sites=[{"name": "a", "site_config": {"settings": {"x": 1}}}]), STEPS) == ["supervisor"]


NGINX = {"installed": True, "headers_more": True, "reads_conf_dir": True}


@pytest.mark.parametrize(
    ("found", "given", "start"),
    [
        ({"installed": False}, {}, "oauth2_nginx: the program 'nginx' was not found on this host"),
        ({"installed": False}, {"install_packages": True}, None),
        ({"headers_more": False}, {}, "oauth2_nginx: nginx does not have the module headers-more"),
        ({"headers_more": False}, {"install_packages": True}, None),
        ({"headers_more": None}, {}, None),
        ({"reads_conf_dir": False}, {}, "oauth2_nginx_conf_dir: nginx does not include /etc/nginx/conf.d/*.conf"),
        ({}, {}, None),
    ],
)
def test_nginx_is_needed_if_something_is_declared_for_it(found, given, start):
    lines = wrong(found={"nginx": {**NGINX, **found}}, site_defaults=CORS, **given)
    assert [line for line in lines if not (start and line.startswith(start))] == [] and bool(lines) is bool(start)
    assert wrong(found={"nginx": {**NGINX, **found}}, **given) == []


@pytest.mark.parametrize(
    ("given", "by_frappe"), [({}, True), ({"token_rate_limit": {"rate": "5r/s"}}, False)], ids=["cors", "limit"]
)
def test_frappe_cannot_replace_nginx_for_a_rate_limit(given, by_frappe):
    for lacks in ({"installed": False}, {"headers_more": False}):
        (line,) = wrong(found={"nginx": {**NGINX, **lacks}}, site_defaults=CORS, **given)
        assert ("oauth2_cors_owner: frappe" in line, "CORS is declared" in line) == (by_frappe, by_frappe)


def test_what_the_host_lacks_is_not_a_declared_value():
    lines, found = prepared(found={"nginx": {**NGINX, "installed": False}}, site_defaults=CORS)
    assert found["missing"] == lines
    lines, found = prepared(policy_exceptions=["x"])
    assert lines and found["missing"] == []
    headings = [rejected(["a", "b"], declared).splitlines()[0] for declared in (True, False)]
    assert headings == [
        "2 declared values were rejected. Nothing was written on any site:",
        "2 problems were found before the first write. Nothing was written on any site:",
    ]


def test_a_fault_of_the_bench_names_the_variable_that_sets_it():
    lines = wrong(
        token_rate_limit={"rate": "5"},
        trusted_proxies=["x"],
        common_site_config={"settings": {"ignore_csrf": True}},
    )
    assert [line.partition(" [")[0] for line in lines] == [
        "oauth2_token_rate_limit.rate: '5' is not a valid rate",
        "oauth2_trusted_proxies: 'x' is not an IP address or network",
        "oauth2_common_site_config: ignore_csrf: is true",
    ]


SUPERVISOR = {"installed": True, "web_known": True, "config_cached": False}
READ_AT_START = {"site_defaults": {"site_config": {"absent": ["developer_mode"]}}}
ANY_KEY = {"common_site_config": {"settings": {"x": 1}}}


@pytest.mark.parametrize(
    ("found", "given", "start"),
    [
        (
            {"installed": False},
            READ_AT_START,
            "oauth2_supervisorctl: the program 'supervisorctl' was not found on this",
        ),
        ({"web_known": False}, READ_AT_START, "oauth2_supervisor_config: supervisor has no program w:web"),
        ({"web_known": None}, READ_AT_START, None),
        ({"installed": False}, {**READ_AT_START, "reload": "none"}, None),
        ({"installed": False}, ANY_KEY, None),
        ({"installed": False, "config_cached": True}, ANY_KEY, "oauth2_supervisorctl: "),
        ({"installed": False}, {**ANY_KEY, "reload": "restart"}, "oauth2_supervisorctl: "),
        ({"installed": False}, {}, None),
    ],
)
def test_supervisor_is_needed_if_a_declared_key_may_need_a_reload(found, given, start):
    lines = wrong(found={"supervisor": {**SUPERVISOR, **found}}, **given)
    assert [line for line in lines if not (start and line.startswith(start))] == [] and bool(lines) is bool(start)


@pytest.mark.parametrize(
    ("declared", "steps", "used"),
    [
        ({"api_keys": {"users": ["x"]}}, STEPS, True),
        ({"api_keys": {"users": ["x"]}}, {"clients"}, False),
        (
            {"oauth_clients": [{"app_name": "x", "redirect_uris": ["https://x.example/"], "store_secret": "yes"}]},
            STEPS,
            True,
        ),
        ({"oauth_clients": [{"app_name": "x", "redirect_uris": ["https://x.example/"]}]}, STEPS, False),
    ],
)
def test_the_store_is_needed_if_a_step_uses_it(declared, steps, used):
    assert prepared(steps=steps, site_defaults=declared, secrets_store="/store")[1]["store_used"] is used


# ---------------------------------------------------------------- on the host
def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("output", "known"),
    [
        ("echo 'w:web RUNNING pid 1'", True),
        ("echo 'w:web STOPPED'; exit 3", True),
        ("echo 'w:web: ERROR (no such process)'; exit 4", False),
        ("echo 'w: ERROR (no such group)'; exit 4", False),
        ("echo 'unix:///run/supervisor.sock no such file'; exit 4", None),
        ("echo 'error: PermissionError'; exit 1", None),
    ],
)
def test_what_supervisorctl_reports_of_the_web_process(tmp_path, output, known):
    ctl = script(tmp_path / "ctl", f'[ "$*" = "-c /s.conf status w:web" ] || exit 9; {output}')
    params = {"supervisorctl": ctl, "supervisor_config": "/s.conf", "bench_path": str(tmp_path)}
    found = on_host.programs(["supervisor"], params, BENCH["processes"])
    assert found == {"supervisor": {"installed": True, "web_known": known, "config_cached": True}}
    params["supervisorctl"] = "/nosuch/supervisorctl"
    assert on_host.programs(["supervisor"], params, BENCH["processes"])["supervisor"]["installed"] is False
    assert on_host.programs(["supervisor"], params, {"manager": "none", "web": None}) == {}


def test_a_supervisor_that_hangs_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(on_host, "STATUS_TIMEOUT", 0.2)
    params = {"supervisorctl": script(tmp_path / "ctl", "exec sleep 60"), "supervisor_config": None}
    found = on_host.programs(["supervisor"], {**params, "bench_path": str(tmp_path)}, BENCH["processes"])
    assert found["supervisor"]["web_known"] is None


@pytest.mark.parametrize(
    ("file", "text", "cached"),
    [
        ("__init__.py", "def get_site_config(sites_path=None, site_path=None):", False),
        ("config.py", "def get_site_config(\n\tsites_path: str | None = None,\n\t*, cached=False\n):", True),
        ("__init__.py", "", True),
    ],
)
def test_whether_frappe_caches_its_configuration_is_read_from_its_source(tmp_path, file, text, cached):
    folder = tmp_path / "apps/frappe/frappe"
    folder.mkdir(parents=True)
    (folder / file).write_text(text)
    assert on_host.config_cached(str(tmp_path)) is cached


def test_the_module_headers_more_is_found_in_the_configuration_or_by_a_test_of_nginx(tmp_path):
    conf = tmp_path / "nginx.conf"
    (tmp_path / "conf.d").mkdir()
    http = f"http {{ include {tmp_path}/conf.d/*.conf; }}"
    script(
        tmp_path / "nginx", 'case "$*" in -V) echo nginx/1.22.1 >&2;; *) echo "[emerg] $(cat said)" >&2; exit 1;; esac'
    )
    params = {
        "nginx": str(tmp_path / "nginx"),
        "nginx_conf": str(conf),
        "nginx_prefix": None,
        "nginx_conf_dir": str(tmp_path / "conf.d"),
    }

    def found(text, said=""):
        conf.write_text(text)
        script(tmp_path / "nginx", f"[ \"$1\" = -V ] || {{ echo '[emerg] 1#1: {said}' >&2; exit 1; }}")
        return on_host.programs(["nginx"], params, {})["nginx"]

    assert found(f"load_module m/ngx_http_headers_more_filter_module.so;\n{http}") == NGINX
    assert found(http, 'unknown directive "more_clear_headers" in x:1') == {**NGINX, "headers_more": False}
    assert found(http, '"more_clear_headers" directive is not allowed here in x:1') == NGINX
    assert found(http, "something else")["headers_more"] is None
    assert found("http {}", "x")["reads_conf_dir"] is False
    for odd in ("/nosuch/nginx.conf", "/nosuch\0/nginx.conf"):
        assert on_host.programs(["nginx"], {**params, "nginx_conf": odd}, {})["nginx"]["headers_more"] is None
    params["nginx"] = str(tmp_path / "nosuch")
    assert on_host.programs(["nginx"], params, {})["nginx"] == {
        "installed": False,
        "headers_more": None,
        "reads_conf_dir": None,
    }


# ---------------------------------------------------------------- words
@pytest.mark.parametrize(
    ("of_module", "of_role"),
    [
        ("no response within 60 s (site_timeout). Check", "no response within 60 s (oauth2_site_timeout). Check"),
        ("secrets_store: no vault secret", "oauth2_secrets_store: no vault secret"),
        ("or raise site_timeout (oauth2_site_timeout).", "or raise oauth2_site_timeout."),
        ("Set secrets_store (in the role: oauth2_secrets_store), where", "Set oauth2_secrets_store, where"),
        (
            "conf_dir: x does not include it. Set nginx_conf",
            "oauth2_nginx_conf_dir: x does not include it. Set oauth2_nginx_conf",
        ),
        ("oauth2_bench_path: /bench_path/x", "oauth2_bench_path: /bench_path/x"),
        ("Set become_user: x (in the role: oauth2_bench_user)", "Set become_user: x (in the role: oauth2_bench_user)"),
    ],
)
def test_a_message_of_a_module_names_the_variables_of_the_role(of_module, of_role):
    assert in_role(of_module) == of_role
    assert in_role(of_role) == of_role
