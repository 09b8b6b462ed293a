#!/usr/bin/python
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage the API keys of users on one or many Frappe sites."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: frappe_user_api_key
short_description: Manage API keys of users on Frappe sites
version_added: 0.1.0
description:
  - Creates, replaces and removes API keys of users on one or many sites. One process handles all sites of the bench.
  - The controller generates each key and stores it encrypted before Frappe gets it. See O(secrets_store). The module
    never returns a secret. If a run is killed, the next run completes it.
  - An existing key is replaced only on request.
  - The module does not change the C(modified) timestamp of the user, and Frappe creates no C(Version) document.
  - The keys of one site are written in one transaction. If the task fails for a site, that site is left unchanged, and
    the module continues with the other sites. The task then fails and lists the failed sites.
options:
  name:
    description: Name of the site, which is the name of its directory in C(sites).
    type: str
  users:
    description:
      - Names of the users in Frappe.
      - The task fails for the site if a user does not exist, or if a user is disabled, unless O(disabled_users=revoke).
    type: list
    elements: str
    default: []
  roles:
    description:
      - Select every enabled user with one of these roles, in addition to O(users).
      - The automatic roles V(All), V(Guest), V(Desk User) and V(Administrator) are rejected.
    type: list
    elements: str
    default: []
  exclude_users:
    description:
      - Users to exclude, regardless of their roles. The task fails if O(users) contains one of them.
    type: list
    elements: str
    default: [Administrator, Guest]
  state:
    description:
      - V(present) creates a pair of API key and API secret for each user without a complete pair.
      - V(absent) removes the keys from the site and from O(secrets_store).
      - V(rotated) replaces every key and secret on every run. Clients that use the old pair stop working.
    type: str
    choices: [present, absent, rotated]
    default: present
  disabled_users:
    description:
      - How to handle the API keys of disabled users. Applies to all disabled users of the site except
        O(exclude_users).
      - Frappe 14, and Frappe 15 up to about 15.63, accept the key of a disabled user. Later versions reject it until
        the user is enabled again. The module reads in Frappe's source code which applies, and reports
        C(key-user-disabled) or C(key-dormant).
      - V(report) reports a finding, V(revoke) removes the keys, and V(ignore) does nothing.
    type: str
    choices: [report, revoke, ignore]
    default: report
  secrets:
    description:
      - The API keys to set, as a dictionary by user name. Each value is a dictionary with C(api_key) and C(api_secret).
        With O(secrets_store), missing pairs are generated.
      - A pair is set if the user has none, or with O(state=rotated). A user who has a different pair keeps it, and the
        module reports a finding. To replace it, add C(replace=true) to the pair.
      - Entries for users that the task does not select are ignored.
    type: dict
  secrets_store:
    description:
      - Directory on the controller for the secrets, encrypted with Ansible Vault. There is one file per site,
        C(INVENTORY_HOSTNAME/SITE.yml). A relative path is relative to the playbook directory.
      - The directory is created if it does not exist. Its parent directory must exist.
      - Requires a vault secret, which C(--vault-id) or C(--vault-password-file) provides. A new file is encrypted in
        the same way as with C(ansible-vault create). An existing file keeps its vault id.
      - A file contains C(api_keys) by user and C(oauth_clients) by client. A new secret that Frappe does not have yet
        is stored in C(pending), next to the secret that it replaces.
      - Read such a file with P(ansible.builtin.unvault#lookup) or with C(ansible-vault view).
    type: str
  sites:
    description:
      - One item per site. An option in an item overrides the task's option of the same name.
      - A site may appear several times with different users.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the site.
        type: str
        required: true
      users:
        description: Overrides the task's O(users).
        type: list
        elements: str
      roles:
        description: Overrides the task's O(roles).
        type: list
        elements: str
      exclude_users:
        description: Overrides the task's O(exclude_users).
        type: list
        elements: str
      state:
        description: Overrides the task's O(state).
        type: str
        choices: [present, absent, rotated]
      disabled_users:
        description: Overrides the task's O(disabled_users).
        type: str
        choices: [report, revoke, ignore]
      secrets:
        description: Overrides the task's O(secrets).
        type: dict
extends_documentation_fragment:
  - benchkeeper.frappe.bench
  - benchkeeper.frappe.bench.required
  - benchkeeper.frappe.bench.policy
  - benchkeeper.frappe.bench.worker
notes:
  - A task with a secret always uses pipelining, regardless of C(ansible_pipelining). The secret is therefore never
    written to a file on the managed host.
  - Pipelining does not work with C(async), C(ANSIBLE_KEEP_REMOTE_FILES) or C(become_method=su). With one of these, a
    task with a secret fails.
  - When the first secret of a site is set, Frappe adds C(encryption_key) to its C(site_config.json).
seealso:
  - module: benchkeeper.frappe.frappe_oauth_client
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Create an API key for every sales user and store it encrypted next to the inventory
  benchkeeper.frappe.frappe_user_api_key:
    bench_path: /home/frappe/frappe-bench
    name: crm.example.com
    roles: [Sales User, Sales Manager]
    secrets_store: "{{ inventory_dir }}/secrets"
  become: true
  become_user: frappe

- name: Rotate the API key of one user on two sites and remove the keys of disabled users
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

- name: Use a stored API key
  ansible.builtin.uri:
    url: https://crm.example.com/api/method/frappe.auth.get_logged_user
    headers:
      Authorization: "token {{ pair.api_key }}:{{ pair.api_secret }}"
  vars:
    stored: "{{ inventory_dir }}/secrets/{{ inventory_hostname }}/crm.example.com.yml"
    pair: "{{ (lookup('ansible.builtin.unvault', stored) | from_yaml).api_keys['integration@example.com'] }}"
  no_log: true
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
      description: Whether an API key was set or removed.
      type: bool
    users:
      description:
        - The selected users, each with C(user) and C(action).
        - The action is V(created), V(rotated), V(removed), V(unchanged) or V(kept).
        - V(unchanged) means that the site has the declared or stored pair. V(kept) means that it has a different
          pair, or one that is neither declared nor stored.
      type: list
      elements: dict
      sample: [{user: integration@example.com, action: created}]
    needs_secret:
      description:
        - Users that need a new pair, but have none in O(secrets). Returned in check mode, and if the site failed for
          this reason.
      type: list
      elements: str
    diff:
      description: The state by user, in C(before) and C(after). Secrets are hidden.
      type: dict
      sample: {before: {}, after: {integration@example.com: "(hidden, new)"}}
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
