# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan OAuth clients: declared + current -> steps. Pure: no Ansible, no Frappe, no I/O.

A client travels in two forms. *Declared* is the options of frappe_oauth_client. *Stored* is a row of Frappe's
doctype OAuth Client as the database holds it, with `allowed_roles` as a list of role names.
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
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CLIENT_FIELDS

RESPONSE_TYPE = {"Authorization Code": "Code", "Implicit": "Token"}  # the pairs that OAuthClient.validate allows
NEEDED = ("app_name", "redirect_uris")


@dataclasses.dataclass
class ClientStep:
    """What is to be done for one declared row, or for one client that is pruned.

    Attributes:
        action: ``unchanged``, ``created``, ``updated`` or ``deleted``.
        name: the client's name in Frappe, which is its client_id; None for a new one that Frappe names.
        rename: the name it is to get, if that differs.
        values: columns to write, in Frappe's form.
        before: what `values` replaces, in declared form, secrets hidden.
        after: the same after the step.
        findings: rules that only the site's own state can break.
        new_secret: write a fresh 256-bit secret that nobody keeps.
        pruned: not declared, and removed by ``exclusive``.
        stale: its column ``client_id`` shows another id than the one that Frappe knows it by; any save mends that.
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
    """What a site holds.

    Attributes:
        clients: every OAuth client, stored form, with ``name`` and ``owner``.
        fields: names of the columns that this Frappe has.
        roles: every role that exists, among those asked for.
        in_use: names of the clients that tokens or codes still name.
        unable: what the way to this site cannot do, ``client_id`` (choose one) or ``rename``, and what to do instead.
    """

    clients: list[dict[str, t.Any]]
    fields: t.Collection[str]
    roles: t.Collection[str] = ()
    in_use: t.Collection[str] = ()
    unable: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


def declared_form(kind: str, stored: t.Any) -> t.Any:
    """A stored value in declared form, for comparison and diff; a secret never shows."""
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
    """A declared value in Frappe's form."""
    if kind in ("uris", "scopes"):
        return " ".join(dict.fromkeys(declared))
    if kind == "lines":
        return "\n".join(dict.fromkeys(declared))
    if kind == "roles":
        return list(dict.fromkeys(declared))
    return int(declared) if kind == "check" else declared


def same(kind: str, stored: t.Any, declared: t.Any) -> bool:
    """Do both mean the same to Frappe? Order and repetition never count in a list."""
    if kind == "secret":
        return stored == declared
    left, right = declared_form(kind, stored), declared_form(kind, stored_form(kind, declared))
    return sorted(set(left)) == sorted(set(right)) if isinstance(left, list) else left == right


def find_client(declared: dict[str, t.Any], clients: list[dict[str, t.Any]]) -> dict[str, t.Any] | None:
    """The one client that a declaration is about: by client_id if given, else by app_name.

    Raises:
        Impossible: two clients answer to the name, the client_id differs only in case, or it is to be changed without
            ``rename``.
    """
    wanted, app_name = declared.get("client_id"), declared.get("app_name")
    for client in clients:
        if wanted and client["name"].casefold() == wanted.casefold():
            if client["name"] != wanted:
                raise Impossible(
                    f"client_id: {wanted!r} is declared, {client['name']!r} exists, and Frappe compares them without "
                    f"case. Declare client_id: {client['name']}"
                )
            return client
    if wanted and declared.get("state") == "absent":
        return None  # its client_id says which client is meant, however many have the name
    named = [client for client in clients if app_name and folded(client["app_name"]) == folded(app_name)]
    if len(named) > 1:
        listed = ", ".join(f"{c['name']} ({c['app_name']!r})" for c in sorted(named, key=lambda c: c["name"]))
        raise Impossible(
            f"app_name: {app_name!r} answers to {len(named)} clients: {listed}. The database compares without case, "
            "accents and trailing spaces. Declare the client_id of the one you mean, or delete the others"
        )
    if wanted and named and not declared.get("rename"):
        raise Impossible(
            f"client_id: {wanted!r} is declared for app_name {app_name!r}, whose client_id is {named[0]['name']!r}. "
            f"Declare client_id: {named[0]['name']}, or rename: true (apps that use the old client_id stop working)"
        )
    return named[0] if named else None


