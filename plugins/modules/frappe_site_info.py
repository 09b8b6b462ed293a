#!/usr/bin/python
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gather facts about one or many Frappe sites."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: frappe_site_info
short_description: Gather facts about a bench and its Frappe sites
version_added: 0.1.0
description:
  - Reads the versions, features, apps, domains, configuration, OAuth clients and OAuth settings of one, several or all
    sites of a bench. Also reads token counts and the users with API keys. One process reads all sites.
  - Changes nothing, and returns no secret and no token.
  - Checks the result against the rules of this collection. A C(warning) concerns one site, and the task warns about it.
    A C(notice) mostly describes behavior of the installed version of Frappe. It is only returned in C(findings).
options:
  name:
    description:
      - Name of the site, which is the name of its directory in C(sites).
      - If both O(name) and O(sites) are omitted, all sites of the bench are read, including those in C(linked_sites).
    type: str
  gather: &gather
    description:
      - Facts to gather.
      - V(domains) and V(config) are read from files only. They need no database and no running bench, and any user with
        read access to the files can gather them.
      - V(features) are derived from the site's doctypes and the source code of the bench's Frappe, not from the version
        number. The module does not try the features out.
      - V(tokens) are counted with two database queries, however many tokens there are.
    type: list
    elements: str
    choices: &subsets [domains, config, apps, features, oauth_settings, oauth_clients, tokens, api_keys]
    default: [domains, config, apps, features, oauth_settings, oauth_clients, tokens, api_keys]
  sites:
    description: One item per site.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the site.
        type: str
        required: true
      gather:
        description: Overrides the task's O(gather).
        type: list
        elements: str
        choices: *subsets
  nginx_conf_dir:
    description:
      - Directory with the C(*.conf) files that the http block of nginx includes. The module searches it for files of
        this collection.
    type: path
    default: /etc/nginx/conf.d
  programs:
    description:
      - Programs to look for on the host. A run may need them. Facts about them are in C(bench.programs).
      - For V(nginx), also checks whether it has the module headers-more. If no configuration file loads this module,
        nginx tests a copy of its configuration, as in M(benchkeeper.frappe.frappe_nginx_edge).
      - For V(supervisor), also checks whether it has the web process of the bench, if supervisor runs the bench.
    type: list
    elements: str
    choices: [nginx, supervisor]
    default: []
  nginx:
    description:
      - Name or path of the nginx executable. A name is searched for in C(PATH), C(/usr/sbin) and C(/usr/local/sbin).
    type: str
    default: nginx
  nginx_conf:
    description: Main configuration file of nginx. If omitted, the one that nginx was built with.
    type: path
  nginx_prefix:
    description: Prefix path of nginx. If omitted, the one that nginx was built with.
    type: path
  supervisorctl:
    description: Name or absolute path of C(supervisorctl).
    type: str
    default: supervisorctl
  supervisor_config:
    description: Configuration file for C(supervisorctl). If omitted, C(supervisorctl) uses its default.
    type: path
extends_documentation_fragment:
  - benchkeeper.frappe.bench
  - benchkeeper.frappe.bench.required
  - benchkeeper.frappe.bench.worker
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Gather facts about all sites of a bench
  benchkeeper.frappe.frappe_site_info:
    bench_path: /home/frappe/frappe-bench
  become: true
  become_user: frappe
  register: found

- name: Show the OAuth clients of every site
  ansible.builtin.debug:
    msg: "{{ found.sites | community.general.json_query('[].{site: name, clients: oauth_clients[].app_name}') }}"

- name: Show the warnings of each site without the notices
  ansible.builtin.debug:
    msg: "{{ found.sites | community.general.json_query(query) }}"
  vars:
    query: "[].{site: name, problems: findings[?severity != 'notice'].{what: found, where: field, remedy: remedy}}"

- name: Fail if a disabled user has a token that still works
  ansible.builtin.assert:
    that: item.tokens.disabled_users == []
  loop: "{{ found.sites }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
