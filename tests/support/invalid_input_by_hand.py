# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invalid input that is not generated from the options: conflicting options, names, addresses."""

from __future__ import annotations

from invalid_input import CANARY, Case


def by_hand(site: str, user: str, bases: dict[str, dict]) -> list[Case]:
    """The list of cases.

    Args:
        site: a site of the bench.
        user: a user of the site.
        bases: a valid call of each module.
    """
    client, edge = bases["frappe_oauth_client"], bases["frappe_nginx_edge"]
    config, keys = {"name": site}, bases["frappe_user_api_key"]
    web = "https://bad.example/callback"

    def clients(option: str, **changes: object) -> Case:
        return Case("frappe_oauth_client", option, {**client, **changes})

    def several(option: str, *items: dict) -> Case:
        return Case("frappe_oauth_client", option, {"sites": [{"name": site, **item} for item in items]})

    def nginx(option: str, **changes: object) -> Case:
        first = {**edge["sites"][0], **{k: v for k, v in changes.items() if k in ("name", "domains", "cors")}}
        rest = {k: v for k, v in changes.items() if k not in first}
        return Case("frappe_nginx_edge", option, {**edge, "sites": [first], **rest})

    return [
        # ---- names and places
        Case("frappe_oauth_client", "name", {k: v for k, v in client.items() if k != "name"}),
        clients("name", sites=[{"name": site}]),
        several("bench_path", {"app_name": "a", "redirect_uris": [web], "name": f"{site}\n"}),
        Case("frappe_oauth_client", "bench_path", {**client, "bench_path": None}),
        Case("frappe_oauth_client", "bench_path", {"bench_path": None, "sites": [{**client}]}),
        Case("frappe_oauth_client", "bench_path", {"bench_path": "", "sites": [{**client}]}),
        Case("frappe_site_info", "sites", {"sites": [{"name": "odd.test"}, {"name": "linked.test"}, {"name": site}]}),
        Case("frappe_site_info", "sites", {"sites": [{"name": "odd.test", "gather": ["domains"]}]}),
        Case("frappe_oauth_verify", "sites", {"sites": [{"name": "odd.test"}], "address": "http://127.0.0.1:9"}),
        Case("frappe_site_config", "name", {"name": "common_site_config.json", "settings": {"bad_input": 1}}),
        Case("frappe_site_config", "sites", {"sites": [{"name": "linked.test"}], "settings": {"a": 1}}),
        # ---- clients
        several("app_name", {"app_name": "Zwei", "redirect_uris": [web]}, {"app_name": "ZWÉI", "redirect_uris": [web]}),
        several("client_id", {**client, "client_id": "bad-input"}, {**client, "client_id": "BAD-INPUT"}),
        several("app_name", client, {**client, "client_id": "bad-input"}),
        several("app_name", {**client, "state": "absent"}, client),
        clients("client_secret", app_name=f"x{CANARY}x", client_secret=CANARY),
        clients("client_secret", client_id=CANARY, client_secret=CANARY),
        clients("client_secret", client_secret=site),
        clients("client_secret", client_secret=f"{CANARY}&{CANARY}"),
        clients("redirect_uris", redirect_uris=[f"https://user:{CANARY}@bad.example/*"]),
        clients("default_redirect_uri", default_redirect_uri=f"https://u:{CANARY}@bad.example/"),
        clients("redirect_uris", redirect_uris=[f"{web} {web}"]),
        clients("redirect_uris", redirect_uris=[f"{web}\n{web}"]),
        clients("redirect_uris", redirect_uris=[f"{web}?{'x' * 70000}"]),
        clients("redirect_uris", redirect_uris=["https://[::1", "https://bad.example:99999/", "https:///x"]),
        clients("redirect_uris", redirect_uris=["https://bücher.example/cb"]),
        clients("redirect_uris", redirect_uris=["https://bad.example/#", "//bad.example", "app.x:", ":", "a b://c"]),
        clients("scopes", scopes=["all openid"]),
        clients("scopes", scopes=["ünïcode", '"', "\\"]),
        clients("allowed_roles", allowed_roles=["No such role", "' or 1=1 --"]),
        clients("store_secret", store_secret=True),
        clients("api_key", api_key="only-one-half"),
        clients("policy", policy="off"),
        clients("redirect_uris", policy_exceptions=["redirect-uris-empty"], redirect_uris=[]),
        # ---- REST
        *(
            clients("url", url=url, api_key=key, api_secret=f"{CANARY}{tail}")
            for url, key, tail in (
                ("bad.example", "k", ""),
                ("file:///etc/passwd", "k", ""),
                ("http://127.0.0.1:9", "k", ""),
                ("http://127.0.0.1:99999", "k", ""),
                ("http://[::1", "k", ""),
                ("http://127.0.0.1:9/a b", "k", ""),
                ("http://127.0.0.1:9/\x00", "k", ""),
                ("http://bücher.example", "k", ""),
                (f"http://user:{CANARY}@127.0.0.1:9", "k", ""),
                ("http://127.0.0.1:9", "k\r\nX-Evil: 1", ""),
                ("http://127.0.0.1:9", "schlüssel", ""),
                ("http://127.0.0.1:9", "k", "\n"),
                ("http://127.0.0.1:9?x=1", "k", ""),
                ("gopher://127.0.0.1:9", "k", ""),
            )
        ),
        # ---- configuration
        *(
            Case("frappe_site_config", option, {**config, **changes})
            for option, changes in (
                ("settings", {"settings": {"a": 1}, "absent": ["a"]}),
                ("secret_settings", {"settings": {"a": CANARY}, "secret_settings": {"a": CANARY}}),
                ("secret_settings", {"secret_settings": {"pin": 123456789}}),
                ("secret_settings", {"secret_settings": {"pin": {"deep": [CANARY]}}}),
                ("settings", {"settings": {"mail": {"inbox": [{"password": CANARY}]}}}),
                ("settings", {"settings": {"api_key": {"live": CANARY}}}),
                ("settings", {"settings": {"redis_cache": f"redis://:{CANARY}@127.0.0.1:6379"}}),
                ("settings", {"settings": {"bad_number": float("nan")}}),
                ("settings", {"settings": {"bad_numbers": [1, {"a": float("-inf")}]}}),
                ("settings", {"settings": {"ignore_csrf": ["/api/method/x"]}}),
                ("settings", {"settings": {"allow_cors": "*"}}),
                ("settings", {"settings": {"allow_cors": '["https://a.example"]'}}),
                ("absent", {"absent": ["encryption_key", "db_password"]}),
                ("absent", {"absent": ["a\nb", ""]}),
                ("common", {"common": {"settings": {"ignore_csrf": 1}}}),
                ("settings", {"settings": {"ünïcode 🦆": {"": None, "<b>": [True, 1, 1.0, "1"]}}}),
            )
        ),
        # ---- keys
        *(
            Case("frappe_user_api_key", option, {**keys, **changes})
            for option, changes in (
                ("users", {"users": ["nosuch@bad.example"]}),
                ("users", {"users": ["Administrator"]}),
                ("users", {"users": [user.upper()], "exclude_users": [user]}),
                ("roles", {"users": [], "roles": ["All"]}),
                ("roles", {"users": [], "roles": ["' or 1=1 --"]}),
                ("secrets", {"secrets": {user: {"api_key": "bad-input-0001"}}}),
                ("secrets", {"secrets": {user: {"api_key": "a:b-0123456", "api_secret": CANARY}}}),
                ("secrets", {"secrets": {user: {"api_key": "bad-input-0001", "api_secret": f"{CANARY}\n"}}}),
                ("secrets", {"secrets": {user: {"api_key": "bad-input-0001", "api_secret": "short"}}}),
                ("secrets", {"secrets": {user: {"api_key": "bad-input-0001", "api_secret": user}}}),
                ("secrets", {"secrets": {user: CANARY}}),
                ("secrets", {"secrets": {user: {"api_key": 5, "api_secret": CANARY}}}),
                ("secrets", {"secrets": {user: [CANARY, CANARY]}}),
                ("secrets", {"secrets": f'{{"{user}": "{CANARY}"}}'}),
                ("users", {"sites": [{"name": site}, {"name": site}], "name": None}),
                ("site_timeout", {"site_timeout": -1}),
            )
        ),
        # ---- nginx
        nginx("name", name='x"; return 200 "'),
        nginx("name", name="x\nserver { listen 1; }"),
        nginx("domains", domains=['a";}', "A.example", "a b", "bücher.example", "*.example", "a\n"]),
        nginx(
            "origins", cors={"origins": ["*", "null", 'https://a.example"; x', "https://a.example/", "https://$host"]}
        ),
        nginx("origins", cors={"origins": [f"https://u:{CANARY}@a.example"]}),
        nginx("methods", cors={"origins": [], "methods": ["GET|POST", "*", "GET\r\n"]}),
        nginx("max_age", cors={"origins": [], "max_age": 10**12}),
        nginx("rate_limit", rate_limit={"rate": "5r/s; }"}),
        nginx("rate_limit", rate_limit={"rate": "5r/s", "burst": -1}),
        nginx("trusted_proxies", rate_limit={"rate": "5r/s"}, trusted_proxies=["fe80::1%a proxied; } server {"]),
        nginx("trusted_proxies", rate_limit={"rate": "5r/s"}, trusted_proxies=["10.0.0.1/8", "balancer", "::/129"]),
        nginx("conf_dir", conf_dir="/nonexistent/conf.d"),
        nginx("conf_dir", conf_dir="/"),
        nginx("conf_dir", conf_dir="/tmp/a b;c"),
        nginx("bench_path", bench_path="/nonexistent/bench"),
        nginx("bench_path", bench_path="/etc\x00"),
        nginx("nginx", nginx="/etc/passwd"),
        nginx("nginx_conf", nginx_conf="/etc/passwd"),
    ]


