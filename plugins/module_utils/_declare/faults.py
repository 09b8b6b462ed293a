# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors in declarations that stop a run before its first write. Pure; used on the controller."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.shapes import (
    DEFAULTS,
    LIMIT,
    Declaration,
    Mistake,
    typed,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.api_keys import key_findings, key_store_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.clients import (
    of_client,
    store_findings,
    twice_findings,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.tokens import token_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Finding, judge
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.host_names import shared_name_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import (
    client_findings,
    edge_findings,
    limit_findings,
    name_findings,
    password_findings,
    settings_findings,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import COMMON_FILE

# The fields of `limit_findings`, with the variables of the role that set them.
LIMIT_FIELDS = {
    "rate_limit.rate": "oauth2_token_rate_limit.rate",
    "rate_limit.burst": "oauth2_token_rate_limit.burst",
    "trusted_proxies": "oauth2_trusted_proxies",
}


def faults(
    declarations: list[Declaration],
    common: Declaration,
    policy: str,
    exceptions: list[str],
    secrets_store: str | None = None,
    rate_limit: Declaration | None = None,
    proxies: t.Collection[str] = (),
    listed: t.Collection[str] | None = None,
    verify_password: str | None = None,
    hosts: t.Mapping[str, t.Iterable[str]] | None = None,
) -> list[str]:
    """All declared values that must stop the run before the first write, one line per fault.

    Args:
        declarations: the result of `merge`.
        common: the declaration for common_site_config.json.
        policy: ``warn``, ``enforce`` or ``ignore``.
        exceptions: ids of the rules that the operator accepts.
        secrets_store: path of the secrets store, if any.
        rate_limit: ``rate`` and ``burst`` at the token endpoint, if it is limited.
        proxies: trusted proxies, from which X-Forwarded-For is accepted.
        listed: names of the sites in the inventory, or None for all sites. All other sites were discovered on the
            bench. If such a site has an invalid name, only that site fails.
        verify_password: password of the verify user, if any.
        hosts: all host names of each site of the bench, also of sites that are not selected.

    Raises:
        Mistake: ``common`` or ``rate_limit`` has a wrong key or type.
    """
    common, rate_limit = common_of(common), limit_of(rate_limit)
    if rate_limit and "rate" not in rate_limit:
        raise Mistake("oauth2_token_rate_limit: rate is not set. Set it, for example: {rate: 5r/s}")
    lines: list[str] = []

    def stop(where: str, findings: t.Iterable[Finding]) -> None:
        lines.extend(f"{where}{finding}" for finding in judge(findings, policy, exceptions)[0])

    limits = limit_findings({"burst": 10, **rate_limit} if rate_limit else None, proxies)
    stop("", (finding._replace(field=LIMIT_FIELDS[finding.field]) for finding in limits))
    shared = settings_findings(*_settings(common), file=COMMON_FILE)
    of_common = len(f" in {COMMON_FILE}")
    stop("oauth2_common_site_config: ", (one._replace(field=one.field[:-of_common]) for one in shared))
    names = _names(declarations)
    stop("", password_findings("oauth2_verify_password", str(verify_password or ""), names))
    for sites, finding in shared_name_findings(hosts or {}, [site["name"] for site in declarations]):
        stop(f"{' and '.join(sites)}: ", [finding])
    for site in declarations:
        here = f"{site['name']}: "
        if listed is None or site["name"] in listed:
            stop(here, name_findings(site["name"]))
        stop(here, edge_findings(site["domains"], site.get("cors")))
        seen: list[Declaration] = []
        for client in site.get("oauth_clients", ()):
            stop(here, of_client(client, client_findings(client, site["name"])))
            stop(here, of_client(client, twice_findings(client, seen)))
            stop(here, of_client(client, store_findings(client, secrets_store)))
        if "site_config" in site:
            stop(here, settings_findings(*_settings(site["site_config"]), file="site_config.json"))
        if "api_keys" in site:
            stop(here, key_findings(site["api_keys"], site["name"]))
            stop(here, key_store_findings(site["api_keys"], secrets_store))
        if "tokens" in site:
            stop(here, token_findings(site["tokens"]))
        stop(here, password_findings("verify: password", site.get("verify", {}).get("password"), names))
    return lines


def owner_fault(path: str, owner: str, become: bool, user: str | None) -> str | None:
    """Why the steps cannot become the owner of the bench; None if they can, or need not.

    Args:
        path: the bench directory.
        owner: the login name of its owner, or the uid if there is no account.
        become: ``oauth2_become``.
        user: ``oauth2_bench_user``, if it is set.
    """
    if not become or user or not owner.isdigit():
        return None
    return (
        f"oauth2_bench_path: {path} is owned by uid {owner}, which has no account on this host. Expected an owner that "
        "Ansible can become. Run Ansible as that uid with oauth2_become: false, or create an account with that uid"
    )


def common_of(given: t.Any) -> Declaration:
    """The declaration for common_site_config.json, with all values in their types."""
    return typed(given, DEFAULTS["site_config"]["options"], "oauth2_common_site_config")


def limit_of(given: t.Any) -> Declaration:
    """The declared rate limit, with all values in their types. Empty if there is none."""
    return typed(given or {}, LIMIT, "oauth2_token_rate_limit")


def _names(declarations: list[Declaration]) -> set[str]:
    """All names that must stay readable in the output."""
    names = {name for site in declarations for name in (site["name"], *site["domains"])}
    clients = [client for site in declarations for client in site.get("oauth_clients", ())]
    names |= {client[key] for client in clients for key in ("app_name", "client_id") if key in client}
    return names | {site["verify"]["username"] for site in declarations if "username" in site.get("verify", {})}


def _settings(step: Declaration) -> tuple[dict, dict, list]:
    return step.get("settings", {}), step.get("secret_settings", {}), step.get("absent", [])
