# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge the defaults for all sites with the declarations per site. Pure; used on the controller."""

from __future__ import annotations

import fnmatch
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.collation import folded
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare import cors
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.variables import type_name
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import (
    CLIENT_OPTIONS,
    CORS_OPTIONS,
    KEY_OPTIONS,
    LIMIT_OPTIONS,
    SITE_CONFIG_OPTIONS,
    TOKEN_OPTIONS,
    VERIFY_OPTIONS,
    Options,
    select,
)

Declaration = t.Dict[str, t.Any]

PYTHON_TYPES: dict[str, type] = {"str": str, "list": list, "dict": dict, "bool": bool, "int": int}
DURATION = (str, int)
MANAGED = {"managed": bool}


def keys_of(options: Options) -> dict[str, t.Any]:
    """The allowed keys of an inventory mapping with their types, taken from the options of a module."""
    return {name: PYTHON_TYPES[option["type"]] for name, option in options.items()}


STEP_OPTIONS: dict[str, Options] = {
    "site_config": SITE_CONFIG_OPTIONS,
    "api_keys": {name: option for name, option in KEY_OPTIONS.items() if name != "secrets"},
    "tokens": select(TOKEN_OPTIONS, "max_refresh_age", "prune_after", "disabled_users"),
    "cors": CORS_OPTIONS,
    "verify": select(
        VERIFY_OPTIONS,
        *("username", "password", "api_method", "url", "address", "validate_certs", "probes", "password_grant"),
    ),
}
STEP_KEYS = {step: {**keys_of(options), **MANAGED} for step, options in STEP_OPTIONS.items()}
STEP_KEYS["tokens"].update(max_refresh_age=DURATION, prune_after=DURATION)
LIMIT_KEYS = keys_of(LIMIT_OPTIONS)
CLIENT_KEYS = {**keys_of(CLIENT_OPTIONS), **MANAGED}
DEFAULTS_KEYS = {
    "oauth_clients": list,
    "oauth_clients_exclusive": bool,
    "site_config": dict,
    "api_keys": dict,
    "tokens": dict,
    "cors": dict,
    "verify": dict,
}
SITE_KEYS = {"name": str, "managed": bool, "domains": list, **DEFAULTS_KEYS}
TYPE_NAMES: dict[t.Any, str] = {
    str: "a string",
    list: "a list",
    dict: "a mapping",
    bool: "true or false",
    int: "a number",
    DURATION: "a duration such as 30d",
}


class Mistake(Exception):
    """The inventory is not valid. The message contains the site, the key, what was found and the remedy."""


def merge(
    sites: list[Declaration],
    defaults: Declaration,
    found: list[str],
    discover: bool,
    exclude: list[str],
    only: list[str],
    cors_owner: str = "nginx",
) -> list[Declaration]:
    """The declaration of each selected site: sites on the bench by name, then listed sites that are not on the bench.

    Mappings merge by key. ``oauth_clients`` merge by ``client_id``, or otherwise by ``app_name``. For other lists and
    for values in ``settings``, the site's value replaces the default. ``managed: false`` discards the defaults. Steps
    with ``managed: false`` are listed in ``unmanaged``, so that these steps remove nothing from the site.

    Args:
        sites: declarations per site.
        defaults: declarations for all sites.
        found: names of the sites on the bench.
        discover: whether to include all sites of the bench, not only the listed ones.
        exclude: names or glob patterns of sites to exclude.
        only: names or glob patterns. If not empty, only these sites are included.
        cors_owner: ``nginx``, ``frappe`` or ``none``, see `cors.resolve`.

    Raises:
        Mistake: a key or a type is wrong, a site is listed twice, or a pattern in ``only`` matches no site.
    """
    check(defaults, DEFAULTS_KEYS, "oauth2_site_defaults")
    if not isinstance(sites, list):
        raise Mistake(f"oauth2_sites: found {type(sites).__name__}, expected a list")
    listed: dict[str, Declaration] = {}
    for number, site in enumerate(sites, 1):
        where = f"oauth2_sites, item {number}"
        if not isinstance(site, dict) or not isinstance(site.get("name"), str):
            raise Mistake(f"{where}: name is not set. Add `name: SITE`")
        check(site, SITE_KEYS, f"site {site['name']}")
        if site["name"] in listed:
            raise Mistake(f"oauth2_sites: {site['name']} is listed twice. Merge the two items")
        listed[site["name"]] = site
    names = [name for name in found if discover or name in listed] + [name for name in listed if name not in found]
    for pattern in only:
        if not fnmatch.filter(names, pattern):
            raise Mistake(
                f"oauth2_only_sites: {pattern!r} matches no site of this bench. Correct the pattern, or exclude the "
                f"bench with --limit. Available sites: {', '.join(names) or 'none'}"
            )
    chosen = [name for name in names if not _matches(name, exclude) and (not only or _matches(name, only))]
    merged = [_merge_site(listed.get(name, {"name": name}), defaults) for name in chosen]
    return [_with_cors(site, cors_owner) for site in merged if site is not None]