def plan_clients(declarations: list[dict[str, t.Any]], state: ClientState) -> list[ClientStep]:
    """Plan all clients of one site: a step for each declaration, in order, then one for each pruned client.

    Raises:
        Impossible: the site cannot be brought to the declared state; nothing may be written.
    """
    steps: list[ClientStep] = []
    met: dict[str, str] = {}
    for declared in declarations:
        current = find_client(declared, state.clients)
        if current:
            if current["name"] in met:
                raise Impossible(
                    f"client {current['name']} is declared twice: as {met[current['name']]} and as {label(declared)}"
                )
            met[current["name"]] = label(declared)
        if declared.get("state") == "absent":
            steps.append(_delete(current, declared, state) if current else ClientStep())
        else:
            steps.append(_write(declared, current, state))
    if any(declared.get("exclusive") for declared in declarations):
        revoke = any(declared.get("revoke_tokens") for declared in declarations)
        for client in state.clients:
            if client["name"] not in met and client.get("owner") != "Guest":  # Guest owns what registered itself
                step = _delete(client, {"revoke_tokens": revoke}, state)
                step.pruned = True
                steps.append(step)
    _refuse_if_lost(declarations, steps, state)
    return steps


def _refuse_if_lost(declarations: list[dict[str, t.Any]], steps: list[ClientStep], state: ClientState) -> None:
    """Every declaration must find its own client again afterwards, or the next run would fail."""
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
                f"app_name: {label(declared)} would be meant by two declarations of this site. The database compares "
                "names without case, accents and trailing spaces. Declare each client once, under a name of its own"
            )


def _afterwards(step: ClientStep, current: dict[str, t.Any]) -> dict[str, t.Any] | None:
    """What identifies the step's client once it is done, or None. What Frappe is to name has no name yet."""
    if step.action == "deleted" or (step.action == "unchanged" and step.name is None):
        return None
    return {"name": step.rename or step.name or "", "app_name": step.values.get("app_name", current.get("app_name"))}


def label(declared: dict[str, t.Any]) -> str:
    """How a declared client is called in messages."""
    return repr(declared.get("app_name") or declared.get("client_id"))


def twice_findings(declared: dict[str, t.Any], seen: list[dict[str, t.Any]]) -> Findings:
    """A client that is declared a second time; ``seen`` holds the site's declarations so far, and gets this one."""
    client_id, app_name = declared.get("client_id"), declared.get("app_name")
    for other in seen:
        if client_id and other.get("client_id"):
            if client_id.casefold() == other["client_id"].casefold():
                yield Finding(CLIENT_TWICE, "client_id", repr(client_id))
        elif app_name and other.get("app_name") and folded(app_name) == folded(other["app_name"]):
            yield Finding(CLIENT_TWICE, "app_name", repr(app_name))
    seen.append(declared)


def store_findings(declared: dict[str, t.Any], store: str | None) -> Findings:
    """A secret that is to be kept needs a place; ``store`` is the one that is given, if any."""
    if declared.get("store_secret") and not declared.get("client_secret") and not store:
        yield Finding(SECRETS_STORE_MISSING, "store_secret", f"is declared for {label(declared)}, without a store")


def _delete(current: dict[str, t.Any], declared: dict[str, t.Any], state: ClientState) -> ClientStep:
    if current["name"] in state.in_use and not declared.get("revoke_tokens"):
        raise Impossible(
            f"client {current['name']} ({current['app_name']!r}) cannot be deleted while tokens or codes name it. "
            "Set revoke_tokens: true to revoke them (its users must sign in again)"
        )
    known = {
        field: declared_form(kind, current.get(field)) for field, kind in CLIENT_FIELDS.items() if current.get(field)
    }
    return ClientStep("deleted", current["name"], before={"client_id": current["name"], **known})


