# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the role: each has one type, defined in one place, whatever their origin."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.benchkeeper.frappe.plugins.filter.role_variable import role_variable
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.faults import owner_fault
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.variables import (
    VARIABLES,
    coerce,
    misspelled,
    settings,
)
from checkout import ROOT

ROLE = ROOT / "roles" / "oauth2"
PATH = {"oauth2_bench_path": "/bench"}
MAPPING = "expected a mapping, or a mapping as a JSON string"
CANARY = "a-secret-that-no-error-shows"


def documented():
    entries = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]
    assert all(entry["options"] == entries["main"]["options"] for entry in entries.values())
    return entries["main"]["options"]


def coerced(**given):
    values, faults = coerce({**PATH, **given})
    assert faults == []
    return values


def fault(**given):
    (line,) = coerce({**PATH, **given})[1]
    return line


# ---------------------------------------------------------------- one source
def test_types_choices_and_defaults_are_those_of_the_argument_spec():
    parts = ("type", "elements", "choices", "default", "required")
    expected = {name: {part: option[part] for part in parts if part in option} for name, option in documented().items()}
    assert {name: {part: o[part] for part in parts if part in o} for name, o in VARIABLES.items()} == expected
    hidden = {name for name, option in documented().items() if option.get("no_log")}
    assert hidden <= {name for name, option in VARIABLES.items() if option.get("secret")}


def test_the_defaults_of_the_role_are_what_a_variable_has_that_is_not_given():
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    assert coerce(PATH)[0] == {**defaults, **PATH}
    assert coerced(**defaults) == {**defaults, **PATH}


def test_null_is_not_given_and_what_is_not_of_the_role_is_not_taken():
    assert coerced(oauth2_reload=None, oauth2_secrets_store=None, oauth2_nosuch=1, other=2) == coerced()


def test_the_path_is_required():
    assert coerce({})[1] == [
        "oauth2_bench_path is not set. Set it to an absolute path, such as /home/frappe/frappe-bench"
    ]


# ---------------------------------------------------------------- strings from the command line and from INI files
@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("install_packages", "false", False),
        ("install_packages", "True", True),
        ("discover_sites", "no", False),
        ("discover_sites", "on", True),
        ("become", "0", False),
        ("become", 1, True),
        ("site_timeout", "90", 90),
        ("site_timeout", " 90 ", 90),
        ("site_timeout", 90.0, 90),
        ("only_sites", "a,b", ["a", "b"]),
        ("only_sites", "a, b,", ["a", "b"]),
        ("only_sites", "", []),
        ("only_sites", '["a", "b"]', ["a", "b"]),
        ("only_sites", "['a', 'b']", ["a", "b"]),
        ("only_sites", ("a", "b"), ["a", "b"]),
        ("only_sites", "[a, b]", ["a", "b"]),
        ("only_sites", "[site*]", ["site*"]),
        ("exclude_sites", "[ab]*.example", ["[ab]*.example"]),
        ("nginx_conf", "~/nginx.conf", "~/nginx.conf"),
        ("only_sites", 5, ["5"]),
        ("policy_exceptions", "scope-all", ["scope-all"]),
        ("rotate", "api_keys", ["api_keys"]),
        ("token_rate_limit", '{"rate": "5r/s"}', {"rate": "5r/s"}),
        ("token_rate_limit", "{'rate': '5r/s', 'burst': 5}", {"rate": "5r/s", "burst": 5}),
        ("token_rate_limit", "", {}),
        ("sites", '[{"name": "a"}]', [{"name": "a"}]),
        ("sites", ['{"name": "a"}'], [{"name": "a"}]),
        ("site_defaults", '{"cors": {"origins": []}}', {"cors": {"origins": []}}),
        ("verify_password", 12345678, "12345678"),
        ("report_name", 5, "5"),
    ],
)
def test_a_text_becomes_what_it_says(name, given, expected):
    value = coerced(**{f"oauth2_{name}": given})[f"oauth2_{name}"]
    assert value == expected and type(value) is type(expected)


@pytest.mark.parametrize(
    ("name", "given", "found", "expected"),
    [
        ("install_packages", "perhaps", "'perhaps'", "true or false"),
        ("discover_sites", [], "[]", "true or false"),
        ("site_timeout", "ninety", "'ninety'", "a whole number"),
        ("site_timeout", True, "True", "a whole number"),
        ("site_timeout", 1.5, "1.5", "a whole number"),
        ("site_timeout", "", "''", "a whole number"),
        ("only_sites", {"a": 1}, "{'a': 1}", "a list, or a comma-separated string"),
        ("bench_path", "", "''", "an absolute path"),
        ("bench_path", "frappe-bench", "'frappe-bench'", "an absolute path"),
        ("nginx_conf", "nginx.conf", "'nginx.conf'", "an absolute path"),
        ("nginx_conf_dir", "./conf.d", "'./conf.d'", "an absolute path"),
        ("only_sites", "[a", "'[a'", "a list, or a comma-separated string"),
        ("only_sites", True, "True", "a list, or a comma-separated string"),
        ("token_rate_limit", "rate=5r/s", "'rate=5r/s'", "a mapping, or a mapping as a JSON string"),
        ("token_rate_limit", "[]", "'[]'", "a mapping, or a mapping as a JSON string"),
        ("policy", False, "False", "a string"),
        ("policy", "off", "'off'", "one of warn, enforce, ignore"),
        ("rotate", "api_keys,all", "'all'", "one of client_secrets, api_keys, tokens"),
        ("sites", "x", "a string that is not valid JSON", "a list of mappings, or the same as a JSON string"),
        (
            "sites",
            '[{"name": "a"',
            "a string that is not valid JSON",
            "a list of mappings, or the same as a JSON string",
        ),
        ("sites", "{'name': 'a'}", "a JSON string of a mapping", "a list of mappings, or the same as a JSON string"),
        ("site_defaults", '{"cors"', "a string that is not valid JSON", "a mapping, or a mapping as a JSON string"),
        ("nginx", ["nginx"], "['nginx']", "a string"),
    ],
)
def test_what_cannot_be_converted_is_named_with_what_was_found_and_expected(name, given, found, expected):
    assert fault(**{f"oauth2_{name}": given}) == f"oauth2_{name}: found {found}, expected {expected}"


