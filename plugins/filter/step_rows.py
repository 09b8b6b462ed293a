# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what one step of the role passes to its module."""

from __future__ import annotations

DOCUMENTATION = r"""
name: step_rows
short_description: Turn declarations into the sites option of one step's module
version_added: 0.1.0
description:
  - Picks one step out of the declarations of all sites, as items for the O(ignore:sites) option of the module that does
    the step. A site that does not declare the step has no item.
  - V(site_config) is for M(benchkeeper.frappe.frappe_site_config), V(oauth_clients) for
    M(benchkeeper.frappe.frappe_oauth_client), V(api_keys) for M(benchkeeper.frappe.frappe_user_api_key), V(tokens) for
    M(benchkeeper.frappe.frappe_oauth_token), and V(verify) for M(benchkeeper.frappe.frappe_oauth_verify), which gets
    one item for each client that is to be present.
    They carry what is declared for other origins and the site's host names, so that this is what is verified.
  - V(edge) is for M(benchkeeper.frappe.frappe_nginx_edge), which gets every site whose host names are known. A site
    with C(managed=false) in C(cors) keeps what nginx has for it.
positional: _input, step
options:
  _input:
    description: Declarations, as P(benchkeeper.frappe.site_declarations#filter) gives them.
    type: list
    elements: dict
    required: true
  step:
    description: The step.
    type: str
    choices: [site_config, oauth_clients, api_keys, tokens, edge, verify]
    required: true
  without:
    description: Names of sites to leave out.
    type: list
    elements: str
    default: []
  within:
    description: Names of sites; if given, only these are kept.
    type: list
    elements: str
  found:
    description:
      - For V(edge) and V(verify), the rows of M(benchkeeper.frappe.frappe_site_info), which know the sites' host names.
    type: list
    elements: dict
    default: []
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Bring every site's clients to what is declared
  benchkeeper.frappe.frappe_oauth_client:
    bench_path: /home/frappe/frappe-bench
    sites: "{{ oauth2_sites | benchkeeper.frappe.site_declarations | benchkeeper.frappe.step_rows('oauth_clients') }}"
"""

RETURN = r"""
_value:
  description: Items for the module's O(ignore:sites) option.
  type: list
  elements: dict
"""

from ansible.errors import AnsibleFilterError


def step_rows(declarations, step, without=(), within=None, found=()):
    """See DOCUMENTATION."""
    domains = {row["name"]: row["domains"] for row in found if "domains" in row}
    rows = {
        "site_config": _site_config,
        "oauth_clients": _oauth_clients,
        "api_keys": _api_keys,
        "tokens": _tokens,
        "edge": lambda site: _edge(site, domains),
        "verify": lambda site: _verify(site, domains),
    }
    if step not in rows:
        raise AnsibleFilterError(f"step_rows: {step!r} is no step. Use one of: {', '.join(rows)}")
    chosen = [site for site in declarations if site["name"] not in without]
    if within is not None:
        chosen = [site for site in chosen if site["name"] in within]
    return [{"name": site["name"], **row} for site in chosen for row in rows[step](site)]


def _site_config(site):
    return [site["site_config"]] if "site_config" in site else []


def _oauth_clients(site):
    return site.get("oauth_clients", [])


def _api_keys(site):
    return [site["api_keys"]] if "api_keys" in site else []


def _tokens(site):
    return [site["tokens"]] if "tokens" in site else []


def _edge(site, domains):
    """Every site, for the limit; with CORS where it is declared."""
    if site["name"] not in domains:  # its configuration cannot be read: what nginx has for it stays
        return []
    cors = {"cors": site["cors"]} if "cors" in site else {}
    kept = {"cors_managed": False} if "cors" in site.get("unmanaged", ()) else {}
    return [{"domains": site["domains"], "found_domains": domains[site["name"]], **cors, **kept}]


def _verify(site, domains):
    """A row for each client that is to be present, with what is declared of other origins."""
    present = [client for client in site.get("oauth_clients", ()) if client.get("state") != "absent"]
    shared = {**_origins(site), **site.get("verify", {})}
    names = [*site.get("domains", ()), *domains.get(site["name"], ())]
    if names:
        shared["domains"] = list(dict.fromkeys(names))
    identity = ("app_name", "client_id")
    return [
        {**shared, **{key: client[key] for key in identity if key in client}} for client in present if "verify" in site
    ]


def _origins(site):
    """What nginx is declared to answer, else the origins that Frappe itself is."""
    allowed = site.get("site_config", {}).get("settings", {}).get("allow_cors")
    if "cors" in site:
        return {"cors": site["cors"]}
    return {"cors": {"origins": allowed}} if isinstance(allowed, list) else {}


class FilterModule:
    """Ansible's entry point."""

    def filters(self):
        """Name and function."""
        return {"step_rows": step_rows}
