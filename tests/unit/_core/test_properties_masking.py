# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of masking: no diff, finding or message shows a secret, whatever its position."""

from __future__ import annotations

import json

import hypothesis_strategies as make
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import (
    HIDDEN,
    HIDDEN_NEW,
    NOT_SHOWN,
    looks_secret,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.faults import faults
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.merge import merge
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.shapes import Mistake
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.config import plan_config
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import (
    client_findings,
    edge_findings,
    secret_findings,
    settings_findings,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import INVALID
from hypothesis import given
from hypothesis import strategies as st

addresses = st.sampled_from(["redis://:{}@127.0.0.1:6379", "https://user:{}@example.com/x#y", "mysql://u:{}@db/*"])


@st.composite
def entries_with_a_secret(draw: st.DrawFn) -> tuple[str, object, str]:
    """A key and a value of a configuration with a secret (by the name of a key, or in a URL), and the secret."""
    secret = draw(make.canaries)
    where = draw(st.sampled_from(["outside", "inside", "url"]))
    if where == "outside":
        return draw(make.secret_keys), draw(make.around(st.just(secret))), secret
    inner = draw(addresses).format(secret) if where == "url" else {draw(make.secret_keys): secret}
    return draw(make.plain), draw(make.around(st.just(inner))), secret


@given(entries_with_a_secret())
def test_a_secret_is_known_wherever_it_sits_in_a_value(entry):
    key, value, _secret = entry
    assert looks_secret(key, value)
    found = settings_findings({key: value}, {}, [], "site_config.json")
    assert "secret-in-settings" in [finding.rule for finding in found if finding.severity == INVALID]


@given(entries_with_a_secret(), make.json_values, st.sampled_from(["set", "replaced", "hidden", "removed", "both"]))
def test_no_diff_of_a_configuration_shows_a_secret(entry, other, how):
    key, value, secret = entry
    held, settings, secrets, absent = {
        "set": ({}, {key: value}, {}, []),
        "replaced": ({key: value}, {key: other}, {}, []),
        "hidden": ({key: other}, {}, {key: value}, []),
        "removed": ({key: value}, {}, {}, [key]),
        "both": ({key: value}, {key: [value, other]}, {}, []),
    }[how]
    change = plan_config(held, settings, secrets, absent)
    assert secret not in json.dumps([change.before, change.after])
    if how in ("replaced", "removed", "both"):
        assert change.before[key] == HIDDEN
    if how in ("set", "hidden", "both"):
        assert change.after[key] == HIDDEN_NEW


@given(make.canaries, make.plain, make.json_values, st.sampled_from(["set", "removed", "hidden"]))
def test_no_diff_shows_an_old_text_whatever_its_key_is_called(secret, key, other, how):
    settings, secrets, absent = {
        "set": ({key: other}, {}, []),
        "removed": ({}, {}, [key]),
        "hidden": ({}, {key: "x"}, []),
    }[how]
    change = plan_config({key: {"a": [secret]}}, settings, secrets, absent)
    assert secret not in json.dumps([change.before, change.after])


@given(make.configs, make.configs)
def test_what_is_declared_in_clear_is_shown_as_it_is(held, settings):
    change = plan_config(held, settings, {}, [])
    for key in change.after:
        if not looks_secret(key, settings[key]):
            assert change.after[key] == settings[key]
        if key in change.before:
            assert change.before[key] in (held[key], NOT_SHOWN)


@given(make.canaries, st.sampled_from(["", "<", " ", "x" * 141]), make.plain)
def test_no_finding_shows_a_client_secret(secret, spoiled, site):
    client = {"app_name": "Mobile App", "client_secret": secret + spoiled, "client_id": "a" + secret[:3]}
    told = [str(finding) for finding in client_findings(client, f"{site}{secret}")]
    told += [str(finding) for finding in secret_findings("client_secret", secret + spoiled, [site])]
    assert told or not spoiled
    assert secret not in "".join(told)


@given(
    make.canaries,
    addresses,
    st.sampled_from(["redirect_uris", "hostless", "default", "origins", "allow_cors", "unread"]),
)
def test_no_finding_shows_the_password_of_a_url(secret, address, where):
    url = address.format(secret)
    found = {
        "redirect_uris": lambda: client_findings({"app_name": "a", "redirect_uris": [url, f" {url}", f"<{url}>"]}, "s"),
        "hostless": lambda: client_findings({"app_name": "a", "redirect_uris": [f"https://u:{secret}@/"]}, "s"),
        "default": lambda: client_findings(
            {"client_id": "a", "redirect_uris": ["b"], "default_redirect_uri": url}, "s"
        ),
        "origins": lambda: edge_findings([], {"origins": [url]}),
        "allow_cors": lambda: settings_findings({"allow_cors": [url]}, {}, [], "site_config.json"),
        "unread": lambda: settings_findings({"cors_allow_credentials": url}, {}, [], "site_config.json"),
    }[where]()
    told = [str(finding) for finding in found]
    assert told and secret not in "".join(told)


@given(entries_with_a_secret(), make.canaries)
def test_no_fault_of_an_inventory_shows_a_secret(entry, client_secret):
    key, value, secret = entry
    site = {
        "name": "a.example",
        "site_config": {"settings": {key: value, "ignore_csrf": {key: value}}, "secret_settings": {"z": {"y": secret}}},
        "oauth_clients": [{"app_name": "<", "client_secret": client_secret + "<"}],
    }
    for broken in ({}, {"grant_type": "x"}, {"scopes": client_secret}):
        site["oauth_clients"][0].update(broken)
        try:
            lines = faults(merge([site], {}, ["a.example"], True, [], []), {}, "enforce", [])
        except Mistake as mistake:
            lines = [str(mistake)]
        assert lines
        assert secret not in "".join(lines) and client_secret not in "".join(lines)