def through_ansible(site: str, user: str, store: str) -> list[Case]:
    """The cases for the action plugins on the controller, with a secrets store."""
    client = {"name": site, "app_name": "Bad input", "redirect_uris": ["https://bad.example/cb"], "store_secret": True}
    keys = {"name": site, "users": [user]}
    both = (("frappe_oauth_client", client), ("frappe_user_api_key", keys))
    return [
        *(Case(module, "secrets_store", {**base, "secrets_store": where}) for module, base in both for where in STORES),
        *(
            Case(module, "name", {**base, "name": name, "secrets_store": store})
            for module, base in both
            for name in ("../x", "x" * 300, 5, "", [], "a/b", "nosuch.test")
        ),
        *(
            Case(
                module,
                "sites",
                {**{k: v for k, v in base.items() if k != "name"}, "sites": sites, "secrets_store": store},
            )
            for module, base in both
            for sites in (
                [{"name": 5}],
                [{"nome": site}],
                "x",
                [5],
                [None],
                [{"name": "nosuch.test"}, {"name": "../x"}],
            )
        ),
        *(
            Case("frappe_oauth_client", option, {**client, option: value, "secrets_store": store})
            for option, value in (
                ("app_name", 5),
                ("client_id", 5),
                ("app_name", [site]),
                ("store_secret", "maybe"),
                ("rotate_secret", []),
                ("client_secret", 5),
                ("state", "gone"),
            )
        ),
        *(
            Case("frappe_user_api_key", option, {**keys, option: value, **more, "secrets_store": store})
            for option, value, more in (
                ("users", 5, {}),
                ("users", 5, {"state": "absent"}),
                ("users", f"{user},{user}", {"state": "absent"}),
                ("users", [None], {}),
                ("secrets", f'{{"{user}": {{"api_key": "bad-input-0001"}}}}', {}),
                ("secrets", "[]", {}),
                ("secrets", [CANARY], {}),
                ("state", ["present"], {}),
            )
        ),
    ]


