# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to a site that is reached over HTTP only: OAuth clients through Frappe's REST API, as a System Manager."""

from __future__ import annotations

import json
import re
import secrets
import typing as t
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit

from ansible.module_utils.urls import Request
from ansible_collections.benchkeeper.frappe.plugins.module_utils._clients import KINDS, Impossible, State, Step
from ansible_collections.benchkeeper.frappe.plugins.module_utils._policy import Finding
from ansible_collections.benchkeeper.frappe.plugins.module_utils._secrecy import told
from ansible_collections.benchkeeper.frappe.plugins.module_utils._settle import planned, rows_of, write

CLIENT, TOKEN, CODE = "OAuth Client", "OAuth Bearer Token", "OAuth Authorization Code"
HEADER_TEXT = re.compile(r"[\x21-\x7e]*")
TIMEOUT = 30  # seconds a request may take
REMEDIES = {
    401: "Check api_key and api_secret",
    403: "The user of api_key must be a System Manager",
    404: "Check url: no Frappe site answers there under this name",
    417: "Frappe refused the values",
}


class WriteInCheckMode(Exception):
    """A write was tried in check mode: a fault of this collection."""


class RestSite:
    """One site over HTTP.

    Args:
        url: base URL.
        api_key: key of a System Manager.
        api_secret: the secret that belongs to it.
        validate_certs: whether the certificate must be valid.
        check_mode: refuse every request but GET.

    Attributes:
        writes: number of requests that changed something.
    """

    def __init__(self, url: str, api_key: str | None, api_secret: str | None, validate_certs: bool, check_mode: bool):
        if not _is_address(url):
            raise Impossible(f"url: {told(url)} is no address of a site. Write it as https://crm.example.com")
        if not all(HEADER_TEXT.fullmatch(text or "") for text in (api_key, api_secret)):
            raise Impossible("api_key, api_secret: one of them cannot be sent in a header. Use printable ASCII")
        self.url, self.check_mode, self.writes = url.rstrip("/"), check_mode, 0
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if api_key:
            headers["Authorization"] = f"token {api_key}:{api_secret}"
        # no cookie jar: every reply to an API key sets five cookies of Guest
        self.request = Request(
            headers=headers,
            validate_certs=validate_certs,
            timeout=TIMEOUT,
            follow_redirects="none",
            http_agent="benchkeeper",
        )

    def call(self, method: str, path: str, query: dict[str, t.Any] | None = None, data: t.Any = None) -> t.Any:
        """One request; what Frappe put into ``data`` of its reply.

        Raises:
            Impossible: no reply, or one that is no success; the message names the remedy.
            WriteInCheckMode: in check mode, for anything but a GET.
        """
        if self.check_mode and method != "GET":
            raise WriteInCheckMode(f"{method} {path}")
        text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in (query or {}).items()}
        url = f"{self.url}{quote(path)}" + (f"?{urlencode(text)}" if text else "")
        try:
            with self.request.open(method, url, data=None if data is None else json.dumps(data)) as reply:
                self.writes += method != "GET"
                said = json.loads(reply.read() or b"{}")
        except HTTPError as error:
            raise Impossible(f"url: {self.url} answered {method} {path} with {error.code}: {_said(error)}") from None
        except (URLError, HTTPException, OSError) as error:
            raise Impossible(f"url: {self.url} cannot be reached: {getattr(error, 'reason', error)}") from None
        except ValueError:
            raise Impossible(f"url: {self.url} answered {method} {path} with something else than JSON") from None
        if not isinstance(said, dict):
            raise self.foreign(method, path)
        return said.get("data")

    def rows(self, doctype: str, fields: list[str], filters: list[list[t.Any]] | None = None) -> list[dict[str, t.Any]]:
        """All rows of a doctype."""
        query = {"fields": fields, "filters": filters or [], "limit_page_length": 0}
        found = self.call("GET", f"/api/resource/{doctype}", query)
        if not isinstance(found, list) or not all(isinstance(row, dict) and fields[0] in row for row in found):
            raise self.foreign("GET", f"/api/resource/{doctype}")
        return found

    def document(self, method: str, path: str, data: t.Any = None) -> dict[str, t.Any]:
        """One document, as it is after the request."""
        found = self.call(method, path, data=data)
        if not isinstance(found, dict) or not isinstance(found.get("name"), str):
            raise self.foreign(method, path)
        return found

    def foreign(self, method: str, path: str) -> Impossible:
        """What is raised for an answer that is not Frappe's."""
        return Impossible(
            f"url: {self.url} answered {method} {path} as no Frappe does. See that url leads to the site itself"
        )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and parts.hostname and parts.username is None and parts.port != 0
    except ValueError:
        return False
    return bool(plain) and not re.search(r"[^\x21-\x7e]|[?#]", url)


def _said(error: HTTPError) -> str:
    try:
        reply = json.loads(error.read())
        said = reply.get("exception") or reply.get("exc_type") or ""
    except (ValueError, AttributeError):
        said = ""
    return f"{said}. {REMEDIES.get(error.code, 'Look into the error log of the site')}".lstrip(". ")


