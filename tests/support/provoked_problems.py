# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems that verify must find. Each is a context manager of the clinic."""

from __future__ import annotations

import contextlib
import json

from edge_requests import reload_nginx
from site_faults import rewritten

UNMANAGED = {"cors": {"managed": False}}
# In the bench's Python: as with the client's form, so Frappe keeps a Version; and the user's API key.
SAVE = """
doc = frappe.get_doc("OAuth Client", {"app_name": "Mobile App"})
doc.client_secret, result = data, doc.client_secret
doc.save()
"""
FORGET = "frappe.db.delete('Version', {'ref_doctype': 'OAuth Client'})"
GIVE_KEY = """
from frappe.utils.password import set_encrypted_password
set_encrypted_password("User", data, "secret-of-the-clinic", "api_secret")
"""
TAKE_KEY = """
from frappe.utils.password import remove_encrypted_password
remove_encrypted_password("User", data, "api_secret")
"""
ANOTHER_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def declared_client(clinic):
    """The row of the site's OAuth client."""
    (row,) = (row for row in clinic.ground.rows(clinic.sick, "OAuth Client") if row["app_name"] == "Mobile App")
    return row


@contextlib.contextmanager
def inserted(clinic, doctype, columns):
    """Add a row to its database."""
    marks = ", ".join(["?"] * len(columns))
    insert = f'insert into "tab{doctype}" ({", ".join(columns)}) values ({marks})'
    clinic.ground.execute(clinic.sick, insert, *columns.values())
    try:
        yield
    finally:
        clinic.ground.execute(clinic.sick, f'delete from "tab{doctype}" where name = ?', columns["name"])


@contextlib.contextmanager
def client(clinic, **columns):
    """Change columns of its OAuth client directly, without Frappe."""
    row = declared_client(clinic)
    change = f'update "tabOAuth Client" set {", ".join(f"{name} = ?" for name in columns)} where name = ?'
    clinic.ground.execute(clinic.sick, change, *columns.values(), row["name"])
    try:
        yield
    finally:
        clinic.ground.execute(clinic.sick, change, *(row[name] for name in columns), row["name"])


def second_client(clinic, app_name):
    """Add a copy of its OAuth client with a different name and app_name."""
    row = declared_client(clinic)
    copied = {name: row[name] for name in ("client_secret", "scopes", "redirect_uris", "default_redirect_uri")}
    copied.update({name: row[name] for name in ("grant_type", "response_type", "skip_authorization", "creation")})
    copied.update(name="second-client", client_id="second-client", app_name=app_name)
    return inserted(clinic, "OAuth Client", copied)


def config(clinic, **keys):
    """Change keys of its site_config.json."""
    path = clinic.ground.config_path(clinic.sick)
    return rewritten(path, json.dumps({**json.loads(path.read_text()), **keys}))


@contextlib.contextmanager
def star(clinic):
    """Let Frappe send the CORS headers of the site to every origin; nothing is declared for nginx."""
    defaults = {**clinic.declared["oauth2_site_defaults"]}
    cors = {"cors": defaults.pop("cors")}
    sites = [{"name": site, **({} if site == clinic.sick else cors)} for site in clinic.ground.sites]
    declared = {**clinic.declared, "oauth2_site_defaults": defaults, "oauth2_sites": sites}
    assert clinic.ground.site(**declared).status == 0
    try:
        with config(clinic, allow_cors="*"):
            yield
    finally:
        assert clinic.ground.site(**clinic.declared).status == 0


@contextlib.contextmanager
def nginx(clinic, after, line):
    """Add a line to the configuration that bench wrote."""
    path = clinic.ground.path / "config" / "nginx.conf"
    text = path.read_text()
    assert after in text
    try:
        with rewritten(path, text.replace(after, f"{after}\n{line}", 1)):
            reload_nginx(clinic.ground)
            yield
    finally:
        reload_nginx(clinic.ground)


def token(clinic, user, **columns):
    """Add a token of a user to its database."""
    return inserted(clinic, "OAuth Bearer Token", {**columns, "user": clinic.ground.users[user]["email"]})


@contextlib.contextmanager
def role(clinic, name):
    """Set the only allowed role of its OAuth client."""
    kept = clinic.ground.rows(clinic.sick, "OAuth Client Role")
    clinic.ground.execute(clinic.sick, 'update "tabOAuth Client Role" set role = ?', name)
    try:
        yield
    finally:
        for one in kept:
            change = 'update "tabOAuth Client Role" set role = ? where name = ?'
            clinic.ground.execute(clinic.sick, change, one["role"], one["name"])


def code(clinic, text):
    """Add a function to an app that the running web process has not loaded."""
    path = clinic.ground.path / "apps" / clinic.ground.module
    return rewritten(path, path.read_text() + text)


@contextlib.contextmanager
def single(clinic, doctype, field, value):
    """Change a field of a single doctype."""
    values = (doctype, field, value)
    insert = 'insert into "tabSingles" (doctype, field, value) values (?, ?, ?)'
    clinic.ground.execute(clinic.sick, insert, *values)
    try:
        yield
    finally:
        delete = 'delete from "tabSingles" where doctype = ? and field = ? and value = ?'
        clinic.ground.execute(clinic.sick, delete, *values)


@contextlib.contextmanager
def saved_by_hand(clinic):
    """Change the secret of its client in the form."""
    inside, site = clinic.ground.inside, clinic.sick
    kept = inside(SAVE, "by-hand-0123456789-0123456789-0123456789", [site])[site]
    try:
        yield
    finally:
        inside(SAVE, kept, [site])
        inside(FORGET, None, [site])


@contextlib.contextmanager
def another_key(clinic):
    """Store a secret and replace its encryption_key, as a template of the whole file would."""
    user = clinic.ground.users["clerk"]["email"]
    clinic.ground.inside(GIVE_KEY, user, [clinic.sick])
    try:
        with config(clinic, encryption_key=ANOTHER_KEY):
            yield
    finally:
        clinic.ground.inside(TAKE_KEY, user, [clinic.sick])
