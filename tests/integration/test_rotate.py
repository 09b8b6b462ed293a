# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/rotate.yml: rotates only the selected secrets, keeps them before it sets them, and never shows them."""

from __future__ import annotations

import pytest
from demo_bench import SITES
from saved_bench import SavedBench
from stored_keys import CLERK, MANAGER, SITE, Keys

CLIENTS, KEYS = "Clients | Apply the declared OAuth clients", "API keys | Apply the declared API keys"
TOKENS = "Tokens | Revoke and prune tokens"
SAID = "Rotate | Show what was rotated"
URIS = ["https://app.example.com/cb"]
BACKEND, APP = "Backend", "Phone"


class Fleet:
    """Sites with two clients, one of them confidential, and API keys."""

    def __init__(self, tokens, keys):
        self.tokens, self.keys, self.demo = tokens, keys, tokens.demo
        self.declared = {
            "oauth2_secrets_store": keys.store,
            "oauth2_discover_sites": False,
            "oauth2_site_defaults": {
                "oauth_clients_exclusive": True,
                "oauth_clients": [
                    {"app_name": BACKEND, "redirect_uris": URIS, "scopes": ["openid"], "store_secret": True},
                    {"app_name": APP, "redirect_uris": URIS, "scopes": ["openid"], "revoke_tokens": True},
                ],
                "api_keys": {"users": [CLERK, MANAGER]},
            },
            "oauth2_sites": [{"name": SITE}, {"name": "site3.localhost", "api_keys": {"managed": False}}],
        }
        run = self.demo.site(**self.declared)
        assert run.status == 0, run.output

    def rotate(self, *options, **variables):
        return self.demo.playbook("playbooks/rotate.yml", *options, **{**self.declared, **variables})

    def clients(self, site=SITE):
        return {row["app_name"]: row for row in self.demo.rows(site, "OAuth Client")}

    def kept_secret(self, site=SITE):
        return self.keys.kept("oauth_clients", site)[BACKEND]["client_secret"]


@pytest.fixture(scope="module")
def rotatable(demo, with_clients, tmp_path_factory):
    """The fleet, and this state of the bench and the store."""
    folder = tmp_path_factory.mktemp("fleet")
    fleet = Fleet(with_clients[0], Keys(demo, folder))
    return fleet, SavedBench(demo, folder)


@pytest.fixture
def fleet(rotatable):
    """The fleet. What a test changes is restored."""
    fleet, saved = rotatable
    fleet.tokens.ids = {}
    yield fleet
    saved.restore()


def said(run):
    rows = run.results[SAID]["summary"]["rows"]
    return [f"{row['site']}: {what}" for row in rows for what in row["cells"][0].split("; ")]


@pytest.mark.parametrize("asked", [None, [], ["passwords"], ["client_secrets", "all"]])
def test_nothing_is_rotated_without_oauth2_rotate(fleet, asked):
    before = fleet.demo.snapshot()
    run = fleet.rotate(**({} if asked is None else {"oauth2_rotate": asked}))
    assert run.status != 0 and "oauth2_rotate: " in run.output
    assert "client_secrets" in run.output and fleet.demo.snapshot() == before


def test_client_secrets(fleet):
    old, before = {site: fleet.kept_secret(site) for site in SITES[1:]}, fleet.demo.snapshot()
    clients = {site: fleet.clients(site) for site in SITES[1:]}
    kept = {site: fleet.keys.file(site).read_bytes() for site in SITES[1:]}
    check = fleet.rotate("--check", "--diff", oauth2_rotate=["client_secrets"])
    assert check.status == 0, check.output
    assert said(check) == [f"{site}: client secret of {BACKEND}" for site in SITES[1:]]
    assert fleet.demo.snapshot() == before and kept == {site: fleet.keys.file(site).read_bytes() for site in kept}
    run = fleet.rotate("--diff", oauth2_rotate=["client_secrets"])
    assert run.status == 0, run.output
    assert said(run) == said(check) and run.results[CLIENTS]["diff"] == check.results[CLIENTS]["diff"]
    for site in SITES[1:]:
        new = fleet.kept_secret(site)
        assert new != old[site] and fleet.clients(site)[BACKEND]["client_secret"] == new
        assert new not in run.output and old[site] not in run.output
        # nothing else of the site changes: no other client and no other field, even with exclusive
        assert fleet.clients(site)[APP] == clients[site][APP]
        moved = {"client_secret", "modified"}
        was, now = clients[site][BACKEND], fleet.clients(site)[BACKEND]
        assert {key for key in now if now[key] != was[key]} <= moved
        assert "pending" not in fleet.keys.kept("oauth_clients", site)[BACKEND]
    assert "sites" not in run.results[KEYS] and "sites" not in run.results[TOKENS]
    # each run rotates; the next run of site.yml changes nothing
    assert fleet.demo.site(**fleet.declared).changed == 0
    again = fleet.rotate(oauth2_rotate=["client_secrets"])
    assert said(again) == said(run) and fleet.kept_secret() != old[SITE]


