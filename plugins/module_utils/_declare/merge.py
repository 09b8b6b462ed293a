# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge the defaults for all sites with the declarations per site. Pure; used on the controller."""

from __future__ import annotations

import fnmatch
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.collation import folded
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.kinds import type_name
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare import cors
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.shapes import (
    DEFAULTS,
    SITE,
    STEP_OPTIONS,
    Declaration,
    Mistake,
    omitted,
    typed,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.variables import CONVERT


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
    defaults = typed(defaults, DEFAULTS, "oauth2_site_defaults")
    listed = listed_sites(sites)
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


def listed_sites(sites: t.Any) -> dict[str, Declaration]:
    """The declarations per site by name, with all values in their types.

    Raises:
        Mistake: a key or a type is wrong, or a site is listed twice.
    """
    if not isinstance(sites, list):
        raise Mistake(f"oauth2_sites: found {type_name(sites)}, expected a list")
    listed: dict[str, Declaration] = {}
    for number, site in enumerate(sites, 1):
        given = CONVERT["dict"](site)
        name = CONVERT["str"](given.get("name")) if given else None
        if name is None or omitted(name):
            raise Mistake(f"oauth2_sites, item {number}: name is not set. Add `name: SITE`")
        if name in listed:
            raise Mistake(f"oauth2_sites: {name} is listed twice. Merge the two items")
        listed[name] = typed(given, SITE, f"site {name}")
    return listed


def _with_cors(site: Declaration, owner: str) -> Declaration:
    wrong = cors.fault(site, owner)
    if wrong:
        raise Mistake(f"site {site['name']}: {wrong}")
    return cors.resolve(site, owner)


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _merge_site(site: Declaration, defaults: Declaration) -> Declaration | None:
    if site.get("managed") is False:
        return None
    merged: Declaration = {"name": site["name"], "domains": site.get("domains", [])}
    clients = _merge_clients(site.get("oauth_clients", []), defaults.get("oauth_clients", []))
    if clients:
        exclusive = site.get("oauth_clients_exclusive", defaults.get("oauth_clients_exclusive", False))
        merged["oauth_clients"] = [{**client, "exclusive": exclusive} for client in clients]
    unmanaged = [step for step in STEP_OPTIONS if not _managed(site.get(step, {}), defaults.get(step, {}))]
    for step in STEP_OPTIONS:
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
