# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declared rate limit is compared with nginx's effective configuration, without a request."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx import limits
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import (
    PENDING,
    bench_id,
    fragments_dir,
    limit,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.records import SiteRecord

SITE, DECLARED = "crm.example.com", {"rate": "5r/s", "burst": 10}


@pytest.fixture
def said(tmp_path, monkeypatch):
    """What is said about the declared limit, with the fragment of this rate and with other directives."""
    conf_dir, bench = tmp_path / "conf.d", str(tmp_path / "bench")
    options = {"nginx": "nginx", "nginx_conf": None, "nginx_prefix": None, "nginx_conf_dir": str(conf_dir)}
    conf_dir.mkdir()
    folder = tmp_path / "benchkeeper.d"
    folder.mkdir()

    def say(rate="5r/s", burst=10, site=SITE, other="", pending=False, binary="/usr/sbin/nginx"):
        own = limit(bench_id(bench), [SiteRecord(site, [site], None)], rate, burst, []) if rate else ""
        path = folder / f"{bench_id(bench)}.conf"
        path.write_text(own or "")
        files = {str(tmp_path / "nginx.conf"): f"http {{ include conf.d/*; {other} }}", str(path): own or ""}

        class Server:
            def __init__(self, *_args):
                pass

            def files(self):
                return files

        monkeypatch.setattr(limits, "Nginx", Server)
        monkeypatch.setattr(limits, "find_binary", lambda _name: binary)
        if pending:
            (tmp_path / fragments_dir(str(conf_dir)) / PENDING).touch()
        return limits.Limits(bench, options).limit_read(SITE, [SITE], DECLARED)

    return say


def test_the_limit_as_declared_is_named_with_its_line(said):
    found = said()
    assert found["rule"] == found["unread"] == "" and found["expected"] == "HTTP 429 above 5r/s with burst 10"
    assert found["found"].startswith("limit_req 5r/s burst 10 in ") and found["found"].endswith("(read, not tried)")


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ({"rate": None}, "no limit_req of this bench in nginx's configuration"),
        ({"site": "other.example.com"}, "has no entry for crm.example.com"),
        ({"rate": "9r/s"}, "limit_req 9r/s burst 10 in "),
        ({"burst": 3}, "limit_req 5r/s burst 3 in "),
        ({"pending": True}, "limit_req 5r/s burst 10 in "),
    ],
)
def test_a_limit_that_is_not_there_or_not_as_declared(said, there, found):
    outcome = said(**there)
    assert outcome["rule"] == "limit-absent" and found in outcome["found"] and not outcome["unread"]
    assert bool(outcome["reason"]) == ("pending" in there)


@pytest.mark.parametrize(
    "there",
    [{"binary": None}, {"other": f"server {{ server_name {SITE}; limit_req zone=own; }}"}],
)
def test_what_cannot_be_read_is_not_called_a_fault(said, there):
    outcome = said(**there)
    assert outcome["unread"] and not outcome["rule"]
    assert not said(other="server { server_name other.example.com; limit_req zone=own; }")["unread"]
