#!/usr/bin/python
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove many Frappe sites by a real OAuth flow."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: frappe_oauth_check
short_description: Prove Frappe sites by a real OAuth flow
version_added: 0.1.0
description:
  - Does over HTTP what a mobile app does, on one site or on many in one task. Signs in, authorizes with PKCE and state,
    exchanges the code, calls the API, refreshes, revokes, and sees that the revoked tokens are dead.
  - Every step gets a verdict with what was expected, what came, and what to do.
  - Deletes the codes and tokens it made and signs out. Sign-in and sign-out stay in the site's Activity Log, where an
    audit looks for them.
options:
  name:
    description: The site, by the name of its folder in C(sites).
    type: str
  app_name: &app_name
    description: The OAuth client to check with, found as M(benchkeeper.frappe.frappe_oauth_client) finds it.
    type: str
  client_id: &client_id
    description: The OAuth client to check with, by its identifier.
    type: str
  redirect_uri: &redirect_uri
    description: Where the code is to be sent. The client's default redirect URI, or else its first, if left out.
    type: str
  scope: &scope
    description: Scopes to ask for. All of the client's if left out.
    type: list
    elements: str
  username: &username
    description:
      - A user of the site to sign in as. Its roles must allow it the client.
      - Left out, only what needs no user is proven, and every other step says that it was not run.
    type: str
  password: &password
    description: The user's password.
    type: str
  api_method: &api_method
    description: A method to call with the token.
    type: str
    default: frappe.auth.get_logged_user
  url: &url
    description: The site's address, as its users write it. Read from the site's configuration if left out.
    type: str
  address:
    description:
      - Connect here instead, such as V(http://127.0.0.1:8080), and ask for the site by Host header and SNI.
    type: str
  validate_certs:
    description: Whether certificates must be valid.
    type: bool
    default: true
  last_step:
    description:
      - Stop after this step. V(reach) needs no client and no user, and sees only whether the site answers.
    type: str
    choices: [reach, login, authorize, token, api_call, refresh, revoke, dead]
    default: dead
  patience:
    description: Seconds within which a site must begin to answer, such as after a restart.
    type: int
    default: 0
  sites:
    description: One item a site. An option given in an item is used for it in place of the task's own.
    type: list
    elements: dict
    suboptions:
      name:
        description: The site.
        type: str
        required: true
      app_name: *app_name
      client_id: *client_id
      redirect_uri: *redirect_uri
      scope: *scope
      username: *username
      password: *password
      api_method:
        description: As the task's O(api_method).
        type: str
      url: *url
      address:
        description: As the task's O(address).
        type: str
      validate_certs:
        description: As the task's O(validate_certs).
        type: bool
      last_step:
        description: As the task's O(last_step).
        type: str
        choices: [reach, login, authorize, token, api_call, refresh, revoke, dead]
      patience:
        description: As the task's O(patience).
        type: int
extends_documentation_fragment:
  - benchkeeper.frappe.bench
  - benchkeeper.frappe.bench.required
  - benchkeeper.frappe.bench.worker
attributes:
  check_mode:
    description: A flow makes tokens, if only for a moment, so nothing is run in check mode.
    support: none
  diff_mode:
    description: There is nothing to compare.
    support: none
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Prove the mobile app on two sites
  benchkeeper.frappe.frappe_oauth_check:
    bench_path: /home/frappe/frappe-bench
    app_name: Mobile App
    username: probe@example.com
    password: "{{ probe_password }}"
    address: http://127.0.0.1
    sites:
      - name: crm.example.com
      - name: helpdesk.example.com
        api_method: helpdesk.api.auth.get_user
  become: true
  become_user: frappe
"""

RETURN = r"""
sites:
  description: A row for each site, in their order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The site.
      type: str
      sample: crm.example.com
    url:
      description: The address it was asked for under.
      type: str
      sample: https://crm.example.com
    client_id:
      description: The client that was checked.
      type: str
      sample: 5c2b6a1f3e
    proven:
      description: Whether every step passed.
      type: bool
    steps:
      description:
        - In their order C(reach), C(login), C(authorize), C(token), C(api_call), C(refresh), C(revoke) and C(dead).
        - Each with C(name), C(verdict) (V(passed), V(failed) or V(not_run)), C(expected), C(found) and C(remedy).
      type: list
      elements: dict
    failed:
      description: Whether a step failed, or the flow could not be begun.
      type: bool
    msg:
      description: The step that failed, why, and what to do.
      type: str
"""

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench import Bench, BenchError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._config_file import BrokenConfig, read_config
from ansible_collections.benchkeeper.frappe.plugins.module_utils._domains import url_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._flow import STEPS
from ansible_collections.benchkeeper.frappe.plugins.module_utils._module import (
    WORKER_OPTIONS,
    Row,
    SitesModule,
    failed_row,
    row_of,
)

OPTIONS = {
    "app_name": {"type": "str"},
    "client_id": {"type": "str"},
    "redirect_uri": {"type": "str"},
    "scope": {"type": "list", "elements": "str"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "api_method": {"type": "str", "default": "frappe.auth.get_logged_user"},
    "url": {"type": "str"},
    "address": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "last_step": {"type": "str", "choices": list(STEPS), "default": "dead"},
    "patience": {"type": "int", "default": 0},
}


def address_of(bench: Bench, row: Row) -> str | None:
    """The declared URL, else the one that the site's configuration has; None if that cannot be read."""
    if row["url"] or bench.fault(row["name"]):
        return row["url"]
    return url_of(row["name"], {**read_config(bench.common_config), **read_config(bench.site_config(row["name"]))})


def verdict(row: Row, reply: Row) -> Row:
    """The result row of one site."""
    told = {"url": row["url"], "client_id": row["client_id"], "app_name": row["app_name"]}
    if "failed" in reply:
        return failed_row(row["name"], reply["failed"], proven=False, steps=[], **told)
    flow = reply["reply"]
    told.update(client_id=flow["client_id"], app_name=flow["app_name"], steps=flow["steps"])
    proven = all(step["verdict"] == "passed" for step in flow["steps"])
    for step in flow["steps"]:
        if step["verdict"] == "failed":
            msg = f"{step['name']}: expected {step['expected']}, found {step['found']}. {step['remedy']}"
            return failed_row(row["name"], msg, proven=False, **told)
    return row_of(row["name"], proven=proven, **told)


def main() -> None:
    """Run the module."""
    module = SitesModule(
        OPTIONS,
        {"bench_path": {"type": "path", "required": True}, **WORKER_OPTIONS},
        required_one_of=[("name", "sites")],
        supports_check_mode=False,
    )
    try:
        bench = Bench(module.params["bench_path"])
        for row in module.rows:
            row["url"] = address_of(bench, row)
        items = [{"site": row["name"], **row} for row in module.rows]
        replies = bench.work("_frappe_check", items, {}, module.check_mode, module.params["site_timeout"])
    except (BenchError, BrokenConfig) as error:
        module.fail(str(error))
    module.finish([verdict(*each) for each in zip(module.rows, replies)], title=lambda row: row["name"])


if __name__ == "__main__":
    main()
