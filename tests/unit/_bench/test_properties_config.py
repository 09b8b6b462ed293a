# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of the configuration writer: it preserves any JSON, and undeclared keys do not change."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path

import hypothesis_strategies as make
import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import (
    BrokenConfig,
    merge_file,
    parse,
    read_config,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.domains import domains_of, url_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.config import plan_config, text_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import settings_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import INVALID
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


def alike(one: object, other: object) -> bool:
    """Whether two values are the same JSON, independent of our code: 1, 1.0 and true are three values."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return type(one) is type(other) and one == other


def frappes(config: dict) -> str:
    """The file as Frappe writes it."""
    return json.dumps(config, indent=1, sort_keys=True)


def merge_into(path: Path, settings: dict, secrets: dict, absent: list, check_mode: bool = False):
    lock = str(path.parent / "locks" / "site_config.lock")
    return merge_file(str(path), lock, lambda current: plan_config(current, settings, secrets, absent), check_mode)


declared = st.tuples(
    make.configs, st.dictionaries(make.plain, make.canaries, max_size=2), st.lists(make.rough, max_size=2)
)


@st.composite
def held_and_declared(draw: st.DrawFn) -> tuple:
    """A configuration and a declaration about existing and other keys; no key is declared twice."""
    held, (settings, secrets, absent) = draw(make.configs), draw(declared)
    if held:
        several = st.lists(st.sampled_from(sorted(held)), max_size=3, unique=True)
        values = st.one_of(make.json_values, make.alike)
        settings = {**settings, **{key: draw(st.one_of(values, st.just(held[key]))) for key in draw(several)}}
        absent = [*absent, *draw(several)]
    secrets = {key: value for key, value in secrets.items() if key not in settings}
    return held, settings, secrets, [key for key in absent if key not in settings and key not in secrets]


@given(make.configs)
def test_any_json_survives_a_round_trip(config):
    assert alike(parse(text_of(config), "x"), config)
    assert text_of(config) == frappes(config) == text_of(parse(text_of(config), "x"))


@given(held_and_declared(), st.sampled_from(["frappe", "compact", "unicode"]), st.booleans())
def test_a_file_gets_what_is_declared_and_keeps_everything_else(folder, given_, form, check_mode):
    held, settings, secrets, absent = given_
    path = folder / "site_config.json"
    text = frappes(held) if form == "frappe" else json.dumps(held, ensure_ascii=form == "compact")
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        read_config(str(path))
    except BrokenConfig:  # half a surrogate pair, which is not valid UTF-8
        return
    before = path.stat()
    change = merge_into(path, settings, secrets, absent, check_mode)
    after = json.loads(path.read_text())
    wanted = {key: value for key, value in {**held, **settings, **secrets}.items() if key not in absent}
    assert alike(change.config, wanted)
    assert bool(change) is not alike(held, wanted)
    if check_mode or not change:
        assert path.read_text(encoding="utf-8") == text and path.stat() == before
        return
    assert alike(after, wanted)
    assert path.read_text() == frappes(wanted)  # the file now has Frappe's format
    assert not list(folder.glob(".site_config*"))
    second, written = merge_into(path, settings, secrets, absent), path.stat()
    assert not second and path.stat() == written


@given(held_and_declared())
def test_the_diff_is_what_changes_and_nothing_else(given_):
    held, settings, secrets, absent = given_
    change = plan_config(held, settings, secrets, absent)
    touched = {key for key in {**held, **change.config} if not alike(held.get(key, ()), change.config.get(key, ()))}
    assert change.before.keys() == touched & held.keys()
    assert change.after.keys() == touched & change.config.keys()


def holds_no_number(value: object) -> bool:
    """Whether it contains a number that Python accepts and JSON does not, such as NaN."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(holds_no_number, inner)) or (isinstance(value, float) and value - value != 0)


@given(st.dictionaries(st.one_of(make.setting_keys, make.scalars), make.around(make.yaml_values), max_size=3))
def test_values_that_are_not_valid_json_are_rejected_before_writing(settings):
    found = settings_findings(settings, {}, [], "site_config.json")
    rules = {finding.rule for finding in found if finding.severity == INVALID}
    assert ("config-number" in rules) is holds_no_number(settings)
    if any(not isinstance(key, str) or not key.strip() for key in settings):
        assert "config-key" in rules


addresses = st.sampled_from(
    ["http://[", "[::1", "https://[x]/", "//", "http://", "http:///x", "a b", "http://a:b", "://"]
)


@given(
    make.rough,
    st.dictionaries(
        st.sampled_from(["host_name", "domains", "ssl_certificate"]), st.one_of(addresses, make.json_values)
    ),
)
def test_whatever_a_configuration_holds_a_site_has_an_address(name, config):
    domains = domains_of(name, config)
    assert all(domain and domain == domain.lower() for domain in domains) and len(domains) == len(set(domains))
    assert url_of(name, config).partition("://")[1]