@pytest.mark.parametrize(
    ("name", "given", "line"),
    [
        ("sites", [{}, 5], f"item 2: found a number, {MAPPING}"),
        ("sites", ["x"], f"item 1: found a string that is not valid JSON, {MAPPING}"),
        ("only_sites", [["a"]], "item 1: found ['a'], expected a string"),
    ],
)  # fmt: skip
def test_an_item_that_cannot_be_converted_is_named_by_its_number(name, given, line):
    assert fault(**{f"oauth2_{name}": given}) == f"oauth2_{name}, {line}"


def test_an_empty_optional_path_is_not_set():
    assert coerced(oauth2_nginx_conf="", oauth2_supervisor_config="", oauth2_nginx_conf_dir="") == coerced()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("oauth2_discover_site", "oauth2_discover_sites"),
        ("oauth2_site", "oauth2_sites"),
        ("oauth2_site_default", "oauth2_site_defaults"),
        ("oauth2_verify_pasword", "oauth2_verify_password"),
        ("oauth2_trusted_proxy", "oauth2_trusted_proxies"),
        ("oauth2_secret_store", "oauth2_secrets_store"),
    ],
)
def test_a_misspelled_variable_is_named_with_the_one_that_it_resembles(name, meant):
    (line,) = misspelled([*VARIABLES, name])
    assert line.startswith(f"{name}: the role has no such variable. Did you mean {meant}? ")


def test_what_the_role_sets_and_what_other_projects_call_theirs_is_no_misspelling():
    role = "".join(path.read_text() for path in (ROLE / "tasks").rglob("*.yml")) + (ROLE / "vars/main.yml").read_text()
    names = set(re.findall(r"\boauth2_[a-z0-9_]+", role))
    assert "oauth2_diagnosis" in names and "oauth2__preflight" in names
    others = ["oauth2_proxy_version", "oauth2_client_id", "oauth2_client_secret", "oauth2_issuer", "oauth2", "proxy"]
    assert misspelled([*names, *others]) == []


def test_every_fault_is_named_at_once_and_the_others_keep_their_values():
    values, faults = coerce({**PATH, "oauth2_site_timeout": "x", "oauth2_become": "x", "oauth2_verify": "all"})
    assert [line.partition(":")[0] for line in faults] == ["oauth2_become", "oauth2_site_timeout"]
    assert values["oauth2_verify"] == "all" and "oauth2_become" not in values


def test_a_long_value_is_cut():
    assert len(fault(oauth2_site_timeout="9" * 10000 + "x")) < 130


@pytest.mark.parametrize("name", [name for name, option in VARIABLES.items() if option.get("secret")])
@pytest.mark.parametrize("given", [f"{{{CANARY}", [CANARY, [CANARY]], {CANARY: CANARY}, True])
def test_no_fault_shows_what_may_hold_a_secret(name, given):
    values, faults = coerce({**PATH, name: given})
    assert CANARY not in "".join(faults)
    assert not any(CANARY in str(value) for value in settings(values).values())


def test_the_settings_of_the_tasks_hold_no_secret_and_no_prefix():
    found = settings(coerced(oauth2_sites=[{"name": CANARY}], oauth2_verify_password=CANARY, oauth2_site_timeout="5"))
    assert found["site_timeout"] == 5 and CANARY not in str(found)


def test_the_filter_takes_one_variable():
    assert role_variable("no", "oauth2_become") is False
    with pytest.raises(AnsibleFilterError, match="oauth2_become: found 'maybe', expected true or false"):
        role_variable("maybe", "oauth2_become")
    with pytest.raises(AnsibleFilterError, match="the role has no variable 'oauth2_nosuch'"):
        role_variable("no", "oauth2_nosuch")


@pytest.mark.parametrize(
    ("owner", "become", "user", "stops"),
    [
        ("1001", True, None, True),
        ("1001", False, None, False),
        ("1001", True, "frappe", False),
        ("frappe", True, None, False),
    ],
)
def test_an_owner_without_an_account_stops_the_run_before_its_first_write(owner, become, user, stops):
    fault = owner_fault("/home/frappe/bench", owner, become, user)
    assert bool(fault) is stops
    if fault:
        assert fault.startswith("oauth2_bench_path: /home/frappe/bench is owned by uid 1001, which has no account")
        assert "oauth2_become: false" in fault
