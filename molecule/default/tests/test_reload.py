# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes a change reloads or restarts, and which it must not.

Frappe 15 reads clients and both configuration files on every request; its processes read some keys when they start.
"""

from __future__ import annotations

import pytest

PING = "/api/method/ping"
ORIGIN = "https://new.example.com"
THREE = "three.test"


@pytest.fixture
def apply(bench):
    """``apply(of_three, **variables)`` applies the inventory with additions for three.test, and undoes them."""

    def more(of_three, **variables):
        return bench.apply(oauth2_sites=[*bench.variables["oauth2_sites"], {"name": THREE, **of_three}], **variables)

    yield more
    uri = bench.variables["oauth2_site_defaults"]["oauth_clients"][0]["redirect_uris"][0]
    more(
        {
            "site_config": {"absent": ["allow_cors"]},
            "oauth_clients": [{"app_name": "Mobile App", "default_redirect_uri": uri}],
        },
        oauth2_common_site_config={"settings": {"max_file_size": 10485760, "serve_default_site": True}},
    )


def allowed(bench, site):
    return bench.request(site, PING, headers={"Origin": ORIGIN}).headers.get("Access-Control-Allow-Origin")


def test_a_run_without_changes_reloads_no_process(bench):
    before = bench.processes()
    changed, output = bench.apply()
    assert changed == 0, output
    assert bench.processes() == before


def test_clients_and_site_config_are_live_without_a_reload(bench, apply):
    assert allowed(bench, THREE) is None
    before = bench.processes()
    uri = f"{ORIGIN}/callback"
    changed, output = apply(
        {
            # A site without declared cors keeps Frappe's own CORS headers.
            "site_config": {"settings": {"allow_cors": [ORIGIN]}},
            "oauth_clients": [{"app_name": "Mobile App", "redirect_uris": [uri], "default_redirect_uri": uri}],
        }
    )
    assert changed == 2, output
    assert allowed(bench, THREE) == ORIGIN
    assert bench.processes() == before


def test_a_changed_origin_reloads_nginx_and_nothing_else(bench, apply):
    before = bench.processes()
    changed, output = apply({"cors": {"origins": [ORIGIN]}})
    assert changed == 1, output
    assert allowed(bench, THREE) == ORIGIN
    after = bench.processes()
    assert [after[name] for name in ("nginx", "web", "web workers")] == [
        before[name] for name in ("nginx", "web", "web workers")
    ]
    assert not set(after["nginx workers"]) & set(before["nginx workers"])


def test_a_key_that_is_read_at_start_restarts_the_web_program_and_nothing_else(bench, apply):
    before = bench.processes()
    changed, output = apply({}, oauth2_common_site_config={"settings": {"serve_default_site": False}})
    assert changed == 2, output
    after = bench.processes()
    assert not set(after["web"] + after["web workers"]) & set(before["web"] + before["web workers"])
    assert [after[name] for name in ("nginx", "nginx workers")] == [before[name] for name in ("nginx", "nginx workers")]
    assert bench.request(THREE, PING).status_code == 200


def test_changing_the_cors_owner_removes_the_old_configuration(bench):
    changed, output = bench.apply(oauth2_cors_owner="frappe", oauth2_token_rate_limit={})
    assert changed, output
    assert bench.host.check_output("ls -A /etc/nginx/conf.d").split() == ["frappe-bench.conf", "third-party.conf"]
    assert bench.config("two.test")["allow_cors"] == ["https://app.example.com"]
    changed, output = bench.apply()
    assert changed, output
    assert "allow_cors" not in bench.config("two.test")
    assert bench.host.file("/etc/nginx/conf.d/benchkeeper.conf").exists
