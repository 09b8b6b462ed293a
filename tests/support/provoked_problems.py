# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems that verify must find. Each is a context manager of the bench."""

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
set_encrypted_password("User", data, "secret-of-the-bench", "api_secret")
"""
TAKE_KEY = """
from frappe.utils.password import remove_encrypted_password
remove_encrypted_password("User", data, "api_secret")
"""
ANOTHER_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def declared_client(bench):
    """The row of the site's OAuth client."""
    (row,) = (row for row in bench.ground.rows(bench.broken, "OAuth Client") if row["app_name"] == "Mobile App")
    return row


@contextlib.contextmanager
def inserted(bench, doctype, columns):
    """Add a row to its database."""
    marks = ", ".join(["?"] * len(columns))
    insert = f'insert into "tab{doctype}" ({", ".join(columns)}) values ({marks})'
    bench.ground.execute(bench.broken, insert, *columns.values())
    try:
        yield
    finally:
        bench.ground.execute(bench.broken, f'delete from "tab{doctype}" where name = ?', columns["name"])


@contextlib.contextmanager
def client(bench, **columns):
    """Change columns of its OAuth client directly, without Frappe."""
    row = declared_client(bench)
    change = f'update "tabOAuth Client" set {", ".join(f"{name} = ?" for name in columns)} where name = ?'
    bench.ground.execute(bench.broken, change, *columns.values(), row["name"])
    try:
        yield
    finally:
        bench.ground.execute(bench.broken, change, *(row[name] for name in columns), row["name"])


def second_client(bench, app_name):
    """Add a copy of its OAuth client with a different name and app_name."""
    row = declared_client(bench)
    copied = {name: row[name] for name in ("client_secret", "scopes", "redirect_uris", "default_redirect_uri")}
    copied.update({name: row[name] for name in ("grant_type", "response_type", "skip_authorization", "creation")})
    copied.update(name="second-client", client_id="second-client", app_name=app_name)
    return inserted(bench, "OAuth Client", copied)


def config(bench, **keys):
    """Change keys of its site_config.json."""
    path = bench.ground.config_path(bench.broken)
    return rewritten(path, json.dumps({**json.loads(path.read_text()), **keys}))


@contextlib.contextmanager
def star(bench):
    """Let Frappe send the CORS headers of the site to every origin; nothing is declared for nginx."""
    defaults = {**bench.declared["oauth2_site_defaults"]}
    cors = {"cors": defaults.pop("cors")}
    sites = [{"name": site, **({} if site == bench.broken else cors)} for site in bench.ground.sites]
    declared = {**bench.declared, "oauth2_site_defaults": defaults, "oauth2_sites": sites}
    assert bench.ground.site(**declared).status == 0
    try:
        with config(bench, allow_cors="*"):
            yield
    finally:
        assert bench.ground.site(**bench.declared).status == 0


@contextlib.contextmanager
def nginx(bench, after, line):
    """Add a line to the configuration that bench wrote."""
    path = bench.ground.path / "config" / "nginx.conf"
    text = path.read_text()
    assert after in text
    try:
        with rewritten(path, text.replace(after, f"{after}\n{line}", 1)):
            reload_nginx(bench.ground)
            yield
    finally:
        reload_nginx(bench.ground)


def token(bench, user, **columns):
    """Add a token of a user to its database."""
    return inserted(bench, "OAuth Bearer Token", {**columns, "user": bench.ground.users[user]["email"]})


@contextlib.contextmanager
def role(bench, name):
    """Set the only allowed role of its OAuth client."""
    kept = bench.ground.rows(bench.broken, "OAuth Client Role")
    bench.ground.execute(bench.broken, 'update "tabOAuth Client Role" set role = ?', name)
    try:
        yield
    finally:
        for one in kept:
            change = 'update "tabOAuth Client Role" set role = ? where name = ?'
            bench.ground.execute(bench.broken, change, one["role"], one["name"])


def code(bench, text):
    """Add a function to an app that the running web process has not loaded."""
    path = bench.ground.path / "apps" / bench.ground.module
    return rewritten(path, path.read_text() + text)


@contextlib.contextmanager
def single(bench, doctype, field, value):
    """Change a field of a single doctype."""
    values = (doctype, field, value)
    insert = 'insert into "tabSingles" (doctype, field, value) values (?, ?, ?)'
    bench.ground.execute(bench.broken, insert, *values)
    try:
        yield
    finally:
        delete = 'delete from "tabSingles" where doctype = ? and field = ? and value = ?'
        bench.ground.execute(bench.broken, delete, *values)


@contextlib.contextmanager
def saved_by_hand(bench):
    """Change the secret of its client in the form."""
    inside, site = bench.ground.inside, bench.broken
    kept = inside(SAVE, "by-hand-0123456789-0123456789-0123456789", [site])[site]
    try:
        yield
    finally:
        inside(SAVE, kept, [site])
        inside(FORGET, None, [site])


@contextlib.contextmanager
def another_key(bench):
    """Store a secret and replace its encryption_key, as a template of the whole file would."""
    user = bench.ground.users["clerk"]["email"]
    bench.ground.inside(GIVE_KEY, user, [bench.broken])
    try:
        with config(bench, encryption_key=ANOTHER_KEY):
            yield
    finally:
        bench.ground.inside(TAKE_KEY, user, [bench.broken])
