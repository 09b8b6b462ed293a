#!/usr/bin/python
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage CORS headers and the rate limit of the token endpoint in nginx, for the sites of a bench."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: frappe_nginx_edge
short_description: Manage CORS and the token endpoint rate limit of Frappe sites in nginx
version_added: 0.1.0
description:
  - Configures nginx to send the declared CORS headers on every response of the declared sites, including errors.
  - If O(rate_limit) is set, configures nginx to limit the rate of requests to the token endpoint.
  - Writes only its own files. These are C(benchkeeper.conf), which all benches on one nginx share, and one fragment per
    bench next to C(conf.d). Files from C(bench setup nginx) and other sources are not changed.
  - Does not change the headers of virtual hosts that are not declared.
  - Tests copies of the new files with nginx before installing them, also in check mode. Files that nginx rejects are
    never installed.
  - Requires the nginx module headers-more.
options:
  bench_path:
    description: The bench directory. The fragments are named after it.
    type: path
    required: true
  sites:
    description:
      - The declared sites. For a site without O(sites[].cors), the module removes its CORS entries, unless
        O(sites[].cors_managed=false).
      - A site of the bench that is not listed keeps its entries.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the site.
        type: str
        required: true
      domains:
        description: Host names of the site, in lower case.
        type: list
        elements: str
        default: []
      found_domains:
        description:
          - Additional host names from the site's own configuration. If an entry is not a plain host name, such as
            V(*.example.com), the module ignores it and reports a finding.
        type: list
        elements: str
        default: []
      cors:
        description: The CORS policy of the site. If the list of origins is empty, no cross-origin requests
          are allowed.
        type: dict
        suboptions:
          origins:
            description:
              - Allowed origins, C(scheme://host[:port]), exactly as the browser or web view sends them.
              - Schemes of apps and browser extensions are accepted, such as V(capacitor://localhost). V(null), V(*) and
                C(file://) are not.
            type: list
            elements: str
            required: true
          methods:
            description: Methods that are allowed in responses to preflight requests.
            type: list
            elements: str
            default: [GET, POST, PUT, DELETE]
          headers:
            description: Request headers that are allowed in responses to preflight requests.
            type: list
            elements: str
            default: [Authorization, Content-Type, X-Frappe-CSRF-Token, X-Frappe-Site-Name]
          expose_headers:
            description:
              - Response headers that a page may read, in addition to those that browsers always allow.
              - If omitted, the header C(Access-Control-Expose-Headers) stays as the site sends it.
            type: list
            elements: str
          max_age:
            description: Number of seconds for which a browser may cache the response to a preflight request.
            type: int
            default: 600
          credentials:
            description: Whether requests from the origin may include cookies. Apps that use bearer tokens do not need
              this.
            type: bool
            default: false
      cors_managed:
        description: If V(false), the existing CORS entries of the site are not changed.
        type: bool
        default: true
  known_sites:
    description: Names of all sites of the bench. If set, entries of all other sites are removed.
    type: list
    elements: str
  rate_limit:
    description:
      - Rate limit for the token endpoint, per client address and site.
      - If omitted, requests are not limited. Behind a load balancer, all users have the same address unless
        O(trusted_proxies) is set.
      - The limit applies to all paths of the endpoint, and to C(cmd) in the query string, in any encoding.
      - Frappe also accepts C(cmd) in the body of a POST request on any path. nginx cannot limit these requests.
    type: dict
    suboptions:
      rate:
        description: Requests per second or minute, such as V(5r/s) or V(30r/m).
        type: str
        required: true
      burst:
        description: Number of requests above the rate that are served without delay.
        type: int
        default: 10
  trusted_proxies:
    description: Addresses or networks of load balancers that are trusted to send the client address in
      C(X-Forwarded-For).
    type: list
    elements: str
    default: []
  state:
    description: V(absent) removes the fragments of the bench. The shared file is removed with the last fragment.
    type: str
    choices: [present, absent]
    default: present
  conf_dir:
    description: Directory with the C(*.conf) files that the http block of nginx includes.
    type: path
    default: /etc/nginx/conf.d
  nginx:
    description:
      - Name or path of the nginx executable. The module searches for a name in C(PATH), C(/usr/sbin) and
        C(/usr/local/sbin).
    type: str
    default: nginx
  nginx_conf:
    description: Main configuration file of nginx. Defaults to the path that nginx was built with.
    type: path
  nginx_prefix:
    description: Prefix path of nginx. Defaults to the prefix that nginx was built with.
    type: path
  reload:
    description:
      - Whether to reload nginx after a change. Requests in progress are completed.
      - If V(false), every run reports that nginx was not reloaded, until a run with V(true) reloads it.
    type: bool
    default: true
  headers_more_comes:
    description:
      - In check mode, do not fail if the nginx module headers-more is missing. Use it if an earlier task installs that
        module, which does not happen in check mode.
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
  - Requires a user that can write to O(conf_dir) and signal nginx, usually root.
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Allow one CORS origin on one site and limit the token endpoint
  benchkeeper.frappe.frappe_nginx_edge:
    bench_path: /home/frappe/frappe-bench
    sites:
      - name: Trust.com
        domains: [trust.example.com]
        cors:
          origins: [https://app.example.com]
    rate_limit: {rate: 5r/s, burst: 10}
  become: true

- name: Remove all nginx configuration of the bench
  benchkeeper.frappe.frappe_nginx_edge:
    bench_path: /home/frappe/frappe-bench
    state: absent
  become: true
"""

RETURN = r"""
sites:
  description: One row per declared site, in the declared order, then one row per site with removed entries.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the site.
      type: str
      sample: Trust.com
    changed:
      description: Whether the entries of the site in nginx changed.
      type: bool
    action:
      description: V(created), V(updated), V(deleted) or V(unchanged).
      type: str
    diff:
      description: The entries of the site, in C(before) and C(after).
      type: dict
    findings:
      description: Problems that do not stop the run, such as a CORS header in another file of nginx.
      type: list
      elements: dict
    failed:
      description: Always V(false). nginx accepts the configuration of all sites or of none.
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