class RestClients:
    """`_settle.Store` over HTTP."""

    def __init__(self, site: RestSite):
        self.site = site
        meta = site.call("GET", f"/api/resource/DocType/{CLIENT}")
        if not isinstance(meta, dict) or not isinstance(meta.get("fields"), list):
            raise Impossible(f"url: {site.url} has no DocType {CLIENT}. Check url: it must lead to a Frappe site")
        names = [field.get("fieldname") for field in meta["fields"] if isinstance(field, dict)]
        self.fields = [name for name in names if name in KINDS]

    def state(self, roles: t.Collection[str], uses: bool) -> State:
        """All clients; each is read whole, its secret too: Frappe leaves nothing out."""
        known = (
            [row["name"] for row in self.site.rows("Role", ["name"], [["name", "in", sorted(roles)]])] if roles else ()
        )
        in_use = {row["client"] for kind in (TOKEN, CODE) for row in self.site.rows(kind, ["client"])} if uses else ()
        columns = [field for field in self.fields if field != "allowed_roles"]
        clients = {
            row["name"]: {**row, "allowed_roles": []}
            for row in self.site.rows(CLIENT, ["name", "owner", "client_id", *columns])
        }
        for row in self.site.rows(CLIENT, ["name", "allowed_roles.role"]):
            if row.get("role") and row["name"] in clients:  # another may have registered since
                clients[row["name"]]["allowed_roles"].append(row["role"])
        unable = {"rename": "Frappe's REST API cannot rename a client. Use bench_path"}
        if "token_endpoint_auth_method" not in self.fields:  # came with the API that takes a name
            unable["client_id"] = (
                "it can be chosen over REST on Frappe 16 and later only. Use bench_path, or leave it out"
            )
        return State(list(clients.values()), self.fields, known, in_use, unable)

    def read(self, name: str) -> dict[str, t.Any]:
        """One client."""
        client = self.site.document("GET", f"/api/resource/{CLIENT}/{name}")
        return {**client, "allowed_roles": [row.get("role") for row in client.get("allowed_roles") or ()]}

    def write(self, step: Step) -> str:
        """Create or update one client."""
        values = dict(step.values)
        if step.new_secret:
            values["client_secret"] = secrets.token_urlsafe(32)
        if "allowed_roles" in values:
            values["allowed_roles"] = [{"role": role} for role in values["allowed_roles"]]
        if step.action == "updated":
            return self.site.document("PUT", f"/api/resource/{CLIENT}/{step.name}", values)["name"]
        path = f"/api/v2/document/{CLIENT}" if step.name else f"/api/resource/{CLIENT}"
        return self.site.document("POST", path, {**values, **({"name": step.name} if step.name else {})})["name"]

    def delete(self, name: str) -> None:
        """Delete a client after its tokens and codes."""
        for doctype in (TOKEN, CODE):
            for row in self.site.rows(doctype, ["name"], [["client", "=", name]]):
                self.site.call("DELETE", f"/api/resource/{doctype}/{row['name']}")
        self.site.call("DELETE", f"/api/resource/{CLIENT}/{name}")


def settle_over_rest(
    clients: list[dict[str, t.Any]], judgement: dict[str, t.Any], check_mode: bool
) -> dict[str, t.Any]:
    """Settle the clients of one site that has a URL.

    Returns:
        ``reply``, or ``failed`` with the message, as `_bench.Bench.work` gives it. REST has no transaction: where a
        client fails, what was written before stays, and the reply says so row by row.
    """
    first = clients[0]
    try:
        site = RestSite(first["url"], first["api_key"], first["api_secret"], first["validate_certs"], check_mode)
        store = RestClients(site)
        steps, findings = planned(store, clients, judgement)
    except Impossible as error:
        return {"failed": str(error)}
    failures = {} if check_mode else _write_all(store, steps)
    settled = rows_of(clients, steps, findings)
    for number, failure in failures.items():
        settled[number].update(failure)
    for row in settled:
        row["findings"] += [Finding("rest-copies", field, HOW).row() for field in _copied(row)]
    return {"reply": settled}


NOTHING = {"action": "failed", "failed": True, "diff": {"before": {}, "after": {}}}


def _write_all(store: RestClients, steps: list[Step]) -> dict[int, dict[str, t.Any]]:
    """Do every step, up to the first that fails; for that one and those not tried, what their rows say instead."""
    failures: dict[int, dict[str, t.Any]] = {}
    reason = ""
    for number, step in enumerate(steps):
        before = store.site.writes
        try:
            if reason and step.action != "unchanged":
                raise Impossible(f"not tried, since another client of this site failed before: {reason}")
            write(store, step)
        except Impossible as error:
            reason = reason or str(error)
            failures[number] = {**NOTHING, "changed": store.site.writes > before, "msg": str(error)}
    return failures


HOW = "Frappe keeps a copy in its database"


def _copied(row: dict[str, t.Any]) -> t.Iterator[str]:
    """What of a secret stays behind in Version or Deleted Document."""
    if row["action"] == "deleted" or (row["action"] == "updated" and "client_secret" in row["diff"]["after"]):
        yield "client_secret"
