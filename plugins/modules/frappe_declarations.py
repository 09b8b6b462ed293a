# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: frappe_declarations
short_description: Merge and check what an inventory declares for the sites of a bench
version_added: 0.1.0
description:
  - The first step of the role P(benchkeeper.frappe.oauth2#role). It takes no options. Like
    M(ansible.builtin.validate_argument_spec), it reads the role's variables from the variables of the host.
  - Gives each variable its declared type, reads the sites of the bench with M(benchkeeper.frappe.frappe_site_info),
    merges the declarations of all sites, and checks them against the rules. It writes nothing.
  - A value of the wrong type, a mistake in a declaration, or a broken rule fails the task. The message names each with
    the site and the key, what was found, and what to do.
notes:
  - Declarations may hold secrets. The result of a task that succeeds is therefore hidden from all output, as with
    C(no_log=true). The message of a task that fails holds no secret, and is shown.
  - The registered result holds the secrets. Do not print it.
options: {}
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Prepare what the inventory declares
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
    - Variables of the role in their declared type, without C(oauth2_). Those that may hold a secret are left out.
    - A task that fails returns a few of them.
  returned: always
  type: dict
  sample: {bench_path: /home/frappe/frappe-bench, become: true, site_timeout: 60}
bench:
  description: The bench, as M(benchkeeper.frappe.frappe_site_info) returns it.
  returned: success
  type: dict
sites:
  description: One row per site, with its host names, as M(benchkeeper.frappe.frappe_site_info) returns it.
  returned: success
  type: list
  elements: dict
user:
  description: The user that the steps become, C(oauth2_bench_user) or the owner of the bench.
  returned: if the bench could be read
  type: str
  sample: frappe
names:
  description: Names of the sites to work on.
  returned: success
  type: list
  elements: str
declarations:
  description: The whole declaration of each of these sites, defaults and differences merged. It may hold secrets.
  returned: success
  type: list
  elements: dict
rows:
  description:
    - What each step passes to its module as C(sites), by step. The steps are C(site_config), C(oauth_clients),
      C(api_keys), C(tokens), C(edge), C(verify), and C(reach) with the name of every site. It may hold secrets.
  returned: success
  type: dict
edge_declared:
  description: Whether CORS or a limit is declared for nginx.
  returned: success
  type: bool
common_site_config:
  description: What is declared for C(common_site_config.json). It may hold secrets.
  returned: success
  type: dict
verify_password:
  description: The password of the user that verifies the sites.
  returned: if it is declared
  type: str
unread:
  description: The message of each of these sites that could not be read, by name. The task succeeds all the same.
  returned: success
  type: dict
"""
