# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many sites side by side: order, sets of equal sites, and the number of requests."""

from __future__ import annotations

import threading
import time

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify import course, sites
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.course import OF_THE_CODE, STEPS
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.sites import Sites
from scripted_site import PARAMS, Reply, ScriptedRun, Site

OPTIONS = {
    **PARAMS,
    "app_name": "Mobile App",
    "client_id": None,
    "probes": None,
    "last_step": "dead",
    "rate_limit": None,
    "password_grant": False,
    "cors": None,
    "of_site": True,
    "consent_expected": True,
    "consent_auto": False,
    "consent_why": "",
    "scope": "crm",
}


class Scripted(Site):
    """A site that also accepts a sign-in, introspection and sign-out."""

    def login(self, asked):
        return Reply(200, {"message": "Logged In"})

    def introspect_token(self, asked):
        return Reply(200, {"active": asked.values["token"] in [v for pair in self.pairs for v in pair.values()]})

    def get_logged_user(self, asked):
        return self.api(asked)

    def openid_configuration(self, _asked):
        return Reply(404)


class Run(ScriptedRun):
    """A verification of one of several scripted sites, chosen by its URL."""

    there: dict[str, Scripted] = {}

    def __init__(self, params, made, until):
        super().__init__(self.there[params["url"]], **{**params, "until": until})
        self.made = made
        self.http.browser.cookies.update(sid="a-session", user_id="clerk%40example.com")


def world(monkeypatch, count, **broken):
    """Rows of this many sites, each with a scripted site. ``broken`` scripts endpoints of sites by number."""
    Run.there = {}
    rows = []
    for number in range(count):
        url = f"https://s{number}.example.com"
        scripts = {"openid-configuration": Reply(404), **broken.get(f"s{number}", {})}
        Run.there[url] = Scripted(**scripts)
        params = {**OPTIONS, "site": f"s{number}", "url": url, "domains": [f"s{number}.example.com"]}
        row = {"number": number, "site": f"s{number}", "params": params, "emails": {}, "fault": None, "equal": "one"}
        rows.append(row)
    monkeypatch.setattr(course, "Verification", Run)
    return rows


def asked(number):
    return Run.there[f"https://s{number}.example.com"].asked


def steps_of(flown):
    return {step["name"]: step for step in flown["steps"]}


def test_a_property_of_the_code_is_verified_once_and_reported_for_all(monkeypatch):
    results = Sites(world(monkeypatch, 4), 60, 2, note=lambda _entry: None).run()
    assert sorted(results) == [0, 1, 2, 3]
    first, *others = (steps_of(results[number]) for number in range(4))
    for other in others:
        assert list(other) == list(first) and list(first) == [name for name in STEPS if name in first]
        for name in OF_THE_CODE:
            if name in first:
                assert (other[name]["verdict"], other[name]["found"]) == (first[name]["verdict"], first[name]["found"])
                assert other[name]["site"] == "s0" and "site" not in first[name]
    grants = [one for one in asked(1) if one.values.get("grant_type") in ("authorization_code", "refresh_token")]
    assert len(grants) == 3, "the code, the refresh, and the revoked refresh token"
    assert len(asked(1)) <= 20 < len(asked(0))


def test_the_next_healthy_site_is_tried_if_the_first_fails(monkeypatch):
    sick = {"get_token": Reply(400, {"error": "invalid_grant"})}
    rows = world(monkeypatch, 4, s0=sick, s1=sick)
    results = Sites(rows, 60, 2, note=lambda _entry: None).run()
    found = [steps_of(results[number]) for number in range(4)]
    assert [one["pkce_required"]["verdict"] for one in found] == ["not_run", "not_run", "passed", "passed"]
    assert found[1]["pkce_required"]["found"] == "the step token did not pass"
    assert "site" not in found[2]["pkce_required"] and found[3]["pkce_required"]["site"] == "s2"
    assert all(step["verdict"] != "not_run" for step in found[3].values())


@pytest.mark.parametrize("change", [{"equal": None}, {"probes": ["old_pair"]}, {"equal": "two"}])
def test_a_site_that_is_not_equal_or_is_asked_for_a_step_takes_it_itself(monkeypatch, change):
    rows = world(monkeypatch, 2)
    if "equal" in change:
        rows[1]["equal"] = change["equal"]
    else:
        rows[1]["params"] = {**rows[1]["params"], **change}
    results = Sites(rows, 60, 2, note=lambda _entry: None).run()
    assert "site" not in steps_of(results[1])["old_pair"]


def test_sites_run_side_by_side_and_the_rows_of_one_site_in_order(monkeypatch):
    at_once, most, lock, order = 0, 0, threading.Lock(), []

    def flow(self, row, refused, **over):
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
            order.append(row["number"])
        time.sleep(0.02)
        with lock:
            at_once -= 1
        return {"steps": [], "requests": 1, "repeated": False}

    monkeypatch.setattr(sites.Sites, "_flow", flow)
    rows = [
        {"number": n, "site": f"s{n % 6}", "params": OPTIONS, "emails": {}, "fault": None, "equal": None}
        for n in range(12)
    ]
    done: list = []
    results = Sites(rows, 60, 3, note=lambda _entry: None, done=lambda site, _found: done.append(site)).run()
    assert most == 3 and sorted(results) == list(range(12)) and sorted(done) == [f"s{n}" for n in range(6)]
    assert all(order.index(n) < order.index(n + 6) for n in range(6))


def test_a_rejected_sign_in_is_not_repeated_for_another_client(monkeypatch):
    refusal = {"login": Reply(401, {"message": "Invalid login credentials"})}
    (row,) = world(monkeypatch, 1, s0=refusal)
    results = Sites([row, {**row, "number": 1}], 60, 1, note=lambda _entry: None).run()
    assert [results[number]["repeated"] for number in (0, 1)] == [False, True]
    assert len([one for one in asked(0) if one.what == "login"]) == 1
