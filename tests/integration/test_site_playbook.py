# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/site.yml on a new bench: check, apply, apply again, verify."""

from __future__ import annotations

import json

import pytest
from demo_bench import SITES
from saved_bench import SavedBench

CLIENTS = "Clients | Apply the declared OAuth clients"
CONFIG = "Site config | Merge the declared keys"
PREFLIGHT = "Preflight | Read the sites and check the declarations"
VERIFY = "Verify | Run the OAuth flow"
FLOW = ["reach", "login", "authorize", "token", "api_call", "refresh", "revoke", "dead"]
DECLARED = {
    "oauth2_site_defaults": {
        "oauth_clients": [
            {
                "app_name": "Mobile App",
                "redirect_uris": ["app.trust://oauth2redirect", "https://trust.jossoor.org/oauth/callback"],
                "scopes": ["all", "openid"],
            }
        ],
        "site_config": {"absent": ["ignore_csrf"], "settings": {"session_idle_limit": "06:00:00"}},
    },
    "oauth2_sites": [
        {"name": "Trust.com", "oauth_clients": [{"app_name": "Mobile App", "client_id": "trust-mobile"}]},
        {"name": "site2.localhost", "site_config": {"settings": {"allow_cors": ["https://app.trust.com"]}}},
    ],
    "oauth2_common_site_config": {"settings": {"demo_key": [1, True, None]}},
}
STEPS = (CLIENTS, CONFIG)


def told(run):
    """The result rows of a run, without facts that only a real run has."""
    keys = ("name", "action", "changed", "diff", "failed", "msg", "findings")
    return [[{key: row[key] for key in keys} for row in run.results[step]["sites"]] for step in STEPS]


class TestFirstRun:
    """The tests run in this order on one bench."""

    foreseen = None

    def test_check_mode_predicts_the_first_run_and_changes_nothing(self, demo):
        before = demo.snapshot()
        run = demo.site("--check", "--diff", **DECLARED)
        assert run.status == 0, run.output
        assert {row["action"] for row in run.results[CLIENTS]["sites"]} == {"created"}
        assert {row["action"] for row in run.results[CONFIG]["sites"]} == {"updated"}
        assert demo.snapshot() == before
        type(self).foreseen = told(run)

    def test_the_run_does_what_check_mode_predicted(self, demo):
        run = demo.site("--diff", oauth2_verify="changed", **DECLARED)
        assert run.status == 0, run.output
        assert told(run) == self.foreseen
        assert demo.config("site2.localhost")["allow_cors"] == ["https://app.trust.com"]
        for site in SITES:
            assert demo.config(site)["session_idle_limit"] == "06:00:00"
            (client,) = demo.rows(site, "OAuth Client")
            assert client["redirect_uris"] == "app.trust://oauth2redirect https://trust.jossoor.org/oauth/callback"
            assert len(client["client_secret"]) == 43  # 256 bits
        (client,) = demo.rows("Trust.com", "OAuth Client")
        assert client["name"] == client["client_id"] == "trust-mobile"

    def test_the_changed_sites_were_verified_and_no_row_of_the_verification_is_left(self, demo):
        run = demo.playbook("playbooks/verify.yml", **DECLARED)
        assert run.status == 0, run.output
        for site in SITES:
            row = run.rows(VERIFY)[site]
            verdicts = {step["name"]: step["verdict"] for step in row["steps"]}
            assert row["verified"] and {verdicts[name] for name in FLOW} == {"passed"}
            for doctype in ("OAuth Bearer Token", "OAuth Authorization Code"):
                assert demo.rows(site, doctype) == []
        assert run.changed == 0

    def test_a_second_run_changes_nothing_in_few_tasks(self, demo):
        before = demo.snapshot()
        run = demo.site(oauth2_verify="changed", **DECLARED)
        assert (run.status, run.changed) == (0, 0)
        assert run.stats["ok"] <= 8
        assert demo.snapshot() == before

    def test_what_is_not_declared_is_left_alone(self, demo):
        demo.execute(
            "site3.localhost", "update \"tabOAuth Client\" set skip_authorization = 1, scopes = 'all openid x'"
        )
        declared = {"oauth2_site_defaults": {"oauth_clients": [{"app_name": "Mobile App"}]}}
        before = demo.snapshot()
        assert demo.site(**declared).changed == 0
        assert demo.snapshot() == before

    def test_a_manual_change_is_reverted(self, demo):
        demo.execute(
            "site3.localhost", "update \"tabOAuth Client\" set redirect_uris = replace(redirect_uris, ' ', char(10))"
        )
        run = demo.site(**DECLARED)
        assert [name for name, row in run.rows(CLIENTS).items() if row["changed"]] == ["site3.localhost"]
        assert "\n" not in demo.rows("site3.localhost", "OAuth Client")[0]["redirect_uris"]

    def test_without_a_user_the_verification_is_incomplete(self, demo):
        run = demo.playbook("playbooks/verify.yml", **{**DECLARED, "oauth2_verify_user": "{{ omit }}"})
        verdicts = {step["name"]: step["verdict"] for step in run.rows(VERIFY)["site2.localhost"]["steps"]}
        assert [verdicts[name] for name in FLOW] == ["passed"] + ["not_run"] * 7
        assert run.rows(VERIFY)["site2.localhost"]["verified"] is False

    def test_a_step_that_fails_is_named_with_its_remedy(self, demo):
        uris = "update \"tabOAuth Client\" set redirect_uris = replace(redirect_uris, ' ', char(10))"
        demo.execute("site2.localhost", uris)
        run = demo.playbook("playbooks/verify.yml", **DECLARED)
        assert run.status != 0
        row = run.rows(VERIFY)["site2.localhost"]
        assert row["msg"].startswith("authorize: HTTP 400 ")
        assert (
            "expected a redirect to the redirect URI, with a code and the same state [redirect-uris-newline]. "
            in row["msg"]
        )
        assert "HTTP 400 invalid_request Mismatching redirect URI. (redirect_uris has 2 URIs" in row["msg"]
        assert "[redirect-uris-newline]. Run site.yml. Frappe splits redirect_uris on single spaces" in row["msg"]
        assert run.rows(VERIFY)["Trust.com"]["verified"]
        assert demo.site(**DECLARED).changed == 1

    def test_one_site_alone(self, demo):
        run = demo.site(oauth2_only_sites=["site2*"], **DECLARED)
        assert list(run.rows(CLIENTS)) == ["site2.localhost"]


