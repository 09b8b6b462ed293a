# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: frappe_declarations
short_description: Merge and check the declarations for the sites of a bench
version_added: 0.1.0
description:
  - This is the first step of the role P(benchkeeper.frappe.oauth2#role). Like
    M(ansible.builtin.validate_argument_spec), it reads the role's variables from the variables of the host.
  - Converts each variable to its declared type, and reads the sites of the bench with
    M(benchkeeper.frappe.frappe_site_info). It then merges the declarations of all sites and checks them against the
    rules. It writes nothing.
  - Also checks what the later steps need, so that a run does not stop halfway. The needs of
    steps that C(--tags) or C(--skip-tags) exclude are not checked.
  - If a step uses the secrets store, a vault secret must be loaded and the store must be writable. If CORS or a rate
    limit is declared for nginx, nginx must be installed and must have the module headers-more, unless
    C(oauth2_install_packages=true). If a declared key needs a reload, C(supervisorctl) and the web process must exist.
  - If C(oauth2_bench_user) is set, the checks of these programs run as this user. Facts that this user cannot
    determine are not checked.
  - A host variable whose name resembles a variable of the role is reported as misspelled.
  - The task fails if a value has the wrong type, or if a declaration is invalid. It also fails if a declaration breaks
    a rule that C(oauth2_policy) and C(oauth2_policy_exceptions) do not allow. The message lists each problem with the
    site, the key, the value, and what to do.
notes:
  - Declarations may contain secrets. If the task succeeds, its result is therefore hidden from all output, as with
    C(no_log=true). If the task fails, the message is shown. It contains no secrets.
  - The registered result contains the secrets. Do not print it.
options:
  entry_point:
    description:
      - The entry point of the role that is running. Only the needs of this entry point are checked.
      - V(audit) and V(verify) report a site that the bench does not have. V(main) and V(rotate) fail before the first
        write.
    type: str
    choices: [main, audit, verify, rotate]
    default: main
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Merge and check the declarations
  become: true
  benchkeeper.frappe.frappe_declarations:
  register: prepared

- name: Write the declared OAuth clients
  become: true
  become_user: "{{ prepared.user }}"
  benchkeeper.frappe.frappe_oauth_client:
    bench_path: "{{ prepared.settings.bench_path }}"
    sites: "{{ prepared.rows.oauth_clients }}"
"""

RETURN = r"""
settings:
  description:
    - Variables of the role in their declared types, without the prefix C(oauth2_). Variables that may contain a secret
      are omitted.
    - If the task fails, only some of them are returned.
  returned: always
  type: dict
  sample: {bench_path: /home/frappe/frappe-bench, become: true, site_timeout: 60}
bench:
  description: The bench, as returned by M(benchkeeper.frappe.frappe_site_info).
  returned: success
  type: dict
sites:
  description: One row per site with its host names, as returned by M(benchkeeper.frappe.frappe_site_info).
  returned: success
  type: list
  elements: dict
user:
  description: User that the steps become. This is C(oauth2_bench_user), or else the owner of the bench.
  returned: if the bench can be read
  type: str
  sample: frappe
names:
  description: Names of the managed sites.
  returned: success
  type: list
  elements: str
declarations:
  description: The complete declaration of each managed site, merged with the defaults. It may contain secrets.
  returned: success
  type: list
  elements: dict
rows:
  description:
    - The C(sites) option of each step's module, by step. The steps are C(site_config), C(oauth_clients), C(api_keys),
      C(tokens), C(edge), C(verify), C(reach) and C(sites). C(sites) contains the name of every site. C(reach) also
      contains its C(address), C(url) and C(validate_certs) from C(verify).
    - It may contain secrets.
  returned: success
  type: dict
edge_declared:
  description: Whether CORS or a rate limit is declared for nginx.
  returned: success
  type: bool
store_used:
  description: Whether a step of this run uses the secrets store.
  returned: success
  type: bool
common_site_config:
  description: The declaration for C(common_site_config.json). It may contain secrets.
  returned: success
  type: dict
verify_password:
  description: Password of the verify user.
  returned: if C(oauth2_verify_password) is set
  type: str
unread:
  description: Managed sites that cannot be read, each with the message. They do not make the task fail.
  returned: success
  type: dict
"""
