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
  - Creates, updates and deletes rows of Frappe's doctype C(OAuth Client) on one site or on many, in one process for all
    sites of the bench.
  - What is not declared is not managed. An existing client keeps every field that the task does not name, and its
    secret.
  - Every declaration is held against the standards before anything is written on any site.
  - The clients of one site are written in one transaction. A site that fails keeps what it had, the other sites get
    theirs, and the task fails at the end with the list.
options:
  name:
    description:
      - The site, by the name of its folder in C(sites).
      - With O(url), a label for messages.
    type: str
  url:
    description:
      - Base URL of the site. Given instead of O(bench_path), the clients are managed through Frappe's REST API, from
        wherever the task runs.
      - Frappe then keeps a copy of a deleted client and of a replaced secret in its database, which only O(bench_path)
        can avoid; a client cannot be renamed, and O(client_id) can be chosen on Frappe 16 and later only.
    type: str
  api_key:
    description: API key of a System Manager, for O(url).
    type: str
  api_secret:
    description:
      - API secret that belongs to O(api_key).
      - One of less than 8 characters, or one that is part of the name of the site or the app or of the address, is
        refused, since masking it would make the output unreadable.
    type: str
  validate_certs:
    description: Whether the certificate of O(url) must be valid.
    type: bool
    default: true
  state: &state
    description:
      - V(present) creates the client, or brings what is declared of an existing one to the declared value.
      - V(absent) deletes it.
    type: str
    choices: [present, absent]
    default: present
  app_name: &app_name
    description:
      - The name that users see on the consent page.
      - Identifies the client unless O(client_id) does, compared as the database compares it, without case, accents and
        trailing spaces. Two matches are an error that lists them.
      - Needed to create a client.
    type: str
  client_id: &client_id
    description:
      - The client's identifier, which is its name in Frappe. Chosen here it can be one and the same on a whole fleet;
        left out, Frappe makes a random one.
      - Letters, digits, period, underscore and hyphen.
    type: str
  rename: &rename
    description:
      - Give an existing client of that O(app_name) the declared O(client_id). Apps that use the old one stop working.
    type: bool
    default: false
  redirect_uris: &redirect_uris
    description:
      - All URIs that an authorization may return to, one an item. Their order does not count.
      - Needed to create a client.
    type: list
    elements: str
  default_redirect_uri: &default_redirect_uri
    description: The URI of an authorization that names none. A new client gets the first of O(redirect_uris).
    type: str
  scopes: &scopes
    description: The scopes that the app may ask for. A new client gets Frappe's default, V(all) and V(openid).
    type: list
    elements: str
  grant_type: &grant_type
    description:
      - V(Authorization Code) or V(Implicit), in Frappe's own words. Frappe's C(response_type) follows it.
      - Frappe 14 to 17 accept the refresh and password grants of every client; no field switches them.
    type: str
    choices: [Authorization Code, Implicit]
  skip_authorization: &skip_authorization
    description: Whether users are not asked for consent.
    type: bool
  allowed_roles: &allowed_roles
    description:
      - Roles whose holders may authorize the app. A new client gets Frappe's default.
      - Frappe looks at them when a user authorizes, and at no other time.
    type: list
    elements: str
  client_secret: &client_secret
    description:
      - A secret of at least 32 random bytes. Undeclared, an existing client keeps its own, and a new one gets 256
        random bits that nobody keeps. An app that uses PKCE needs none.
    type: str
  rotate_secret: &rotate_secret
    description:
      - Replace the secret of an existing client by 256 random bits, on every run. Nobody keeps them unless
        O(store_secret=true).
      - Without effect where O(client_secret) is given.
    type: bool
    default: false
  store_secret:
    description:
      - For confidential clients. The secret of a new client, and the one of O(rotate_secret), is made on the controller
        and kept in O(secrets_store) before it is set. A secret that is kept there is what the client is to have.
      - An existing client whose secret the store does not know keeps it, and a finding says so.
      - With O(state=absent), the secret is removed from O(secrets_store) too.
      - Without effect where O(client_secret) is given.
    type: bool
    default: false
  secrets_store:
    description:
      - Folder on the controller for the secrets of O(store_secret), as in M(benchkeeper.frappe.frappe_user_api_key).
      - A client's entry is named after its O(client_id) if that is declared, else after its O(app_name), and holds
        C(client_id) and C(client_secret).
    type: str
  token_endpoint_auth_method: &token_endpoint_auth_method
    description: How the app authenticates at the token endpoint. V(None) is a public app. Frappe 16 and later.
    type: str
    choices: [Client Secret Basic, Client Secret Post, None]
  client_uri: &client_uri
    description: Home page of the app. Frappe 16 and later.
    type: str
  logo_uri: &logo_uri
    description: Logo of the app. Frappe 16 and later.
    type: str
  tos_uri: &tos_uri
    description: Terms of service. Frappe 16 and later.
    type: str
  policy_uri: &policy_uri
    description: Privacy policy. Frappe 16 and later.
    type: str
  software_id: &software_id
    description: Identifier of the software, the same for all its installations. Frappe 16 and later.
    type: str
  software_version: &software_version
    description: Version of the software. Frappe 16 and later.
    type: str
  contacts: &contacts
    description: Addresses of those who are responsible. Frappe 16 and later.
    type: list
    elements: str
  revoke_tokens: &revoke_tokens
    description:
      - With O(state=absent) and with O(exclusive), revoke the tokens and codes of a client before it is deleted.
        Without it, a client that tokens name is not deleted.
    type: bool
    default: false
  exclusive: &exclusive
    description:
      - Delete every client of the site that the task does not declare for it. Clients that registered themselves
        (dynamic registration) are never deleted.
    type: bool
    default: false
  sites:
    description:
      - One item a client and site. An option given in an item is used for it in place of the task's own.
      - The same site may come several times, with another client each.
    type: list
    elements: dict
    suboptions:
      name:
        description: The site.
        type: str
        required: true
      url:
        description: As the task's O(url).
        type: str
      api_key:
        description: As the task's O(api_key).
        type: str
      api_secret:
        description: As the task's O(api_secret).
        type: str
      validate_certs:
        description: As the task's O(validate_certs).
        type: bool
      state:
        description: As the task's O(state).
        type: str
        choices: [present, absent]
      app_name: *app_name
      client_id: *client_id
      rename:
        description: As the task's O(rename).
        type: bool
      redirect_uris: *redirect_uris
      default_redirect_uri: *default_redirect_uri
      scopes: *scopes
      grant_type: *grant_type
      skip_authorization: *skip_authorization
      allowed_roles: *allowed_roles
      client_secret: *client_secret
      rotate_secret:
        description: As the task's O(rotate_secret).
        type: bool
      store_secret:
        description: As the task's O(store_secret).
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
        description: As the task's O(revoke_tokens).
        type: bool
      exclusive:
        description: As the task's O(exclusive).
        type: bool
