# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a page may do, by its origin."""

from __future__ import annotations

import json

import pytest

SITE = "http://api.trust.test"
PING = "/api/method/ping"
HOME = "/api/method/demo_crm.api.home_tasks"


def sign_in(app, origin, login):
    """The whole flow of a user: from the app's page to the site, through login and consent, and back."""
    app.open(origin).page.evaluate("([site, client]) => signIn(site, client)", [SITE, "web-app"])
    app.page.wait_for_url(f"{SITE}/login?**")
    app.fill_in(login)
    app.page.click("#allow")
    app.page.wait_for_url(f"{origin}/?code=**")
    app.page.wait_for_selector("#result:not(:empty)")
    return json.loads(app.page.text_content("#result"))


@pytest.mark.parametrize("origin", ["http://app.trust.test", "http://partner.test"])
def test_a_page_on_an_allowed_origin_signs_in_calls_and_refreshes(bench, app, origin):
    told = sign_in(app, origin, bench.login())
    assert told["steps"] == ["code", "token", "api", "refresh", "api again"], (told, app.said)
    assert told["home"]["status"] == 200 and told["home"]["body"]["message"]["limit"] == 2
    assert told["refreshed"] and told["homeAgain"]["status"] == 200


def test_the_same_page_on_an_undeclared_origin_gets_a_code_but_cannot_redeem_it(bench, app):
    told = sign_in(app, "http://foreign.test", bench.login())
    assert told["steps"] == ["code"] and told["error"] == "TypeError: Failed to fetch"
    assert any("blocked by CORS policy" in text for text in app.said)


@pytest.mark.parametrize(
    ("origin", "site", "answer"),
    [
        ("http://app.trust.test", "api.trust.test", 200),
        ("http://partner.test", "api.trust.test", 200),
        ("http://foreign.test", "api.trust.test", "refused"),
        ("http://sub.app.trust.test", "api.trust.test", "refused"),
        ("http://app.trust.test:8081", "api.trust.test", "refused"),
        ("http://trust.test", "api.trust.test", "refused"),
        # Each site has its own policy.
        ("http://app.trust.test", "two.test", "refused"),
        ("http://partner.test", "two.test", 200),
        ("http://partner.test", "three.test", "refused"),
    ],
)
def test_each_site_has_its_own_origins(app, origin, site, answer):
    assert app.open(origin).attempt(f"http://{site}{PING}", credentials="omit") == answer
    preflighted = {"Authorization": "Bearer nosuch"}
    expected = 401 if answer == 200 else "refused"
    assert app.attempt(f"http://{site}{PING}", credentials="omit", headers=preflighted) == expected


def test_a_page_without_an_origin_is_refused(app):
    """Its origin is ``null``, which any page can cause."""
    app.open("http://app.trust.test")
    frame = (
        "() => { const frame = document.createElement('iframe'); frame.sandbox = 'allow-scripts';"
        " frame.srcdoc = '<p>sandboxed'; document.body.append(frame); }"
    )
    app.page.evaluate(frame)
    app.page.wait_for_function("() => window.length === 1")
    inner = app.page.frames[1]
    inner.wait_for_selector("p")
    said = inner.evaluate("url => fetch(url).then(() => 'read', String)", f"{SITE}{PING}")
    assert said == "TypeError: Failed to fetch" and any("origin 'null'" in text for text in app.said)


@pytest.mark.parametrize(("path", "status"), [("/api/method/nosuch", 417), (HOME, 403), ("/nosuch", 404)])
def test_errors_can_be_read_too(app, path, status):
    """An app must be able to read an error, to distinguish a missing permission from a network failure."""
    app.open("http://app.trust.test")
    assert app.attempt(SITE + path, credentials="omit") == status


