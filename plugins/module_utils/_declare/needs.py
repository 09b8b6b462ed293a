# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run needs, as far as it can be known before the first write. Pure; used on the controller.

Without these checks, a run would write on some sites, then stop halfway, because a vault password, nginx or supervisor
is missing.
"""

from __future__ import annotations

import difflib
import re
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.shapes import Declaration
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.variables import Values
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.reload import reload_needs
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.addresses import address_faults
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.catalogue import ALL_RULES
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import RULES_PAGE

STEPS = ("site_config", "clients", "api_keys", "tokens", "edge", "verify")
ROTATED = {"client_secrets": "clients", "api_keys": "api_keys"}
ENTRY_POINTS = ("main", "audit", "verify", "rotate")
USER = re.compile(r"[^\s\x00-\x1f\x7f]+(?: [^\s\x00-\x1f\x7f]+)*")
LONGEST_USER = 140  # characters of a column of Frappe
NAMED = 3  # maximum number of keys that an error names
WITHOUT_RELOAD = "To write the configuration without a reload, set oauth2_reload: none"


def steps_of(entry_point: str, values: Values, run_tags: t.Collection[str], skip_tags: t.Collection[str]) -> set[str]:
    """The steps that this run takes and that need something.

    Args:
        entry_point: one of `ENTRY_POINTS`. An audit compares only, and reports by itself what it cannot compare.
        values: the result of `variables.coerce`.
        run_tags: the tags of ``--tags``.
        skip_tags: the tags of ``--skip-tags``.
    """
    if entry_point == "rotate":
        return {ROTATED[what] for what in values.get("oauth2_rotate", ()) if what in ROTATED}
    if entry_point != "main":
        return {"verify"} if entry_point == "verify" else set()
    steps = {step for step in STEPS if {step, "all", "tagged"} & set(run_tags) and step not in skip_tags}
    return set() if {"all", "tagged"} & set(skip_tags) else steps


def programs(values: Values, steps: t.Collection[str]) -> list[str]:
    """The programs that the run may use on the host: ``nginx``, ``supervisor``. It is called before the merge.

    Args:
        values: the result of `variables.coerce`.
        steps: the result of `steps_of`.
    """
    declared = [values["oauth2_site_defaults"], *values["oauth2_sites"]]
    cors = any("cors" in site for site in declared)
    config = values["oauth2_common_site_config"] or cors or any("site_config" in site for site in declared)
    found = []
    if "edge" in steps and (values["oauth2_token_rate_limit"] or (cors and values["oauth2_cors_owner"] == "nginx")):
        found.append("nginx")
    if "site_config" in steps and config and values["oauth2_reload"] != "none":
        found.append("supervisor")
    return found


def wants_store(declarations: list[Declaration], steps: t.Collection[str]) -> bool:
    """Whether a step of this run reads or writes the secrets store."""
    clients = [client for site in declarations for client in site.get("oauth_clients", ())]
    return ("api_keys" in steps and any("api_keys" in site for site in declarations)) or (
        "clients" in steps and any(client.get("store_secret") for client in clients)
    )


def site_faults(declarations: list[Declaration], listed: t.Collection[str], bench: t.Mapping[str, t.Any]) -> list[str]:
    """One line per selected site of the inventory that the bench does not have.

    A directory without a configuration file is a broken site. It fails alone.

    Args:
        declarations: the result of `merge`.
        listed: names of the sites in the inventory.
        bench: ``bench`` as frappe_site_info returns it.
    """
    there = {*bench["sites"], *bench.get("directories", ())}
    missing = [site["name"] for site in declarations if site["name"] in listed and site["name"] not in there]
    site_of = {alias: site for site, aliases in bench.get("aliases", {}).items() for alias in aliases}
    return [
        f"{name}: oauth2_sites lists this name, but in the sites directory of the bench it is a symbolic link to the "
        f"site {site_of[name]}. List {site_of[name]} instead"
        if name in site_of
        else f"{name}: oauth2_sites lists this site, but the bench {bench['path']} does not have it. "
        f"{_sites_of(bench)}.{_nearest(name, bench['sites'])} Correct the name, create the site "
        "with bench new-site, or set managed: false on it"
        for name in missing
    ]


def exception_faults(exceptions: t.Iterable[str]) -> list[str]:
    """One line per accepted rule that does not exist. A misspelled id accepts nothing, and Ansible does not warn."""
    return [
        f"oauth2_policy_exceptions: found {name!r}, which is not the id of a rule.{_nearest(name, ALL_RULES)} "
        f"All ids: {RULES_PAGE}"
        for name in exceptions
        if name not in ALL_RULES
    ]


def verify_faults(declarations: list[Declaration], values: Values) -> list[str]:
    """One line per value that no verification can use: an address, a URL, or a user.

    Args:
        declarations: the result of `merge`.
        values: the result of `variables.coerce`.
    """
    user = values.get("oauth2_verify_user")
    lines = address_faults("oauth2_verify_", {"address": values.get("oauth2_verify_address")})
    lines += _user_faults("oauth2_verify_user", user)
    for site in declarations:
        own = site.get("verify", {})
        lines += address_faults(f"{site['name']}: verify: ", own)
        lines += _user_faults(f"{site['name']}: verify: username", own.get("username"))
    return lines


def password_missing(declarations: list[Declaration], values: Values) -> list[str]:
    """A line if some sites have a verify user, but no password.

    Args:
        declarations: the result of `merge`.
        values: the result of `variables.coerce`.
    """
    if values["oauth2_verify"] == "none":
        return []
    user, password = values.get("oauth2_verify_user"), values.get("oauth2_verify_password")
    own = {site["name"]: site["verify"] for site in declarations if "verify" in site}
    without = [name for name, v in own.items() if v.get("username", user) and not v.get("password", password)]
    if not without:
        return []
    where = "oauth2_verify_password" if user else f"{without[0]}: verify: password"
    return [
        f"{where}: not set for {len(without)} of {len(declarations)} sites, including {without[0]}. Set it to the "
        f"password of the verify user, or unset {'oauth2_verify_user' if user else 'verify: username'}"
    ]


def _user_faults(where: str, user: str | None) -> list[str]:
    if not user or (USER.fullmatch(user) and len(user) <= LONGEST_USER):
        return []
    return [f"{where}: found {user[:60]!r}, expected the name or email of a user. Correct it"]


def host_faults(
    found: t.Mapping[str, t.Any], values: Values, edge_declared: bool, rows: t.Sequence[Declaration]
) -> list[str]:
    """One line per program that the run needs and that this host does not have.

    Args:
        found: ``bench`` as frappe_site_info returns it, with ``programs``.
        values: the result of `variables.coerce`.
        edge_declared: whether anything is declared for nginx.
        rows: declarations for site_config.json and common_site_config.json.
    """
    programs_found = found.get("programs") or {}
    lines: list[str] = []
    nginx = programs_found.get("nginx")
    if nginx and edge_declared and (nginx["installed"] or not values["oauth2_install_packages"]):
        lines += _nginx_faults(nginx, values)
    supervisor = programs_found.get("supervisor")
    keys = {key for row in rows for part in ("settings", "secret_settings", "absent") for key in row.get(part, ())}
    if supervisor:
        cached, how = supervisor["config_cached"], values["oauth2_reload"]
        reloading = sorted(key for key in keys if reload_needs({key}, cached, how)["web"] != "none")
        lines += _supervisor_faults(supervisor, found["processes"]["web"], values, reloading) if reloading else ()
    return lines


def _nginx_faults(nginx: t.Mapping[str, t.Any], values: Values) -> t.Iterator[str]:
    limited = bool(values["oauth2_token_rate_limit"])  # Frappe cannot limit requests, so nginx is required
    declared = "a rate limit is declared" if limited else "CORS is declared"
    owner = "" if limited else ", or let Frappe send the CORS headers (oauth2_cors_owner: frappe)"
    if not nginx["installed"]:
        remedy = "Install nginx, or correct oauth2_nginx" if limited else f"Install nginx, correct oauth2_nginx{owner}"
        yield (
            f"oauth2_nginx: the program {values['oauth2_nginx']!r} was not found on this host, but {declared}. {remedy}"
        )
        return
    if nginx["reads_conf_dir"] is False:
        yield (
            f"oauth2_nginx_conf_dir: nginx does not include {values['oauth2_nginx_conf_dir']}/*.conf, but "
            f"{declared}. Set oauth2_nginx_conf_dir to the directory whose *.conf the http block includes, "
            "or set oauth2_nginx_conf"
        )
    if nginx["headers_more"] is False and not values["oauth2_install_packages"]:
        package = values["oauth2_headers_more_package"]
        yield (
            f"oauth2_nginx: nginx does not have the module headers-more, but {declared}. Set "
            f"oauth2_install_packages: true{' or' if limited else ','} install {package}{owner}"
        )


def _supervisor_faults(supervisor: t.Mapping[str, t.Any], web: str, values: Values, keys: list[str]) -> t.Iterator[str]:
    more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
    needed = f"a change of {', '.join(keys[:NAMED])}{more} needs a reload of the web process"
    if not supervisor["installed"]:
        yield (
            f"oauth2_supervisorctl: the program {values['oauth2_supervisorctl']!r} was not found on this host, but "
            f"{needed}. Correct oauth2_supervisorctl. {WITHOUT_RELOAD}"
        )
    elif supervisor["web_known"] is False:
        yield (
            f"oauth2_supervisor_config: supervisor has no program {web}, but {needed}. "
            f"Run bench setup supervisor and supervisorctl update, or correct oauth2_supervisor_config. "
            f"{WITHOUT_RELOAD}"
        )


def _sites_of(bench: t.Mapping[str, t.Any]) -> str:
    return f"It has: {', '.join(bench['sites'])}" if bench["sites"] else "It has no sites"


def _nearest(name: str, known: t.Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""
