# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# fmt: off
# ruff: noqa: B023, E501
"""The cases in the bench's Python, and the helper that creates and deletes clients for the HTTP cases."""

from __future__ import annotations

import base64
import contextlib
import copy
import datetime
import importlib.metadata
import inspect
import json
import os
import re
import sys
import tempfile

from bench_helper import BASE, bench_site
from http_cases import AUTO_ROLES
from inprocess_cases import CONFIG_VALUES, DOCTYPES, DROP, FILTERS, INPUTS, NAMES_USED, RIGHTS, USER_FIELDS, form


def short(value):
    """Replace long, generated and time-dependent values with placeholders."""
    if isinstance(value, dict):
        return {k: short(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [short(v) for v in value]
    if isinstance(value, (datetime.datetime, datetime.date, datetime.timedelta)):
        return "<time>"
    if isinstance(value, str) and len(value) > 120:
        return f"{value[:20]}<{len(value)} characters>"
    return value if isinstance(value, (str, int, float, bool)) or value is None else f"<{type(value).__name__}>"


class InProcess:
    def __init__(self, frappe):
        self.frappe, self.cases = frappe, []

    def case(self, name, why, request, run):
        """Run a case, record the result or the type of the exception, and roll back."""
        frappe = self.frappe
        request = short(copy.deepcopy(request))
        try:
            response = {"result": short(run())}
        except Exception as e:
            response = {"exception": type(e).__name__, "http_status_code": getattr(e, "http_status_code", None),
                        "is_a": [c.__name__ for c in type(e).__mro__[1:] if c.__module__.startswith("frappe")]}
        frappe.db.rollback()
        frappe.set_user("Administrator")
        frappe.local.message_log = []
        self.cases.append({"name": name, "why": why, "request": request, "response": response})

    def client(self, **over):
        over = {**BASE, **over}
        chosen = over.pop("_set_name", None)
        return self.frappe.get_doc({"doctype": "OAuth Client", **{k: v for k, v in over.items() if v is not DROP}}).insert(set_name=chosen)

    def stored(self, doc, keys):
        """The stored values, with placeholders for generated ones."""
        frappe, result = self.frappe, {}
        for key in keys:
            if key == "allowed_roles":
                result[key] = frappe.get_all("OAuth Client Role", filters={"parent": doc.name}, pluck="role", order_by="idx")
            elif key == "_set_name" or key == "name":
                result["name"] = self.hashed(doc.name)
                result["client_id = name"] = frappe.db.get_value("OAuth Client", doc.name, "client_id") == doc.name
            elif frappe.get_meta("OAuth Client").has_field(key):
                value = frappe.db.get_value("OAuth Client", doc.name, key)
                result[key] = self.hashed(value) if key in ("client_secret", "client_id") else value
            else:
                result[key] = "<no such column>"
        return result

    @staticmethod
    def hashed(value):
        return f"<hash:{len(value)}>" if isinstance(value, str) and re.fullmatch(r"[0-9a-z]{10,15}", value) and re.search(r"\d", value) else value


def oauth_client_cases(rec):
    frappe = rec.frappe
    for name, why, over in INPUTS:
        keys = list(over) or [*BASE, "name", "client_secret", "skip_authorization", "allowed_roles", "user"]
        shown = {k: v for k, v in over.items() if v is not DROP} or ({"missing": list(over)} if over else BASE)
        rec.case("client.input." + name, why, shown, lambda: rec.stored(rec.client(**copy.deepcopy(over)), keys))
    for stored, wanted, why in FILTERS:
        def find():
            doc = rec.client(app_name=stored)
            same = {"name": doc.name}
            return {"=": len(frappe.get_all("OAuth Client", filters={**same, "app_name": wanted})),
                    "in": len(frappe.get_all("OAuth Client", filters={**same, "app_name": ["in", [wanted]]})),
                    "like": len(frappe.get_all("OAuth Client", filters={**same, "app_name": ["like", wanted]})),
                    "exists": bool(frappe.db.exists("OAuth Client", {**same, "app_name": wanted}))}
        rec.case("client.filter." + why.replace(" ", "-"), "what a filter by app_name matches", {"stored": stored, "filter": wanted}, find)

    def twice():
        return [rec.client().name != rec.client().name, len(frappe.get_all("OAuth Client", filters={"app_name": BASE["app_name"]}))]

    def changed(act):
        doc = rec.client(client_secret="contract-given-secret")
        frappe.db.set_value("OAuth Client", doc.name, "modified", "2020-01-01 00:00:00", update_modified=False)
        doc.reload()
        extra = act(doc)
        row = frappe.db.get_value("OAuth Client", doc.name, ["modified", "client_secret", "scopes"], as_dict=True)
        return {"modified bumped": str(row.modified)[:4] != "2020", "client_secret": rec.hashed(row.client_secret), "scopes": row.scopes,
                "versions": frappe.db.count("Version", {"ref_doctype": "OAuth Client", "docname": doc.name}), **(extra or {})}

    def roles_again(doc):
        before = frappe.get_all("OAuth Client Role", filters={"parent": doc.name}, pluck="name")
        doc.set("allowed_roles", [])
        doc.append("allowed_roles", {"role": "Desk User"})
        doc.save()
        return {"row kept": before == frappe.get_all("OAuth Client Role", filters={"parent": doc.name}, pluck="name")}

    for name, why, act in [
        ("save", "a save without change", lambda d: d.save() and None),
        ("save-same-value", "the same value set again", lambda d: d.update({"scopes": "all openid"}).save() and None),
        ("save-change", "a real change", lambda d: d.update({"scopes": "openid"}).save() and None),
        ("save-empty-secret", "an emptied secret is made anew", lambda d: d.update({"client_secret": ""}).save() and None),
        ("save-client-id", "client_id cannot be changed", lambda d: {"same": d.update({"client_id": "other"}).save().client_id == d.name}),
        ("save-same-roles", "child rows are replaced", roles_again),
        ("db-set", "db_set bumps", lambda d: d.db_set("scopes", "openid")),
        ("set-value", "db.set_value bumps", lambda d: frappe.db.set_value("OAuth Client", d.name, "scopes", "openid")),
        ("set-value-quiet", "unless told not to", lambda d: frappe.db.set_value("OAuth Client", d.name, "scopes", "openid", update_modified=False)),
    ]:
        rec.case("client.update." + name, why, {}, lambda: changed(act))

    def stale():
        doc = rec.client()
        old = frappe.get_doc("OAuth Client", doc.name)
        doc.save()
        old.save()

    def with_row(doctype, then, **delete):
        doc = rec.client()
        row = {"doctype": doctype, "client": doc.name, "user": "Administrator", "scopes": "all"}
        row.update({"access_token": "contracttoken", "refresh_token": "contractrefresh", "expires_in": 3600} if "Bearer" in doctype
                   else {"authorization_code": "contractcode", "validity": "Valid"})
        made = frappe.get_doc(row).insert(ignore_permissions=True)
        return then(doc, made, delete)

    def delete(doc, made, options):
        frappe.delete_doc("OAuth Client", doc.name, **options)
        return {"client left": bool(frappe.db.exists("OAuth Client", doc.name)), "row left": bool(frappe.db.exists(made.doctype, made.name)),
                "roles left": frappe.db.count("OAuth Client Role", {"parent": doc.name}),
                "kept in Deleted Document": bool(frappe.db.exists("Deleted Document", {"deleted_name": doc.name}))}

    def token_row(doc, made, _options):
        row = frappe.db.get_value("OAuth Bearer Token", made.name, ["name", "status", "expires_in", "expiration_time", "refresh_token"], as_dict=True)
        left = (frappe.utils.get_datetime(row.expiration_time) - frappe.utils.now_datetime()).total_seconds()
        return {**row, "seconds left": round(left, -2)}

    def code_row(doc, made, _options):
        fields = ["name", "validity", "expiration_time", "code_challenge_method"]
        return frappe.db.get_value("OAuth Authorization Code", made.name, fields, as_dict=True)

    def delete_plain():
        doc = rec.client()
        return delete(doc, doc, {})

    def rename():
        doc = rec.client()
        frappe.rename_doc("OAuth Client", doc.name, "contract-renamed")
        return frappe.db.get_value("OAuth Client", "contract-renamed", "client_id") == doc.name

    rec.case("client.duplicate-app-name", "app_name is not unique", {}, twice)
    rec.case("client.duplicate-name", "a chosen name is", {}, lambda: [rec.client(_set_name="contract-n") and rec.client(_set_name="contract-n")])
    rec.case("client.duplicate-name-case", "by collation", {}, lambda: [rec.client(_set_name="contract-n") and rec.client(_set_name="CONTRACT-N")])
    rec.case("client.get-other-case", "a name is found in another case", {"stored": "contract-n", "asked": "CONTRACT-N"},
             lambda: rec.client(_set_name="contract-n") and frappe.get_doc("OAuth Client", "CONTRACT-N").name)
    rec.case("client.get-trailing-space", "and with a space behind it", {"stored": "contract-n", "asked": "contract-n "},
             lambda: rec.client(_set_name="contract-n") and frappe.get_doc("OAuth Client", "contract-n ").name)
    rec.case("client.exists-other-case", "db.exists answers with", {},
             lambda: rec.client(_set_name="contract-n") and frappe.db.exists("OAuth Client", "CONTRACT-N"))
    rec.case("client.get-unknown", "which exception", {}, lambda: frappe.get_doc("OAuth Client", "nosuch"))
    rec.case("client.exists-unknown", "db.exists answers with", {}, lambda: frappe.db.exists("OAuth Client", "nosuch"))
    rec.case("client.get-value-unknown", "db.get_value answers with", {},
             lambda: frappe.db.get_value("OAuth Client", "nosuch", ["name", "scopes"], as_dict=True))
    rec.case("client.stale-save", "two writers", {}, stale)
    rec.case("client.rename", "can a client be renamed, and what of client_id?", {}, rename)
    rec.case("client.delete", "without tokens", {}, delete_plain)
    rec.case("client.delete-unknown", "a missing client", {}, lambda: frappe.delete_doc("OAuth Client", "nosuch"))
    rec.case("client.delete-unknown-strict", "with ignore_missing off", {}, lambda: frappe.delete_doc("OAuth Client", "nosuch", ignore_missing=False))
    rec.case("client.delete-with-token", "refused", {}, lambda: with_row("OAuth Bearer Token", delete))
    rec.case("client.delete-with-code", "refused", {}, lambda: with_row("OAuth Authorization Code", delete))
    rec.case("client.delete-with-token-force", "force leaves the tokens", {"force": True}, lambda: with_row("OAuth Bearer Token", delete, force=True))
    rec.case("client.delete-permanently", "leaves no copy", {"delete_permanently": True},
             lambda: with_row("OAuth Bearer Token", delete, force=True, delete_permanently=True))
    rec.case("token.row", "what a token row holds", {}, lambda: with_row("OAuth Bearer Token", token_row))
    rec.case("token.code-row", "what a code row holds", {}, lambda: with_row("OAuth Authorization Code", code_row))
    rec.case("client.as-guest", "permissions are checked", {}, lambda: frappe.set_user("Guest") or rec.client())
    rec.case("client.defaults", "new_doc", {},
             lambda: {k: v for k, v in frappe.new_doc("OAuth Client").as_dict().items() if k not in ("creation", "modified")})


def meta_cases(rec):
    frappe = rec.frappe

    def fields(doctype, only=None):
        meta = frappe.get_meta(doctype)
        keys = ("fieldname", "fieldtype", "options", "default", "reqd", "read_only", "unique")
        return {"fields": [{k: f.get(k) for k in keys if f.get(k) not in (None, 0, "")} for f in meta.fields
                           if (f.fieldname in only if only else f.fieldtype not in ("Section Break", "Column Break", "Tab Break"))],
                "autoname": meta.autoname, "issingle": meta.issingle, "istable": meta.istable, "track_changes": meta.track_changes,
                "permissions": None if only else sorted([p.role, p.permlevel, *[r for r in RIGHTS if p.get(r)]] for p in meta.permissions),
                "columns": sorted(frappe.db.get_table_columns(doctype)) if not meta.issingle and not only else None}

    for doctype in DOCTYPES:
        rec.case(f"meta.{doctype}", "features are found by meta, not by version", {"doctype": doctype}, lambda: fields(doctype))
    rec.case("meta.User", "the fields for API keys", {"doctype": "User"}, lambda: fields("User", USER_FIELDS))
    rec.case("meta.exists", "does a doctype exist?", {}, lambda: {d: bool(frappe.db.exists("DocType", d)) for d in DOCTYPES})
    rec.case("meta.roles", "roles everybody has", {}, lambda: {
        u: sorted(r for r in frappe.get_roles(u) if r in AUTO_ROLES) for u in ("Administrator", "Guest", "nobody@contract.example")})
    rec.case("meta.hash", "generate_hash", {}, lambda: [
        len(frappe.generate_hash()), len(frappe.generate_hash(length=10)), len(frappe.generate_hash("x", 15)),
        bool(re.fullmatch("[0-9a-f]{32}", frappe.generate_hash(length=32)))])
    for name in NAMES_USED:
        def look():
            owner = frappe
            for part in name.split(".")[1:]:
                try:
                    owner = getattr(owner, part)
                except AttributeError:
                    owner = __import__(owner.__name__ + "." + part, fromlist=["x"])
            if isinstance(owner, type):
                return {"class": [c.__name__ for c in owner.__mro__[:-1]], "http_status_code": getattr(owner, "http_status_code", None)} \
                    if issubclass(owner, BaseException) else "class"
            if not inspect.isroutine(owner) and not callable(owner):
                return "value"
            try:
                found = inspect.signature(owner)
            except ValueError:
                return "value"
            plain = found.replace(parameters=[p.replace(annotation=p.empty) for p in found.parameters.values()], return_annotation=found.empty)
            return [re.sub(r"<(?:class )?'?([\w.]+).*>$", r"<\1>", p) for p in str(plain)[1:-1].split(", ") if p]
        rec.case("api." + name, "an in-process client calls it", {"name": name}, look)


def key_cases(rec):
    frappe = rec.frappe
    from frappe.core.doctype.user.user import generate_keys
    from frappe.utils.password import (
        get_decrypted_password,
        get_encryption_key,
        remove_encrypted_password,
        set_encrypted_password,
    )

    def user(email="keys@contract.example", **over):
        return frappe.get_doc({"doctype": "User", "email": email, "first_name": "Contract", "send_welcome_email": 0,
                               "roles": [{"role": "System Manager"}], **over}).insert(ignore_permissions=True)

    def state(doc, *known):
        row = frappe.db.get_value("User", doc.name, ["api_key", "api_secret"], as_dict=True)

        def kind(v):
            return v if not isinstance(v, str) or not re.fullmatch("[0-9a-f]{15}", v) else "<hex:15>"

        secret = get_decrypted_password("User", doc.name, "api_secret", raise_exception=False)
        return {"api_key": kind(row.api_key), "api_secret column": row.api_secret, "decrypted": kind(secret), "same as": [secret == k for k in known]}

    def keys(doc):
        return generate_keys(doc.name)["api_secret"]

    def again(doc):
        first, key = keys(doc), frappe.db.get_value("User", doc.name, "api_key")
        second = keys(doc)
        return {**state(doc, first, second), "key kept": key == frappe.db.get_value("User", doc.name, "api_key")}

    def saved(doc, **values):
        first = keys(doc)
        doc.reload()
        doc.update(values).save()
        return state(doc, first)

    def raw(doc):
        secret = keys(doc)
        rows = frappe.db.sql("select password, encrypted from `__Auth` where doctype='User' and name=%s and fieldname='api_secret'", (doc.name,))
        return {"rows": len(rows), "encrypted": rows[0][1], "plain": rows[0][0] == secret, "fernet": rows[0][0].startswith("gAAAA")}

    def quiet(doc):
        frappe.db.set_value("User", doc.name, {"api_key": "contractkey", "modified": "2020-01-01"}, update_modified=False)
        set_encrypted_password("User", doc.name, "contractsecret", "api_secret")
        return {**state(doc, "contractsecret"),
                "modified": str(frappe.db.get_value("User", doc.name, "modified"))[:4], "loaded": frappe.get_doc("User", doc.name).api_secret}

    def bumped(doc):
        frappe.db.set_value("User", doc.name, "modified", "2020-01-01", update_modified=False)
        keys(doc)
        return str(frappe.db.get_value("User", doc.name, "modified"))[:4] != "2020"

    def other_key(doc):
        secret, real = keys(doc), frappe.local.conf.get("encryption_key")
        frappe.local.conf["encryption_key"] = base64.urlsafe_b64encode(b"contract" * 4).decode()
        try:
            return get_decrypted_password("User", doc.name, "api_secret") == secret
        finally:
            frappe.local.conf["encryption_key"] = real

    def removed(doc):
        keys(doc)
        remove_encrypted_password("User", doc.name, "api_secret")
        return state(doc)

    def as_self(doc):
        frappe.set_user(doc.name)
        return sorted(generate_keys(doc.name))

    for name, why, act in [
        ("none", "a user without keys", lambda d: {**state(d), "enabled": d.enabled, "user_type": d.user_type, "username": d.username}),
        ("generate", "what generate_keys answers", lambda d: {**state(d, keys(d)), "answer": sorted(generate_keys(d.name))}),
        ("generate-again", "the key stays, the secret goes", again), ("raw-row", "how the secret is kept", raw),
        ("save-untouched", "saving a loaded user keeps the secret", saved),
        ("save-empty-secret", "an emptied secret", lambda d: saved(d, api_secret="")),
        ("save-chosen", "a chosen pair", lambda d: saved(d, api_key="contractkey", api_secret="contractsecret")),
        ("save-stars", "stars mean unchanged", lambda d: saved(d, api_secret="*" * 15)),
        ("no-save", "written without touching the user", quiet), ("modified", "generate_keys bumps modified", bumped),
        ("removed", "the row removed", removed), ("other-encryption-key", "a lost encryption_key", other_key),
        ("disabled-user", "a disabled user gets keys too", lambda d: d.update({"enabled": 0}).save() and state(d, keys(d))),
        ("same-key-twice", "api_key is unique",
         lambda d: saved(d, api_key="contractkey") and saved(user("other@contract.example"), api_key="contractkey")),
        ("deleted-user", "deleting the user deletes the secret", lambda d: keys(d) and frappe.delete_doc("User", d.name) and None or
         get_decrypted_password("User", d.name, "api_secret", raise_exception=False)),
        ("as-self", "a System Manager for himself", as_self),
    ]:
        rec.case("key." + name, why, {}, lambda: act(user()))
    rec.case("key.as-user", "anyone else may not", {},
             lambda: [user(roles=[]).name, frappe.set_user("keys@contract.example"), generate_keys("keys@contract.example")])
    rec.case("key.unknown-user", "which exception", {}, lambda: generate_keys("nobody@contract.example"))
    rec.case("key.none-decrypted", "which exception", {}, lambda: get_decrypted_password("User", "nobody@contract.example", "api_secret"))
    rec.case("key.none-decrypted-quiet", "None", {},
             lambda: get_decrypted_password("User", "nobody@contract.example", "api_secret", raise_exception=False))

    def birth():
        path, conf = os.path.join(frappe.local.site, "site_config.json"), frappe.local.conf
        with open(path) as f:
            config = json.load(f)
        config.pop("encryption_key", None)
        with open(path, "w") as f:
            json.dump(config, f)
        conf.pop("encryption_key", None)
        mode = os.stat(path).st_mode
        key = get_encryption_key()
        with open(path) as f:
            text = f.read()
        return {"length": len(key), "written": json.loads(text)["encryption_key"] == key, "form": text == form(text),
                "mode kept": mode == os.stat(path).st_mode, "in conf": conf.encryption_key == key, "again": get_encryption_key() == key}

    rec.case("config.encryption-key", "Frappe writes it into site_config.json when it is first needed", {}, birth)


def config_cases(rec):
    frappe = rec.frappe
    from frappe.installer import update_site_config

    with tempfile.TemporaryDirectory() as folder:
        path, common = os.path.join(folder, "site_config.json"), os.path.join(folder, "common_site_config.json")

        def put(text, where=path):
            with open(where, "w") as f:
                f.write(text)

        def update(value, old):
            put(json.dumps(old))
            update_site_config("contract_key", value, site_config_path=path)
            with open(path) as f:
                text = f.read()
            frappe.local.conf.pop("contract_key", None)
            return {"stored": json.loads(text).get("contract_key", "<no key>"), "form": text == form(text)}

        for name, value in CONFIG_VALUES.items():
            rec.case("config.update." + name, "what update_site_config stores", {"value": value},
                     lambda: update(value, {"z": 1, "contract_key": "old", "a": 2}))
        for name, text in {"whole": '{"b": 2, "contract": 3}', "broken": '{"b": ', "empty": "", "list": "[]", "missing": None}.items():
            def read():
                put('{"a": 1, "b": 1}', common)
                os.path.exists(path) and os.remove(path)
                if text is not None:
                    put(text)
                conf = frappe.get_site_config(sites_path=folder, site_path=folder)
                return {k: conf.get(k) for k in ("a", "b", "contract")}
            rec.case("config.read." + name, "common, then site", {"site_config.json": text}, read)
        rec.case("config.update-broken", "a broken file", {}, lambda: put("{") or update_site_config("contract_key", 1, site_config_path=path))


def record(args, site_config, save):
    out = os.path.abspath(args.out)
    with contextlib.redirect_stdout(sys.stderr), site_config(os.path.join(args.bench, "sites", args.site)), bench_site(args) as frappe:
        rec = InProcess(frappe)
        for part in (meta_cases, oauth_client_cases, config_cases, key_cases):
            part(rec)
        versions = {name: importlib.metadata.version(name) for name in ("oauthlib", "Werkzeug", "gunicorn")}
    libraries = {**versions, "python": ".".join(map(str, sys.version_info[:2]))}
    save(out, "inprocess", frappe.__version__, rec.cases, libraries=libraries, **({"source": args.source} if args.source else {}))
