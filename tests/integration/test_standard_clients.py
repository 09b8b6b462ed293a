# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Third-party clients against a configured site: OAuth libraries, curl, a Frappe client."""

from __future__ import annotations

import json
import subprocess
import urllib.parse

import joserfc.jwk
import joserfc.jwt
import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from frappeclient.frappeclient import FrappeClient, FrappeException
from requests_oauthlib import OAuth2Session
from stored_keys import MANAGER, PAIR

SITE = "site2.localhost"  # 127.0.0.1 is one of its domains
APP_URI = "app.trust://oauth2redirect"
OAUTH = "/api/method/frappe.integrations.oauth2."
TASKS = "/api/method/demo_crm.api.home_tasks?limit=5"
CLIENT = {"app_name": "Mobile App", "redirect_uris": [APP_URI, "https://trust.jossoor.org/oauth/callback"]}


@pytest.fixture(scope="module")
def app(demo, monkeypatch_module):
    """The app of the guide: the address of the site, the client's row, and a user with a password."""
    monkeypatch_module.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch_module.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch_module.setenv("OAUTHLIB_RELAX_TOKEN_SCOPE", "1")
    declared = {
        "oauth_clients": [{**CLIENT, "scopes": ["all", "openid"]}],
        "cors": {"origins": ["https://app.trust.com"]},
    }
    run = demo.site(oauth2_site_defaults=declared)
    assert run.status == 0, run.output
    (client,) = (row for row in demo.rows(SITE, "OAuth Client") if row["app_name"] == "Mobile App")
    return {"url": demo.address, "client": client, "user": "clerk@demo.example"}


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture
def browser(demo, app):
    """A browser with the user's session that follows an authorization to the app."""
    session = requests.Session()
    form = {"usr": app["user"], "pwd": demo.credentials[app["user"]]}
    assert session.post(app["url"] + "/api/method/login", data=form, timeout=30).status_code == 200

    def follow(uri):
        page = session.get(uri, allow_redirects=False, timeout=30)
        assert page.status_code == 200 and "<button" in page.text  # the consent page
        reply = session.get(uri.replace(".authorize?", ".approve?"), allow_redirects=False, timeout=30)
        assert reply.headers["Location"].startswith(APP_URI)
        return reply.headers["Location"]

    yield follow
    session.get(app["url"] + "/api/method/logout", timeout=30)


def test_authlib_goes_through_the_whole_life_of_a_token(app, browser):
    verifier = generate_token(64)
    session = AuthlibSession(
        app["client"]["name"],
        scope="all openid",
        redirect_uri=APP_URI,
        code_challenge_method="S256",
        token_endpoint_auth_method="none",
        revocation_endpoint_auth_method="none",
    )
    uri, state = session.create_authorization_url(
        app["url"] + OAUTH + "authorize", code_verifier=verifier, nonce="nonce-of-the-app"
    )
    back = browser(uri)
    token = session.fetch_token(
        app["url"] + OAUTH + "get_token", authorization_response=back, code_verifier=verifier, state=state
    )
    assert token["token_type"] == "Bearer" and token["expires_in"] == 3600

    key = joserfc.jwk.OctKey.import_key(app["client"]["client_secret"])
    told = joserfc.jwt.decode(token["id_token"], key, algorithms=["HS256"]).claims
    assert (told["aud"], told["nonce"], told["email"]) == (app["client"]["name"], "nonce-of-the-app", app["user"])
    found = requests.get(app["url"] + "/.well-known/openid-configuration", timeout=30).json()
    assert found["issuer"] == told["iss"] == "http://127.0.0.1"  # nginx passes the host name without the port

    assert session.get(app["url"] + TASKS).json()["message"] == {"today": [], "limit": 5}
    assert session.get(app["url"] + OAUTH + "openid_profile").json()["email"] == app["user"]
    told = session.introspect_token(app["url"] + OAUTH + "introspect_token", token["access_token"], "access_token")
    assert told.json()["active"] is True

    fresh = session.refresh_token(app["url"] + OAUTH + "get_token")
    assert fresh["access_token"] != token["access_token"]
    assert session.get(app["url"] + TASKS).status_code == 200

    revoked = session.revoke_token(
        app["url"] + OAUTH + "revoke_token",
        token=fresh["refresh_token"],
        token_type_hint="refresh_token",
        body=urllib.parse.urlencode({"client_id": app["client"]["name"]}),
    )
    assert revoked.status_code == 200
    assert session.get(app["url"] + TASKS).status_code == 401


def test_authlib_reads_the_refusals_as_oauth_errors(app, browser):
    session = AuthlibSession(
        app["client"]["name"],
        scope="all openid",
        redirect_uri=APP_URI,
        code_challenge_method="S256",
        token_endpoint_auth_method="none",
    )
    uri, state = session.create_authorization_url(app["url"] + OAUTH + "authorize", code_verifier=generate_token(64))
    with pytest.raises(Exception, match="invalid_grant"):
        session.fetch_token(
            app["url"] + OAUTH + "get_token",
            authorization_response=browser(uri),
            code_verifier=generate_token(64),
            state=state,
        )


