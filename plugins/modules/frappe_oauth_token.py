#!/usr/bin/python
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Revoke and prune OAuth bearer tokens on many Frappe sites in one task."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: frappe_oauth_token
short_description: Revoke and prune OAuth bearer tokens on Frappe sites
version_added: 0.1.0
description:
  - Ends tokens by user, client, age or state, gives refresh tokens a longest life, and removes the rows of dead tokens,
    on one site or on many, in one process for all sites of the bench.
  - Access and refresh token share one row. Revoking it ends both at once.
  - Frappe 14 and 15 let refresh tokens live for ever, and those of disabled users too. O(max_refresh_age) and
    O(disabled_users) are what ends them there.
  - Authorization codes that were not redeemed are treated as tokens are, since Frappe's never expire.
  - No token is ever returned, shown or logged, only numbers, by client and user. No copy of a removed row is left.
  - The tokens of one site are written in one transaction. A site that fails keeps what it had, the other sites get
    theirs, and the task fails at the end with the list.
options:
  name:
    description: The site, by the name of its folder in C(sites).
    type: str
  state:
    description:
      - What becomes of the tokens that O(users), O(clients), O(older_than), O(token_state) or O(every_token) select.
        Left out, only the other options count.
      - V(revoked) ends them. Their rows stay, until Frappe's scheduler removes them, on Frappe 15 within 15 minutes.
      - V(absent) removes their rows if they are dead. One whose access token has ended is not, as long as its refresh
        token works.
    type: str
    choices: [revoked, absent]
  users:
    description: Users whose tokens are meant, by their names in Frappe. Left out, those of all users.
    type: list
    elements: str
    default: []
  clients:
    description:
      - Clients whose tokens are meant, by C(app_name) or C(client_id). Left out, those of all clients.
      - A client that was deleted is still found by its C(client_id), as long as it has tokens.
    type: list
    elements: str
    default: []
  older_than:
    description: Tokens that were issued at least so long ago, such as V(30d), V(12h), V(90m), or a number of seconds.
    type: str
  token_state:
    description:
      - Tokens in these states. V(active) ones have an access token that works, the access token of V(expired) ones has
        ended, V(revoked) ones are dead. A code is V(active) until it is redeemed, and V(revoked) from then on.
    type: list
    elements: str
    choices: [active, expired, revoked]
    default: []
  every_token:
    description: Whether all tokens of the site are meant, where nothing else selects any.
    type: bool
    default: false
  delete_live:
    description: Whether O(state=absent) also removes tokens that still work, which ends them.
    type: bool
    default: false
  max_refresh_age:
    description:
      - How long a refresh token may live, such as V(30d), counted from when it was issued. Each run revokes older ones.
      - A refresh gives a new pair with a life of its own, so an app that refreshes in time stays signed in.
      - O(users) and O(clients) narrow it.
    type: str
  prune_after:
    description:
      - How long the rows of dead tokens are kept after their end, such as V(7d). V(0) removes them at once.
      - O(users) and O(clients) narrow it. Tokens whose refresh token works are never removed by it.
    type: str
  disabled_users:
    description:
      - What becomes of the tokens of all users of the site that are disabled or gone, since Frappe goes on accepting
        and refreshing them.
      - V(report) makes them a finding, V(revoke) revokes them, V(ignore) says nothing.
    type: str
    choices: [report, revoke, ignore]
    default: report
  sites:
    description:
      - One item a site. An option given in an item is used for it in place of the task's own.
      - The same site may come several times, about different tokens.
    type: list
    elements: dict
    suboptions:
      name:
        description: The site.
        type: str
        required: true
      state:
        description: As the task's O(state).
        type: str
        choices: [revoked, absent]
      users:
        description: As the task's O(users).
        type: list
        elements: str
      clients:
        description: As the task's O(clients).
        type: list
        elements: str
      older_than:
        description: As the task's O(older_than).
        type: str
      token_state:
        description: As the task's O(token_state).
        type: list
        elements: str
        choices: [active, expired, revoked]
      every_token:
        description: As the task's O(every_token).
        type: bool
      delete_live:
        description: As the task's O(delete_live).
        type: bool
      max_refresh_age:
        description: As the task's O(max_refresh_age).
        type: str
      prune_after:
        description: As the task's O(prune_after).
        type: str
      disabled_users:
        description: As the task's O(disabled_users).
        type: str
        choices: [report, revoke, ignore]
extends_documentation_fragment:
  - benchkeeper.frappe.bench
  - benchkeeper.frappe.bench.required
  - benchkeeper.frappe.bench.policy
  - benchkeeper.frappe.bench.worker
notes:
  - C(modified) of a row says when it was revoked, as after a revocation over HTTP. O(prune_after) counts from it.
  - A token that is issued while the task runs is not seen by it.
  - To end what somebody holds for good, change the password or disable the user, remove the API key, and then revoke. A
    browser session is none of this module's business.
seealso:
  - module: benchkeeper.frappe.frappe_site_info
  - module: benchkeeper.frappe.frappe_user_api_key
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Let refresh tokens live for 30 days, end those of users who left, and keep what is dead for a week
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

- name: End all that a lost phone could do
  benchkeeper.frappe.frappe_oauth_token:
    bench_path: /home/frappe/frappe-bench
    name: crm.example.com
    users: [clerk@example.com]
    clients: [Mobile App]
    state: revoked
  become: true
  become_user: frappe

- name: Remove what is left of a client that was deleted past its tokens
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
  description: A row for each declaration, in its order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The site.
      type: str
      sample: crm.example.com
    action:
      description: V(updated), V(unchanged) or V(failed), or in check mode what it would be.
      type: str
      sample: updated
    changed:
      description: Whether a token was revoked or removed.
      type: bool
    tokens:
      description:
        - What was done, by C(client_id) with its C(app_name), C(user) and C(action), which is V(revoked) or V(deleted).
        - C(tokens) and C(codes) are the numbers of bearer tokens and of authorization codes. A token that was revoked
          and removed in one go is V(deleted).
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
      description: How many were revoked in all.
      type: int
      sample: 4
    deleted:
      description: How many rows were removed in all.
      type: int
      sample: 0
    kept_live:
      description: With O(state=absent), how many were selected and stay because they still work.
      type: int
      sample: 0
    diff:
      description: C(before) and C(after), by client and user, as numbers of the tokens that change in each state.
      type: dict
      sample:
        before: {"Mobile App, clerk@example.com": {active: 1, expired: 2}}
        after: {"Mobile App, clerk@example.com": {revoked: 3}}
    findings:
      description:
        - Rules that the declaration or the site breaks and that did not stop it.
        - Each with C(rule), C(field), C(found), C(severity), C(source) and C(remedy).
      type: list
      elements: dict
    failed:
      description: Whether the site could not be brought to the declared state. It then has what it had.
      type: bool
    msg:
      description: Why it failed, and what to do.
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
