#!/usr/bin/python
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Revoke and prune OAuth bearer tokens on one or many Frappe sites."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: frappe_oauth_token
short_description: Revoke and prune OAuth bearer tokens on Frappe sites
version_added: 0.1.0
description:
  - Revokes tokens by user, client, age or state, limits the lifetime of refresh tokens, and deletes tokens that no
    longer work. Works on one or many sites. One process handles all sites of the bench.
  - In Frappe, an access token and its refresh token are one C(OAuth Bearer Token) document. Revoking it revokes both.
  - In Frappe 14 and 15, refresh tokens never expire. Up to Frappe 16.18, they work even if the user is disabled. Use
    O(max_refresh_age) and O(disabled_users) to revoke them.
  - Authorization codes that were not redeemed are handled like tokens, because they never expire in Frappe.
  - The module never returns, shows or logs a token, only counts by client and user. No copy of a deleted token remains.
  - The tokens of one site are written in one transaction. If the task fails for a site, that site is left unchanged,
    and the module continues with the other sites. The task then fails and lists the failed sites.
options:
  name:
    description: Name of the site, which is the name of its directory in C(sites).
    type: str
  state:
    description:
      - Desired state of the selected tokens (O(users), O(clients), O(older_than), O(token_state), O(every_token)). If
        omitted, only O(max_refresh_age), O(prune_after) and O(disabled_users) apply.
      - V(revoked) revokes the tokens. Frappe's scheduler deletes them later. On Frappe 15, this takes up to 15 minutes.
      - V(absent) deletes the tokens that no longer work. A token with an expired access token still works if its
        refresh token is valid.
    type: str
    choices: [revoked, absent]
  users:
    description: Select tokens of these users, by their names in Frappe. If omitted, tokens of all users are selected.
    type: list
    elements: str
    default: []
  clients:
    description:
      - Select tokens of these clients, by C(app_name) or C(client_id). If omitted, tokens of all clients are selected.
      - A deleted client that still has tokens can be selected by its C(client_id).
    type: list
    elements: str
    default: []
  older_than:
    description:
      - Select tokens that were issued at least this long ago, such as V(30d), V(12h), V(90m) or a number of seconds.
    type: str
  token_state:
    description:
      - Select tokens in these states.
      - V(active) tokens have a valid access token. V(expired) tokens have an expired access token. V(revoked) tokens no
        longer work.
      - An authorization code is V(active) until it is redeemed, then V(revoked).
    type: list
    elements: str
    choices: [active, expired, revoked]
    default: []
  every_token:
    description:
      - Select all tokens of the site. Required with O(state) if no other option selects tokens.
    type: bool
    default: false
  delete_live:
    description:
      - Whether O(state=absent) also deletes live tokens, which are tokens that still work. Clients can then no longer
        use them.
    type: bool
    default: false
  max_refresh_age:
    description:
      - Maximum age of a refresh token since it was issued, such as V(30d). Each run revokes older tokens.
      - Each refresh issues a new pair with its own age. An app that refreshes in time therefore stays signed in.
      - If O(users) or O(clients) is set, the limit applies to their tokens only.
    type: str
  prune_after:
    description:
      - Delete tokens this long after they stopped working, such as V(7d). V(0) deletes them immediately.
      - If O(users) or O(clients) is set, only their tokens are deleted.
      - Tokens with a valid refresh token are never deleted by this option.
    type: str
  disabled_users:
    description:
      - How to handle the tokens of disabled or deleted users. Frappe continues to accept and refresh these tokens.
        Applies to all users of the site.
      - V(report) reports a finding, V(revoke) revokes the tokens, and V(ignore) does nothing.
    type: str
    choices: [report, revoke, ignore]
    default: report
  sites:
    description:
      - One item per site. An option in an item overrides the task's option of the same name.
      - A site may appear several times with different tokens.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the site.
        type: str
        required: true
      state:
        description: Overrides the task's O(state).
        type: str
        choices: [revoked, absent]
      users:
        description: Overrides the task's O(users).
        type: list
        elements: str
      clients:
        description: Overrides the task's O(clients).
        type: list
        elements: str
      older_than:
        description: Overrides the task's O(older_than).
        type: str
      token_state:
        description: Overrides the task's O(token_state).
        type: list
        elements: str
        choices: [active, expired, revoked]
      every_token:
        description: Overrides the task's O(every_token).
        type: bool
      delete_live:
        description: Overrides the task's O(delete_live).
        type: bool
      max_refresh_age:
        description: Overrides the task's O(max_refresh_age).
        type: str
      prune_after:
        description: Overrides the task's O(prune_after).
        type: str
      disabled_users:
        description: Overrides the task's O(disabled_users).
        type: str
        choices: [report, revoke, ignore]