bench:
  description: The bench.
  returned: if the bench can be read, even if a site failed
  type: dict
  contains:
    path:
      description: Path of the bench directory.
      type: str
      sample: /home/frappe/frappe-bench
    owner:
      description: Owner of the bench.
      type: str
      sample: frappe
    sites:
      description: Names of all sites of the bench, as Frappe lists them. A link to a site is not a site.
      type: list
      elements: str
    linked_sites:
      description:
        - Names of links in C(sites) to site directories outside of the bench. Frappe serves these sites, but does not
          list them.
        - Such a site can be managed if its directory belongs to the owner of the bench.
      type: list
      elements: str
    aliases:
      description: By site, the names of links in C(sites) that lead to it. They are host names of the site too.
      type: dict
      sample: {site1.example.com: [shop.example.com]}
    directories:
      description: Names of other directories in C(sites), such as a site without C(site_config.json).
      type: list
      elements: str
    programs:
      description:
        - The programs in O(programs). A fact is null if the user of the task cannot determine it.
        - C(nginx) has the keys C(installed), C(headers_more) and C(reads_conf_dir) (whether nginx includes
          O(nginx_conf_dir)).
        - C(supervisor) has the keys C(installed), C(web_known) (whether supervisor has the web process) and
          C(config_cached) (whether Frappe caches its configuration). It is missing if supervisor does not run the
          bench.
      type: dict
      sample: {nginx: {installed: true, headers_more: true, reads_conf_dir: true}}
    processes:
      description:
        - C(manager) is V(supervisor), V(systemd) or V(none).
        - C(web) is the name of the web process, and C(workers) are the names of the background workers. The names are
          read from the configuration files that bench generates.
        - C(looked_for) is returned if there is no web process of the expected name. It names what was expected, where,
          and what is there.
      type: dict
      sample:
        manager: supervisor
        web: frappe-bench-web:frappe-bench-frappe-web
        workers: ["frappe-bench-workers:"]
    verify_records:
      description:
        - Records of verifications that run now or were interrupted. M(benchkeeper.frappe.frappe_oauth_verify) removes
          what an interrupted verification left.
      type: list
      elements: str
    edge_files:
      description:
        - Existing files of M(benchkeeper.frappe.frappe_nginx_edge) for this bench. If nginx was not reloaded after a
          change, the list includes the marker file for this.
      type: list
      elements: str
sites:
  description: One row per site.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the site.
      type: str
      sample: Trust.com
    domains:
      description:
        - Host names of the site. The first one is its preferred name.
        - They come from C(host_name), C(domains), the name of the directory, and the names of links to it.
      type: list
      elements: str
      sample: [trust.example.com]
    url:
      description: URL of the site, from its configuration.
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
        - C(client_fields) lists the fields of the doctype C(OAuth Client) on this site.
        - C(oauth_settings) is whether the doctype C(OAuth Settings) exists. It was added in Frappe 16.
        - C(config_cached) is whether Frappe caches the configuration between requests, as Frappe 16 and later do. It is
          V(unknown) if the module does not recognize the code.
        - The other features are read from Frappe's source code. They are V(unknown) if the module does not recognize
          the code. An app that overrides Frappe's code is not detected.
        - C(code_bound_to) is V(cookie) if Frappe issues an authorization code to the user in the cookie C(user_id). It
          is V(session) if Frappe issues the code to the user of the session.
        - C(pkce_required) is V(yes), V(no) or V(public_clients).
        - C(client_secret_checked), C(old_token_revoked_on_refresh), C(refresh_bound_to_client), C(codes_expire),
          C(introspection_open_to_guests) and C(expired_tokens_introspect_active) are V(yes) or V(no).
        - C(password_grant) is V(open) or V(gone).
        - C(key_of_disabled_user), C(bearer_of_disabled_user) and C(refresh_of_disabled_user) are V(accepted) or
          V(refused). They are about API keys, access tokens and refresh tokens.
        - C(tokens_hashed), C(basic_accepted) and C(plain_accepted) are V(yes) or V(no). They are about the stored
          tokens, client authentication by HTTP Basic, and the PKCE method plain.
        - C(consent_auto_counts) applies if Skip Authorization is Auto. Frappe then skips the consent page once an
          active token exists, of V(anybody) or of the V(same_user).
        - C(approve_method) is V(get) or V(post), the method of the consent page's Allow button.
        - C(introspection_authenticated) is who must authenticate to introspect a token. It is V(nobody), V(user) or
          V(client).
        - C(refresh_tokens_expire) is V(yes), V(no) or V(when_cleared). V(when_cleared) means that Frappe's Log Settings
          deletes the tokens some time after they expire.
        - C(open_bootstraps) lists functions in C(setup/oauth_bootstrap.py) of the site's apps that check no permission.
          Any signed-in user can call them.
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
        expired_tokens_introspect_active: "yes"
        password_grant: open
        introspection_authenticated: nobody
        key_of_disabled_user: refused
        bearer_of_disabled_user: accepted
        refresh_of_disabled_user: accepted
        tokens_hashed: "no"
        consent_auto_counts: anybody
        approve_method: get
        basic_accepted: "no"
        plain_accepted: "yes"
        open_bootstraps: []
    config:
      description:
        - Keys of the effective configuration that affect CORS or security, each with its C(value) and the C(file) that
          contains it. Secret values are hidden.
      type: dict
      sample:
        allow_cors: {value: ["https://app.example.com"], file: site_config.json}
        encryption_key: {value: (hidden), file: site_config.json}
    oauth_settings:
      description:
        - The fields of C(OAuth Provider Settings), and of C(OAuth Settings) if that doctype exists. Passwords are
          hidden.
        - Also the two fields of C(System Settings) that the password grant ignores.
      type: dict
      sample:
        OAuth Provider Settings: {skip_authorization: Force}
        System Settings: {disable_user_pass_login: false, enable_two_factor_auth: false}
    oauth_clients:
      description:
        - The OAuth clients, in the format of M(benchkeeper.frappe.frappe_oauth_client), without their secrets.
        - C(secret_bytes) is the length of the secret. C(secret_in_versions) is whether Frappe's version history
          contains the secret in clear text.
      type: list
      elements: dict
    tokens:
      description:
        - Number of bearer tokens in each state. C(active) tokens have a valid access token. C(expired) tokens have an
          expired access token. C(revoked) tokens no longer work.
        - C(refreshable) is the number of tokens with a valid refresh token, including expired tokens.
        - C(oldest) and C(newest) are the times when the tokens were issued, in the site's time zone.
        - C(by_client) contains the same values for each C(client_id) with its C(app_name). C(known) is false if the
          client was deleted.
        - C(disabled_users) lists disabled or deleted users with live tokens, each with C(user) and C(tokens). Whether
          Frappe accepts these tokens is in RV(sites[].disabled_users).
        - C(latest) lists the ten newest tokens, each with C(user), C(client_id), C(scopes), C(status), C(issued) and
          C(expires).
        - C(by_day) is the number of tokens that were issued on each of the last 90 days.
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
    disabled_users:
      description:
        - Whether Frappe accepts credentials of a disabled user, V(accepted), V(refused) or V(unknown). C(key) is about
          API keys, C(bearer) about access tokens, and C(refresh) about refresh tokens.
        - Read from Frappe's source code. Gathered with V(tokens) or V(api_keys).
      type: dict
      sample: {key: refused, bearer: accepted, refresh: accepted}
    api_keys:
      description:
        - Users with an API key, each with C(user), C(full_name), C(enabled), C(user_type) and C(has_secret).
        - A key without a secret does not work. Neither the key nor the secret is returned.
      type: list
      elements: dict
      sample:
        - user: integration@example.com
          full_name: Integration
          enabled: true
          user_type: System User
          has_secret: true
    encryption_key_missing:
      description:
        - Whether the site contains encrypted secrets but no encryption key. Gathered with V(api_keys).
      type: bool
    secrets_not_opened:
      description:
        - Number of secrets of each doctype that the site's encryption key cannot decrypt, because they were encrypted
          with a different key. Gathered with V(api_keys).
      type: dict
      sample: {User: 2}
    action:
      description: V(unchanged) or V(failed). The module never changes a site.
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
        - Rules that the gathered facts break.
        - Each finding has C(rule), C(field), C(found), C(severity), C(source) and C(remedy).
      type: list
      elements: dict
      sample:
        - rule: token-user-disabled
          field: tokens
          found: "disabled or deleted users with tokens: former@example.com"
          severity: warning
          source: Frappe, validate_bearer_token
          remedy: >-
            Frappe accepts and refreshes the tokens of a disabled user. Set disabled_users: revoke in frappe_oauth_token
            (in the role: under tokens in oauth2_site_defaults or oauth2_sites).
    failed:
      description: Whether the site could not be read.
      type: bool
    msg:
      description: Why the site could not be read, and what to do.
      type: str
