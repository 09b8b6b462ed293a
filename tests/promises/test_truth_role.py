# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml reports correctly from state to state: files, rows, nginx and the programs of supervisor."""

from __future__ import annotations

import re

import pytest
from check_mode_comparison import TOLD, differences

APP, OTHER = "https://app.example.com", "https://other.example.com"
# What only a real run does: it sends requests to the sites, and waits.
BEYOND_CHECK_MODE = {"Reload | Check that every site responds"}
SECRET = re.compile(r"[A-Za-z0-9_-]{40,}")


def client(**more):
    return {"app_name": "Truth", "redirect_uris": ["https://t.example/cb"], "scopes": ["openid"], **more}


def cors(*origins, **more):
    return {"cors": {"origins": list(origins), **more}}


def declared(sites, *extra, common=None, **defaults):
    """A complete declaration: defaults, two sites, and variables of the role."""
    first, second = extra + ({},) * (2 - len(extra))
    return {
        "oauth2_site_defaults": defaults,
        "oauth2_sites": [
            {"name": sites[0], **first},
            {"name": sites[1], **second},
            *({"name": site} for site in sites[2:]),
        ],
        "oauth2_discover_sites": False,
        **({"oauth2_common_site_config": common} if common else {}),
    }


def walk(ground, store):
    """A sequence of declarations; each starts from the state of the one before."""
    sites, clerk = ground.sites, ground.users["clerk"]
    keys = {"api_keys": {"users": [clerk["email"]]}}
    stored = {"oauth2_secrets_store": store}
    everything = {"oauth_clients": [client()], "site_config": {"settings": {"truth": 1}}}
    return {
        "from a bare bench": {**declared(sites, cors(APP), cors(APP, OTHER, credentials=True), **everything)},
        "origins in another order": {**declared(sites, cors(APP), cors(OTHER, APP, credentials=True), **everything)},
        "other origins, methods, age": {
            **declared(sites, cors(OTHER), cors(APP, methods=["GET"], max_age=5), **everything)
        },
        "keys made and kept": {**declared(sites, cors(OTHER), **everything, **keys), **stored},
        "a limit": {
            **declared(sites, cors(OTHER), **everything, **keys),
            **stored,
            "oauth2_token_rate_limit": {"rate": "100r/s", "burst": 50},
        },
        "web program restarted": {
            **declared(sites, oauth_clients=[client(scopes=["all"])], site_config={"settings": {"truth": 2}}),
            "oauth2_reload": "restart",
        },
        "Frappe owns CORS": {**declared(sites, cors(OTHER), cors(APP)), "oauth2_cors_owner": "frappe"},
        "nginx again, another common file": {**declared(sites, cors(OTHER), common={"settings": {"truth": [1]}})},
        "all gone": {
            **declared(
                sites,
                oauth_clients=[{"app_name": "Truth", "state": "absent"}],
                site_config={"absent": ["truth", "allow_cors"]},
                api_keys={"users": [clerk["email"]], "state": "absent"},
                common={"absent": ["truth"]},
            ),
            **stored,
        },
    }  # fmt: skip


def told(run):
    """The reports of all tasks: changed, diff and rows, without facts that only a real run has."""
    found = {}
    for name, result in run.results.items():
        if name in BEYOND_CHECK_MODE or result.get("skipped"):
            continue
        rows = [{key: row.get(key) for key in TOLD} for row in result.get("sites", ())]
        found[name] = {"changed": result.get("changed", False), "rows": rows, "diff": result.get("diff")}
    return found


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return str(tmp_path_factory.mktemp("kept") / "store")


def test_check_mode_predicts_the_whole_role(ground, trial, store):
    failures, steps = [], walk(ground, store)
    first, *between, last = steps
    chosen = set(trial.random.sample(between, trial.count(1, len(between))))
    steps = {name: steps[name] for name in (first, *(name for name in between if name in chosen), last)}
    for name, variables in steps.items():
        before = {**ground.snapshot(), **ground.services()}
        foreseen = ground.site("--check", "--diff", **variables)
        failures += [
            f"{name}: check mode changed {what}"
            for what in differences(before, {**ground.snapshot(), **ground.services()})
        ]
        done = ground.site("--diff", **variables)
        if (foreseen.status, done.status) != (0, 0):
            failures.append(f"{name}: check mode ended with {foreseen.status}, the run with {done.status}")
            failures.append((foreseen if foreseen.status else done).output[-3000:])
            break
        failures += [f"{name}: {what}" for what in differences(told(foreseen), told(done))]
        after = {**ground.snapshot(), **ground.services()}
        again = ground.site("--diff", **variables)
        if (again.status, again.changed) != (0, 0):
            failures.append(f"{name}: a second run changed {again.changed} task(s)")
        failures += [
            f"{name}: the second run changed {what}"
            for what in differences(after, {**ground.snapshot(), **ground.services()})
        ]
    trial.add_row("check mode predicts site.yml, task by task; the second run changes nothing", len(steps), failures)
