# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Responses that are not Frappe's name what sent them, in verify and over REST; Frappe's own are taken as they are."""

from __future__ import annotations

import io
import math
from email.message import Message
from urllib.error import HTTPError

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.front import in_front
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rest.http import RestSite
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.flow import reach
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.http import HttpClient, said
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault
from scripted_site import Reply, ScriptedRun, Site

PLAIN = "<html><body><h1>403 Forbidden</h1></body></html>"
NGINX = ("Server", "nginx/1.22.1")
BASIC = ("WWW-Authenticate", 'Basic realm="staging; pw-1234"')


@pytest.mark.parametrize(
    ("reply", "named"),
    [
        (
            Reply(401, PLAIN, NGINX, BASIC),
            "sent by a server in front of Frappe: Server: nginx/1.22.1, HTTP authentication Basic",
        ),
        (
            Reply(403, PLAIN, ("Server", "cloudflare"), ("CF-RAY", "8a")),
            "sent by a server in front of Frappe: Cloudflare, Server: cloudflare",
        ),
        (
            Reply(403, {"message": "Forbidden"}, ("X-Amz-Cf-Id", "x")),
            "sent by a server in front of Frappe: Amazon CloudFront",
        ),
        (Reply(502, PLAIN, NGINX), "sent by a server in front of Frappe: Server: nginx/1.22.1"),
        (
            Reply(503, "", ("Via", "1.1 varnish"), ("X-Varnish", "7")),
            "sent by a server in front of Frappe: Varnish, Via: 1.1 varnish",
        ),
        (Reply(522, ""), "sent by a server in front of Frappe: no name in the response"),
        (Reply(403, "", ("Server", "x" * 99 + "\x1b[2J")), f"sent by a server in front of Frappe: Server: {'x' * 60}"),
        # Frappe's own
        (Reply(401, {"exc_type": "AuthenticationError"}, NGINX), ""),
        (Reply(403, {"exception": "frappe.exceptions.PermissionError"}, ("CF-RAY", "8a")), ""),
        (Reply(403, {"errors": [{"type": "PermissionError"}]}), ""),
        (Reply(401, {"error": "invalid_client"}), ""),
        (Reply(403, '<html><meta name="generator" content="frappe"></html>'), ""),
        (Reply(403, "", ("X-Page-Name", "message")), ""),
        (Reply(403, {"message": "no"}, ("Set-Cookie", "sid=Guest; Path=/, system_user=yes; Path=/")), ""),
        (Reply(403, "<!doctype html>\n<html lang=en>\n<title>403 Forbidden</title>"), ""),
        # no error that something in front of Frappe sends
        (Reply(200, PLAIN), ""),
        (Reply(404, PLAIN), ""),
        (Reply(500, PLAIN), ""),
        (Reply(429, PLAIN), ""),
    ],
)
def test_what_answered_instead_of_frappe(reply, named):
    found = in_front(reply.status_code, reply.headers, reply.text)
    assert found == named and "pw-1234" not in found
    assert named in said(reply)


class Session:
    """A session of requests with one response."""

    def __init__(self, reply):
        self.reply, self.cookies = reply, {}

    def request(self, *_args, **_more):
        return self.reply


@pytest.mark.parametrize(("status", "raised"), [(401, True), (403, True), (407, True), (502, False), (429, False)])
def test_no_step_takes_a_refusal_in_front_of_frappe_for_frappes(status, raised):
    http = HttpClient("https://crm.example.com", None, True, math.inf)
    http.app = Session(Reply(status, PLAIN, NGINX))
    if not raised:
        assert http.get("/").status_code == status
        return
    with pytest.raises(Fault) as fault:
        http.get("/")
    assert fault.value.rule == "front-refused"
    assert fault.value.found == f"HTTP {status} (sent by a server in front of Frappe: Server: nginx/1.22.1)"
    http.app = Session(Reply(status, {"exc_type": "PermissionError"}, NGINX))
    assert http.get("/").status_code == status


def test_a_gateway_that_reaches_no_frappe_is_named():
    with pytest.raises(Fault) as fault:
        reach(ScriptedRun(Site(ping=Reply(502, PLAIN, NGINX))))
    assert fault.value.rule == "site-not-answering"
    assert fault.value.found.startswith(
        "HTTP 502 (sent by a server in front of Frappe: Server: nginx/1.22.1) for the host name "
    )


def test_a_redirect_to_a_sign_on_names_its_host():
    with pytest.raises(Fault) as fault:
        reach(ScriptedRun(Site(ping=Reply(302, "", ("Location", "https://sso.example.com/login?token=canary")))))
    assert fault.value.found.startswith("HTTP 302 to sso.example.com ") and "canary" not in fault.value.found


@pytest.mark.parametrize(
    ("status", "body", "headers", "told"),
    [
        (
            401,
            PLAIN,
            [NGINX, BASIC],
            "sent by a server in front of Frappe: Server: nginx/1.22.1, HTTP authentication Basic. Exempt /api from",
        ),
        (403, PLAIN, [("CF-RAY", "8a")], "sent by a server in front of Frappe: Cloudflare. Exempt /api from"),
        (502, PLAIN, [NGINX], "sent by a server in front of Frappe: Server: nginx/1.22.1. Start the web process"),
        (
            302,
            "",
            [("Location", "https://sso.example.com/x?t=canary")],
            "it redirects to sso.example.com, and Frappe's",
        ),
        (401, '{"exc_type": "AuthenticationError"}', [NGINX], "AuthenticationError. Check api_key and api_secret"),
        (
            500,
            '{"exc_type": "OperationalError", "exception": "x.OperationalError: canary"}',
            [],
            "OperationalError. Check",
        ),
        (500, '{"exception": "x.OperationalError: canary"}', [], "x.OperationalError. Check the site's Error Log"),
    ],
)
def test_the_rest_client_names_it_too(monkeypatch, status, body, headers, told):
    site, sent = RestSite("https://crm.example.com", "key", "secret", True, True), Message()
    for name, value in headers:
        sent[name] = value

    def refuse(_method, url, **_more):
        raise HTTPError(url, status, "", sent, io.BytesIO(body.encode()))

    monkeypatch.setattr(site.request, "open", refuse)
    with pytest.raises(Impossible) as error:
        site.call("GET", "/api/resource/User")
    assert f"returned HTTP {status} for GET /api/resource/User: {told}" in str(error.value)
    assert "canary" not in str(error.value) and "pw-1234" not in str(error.value)
