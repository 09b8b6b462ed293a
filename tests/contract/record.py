# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# fmt: off
# ruff: noqa: E402, E501
"""Record the responses of a Frappe bench, to compare the demo bench with them case by case.

    record.py http       cases over HTTP against one site
    record.py inprocess  cases in the bench's Python
    record.py helper     used by `http` to create and delete its clients (in the bench's Python)
    record.py diff A B   the cases that differ; exit status 1 if there are any

The cases are in http_cases.py and inprocess.py. All created documents are named "Contract ..." and deleted at the end.
site_config.json is restored byte for byte.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import datetime
import hashlib
import hmac
import html
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from urllib.parse import quote, urlencode

sys.dont_write_bytecode = True
import inprocess
from bench_helper import run_helper
from differences import diff
from http_cases import API, APP_URI, AUTO_ROLES, CASES, CHALLENGE, VERIFIER

RECORDER = 1
CODES = {"code": {}, "code-nopkce": {"code_challenge": None, "code_challenge_method": None},
         "code-plain": {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
         "code-nomethod": {"code_challenge_method": None}}
KEPT_HEADERS = ("Location", "Content-Type", "Cache-Control", "WWW-Authenticate", "Retry-After", "Allow")
TYPED = {"access_token": "token", "refresh_token": "token", "client_secret": "secret", "sub": "sub", "at_hash": "hash", "nonce": "nonce"}
NUMBERS, TIMES = ("exp", "iat", "auth_time"), ("creation", "modified")
NAMES, MAYBE = ("full_name", "given_name"), ("family_name", "picture")


class NotReady(Exception):
    """A precondition of a case cannot be met."""


class Site:
    """One site over HTTP: sessions, values for requests, and placeholders in responses."""

    def __init__(self, args, made):
        self.args, self.sessions, self.known = args, {}, {}
        self.values = {"host": args.host, "HOST": args.host.upper(), "base": "http://" + args.host}
        self.secrets, self.opened = {}, set()
        for label, row in made["clients"].items():
            self.put(label, row["name"], f"<client:{label}>")
            self.values[label + "_secret"] = self.secrets[row["name"]] = row["secret"]
            self.values[label + "_basic"] = base64.b64encode(f"{row['name']}:{row['secret']}".encode()).decode()
        self.values.update(key=made["key"], KEY=made["key"].upper(), secret=made["secret"],
                           key_basic=base64.b64encode(f"{made['key']}:{made['secret']}".encode()).decode())
        for role in ("user", "admin", "website", "disabled"):
            flag = {"website": "website_user", "disabled": "disabled_user"}.get(role, role)
            self.put(role, getattr(args, flag), f"<{role}>")
            prefix = "" if role == "user" else role + "_"
            self.values[prefix + "password"] = getattr(args, {"user": "password"}.get(role, role + "_password"))

    def put(self, label, value, placeholder):
        self.values[label], self.values[label.upper()] = value, value.upper()
        self.known[value] = self.known[quote(value, safe="")] = placeholder
        self.known[value.upper()] = placeholder.upper()

    # -------- requests
    def fill(self, part):
        if isinstance(part, str):
            return re.sub(r"\{(\w+)\}", lambda m: self.values[m[1]], part)
        if isinstance(part, dict):
            return {k: self.fill(v) for k, v in part.items()}
        return part

    def send(self, method, path, query=None, form=None, data=None, headers=None, layer="any", multipart=False):
        import requests

        base = self.args.direct if layer == "direct" else self.args.base
        url = base + quote(path, safe="/%:") + ("?" + urlencode(query, quote_via=quote) if query else "")
        headers = {"Host": self.args.host, "Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "contract", **(headers or {})}
        body = {"files": {k: (None, v) for k, v in form.items()}} if multipart else {"data": form}
        if data is not None:
            body = {"data": json.dumps(data)}
            headers["Content-Type"] = "application/json"
        request = requests.Request(method, url, headers=headers, **body).prepare()
        request.url = url  # keep dot segments, double slashes and escapes unchanged
        with requests.Session() as session:
            session.trust_env = False
            reply = session.send(request, allow_redirects=False, timeout=120)
        self.opened |= {sid[0] for c in reply.raw.headers.getlist("Set-Cookie") if (sid := re.match(r"sid=(?!Guest)[^;]+", c))}
        return reply

    def cookies(self, name):
        """The Cookie header of a browser session, which logs in on first use."""
        if name and name not in self.sessions:
            role = name if name in ("admin", "website") else "user"
            prefix = "" if role == "user" else role + "_"
            reply = self.send("POST", "/api/method/login", form=self.fill({"usr": f"{{{role}}}", "pwd": f"{{{prefix}password}}"}))
            pairs = [c.split(";")[0] for c in reply.raw.headers.getlist("Set-Cookie")]
            if reply.status_code != 200 or not pairs:
                raise SystemExit(f"cannot log in as {role}: HTTP {reply.status_code}")
            self.sessions[name] = "; ".join(pairs)
        return {"Cookie": self.sessions[name]} if name else {}

    def desk(self, reply, headers):
        """The CSRF token in a desk page. Frappe 17 has a different path for the desk."""
        while reply.is_redirect and reply.headers["Location"].startswith("/"):
            reply = self.send("GET", reply.headers["Location"], headers=headers)
        found = re.search(r'csrf_token = "([^"]+)"', reply.text)
        self.values["csrf"] = found[1] if found else "none"

    def renew(self, name):
        """Log in again: some versions of Frappe end a session whose request has a bearer token, which would affect later cases."""
        self.sessions.pop(name, None)
        headers = self.cookies(name)
        if name == "desk":
            self.desk(self.send("GET", "/app", headers=headers), headers)

    def prepare(self, what):
        """Create a code, tokens, or an address with too many failed logins, without recording."""
        if what == "locked":
            self.values["address"] = f"198.51.{int(time.time()) % 256}.{os.getpid() % 256}"
            for _attempt in range(11):
                self.send("POST", "/api/method/login", form={"usr": "nobody@contract.example", "pwd": "wrong"}, layer="direct",
                          headers={"X-Forwarded-For": self.values["address"]})
            return
        query = {"client_id": "{skip}", "response_type": "code", "redirect_uri": APP_URI, "scope": "all openid", "state": "st8",
                 "code_challenge": CHALLENGE, "code_challenge_method": "S256", **CODES.get(what, {})}
        query = self.fill({k: v for k, v in query.items() if v is not None})
        reply = self.send("GET", API + "approve", query=query, headers=self.cookies("user"))
        code = re.search(r"[?&]code=([^&]+)", reply.headers.get("Location", ""))
        if not code:
            raise NotReady(f"no code: HTTP {reply.status_code}")
        self.put("code", code[1], f"<code:{len(code[1])}>")
        if what in CODES:
            return
        form = {"grant_type": "authorization_code", "code": code[1], "redirect_uri": APP_URI, "client_id": "{skip}", "code_verifier": VERIFIER}
        self.learn(self.send("POST", API + "get_token", form=self.fill(form)), "tokens")
        if what == "expired":
            helper(self.args, "expire", self.values["access"])
        if what == "revoked":
            self.send("POST", API + "revoke_token", form=self.fill({"token": "{access}", "client_id": "{skip}"}))

    def learn(self, reply, what):
        if what == "code":
            self.put("code", re.search(r"[?&]code=([^&]+)", reply.headers["Location"])[1], "<code>")
        elif what == "rest":
            self.put("rest", reply.json()["data"]["name"], "<client:rest>")
        else:
            prefix = "" if what == "tokens" else what + "_"
            for kind in ("access", "refresh"):
                value = reply.json()[kind + "_token"]
                self.put(prefix + kind, value, f"<token:{len(value)}>")

    # -------- placeholders in responses
    def text(self, value):
        host = re.escape(self.args.host)
        value = re.sub(rf"http(s?)(?:://|%3A%2F%2F){host}(?:(?::|%3A)\d+)?", lambda m: f"<base{':https' if m[1] else ''}>", value)
        value = re.sub(r"([?&]code=)([A-Za-z0-9]+)", lambda m: f"{m[1]}<code:{len(m[2])}>", value)
        for known in sorted(self.known, key=len, reverse=True):
            value = value.replace(known, self.known[known])
        # the message names a random one of several linked rows
        return re.sub(r"<a href=.*?</a>", "<link>", value)

    def json(self, value, key=""):
        if isinstance(value, dict):
            return {k: self.json(v, k) for k, v in value.items() if k != "__frappe_exc_id"}
        if key == "roles" and isinstance(value, list) and all(isinstance(v, str) for v in value):
            return sorted(v for v in value if v in AUTO_ROLES) + ["<others>"]
        if isinstance(value, list):
            return [self.json(v) for v in value]
        if key in MAYBE:
            return "<text or null>"
        if key in NUMBERS and isinstance(value, int):
            return "<int>"
        if not isinstance(value, str) or not value:
            return value
        if key == "_server_messages":
            return [self.json(json.loads(m)) for m in json.loads(value)]
        if key in ("exc", "_debug_messages"):
            return "<traceback>"
        if key == "exception":
            return value.strip().splitlines()[-1].split(":")[0]
        if key == "id_token":
            return self.jwt(value)
        if key in TYPED:
            return f"<{TYPED[key]}:{len(value)}>"
        if key in TIMES:
            return "<time>"
        if key in NAMES or (key == "name" and value not in self.known and " " not in value and not re.fullmatch(r"[0-9a-z]{10}", value)):
            return "<text>"
        if key in ("name", "client_id", "parent") and value not in self.known and re.fullmatch(r"[0-9a-z]{10}", value):
            return f"<name:{len(value)}>"
        return self.text(value)

    def jwt(self, value):
        head, claims, signature = value.split(".")

        def part(p):
            return json.loads(base64.urlsafe_b64decode(p + "=" * (-len(p) % 4)))

        secret = self.secrets.get(part(claims).get("aud"), "")
        signed = base64.urlsafe_b64encode(hmac.new(secret.encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()).decode().rstrip("=")
        return {"header": part(head), "claims": self.json(part(claims)), "signed_with_client_secret": signed == signature}

    def body(self, reply):
        kind = reply.headers.get("Content-Type", "")
        if not reply.content:
            return ""
        if "json" in kind:
            return self.json(reply.json())
        if "html" in kind:
            title = re.search(r"<title>(.*?)</title>", reply.text, re.S)
            page = {"html": self.text(html.unescape(title[1]).strip()) if title else "no title"}
            links = re.findall(r'location\.replace\("([^"]*)"', reply.text)
            return {**page, "links": [self.text(html.unescape(u)) for u in links]} if links and "Confirm" in page["html"] else page
        return {"text": self.text(reply.text[:200])}

    def response(self, reply, also):
        raw, headers = reply.raw.headers, {}
        wanted = [h for h in raw if h.lower().startswith("access-control-")] + [*KEPT_HEADERS, *also]
        for name in dict.fromkeys(h.title() for h in wanted):
            found = [self.text(v) for v in raw.getlist(name)]
            if found:
                headers[name] = found[0] if len(found) == 1 else found
        vary = [v.strip() for line in raw.getlist("Vary") for v in line.split(",")]
        if "Vary" not in also and set(vary) - {"Accept-Encoding"}:
            headers["Vary"] = [v for v in vary if v != "Accept-Encoding"]  # nginx handles compression
        cookies = []
        for line in raw.getlist("Set-Cookie"):
            name, value = line.split(";")[0].split("=", 1)
            value = "" if not value else value if value == "Guest" or name == "system_user" else "<set>"
            flags = [f for f in ("Secure", "HttpOnly", "SameSite=Lax") if f in line]
            gone = ["deleted"] if "Max-Age=0" in line or (not value and "Expires" in line) else []
            cookies.append(" ".join([f"{name}={value}", *flags, *gone]))
        if cookies:
            headers["Set-Cookie"] = sorted(cookies)
        return {"status": reply.status_code, "headers": headers, "body": self.body(reply)}

    def play(self, row):
        try:
            if row.get("prep"):
                self.prepare(row["prep"])
            headers = {**self.cookies(row.get("session")), **(self.fill(row.get("headers")) or {})}
            parts = [self.fill(row.get(part)) for part in ("query", "form", "json")]
            reply = self.send(row["method"], self.fill(row["path"]), *parts, headers, row.get("layer", "any"), row.get("multipart", False))
            if row["name"] == "csrf.desk-page":
                self.desk(reply, headers)
            if row.get("save") and reply.ok:
                self.learn(reply, row["save"])
            response = self.response(reply, row.get("also", ()))
        except (NotReady, KeyError, ValueError, OSError) as e:  # requests' errors are OSErrors
            response = {"not recorded": f"{type(e).__name__}: {e}" if isinstance(e, (NotReady, KeyError)) else type(e).__name__}
        if row.get("session") and "Authorization" in (row.get("headers") or {}):
            self.renew(row["session"])
        keep = ("method", "path", "query", "form", "json", "multipart", "headers", "session", "prep", "config", "config_text")
        request = {k: row[k] for k in keep if k in row and row[k] is not None and (row[k] != {} or k == "form")}
        return {"name": row["name"], "why": row["why"], "layer": row.get("layer", "any"), "request": request, "response": response}

    def leave(self):
        """End every session that a response opened."""
        for sid in self.opened:
            self.send("GET", "/api/method/logout", headers={"Cookie": sid})


def helper(args, *verb, stdin=""):
    done = subprocess.run([*shlex.split(args.helper), *verb], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"helper {verb[0]} failed: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout or "{}")


@contextlib.contextmanager
def site_config(site_dir):
    """Yield a writer for site_config.json; always restore the file byte for byte."""
    path = os.path.join(site_dir, "site_config.json")
    with open(path, "rb") as f:
        original = f.read()

    def write(data):
        with open(path, "r+b") as f:  # same inode: owner and mode do not change
            f.write(data)
            f.truncate()

    def stop(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        yield path, write
    finally:
        write(original)


def apply_site_config(args):
    """Make a changed site_config.json take effect."""
    if args.config_reload:
        subprocess.run(shlex.split(args.config_reload), check=True)
    time.sleep(args.config_wait)


def record_http(args):
    layers = ["any", *(["nginx"] if args.nginx else []), *(["direct"] if args.direct else [])]
    with site_config(args.site_dir) as (path, write):
        made = helper(args, "create", args.admin)
        with open(path, "rb") as f:
            usual = f.read()  # the helper's API key may have added encryption_key
        site, cases, state = Site(args, made), [], usual
        try:
            for row in CASES:
                if row.get("layer", "any") not in layers:
                    continue
                site.cookies(row.get("session"))
                wanted = usual
                if row.get("config"):
                    wanted = json.dumps({**json.loads(usual), **row["config"]}, indent=1, sort_keys=True).encode()
                if row.get("config_text"):
                    wanted = row["config_text"].encode()
                if wanted != state:
                    write(wanted)
                    state = wanted
                    apply_site_config(args)
                cases.append(site.play(row))
        finally:
            write(usual)
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                if state != usual:
                    apply_site_config(args)
                site.leave()
            helper(args, "delete", args.admin, stdin=json.dumps(made["undo"]))
    save(args.out, "http", made["frappe"], cases, layers=layers, **({"source": args.source} if args.source else {}))


# ---------------------------------------------------------------- files
def save(path, kind, version, cases, **more):
    names = [c["name"] for c in cases]
    assert len(names) == len(set(names)), "two cases share a name"
    data = {"recorder": RECORDER, "kind": kind, "frappe": version, "recorded": datetime.date.today().isoformat(), **more, "cases": cases}
    with open(path, "w") as f:
        f.write(json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n")
    print(f"{len(cases)} cases")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = parser.add_subparsers(dest="command", required=True)
    http = sub.add_parser("http")
    for option in ("base", "host", "user", "password", "admin-user", "admin-password", "website-user", "website-password",
                   "disabled-user", "disabled-password", "site-dir", "helper", "out"):
        http.add_argument("--" + option, required=True, **({"dest": "admin"} if option == "admin-user" else {}))
    http.add_argument("--direct", help="URL of the web server behind nginx: records the cases of layer 'direct' too")
    http.add_argument("--nginx", action="store_true", help="--base goes through nginx: record the cases of layer 'nginx' too")
    http.add_argument("--config-wait", type=float, default=0, help="seconds until a changed site_config.json takes effect")
    http.add_argument("--config-reload", help="command that makes a changed site_config.json count; run after each change")
    http.set_defaults(run=record_http)
    inside = sub.add_parser("inprocess")
    inside.add_argument("--out", required=True)
    inside.set_defaults(run=lambda args: inprocess.record(args, site_config, save))
    helping = sub.add_parser("helper")
    helping.add_argument("verb", nargs="+", help="create USER | expire TOKEN | delete USER")
    helping.set_defaults(run=run_helper)
    for command in (http, inside):
        command.add_argument("--source", help="origin of the Frappe version, for example 'develop of August 2025'")
    for command in (inside, helping):
        command.add_argument("--bench", required=True)
        command.add_argument("--site", required=True)
    compare = sub.add_parser("diff")
    compare.add_argument("a")
    compare.add_argument("b")
    compare.set_defaults(run=diff)
    args = parser.parse_args()
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())