def test_requests_oauthlib_with_its_own_pkce(app, browser):
    session = OAuth2Session(app["client"]["name"], redirect_uri=APP_URI, scope=["all", "openid"], pkce="S256")
    uri, _state = session.authorization_url(app["url"] + OAUTH + "authorize")
    session.fetch_token(app["url"] + OAUTH + "get_token", authorization_response=browser(uri), include_client_id=True)
    assert session.get(app["url"] + TASKS).json()["message"]["limit"] == 5
    old = session.token["access_token"]
    session.refresh_token(app["url"] + OAUTH + "get_token", client_id=app["client"]["name"])
    assert session.token["access_token"] != old and session.get(app["url"] + TASKS).status_code == 200


# ---------------------------------------------------------------- the guide's commands
def curl(*words):
    """The status and JSON body of a curl request."""
    done = subprocess.run(["curl", "-sS", "-w", "\n%{http_code}", *words], capture_output=True, text=True, check=True)
    body, _line, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


def post(url, *fields):
    """The command of the guide."""
    form = "Content-Type: application/x-www-form-urlencoded"
    return curl("-X", "POST", url, "-H", form, *(word for field in fields for word in ("-d", field)))


def test_the_guides_password_grant_call_refresh_and_revocation(demo, app):
    token, client_id = app["url"] + OAUTH + "get_token", f"client_id={app['client']['name']}"
    status, pair = post(
        token,
        "grant_type=password",
        f"username={app['user']}",
        f"password={urllib.parse.quote(demo.credentials[app['user']])}",
        client_id,
        "scope=all openid",
    )
    assert (status, pair["token_type"], pair["expires_in"], set(pair["scope"].split())) == (
        200,
        "Bearer",
        3600,
        {"all", "openid"},
    )
    bearer = f"Authorization: Bearer {pair['access_token']}"
    assert curl(app["url"] + TASKS, "-H", bearer) == (200, {"message": {"today": [], "limit": 5}})

    status, fresh = post(token, "grant_type=refresh_token", f"refresh_token={pair['refresh_token']}", client_id)
    assert status == 200 and fresh["access_token"] != pair["access_token"]

    status, _body = post(app["url"] + OAUTH + "revoke_token", f"token={pair['access_token']}", client_id)
    assert status == 200
    assert curl(app["url"] + TASKS, "-H", bearer)[0] == 401


def test_the_guides_exchange_of_a_code_with_its_verifier(app, browser):
    verifier = generate_token(64)
    session = AuthlibSession(
        app["client"]["name"], scope="all openid", redirect_uri=APP_URI, code_challenge_method="S256"
    )
    uri, _state = session.create_authorization_url(app["url"] + OAUTH + "authorize", code_verifier=verifier)
    (code,) = urllib.parse.parse_qs(urllib.parse.urlsplit(browser(uri)).query)["code"]
    status, pair = post(
        app["url"] + OAUTH + "get_token",
        "grant_type=authorization_code",
        f"code={code}",
        f"redirect_uri={APP_URI}",
        f"client_id={app['client']['name']}",
        f"code_verifier={verifier}",
    )
    assert status == 200 and pair["access_token"] and pair["refresh_token"]


def test_the_guides_preflight_as_a_browser_sends_it(app):
    asks = ["-H", "Origin: https://app.trust.com", "-H", "Access-Control-Request-Method: POST"]
    done = subprocess.run(
        ["curl", "-sS", "-i", "-X", "OPTIONS", app["url"] + TASKS, *asks], capture_output=True, text=True, check=True
    )
    told = [line for line in done.stdout.splitlines() if line.lower().startswith("access-control-allow-origin:")]
    assert told == ["Access-Control-Allow-Origin: https://app.trust.com"]


# ---------------------------------------------------------------- Frappe's own client
def test_frappe_client_works_with_a_key_pair_that_was_set_by_us(demo, app, keys):
    result = keys.run(("Set", {"users": [MANAGER], "secrets": {MANAGER: PAIR}}), secrets_store="{{ omit }}")["Set"]
    assert not result.get("failed"), result
    client = FrappeClient(app["url"], api_key=PAIR["api_key"], api_secret=PAIR["api_secret"])
    assert client.get_api("frappe.auth.get_logged_user") == MANAGER
    found = client.get_list("OAuth Client", fields=["name", "app_name"], filters={"app_name": "Mobile App"})
    assert [row["name"] for row in found] == [app["client"]["name"]]
    whole = client.get_doc("OAuth Client", app["client"]["name"])
    assert whole["redirect_uris"] == " ".join(CLIENT["redirect_uris"])

    made = client.insert({"doctype": "Role", "role_name": "Made by a client"})
    assert made["name"] == "Made by a client"
    assert client.update({"doctype": "Role", "name": made["name"], "desk_access": 0})["desk_access"] == 0
    assert client.get_value("Role", "desk_access", {"name": made["name"]}) == {"desk_access": 0}
    client.delete("Role", made["name"])
    assert client.get_doc("Role", made["name"]) is None  # the library ignores a 404
    wrong = FrappeClient(app["url"], api_key=PAIR["api_key"], api_secret="wrong-on-purpose-0123456789")
    with pytest.raises(FrappeException, match="AuthenticationError"):
        wrong.get_api("frappe.auth.get_logged_user")
