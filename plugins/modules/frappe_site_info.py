#!/usr/bin/python
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gather what many Frappe sites are and have."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: frappe_site_info
short_description: Gather facts about a bench and its Frappe sites
version_added: 0.1.0
description:
  - Reads versions, features, apps, domains and OAuth clients of one site, of several, or of all sites of a bench, in
    one process. Changes nothing and shows no secret.
options:
  name:
    description: The site, by the name of its folder in C(sites). Left out, with O(sites), every site of the bench.
    type: str
  gather: &gather
    description:
      - What to gather. V(domains) is read from files alone, and needs no database and no running bench.
      - V(features) are found in the site's own doctypes, never by version.
    type: list
    elements: str
    choices: [domains, apps, features, oauth_clients]
    default: [domains, apps, features, oauth_clients]
  sites:
    description: One item a site.
    type: list
    elements: dict
    suboptions:
      name:
        description: The site.
        type: str
        required: true
      gather:
        description: As the task's O(gather).
        type: list
        elements: str
        choices: [domains, apps, features, oauth_clients]
  nginx_conf_dir:
    description: The folder whose C(*.conf) the http block of nginx includes, to see what this collection left there.
    type: path
    default: /etc/nginx/conf.d
extends_documentation_fragment:
  - benchkeeper.frappe.bench
  - benchkeeper.frappe.bench.required
  - benchkeeper.frappe.bench.worker
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: See what the bench holds
  benchkeeper.frappe.frappe_site_info:
    bench_path: /home/frappe/frappe-bench
  become: true
  become_user: frappe
  register: found

- name: Show the OAuth clients of every site
  ansible.builtin.debug:
    msg: "{{ found.sites | community.general.json_query('[].{site: name, clients: oauth_clients[].app_name}') }}"
"""

RETURN = r"""
bench:
  description: The bench.
  returned: success
  type: dict
  contains:
    path:
      description: Its folder.
      type: str
      sample: /home/frappe/frappe-bench
    owner:
      description: The user that owns it.
      type: str
      sample: frappe
    sites:
      description: Names of all its sites.
      type: list
      elements: str
    processes:
      description:
        - C(manager) is V(supervisor), V(systemd) or V(none), C(web) the name of the web program, C(workers) the names
          of what works in the background, as bench's own files have them.
      type: dict
      sample:
        manager: supervisor
        web: frappe-bench-web:frappe-bench-frappe-web
        workers: ["frappe-bench-workers:"]
    edge_files:
      description: Files of M(benchkeeper.frappe.frappe_nginx_edge) that are there for this bench.
      type: list
      elements: str
sites:
  description: A row for each site.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The site.
      type: str
      sample: Trust.com
    domains:
      description: Host names under which the site answers, the first of them the one to show.
      type: list
      elements: str
      sample: [trust.example.com]
    url:
      description: The site's address, as its configuration has it.
      type: str
      sample: https://trust.example.com
    frappe_version:
      description: Version of Frappe.
      type: str
      sample: 15.55.1
    apps:
      description: Installed apps and their versions.
      type: dict
      sample: {frappe: 15.55.1, crm: 1.34.0}
    features:
      description:
        - C(client_fields) are the fields that an OAuth client has here.
        - C(oauth_settings) says whether Frappe has that doctype, which came with Frappe 16.
        - C(config_cached) says whether it keeps the configuration between requests, as Frappe 16 and later do.
      type: dict
    oauth_clients:
      description: The OAuth clients, as M(benchkeeper.frappe.frappe_oauth_client) would declare them.
      type: list
      elements: dict
    failed:
      description: Whether the site could not be read.
      type: bool
    msg:
      description: Why it could not, and what to do.
      type: str
"""

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench import Bench, BenchError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._config_file import BrokenConfig, read_config
from ansible_collections.benchkeeper.frappe.plugins.module_utils._domains import domains_of, url_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._edge import edge_files
from ansible_collections.benchkeeper.frappe.plugins.module_utils._module import (
    WORKER_OPTIONS,
    Row,
    SitesModule,
    failed_row,
    row_of,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._processes import processes

SUBSETS = ["domains", "apps", "features", "oauth_clients"]
OPTIONS = {"gather": {"type": "list", "elements": "str", "choices": SUBSETS, "default": SUBSETS}}


def read(module: SitesModule, bench: Bench) -> list[Row]:
    """A row for each site: what its files say, then what Frappe says."""
    deep = [{"site": row["name"], "gather": row["gather"]} for row in module.rows if set(row["gather"]) - {"domains"}]
    answers = bench.work("_frappe_info", deep, {}, True, module.params["site_timeout"]) if deep else []
    replies = {item["site"]: answer for item, answer in zip(deep, answers)}
    common, rows = read_config(bench.common_config), []
    for row in module.rows:
        name = row["name"]
        reply = replies.get(name, {})
        fault = bench.fault(name) or reply.get("failed")
        if fault:
            rows.append(failed_row(name, fault))
            continue
        facts = reply.get("reply", {})
        if "domains" in row["gather"]:
            config = {**common, **read_config(bench.site_config(name))}
            facts.update(domains=domains_of(name, config), url=url_of(name, config))
        rows.append(row_of(name, **facts))
    return rows


def main() -> None:
    """Run the module."""
    module = SitesModule(
        OPTIONS,
        {
            "bench_path": {"type": "path", "required": True},
            "nginx_conf_dir": {"type": "path", "default": "/etc/nginx/conf.d"},
            **WORKER_OPTIONS,
        },
    )
    try:
        bench = Bench(module.params["bench_path"])
        names = bench.sites()
        if module.params["name"] is None and module.params["sites"] is None:
            module.rows = [{"name": name, "gather": module.params["gather"]} for name in names]
        rows = read(module, bench)
    except (BenchError, BrokenConfig) as error:
        module.fail(str(error))
    module.finish(
        rows,
        title=lambda row: row["name"],
        bench={
            "path": bench.path,
            "owner": bench.owner_name,
            "sites": names,
            "processes": processes(bench.path),
            "edge_files": edge_files(bench.path, module.params["nginx_conf_dir"]),
        },
    )


if __name__ == "__main__":
    main()