# ---------------------------------------------------------------- bad input
def probe(**of_site2):
    """A declaration of a new key and a new client for every site, and of an invalid value for site2."""
    return {
        "oauth2_site_defaults": {
            "oauth_clients": [
                {"app_name": "Probe", "redirect_uris": ["https://probe.example/cb"], "scopes": ["openid"]}
            ],
            "site_config": {"settings": {"probe": 1}},
        },
        "oauth2_sites": [{"name": "site2.localhost", **of_site2}],
    }


CLEAN = {
    "oauth2_site_defaults": {
        "oauth_clients": [{"app_name": name, "state": "absent"} for name in ("Probe", "Other")],
        "site_config": {"absent": ["probe"]},
    }
}


@pytest.fixture(scope="module")
def saved(demo):
    """The bench before the first probe."""
    return SavedBench(demo)


@pytest.fixture
def clean(demo, saved):
    """A bench whose state is restored at the end."""
    yield demo
    saved.restore()


def assert_probe_is_applied(demo, *sites):
    for site in sites:
        assert "Probe" in [client["app_name"] for client in demo.rows(site, "OAuth Client")], site
        assert demo.config(site)["probe"] == 1


@pytest.mark.parametrize(
    ("of_site2", "message"),
    [
        (
            {"oauth_clients": [{"app_name": "Probe", "redirect_uris": ["https://a.example/cb https://b.example/cb"]}]},
            "site2.localhost: client 'Probe': redirect_uris: 'https://a.example/cb https://b.example/cb' is empty",
        ),
        ({"site_config": {"settings": {"ignore_csrf": ["/x"]}}}, "site2.localhost: ignore_csrf in site_config.json"),
        (
            {"oauth_clients": [{"app_name": "a<b"}]},
            "site2.localhost: client 'a<b': app_name: 'a<b' contains < or > [text-markup",
        ),
        (
            {"oauth_clients": [{"app_nam": "x"}]},
            "site site2.localhost: oauth_clients, item 1: unknown key 'app_nam'",
        ),
        ({"oauth_client": []}, "site site2.localhost: unknown key 'oauth_client'"),
    ],
)
def test_what_is_wrong_in_the_inventory_stops_before_the_first_write(demo, of_site2, message):
    before = demo.snapshot()
    run = demo.site(**probe(**of_site2))
    assert run.status != 0
    assert message in run.output.replace("\\n", "\n").replace('\\"', '"')
    assert demo.snapshot() == before


def break_config(demo):
    demo.config_path("site2.localhost").write_text('{"db_name": ')


def break_database(demo):
    config = demo.config("site2.localhost")
    demo.config_path("site2.localhost").write_text(json.dumps({**config, "db_name": "_nosuch"}))


def same_name_twice(demo):
    for number, name in enumerate(("Probe", "Probe")):
        insert_client(demo, f"twin{number}", name)


def same_name_in_another_case(demo):
    insert_client(demo, "twin0", "PROBE")
    insert_client(demo, "twin1", "probe")


