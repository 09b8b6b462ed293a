# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host name belongs to one site of the bench: the preflight rejects it on two, whether declared or configured."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.preflight import prepare
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.variables import coerce

SHOP = "shop.example.com"
ONE, TWO = "one.example.com", "two.example.com"


def faults_of(sites, configured=(), **variables):
    """The faults of a run on a bench with two sites.

    Args:
        sites: declared host names by site.
        configured: host names in the configuration of the second site.
        variables: further variables of the role, without their prefix.
    """
    declared = [{"name": name, "domains": domains} for name, domains in sites.items()]
    more = {f"oauth2_{name}": value for name, value in variables.items()}
    values, wrong = coerce({"oauth2_bench_path": "/bench", "oauth2_sites": declared, **more})
    assert not wrong
    found = [
        {"name": ONE, "domains": [ONE], "failed": False},
        {"name": TWO, "domains": [*configured, TWO], "failed": False},
    ]
    return prepare(values, {"path": "/bench", "sites": [ONE, TWO]}, found)[0]


@pytest.mark.parametrize(
    ("sites", "configured"),
    [
        ({ONE: [SHOP], TWO: [SHOP]}, []),  # declared on both
        ({ONE: [SHOP]}, [SHOP]),  # declared on one, configured on the other
        ({ONE: [TWO]}, []),  # the directory of the other
    ],
)
def test_a_host_name_of_two_sites_is_rejected_and_both_are_named(sites, configured):
    (line,) = faults_of(sites, configured)
    assert line.startswith(f"{ONE} and {TWO}: domains: '{(*sites[ONE],)[0]}' is a host name of 2 sites [domain-shared")
    assert "even on different ports" in line


def test_a_site_that_is_not_selected_counts():
    assert len(faults_of({ONE: [SHOP], TWO: [SHOP]}, only_sites=[ONE])) == 1
    assert len(faults_of({ONE: [SHOP], TWO: [SHOP]}, exclude_sites=[TWO])) == 1


def test_sites_that_are_not_selected_stop_nobody():
    assert faults_of({TWO: [ONE]}, exclude_sites=[ONE, TWO]) == []


def test_separate_names_pass():
    assert faults_of({ONE: [SHOP, SHOP], TWO: ["desk.example.com"]}, ["desk.example.com"]) == []
