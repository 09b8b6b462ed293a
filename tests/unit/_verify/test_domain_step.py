# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The step domain: a name that nobody uses is no problem, every other name must lead to the site."""

from __future__ import annotations

import socket

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.probes import domain
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault
from scripted_site import Reply, ScriptedClient, ScriptedRun, Site

HOST, FOLDER = "crm.example.com", "site1.internal"


class Names(ScriptedRun):
    """A site that only its own URL reaches; any other name fails in the given way."""

    def __init__(self, fault, **params):
        self.fault = fault
        super().__init__(Site(), **params)
        self.params["site"] = FOLDER

    def client_at(self, url, address=None):
        reply = Reply(404) if self.fault == 404 else None
        visitor = ScriptedClient(Site(ping=reply) if reply and HOST not in url else self.site, url, self.until)
        if self.fault == "unreachable" and HOST not in url:

            def send(*_args, **_more):
                raise Fault("site-unreachable", "a response", "ConnectionError")

            visitor.send = send
        return visitor


@pytest.fixture
def dns(monkeypatch):
    """The names that resolve."""
    known = [HOST]

    def look(name, _port):
        if name not in known:
            raise socket.gaierror
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look)
    return known


def found(fault, domains):
    try:
        return domain(Names(fault, domains=domains).with_pair()).found
    except Fault as error:
        return error.rule, error.found


@pytest.mark.parametrize("fault", ["unreachable", 404])
def test_a_folder_name_in_no_dns_is_no_problem_of_the_site(dns, fault):
    assert found(fault, [HOST, FOLDER]) == f"{HOST}; {FOLDER}, the name of the site directory, is not in DNS"


@pytest.mark.parametrize("fault", ["unreachable", 404])
def test_a_folder_name_in_dns_must_lead_to_the_site(dns, fault):
    dns.append(FOLDER)
    rule, told = found(fault, [HOST, FOLDER])
    assert rule == "domain-nowhere" and told.startswith(f"{FOLDER}: ")


def test_any_other_name_must_lead_to_the_site_whatever_dns_says(dns):
    assert found("unreachable", [HOST, "shop.example.com"])[0] == "domain-nowhere"


def test_a_folder_name_that_leads_to_another_site_is_reported(dns, monkeypatch):
    monkeypatch.setattr(
        "ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.probes._is_here",
        lambda _run, http: HOST in http.url,
    )
    assert found(None, [HOST, FOLDER])[0] == "domain-wrong-site"