def insert_client(demo, name, app_name):
    demo.execute(
        "site2.localhost",
        'insert into "tabOAuth Client" (name, client_id, app_name, owner, creation, modified) '
        "values (?, ?, ?, 'Administrator', '2026-01-01', '2026-01-01')",
        name,
        name,
        app_name,
    )


@pytest.mark.parametrize(
    ("harm", "of_site2", "message"),
    [
        (break_config, {}, "site2.localhost/site_config.json is not valid JSON: Expecting value: line 1 column 13"),
        (break_database, {}, "site2.localhost: cannot connect to the site's database"),
        (same_name_twice, {}, "app_name: 'Probe' matches 2 clients: twin0 ('Probe'), twin1 ('Probe')"),
        (same_name_in_another_case, {}, "app_name: 'Probe' matches 2 clients: twin0 ('PROBE'), twin1 ('probe')"),
        (
            None,
            {"oauth_clients": [{"app_name": "Probe", "allowed_roles": ["Nosuch"]}]},
            "not found on this site: 'Nosuch'",
        ),
    ],
)
def test_one_bad_site_never_stops_the_others_and_is_named_at_the_end(clean, harm, of_site2, message):
    demo, kept = clean, clean.config_path("site2.localhost").read_bytes()
    if harm:
        harm(demo)
    damaged = demo.config_path("site2.localhost").read_bytes()
    try:
        run = demo.site(**probe(**of_site2))
        assert run.status != 0
        assert message in run.results["Finish | Fail if a site or a step failed"]["msg"]
        assert_probe_is_applied(demo, "Trust.com", "site3.localhost")
        if harm is break_config:
            assert demo.config_path("site2.localhost").read_bytes() == damaged
        again = demo.site(**probe(**of_site2))
        assert again.changed == 0 and again.status != 0
    finally:
        demo.config_path("site2.localhost").write_bytes(kept)


def test_a_stray_folder_never_stops_the_sites_and_is_named_at_the_end(clean):
    stray = clean.path / "sites/Copy of site2.localhost"
    stray.mkdir()
    (stray / "site_config.json").write_text("{}")
    try:
        run = clean.site(**probe())
        assert run.status != 0
        failed = run.results["Finish | Fail if a site or a step failed"]["msg"]
        assert "1 of 4 sites failed" in failed and "'Copy of site2.localhost' is not a valid site name" in failed
        assert_probe_is_applied(clean, *SITES)
    finally:
        (stray / "site_config.json").unlink()
        stray.rmdir()


def test_a_second_bench_of_a_host_does_not_take_over_what_failed_on_the_first(clean):
    role = {"ansible.builtin.include_role": {"name": "benchkeeper.frappe.oauth2"}}
    bad = {"oauth2_sites": [{"name": "half-made.localhost"}]}
    (clean.path / "sites/half-made.localhost").mkdir()
    first = {"name": "First", "block": [{"name": "Bench one", **role, "vars": {**probe(), **bad}}]}
    first["rescue"] = [{"name": "It failed", "ansible.builtin.debug": {"var": "oauth2__failed_sites"}}]
    second = {"name": "Bench two", **role, "vars": CLEAN}
    after = {"name": "Left", "ansible.builtin.debug": {"var": "oauth2__failed_sites"}}
    try:
        run = clean.tasks([first, second, after])
    finally:
        (clean.path / "sites/half-made.localhost").rmdir()
    assert list(run.results["It failed"]["oauth2__failed_sites"]) == ["half-made.localhost"]
    assert run.results["Left"]["oauth2__failed_sites"] == {}


def every_option(texts):
    """The options of ansible-playbook that pass these variables as strings."""
    return [part for name, value in texts.items() for part in ("-e", f"{name}={value}")]


def test_texts_of_the_command_line_and_of_an_ini_inventory_mean_what_they_say(clean, tmp_path):
    ini = tmp_path / "texts.ini"
    ini.write_text("[benches]\nlocalhost oauth2_site_timeout=90 oauth2_exclude_sites=site3.localhost,Trust.com\n")
    texts = {
        "oauth2_install_packages": "false",
        "oauth2_discover_sites": "no",
        "oauth2_only_sites": "site2.*",
        "oauth2_become": "false",
        "oauth2_policy_exceptions": "scope-all",
        "oauth2_reload": "restart",
        "oauth2_token_rate_limit": '{\\"rate\\":\\"100r/s\\"}',
    }
    for options in (["--check"], []):
        before = clean.snapshot()
        run = clean.site(*options, "-i", str(ini), *every_option(texts), **probe())
        assert run.status == 0, run.output
        assert list(run.rows(CLIENTS)) == ["site2.localhost"], run.output
        assert not run.rows(CLIENTS)["site2.localhost"]["findings"]
        assert run.results["Edge | Install headers-more"]["skipped"]
        assert clean.snapshot() == before or not options
    assert_probe_is_applied(clean, "site2.localhost")
    restarted = run.results["Reload | Reload or restart the web process with supervisor"]
    assert restarted["changed"] and not run.results["Reload | Check that every site responds"].get("failed")


