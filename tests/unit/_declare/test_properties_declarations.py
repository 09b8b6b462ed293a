# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of the merge: undeclared is unmanaged, a site overrides defaults, an invalid value is an error."""

from __future__ import annotations

import copy
import json
import re

import hypothesis_strategies as make
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.faults import faults
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.merge import merge
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.shapes import SITE_KEYS, STEP_KEYS, Mistake
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.steps import rows_of
from hypothesis import assume, given
from hypothesis import strategies as st

FOUND = ["a.example", "b.example", "c.example"]
OWNERS = st.sampled_from(["nginx", "frappe", "none"])


def merged(sites: list[dict], defaults: dict, owner: str = "nginx") -> dict[str, dict] | None:
    """Declarations by site, or None if the merge rejects them. The arguments do not change."""
    before = copy.deepcopy((sites, defaults))
    try:
        return {site["name"]: site for site in merge(sites, defaults, FOUND, True, [], [], owner)}
    except Mistake as mistake:
        assert "site " in str(mistake) or "oauth2_" in str(mistake)
        return None
    finally:
        assert (sites, defaults) == before


def declared_again(site: dict) -> dict:
    """A merged declaration in the form of an inventory."""
    clients = site.get("oauth_clients", [])
    again = {key: value for key, value in site.items() if key not in ("oauth_clients", "unmanaged")}
    again.update({step: {"managed": False} for step in site.get("unmanaged", ())})
    if clients:
        again["oauth_clients"] = [{k: v for k, v in client.items() if k != "exclusive"} for client in clients]
        again["oauth_clients_exclusive"] = clients[0]["exclusive"]
    return again


@given(make.sites, make.defaults, OWNERS)
def test_a_key_that_is_declared_nowhere_is_managed_nowhere(sites, defaults, owner):
    found = merged(sites, defaults, owner)
    assume(found is not None)
    by_name = {site["name"]: site for site in sites}
    for name in FOUND:
        own = by_name.get(name, {})
        if own.get("managed") is False:
            assert name not in found
            continue
        assert found[name].keys() <= {"name", "domains"} | own.keys() | defaults.keys() | {
            "site_config",
            "unmanaged",
            "verify",
        }
        for step in STEP_KEYS.keys() & found[name].keys():
            declared = own.get(step, {}).keys() | defaults.get(step, {}).keys()
            cors = {"settings", "absent"} if step == "site_config" and "cors" in {*own, *defaults} else set()
            assert found[name][step].keys() <= declared | cors
            if own.get(step, {}).get("managed") is False:
                raise AssertionError(f"{name} drops {step}")
        settings = [part.get("site_config", {}).get("settings", {}) for part in (own, defaults)]
        config = found[name].get("site_config", {})
        assert config.get("settings", {}).keys() <= settings[0].keys() | settings[1].keys() | {"allow_cors"}


@given(make.sites, make.defaults, OWNERS)
def test_what_a_site_declares_beats_the_defaults(sites, defaults, owner):
    found = merged(sites, defaults, owner)
    assume(found is not None)
    for own in sites:
        site = found.get(own["name"], {})
        for step in STEP_KEYS.keys() & own.keys() & site.keys():
            for key in own[step].keys() - {"managed", "settings", "secret_settings", "absent"}:
                assert site[step][key] == own[step][key]
        config, merged_config = own.get("site_config", {}), site.get("site_config", {})
        if site and config.get("managed") is not False and defaults.get("site_config", {}).get("managed") is not False:
            for part in ("settings", "secret_settings"):
                for key, value in config.get(part, {}).items():
                    assert json.dumps(merged_config[part][key]) == json.dumps(value)
            for key in config.get("absent", []):
                if key == "allow_cors" and owner == "frappe":
                    continue  # if CORS is declared, Frappe must send its headers
                assert key in merged_config["absent"]
                inherited = {k for p in ("settings", "secret_settings") for k in merged_config.get(p, ())}
                assert key not in inherited or key in {
                    **config.get("settings", {}),
                    **config.get("secret_settings", {}),
                }


@given(make.sites, make.defaults, OWNERS)
def test_what_is_merged_is_whole_and_merges_to_itself(sites, defaults, owner):
    found = merged(sites, defaults, owner)
    assume(found is not None)
    again = merged([declared_again(site) for site in found.values()], {}, owner)
    assert again is not None
    assert [again[name] for name in found] == list(found.values())


@given(make.sites, make.defaults, st.randoms(use_true_random=False))
def test_neither_the_order_of_sites_nor_other_sites_count(sites, defaults, random):
    found = merged(sites, defaults)
    assume(found is not None)
    shuffled = random.sample(sites, len(sites))
    assert merged(shuffled, defaults) == found
    for site in sites:
        alone = merged([site], defaults)
        assert (alone or {}).get(site["name"]) == found.get(site["name"])


@given(make.sites, make.defaults)
def test_every_step_gets_the_rows_that_are_declared_and_no_others(sites, defaults):
    found = merged(sites, defaults)
    assume(found is not None)
    declarations = list(found.values())
    for step in ("site_config", "oauth_clients", "api_keys"):
        rows = rows_of(declarations, [])[step]
        assert [row["name"] for row in rows] == [
            site["name"]
            for site in declarations
            for _row in (site.get(step, []) if step == "oauth_clients" else [1] * (step in site))
        ]
    clients = sum(len(site.get("oauth_clients", ())) for site in declarations)
    alone = sum(
        not site.get("oauth_clients") or all(c.get("state") == "absent" for c in site["oauth_clients"])
        for site in declarations
    )
    assert len(rows_of(declarations, [])["verify"]) <= clients + alone


# ---------------------------------------------------------------- errors
@st.composite
def broken_somewhere(draw: st.DrawFn) -> tuple[object, object, object]:
    """Sites, defaults and common settings, with one value or key replaced by any YAML value."""
    whole = draw(
        st.fixed_dictionaries({"sites": make.sites, "defaults": make.defaults, "common": make.site_configs}).map(
            copy.deepcopy
        )
    )
    places = []

    def walk(value: object) -> None:
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            places.append((value, key))
            if isinstance(value[key], (dict, list)):
                walk(value[key])

    walk(whole)
    holder, key = draw(st.sampled_from(places))
    value = draw(make.yaml_values)
    if isinstance(holder, dict) and holder is not whole and draw(st.booleans()):
        wrong = draw(st.one_of(make.scalars, st.sampled_from(sorted(SITE_KEYS))))
        holder[wrong] = holder.pop(key) if draw(st.booleans()) else value
    else:
        holder[key] = value
    return whole["sites"], whole["defaults"], whole["common"]


@given(broken_somewhere(), OWNERS, st.sampled_from(["warn", "enforce", "ignore"]))
def test_a_bad_declaration_is_a_mistake_or_a_fault_and_nothing_else(inventory, owner, policy):
    sites, defaults, common = inventory
    try:
        declarations = merge(sites, defaults, FOUND, True, [], [], owner)
        lines = faults(declarations, common, policy, [])
        rows_of(declarations, [])
    except Mistake as mistake:
        lines = [str(mistake)]
    for line in lines:
        where = line.partition(":")[0].partition(",")[0]
        assert where in {*FOUND, "bench", "oauth2_site_defaults", "oauth2_sites", "oauth2_common_site_config"} or (
            where.startswith("site ") or where in [str(site["name"]) for site in sites]
        ), line
        assert re.search(r"\[[a-z-]+\]\. [A-Z].+\.|expected|Write|Use one of|Set|Add|Merge|Keep|List", line), line