extends_documentation_fragment:
  - benchkeeper.frappe.bench
  - benchkeeper.frappe.bench.policy
  - benchkeeper.frappe.bench.worker
notes:
  - A task that carries a secret is pipelined, whatever C(ansible_pipelining) says, so that no file with the secret lies
    on the managed host. Where that cannot be, with C(async), C(ANSIBLE_KEEP_REMOTE_FILES) or C(become_method=su), the
    task is refused.
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

- name: Register it on many sites, with one client_id, and let only two roles use it on one of them
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

- name: Register a server that keeps a secret, and keep it here too, encrypted
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

- name: Remove an app and sign its users out
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
  description: A row for each declaration, in its order, then one for each client that O(exclusive) removed.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The site.
      type: str
      sample: crm.example.com
    app_name:
      description: Name of the app.
      type: str
      sample: Mobile App
    client_id:
      description: The client's identifier. Null while check mode foresees a new one that Frappe names.
      type: str
      sample: 5c2b6a1f3e
    action:
      description: What was done, or in check mode would be.
      type: str
      sample: created
    changed:
      description: Whether the client differs from before.
      type: bool
    diff:
      description: C(before) and C(after), the fields that differ. Secrets are hidden.
      type: dict
      sample: {before: {scopes: [all]}, after: {scopes: [all, openid]}}
    findings:
      description:
        - Rules that the declaration breaks and that did not stop it.
        - Each with C(rule), C(field), C(found), C(severity), C(source) and C(remedy).
      type: list
      elements: dict
    pruned:
      description: Whether the client was not declared and O(exclusive) removed it.
      type: bool
    failed:
      description:
        - Whether the site could not be brought to the declared state. It then has what it had.
        - Over O(url) there is no transaction, and it has what its other rows say.
      type: bool
    msg:
      description: Why it failed, and what to do.
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