def _write(declared: dict[str, t.Any], current: dict[str, t.Any] | None, state: ClientState) -> ClientStep:
    wanted = {field: declared[field] for field in CLIENT_FIELDS if declared.get(field) is not None}
    step = ClientStep(name=current["name"] if current else declared.get("client_id"))
    for field in sorted(wanted.keys() - set(state.fields)):
        step.findings.append(Finding(FIELD_UNSUPPORTED, field, "this Frappe has no such field"))
        del wanted[field]
    if "allowed_roles" in wanted:
        wanted["allowed_roles"] = _roles(wanted["allowed_roles"], state.roles)
    if "grant_type" in wanted:
        wanted["response_type"] = RESPONSE_TYPE[wanted["grant_type"]]
    if current is None:
        missing = [field for field in NEEDED if field not in wanted]
        if missing:
            raise Impossible(f"{', '.join(missing)}: needed to create the client {label(declared)}")
        wanted.setdefault("default_redirect_uri", wanted["redirect_uris"][0])
        step.action, step.new_secret = "created", "client_secret" not in wanted
    else:
        step.findings += _default_uri_findings(wanted, current)
        step.rename = declared["client_id"] if declared.get("client_id") not in (None, current["name"]) else None
        step.new_secret = bool(declared.get("rotate_secret")) and "client_secret" not in wanted
        if declared.get("store_secret") and not step.new_secret and "client_secret" not in wanted:
            step.findings.append(Finding(CLIENT_SECRET_UNKNOWN, "store_secret", f"the secret of {label(declared)}"))
    stored = current or {}
    for field, value in wanted.items():
        kind = CLIENT_FIELDS[field]
        if current is None or not same(kind, stored.get(field), value):
            step.values[field] = stored_form(kind, value)
            step.after[field] = declared_form(kind, step.values[field])
            if current:
                step.before[field] = declared_form(kind, stored.get(field))
    # The column that forms show; Frappe itself goes by the name, and sets the column to it on every save.
    step.stale = current is not None and current.get("client_id", current["name"]) != current["name"]
    _show_identity(step, current, declared)
    for what, wanted_here in (("client_id", current is None and step.name), ("rename", step.rename)):
        if wanted_here and what in state.unable:
            raise Impossible(f"{what}: {state.unable[what]}")
    if current and (step.values or step.rename or step.new_secret or step.stale):
        step.action = "updated"
    return step


def _show_identity(step: ClientStep, current: dict[str, t.Any] | None, declared: dict[str, t.Any]) -> None:
    """Put what is no plain column into the diff: the chosen client_id, and that a secret changes."""
    if current is None and declared.get("client_id"):
        step.after["client_id"] = declared["client_id"]
    if step.rename or step.stale:
        step.before["client_id"] = current["client_id"] if current and step.stale else step.name
        step.after["client_id"] = step.rename or step.name
    if step.new_secret or "client_secret" in step.values:
        step.after["client_secret"] = HIDDEN_NEW
        if current:
            step.before["client_secret"] = declared_form("secret", current.get("client_secret"))


def _roles(declared: list[str], known: t.Collection[str]) -> list[str]:
    """Roles in the spelling that the site has; Frappe corrects the case of a link on save."""
    spelling = {role.casefold(): role for role in known}
    unknown = [role for role in declared if role.casefold() not in spelling]
    if unknown:
        raise Impossible(
            f"allowed_roles: the site has no role {', '.join(map(repr, unknown))}. Create it, install the app that "
            "brings it, or correct the name"
        )
    return [spelling[role.casefold()] for role in declared]


def _default_uri_findings(wanted: dict[str, t.Any], current: dict[str, t.Any]) -> t.Iterator[Finding]:
    """The default URI ought to be one of the list, also when only one of the two is declared."""
    uris = wanted.get("redirect_uris") or declared_form("uris", current.get("redirect_uris"))
    default = wanted.get("default_redirect_uri") or current.get("default_redirect_uri")
    if default not in uris:
        yield Finding(
            DEFAULT_REDIRECT_URI_STALE,
            "default_redirect_uri",
            f"{without_password(default)} is not in {without_password(uris)}",
        )
