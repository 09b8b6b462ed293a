# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bearer tokens on the demo bench: issued over HTTP as to an app, made older, and tested."""

from __future__ import annotations

import datetime
import json
import urllib.error
import urllib.parse
import urllib.request

from demo_bench import SITES

SITE = "site2.localhost"  # 127.0.0.1 is one of its domains
CLERK, MANAGER, FORMER = (f"{name}@demo.example" for name in ("clerk", "manager", "former"))
MOBILE, KIOSK = "Mobile App", "Kiosk"
MODULE = "frappe_oauth_token"
METHODS = "/api/method/frappe.integrations.oauth2."


def post(address, path, bearer=None, host=None, **form):
    """The status and body of a POST, or of a GET without a form. No cookies are sent."""
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    headers.update({"Host": host} if host else {})
    data = urllib.parse.urlencode(form).encode() if form else None
    try:
        with urllib.request.urlopen(urllib.request.Request(address + path, data, headers), timeout=20) as reply:
            return reply.status, json.loads(reply.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, {}


class Tokens:
    """Two clients and their tokens on one site of the demo bench."""

    def __init__(self, demo):
        self.demo = demo
        options = {"redirect_uris": ["com.example.crm://cb"], "scopes": ["openid"], "name": SITE}
        self.clear()
        made = demo.modules("frappe_oauth_client", *((name, {"app_name": name, **options}) for name in (MOBILE, KIOSK)))
        self.ids = {name: result["sites"][0]["client_id"] for name, result in made.items()}

    def clear(self):
        """Remove what a test leaves."""
        for site in SITES:
            for doctype in ("OAuth Bearer Token", "OAuth Authorization Code", "OAuth Client", "OAuth Client Role"):
                self.demo.execute(site, f'delete from "tab{doctype}"')
            self.demo.execute(site, "update tabUser set enabled = name != ?", FORMER)

    # -------- as an app
    def issue(self, client=MOBILE, user=CLERK, age=None, code=False):
        """New tokens by the password grant, issued ``age`` days ago."""
        status, pair = post(
            self.demo.address,
            METHODS + "get_token",
            grant_type="password",
            username=user,
            password=self.demo.credentials[user],
            client_id=self.ids[client],
            scope="openid",
        )
        assert status == 200, pair
        if age is not None:
            self.set_back(pair, age)
        return pair

    def set_back(self, pair, days):
        """Make the tokens this many days older."""
        issued = datetime.datetime.now() - datetime.timedelta(days=days)
        ended = issued + datetime.timedelta(hours=1)
        self.demo.execute(
            SITE,
            'update "tabOAuth Bearer Token" set creation = ?, modified = ?, expiration_time = ? where name = ?',
            *(moment.strftime("%Y-%m-%d %H:%M:%S.%f") for moment in (issued, issued, ended)),
            pair["access_token"],
        )

    def code(self, name, user=CLERK, client=MOBILE, validity="Valid"):
        """An authorization code, as authorize stores it."""
        self.demo.execute(
            SITE,
            'insert into "tabOAuth Authorization Code" (name, authorization_code, client, user, validity, scopes, '
            "redirect_uri_bound_to_authorization_code, creation, modified, owner, modified_by, docstatus, idx) values "
            "(?, ?, ?, ?, ?, 'openid', 'com.example.crm://cb', ?, ?, 'Guest', 'Guest', 0, 0)",
            name,
            name,
            self.ids[client],
            user,
            validity,
            *2 * (datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S.%f"),),
        )

    def redeem(self, name, client=MOBILE):
        """The status of the exchange of a code."""
        return post(
            self.demo.address,
            METHODS + "get_token",
            grant_type="authorization_code",
            code=name,
            redirect_uri="com.example.crm://cb",
            client_id=self.ids[client],
        )[0]

    def calls(self, pair):
        """Whether the API accepts the access token."""
        return post(self.demo.address, "/api/method/frappe.auth.get_logged_user", pair["access_token"])[0] == 200

    def refreshes(self, pair, client=MOBILE):
        """Whether the refresh token works. The new tokens are deleted."""
        status, new = post(
            self.demo.address,
            METHODS + "get_token",
            grant_type="refresh_token",
            refresh_token=pair["refresh_token"],
            client_id=self.ids[client],
        )
        if status == 200:
            self.demo.execute(SITE, 'delete from "tabOAuth Bearer Token" where name = ?', new["access_token"])
        return status == 200

    def works(self, pair, client=MOBILE):
        """Whether the access token and the refresh token still work."""
        return self.calls(pair), self.refreshes(pair, client)

    # -------- the module
    def run(self, *steps, **shared):
        """Run frappe_oauth_token; return each result by the name of its step."""
        return self.demo.modules(MODULE, *steps, **{"name": SITE, **shared})

    def rows(self, doctype="OAuth Bearer Token"):
        """The rows, by name."""
        return {row["name"]: row for row in self.demo.rows(SITE, doctype)}


def told(result, number=0):
    """The parts of a result row that must be equal in check mode."""
    row = result["sites"][number]
    return {key: row[key] for key in ("action", "changed", "diff", "tokens", "revoked", "deleted", "kept_live")}
