# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""verify on a site with https, as `bench setup nginx` configures it with a certificate."""

from __future__ import annotations

import json

import pytest
from certificates import certificate
from demo_bench import free_port
from edge_requests import APP, reload_nginx
from saved_bench import SavedBench

SITE = "site3.localhost"
STEP = "Verify | Run the OAuth flow"
CLIENT = {"app_name": "TLS App", "redirect_uris": ["com.example.tls://cb"], "scopes": ["openid", "crm"]}
DECLARED = {"oauth2_sites": [{"name": SITE, "oauth_clients": [CLIENT], "cors": {"origins": [APP]}}]}


class Secured:
    """The demo bench with https on a separate port, and one site that declares it.

    Attributes:
        url: the URL of the site.
        address: the address to connect to.
    """

    def __init__(self, demo, folder):
        self.demo, self.folder = demo, folder
        self.conf = demo.path / "config" / "nginx.conf"
        self.plain = self.conf.read_text()
        port = free_port()
        self.url, self.address = f"https://{SITE}:{port}", f"https://127.0.0.1:{port}"
        self.listen = f"listen 127.0.0.1:{port} ssl"

    def show(self, name=SITE, days=90):
        """Serve a self-signed certificate for a host name and a period."""
        path = certificate(self.folder, name, days)
        plain = f"listen 127.0.0.1:{self.demo.ports['demo_bench_nginx_port']};"
        lines = f"{plain} {self.listen}; ssl_certificate {path}; ssl_certificate_key {path};"
        assert plain in self.plain
        self.conf.write_text(self.plain.replace(plain, lines))
        reload_nginx(self.demo)
        return path

    def verify(self, trusted=None, **verify):
        """The rows of the verification, with a certificate that this host trusts for this run."""
        self.demo.environment = {"SSL_CERT_FILE": trusted} if trusted else {}
        try:
            run = self.demo.site(
                oauth2_discover_sites=False,
                oauth2_sites=[{**DECLARED["oauth2_sites"][0], "verify": verify}],
                oauth2_verify="all",
                oauth2_verify_address=self.address,
            )
        finally:
            self.demo.environment = {}
        return run

    def steps(self, run):
        """The verdict, rule and found text of each step, by name."""
        (row,) = run.results[STEP]["sites"]
        return {step["name"]: (step["verdict"], step["rule"], step["found"]) for step in row["steps"]}


@pytest.fixture(scope="module")
def saved(demo):
    """The configured bench without https: a run that changes nothing does not check that the sites respond."""
    run = demo.site(**DECLARED)
    assert run.status == 0, run.output
    return SavedBench(demo)


@pytest.fixture
def secured(demo, saved, tmp_path):
    """The bench with https. What a test changes is restored."""
    kept = Secured(demo, tmp_path)
    demo.config_path(SITE).write_text(json.dumps({**demo.config(SITE), "host_name": kept.url}))
    yield kept
    saved.restore()


def test_the_whole_verification_over_https(secured):
    """With an authority that this host trusts and that is not in the list of requests."""
    run = secured.verify(trusted=secured.show())
    assert run.status == 0, run.output
    steps = secured.steps(run)
    assert {verdict for verdict, _rule, _found in steps.values()} <= {"passed", "noticed"}, steps
    assert steps["tls"] == ("passed", "", f"valid for {SITE}, expires in 90 days")
    assert steps["issuer"][1] == "issuer-port", "nginx's $host contains no port"
    assert steps["domain"][0] == steps["preflight"][0] == steps["dead"][0] == "passed"


def test_an_untrusted_authority_is_reported_and_no_login_is_tried(secured):
    secured.show()
    run = secured.verify()
    assert run.status != 0
    steps = secured.steps(run)
    assert steps["tls"][:2] == ("failed", "tls-invalid") and "self-signed" in steps["tls"][2]
    assert steps["login"][0] == "not_run", steps


def test_a_certificate_need_not_be_valid_where_that_is_declared(secured):
    secured.show(name="other.example.com", days=-1)
    run = secured.verify(validate_certs=False)
    assert run.status == 0, run.output
    steps = secured.steps(run)
    assert "tls" not in steps and steps["dead"][0] == "passed", steps


def test_an_http_server_at_an_https_url_fails(secured):
    run = secured.verify(address=secured.demo.address.replace("http:", "https:"))
    assert run.status != 0
    assert secured.steps(run)["tls"][:2] == ("failed", "tls-missing")
