# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How verify judges certificates and issuers. A server of the test presents the certificates."""

from __future__ import annotations

import contextlib
import math
import socket
import ssl
import threading

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.flow import compare_issuer
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.probes import tls
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault
from certificates import certificate
from scripted_site import Reply

NAME = "crm.example.com"


class FakeHttpClient:
    """The address, and the response over http."""

    def __init__(self, base, answer=None):
        self.base, self.answer, self.until = base, answer, math.inf

    def get(self, path):
        assert path == "/api/method/ping" and self.until < math.inf
        if isinstance(self.answer, Fault):
            raise self.answer
        return self.answer


class Verification:
    """The part of a verification that `tls` and `compare_issuer` use; it records requests over http."""

    def __init__(self, url, base=None, in_clear=None):
        self.params, self.http = {"url": url, "issuer_why": "base_url is x"}, FakeHttpClient(base or url)
        self.in_clear, self.until, self.went = in_clear, math.inf, []

    def client_at(self, url, address):
        self.went.append((url, address))
        return FakeHttpClient(address, self.in_clear)


@contextlib.contextmanager
def server(path):
    """Start a TLS server, or a plain-text server without a certificate; return its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if path:
            context.load_cert_chain(path)

        def serve():
            with contextlib.suppress(OSError):
                connection, _peer = listener.accept()
                with connection:
                    if path:
                        context.wrap_socket(connection, server_side=True).close()
                    else:
                        connection.recv(1000)
                        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(timeout=5)


def judged(path, monkeypatch, trusted=True, name=NAME):
    """The result of the step for a server with this certificate."""
    if trusted and path:
        create = ssl.create_default_context
        monkeypatch.setattr(ssl, "create_default_context", lambda: create(cafile=path))
    with server(path) as port:
        return tls(Verification(f"https://{name}", f"https://127.0.0.1:{port}"))


@pytest.mark.parametrize(("days", "rule"), [(90, ""), (14, ""), (13, "tls-expiring")])
def test_a_valid_certificate_and_how_long_it_lasts(tmp_path, monkeypatch, days, rule):
    seen = judged(certificate(tmp_path, NAME, days), monkeypatch)
    assert (seen.rule, seen.found) == (rule, f"valid for {NAME}, expires in {days} days")


@pytest.mark.parametrize(
    ("name", "days", "trusted", "words"),
    [
        ("other.example.com", 90, True, "match"),
        (NAME, -1, True, "expired"),
        (NAME, 90, False, "self-signed"),
    ],
)
def test_a_certificate_that_is_not_valid_is_named_with_the_reason(tmp_path, monkeypatch, name, days, trusted, words):
    with pytest.raises(Fault) as fault:
        judged(certificate(tmp_path, name, days), monkeypatch, trusted)
    assert fault.value.rule == "tls-invalid" and words in fault.value.found


PONG = Reply(200, {"message": "pong"})
NOWHERE = Fault("site-unreachable", "an answer", "refused")


def at_the_usual_port(tmp_path, monkeypatch, days=90, base=None, url=f"https://{NAME}", in_clear=PONG):
    """The result of the step for TLS at the default port, and the verification."""
    path, create, connect = certificate(tmp_path, NAME, days), ssl.create_default_context, socket.create_connection
    monkeypatch.setattr(ssl, "create_default_context", lambda: create(cafile=path))
    verification = Verification(url, base, in_clear)
    with server(path) as port:
        monkeypatch.setattr(socket, "create_connection", lambda _where, timeout: connect(("127.0.0.1", port), timeout))
        return tls(verification), verification


def test_a_site_that_also_responds_over_http(tmp_path, monkeypatch):
    seen, verification = at_the_usual_port(tmp_path, monkeypatch)
    assert (seen.rule, verification.went) == ("http-open", [(f"http://{NAME}", f"http://{NAME}")])
    assert seen.found == f"valid for {NAME}, expires in 90 days; Frappe also responds over http"


def test_in_clear_at_the_address_that_was_given(tmp_path, monkeypatch):
    seen, verification = at_the_usual_port(tmp_path, monkeypatch, base="https://192.0.2.1")
    assert (seen.rule, verification.went) == ("http-open", [(f"http://{NAME}", "http://192.0.2.1")])


@pytest.mark.parametrize(
    "in_clear", [Reply(301, "", ("Location", f"https://{NAME}/")), Reply(200, "It works!"), NOWHERE]
)
def test_no_finding_if_http_redirects_or_does_not_respond(tmp_path, monkeypatch, in_clear):
    assert at_the_usual_port(tmp_path, monkeypatch, in_clear=in_clear)[0].rule == ""


@pytest.mark.parametrize(
    ("url", "base"), [(f"https://{NAME}:8443", None), (f"https://{NAME}", "https://192.0.2.1:8443")]
)
def test_where_a_port_is_named_nobody_guesses_that_of_http(tmp_path, monkeypatch, url, base):
    seen, verification = at_the_usual_port(tmp_path, monkeypatch, url=url, base=base)
    assert (seen.rule, verification.went) == ("", [])


def test_a_certificate_that_ends_is_more_urgent_than_what_is_open_beside_it(tmp_path, monkeypatch):
    seen, _verification = at_the_usual_port(tmp_path, monkeypatch, days=3)
    assert seen.rule == "tls-expiring" and "also responds over http" in seen.found


def test_http_where_the_configuration_says_https(monkeypatch):
    with pytest.raises(Fault) as fault:
        judged(None, monkeypatch)
    assert fault.value.rule == "tls-missing"
    with pytest.raises(Fault) as fault:
        tls(Verification(f"https://{NAME}", "https://127.0.0.1:1"))
    assert fault.value.rule == "tls-missing"


@pytest.mark.parametrize(
    ("url", "rule"),
    [("http://crm.example.com", "tls-none"), ("http://crm.localhost", ""), ("http://127.0.0.1:8000", "")],
)
def test_http_is_reported_unless_it_is_local(url, rule):
    assert tls(Verification(url)).rule == rule


@pytest.mark.parametrize(
    ("url", "base", "issuer", "rule"),
    [
        ("https://a.example", None, "https://a.example", ""),
        ("https://a.example", None, "https://a.example/", ""),
        ("https://a.example", "http://127.0.0.1", "http://a.example", ""),
        ("http://a.example", None, "https://a.example", "issuer-https"),
        ("http://a.example:8000", None, "http://a.example", "issuer-port"),
    ],
)
def test_an_accepted_issuer(url, base, issuer, rule):
    assert compare_issuer(Verification(url, base), issuer, "x").rule == rule


@pytest.mark.parametrize(
    ("issuer", "rule"),
    [
        ("http://a.example", "issuer-scheme"),
        ("https://b.example", "issuer-differs"),
        ("https://a.example:8443", "issuer-differs"),
    ],
)
def test_an_issuer_that_an_app_refuses(issuer, rule):
    with pytest.raises(Fault) as fault:
        compare_issuer(Verification("https://a.example"), issuer, "x")
    assert fault.value.rule == rule
