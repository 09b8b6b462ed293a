#!/usr/bin/python
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage what nginx sends for the sites of a bench: CORS headers, and the limit on the token endpoint."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: frappe_nginx_edge
short_description: Manage CORS and the token-endpoint limit of Frappe sites in nginx
version_added: 0.1.0
description:
  - Sends exact CORS headers for the declared sites on every response that passes through nginx, errors included.
  - Limits requests to the token endpoint.
  - Writes files of its own only, C(benchkeeper.conf), which all benches on one nginx share, and one fragment per bench
    beside C(conf.d). Files that C(bench setup nginx) or anybody else wrote are not changed. Every host that is not
    declared keeps the headers that it had.
  - Lets nginx test the new files on copies first, in check mode too. Files that nginx refuses are never installed.
  - Requires the nginx module headers-more.
options:
  bench_path:
    description: The bench directory. The fragments are named after it.
    type: path
    required: true
  sites:
    description:
      - The declared sites. One without O(sites[].cors) sends the headers that it would send without this module,
        unless O(sites[].cors_managed=false).
      - A site of the bench that is not listed keeps its entries.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The site.
        type: str
        required: true
      domains:
        description: Host names under which the site answers, in lower case.
        type: list
        elements: str
        default: []
      found_domains:
        description:
          - Further host names from the site's own configuration. One that is not a plain host name, such as
            V(*.example.com), is left out and becomes a finding of the site.
        type: list
        elements: str
        default: []
      cors:
        description: The CORS policy of the site. With an empty list of origins, no other origin may call it.
        type: dict
        suboptions:
          origins:
            description: Origins that may call the site, as browsers send them, C(scheme://host[:port]).
            type: list
            elements: str
            required: true
          methods:
            description: Methods that a preflight allows.
            type: list
            elements: str
            default: [GET, POST, PUT, DELETE]
          headers:
            description: Request headers that a preflight allows.
            type: list
            elements: str
            default: [Authorization, Content-Type, X-Frappe-CSRF-Token]
          max_age:
            description: Seconds for which a browser may cache the response to a preflight.
            type: int
            default: 600
          credentials:
            description: Whether the origin may use the site's cookies. An app with bearer tokens does not need them.
            type: bool
            default: false
      cors_managed:
        description: If V(false), the CORS entries that the site has stay as they are.
        type: bool
        default: true
  known_sites:
    description: Names of all sites of the bench. If given, entries of any other site are removed.
    type: list
    elements: str
  rate_limit:
    description:
      - Limits requests to the token endpoint by client address and site. Off unless given, because behind a load
        balancer all users have one address.
      - Covers all paths that lead to the endpoint, and C(cmd) in the query, in any encoding. nginx cannot see a C(cmd)
        in the body of a POST, which Frappe accepts on any path.
    type: dict
    suboptions:
      rate:
        description: Requests per second or minute, such as V(5r/s) or V(30r/m).
        type: str
        required: true
      burst:
        description: Requests above the rate that are served at once.
        type: int
        default: 10
  trusted_proxies:
    description: Addresses or networks of load balancers whose C(X-Forwarded-For) is trusted for the client's address.
    type: list
    elements: str
    default: []
  state:
    description: V(absent) removes the fragments of the bench, and the shared file with the last fragment.
    type: str
    choices: [present, absent]
    default: present
  conf_dir:
    description: The directory whose C(*.conf) the http block of nginx includes.
    type: path
    default: /etc/nginx/conf.d
  nginx:
    description: The nginx program. It is searched for in C(PATH), C(/usr/sbin) and C(/usr/local/sbin).
    type: str
    default: nginx
  nginx_conf:
    description: The main configuration file of nginx, if not the one that it was built with.
    type: path
  nginx_prefix:
    description: The prefix of nginx, if not the one that it was built with.
    type: path
  reload:
    description:
      - Whether to reload the running nginx after a change. Open connections are served to their end.
      - If V(false), every run reports that nginx has not reloaded, until a run that may reload it does.
    type: bool
    default: true
  headers_more_comes:
    description:
      - In check mode, accept that headers-more is missing, because a run would install it first.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode and report what a run would do, without writing anything.
    support: full
  diff_mode:
    description: Returns the files before and after.
    support: full
  platform:
    description: Target OS.
    support: full
    platforms: posix
notes:
  - Run it as a user who may write to O(conf_dir) and signal nginx, usually root.
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Let one origin call one site, and limit requests for tokens
  benchkeeper.frappe.frappe_nginx_edge:
    bench_path: /home/frappe/frappe-bench
    sites:
      - name: Trust.com
        domains: [trust.example.com]
        cors:
          origins: [https://app.example.com]
    rate_limit: {rate: 5r/s, burst: 10}
  become: true

- name: Remove all of it
  benchkeeper.frappe.frappe_nginx_edge:
    bench_path: /home/frappe/frappe-bench
    state: absent
  become: true
"""

RETURN = r"""
sites:
  description: One row per declared site, in their order, then one per site whose entries are removed.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The site.
      type: str
      sample: Trust.com
    changed:
      description: Whether the entries of the site in nginx changed.
      type: bool
    action:
      description: V(created), V(updated), V(deleted) or V(unchanged).
      type: str
    diff:
      description: C(before) and C(after), the entries of the site.
      type: dict
    findings:
      description: Problems that do not stop the run, such as a CORS header in another file of nginx.
      type: list
      elements: dict
    failed:
      description: Always false. nginx accepts all sites or none.
      type: bool
    msg:
      description: Always empty.
      type: str
files:
  description: The files that were written or removed. In check mode, those that would be.
  returned: success
  type: list
  elements: str
  sample: [/etc/nginx/benchkeeper.d/frappe_bench_1a2b3c4d.map, /etc/nginx/conf.d/benchkeeper.conf]
reloaded:
  description: Whether nginx was reloaded.
  returned: success
  type: bool
"""

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import (
    CORS_OPTIONS,
    LIMIT_OPTIONS,
    NGINX_CONF_DIR,
    NGINX_OPTIONS,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.base import started
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.nginx import apply_edge

SITES = {
    "name": {"type": "str", "required": True},
    "domains": {"type": "list", "elements": "str", "default": []},
    "found_domains": {"type": "list", "elements": "str", "default": []},
    "cors": {"type": "dict", "options": CORS_OPTIONS},
    "cors_managed": {"type": "bool", "default": True},
}


def main() -> None:
    """Run the module."""
    module = started(
        argument_spec={
            "bench_path": {"type": "path", "required": True},
            "sites": {"type": "list", "elements": "dict", "default": [], "options": SITES},
            "known_sites": {"type": "list", "elements": "str"},
            "rate_limit": {"type": "dict", "options": LIMIT_OPTIONS},
            "trusted_proxies": {"type": "list", "elements": "str", "default": []},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "conf_dir": NGINX_CONF_DIR,
            **NGINX_OPTIONS,
            "reload": {"type": "bool", "default": True},
            "headers_more_comes": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    apply_edge(module)


if __name__ == "__main__":
    main()
