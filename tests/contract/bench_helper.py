# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# fmt: off
# ruff: noqa: E501
"""Access to a site of the bench. It creates and deletes the clients for the HTTP cases."""

from __future__ import annotations

import contextlib
import json
import os
import sys

from http_cases import APP_URI, WEB_URI


@contextlib.contextmanager
def bench_site(args):
    os.chdir(os.path.join(args.bench, "sites"))
    import frappe

    frappe.init(site=args.site, sites_path=".")
    frappe.connect()
    try:
        yield frappe
    finally:
        frappe.db.rollback()
        frappe.destroy()


MADE = {  # label: the differences from the default client
    "skip": {"skip_authorization": 1}, "consent": {}, "other": {"skip_authorization": 1},
    "newline": {"skip_authorization": 1, "redirect_uris": f"{APP_URI}\n{WEB_URI}"},
    "nouris": {"skip_authorization": 1, "redirect_uris": ""},
    "limited": {"skip_authorization": 1, "allowed_roles": [{"role": "System Manager"}]}}
BASE = {"app_name": "Contract Base", "redirect_uris": f"{APP_URI} {WEB_URI}", "default_redirect_uri": APP_URI, "scopes": "all openid",
        "grant_type": "Authorization Code", "response_type": "Code"}


def run_helper(args):
    with contextlib.redirect_stdout(sys.stderr), bench_site(args) as frappe:
        from frappe.utils.password import get_decrypted_password, remove_encrypted_password, set_encrypted_password

        verb, rest = args.verb[0], args.verb[1:]
        answer = {}
        if verb == "create":
            clients = {}
            for label, over in MADE.items():
                doc = frappe.get_doc({"doctype": "OAuth Client", **BASE, "app_name": f"Contract {label.title()}", **over}).insert()
                clients[label] = {"name": doc.name, "secret": doc.client_secret}
            undo = {"key": frappe.db.get_value("User", rest[0], "api_key"),
                    "secret": get_decrypted_password("User", rest[0], "api_secret", raise_exception=False)}
            answer = {"clients": clients, "key": "contractkey0abc", "secret": "contractsecret0", "undo": undo, "frappe": frappe.__version__}
            frappe.db.set_value("User", rest[0], "api_key", answer["key"], update_modified=False)
            set_encrypted_password("User", rest[0], answer["secret"], "api_secret")
        elif verb == "expire":
            frappe.db.set_value("OAuth Bearer Token", rest[0], "expiration_time", "2020-01-01 00:00:00")
        elif verb == "delete":
            undo = json.load(sys.stdin)
            ours = [f"Contract {label.title()}" for label in [*MADE, "rest"]]
            for name in frappe.get_all("OAuth Client", filters={"app_name": ["in", ours]}, pluck="name"):
                for doctype in ("OAuth Bearer Token", "OAuth Authorization Code"):
                    frappe.db.delete(doctype, {"client": name})
                frappe.delete_doc("OAuth Client", name, force=True, delete_permanently=True)
            for doctype in ("OAuth Client", "OAuth Authorization Code"):  # Frappe keeps copies of deleted documents
                frappe.db.delete("Deleted Document", {"deleted_doctype": doctype, "data": ["like", f"%{APP_URI}%"]})
            frappe.db.set_value("User", rest[0], "api_key", undo["key"], update_modified=False)
            if undo["secret"]:
                set_encrypted_password("User", rest[0], undo["secret"], "api_secret")
            else:
                remove_encrypted_password("User", rest[0], "api_secret")
        frappe.db.commit()
    print(json.dumps(answer))
