# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators meet: a run that stops before its first write, words that fit, and a verification that helps."""

from __future__ import annotations

import json
import os

import pytest
from checkout import ROOT
from demo_bench import SITES

PREFLIGHT = "Preflight | Read the sites and check the declarations"
CLIENTS = "Clients | Apply the declared OAuth clients"
EDGE = "Edge | Configure CORS and the token endpoint rate limit"
INSTALL = "Edge | Install headers-more"
REACH = "Reload | Check that every site responds"
VERIFY = "Verify | Run the OAuth flow"
FINISH = "Finish | Fail if a site or a step failed"
CLIENT = {"app_name": "Probe", "redirect_uris": ["https://probe.example/cb"], "scopes": ["openid"]}
CONFIG = {"site_config": {"settings": {"probe": 1}}}
DECLARED = {"oauth2_site_defaults": {"oauth_clients": [CLIENT], **CONFIG}}
CORS = {"origins": ["https://app.example.com"]}


@pytest.fixture
def bench(demo):
    """A bench without anything that the tests declare, before and after."""
    yield demo
    for site in SITES:
        demo.execute(site, "delete from \"tabOAuth Client\" where app_name like 'Probe%'")
        demo.config_path(site).write_text(json.dumps({k: v for k, v in demo.config(site).items() if k != "probe"}))


def rejected(demo, *options, **variables):
    """The lines of a preflight that stopped the run before the first write, without its heading."""
    before = demo.snapshot()
    run = demo.site(*options, **variables)
    assert run.status != 0 and demo.snapshot() == before
    return run.results[PREFLIGHT]["msg"].splitlines()[1:]


# ---------------------------------------------------------------- known before the first write
@pytest.mark.parametrize("options", [(), ("--check",)])
def test_a_store_without_a_vault_password_stops_the_run_before_the_first_write(bench, options, tmp_path):
    defaults = {**DECLARED["oauth2_site_defaults"], "api_keys": {"users": ["clerk@demo.example"]}}
    declared = {"oauth2_site_defaults": defaults, "oauth2_secrets_store": str(tmp_path / "store")}
    password, bench.vault = bench.vault, None
    try:
        (line,) = rejected(bench, *options, **declared)
        assert line.startswith("oauth2_secrets_store: no vault secret is loaded, so nothing can be encrypted. Use --")
        assert bench.site("--check", "--tags", "site_config", **declared).status == 0
        assert bench.playbook("playbooks/verify.yml", **declared).results[PREFLIGHT].get("failed") is None
    finally:
        bench.vault = password
    declared["oauth2_secrets_store"] = str(tmp_path / "file")
    (tmp_path / "file").write_text("")
    (line,) = rejected(bench, *options, **declared)
    assert line.startswith(f"oauth2_secrets_store: {tmp_path / 'file'} is not a directory. Correct the path")


@pytest.mark.parametrize("options", [(), ("--check",)])
@pytest.mark.parametrize(
    ("variables", "start"),
    [
        ({"oauth2_nginx": "/nosuch/nginx", "cors": CORS}, "oauth2_nginx: the program '/nosuch/nginx' was not found"),
        (
            {"oauth2_nginx_conf_dir": "/nosuch/conf.d", "cors": CORS},
            "oauth2_nginx_conf_dir: nginx does not include /nosuch/conf.d/*.conf",
        ),
        (
            {"oauth2_supervisorctl": "/nosuch/supervisorctl", "oauth2_reload": "restart"},
            "oauth2_supervisorctl: the program '/nosuch/supervisorctl' was not found on this host",
        ),
        ({"oauth2_verify_address": "10.0.0.5"}, "oauth2_verify_address: found '10.0.0.5' without a scheme"),
        ({"oauth2_verify_password": ""}, "oauth2_verify_password: not set for 3 of 3 sites"),
    ],
)
def test_what_the_run_needs_is_asked_before_the_first_write(bench, options, variables, start):
    defaults = {**DECLARED["oauth2_site_defaults"], **{k: v for k, v in variables.items() if k == "cors"}}
    variables = {"oauth2_verify": "changed", **{k: v for k, v in variables.items() if k != "cors"}}
    (line,) = rejected(bench, *options, oauth2_site_defaults=defaults, **variables)
    assert line.startswith(start)


