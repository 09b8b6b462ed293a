# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API keys on the demo bench: runs of the module, the stored secrets, and requests with an API key."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

SITE = "site2.localhost"  # 127.0.0.1 is one of its domains
CLERK, MANAGER, FORMER, CUSTOMER = (f"{n}@demo.example" for n in ("clerk", "manager", "former", "customer"))
PAIR = {"api_key": "given-key-0123", "api_secret": "given-secret-0123456789abcdef01234"}
OTHER = {"api_key": "other-key-0123", "api_secret": "other-secret-0123456789abcdef01234"}
MODULE = "frappe_user_api_key"


class Keys:
    """The module on the demo bench, the secrets that it kept, and requests with an API key."""

    def __init__(self, demo, folder):
        self.demo, self.store = demo, str(folder / "secrets")

    def run(self, *steps, **shared):
        shared.setdefault("secrets_store", self.store)
        return self.demo.modules(MODULE, *steps, **{"name": SITE, "users": [CLERK], **shared})

    def file(self, site=SITE):
        return Path(self.store) / "localhost" / f"{site}.yml"

    def kept(self, section="api_keys", site=SITE):
        if not self.file(site).exists():
            return {}
        vault = VaultLib([("default", VaultSecret(self.demo.vault.read_bytes()))])
        return yaml.safe_load(vault.decrypt(self.file(site).read_bytes())).get(section, {})

    def users(self):
        return {user["name"]: user for user in self.demo.rows(SITE, "User")}

    def login(self, pair):
        """The user that the site reports for an API key, or the status of the response."""
        token = {"Authorization": f"token {pair['api_key']}:{pair['api_secret']}"}
        url = f"{self.demo.address}/api/method/frappe.auth.get_logged_user"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=token), timeout=20) as reply:
                return json.load(reply)["message"]
        except urllib.error.HTTPError as error:
            return error.code

    def save(self, user):
        """Save the user as the desk does."""
        code = (
            f"import frappe; frappe.init(site='{SITE}', sites_path='.'); frappe.connect();"
            f"frappe.get_doc('User', '{user}').save(); frappe.db.commit()"
        )
        argv = [str(self.demo.path / "env/bin/python"), "-c", code]
        self.demo.tasks(
            [{"name": "Save", "ansible.builtin.command": {"argv": argv, "chdir": str(self.demo.path / "sites")}}]
        )


def row(result, number=0):
    return result["sites"][number]


def actions(result, number=0):
    return {change["user"]: change["action"] for change in row(result, number)["users"]}