STORES = ["/nonexistent/x/y", "", "a\x00b", 5, [], {}, "/etc/passwd", "x" * 5000]


def inventories(site: str) -> list[tuple[str, dict]]:
    """Variables of the role that are rejected, each with a word that the error must have."""
    good = {"site_config": {"settings": {"bad_input": 1}}}
    client = {"app_name": "Bad input", "redirect_uris": ["https://bad.example/cb"]}
    twins = [client, {**client, "app_name": "BÄD INPUT".replace("Ä", "A\u0300")}]
    return [
        ("oauth2_sites", {"oauth2_sites": "x"}),
        ("oauth2_sites", {"oauth2_sites": [5]}),
        ("oauth2_sites, item 1", {"oauth2_sites": [{"nome": site, **good}]}),
        ("site-name", {"oauth2_sites": [{"name": "../x", **good}]}),
        ("listed twice", {"oauth2_sites": [{"name": site, **good}, {"name": site}]}),
        ("grant_type", {"oauth2_site_defaults": {**good, "oauth_clients": [{**client, "grant_type": "Password"}]}}),
        ("client-twice", {"oauth2_site_defaults": {**good, "oauth_clients": twins}}),
        ("text-control", {"oauth2_site_defaults": {**good, "oauth_clients": [{**client, "app_name": "a\nb"}]}}),
        ("oauth_clients, item 1", {"oauth2_site_defaults": {**good, "oauth_clients": [None]}}),
        ("secret-in-settings", {"oauth2_site_defaults": {"site_config": {"settings": {"a": {"password": CANARY}}}}}),
        ("ignore-csrf", {"oauth2_common_site_config": {"settings": {"ignore_csrf": ["/x"]}}}),
        ("limit-rate", {"oauth2_site_defaults": good, "oauth2_token_rate_limit": {"rate": "5r/s; }"}}),
        ("limit-proxy", {"oauth2_site_defaults": good, "oauth2_trusted_proxies": ["fe80::1%a; }"]}),
        ("site_timeout", {"oauth2_site_defaults": good, "oauth2_site_timeout": -1}),
        ("oauth2_only_sites", {"oauth2_site_defaults": good, "oauth2_only_sites": ["nosuch*"]}),
        ("oauth2_policy", {"oauth2_site_defaults": good, "oauth2_policy": "off"}),
        ("bench_path", {"oauth2_site_defaults": good, "oauth2_bench_path": "/nonexistent/bench"}),
        ("oauth2_discover_sites", {"oauth2_site_defaults": good, "oauth2_discover_sites": "maybe"}),
        ("cors-origin-form", {"oauth2_site_defaults": {**good, "cors": {"origins": ['https://a"; x']}}}),
    ]