def test_a_step_that_fails_for_the_whole_bench_still_lets_the_change_before_it_be_loaded(clean):
    """No later run can know that the restart is missing."""
    declared = probe()
    declared["oauth2_site_defaults"]["oauth_clients"][0]["client_secret"] = "a-secret-that-needs-pipelining"
    clean.environment = {"ANSIBLE_KEEP_REMOTE_FILES": "1"}
    try:
        for options in (["--check"], [], ["--tags", "site_config,clients", "--check"]):
            run = clean.site(*options, **declared, oauth2_reload="restart")
            assert run.status != 0
            reason = run.results["Finish | Fail if a site or a step failed"]["msg"]
            assert reason.startswith("The step clients failed for the whole bench: Pipelining is not available")
            (recap,) = (name for name in run.results if name.startswith("Recap"))
            notes = run.results[recap]["summary"]["notes"]
            assert ["step clients (whole bench)"] in [note["sites"] for note in notes if note["kind"] == "FAILED"]
            restart = run.results.get("Reload | Reload or restart the web process with supervisor", {})
            assert restart.get("changed", False) == ("--tags" not in options)
    finally:
        clean.environment = {}
    assert clean.config("site2.localhost")["probe"] == 1


def test_a_value_of_the_wrong_type_is_named_before_the_first_write(demo):
    before = demo.snapshot()
    texts = {
        "oauth2_site_timeout": "ninety",
        "oauth2_install_packages": "perhaps",
        "oauth2_token_rate_limit": "rate=5r/s",
        "oauth2_cors_owner": "apache",
    }
    run = demo.site(*every_option(texts), **probe())
    assert run.status != 0 and demo.snapshot() == before
    assert run.results[PREFLIGHT]["msg"].splitlines() == [
        "4 declared values were rejected. Nothing was written on any site:",
        "oauth2_cors_owner: found 'apache', expected one of nginx, frappe, none",
        "oauth2_token_rate_limit: found 'rate=5r/s', expected a mapping, or a mapping as a JSON string",
        "oauth2_install_packages: found 'perhaps', expected true or false",
        "oauth2_site_timeout: found 'ninety', expected a whole number",
    ]
    run = demo.site("-e", "oauth2_become=maybe", **probe())
    assert run.status != 0 and "oauth2_become: found 'maybe', expected true or false" in run.output


def test_what_the_preflight_keeps_for_the_steps_shows_no_secret_and_is_written_nowhere(clean, tmp_path):
    canary = "canary-0123456789-abcdefghij-0123456789"
    secrets = {
        "oauth2_common_site_config": {"secret_settings": {"probe_common": f"{canary}-common"}},
        "oauth2_site_defaults": {
            "oauth_clients": [
                {"app_name": "Probe", "redirect_uris": ["https://a.example/cb"], "client_secret": f"{canary}-client"}
            ],
            "site_config": {"secret_settings": {"probe_secret": f"{canary}-site"}},
            "verify": {"password": f"{canary}-verify"},
        },
        "oauth2_verify_password": f"{canary}-every",
    }
    clean.environment = {
        "ANSIBLE_LOG_PATH": str(tmp_path / "log"),
        "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1",
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(tmp_path / "facts"),
    }
    try:
        run = clean.site("-vvvv", "--check", "--diff", **secrets)
    finally:
        clean.environment = {}
    assert run.status == 0, run.output
    assert "no_log" in run.results[PREFLIGHT]["censored"]
    assert run.results[CLIENTS]["sites"], "the steps are shown"
    assert canary not in run.output
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and canary in path.read_text()]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"oauth2_bench_path": "/nosuch"}, "oauth2_bench_path: /nosuch does not exist"),
        ({"oauth2_bench_path": "/usr"}, "oauth2_bench_path: /usr has no sites directory"),
        ({"oauth2_only_sites": ["nosuch"]}, "oauth2_only_sites: 'nosuch' matches no site"),
    ],
)
def test_no_bench(demo, variables, message):
    run = demo.site(**{**probe(), **variables})
    assert run.status != 0 and message in run.output


def test_a_bench_without_env(demo):
    env = demo.path / "env"
    hidden = env.rename(demo.path / "env.away")
    try:
        run = demo.site(
            **{**probe(), "oauth2_site_defaults": {"oauth_clients": probe()["oauth2_site_defaults"]["oauth_clients"]}}
        )
        assert run.status != 0 and "env/bin/python is missing. Run bench setup env" in run.output
    finally:
        hidden.rename(env)