def _with_cors(site: Declaration, owner: str) -> Declaration:
    wrong = cors.fault(site)
    if wrong:
        raise Mistake(f"site {site['name']}: {wrong}")
    return cors.resolve(site, owner)


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def check(value: t.Any, keys: dict[str, t.Any], where: str) -> None:
    """Reject unknown keys and wrong types at all levels, with a `Mistake`."""
    if not isinstance(value, dict):
        raise Mistake(f"{where}: found {type_name(value)}, expected a mapping")
    for key, item in value.items():
        if key not in keys:
            raise Mistake(f"{where}: unknown key {key!r}. Use one of: {', '.join(sorted(keys))}")
        here = f"{where}: {key}"
        if item is None:
            raise Mistake(f"{here}: the value is empty (null). Set {TYPE_NAMES[keys[key]]}, or omit the key")
        if key == "oauth_clients" and item == {"managed": False}:
            continue
        if not isinstance(item, keys[key]) or (isinstance(item, bool) and keys[key] is int):
            raise Mistake(f"{here}: found {type_name(item)}, expected {TYPE_NAMES[keys[key]]}")
        if key in STEP_KEYS:
            check(item, STEP_KEYS[key], here)
            _check_choices(item, STEP_OPTIONS[key], here)
        elif key == "oauth_clients":
            _check_clients(item, here)
        elif keys[key] is list and not all(isinstance(part, str) for part in item):
            raise Mistake(f"{here}: found an item that is not a string, expected only strings. Quote it")


def _check_clients(clients: list[t.Any], where: str) -> None:
    for number, client in enumerate(clients, 1):
        here = f"{where}, item {number}"
        check(client, CLIENT_KEYS, here)
        if not client.get("app_name") and not client.get("client_id"):
            raise Mistake(f"{here}: neither app_name nor client_id is set. Set one to identify the client")
        _check_choices(client, CLIENT_OPTIONS, here)


def _check_choices(given: Declaration, options: Options, where: str) -> None:
    for name, option in options.items():
        if name in given and "choices" in option and option["type"] == "str" and given[name] not in option["choices"]:
            expected = ", ".join(option["choices"])
            raise Mistake(f"{where}: {name}: found {given[name]!r}, expected one of {expected}")


def _merge_site(site: Declaration, defaults: Declaration) -> Declaration | None:
    if site.get("managed") is False:
        return None
    merged: Declaration = {"name": site["name"], "domains": site.get("domains", [])}
    clients = _merge_clients(site.get("oauth_clients", []), defaults.get("oauth_clients", []))
    if clients:
        exclusive = site.get("oauth_clients_exclusive", defaults.get("oauth_clients_exclusive", False))
        merged["oauth_clients"] = [{**client, "exclusive": exclusive} for client in clients]
    unmanaged = [step for step in STEP_KEYS if not _managed(site.get(step, {}), defaults.get(step, {}))]
    for step in STEP_KEYS:
        value = _merge_step(site.get(step, {}), defaults.get(step, {}))
        if step not in unmanaged and (value or step == "verify"):
            merged[step] = value
    return {**merged, "unmanaged": unmanaged} if unmanaged else merged


def _managed(site: Declaration, default: Declaration) -> bool:
    return bool(site.get("managed", default.get("managed", True)))


def _merge_step(site: Declaration, default: Declaration) -> Declaration:
    merged = {**default, **site}
    merged.pop("managed", None)
    own = {key for part in ("settings", "secret_settings") for key in site.get(part, ())}
    for part in ("settings", "secret_settings"):
        if part in merged:
            theirs = {
                k: v for k, v in default.get(part, {}).items() if k not in own and k not in site.get("absent", ())
            }
            merged[part] = {**theirs, **site.get(part, {})}
    if "absent" in merged and "absent" not in site:
        merged["absent"] = [key for key in merged["absent"] if key not in own]
    return merged


def _same_client(one: Declaration, other: Declaration) -> bool:
    if one.get("client_id") and other.get("client_id"):
        return one["client_id"] == other["client_id"]
    return bool(one.get("app_name")) and folded(one.get("app_name")) == folded(other.get("app_name"))


def _merge_clients(site: t.Any, default: t.Any) -> list[Declaration]:
    if isinstance(site, dict):
        return []
    own, merged = list(site), []
    for client in default if isinstance(default, list) else ():
        override = next((mine for mine in own if _same_client(mine, client)), None)
        if override is not None:
            own.remove(override)
        merged.append({**client, **(override or {})})
    kept = [client for client in merged + own if client.get("managed", True)]
    return [{key: value for key, value in client.items() if key != "managed"} for client in kept]
