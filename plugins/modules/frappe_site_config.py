#!/usr/bin/python
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge keys into site_config.json of many Frappe sites, and into common_site_config.json."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: frappe_site_config
short_description: Merge keys into the configuration of Frappe sites
version_added: 0.1.0
description:
  - Sets and removes single keys of C(site_config.json), on one site or on many in one task, and of
    C(common_site_config.json). Every other key stays as it is, Frappe's own C(encryption_key) above all.
  - Writes under the lock that Frappe's own writer takes, and replaces the file in one step, so that no reader ever sees
    half a file. Mode, owner and links stay. A file in which nothing changes is not touched.
  - Values keep their type. V(true) and V(1) are different values.
  - Reports what the effective configuration (common and site together) holds that is dangerous or useless, declared or
    not.
  - Needs no Frappe, no database and no running bench.
options:
  name:
    description: The site, by the name of its folder in C(sites).
    type: str
  settings: &settings
    description: Keys and the values they must have.
    type: dict
    default: {}
  secret_settings: &secret_settings
    description:
      - Keys whose values must not be shown. Only strings, which are masked wherever Ansible prints.
      - Keys that look like secrets are refused in O(settings), C(stripe_key), C(mail_pass) and C(api_token) among them.
    type: dict
    default: {}
  absent: &absent
    description: Keys that must not be there.
    type: list
    elements: str
    default: []
  backup: &backup
    description: Keep the old file beside the new one, under a name with the time, before it is replaced.
    type: bool
    default: false
  common:
    description: The same for C(common_site_config.json), which holds for every site of the bench.
    type: dict
    suboptions:
      settings: *settings
      secret_settings: *secret_settings
      absent: *absent
      backup: *backup
  sites:
    description: One item a site. An option given in an item is used for it in place of the task's own.
    type: list
    elements: dict
    suboptions:
      name:
        description: The site.
        type: str
        required: true
      settings:
        description: As the task's O(settings).
        type: dict
      secret_settings:
        description: As the task's O(secret_settings).
        type: dict
      absent:
        description: As the task's O(absent).
        type: list
        elements: str
      backup:
        description: As the task's O(backup).
        type: bool
extends_documentation_fragment:
  - benchkeeper.frappe.bench
  - benchkeeper.frappe.bench.required
  - benchkeeper.frappe.bench.policy
notes:
  - Frappe 14 and 15 read the file on every request. Frappe 16 and later keep it for a minute; SIGHUP to the web program
    makes a change count at once.
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Let one origin call one site, and switch CSRF protection back on
  benchkeeper.frappe.frappe_site_config:
    bench_path: /home/frappe/frappe-bench
    name: crm.example.com
    settings:
      allow_cors: [https://app.example.com]
    absent: [ignore_csrf]
  become: true
  become_user: frappe

- name: The same for every site, but for one
  benchkeeper.frappe.frappe_site_config:
    bench_path: /home/frappe/frappe-bench
    common:
      absent: [ignore_csrf]
    settings:
      allow_cors: [https://app.example.com]
    sites:
      - name: crm.example.com
      - name: helpdesk.example.com
        settings: {}
        absent: [allow_cors]
  become: true
  become_user: frappe

- name: Give a site the password of its mail account
  benchkeeper.frappe.frappe_site_config:
    bench_path: /home/frappe/frappe-bench
    name: crm.example.com
    secret_settings:
      mail_password: "{{ crm_mail_password }}"
  become: true
  become_user: frappe
"""

RETURN = r"""
sites:
  description: A row for C(common_site_config.json) if O(common) is given, then one for each site, in their order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The site, or C(common_site_config.json).
      type: str
      sample: crm.example.com
    path:
      description: The file.
      type: str
      sample: /home/frappe/frappe-bench/sites/crm.example.com/site_config.json
    action:
      description: What was done, or in check mode would be, V(updated), V(unchanged) or V(failed).
      type: str
      sample: updated
    changed:
      description: Whether the file differs from before.
      type: bool
    diff:
      description:
        - C(before) and C(after), the keys that differ. Secrets are hidden.
        - An old value may be a secret under any name. It is shown if it is no text and no large number, or if the key
          is one of Frappe's own that hold no secret; else the diff says C(not shown).
      type: dict
      sample: {before: {ignore_csrf: 1}, after: {}}
    backup_file:
      description: Where the old file is kept, if O(backup) asked for it and the file was replaced.
      type: str
    findings:
      description:
        - What the effective configuration holds that is dangerous or useless.
        - Each with C(rule), C(field), C(found), C(severity), C(source) and C(remedy).
      type: list
      elements: dict
    failed:
      description: Whether the file could not be brought to the declared state. It is then as it was.
      type: bool
    msg:
      description: Why it failed, and what to do.
      type: str
"""

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import Bench, BenchError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import (
    BrokenConfig,
    read_config,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import settings_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import (
    COMMON_FILE,
    POLICY_OPTIONS,
    SITE_CONFIG_OPTIONS,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.base import SitesModule
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.config import (
    add_effective_findings,
    file_of,
    merge_one,
)


def main() -> None:
    """Run the module."""
    module = SitesModule(
        SITE_CONFIG_OPTIONS,
        {
            "bench_path": {"type": "path", "required": True},
            "common": {"type": "dict", "options": SITE_CONFIG_OPTIONS},
            **POLICY_OPTIONS,
        },
        required_one_of=[("name", "sites", "common")],
    )
    if any(row["name"] == COMMON_FILE for row in module.rows):
        module.fail(f"name: {COMMON_FILE!r} is no site. Use common, which is for that file")
    if module.params["common"]:
        module.rows.insert(0, {"name": COMMON_FILE, **module.params["common"]})
    module.lint(lambda row: settings_findings(row["settings"], row["secret_settings"], row["absent"], file_of(row)))
    try:
        bench = Bench(module.params["bench_path"])
        bench.require_owner()
        read_config(bench.common_config)
        rows = [merge_one(bench, row, module.check_mode, module.ansible.backup_local) for row in module.rows]
        add_effective_findings(rows, bench)
    except (BenchError, BrokenConfig) as error:
        module.fail(str(error))
    module.finish(rows, title=lambda row: row["path"])


if __name__ == "__main__":
    main()