def test_a_web_program_that_supervisor_does_not_have_stops_the_run(bench, tmp_path):
    conf = bench.path / "config/supervisor.conf"
    kept = conf.read_text()
    try:
        conf.write_text(kept.replace("-frappe-web", "-other-frappe-web"))
        (line,) = rejected(bench, **DECLARED, oauth2_reload="restart")
        assert line.startswith("oauth2_supervisor_config: supervisor has no program ") and "other-frappe-web" in line
        assert bench.site(**DECLARED, oauth2_reload="none").status == 0
    finally:
        conf.write_text(kept)


def test_a_mistake_in_a_name_stops_the_run_and_names_what_was_meant(bench):
    lines = rejected(
        bench,
        **DECLARED,
        oauth2_sites=[{"name": "site2.localhos"}, {"name": "gone.localhost", "managed": False}],
        oauth2_policy_exceptions=["scope_all"],
    )
    assert [line.partition(":")[0] for line in lines] == ["oauth2_policy_exceptions", "site2.localhos"]
    assert "Did you mean scope-all?" in lines[0] and "Did you mean site2.localhost?" in lines[1]
    (line,) = rejected(bench, **DECLARED, oauth2_discover_site=False)
    assert line.startswith("oauth2_discover_site: the role has no such variable. Did you mean oauth2_discover_sites?")
    for path in ("", "frappe-bench"):
        (line,) = rejected(bench, **{**DECLARED, "oauth2_bench_path": path})
        assert line == f"oauth2_bench_path: found {path!r}, expected an absolute path"


# ---------------------------------------------------------------- values and words
def test_strings_and_omit_inside_declarations_mean_what_they_mean_elsewhere(bench, tmp_path):
    texts = {
        "app_name": "Probe",
        "redirect_uris": "https://probe.example/cb",
        "scopes": "openid,all",
        "skip_authorization": "no",
        "allowed_roles": "{{ nosuch_roles | default(omit) }}",
    }
    ini = tmp_path / "texts.ini"
    ini.write_text(
        "[benches]\nlocalhost\n[benches:vars]\noauth2_discover_sites=no\n"
        f"oauth2_sites={json.dumps([{'name': 'site2.localhost', 'oauth_clients': [texts]}])}\n"
    )
    run = bench.site("-i", str(ini), "-e", "oauth2_only_sites=[site2*]", oauth2_policy="ignore")
    assert run.status == 0, run.output
    assert list(run.rows(CLIENTS)) == ["site2.localhost"]
    (client,) = [one for one in bench.rows("site2.localhost", "OAuth Client") if one["app_name"] == "Probe"]
    assert (client["scopes"], client["skip_authorization"]) == ("openid all", 0)
    assert bench.site(oauth2_sites=[{"name": "site2.localhost", "oauth_clients": [texts]}]).status == 0


def test_a_run_without_a_site_says_that_nothing_was_managed(bench):
    run = bench.site(**DECLARED, oauth2_exclude_sites=["*"])
    (recap,) = (run.results[name] for name in run.results if name.startswith("Recap"))
    assert [note["text"] for note in recap["summary"]["notes"]] == ["no site was selected, so no site was managed"]


@pytest.mark.parametrize(
    "options",
    [
        ("--start-at-task", CLIENTS),
        ("--start-at-task", EDGE),
        ("--start-at-task", "Reload | Gather the features of the installed Frappe version"),
        ("--start-at-task", VERIFY),
        ("--start-at-task", FINISH),
        ("--skip-tags", "always"),
        ("--tags", "verify"),
        ("--tags", "edge,tokens"),
    ],
)
def test_a_run_that_starts_in_the_middle_never_ends_in_an_undefined_variable(bench, options):
    before = bench.snapshot()
    run = bench.site(*options, "--check", **DECLARED)
    assert "undefined" not in run.output, run.output
    assert bench.snapshot() == before
    if options[0] == "--tags":
        assert run.status == 0, run.output
    else:
        assert run.status != 0 and "The preflight of the role did not run" in run.output


# ---------------------------------------------------------------- the package, the reload, the verification
def test_the_package_manager_is_asked_only_where_the_module_is_missing(bench):
    declared = {"oauth2_site_defaults": {"cors": CORS}, "oauth2_install_packages": True}
    for options in (("--check",), ()):
        run = bench.site(*options, **declared)
        assert run.status == 0, run.output
        assert run.results[INSTALL]["skipped"] and run.results[EDGE]["changed"]
    before = bench.snapshot()
    run = bench.site(**declared)
    assert (run.status, run.changed) == (0, 0) and run.stats["ok"] <= 7 and bench.snapshot() == before
    assert bench.site(oauth2_site_defaults={"site_config": {"absent": ["allow_cors"]}}).status == 0


