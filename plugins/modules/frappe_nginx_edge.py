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
  - Sends exact CORS headers for the declared sites, on every answer that passes through nginx, errors included, and
    limits requests to the token endpoint.
  - Lives in a file of its own, C(benchkeeper.conf), that all benches on a nginx share, and in one fragment a bench
    beside C(conf.d). Nothing that C(bench setup nginx) or anybody else wrote is touched, and every host that is not
    declared keeps the headers it had.
  - What is to be written is tried by nginx on copies first, in check mode too. What does not load is never put in
    place.
  - Needs the module headers-more of nginx.
options:
  bench_path:
    description: Folder of the bench. Its fragments are named after it.
    type: path
    required: true
  sites:
    description:
      - The sites that are declared. One without O(sites[].cors) sends what it would send without this module, unless
        O(sites[].cors_managed=false).
      - A site of the bench that is not listed keeps what it has.
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
          - Further host names, as the site's own configuration has them. One that nginx cannot be told, such as
            V(*.example.com), is left out and becomes a finding of the site.
        type: list
        elements: str
        default: []
      cors:
        description: What browsers are told. An empty list of origins lets no other origin in.
        type: dict
        suboptions:
          origins:
            description: Origins that may call, as browsers send them, C(scheme://host[:port]).
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
            description: Seconds that a browser may keep the answer to a preflight.
            type: int
            default: 600
          credentials:
            description: Whether the origin may use the cookies of the site. An app with bearer tokens needs none.
            type: bool
            default: false
      cors_managed:
        description: If not, what is there for O(sites[].cors) stays as it is.
        type: bool
        default: true
  known_sites:
    description: Names of all sites of the bench. If given, entries of any other site are removed.
    type: list
    elements: str
  rate_limit:
    description:
      - Limit requests to the token endpoint, by client address and site. Off unless it is given, since behind a
        balancer every user is one address.
      - Covers all paths that lead to the endpoint, and C(cmd) in the query, in any encoding. A C(cmd) in the body of a
        POST, which Frappe accepts on any path, is beyond nginx.
    type: dict
    suboptions:
      rate:
        description: Requests, such as V(5r/s) or V(30r/m).
        type: str
        required: true
      burst:
        description: Requests above the rate that are served at once.
        type: int
        default: 10
  trusted_proxies:
    description: Addresses or networks of balancers whose C(X-Forwarded-For) tells the client's address.
    type: list
    elements: str
    default: []
  state:
    description: V(absent) removes the fragments of the bench, and the shared file with the last of them.
    type: str
    choices: [present, absent]
    default: present
  conf_dir:
    description: The folder whose C(*.conf) the http block of nginx includes.
    type: path
    default: /etc/nginx/conf.d
  nginx:
    description: The program. Looked for in C(PATH), C(/usr/sbin) and C(/usr/local/sbin).
    type: str
    default: nginx
  nginx_conf:
    description: Its main configuration file, if not the one it was built with.
    type: path
  nginx_prefix:
    description: Its prefix, if not the one it was built with.
    type: path
  reload:
    description:
      - Tell the running nginx to read what was written. Open connections are served to their end.
      - If not, a finding says that nginx has not been told, until a run that may tell it does.
    type: bool
    default: true
  headers_more_comes:
    description:
      - In check mode, do not mind that headers-more is missing, because the run would install it before.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode and says what a run would do, without writing anything.
    support: full
  diff_mode:
    description: Returns the files before and after.
    support: full
  platform:
    description: Target OS.
    support: full
    platforms: posix
notes:
  - Run it as a user who may write O(conf_dir) and signal nginx, usually root.
author:
  - Benchkeeper contributors (@benchkeeper)
"""

EXAMPLES = r"""
- name: Let one origin call one site, and limit sign-ins
  benchkeeper.frappe.frappe_nginx_edge:
    bench_path: /home/frappe/frappe-bench
    sites:
      - name: Trust.com
        domains: [trust.example.com]
        cors:
          origins: [https://app.example.com]
    rate_limit: {rate: 5r/s, burst: 10}
  become: true

- name: Take all of it away
  benchkeeper.frappe.frappe_nginx_edge:
    bench_path: /home/frappe/frappe-bench
    state: absent
  become: true
"""

RETURN = r"""
sites:
  description: A row for each declared site, in their order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The site.
      type: str
      sample: Trust.com
    changed:
      description: Whether what nginx sends for it differs from before.
      type: bool
    action:
      description: V(created), V(updated), V(deleted) or V(unchanged).
      type: str
    diff:
      description: C(before) and C(after), the site's entries.
      type: dict
    findings:
      description: What stands in the way without stopping the run, such as a header that somebody else's file sends.
      type: list
      elements: dict
    failed:
      description: Always false; nginx takes all sites or none.
      type: bool
    msg:
      description: Always empty.
      type: str
files:
  description: The files that were written or removed, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [/etc/nginx/benchkeeper.d/frappe_bench_1a2b3c4d.map, /etc/nginx/conf.d/benchkeeper.conf]
reloaded:
  description: Whether nginx was told to read its configuration anew.
  returned: success
  type: bool
"""

from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.edge import Edge, held, place_fault
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import Nginx, NginxError, find_binary
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import (
    edge_findings,
    limit_findings,
    name_findings,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import (
    CORS_OPTIONS,
    LIMIT_OPTIONS,
    NGINX_CONF_DIR,
    NGINX_OPTIONS,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.base import started

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
    params = module.params
    wrong = [
        f"{site['name']!r}: {finding}"
        for site in params["sites"]
        for finding in [*name_findings(site["name"]), *edge_findings(site["domains"], site["cors"])]
    ]
    wrong += map(str, limit_findings(params["rate_limit"], params["trusted_proxies"]))
    if wrong:
        module.fail_json(msg="Nothing was written. These values cannot stay:\n" + "\n".join(wrong), sites=[])
    fault = place_fault(params)
    if fault:
        module.fail_json(msg=fault, sites=[])
    edge = Edge(params)
    binary = find_binary(params["nginx"])
    if binary is None and not edge.wanted and not edge.present():
        module.exit_json(changed=False, sites=edge.rows([]), files=[], reloaded=False)
    if binary is None:
        module.fail_json(
            msg=f"nginx: there is no program {params['nginx']!r} on this machine. Install it, or let Frappe own CORS "
            "(in the role: oauth2_cors_owner: frappe)",
            sites=[],
        )
    try:
        nginx = Nginx(binary, params["nginx_conf"], params["nginx_prefix"], params["conf_dir"])
        with held(params["conf_dir"], module.check_mode):
            # looked at anew: another run may have written since, for this bench or for another one
            result = Edge(params).settle(nginx, module.check_mode)
    except (NginxError, TimeoutError) as error:
        module.fail_json(msg=str(error), sites=[])
    except OSError as error:
        module.fail_json(
            msg=f"{error.filename}: {error.strerror}. Nothing half-written is left: run it as root", sites=[]
        )
    for finding in result.pop("warnings"):
        module.warn(finding)
    if not module._diff:
        del result["diff"]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
