#!/usr/bin/python
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage the API keys of users on many Frappe sites in one task."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: frappe_user_api_key
short_description: Manage API keys of users on Frappe sites
version_added: 0.1.0
description:
  - Gives users API keys, replaces and removes them, on one site or on many, in one process for all sites of the bench.
  - A key is made on the controller and kept there, encrypted, before it is set; see O(secrets_store). Nothing returns
    a secret. A run that was killed at any instant is finished by the next one.
  - What exists is never replaced unless that is asked for. A user who has a key keeps it.
  - The user's C(modified) does not move, and Frappe makes no C(Version) of it.
  - The keys of one site are written in one transaction. A site that fails keeps what it had, the other sites get
    theirs, and the task fails at the end with the list.
options:
  name:
    description: The site, by the name of its folder in C(sites).
    type: str
  users:
    description:
      - Users, by their names in Frappe. A user that the site does not have is an error, and so is one that is
        disabled, unless O(disabled_users=revoke).
    type: list
    elements: str
    default: []
  roles:
    description:
      - Roles. Every enabled user that was given one of them is meant, beside O(users).
      - The roles that Frappe gives to everybody of a kind (V(All), V(Guest), V(Desk User), V(Administrator)) are
        refused.
    type: list
    elements: str
    default: []
  exclude_users:
    description: Users that are left alone, whatever their roles. Naming one of them in O(users) too is an error.
    type: list
    elements: str
    default: [Administrator, Guest]
  state:
    description:
      - V(present) gives a key to each user that has none. A user without either half of the pair has none.
      - V(absent) removes the keys, here and from O(secrets_store).
      - V(rotated) replaces every pair by a new one, key and secret, on every run. What uses the old pair stops working.
    type: str
    choices: [present, absent, rotated]
    default: present
  disabled_users:
    description:
      - What becomes of the keys of all disabled users of the site but O(exclude_users), since Frappe goes on accepting
        them.
      - V(report) makes them a finding, V(revoke) removes them, V(ignore) says nothing.
    type: str
    choices: [report, revoke, ignore]
    default: report
  secrets:
    description:
      - The pairs to set, by user, each a dictionary of C(api_key) and C(api_secret). With O(secrets_store) they are
        made and filled in for those users that are missing here.
      - A pair is set where the user has none, and with O(state=rotated). A user that has another one keeps it, and a
        finding says so, unless the pair has C(replace=true).
      - Pairs of users that the task is not about are not used.
    type: dict
  secrets_store:
    description:
      - Folder on the controller where secrets are kept, one file a site, C(INVENTORY_HOSTNAME/SITE.yml), encrypted with
        Ansible's vault. A relative path begins at the playbook's folder.
      - The folder is made if it is missing, the one that holds it is not. A vault secret must be loaded, with
        C(--vault-id) or C(--vault-password-file). A new file is encrypted as C(ansible-vault create) would do it, an
        existing one keeps its vault id.
      - A file holds C(api_keys), by user, and C(oauth_clients), by name of the app. While a new secret is on its way it
        stands in C(pending) beside the one that it replaces.
      - P(ansible.builtin.unvault#lookup) reads such a file, and so does C(ansible-vault view).
    type: str
  sites:
    description:
      - One item a site. An option given in an item is used for it in place of the task's own.
      - The same site may come several times, about different users.
    type: list
    elements: dict
    suboptions:
      name:
        description: The site.
        type: str
        required: true
      users:
        description: As the task's O(users).
        type: list
        elements: str
      roles:
        description: As the task's O(roles).
        type: list
        elements: str
      exclude_users:
        description: As the task's O(exclude_users).
        type: list
        elements: str
      state:
        description: As the task's O(state).
        type: str
        choices: [present, absent, rotated]
      disabled_users:
        description: As the task's O(disabled_users).
        type: str
        choices: [report, revoke, ignore]
      secrets:
        description: As the task's O(secrets).
        type: dict
extends_documentation_fragment:
  - benchkeeper.frappe.bench
  - benchkeeper.frappe.bench.required
  - benchkeeper.frappe.bench.policy
  - benchkeeper.frappe.bench.worker
notes:
  - A task that carries a secret is pipelined, whatever C(ansible_pipelining) says, so that no file with the secret lies
    on the managed host. Where that cannot be, with C(async), C(ANSIBLE_KEEP_REMOTE_FILES) or C(become_method=su), the
    task is refused.
  - With the first secret of a site, Frappe itself writes C(encryption_key) into its C(site_config.json).
seealso:
  - module: benchkeeper.frappe.frappe_oauth_client
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Give every sales user a key, kept encrypted beside the inventory
  benchkeeper.frappe.frappe_user_api_key:
    bench_path: /home/frappe/frappe-bench
    name: crm.example.com
    roles: [Sales User, Sales Manager]
    secrets_store: "{{ inventory_dir }}/secrets"
  become: true
  become_user: frappe

- name: Replace the key of one user on two sites, and take away those of users who left
  benchkeeper.frappe.frappe_user_api_key:
    bench_path: /home/frappe/frappe-bench
    users: [integration@example.com]
    state: rotated
    disabled_users: revoke
    secrets_store: "{{ inventory_dir }}/secrets"
    sites:
      - name: crm.example.com
      - name: helpdesk.example.com
  become: true
  become_user: frappe

- name: Use a key that was kept
  ansible.builtin.uri:
    url: https://crm.example.com/api/method/frappe.auth.get_logged_user
    headers:
      Authorization: "token {{ pair.api_key }}:{{ pair.api_secret }}"
  vars:
    kept: "{{ inventory_dir }}/secrets/{{ inventory_hostname }}/crm.example.com.yml"
    pair: "{{ (lookup('ansible.builtin.unvault', kept) | from_yaml).api_keys['integration@example.com'] }}"
  no_log: true
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
      description: Whether a key was set or removed.
      type: bool
    users:
      description:
        - The users that the declaration is about, each with C(user) and C(action).
        - The action is V(created), V(rotated), V(removed), V(unchanged), where the site has the pair that is given or
          kept on the controller, or V(kept), where it has another one.
      type: list
      elements: dict
      sample: [{user: integration@example.com, action: created}]
    needs_secret:
      description: In check mode, and where it failed for want of them, the users for whom a pair must be made.
      type: list
      elements: str
    diff:
      description: C(before) and C(after), by user. Secrets are hidden.
      type: dict
      sample: {before: {}, after: {integration@example.com: (hidden, new)}}
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
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe import api_keys
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.api_keys import key_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import (
    KEY_OPTIONS,
    POLICY_OPTIONS,
    WORKER_OPTIONS,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.base import SitesModule
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.declarations import applied_on_bench

TASK_OPTIONS = {
    "bench_path": {"type": "path", "required": True},
    "secrets_store": {"type": "str", "no_log": False},
    **POLICY_OPTIONS,
    **WORKER_OPTIONS,
}


def main() -> None:
    """Run the module."""
    module = SitesModule(KEY_OPTIONS, TASK_OPTIONS, required_one_of=[("name", "sites")])
    told = module.lint(lambda row: key_findings(row, row["name"]))
    try:
        rows = applied_on_bench(module, api_keys, told, {"users": [], "needs_secret": []})
    except BenchError as error:
        module.fail(str(error))
    module.finish(rows, title=lambda row: f"{row['name']}: API keys")


if __name__ == "__main__":
    main()
