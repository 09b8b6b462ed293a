#!/usr/bin/python
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage the OAuth clients of many Frappe sites in one task."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: frappe_oauth_client
short_description: Manage OAuth clients on Frappe sites
version_added: 0.1.0
description:
  - Creates, updates and deletes documents of Frappe's doctype C(OAuth Client) on one or many sites. One process handles
    all sites of the bench.
  - Fields that the task does not set are not managed. An existing client keeps them, and it keeps its secret.
  - The module checks every declaration against the OAuth standards before it writes to any site.
  - The clients of one site are written in one transaction. If the task fails for a site, that site is left unchanged,
    and the module continues with the other sites. The task then fails and lists the failed sites.
options:
  name:
    description:
      - Name of the site, which is the name of its directory in C(sites).
      - With O(url), the name is only used in messages.
    type: str
  url:
    description:
      - Base URL of the site. Use it instead of O(bench_path) to manage the clients through Frappe's REST API. The task
        can then run on any host that reaches the URL.
      - Through the REST API, Frappe keeps a copy of each deleted client and each replaced secret in its database. Use
        O(bench_path) to avoid this.
      - Through the REST API, a client cannot be renamed, and O(client_id) can only be set on Frappe 16 and later.
    type: str
  api_key:
    description: API key of a user with the role System Manager. Used with O(url).
    type: str
  api_secret:
    description:
      - API secret that belongs to O(api_key).
      - It must have at least 8 characters, and must not be part of the site name, the app name or the URL. Masking such
        a secret would make the output unreadable.
    type: str
  validate_certs:
    description: Whether to verify the TLS certificate of O(url).
    type: bool
    default: true
  state: &state
    description:
      - V(present) creates the client, or updates the declared fields of an existing client.
      - V(absent) deletes the client.
    type: str
    choices: [present, absent]
    default: present
  app_name: &app_name
    description:
      - Name of the app, as users see it on the consent page.
      - Identifies the client if O(client_id) is not set. On every database, the comparison ignores case, accents and
        trailing spaces, as MariaDB does. If two clients match, the task fails and lists them.
      - Required to create a client.
    type: str
  client_id: &client_id
    description:
      - Identifier of the client, which is also the document's name in Frappe. Set it to use the same identifier on all
        sites. If omitted, Frappe generates a random one.
      - May contain letters, digits, periods, underscores and hyphens.
    type: str
  rename: &rename
    description:
      - Rename an existing client with this O(app_name) to the declared O(client_id). Apps that use the old identifier
        stop working.
    type: bool
    default: false
  redirect_uris: &redirect_uris
    description:
      - All redirect URIs of the client, one per item. URIs that are not listed are removed. The order does not matter.
      - Required to create a client.
    type: list
    elements: str
  default_redirect_uri: &default_redirect_uri
    description:
      - Redirect URI for authorization requests that do not contain one. A new client gets the
        first of O(redirect_uris) that has at most 140 characters.
    type: str
  scopes: &scopes
    description:
      - Scopes that the app may request. If omitted, a new client gets Frappe's default, V(all) and V(openid).
    type: list
    elements: str
  grant_type: &grant_type
    description:
      - Grant type of the client, in Frappe's spelling. The module sets Frappe's C(response_type) to match.
      - Frappe 14 to 17 accept the refresh token and password grants from every client. No field disables them.
    type: str
    choices: [Authorization Code, Implicit]
  skip_authorization: &skip_authorization
    description: Whether to skip the consent page.
    type: bool
  allowed_roles: &allowed_roles
    description:
      - Users with one of these roles may authorize the app. If omitted, a new client gets Frappe's default.
      - Frappe checks the roles only when a user authorizes the app. Existing tokens are not affected.
    type: list
    elements: str
  client_secret: &client_secret
    description:
      - Client secret. Use at least 32 random bytes. A secret with fewer than 16 characters is rejected unless
        O(policy_exceptions) lists V(secret-short).
      - If omitted, an existing client keeps its secret, and a new client gets 256 random bits that are not stored
        outside Frappe. An app that uses PKCE needs no secret.
    type: str
  rotate_secret: &rotate_secret
    description:
      - Replace the secret of an existing client with 256 random bits on every run. The new secret is stored outside
        Frappe only if O(store_secret=true).
      - Has no effect if O(client_secret) is set.
    type: bool
    default: false
  store_secret:
    description:
      - For confidential clients. The controller generates the secret of a new client, or of a client with
        O(rotate_secret), and stores it in O(secrets_store) before Frappe gets it.
      - If O(secrets_store) already contains a secret for the client, the module applies that secret.
      - If the secret of an existing client is not in O(secrets_store), the client keeps it, and the module reports a
        finding.
      - With O(state=absent), the secret is also removed from O(secrets_store).
      - Has no effect if O(client_secret) is set.
    type: bool
    default: false
  secrets_store:
    description:
      - Directory on the controller for the secrets of O(store_secret). See M(benchkeeper.frappe.frappe_user_api_key)
        for its format.
      - The key of an entry is the declared O(client_id), or O(app_name) if O(client_id) is not declared. The entry
        contains C(client_id) and C(client_secret).
    type: str
  token_endpoint_auth_method: &token_endpoint_auth_method
    description:
      - How the app authenticates at the token endpoint. V(None) is for public clients. Requires Frappe 16 or later.
    type: str
    choices: [Client Secret Basic, Client Secret Post, None]
  client_uri: &client_uri
    description: URL of the app's home page. Requires Frappe 16 or later.
    type: str
  logo_uri: &logo_uri
    description: URL of the app's logo. Requires Frappe 16 or later.
    type: str
  tos_uri: &tos_uri
    description: URL of the terms of service. Requires Frappe 16 or later.
    type: str
  policy_uri: &policy_uri
    description: URL of the privacy policy. Requires Frappe 16 or later.
    type: str
  software_id: &software_id
    description: Identifier of the software. It is the same for all installations. Requires Frappe 16 or later.
    type: str
  software_version: &software_version
    description: Version of the software. Requires Frappe 16 or later.
    type: str
  contacts: &contacts
    description: Contact addresses of the people responsible for the client. Requires Frappe 16 or later.
    type: list
    elements: str
  revoke_tokens: &revoke_tokens
    description:
      - Revoke the tokens and authorization codes of a client before deleting it. Applies to O(state=absent) and to
        O(exclusive).
      - If V(false), the task fails for the site if the client still has tokens.
    type: bool
    default: false
  exclusive: &exclusive
    description:
      - Delete every client of the site that the task does not declare. Clients from dynamic client registration are
        never deleted.
      - The task fails for the site if a client to delete still has tokens, unless O(revoke_tokens=true).
    type: bool
    default: false
  sites:
    description:
      - One item per client and site. An option in an item overrides the task's option of the same name.
      - A site may appear several times, once per client.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the site.
        type: str
        required: true
      url:
        description: Overrides the task's O(url).
        type: str
      api_key:
        description: Overrides the task's O(api_key).
        type: str
      api_secret:
        description: Overrides the task's O(api_secret).
        type: str
      validate_certs:
        description: Overrides the task's O(validate_certs).
        type: bool
      state:
        description: Overrides the task's O(state).
        type: str
        choices: [present, absent]
      app_name: *app_name
      client_id: *client_id
      rename:
        description: Overrides the task's O(rename).
        type: bool
      redirect_uris: *redirect_uris
      default_redirect_uri: *default_redirect_uri
      scopes: *scopes
      grant_type: *grant_type
      skip_authorization: *skip_authorization
      allowed_roles: *allowed_roles
      client_secret: *client_secret
      rotate_secret:
        description: Overrides the task's O(rotate_secret).
        type: bool
      store_secret:
        description: Overrides the task's O(store_secret).
        type: bool
      token_endpoint_auth_method: *token_endpoint_auth_method
      client_uri: *client_uri
      logo_uri: *logo_uri
      tos_uri: *tos_uri
      policy_uri: *policy_uri
      software_id: *software_id
      software_version: *software_version
      contacts: *contacts
      revoke_tokens:
        description: Overrides the task's O(revoke_tokens).
        type: bool
      exclusive:
        description: Overrides the task's O(exclusive).
        type: bool