def test_a_gateway_error_is_readable_by_the_app(bench, app):
    app.open("http://app.trust.test")
    bench.host.check_output("supervisorctl stop frappe-bench-web:frappe-bench-frappe-web")
    try:
        assert app.attempt(SITE + PING, credentials="omit") == 502
    finally:
        bench.host.check_output("supervisorctl start frappe-bench-web:frappe-bench-frappe-web")
    # supervisor reports RUNNING after one second; gunicorn listens earlier.
    assert app.attempt(SITE + PING, credentials="omit") == 200


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ({"method": "DELETE"}, 200),
        ({"method": "PATCH"}, "refused"),
        ({"headers": {"X-Odd": "1"}}, "refused"),
        ({"headers": {"Content-Type": "application/json"}}, 200),
    ],
)
def test_a_preflight_allows_the_declared_methods_and_headers_only(app, options, answer):
    app.open("http://app.trust.test")
    assert app.attempt(SITE + PING, credentials="omit", **options) == answer


@pytest.mark.parametrize(
    ("origin", "credentials", "answer"),
    [
        # A page of the same site: the browser sends the cookie with credentials.
        ("http://app.trust.test", "include", 200),
        ("http://app.trust.test", "omit", 403),
        # A page of a different site: Frappe's cookie is SameSite=Lax and is not sent, so the request is a guest's.
        ("http://partner.test", "include", 403),
        ("http://foreign.test", "include", "refused"),
        ("http://foreign.test", "omit", "refused"),
    ],
)
def test_the_session_cookie_of_a_user_who_is_logged_in(bench, app, origin, credentials, answer):
    app.log_in("api.trust.test", bench.login())
    assert app.open(origin).attempt(SITE + HOME, credentials=credentials) == answer


@pytest.mark.parametrize(("credentials", "answer"), [("include", "refused"), ("omit", 200)])
def test_a_site_without_credentials_answers_only_pages_that_send_none(app, credentials, answer):
    assert app.open("http://partner.test").attempt(f"http://two.test{PING}", credentials=credentials) == answer


def call_with(app, release, origin, site, method, **params):
    """Call a method with a release of frappe-js-sdk; return its result, or ``refused`` if CORS blocks the response."""
    app.page.goto(f"{origin}/sdk.html")
    app.said.clear()
    answer = app.page.evaluate("(words) => callWith(...words)", [release, f"http://{site}", method, params])
    if any("blocked by CORS policy" in text for text in app.said):
        return "refused"
    return answer


@pytest.mark.parametrize("release", ["current", "older"])
def test_frappes_own_client_signs_in_and_calls_where_cookies_are_declared(bench, app, release):
    sign_in(app, "http://app.trust.test", bench.login())
    answer = call_with(app, release, "http://app.trust.test", "api.trust.test", "demo_crm.api.home_tasks", limit=2)
    assert answer["message"]["limit"] == 2, app.said


@pytest.mark.parametrize("release", ["current", "older"])
def test_frappes_own_client_needs_credentials_even_with_a_token(app, release):
    """It sends every request with credentials, so verify reports a site that does not answer for them."""
    assert call_with(app, release, "http://partner.test", "two.test", "ping") == "refused"
    assert any("Access-Control-Allow-Credentials" in text for text in app.said), app.said


def test_frappes_own_client_needs_the_header_that_it_sends(bench, app):
    """Without X-Frappe-Site-Name in the declared headers, the older release gets no response."""
    cors = {"origins": ["http://app.trust.test"], "credentials": True, "headers": ["Authorization", "Content-Type"]}
    bench.apply(oauth2_sites=[{"name": "Trust.com", "cors": cors}])
    try:
        answers = {
            release: call_with(app, release, "http://app.trust.test", "api.trust.test", "ping")
            for release in ("current", "older")
        }
        # The made-up token is rejected by Frappe itself, in a response that the page can read.
        assert answers == {"current": {"error": "AuthenticationError"}, "older": "refused"}
        assert any("x-frappe-site-name" in text.lower() for text in app.said), app.said
    finally:
        bench.apply()


def test_frappe_as_the_cors_owner_allows_the_same_origins(bench, app):
    bench.apply(oauth2_cors_owner="frappe")
    try:
        told = sign_in(app, "http://app.trust.test", bench.login())
        assert told["steps"] == ["code", "token", "api", "refresh", "api again"], (told, app.said)
        assert app.open("http://foreign.test").attempt(SITE + PING, credentials="omit") == "refused"
    finally:
        bench.apply()
