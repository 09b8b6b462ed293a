# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of a declaration, and the conversion of their values to the types of the module options. Pure.

Ansible converts an option of a module to its type: ``"yes"`` to true, ``"a,b"`` to a list, a number to a string. It
removes an option that is `omit`. Values inside a declaration follow the same rules.
"""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.kinds import type_name
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.variables import CONVERT
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import (
    CLIENT_OPTIONS,
    CORS_OPTIONS,
    KEY_OPTIONS,
    LIMIT_OPTIONS,
    SITE_CONFIG_OPTIONS,
    TOKEN_OPTIONS,
    VERIFY_OPTIONS,
    Option,
    Options,
    flag,
    select,
    text,
    texts,
)

Declaration = t.Dict[str, t.Any]

PYTHON_TYPES: dict[str, type] = {"str": str, "list": list, "dict": dict, "bool": bool, "int": int}
MANAGED: Options = {"managed": flag()}
STEP_OPTIONS: dict[str, Options] = {
    # the step's row takes cors_instead from cors
    "site_config": {name: option for name, option in SITE_CONFIG_OPTIONS.items() if name != "cors_instead"},
    "api_keys": {name: option for name, option in KEY_OPTIONS.items() if name != "secrets"},
    "tokens": select(TOKEN_OPTIONS, "max_refresh_age", "prune_after", "disabled_users"),
    "cors": CORS_OPTIONS,
    "verify": select(
        VERIFY_OPTIONS,
        *("username", "password", "api_method", "url", "address", "validate_certs", "probes", "password_grant"),
    ),
}
CLIENT: Options = {**CLIENT_OPTIONS, **MANAGED}
DEFAULTS: Options = {
    "oauth_clients": {"type": "list", "elements": "dict", "options": CLIENT},
    "oauth_clients_exclusive": flag(),
    **{step: {"type": "dict", "options": {**options, **MANAGED}} for step, options in STEP_OPTIONS.items()},
}
SITE: Options = {"name": text(), **MANAGED, "domains": texts(), **DEFAULTS}
LIMIT: Options = LIMIT_OPTIONS
EXPECTED = {
    "str": "a string",
    "list": "a list",
    "dict": "a mapping",
    "bool": "true or false",
    "int": "a whole number",
}
DURATIONS = ("max_refresh_age", "prune_after")
# What `omit` looks like after it became part of a string: in ansible-core 2.19 and later, and in older versions.
OMITTED = ("<<Omit>>", "__omit_place_holder__")


class Mistake(Exception):
    """The inventory is not valid. The message contains the site, the key, what was found and the remedy."""


def keys_of(options: Options) -> dict[str, type]:
    """The keys of a mapping in the inventory, with their Python types."""
    return {name: PYTHON_TYPES[option["type"]] for name, option in options.items()}


STEP_KEYS = {step: keys_of(DEFAULTS[step]["options"]) for step in STEP_OPTIONS}
CLIENT_KEYS, DEFAULTS_KEYS, SITE_KEYS = keys_of(CLIENT), keys_of(DEFAULTS), keys_of(SITE)


def typed(given: t.Any, options: Options, where: str) -> Declaration:
    """A mapping of the inventory with all values in the types of the options, at all levels.

    Args:
        given: the mapping, or a JSON string of one. It is not changed.
        options: the allowed keys.
        where: the site or variable, and the keys that lead to the mapping; for errors.

    Raises:
        Mistake: a key is unknown, or a value is null or cannot be converted. No value of a secret is in the message.
    """
    converted = CONVERT["dict"](given)
    if converted is None:
        raise Mistake(f"{where}: found {_kind(given)}, expected a mapping")
    result: Declaration = {}
    for key, value in converted.items():
        if key not in options:
            raise Mistake(f"{where}: unknown key {key!r}. Use one of: {', '.join(sorted(options))}")
        if omitted(value):
            continue
        here = f"{where}: {key}"
        if value is None:
            raise Mistake(f"{here}: the value is empty (null). Set {_expected(key, options[key])}, or omit the key")
        result[key] = _value(value, key, options[key], here)
    return result


def omitted(value: t.Any) -> bool:
    """Whether a value is the placeholder of Ansible's `omit`."""
    return isinstance(value, str) and (value == OMITTED[0] or value.startswith(OMITTED[1]))


def _value(value: t.Any, key: str, option: Option, here: str) -> t.Any:
    kind, inner = option["type"], option.get("options")
    if inner and kind == "dict":
        return typed(value, inner, here)
    if inner and isinstance(value, dict):  # oauth_clients: {managed: false}
        unmanaged = typed(value, MANAGED, here)
        if unmanaged == {"managed": False}:
            return unmanaged
    converted = CONVERT[kind](value)
    if converted is None:
        found = repr(value) if isinstance(value, str) and kind in ("bool", "int") else _kind(value)
        raise Mistake(f"{here}: found {found}, expected {_expected(key, option)}")
    if inner:
        return [_client(item, f"{here}, item {n}") for n, item in enumerate(converted, 1) if not omitted(item)]
    if kind == "list":
        items = [item for item in converted if not omitted(item)]
        converted = [CONVERT["str"](item) for item in items]
        if None in converted:
            wrong = converted.index(None)
            raise Mistake(f"{here}, item {wrong + 1}: found {type_name(items[wrong])}, expected a string")
    if kind == "dict":
        return _without_omitted(converted)
    for item in converted if kind == "list" else [converted]:
        if "choices" in option and item not in option["choices"]:
            raise Mistake(f"{here}: found {item!r}, expected one of {', '.join(option['choices'])}")
    return converted


def _client(given: t.Any, where: str) -> Declaration:
    client = typed(given, CLIENT, where)
    if not client.get("app_name") and not client.get("client_id"):
        raise Mistake(f"{where}: neither app_name nor client_id is set. Set one to identify the client")
    return client


def _without_omitted(value: t.Any) -> t.Any:
    """A free value, such as a setting of Frappe, without omitted keys and items. Nothing else is converted."""
    if isinstance(value, dict):
        return {key: _without_omitted(item) for key, item in value.items() if not omitted(item)}
    if isinstance(value, list):
        return [_without_omitted(item) for item in value if not omitted(item)]
    return value


def _expected(key: str, option: Option) -> str:
    return "a duration such as 30d" if key in DURATIONS else EXPECTED[option["type"]]


def _kind(value: t.Any) -> str:
    """The type of a value. The value itself may be a secret."""
    if isinstance(value, str) and value.strip().startswith(("{", "[")):
        return "a string that is not valid JSON"
    return type_name(value)
