# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan OAuth clients: declared + current -> steps. Pure: no Ansible, no Frappe, no I/O.

A client has two forms. The *declared* form is the options of frappe_oauth_client. The *stored* form is a row of
Frappe's doctype OAuth Client in the database, with `allowed_roles` as a list of role names.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.collation import folded
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import (
    HIDDEN,
    HIDDEN_NEW,
    without_password,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.declaration_rules import (
    CLIENT_SECRET_UNKNOWN,
    CLIENT_TWICE,
    DEFAULT_REDIRECT_URI_STALE,
    FIELD_UNSUPPORTED,
    SECRETS_STORE_MISSING,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Finding, Findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import default_uri
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CLIENT_FIELDS

RESPONSE_TYPE = {"Authorization Code": "Code", "Implicit": "Token"}  # the only pairs that OAuthClient.validate allows
NEEDED = ("app_name", "redirect_uris")


@dataclasses.dataclass
class ClientStep:
    """The planned step for one declared client, or for one pruned client.

    Attributes:
        action: ``unchanged``, ``created``, ``updated`` or ``deleted``.
        name: the client's name in Frappe, which is its client_id. None if Frappe generates it.
        rename: the new name, if it differs.
        values: columns to write, in Frappe's form.
        before: the values that `values` replaces, in declared form, with secrets hidden.
        after: the values after the step, in the same form.
        findings: findings that depend on the state of the site.
        new_secret: whether to write a new 256-bit secret that is not stored anywhere else.
        pruned: whether the client is not declared and is removed because of ``exclusive``.
        stale: whether the column ``client_id`` differs from the id that Frappe uses. Any save fixes it.
    """

    action: str = "unchanged"
    name: str | None = None
    rename: str | None = None
    values: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    before: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    after: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    findings: list[Finding] = dataclasses.field(default_factory=list)
    new_secret: bool = False
    pruned: bool = False
    stale: bool = False


@dataclasses.dataclass
class ClientState:
    """The state of a site.

    Attributes:
        clients: all OAuth clients in stored form, with ``name`` and ``owner``.
        fields: names of the columns in this Frappe version.
        roles: the existing roles among those requested.
        in_use: names of the clients that tokens or codes still reference.
        unable: operations that the connection does not support (``client_id`` or ``rename``), each with a remedy.
    """

    clients: list[dict[str, t.Any]]
    fields: t.Collection[str]
    roles: t.Collection[str] = ()
    in_use: t.Collection[str] = ()
    unable: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


def declared_form(kind: str, stored: t.Any) -> t.Any:
    """Convert a stored value to declared form, for comparison and diff. Secrets are hidden."""
    if kind == "secret":
        return HIDDEN if stored else None
    if kind in ("uris", "scopes"):
        return [part for part in (stored or "").split(" ") if part]
    if kind == "lines":
        return [line.strip() for line in (stored or "").splitlines() if line.strip()]
    if kind == "roles":
        return [role for role in stored or () if role]
    return bool(stored) if kind == "check" else stored or ""


def stored_form(kind: str, declared: t.Any) -> t.Any:
    """Convert a declared value to Frappe's form."""
    if kind in ("uris", "scopes"):
        return " ".join(dict.fromkeys(declared))
    if kind == "lines":
        return "\n".join(dict.fromkeys(declared))
    if kind == "roles":
        return list(dict.fromkeys(declared))
    return int(declared) if kind == "check" else declared


def same(kind: str, stored: t.Any, declared: t.Any) -> bool:
    """Whether both values are equal for Frappe. Order and duplicates in lists are ignored."""
    if kind == "secret":
        return stored == declared
    left, right = declared_form(kind, stored), declared_form(kind, stored_form(kind, declared))
    return sorted(set(left)) == sorted(set(right)) if isinstance(left, list) else left == right


def find_client(declared: dict[str, t.Any], clients: list[dict[str, t.Any]]) -> dict[str, t.Any] | None:
    """The client that a declaration refers to, by client_id if declared, otherwise by app_name.

    Raises:
        Impossible: several clients match the app_name, the client_id differs only in case, or the client_id differs
            and ``rename`` is not set.
    """
    wanted, app_name = declared.get("client_id"), declared.get("app_name")
    for client in clients:
        if wanted and client["name"].casefold() == wanted.casefold():
            if client["name"] != wanted:
                raise Impossible(
                    f"client_id: {wanted!r} is declared, but {client['name']!r} exists. The "
                    "comparison ignores case, as MariaDB does. "
                    f"Declare client_id: {client['name']}"
                )
            return client
    if wanted and declared.get("state") == "absent":
        return None  # the client_id identifies the client, even if several clients share the app_name
    named = [client for client in clients if app_name and folded(client["app_name"]) == folded(app_name)]
    if len(named) > 1:
        listed = ", ".join(f"{c['name']} ({c['app_name']!r})" for c in sorted(named, key=lambda c: c["name"]))
        raise Impossible(
            f"app_name: {app_name!r} matches {len(named)} clients: {listed}. The comparison ignores case, accents "
            "and trailing spaces, as MariaDB does. Declare the client_id of the right client, or delete the others"
        )
    if wanted and named and not declared.get("rename"):
        raise Impossible(
            f"client_id: {wanted!r} is declared for app_name {app_name!r}, but its client_id on the site is "
            f"{named[0]['name']!r}. Declare client_id: {named[0]['name']}, or rename: true to change it on the site. "
            "Apps that use the old client_id then stop working"
        )
    return named[0] if named else None


def plan_clients(declarations: list[dict[str, t.Any]], state: ClientState) -> list[ClientStep]:
    """Plan all clients of one site: one step per declaration, in order, then one step per pruned client.

    Raises:
        Impossible: the site cannot reach the declared state. Nothing may be written.
    """
    steps: list[ClientStep] = []
    met: dict[str, str] = {}
    for declared in declarations:
        current = find_client(declared, state.clients)
        if current:
            if current["name"] in met:
                raise Impossible(
                    f"client {current['name']} is declared twice: as {met[current['name']]} and as {label(declared)}. "
                    "Declare it once"
                )
            met[current["name"]] = label(declared)
        if declared.get("state") == "absent":
            steps.append(_delete(current, declared, state) if current else ClientStep())
        else:
            steps.append(_write(declared, current, state))
    if any(declared.get("exclusive") for declared in declarations):
        revoke = any(declared.get("revoke_tokens") for declared in declarations)
        for client in state.clients:
            # clients that registered themselves belong to Guest
            if client["name"] not in met and client.get("owner") != "Guest":
                step = _delete(client, {"revoke_tokens": revoke}, state)
                step.pruned = True
                steps.append(step)
    _refuse_if_lost(declarations, steps, state)
    return steps


def _refuse_if_lost(declarations: list[dict[str, t.Any]], steps: list[ClientStep], state: ClientState) -> None:
    """Reject steps after which a declaration would match another client or none. The next run would then fail."""
    current = {client["name"]: client for client in state.clients}
    mine = [_afterwards(step, current.get(step.name, {})) for step in steps]
    touched = {step.name for step in steps}
    clients = [client for client in state.clients if client["name"] not in touched] + [c for c in mine if c]
    for declared, client in zip(declarations, mine):
        try:
            lost = find_client(declared, clients) is not client
        except Impossible:
            lost = True
        if lost:
            raise Impossible(
                f"app_name: after this run, {label(declared)} would match two declarations of this site. The "
                "comparison ignores case, accents and trailing spaces, as MariaDB does. Declare each client once, with "
                "a distinct name"
            )


def _afterwards(step: ClientStep, current: dict[str, t.Any]) -> dict[str, t.Any] | None:
    """The identity of the client after the step, or None. The name is empty if Frappe generates it."""
    if step.action == "deleted" or (step.action == "unchanged" and step.name is None):
        return None
    return {"name": step.rename or step.name or "", "app_name": step.values.get("app_name", current.get("app_name"))}


def label(declared: dict[str, t.Any]) -> str:
    """The label of a declared client in messages."""
    return repr(declared.get("app_name") or declared.get("client_id"))


def of_client(declared: dict[str, t.Any], findings: t.Iterable[Finding]) -> Findings:
    """The findings about one client, with its label in front of the field: a site may have several clients."""
    for finding in findings:
        yield finding._replace(field=f"client {label(declared)}: {finding.field}")


def twice_findings(declared: dict[str, t.Any], seen: list[dict[str, t.Any]]) -> Findings:
    """Findings for a client that is declared twice. ``seen`` collects the declarations of the site."""
    client_id, app_name = declared.get("client_id"), declared.get("app_name")
    for other in seen:
        if client_id and other.get("client_id"):
            if client_id.casefold() == other["client_id"].casefold():
                yield Finding(CLIENT_TWICE, "client_id", f"{client_id!r} is declared twice")
        elif app_name and other.get("app_name") and folded(app_name) == folded(other["app_name"]):
            yield Finding(CLIENT_TWICE, "app_name", f"{app_name!r} is declared twice")
    seen.append(declared)


def store_findings(declared: dict[str, t.Any], store: str | None) -> Findings:
    """A finding if ``store_secret`` is set without a secrets store. ``store`` is its path, if any."""
    if declared.get("store_secret") and not declared.get("client_secret") and not store:
        yield Finding(SECRETS_STORE_MISSING, "store_secret", "is set, but secrets_store is not set")


def _delete(current: dict[str, t.Any], declared: dict[str, t.Any], state: ClientState) -> ClientStep:
    if current["name"] in state.in_use and not declared.get("revoke_tokens"):
        raise Impossible(
            f"client {current['name']} ({current['app_name']!r}) cannot be deleted while tokens or codes reference it. "
            "To revoke them, set revoke_tokens: true on the client, or with exclusive on any declared client of the "
            "site. Its users must then sign in again"
        )
    known = {
        field: declared_form(kind, current.get(field)) for field, kind in CLIENT_FIELDS.items() if current.get(field)
    }
    return ClientStep("deleted", current["name"], before={"client_id": current["name"], **known})


def _write(declared: dict[str, t.Any], current: dict[str, t.Any] | None, state: ClientState) -> ClientStep:
    wanted = {field: declared[field] for field in CLIENT_FIELDS if declared.get(field) is not None}
    step = ClientStep(name=current["name"] if current else declared.get("client_id"))
    for field in sorted(wanted.keys() - set(state.fields)):
        step.findings.append(Finding(FIELD_UNSUPPORTED, field, "this version of Frappe has no such field"))
        del wanted[field]
    if "allowed_roles" in wanted:
        wanted["allowed_roles"] = _roles(declared, state.roles)
    if "grant_type" in wanted:
        wanted["response_type"] = RESPONSE_TYPE[wanted["grant_type"]]
    if current is None:
        missing = [field for field in NEEDED if field not in wanted]
        if missing:
            raise Impossible(
                f"{', '.join(missing)}: not declared, but required to create the client {label(declared)}. "
                f"Declare {' and '.join(missing)}"
            )
        wanted.setdefault("default_redirect_uri", default_uri(wanted["redirect_uris"]) or wanted["redirect_uris"][0])
        step.action, step.new_secret = "created", "client_secret" not in wanted
    else:
        step.findings += _default_uri_findings(wanted, current)
        step.rename = declared["client_id"] if declared.get("client_id") not in (None, current["name"]) else None
        step.new_secret = bool(declared.get("rotate_secret")) and "client_secret" not in wanted
        if declared.get("store_secret") and not step.new_secret and "client_secret" not in wanted:
            step.findings.append(
                Finding(CLIENT_SECRET_UNKNOWN, "store_secret", "the secret is not in the secrets store")
            )
    stored = current or {}
    for field, value in wanted.items():
        kind = CLIENT_FIELDS[field]
        if current is None or not same(kind, stored.get(field), value):
            step.values[field] = stored_form(kind, value)
            step.after[field] = declared_form(kind, step.values[field])
            if current:
                step.before[field] = declared_form(kind, stored.get(field))
    # Frappe's form shows the column client_id. Frappe itself uses the name, and copies it to the column on every save.
    step.stale = current is not None and current.get("client_id", current["name"]) != current["name"]
    _show_identity(step, current, declared)
    for what, wanted_here in (("client_id", current is None and step.name), ("rename", step.rename)):
        if wanted_here and what in state.unable:
            raise Impossible(f"client {label(declared)}: {what}: {state.unable[what]}")
    if current and (step.values or step.rename or step.new_secret or step.stale):
        step.action = "updated"
    step.findings = list(of_client(declared, step.findings))
    return step


def _show_identity(step: ClientStep, current: dict[str, t.Any] | None, declared: dict[str, t.Any]) -> None:
    """Add values to the diff that are not plain columns: the client_id, and the fact that a secret changes."""
    if current is None and declared.get("client_id"):
        step.after["client_id"] = declared["client_id"]
    if step.rename or step.stale:
        step.before["client_id"] = current["client_id"] if current and step.stale else step.name
        step.after["client_id"] = step.rename or step.name
    if step.new_secret or "client_secret" in step.values:
        step.after["client_secret"] = HIDDEN_NEW
        if current:
            step.before["client_secret"] = declared_form("secret", current.get("client_secret"))


def _roles(declared: dict[str, t.Any], known: t.Collection[str]) -> list[str]:
    """The roles in the spelling of the site, because Frappe corrects the case of a link on save."""
    spelling = {role.casefold(): role for role in known}
    roles = declared["allowed_roles"]
    unknown = [role for role in roles if role.casefold() not in spelling]
    if unknown:
        raise Impossible(
            f"client {label(declared)}: allowed_roles: not found on this site: {', '.join(map(repr, unknown))}. "
            "Create these roles, install the app that provides them, or correct the names"
        )
    return [spelling[role.casefold()] for role in roles]


def _default_uri_findings(wanted: dict[str, t.Any], current: dict[str, t.Any]) -> t.Iterator[Finding]:
    """Check that the default URI is in the list, even if only one of the two is declared."""
    uris = wanted.get("redirect_uris") or declared_form("uris", current.get("redirect_uris"))
    default = wanted.get("default_redirect_uri") or current.get("default_redirect_uri")
    if default not in uris:
        yield Finding(
            DEFAULT_REDIRECT_URI_STALE,
            "default_redirect_uri",
            f"{without_password(default)} is not in {without_password(uris)}",
        )
