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
  - Reads versions, features, apps, domains, OAuth clients and settings, counts of tokens, users with API keys, and the
    configuration of one site, of several, or of all sites of a bench, in one process. Changes nothing and shows no
    secret and no token.
  - What is found is held against the rules of this collection. A C(warning) is something wrong with the site, and the
    task warns of it. A C(notice) is what its Frappe does on every site; it stands in C(findings) only.
options:
  name:
    description: The site, by the name of its folder in C(sites). Left out, with O(sites), every site of the bench.
    type: str
  gather: &gather
    description:
      - What to gather. V(domains) and V(config) are read from files alone, and need no database and no running bench.
        For these any user will do that may read the files.
      - V(features) are found in the site's own doctypes and in the source of the bench's Frappe, never by version, and
        nothing is tried out.
      - V(tokens) are counted by the database, with two queries however many there are.
    type: list
    elements: str
    choices: &subsets [domains, config, apps, features, oauth_settings, oauth_clients, tokens, api_keys]
    default: [domains, config, apps, features, oauth_settings, oauth_clients, tokens, api_keys]
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
        choices: *subsets
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

- name: Show what needs a human, and leave out what Frappe itself does
  ansible.builtin.debug:
    msg: "{{ found.sites | community.general.json_query(query) }}"
  vars:
    query: "[].{site: name, problems: findings[?severity != 'notice'].{what: found, where: field, remedy: remedy}}"

- name: Stop where somebody who left could still get in
  ansible.builtin.assert:
    that: item.tokens.disabled_users == []
  loop: "{{ found.sites }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