extends_documentation_fragment:
  - benchkeeper.frappe.bench
  - benchkeeper.frappe.bench.required
  - benchkeeper.frappe.bench.policy
  - benchkeeper.frappe.bench.worker
notes:
  - Revoking a token sets its C(modified) timestamp, as a revocation over HTTP does. O(prune_after) is measured from
    this timestamp.
  - A token that is issued while the task runs may be missed.
  - To end all access of a user, first change the password or disable the user, and remove the API key. Then revoke
    the tokens. This module does not end browser sessions.
seealso:
  - module: benchkeeper.frappe.frappe_site_info
  - module: benchkeeper.frappe.frappe_user_api_key
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Limit refresh tokens to 30 days, revoke tokens of disabled users, and delete unusable tokens after 7 days
  benchkeeper.frappe.frappe_oauth_token:
    bench_path: /home/frappe/frappe-bench
    max_refresh_age: 30d
    disabled_users: revoke
    prune_after: 7d
    sites:
      - name: crm.example.com
      - name: helpdesk.example.com
        max_refresh_age: 12h
  become: true
  become_user: frappe

- name: Revoke all tokens of one user and app, such as after the loss of a phone
  benchkeeper.frappe.frappe_oauth_token:
    bench_path: /home/frappe/frappe-bench
    name: crm.example.com
    users: [clerk@example.com]
    clients: [Mobile App]
    state: revoked
  become: true
  become_user: frappe

- name: Delete the remaining tokens of a client that was deleted
  benchkeeper.frappe.frappe_oauth_token:
    bench_path: /home/frappe/frappe-bench
    name: crm.example.com
    clients: [4b1f0c6e5a]
    state: absent
    delete_live: true
  become: true
  become_user: frappe
"""

RETURN = r"""
sites:
  description: One row per declaration, in the declared order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the site.
      type: str
      sample: crm.example.com
    action:
      description: V(updated), V(unchanged) or V(failed). In check mode, the expected result.
      type: str
      sample: updated
    changed:
      description: Whether a token was revoked or deleted.
      type: bool
    tokens:
      description:
        - The changes, by C(client_id), C(app_name), C(user) and C(action). The action is V(revoked) or V(deleted).
        - C(tokens) and C(codes) are the numbers of bearer tokens and authorization codes. A token that was revoked and
          deleted in the same run counts as V(deleted).
      type: list
      elements: dict
      sample:
        - client_id: mobile-app
          app_name: Mobile App
          user: clerk@example.com
          action: revoked
          tokens: 3
          codes: 1
    revoked:
      description: Total number of revoked tokens and codes.
      type: int
      sample: 4
    deleted:
      description: Total number of deleted tokens and codes.
      type: int
      sample: 0
    kept_live:
      description: With O(state=absent), the number of selected tokens that were kept because they are live.
      type: int
      sample: 0
    diff:
      description: Number of changed tokens in each state, by client and user, in C(before) and C(after).
      type: dict
      sample:
        before: {"Mobile App, clerk@example.com": {active: 1, expired: 2}}
        after: {"Mobile App, clerk@example.com": {revoked: 3}}
    findings:
      description:
        - Rules that the declaration or the site breaks, but that do not lead to a rejection.
        - Each finding has C(rule), C(field), C(found), C(severity), C(source) and C(remedy).
      type: list
      elements: dict
    failed:
      description: Whether the module failed to apply the declaration. The site is then unchanged.
      type: bool
    msg:
      description: Why the site failed, and what to do.
      type: str
"""

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import BenchError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe import tokens
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.tokens import token_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import (
    POLICY_OPTIONS,
    TOKEN_OPTIONS,
    WORKER_OPTIONS,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.base import SitesModule
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.declarations import applied_on_bench

TASK_OPTIONS = {"bench_path": {"type": "path", "required": True}, **POLICY_OPTIONS, **WORKER_OPTIONS}
NOTHING = {"tokens": [], "revoked": 0, "deleted": 0, "kept_live": 0}


def main() -> None:
    """Run the module."""
    module = SitesModule(TOKEN_OPTIONS, TASK_OPTIONS, required_one_of=[("name", "sites")])
    told = module.lint(token_findings)
    try:
        rows = applied_on_bench(module, tokens, told, NOTHING)
    except BenchError as error:
        module.fail(str(error))
    module.finish(rows, title=lambda row: f"{row['name']}: tokens")


if __name__ == "__main__":
    main()