def test_after_a_reload_all_sites_share_one_deadline_and_the_address_of_each_site_counts(bench):
    away = {"oauth2_sites": [{"name": "site2.localhost", "verify": {"address": "127.0.0.1:9"}}]}
    run = bench.site(**DECLARED, **away, oauth2_reload="restart", oauth2_site_timeout=10)
    assert run.status != 0
    assert [row["failed"] for row in run.results[REACH]["sites"]] == [False, True, False]
    assert "connection refused at http://127.0.0.1:9" in run.results[FINISH]["msg"]
    everywhere = {"site_config": {"settings": {"probe": 2}}, "verify": {"address": "http://127.0.0.1:9"}}
    run = bench.site(oauth2_site_defaults=everywhere, oauth2_reload="restart", oauth2_site_timeout=20)
    assert [row["failed"] for row in run.results[REACH]["sites"]] == [True] * 3
    assert "no response within" not in run.results[FINISH]["msg"]


def test_a_site_without_a_client_is_verified_in_what_needs_none(bench):
    declared = {"oauth2_site_defaults": {"cors": CORS}, "oauth2_only_sites": ["Trust.com"]}
    run = bench.site(**declared, oauth2_token_rate_limit={"rate": "20r/s", "burst": 5}, oauth2_verify="changed")
    assert run.status == 0, run.output
    row = run.rows(VERIFY)["Trust.com"]
    verdicts = {step["name"]: step["verdict"] for step in row["steps"]}
    assert {"reach", "preflight", "cross_origin", "rate_limit"} <= verdicts.keys() and "login" not in verdicts
    assert not {"failed", "not_run"} & set(verdicts.values()), row
    assert row["verified"] is True and row["client_id"] is None
    assert bench.site(oauth2_site_defaults={"site_config": {"absent": ["allow_cors"]}}).status == 0


def test_a_login_that_fails_is_named_with_its_cause_although_other_clients_follow(bench):
    clients = [{**CLIENT, "app_name": f"Probe {number}"} for number in range(3)]
    declared = {"oauth2_sites": [{"name": "site2.localhost", "oauth_clients": clients}], "oauth2_discover_sites": False}
    user = {"oauth2_verify_user": "nobody@demo.example", "oauth2_verify": "changed"}
    run = bench.site(**declared, **user)
    message = run.results[FINISH]["msg"]
    assert run.status != 0 and "the site has no user nobody@demo.example)" in message
    first, later = message.splitlines()[1:]
    assert first.startswith("site2.localhost: client 'Probe 0': login: HTTP 401") and "not tried again" not in first
    assert later.startswith("site2.localhost: login: HTTP 401") and "so it was not tried again" in later


# ---------------------------------------------------------------- a lost store
def test_keys_whose_store_was_lost_are_reported_once_and_rotation_helps(bench, tmp_path):
    defaults = {"api_keys": {"users": ["clerk@demo.example"]}}
    declared = {"oauth2_site_defaults": defaults, "oauth2_only_sites": ["Trust.com"]}
    store = {"oauth2_secrets_store": str(tmp_path / "store")}
    task = "API keys | Apply the declared API keys"
    assert bench.site(**declared, **store).status == 0
    assert bench.site(**declared, **store).rows(task)["Trust.com"]["findings"] == []
    for file in (tmp_path / "store").rglob("*.yml"):
        os.unlink(file)
    run = bench.site(**declared, **store)
    (finding,) = run.rows(task)["Trust.com"]["findings"]
    assert (run.status, run.changed) == (0, 0) and finding["rule"] == "key-not-stored"
    assert "clerk@demo.example" in finding["found"] and "rotate" in finding["remedy"]
    rotate = bench.playbook("playbooks/rotate.yml", **declared, **store, oauth2_rotate=["api_keys"])
    assert rotate.status == 0, rotate.output
    assert bench.site(**declared, **store).rows(task)["Trust.com"]["findings"] == []


def test_the_guide_covers_a_lost_store_and_a_lost_vault_password():
    text = (ROOT / "docs/secrets.md").read_text()
    assert "## A lost store" in text and "## A lost vault password" in text