bench:
  description: The bench.
  returned: where it could be looked at, also if a site failed
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
      description:
        - Files of M(benchkeeper.frappe.frappe_nginx_edge) that are there for this bench, and its mark that nginx has
          not been told of a change.
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
        - The others are read in Frappe's source, and are V(unknown) where that is written in a way not known here. An
          app that replaces Frappe's own code is not seen.
        - C(code_bound_to) is V(cookie) if an authorization code is the user's whom the cookie C(user_id) names, and
          V(session) if it is the session's.
        - C(pkce_required) is V(yes), V(no) or V(public_clients). V(yes) or V(no) are C(client_secret_checked),
          C(old_token_revoked_on_refresh), C(refresh_bound_to_client), C(codes_expire), C(introspection_open_to_guests)
          and C(expired_tokens_told_active).
        - C(password_grant) is V(open) or V(gone).
        - C(refresh_tokens_expire) is V(yes), V(no), or V(when_cleared), where Log Settings delete their rows.
        - C(open_bootstraps) are functions in the C(setup/oauth_bootstrap.py) of the site's apps that whoever has signed
          in may call, and that ask for no permission.
      type: dict
      sample:
        client_fields: [app_name, redirect_uris, scopes]
        oauth_settings: false
        config_cached: false
        code_bound_to: cookie
        pkce_required: "no"
        client_secret_checked: "no"
        old_token_revoked_on_refresh: "no"
        refresh_bound_to_client: "no"
        refresh_tokens_expire: "no"
        codes_expire: "no"
        introspection_open_to_guests: "yes"
        expired_tokens_told_active: "yes"
        password_grant: open
        open_bootstraps: []
    config:
      description:
        - The keys of the effective configuration that decide about CORS, or that open something, each with its C(value)
          and the C(file) that it comes from. A secret's value is hidden.
      type: dict
      sample:
        allow_cors: {value: ["https://app.example.com"], file: site_config.json}
        encryption_key: {value: (hidden), file: site_config.json}
    oauth_settings:
      description:
        - The fields of C(OAuth Provider Settings), and of C(OAuth Settings) where Frappe has that doctype. A password
          is hidden. Of C(System Settings) the two that the password grant passes by.
      type: dict
      sample:
        OAuth Provider Settings: {skip_authorization: Force}
        System Settings: {disable_user_pass_login: false, enable_two_factor_auth: false}
    oauth_clients:
      description:
        - The OAuth clients, as M(benchkeeper.frappe.frappe_oauth_client) would declare them. Of its secret a client
          shows the length, C(secret_bytes), and whether it lies in clear in Frappe's history, C(secret_in_versions).
      type: list
      elements: dict
    tokens:
      description:
        - How many bearer tokens there are. C(active) ones have an access token that works, the access token of
          C(expired) ones has ended, C(revoked) ones are dead. C(refreshable) are those whose refresh token works,
          expired ones among them. C(oldest) and C(newest) say when they were issued, in the site's time zone.
        - C(by_client) has the same for each C(client_id) with its C(app_name). C(known) is false where the client is
          gone.
        - C(disabled_users) are users that are disabled, or gone, and whose tokens still work, each with C(user) and
          C(tokens).
        - C(latest) are the ten that were issued last, each with C(user), C(client_id), C(scopes), C(status), C(issued)
          and C(expires).
        - C(by_day) says how many were issued on each of the last 90 days.
      type: dict
      sample:
        active: 1
        expired: 3
        revoked: 0
        refreshable: 4
        oldest: "2026-01-05 10:11:12.131415"
        newest: "2026-03-05 10:11:12.131415"
        by_client:
          - client_id: mobile-app
            app_name: Mobile App
            known: true
            active: 1
            expired: 3
            revoked: 0
            refreshable: 4
            oldest: "2026-01-05 10:11:12.131415"
            newest: "2026-03-05 10:11:12.131415"
        disabled_users: [{user: former@example.com, tokens: 1}]
        latest:
          - user: clerk@example.com
            client_id: mobile-app
            scopes: [openid]
            status: Active
            issued: "2026-03-05 10:11:12.131415"
            expires: "2026-03-05 11:11:12.131415"
        by_day: {"2026-03-05": 4}
    api_keys:
      description:
        - The users that have an API key, each with C(user), C(full_name), C(enabled), C(user_type) and C(has_secret),
          without which the key opens nothing. Neither key nor secret is shown.
      type: list
      elements: dict
      sample:
        - user: integration@example.com
          full_name: Integration
          enabled: true
          user_type: System User
          has_secret: true
    encryption_key_missing:
      description: Whether the site holds encrypted secrets and has lost the key to them. Gathered with V(api_keys).
      type: bool
    secrets_not_opened:
      description:
        - How many encrypted secrets of each doctype the site's key does not open, since they were stored with another
          one. Gathered with V(api_keys).
      type: dict
      sample: {User: 2}
    action:
      description: V(unchanged) or V(failed), as in the rows of the other modules; nothing is ever changed.
      type: str
      sample: unchanged
    changed:
      description: Always V(false).
      type: bool
    diff:
      description: Always empty.
      type: dict
    findings:
      description:
        - Rules that are broken by what was gathered.
        - Each with C(rule), C(field), C(found), C(severity), C(source) and C(remedy).
      type: list
      elements: dict
      sample:
        - rule: token-user-disabled
          field: tokens
          found: former@example.com
          severity: warning
          source: Frappe, validate_bearer_token
          remedy: Revoke them.
    failed:
      description: Whether the site could not be read.
      type: bool
    msg:
      description: Why it could not, and what to do.
      type: str
"""

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import Bench, BenchError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import BrokenConfig
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.processes import processes
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import edge_files, not_reloaded
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import NGINX_CONF_DIR, WORKER_OPTIONS
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.base import SitesModule
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.info import read

SUBSETS = ["domains", "config", "apps", "features", "oauth_settings", "oauth_clients", "tokens", "api_keys"]
OPTIONS = {"gather": {"type": "list", "elements": "str", "choices": SUBSETS, "default": SUBSETS}}


def main() -> None:
    """Run the module."""
    module = SitesModule(
        OPTIONS,
        {
            "bench_path": {"type": "path", "required": True},
            "nginx_conf_dir": NGINX_CONF_DIR,
            **WORKER_OPTIONS,
        },
    )
    module.brief = True
    try:
        bench = Bench(module.params["bench_path"])
        names = bench.sites()
        if module.params["name"] is None and module.params["sites"] is None:
            module.rows = [{"name": name, "gather": module.params["gather"]} for name in names]
        programs = processes(bench.path)
        rows = read(bench, module.rows, module.params["site_timeout"])
    except (BenchError, BrokenConfig) as error:
        module.fail(str(error))
    conf_dir = module.params["nginx_conf_dir"]
    module.finish(
        rows,
        title=lambda row: row["name"],
        bench={
            "path": bench.path,
            "owner": bench.owner_name,
            "sites": names,
            "processes": programs,
            "edge_files": [*edge_files(bench.path, conf_dir), *not_reloaded(conf_dir)],
        },
    )


if __name__ == "__main__":
    main()
