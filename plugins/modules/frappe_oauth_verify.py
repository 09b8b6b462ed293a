#!/usr/bin/python
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verify many Frappe sites by a real OAuth flow."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: frappe_oauth_verify
short_description: Verify Frappe sites by a real OAuth flow
version_added: 0.1.0
description:
  - Does over HTTP what a mobile app does, on one site or on many in one task. Signs in, authorizes with PKCE and state,
    exchanges the code, calls the API, refreshes, revokes, and sees that the revoked tokens are dead.
  - Tries beside it what a site shows to the outside (certificate, discovery, domains, other origins, the limit), and
    what an OAuth server must refuse (a redirect URI, a verifier, an origin that are wrong). Never sends a wrong
    password, since Frappe locks users out.
  - Every step gets a verdict with what was expected, what came, the reason, and what to do. What is wrong has the id of
    a rule, as C(docs/rules.md) lists them.
  - Deletes the codes and tokens it made and signs out, also after a failure. Sign-in and sign-out stay in the site's
    Activity Log, where an audit looks for them, and the user's last login is moved.
  - Where an answer of the token endpoint is lost, the tokens that this user got for this client since the check began
    are deleted. Make a user of its own for the check.
  - With many sites they are verified in batches, and a line after each says how far it is.
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
      - Left out, only what needs no user is verified, and every other step says that it was not run.
    type: str
  password: &password
    description:
      - The user's password.
      - One of less than 8 characters, or one that is part of the name of a site, user, app or host, is refused, since
        masking it would make the output unreadable.
    type: str
  api_method: &api_method
    description: A method to call with the token.
    type: str
    default: frappe.auth.get_logged_user
  url: &url
    description: The site's address, as its users write it. Read from the site's configuration if left out.
    type: str
  domains: &domains
    description: Host names that must lead to this site. Those in its configuration if left out.
    type: list
    elements: str
  cors: &cors
    description: What other origins are answered, as a site of M(benchkeeper.frappe.frappe_nginx_edge) declares it.
    type: dict
    suboptions:
      origins:
        description:
          - Origins that are let in. The steps C(preflight) and C(cross_origin) are taken with each, at O(api_method)
            and at the token endpoint.
        type: list
        elements: str
        required: true
      credentials:
        description: Whether cookies may come along. Not looked at if left out.
        type: bool
      methods:
        description: Methods that are let in. The first one is asked for.
        type: list
        elements: str
      headers:
        description: Headers that are let in, C(Authorization) and C(Content-Type) if left out.
        type: list
        elements: str
      max_age:
        description: Not looked at.
        type: int
  rate_limit: &rate_limit
    description:
      - The limit that the token endpoint must have. It is used up once, with requests for a grant that does not exist.
    type: dict
    suboptions:
      rate:
        description: Requests per second or minute.
        type: str
        required: true
      burst:
        description: Requests above the rate that are served at once.
        type: int
        default: 10
  address:
    description:
      - Connect here instead, such as V(http://127.0.0.1:8080), and ask for the site by Host header and SNI.
    type: str
  validate_certs:
    description:
      - Whether certificates must be valid.
      - Trusted are the authorities of the machine that asks, and those of E(SSL_CERT_FILE) or E(SSL_CERT_DIR).
    type: bool
    default: true
  probes:
    description:
      - Take only these steps, and those they need. Every step that applies if left out, but for V(password_grant),
        which is taken only where it is asked for.
    type: list
    elements: str
    choices: &probes
      [
        reach, tls, discovery, client, login, authorize, consent, token, issuer, api_call, userinfo,
        introspect, refresh, old_pair, wrong_secret, domain, preflight, foreign_origin,
        wrong_redirect_uri, wrong_verifier, no_verifier, pkce_required, password_grant, cross_origin,
        revoke_hint, revoke, dead, introspect_dead, rate_limit, limit_bypass
      ]
  password_grant:
    description: Whether the password grant is tried too, with the right password.
    type: bool
    default: false
  last_step:
    description:
      - Stop after this step of the flow, and take no other. V(reach) needs no client and no user, and sees only whether
        the site answers. O(probes) goes before it.
    type: str
    choices: [reach, login, authorize, token, api_call, refresh, revoke, dead]
    default: dead
  patience:
    description: Seconds within which a site must begin to answer, such as after a restart.
    type: int
    default: 0
  batch:
    description:
      - Sites that are verified at a time. With more of them than this, a line is shown after each batch.
    type: int
    default: 20
  nginx:
    description: The nginx program, to tell who sends headers that should not be there.
    type: str
    default: nginx
  nginx_conf:
    description: Its main configuration file, if not the one it was built with.
    type: path
  nginx_prefix:
    description: Its prefix, if not the one it was built with.
    type: path
  nginx_conf_dir:
    description: The folder whose C(*.conf) its http block includes.
    type: path
    default: /etc/nginx/conf.d
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
      domains: *domains
      cors: *cors
      rate_limit: *rate_limit
      address:
        description: As the task's O(address).
        type: str
      validate_certs:
        description: As the task's O(validate_certs).
        type: bool
      probes:
        description: As the task's O(probes).
        type: list
        elements: str
        choices: *probes
      password_grant:
        description: As the task's O(password_grant).
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
- name: Verify the mobile app on two sites
  benchkeeper.frappe.frappe_oauth_verify:
    bench_path: /home/frappe/frappe-bench
    app_name: Mobile App
    username: probe@example.com
    password: "{{ probe_password }}"
    address: http://127.0.0.1
    sites:
      - name: crm.example.com
        cors: {origins: ["https://app.example.com"]}
      - name: helpdesk.example.com
        api_method: helpdesk.api.auth.get_user
  become: true
  become_user: frappe

- name: See only whether the domains lead where they should
  benchkeeper.frappe.frappe_oauth_verify:
    bench_path: /home/frappe/frappe-bench
    name: crm.example.com
    app_name: Mobile App
    probes: [domain, tls]
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
    app_name:
      description: Its name.
      type: str
      sample: Mobile App
    verified:
      description: Whether every step that was to be taken was taken, and none failed.
      type: bool
    steps:
      description: The steps, in the order in which they were taken.
      type: list
      elements: dict
      contains:
        name:
          description: The step, one of those that O(probes) takes.
          type: str
          sample: token
        verdict:
          description:
            - V(passed); V(noticed), for what works and is worth knowing, such as what Frappe itself leaves open;
              V(failed); or V(not_run).
          type: str
          sample: passed
        rule:
          description: Id of the rule that says what is wrong, or noticed. Empty if nothing is.
          type: str
          sample: redirect-uris-newline
        expected:
          description: What a sound site does.
          type: str
        found:
          description: What this one did.
          type: str
        reason:
          description: Why that is, as far as it can be told.
          type: str
        remedy:
          description: What to do.
          type: str
    action:
      description: V(unchanged) or V(failed), as in the rows of the other modules; nothing is ever changed.
      type: str
      sample: unchanged
    changed:
      description: Always V(false).
      type: bool
    diff:
      description: Always empty.
      type: dict
    findings:
      description: Always empty; what is found stands in C(steps).
      type: list
      elements: dict
    failed:
      description: Whether a step failed, or the flow could not be begun.
      type: bool
    msg:
      description: The steps that failed, what came, why, and what to do.
      type: str
"""

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import Bench, BenchError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import BrokenConfig
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe import verify
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import (
    NGINX_CONF_DIR,
    NGINX_OPTIONS,
    VERIFY_OPTIONS,
    WORKER_OPTIONS,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.base import SitesModule
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.verify import (
    BUDGET,
    complete,
    password_faults,
    verdicts,
)


def main() -> None:
    """Run the module."""
    module = SitesModule(
        VERIFY_OPTIONS,
        {
            "bench_path": {"type": "path", "required": True},
            "batch": {"type": "int", "default": 20},  # for the action plugin of this name
            **NGINX_OPTIONS,
            "nginx_conf_dir": NGINX_CONF_DIR,
            **WORKER_OPTIONS,
        },
        required_one_of=[("name", "sites")],
        supports_check_mode=False,
    )
    try:
        bench = Bench(module.params["bench_path"])
        complete(bench, module.rows)
        faults = password_faults(module.rows)
        if faults:
            module.fail("Nothing was verified, on any site. These values cannot stay:\n" + "\n".join(faults))
        items = [{"site": row["name"], **row} for row in module.rows]
        common = {"budget": module.params["site_timeout"] * BUDGET}
        replies = bench.work(verify, items, common, module.check_mode, module.params["site_timeout"])
    except (BenchError, BrokenConfig) as error:
        module.fail(str(error))
    module.finish(verdicts(bench, module.rows, replies, module.params), title=lambda row: row["name"])


if __name__ == "__main__":
    main()
