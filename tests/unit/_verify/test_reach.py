# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wait after a reload, with one deadline for all sites, and what is verified of a site without a client."""

from __future__ import annotations

import socket
import time

from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.course import chosen
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.sites import Sites
from scripted_site import PARAMS


def test_sites_of_which_only_a_response_is_expected_share_one_deadline():
    """Ten sites one after another took ten times as long."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    options = {"address": None, "validate_certs": True, "probes": None, "last_step": "reach", "patience": 1}
    nobody = {"username": None, "password": None, "client": None, "scope": ""}
    rows = [
        {"number": n, "site": f"s{n}", "params": {"url": url, **options, **nobody}, "fault": None, "equal": None}
        for n in range(10)
    ]
    rows, started = [{**row, "emails": {}} for row in rows], time.monotonic()
    found = Sites(rows, budget=27, parallel=1, note=lambda entry: None).run()
    assert {one["steps"][0]["rule"] for one in found.values()} == {"site-unreachable"}
    assert time.monotonic() - started < 9


def test_without_a_client_only_what_needs_none_is_taken_and_what_is_asked_for_is_not_dropped():
    alone = {**PARAMS, "probes": None, "last_step": "dead", "rate_limit": None, "domains": [], "of_site": True}
    alone.update(password_grant=False, app_name=None, client_id=None)
    assert chosen(alone) == ["reach", "tls", "discovery", "preflight", "foreign_origin", "cross_origin"]
    assert "client" in chosen({**alone, "last_step": "token"}) and "login" in chosen({**alone, "probes": ["login"]})
    assert "token" in chosen({**alone, "client_id": "x"})


# ---------------------------------------------------------------- remedies
