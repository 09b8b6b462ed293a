#!/usr/bin/python
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge keys into site_config.json of one or many Frappe sites, and into common_site_config.json."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: frappe_site_config
short_description: Merge keys into the configuration of Frappe sites
version_added: 0.1.0
description:
  - Sets and removes individual keys in C(site_config.json) of one or many sites, and in C(common_site_config.json). All
    other keys, such as Frappe's C(encryption_key), are left unchanged.
  - Takes the same lock as Frappe and replaces the file atomically, so a reader never sees an incomplete file. The mode,
    the owner and symbolic links are preserved. An unchanged file is not rewritten.
  - Preserves the type of each value. V(true) and V(1) are different values.
  - Reports dangerous keys, and keys that Frappe does not read, in the effective configuration. It reports them whether
    they are declared or not. The effective configuration is C(common_site_config.json) merged with C(site_config.json).
  - Does not need a running bench or a database.
options:
  name:
    description: Name of the site, which is the name of its directory in C(sites).
    type: str
  settings: &settings
    description: Keys to set, with their values.
    type: dict
    default: {}
  secret_settings: &secret_settings
    description:
      - Keys to set, with values that are secret. Values must be strings. Ansible masks them in all output.
      - Keys that look like secrets, such as C(stripe_key), C(mail_pass) and C(api_token), are rejected in O(settings).
    type: dict
    default: {}
  absent: &absent
    description: Keys to remove.
    type: list
    elements: str
    default: []
  backup: &backup
    description: Create a backup file with a timestamp in its name before the file is replaced.
    type: bool
    default: false
  cors_instead: &cors_instead
    description:
      - The CORS policy that replaces C(allow_cors) and that another program sends, with the keys of
        O(benchkeeper.frappe.frappe_nginx_edge#module:sites[].cors).
      - If the task removes C(allow_cors), it reports everything that this key allowed and the policy does not allow.
      - The role P(benchkeeper.frappe.oauth2#role) sets this option.
    type: dict
    suboptions: &cors_policy
      origins:
        description: Allowed origins.
        type: list
        elements: str
        required: true
      methods:
        description: Allowed methods.
        type: list
        elements: str
      headers:
        description: Allowed request headers.
        type: list
        elements: str
      expose_headers:
        description: Response headers that a page may read.
        type: list
        elements: str
      max_age:
        description: Seconds for which a browser may cache the response to a preflight request.
        type: int
      credentials:
        description: Whether requests may include cookies.
        type: bool
  common:
    description: Options for C(common_site_config.json), which applies to every site of the bench.
    type: dict
    suboptions:
      settings: *settings
      secret_settings: *secret_settings
      absent: *absent
      backup: *backup
      cors_instead: *cors_instead
  sites:
    description: One item per site. An option in an item overrides the task's option of the same name.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the site.
        type: str
        required: true
      settings:
        description: Overrides the task's O(settings).
        type: dict
      secret_settings:
        description: Overrides the task's O(secret_settings).
        type: dict
      absent:
        description: Overrides the task's O(absent).
        type: list
        elements: str
      backup:
        description: Overrides the task's O(backup).
        type: bool
      cors_instead:
        description: Overrides the task's O(cors_instead).
        type: dict
        suboptions: *cors_policy
extends_documentation_fragment:
  - benchkeeper.frappe.bench
  - benchkeeper.frappe.bench.required
  - benchkeeper.frappe.bench.policy
notes:
  - Frappe 14 and 15 read the file on every request. Frappe 16 and later cache it for one minute. Send SIGHUP to the web
    process to apply a change immediately.
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Allow one CORS origin on one site and re-enable CSRF protection
  benchkeeper.frappe.frappe_site_config:
    bench_path: /home/frappe/frappe-bench
    name: crm.example.com
    settings:
      allow_cors: [https://app.example.com]
    absent: [ignore_csrf]
  become: true
  become_user: frappe

- name: Allow the origin on one site, remove it from another, and re-enable CSRF protection on the whole bench
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

- name: Set the mail password of a site
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
  description: One row for C(common_site_config.json) if O(common) is set, then one row per site, in the declared order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the site, or C(common_site_config.json).
      type: str
      sample: crm.example.com
    path:
      description: Path of the file.
      type: str
      sample: /home/frappe/frappe-bench/sites/crm.example.com/site_config.json
    action:
      description: What the module did, or would do in check mode. One of V(updated), V(unchanged) and V(failed).
      type: str
      sample: updated
    changed:
      description: Whether the file changed.
      type: bool
    diff:
      description:
        - The keys that differ, in C(before) and C(after). Secrets are hidden.
        - An old value may be a secret under any key. A string or a large number is therefore shown only for known
          Frappe keys that are never secret. For all other keys, the diff contains V((not shown\)).
      type: dict
      sample: {before: {ignore_csrf: 1}, after: {}}
    backup_file:
      description: Path of the backup file. Present if O(backup=true) and the file was replaced.
      type: str
    findings:
      description:
        - Dangerous keys in the effective configuration, and keys that Frappe does not read.
        - Each finding has C(rule), C(field), C(found), C(severity), C(source) and C(remedy).
      type: list
      elements: dict
    failed:
      description: Whether the module failed to apply the declaration. The file is then unchanged.
      type: bool
    msg:
      description: Why the site failed, and what to do.
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
        module.fail(f"name: {COMMON_FILE!r} is not a site. Use the option common for that file")
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