"""

import os

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import Bench, BenchError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import BrokenConfig
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.processes import processes
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.verify_records import paths
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import edge_files, not_reloaded
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import (
    NGINX_CONF_DIR,
    NGINX_OPTIONS,
    WORKER_OPTIONS,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.base import SitesModule
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.info import read
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.programs import programs

SUBSETS = ["domains", "config", "apps", "features", "oauth_settings", "oauth_clients", "tokens", "api_keys"]
OPTIONS = {"gather": {"type": "list", "elements": "str", "choices": SUBSETS, "default": SUBSETS}}


def main() -> None:
    """Run the module."""
    module = SitesModule(
        OPTIONS,
        {
            "bench_path": {"type": "path", "required": True},
            "nginx_conf_dir": NGINX_CONF_DIR,
            "programs": {"type": "list", "elements": "str", "choices": ["nginx", "supervisor"], "default": []},
            **NGINX_OPTIONS,
            "supervisorctl": {"type": "str", "default": "supervisorctl"},
            "supervisor_config": {"type": "path"},
            **WORKER_OPTIONS,
        },
    )
    module.brief = True
    try:
        bench = Bench(module.params["bench_path"])
        names, linked = bench.sites(), bench.linked_sites()
        if module.params["name"] is None and module.params["sites"] is None:
            module.rows = [{"name": name, "gather": module.params["gather"]} for name in [*names, *linked]]
        managed_by = processes(bench.path)
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
            "linked_sites": linked,
            "aliases": bench.aliases(),
            "directories": bench.directories(),
            "processes": managed_by,
            "programs": programs(module.params["programs"], {**module.params, "bench_path": bench.path}, managed_by),
            "verify_records": paths(os.path.join(bench.path, "config")),
            "edge_files": [*edge_files(bench.path, conf_dir), *not_reloaded(conf_dir)],
        },
    )


if __name__ == "__main__":
    main()
