# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses of a verification: an obvious scheme is added, and everything else is an error before any request."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.addresses import (
    BadAddress,
    address_faults,
    connect_address,
    site_url,
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("https://10.0.0.5:8443/", "https://10.0.0.5:8443"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("127.0.0.1", "http://127.0.0.1"),
        (" 127.0.0.1:8080 ", "http://127.0.0.1:8080"),
        ("localhost:8000", "http://localhost:8000"),
        ("[::1]", "http://[::1]"),
        ("127.0.0.1:443", "https://127.0.0.1:443"),
        ("10.0.0.5:80", "http://10.0.0.5:80"),
        ("balancer.example.com:443", "https://balancer.example.com:443"),
    ],
)
def test_an_address_with_an_obvious_scheme_is_accepted(given, expected):
    assert connect_address(given) == expected


@pytest.mark.parametrize("given", ["10.0.0.5", "10.0.0.5:8443", "balancer.example.com"])
def test_an_address_whose_scheme_is_not_obvious_names_the_remedy(given):
    with pytest.raises(BadAddress, match="without a scheme, expected an address such as http://127.0.0.1 .* Add the"):
        connect_address(given)


@pytest.mark.parametrize(
    "given",
    [
        *("ftp://a", "http://", "http:/a", "127.0.0.1:port", "127.0.0.1:99999", "127.0.0.1:0", "127.0.0.1:"),
        *("127.0.0.1/path", "http://a?q", "http://a#f", "http://a b", "http://[::1", "::1", "x y", "http://a\nb", "-"),
        "http://user:canary@127.0.0.1",
    ],
)
def test_what_is_not_an_address_is_rejected_without_credentials(given):
    with pytest.raises(BadAddress, match="expected an address such as") as error:
        connect_address(given)
    assert "canary" not in str(error.value)


def test_the_url_of_a_site_has_its_scheme_and_no_path():
    assert site_url("https://crm.example.com/") == "https://crm.example.com"
    for given in ("crm.example.com", "https://crm.example.com/app", "/crm"):
        with pytest.raises(BadAddress, match="expected a URL such as https://crm.example.com, without user name, path"):
            site_url(given)


def test_every_fault_names_its_option():
    lines = address_faults("a.example.com: verify: ", {"address": "10.0.0.5", "url": "x", "username": "y"})
    assert [line.split(": found")[0] for line in lines] == [
        "a.example.com: verify: address",
        "a.example.com: verify: url",
    ]
    assert address_faults("", {"address": None, "url": "https://a.example"}) == []