def test_api_keys_of_all_that_are_declared_and_of_one_that_is_named(fleet):
    first = fleet.keys.kept()
    assert set(first) == {CLERK, MANAGER}
    check = fleet.rotate("--check", oauth2_rotate=["api_keys"], oauth2_rotate_users=[CLERK])
    assert said(check) == [f"{SITE}: API key of {CLERK}"] and fleet.keys.kept() == first
    run = fleet.rotate(oauth2_rotate=["api_keys"], oauth2_rotate_users=[CLERK])
    assert run.status == 0 and said(run) == said(check), run.output
    second = fleet.keys.kept()
    assert second[MANAGER] == first[MANAGER] and second[CLERK] != first[CLERK]
    assert [fleet.keys.login(pair) for pair in (first[CLERK], second[CLERK], first[MANAGER])] == [401, CLERK, MANAGER]
    run = fleet.rotate(oauth2_rotate=["api_keys"])
    assert said(run) == [f"{SITE}: API key of {user}" for user in (CLERK, MANAGER)]
    third = fleet.keys.kept()
    assert [fleet.keys.login(pair) for pair in (second[CLERK], third[CLERK])] == [401, CLERK]
    assert not any(pair[part] in run.output for pair in third.values() for part in ("api_key", "api_secret"))


def test_tokens_of_the_declared_clients(fleet):
    fleet.tokens.ids = {row["app_name"]: row["name"] for row in fleet.clients().values()}
    app, backend, manager = (
        fleet.tokens.issue(APP),
        fleet.tokens.issue(BACKEND),
        fleet.tokens.issue(APP, MANAGER),
    )
    named = {"oauth2_rotate": ["tokens"], "oauth2_rotate_clients": [APP], "oauth2_rotate_users": [CLERK]}
    check = fleet.rotate("--check", **named)
    assert said(check) == [f"{SITE}: 1 token or code"] and fleet.tokens.works(app, APP) == (True, True)
    run = fleet.rotate(**named)
    assert run.status == 0 and said(run) == said(check), run.output
    assert fleet.tokens.works(app, APP) == (False, False)
    assert fleet.tokens.works(backend, BACKEND) == fleet.tokens.works(manager, APP) == (True, True)
    fleet.rotate(oauth2_rotate=["tokens"])
    assert fleet.tokens.works(backend, BACKEND) == fleet.tokens.works(manager, APP) == (False, False)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"oauth2_rotate": ["client_secrets"], "oauth2_rotate_clients": ["Backen"]}, "declares a client 'Backen'"),
        ({"oauth2_rotate": ["api_keys"], "oauth2_rotate_users": ["x@demo.example"]}, "'x@demo.example' has no API key"),
        (
            {"oauth2_rotate": ["client_secrets", "api_keys"], "oauth2_rotate_users": ["x@demo.example"]},
            "'x@demo.example' has no API key",
        ),
        ({"oauth2_rotate": ["tokens"], "oauth2_only_sites": ["nosuch*"]}, "'nosuch*' matches no site"),
    ],
)
def test_an_unknown_name_stops_before_the_first_write(fleet, variables, message):
    before = fleet.demo.snapshot()
    run = fleet.rotate(**variables)
    assert run.status != 0 and message in run.output, run.output[-2500:]
    assert fleet.demo.snapshot() == before


def test_one_bad_site_never_stops_the_others_and_loses_nothing(fleet):
    old = {site: fleet.kept_secret(site) for site in SITES[1:]}
    path = fleet.demo.config_path("site3.localhost")
    kept = path.read_bytes()
    path.write_text('{"db_name": ')
    try:
        run = fleet.rotate(oauth2_rotate=["client_secrets", "api_keys"])
    finally:
        path.write_bytes(kept)
    assert run.status != 0 and "site3.localhost" in run.results["Finish | Fail if a site or a step failed"]["msg"]
    assert said(run)[0] == f"{SITE}: client secret of {BACKEND}" and len(said(run)) == 3
    assert fleet.clients()[BACKEND]["client_secret"] == fleet.kept_secret() != old[SITE]
    assert fleet.clients("site3.localhost")[BACKEND]["client_secret"] == fleet.kept_secret("site3.localhost")
    assert fleet.kept_secret("site3.localhost") == old["site3.localhost"]


def test_a_listed_client_is_rotated_without_store_secret(fleet):
    before = fleet.clients()
    run = fleet.rotate(oauth2_rotate=["client_secrets"], oauth2_rotate_clients=[APP], oauth2_only_sites=[SITE])
    assert run.status == 0 and said(run) == [f"{SITE}: client secret of {APP}"], run.output
    after = fleet.clients()
    assert after[APP]["client_secret"] != before[APP]["client_secret"] and after[BACKEND] == before[BACKEND]
