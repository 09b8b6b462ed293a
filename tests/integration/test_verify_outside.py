# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""frappe_oauth_verify without a bench: the same verdicts except those of the database, and what stays is named."""

from __future__ import annotations

import pytest

SITE = "site2.localhost"
MODULE = "frappe_oauth_verify"
CLIENT = {"app_name": "Outside App", "redirect_uris": ["com.example.app://cb"], "scopes": ["openid", "crm"]}
# Without a bench: not known, or read from the bench.
DATABASE = {"consent", "issuer"}


@pytest.fixture(scope="module")
def outside(demo):
    """Both ways to verify one site, in the bench's Python, which has the libraries."""
    made = demo.modules("frappe_oauth_client", ("Make", {"name": SITE, **CLIENT}))["Make"]
    user = demo.users["clerk"]["email"]
    shared = {"name": SITE, "username": user, "password": demo.credentials[user], "address": demo.address}
    client = {"client_id": made["sites"][0]["client_id"], "redirect_uri": "com.example.app://cb", "scope": ["openid"]}
    url = {"url": f"http://{SITE}", "domains": [SITE]}

    def verify(**options):
        task = {
            "name": "Verify",
            f"benchkeeper.frappe.{MODULE}": {**shared, **client, **url, **options},
            "vars": {"ansible_python_interpreter": str(demo.path / "env/bin/python")},
            "ignore_errors": True,
        }
        return demo.tasks([task]).results["Verify"]

    yield demo, verify
    for kind in ("Bearer Token", "Authorization Code"):
        demo.execute(SITE, f'delete from "tabOAuth {kind}"')
    demo.modules("frappe_oauth_client", ("Remove", {"name": SITE, "state": "absent", "app_name": CLIENT["app_name"]}))


def test_the_same_verdicts_but_those_that_need_the_database(outside):
    demo, verify = outside
    inside = verify(bench_path=str(demo.path))["sites"][0]
    (row,) = verify()["sites"]
    there = {step["name"]: (step["verdict"], step["rule"]) for step in inside["steps"]}
    found = {step["name"]: (step["verdict"], step["rule"]) for step in row["steps"]}
    assert found == {name: one for name, one in there.items() if name not in DATABASE} and row["verified"]
    assert inside["left"] == [] and row["requests"] > 0


def test_nothing_alive_is_left_and_what_stays_is_named(outside):
    demo, verify = outside
    for kind in ("Bearer Token", "Authorization Code"):
        demo.execute(SITE, f'delete from "tabOAuth {kind}"')
    (row,) = verify()["sites"]
    tokens, codes = (demo.rows(SITE, f"OAuth {kind}") for kind in ("Bearer Token", "Authorization Code"))
    assert tokens and {token["status"] for token in tokens} == {"Revoked"}
    (left,) = row["left"]
    assert left.endswith(" authorization codes, unless Frappe has deleted them")
    assert 0 < len(codes) <= int(left.split()[0])
    with demo.database(SITE) as connection:
        assert connection.execute("select count(*) from tabSessions where user != 'Guest'").fetchone()[0] == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "{{ omit }}"}, "url is not set, and without bench_path it is required"),
        ({"scope": "{{ omit }}", "redirect_uri": "{{ omit }}"}, "redirect_uri, scope not set, required for a client"),
        ({"rate_limit": {"rate": "5r/s"}}, "rate_limit needs bench_path"),
    ],
)
def test_what_the_bench_would_provide_must_be_declared(outside, options, said):
    _demo, verify = outside
    result = verify(**options)
    assert result["failed"] and said in result["msg"] and result["sites"] == []
