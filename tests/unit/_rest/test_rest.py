# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The REST client, with a small fake Frappe instead of the network."""

from __future__ import annotations

import io
import json
from urllib.error import HTTPError
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rest import http
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CLIENT_FIELDS
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task import clients as task_clients

URL = "https://crm.example.com"
PARAMS = {"policy": "warn", "policy_exceptions": [], "bench_path": None, "site_timeout": 60}


class Frappe:
    """Clients by name. ``instead`` replaces the response of a request."""

    def __init__(self):
        self.clients = {}
        self.instead = {}

    def open(self, method, url, data=None):
        path, query = unquote(urlsplit(url).path), parse_qs(urlsplit(url).query)
        fields = json.loads(query["fields"][0]) if "fields" in query else []
        said = self.answer(method, path.removeprefix("/api/resource/"), fields, json.loads(data or "{}"))
        return io.BytesIO(json.dumps(said).encode())

    def answer(self, method, path, fields, values):
        kind, _slash, name = path.partition("/")
        for (their_method, field), answer in self.instead.items():
            if method == their_method and field in (*fields, name, values.get("app_name")):
                return answer()
        if kind == "DocType":
            return {"data": {"fields": [{"fieldname": field} for field in CLIENT_FIELDS]}}
        if method == "GET" and not name:
            return {"data": list(self.clients.values()) if kind == "OAuth Client" else []}
        if method == "DELETE":
            del self.clients[name]
            return {"message": "ok"}
        if method != "GET":
            name = name or f"id{len(self.clients)}"
            self.clients[name] = {**self.clients.get(name, {"name": name, "owner": "x"}), **values}
        return {"data": self.clients[name]}


@pytest.fixture
def frappe(monkeypatch):
    site = Frappe()
    monkeypatch.setattr(http, "Request", lambda **_options: site)
    return site


def client(number, **more):
    uris = [f"https://app{number}.example/cb"]
    return {"app_name": f"App {number}", "redirect_uris": uris, "scopes": ["openid"], **more}


def apply(*declared, check_mode=False):
    defaults = {key: option.get("default") for key, option in task_clients.OPTIONS.items()}
    door = {"name": "crm", "url": URL, "api_key": "k", "api_secret": "s"}
    rows = [{**defaults, **door, **one} for one in declared]
    return task_clients.apply_rows(rows, [[] for _row in rows], PARAMS, check_mode)


def told(rows):
    return [(row["action"], row["changed"], row["failed"]) for row in rows]


def refused():
    raise HTTPError(URL, 417, "Expectation Failed", {}, io.BytesIO(b"{}"))


def test_it_creates_and_finds_what_it_created(frappe):
    assert told(apply(client(1), check_mode=True)) == [("created", True, False)] and frappe.clients == {}
    assert told(apply(client(1))) == [("created", True, False)]
    assert told(apply(client(1))) == [("unchanged", False, False)]


def test_a_client_that_registers_between_two_requests_is_left_alone(frappe):
    apply(client(1))
    late = {"name": "late", "allowed_roles.role": "x", "role": "Guest"}
    frappe.instead["GET", "allowed_roles.role"] = lambda: {"data": [late, {"name": "id0", "role": None}]}
    assert told(apply(client(1))) == [("unchanged", False, False)]


def test_changes_are_reported_if_one_client_fails(frappe):
    """REST has no transaction: the first client was created, and its row must say so."""
    apply(client(0))
    frappe.instead["POST", "App 2"] = refused
    rows = apply(client(1), client(2), client(3), client(0))
    assert told(rows) == [
        ("created", True, False),
        ("failed", False, True),
        ("failed", False, True),
        ("unchanged", False, False),
    ]
    assert "returned HTTP 417 for POST /api/resource/OAuth Client" in rows[1]["msg"]
    assert rows[2]["msg"].startswith("not applied, because an earlier client of this site failed: url: ")
    assert [one["app_name"] for one in frappe.clients.values()] == ["App 0", "App 1"]
    del frappe.instead["POST", "App 2"]
    assert [row["action"] for row in apply(client(1), client(2), client(3))] == ["unchanged", "created", "created"]


def test_a_write_that_cannot_be_read_back_is_a_change_all_the_same(frappe):
    frappe.instead["GET", "id0"] = refused
    assert told(apply(client(1))) == [("failed", True, True)]


def test_a_site_that_cannot_be_planned_gets_nothing(frappe):
    frappe.instead["GET", "owner"] = refused
    assert told(apply(client(1), client(2))) == [("failed", False, True)] * 2


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": []}, {"data": {"no": "name"}}, {"data": {"name": 5}}])
@pytest.mark.parametrize("request_", [("POST", "App 1"), ("GET", "id0")])
def test_a_response_that_is_not_from_frappe_is_reported(frappe, request_, answer):
    frappe.instead[request_] = lambda: answer
    (row,) = apply(client(1))
    expected = (
        f"url: {URL} returned a response that did not come from Frappe for {request_[0]} /api/resource/OAuth Client"
    )
    assert row["failed"] and expected in row["msg"]
    assert row["msg"].endswith("not of a proxy or sign-in page")


@pytest.mark.parametrize("answer", [{"data": [{}]}, {"data": [5]}, {"data": None}, {}])
def test_rows_that_are_not_from_frappe_are_reported(frappe, answer):
    frappe.instead["GET", "owner"] = lambda: answer
    (row,) = apply(client(1))
    assert "a response that did not come from Frappe for GET /api/resource/OAuth Client" in row["msg"]


def test_an_unknown_doctype_is_reported(frappe):
    frappe.instead["GET", "OAuth Client"] = lambda: {"data": {"fields": [5, {}, {"fieldname": "app_name"}]}}
    (row,) = apply({"app_name": "App 1"})
    assert row["failed"] and "required to create the client" in row["msg"]