extends_documentation_fragment:
  - benchkeeper.frappe.bench
  - benchkeeper.frappe.bench.policy
  - benchkeeper.frappe.bench.worker
notes:
  - A task with a secret always uses pipelining, regardless of C(ansible_pipelining). The secret is therefore never
    written to a file on the managed host.
  - Pipelining does not work with C(async), C(ANSIBLE_KEEP_REMOTE_FILES) or C(become_method=su). With one of these, a
    task with a secret fails.
seealso:
  - module: benchkeeper.frappe.frappe_oauth_verify
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Register the mobile app on one site
  benchkeeper.frappe.frappe_oauth_client:
    bench_path: /home/frappe/frappe-bench
    name: crm.example.com
    app_name: Mobile App
    redirect_uris: [com.example.crm://oauth2redirect]
    scopes: [openid, all]
  become: true
  become_user: frappe

- name: Register the app on two sites with the same client_id, and restrict one site to two roles
  benchkeeper.frappe.frappe_oauth_client:
    bench_path: /home/frappe/frappe-bench
    app_name: Mobile App
    client_id: mobile-app
    redirect_uris: [com.example.crm://oauth2redirect]
    sites:
      - name: crm.example.com
      - name: helpdesk.example.com
        allowed_roles: [Agent, System Manager]
  become: true
  become_user: frappe

- name: Register a confidential client and store its secret on the controller, encrypted
  benchkeeper.frappe.frappe_oauth_client:
    bench_path: /home/frappe/frappe-bench
    name: crm.example.com
    app_name: Reporting
    redirect_uris: [https://reports.example.com/callback]
    scopes: [openid]
    store_secret: true
    secrets_store: "{{ inventory_dir }}/secrets"
  become: true
  become_user: frappe

- name: Delete a client and revoke its tokens
  benchkeeper.frappe.frappe_oauth_client:
    bench_path: /home/frappe/frappe-bench
    name: crm.example.com
    app_name: Old App
    state: absent
    revoke_tokens: true
  become: true
  become_user: frappe

- name: Register the app through the REST API
  benchkeeper.frappe.frappe_oauth_client:
    url: https://crm.example.com
    api_key: "{{ crm_api_key }}"
    api_secret: "{{ crm_api_secret }}"
    name: crm.example.com
    app_name: Mobile App
    redirect_uris: [com.example.crm://oauth2redirect]
  delegate_to: localhost
"""

RETURN = r"""
sites:
  description: One row per declaration, in the declared order, then one row per client that O(exclusive) deleted.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the site.
      type: str
      sample: crm.example.com
    app_name:
      description: Name of the app.
      type: str
      sample: Mobile App
    client_id:
      description: Identifier of the client. Null in check mode if Frappe would generate it.
      type: str
      sample: 5c2b6a1f3e
    action:
      description:
        - What the module did, or would do in check mode. One of V(created), V(updated), V(deleted), V(unchanged) and
          V(failed).
      type: str
      sample: created
    changed:
      description: Whether the client changed.
      type: bool
    diff:
      description: The fields that differ, in C(before) and C(after). Secrets are hidden.
      type: dict
      sample: {before: {scopes: [all]}, after: {scopes: [all, openid]}}
    findings:
      description:
        - Findings that did not cause the declaration to be rejected.
        - Each finding has C(rule), C(field), C(found), C(severity), C(source) and C(remedy).
      type: list
      elements: dict
    pruned:
      description: Whether O(exclusive) deleted the client because it was not declared.
      type: bool
    failed:
      description:
        - Whether the module failed to apply the declaration. With O(bench_path), the site is then unchanged.
        - With O(url), there is no transaction. The other rows of the site report what was applied.
      type: bool
    msg:
      description: Why the site failed, and what to do.
      type: str
"""

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import BenchError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Row
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.clients import label, store_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import POLICY_OPTIONS, WORKER_OPTIONS
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.base import SitesModule
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.clients import OPTIONS, apply_rows, findings


def main() -> None:
    """Run the module."""
    module = SitesModule(
        OPTIONS,
        {
            "bench_path": {"type": "path"},
            "secrets_store": {"type": "str", "no_log": False},
            **POLICY_OPTIONS,
            **WORKER_OPTIONS,
        },
        required_one_of=[("name", "sites"), ("bench_path", "url", "sites")],
        required_together=[("api_key", "api_secret")],
    )
    seen: dict[str, list[Row]] = {}
    store = module.params["secrets_store"]
    told = module.lint(lambda row: [*findings(row, seen), *store_findings(row, store)])
    try:
        rows = apply_rows(module.rows, told, module.params, module.check_mode)
    except BenchError as error:
        module.fail(str(error))
    module.finish(rows, title=lambda row: f"{row['name']}: OAuth Client {label(row)}")


if __name__ == "__main__":
    main()
