#!/usr/bin/python
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verify one or many Frappe sites with a real OAuth flow."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: frappe_oauth_verify
short_description: Verify Frappe sites with a real OAuth flow
version_added: 0.1.0
description:
  - Runs the OAuth flow of a mobile app over HTTP, on one or many sites. It signs in, authorizes with PKCE and state,
    exchanges the code, calls the API, refreshes the tokens and revokes them. It then checks that the revoked tokens no
    longer work.
  - Also checks the certificate, discovery document, domains, CORS headers and rate limit of the site.
  - Also checks that the site rejects invalid requests, such as a wrong redirect URI, code verifier or origin. The
    module never sends a wrong password, because Frappe locks users out.
  - If neither O(app_name) nor O(client_id) is set, only the steps that need no client run, such as C(tls), C(domain),
    C(preflight) and C(rate_limit).
  - Every step returns a verdict, the expected result, the actual result, the reason and the remedy. A problem has the
    id of a rule in C(docs/rules.md).
  - Works in three phases. First it reads what it needs from all sites. Then it sends the requests, to several sites at
    the same time. At the end, it finds the causes of failed steps and deletes what it created.
  - Deletes the codes and tokens that it created and signs out, even after a failure. Sign-in and sign-out remain in the
    site's Activity Log, and the user's last login is updated.
  - If a response of the token endpoint is lost, the module deletes the tokens that this user received for this client
    within two minutes of that request. Use a dedicated user for the verification.
  - Before the first request, it writes a record below C(config) in the bench. If the module is interrupted, the next
    run finds the record and deletes what is left. The record contains hashes, but no code, token or session id.
  - Properties of Frappe's code, such as whether PKCE is required, are the same on all sites with the same apps in the
    same versions and the same kind of client. One site of each such set verifies these properties for all of them.
  - Many sites are verified in batches. A progress line is shown after each batch.
  - Without O(bench_path), the module verifies a site over HTTP alone, as its users reach it through DNS, CDN and
    firewall. It needs requests, oauthlib and PyJWT in the Python that runs it. Set O(url). For a client, also set
    O(client_id), O(redirect_uri) and O(scope). The step C(consent) and the causes that only the database shows are not
    available.
  - Without O(bench_path), the cleanup revokes the tokens over HTTP. RV(sites[].left) names what stays on the site.
options:
  name:
    description:
      - Name of the site, which is the name of its directory in C(sites). Without O(bench_path), any name.
    type: str
  app_name: &app_name
    description: Name of the OAuth client to use. It is matched as in M(benchkeeper.frappe.frappe_oauth_client).
    type: str
  client_id: &client_id
    description: Identifier of the OAuth client to use.
    type: str
  client_secret: &client_secret
    description:
      - Secret of the client. It is used only without O(bench_path), and needed for the step C(issuer) and for
        O(token_endpoint_auth_method).
    type: str
  token_endpoint_auth_method: &auth_method
    description:
      - How the client authenticates at the token endpoint. It is used only without O(bench_path). If omitted, the
        client sends no secret.
    type: str
    choices: ["Client Secret Basic", "Client Secret Post", "None"]
  redirect_uri: &redirect_uri
    description:
      - Redirect URI of the authorization request. Defaults to the client's default redirect URI, or else its first one.
    type: str
  scope: &scope
    description: Scopes to request. Defaults to all scopes of the client.
    type: list
    elements: str
  username: &username
    description:
      - User to sign in as. Its roles must allow it to authorize the client.
      - If omitted, only the steps that need no user run. All other steps are reported as V(not_run).
    type: str
  password: &password
    description:
      - Password of O(username).
      - It must have at least 8 characters, and must not be part of the name of a site, user, app or host. Masking such
        a password would make the output unreadable.
    type: str
  api_method: &api_method
    description: API method to call with the access token.
    type: str
    default: frappe.auth.get_logged_user
  url: &url
    description: URL of the site, as its users enter it. If omitted, it is read from the site's configuration.
    type: str
  domains: &domains
    description:
      - Host names that must serve this site. If omitted, they are read from the site's configuration.
      - The name of the site's directory may be missing in DNS if the site has another host name.
    type: list
    elements: str
  cors: &cors
    description: The expected CORS policy of the site, as declared for M(benchkeeper.frappe.frappe_nginx_edge).
    type: dict
    suboptions:
      origins:
        description:
          - Allowed origins. The steps C(preflight) and C(cross_origin) run for each origin, at O(api_method) and at the
            token endpoint.
        type: list
        elements: str
        required: true
      credentials:
        description:
          - Whether requests with cookies are allowed.
          - If omitted, cookies may be allowed or not. If they are not allowed, a notice is reported, because some apps
            need them.
        type: bool
      methods:
        description: Allowed methods. The preflight request uses the first one.
        type: list
        elements: str
      headers:
        description: Allowed headers. If omitted, the default of M(benchkeeper.frappe.frappe_nginx_edge).
        type: list
        elements: str
      expose_headers:
        description: Response headers that a page must be able to read.
        type: list
        elements: str
      max_age:
        description: Not checked.
        type: int
  rate_limit: &rate_limit
    description:
      - Expected rate limit of the token endpoint. The module reads it from nginx's configuration.
      - If O(probes) lists V(rate_limit) or V(limit_bypass), the module instead exceeds the limit once, with requests
        for a grant type that does not exist.
    type: dict
    suboptions:
      rate:
        description: Requests per second or minute.
        type: str
        required: true
      burst:
        description: Number of requests above the rate that are served without delay.
        type: int
        default: 10
  address:
    description:
      - Address to connect to instead of the site's own, such as V(http://127.0.0.1:8080). The site is selected by its
        C(Host) header and by SNI.
      - The scheme may be omitted for a loopback host and for port 80 (C(http)), and for port 443 (C(https)). Every
        other address without a scheme is rejected.
    type: str
  validate_certs:
    description:
      - Whether to verify TLS certificates.
      - Trusts the certificate authorities of the managed host, and those in E(SSL_CERT_FILE) or E(SSL_CERT_DIR).
    type: bool
    default: true
  probes:
    description:
      - Run only these steps and the steps that they depend on.
      - If omitted, all applicable steps run except V(password_grant), which runs only on request.
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
    description: Whether to also test the password grant, with the correct password.
    type: bool
    default: false
  last_step:
    description:
      - Last step of the flow to run. Steps outside the flow do not run either.
      - V(reach) only checks that the site responds. It needs no client and no user.
      - If O(probes) is set, this option is ignored.
    type: str
    choices: [reach, login, authorize, token, api_call, refresh, revoke, dead]
    default: dead
  patience:
    description:
      - Maximum number of seconds to wait for the first response of the site, for example after a restart.
      - With O(last_step=reach), all sites of the task are checked in parallel. This is one deadline for all of them.
    type: int
    default: 0
  batch:
    description:
      - Number of sites per batch. If there are more sites, a progress line is shown after each batch.
    type: int
    default: 20
  parallel:
    description:
      - Number of sites that are verified at the same time. The clients and steps of one site run one after another.
      - Defaults to half of the web process's workers, but at least V(1). The number of workers is read from the
        configuration of supervisor or systemd, or else from C(gunicorn_workers) in C(common_site_config.json).
      - If only V(reach) runs, this option is ignored.
    type: int
    version_added: 0.1.0
  nginx:
    description:
      - Name or path of the nginx executable. Its configuration shows the rate limit and the source of unexpected
        headers.
    type: str
    default: nginx
  nginx_conf:
    description: Main configuration file of nginx. Defaults to the path that nginx was built with.
    type: path
  nginx_prefix:
    description: Prefix path of nginx. Defaults to the prefix that nginx was built with.
    type: path
  nginx_conf_dir:
    description: Directory with the C(*.conf) files that the http block of nginx includes.
    type: path
    default: /etc/nginx/conf.d
  sites:
    description:
      - One item per site, or per client of a site. An option in an item overrides the task's option of the same name.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the site.
        type: str
        required: true
      app_name: *app_name
      client_id: *client_id
      client_secret: *client_secret
      token_endpoint_auth_method: *auth_method
      redirect_uri: *redirect_uri
      scope: *scope
      username: *username
      password: *password
      api_method:
        description: Overrides the task's O(api_method).
        type: str
      url: *url
      domains: *domains
      cors: *cors
      rate_limit: *rate_limit
      address:
        description: Overrides the task's O(address).
        type: str
      validate_certs:
        description: Overrides the task's O(validate_certs).
        type: bool
      probes:
        description: Overrides the task's O(probes).
        type: list
        elements: str
        choices: *probes
      password_grant:
        description: Overrides the task's O(password_grant).
        type: bool
      last_step:
        description: Overrides the task's O(last_step).
        type: str
        choices: [reach, login, authorize, token, api_call, refresh, revoke, dead]
      patience:
        description: Overrides the task's O(patience).
        type: int
extends_documentation_fragment:
  - benchkeeper.frappe.bench
  - benchkeeper.frappe.bench.worker
attributes:
  check_mode:
    description: The OAuth flow creates temporary tokens, so the module does not run in check mode.
    support: none
  diff_mode:
    description: The module does not support diff mode, because it changes no settings.
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

- name: Verify a hosted site from the controller, without its bench
  benchkeeper.frappe.frappe_oauth_verify:
    name: crm.example.com
    url: https://crm.example.com
    client_id: 5c2b6a1f3e
    redirect_uri: com.example.app://cb
    scope: [all, openid]
    username: probe@example.com
    password: "{{ probe_password }}"
  delegate_to: localhost

- name: Check only the domains and certificates of a site
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
  description: One row per item, in the declared order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the site.
      type: str
      sample: crm.example.com
    url:
      description: URL that was used for the site.
      type: str
      sample: https://crm.example.com
    client_id:
      description: Identifier of the client that was used.
      type: str
      sample: 5c2b6a1f3e
    app_name:
      description: Name of the client.
      type: str
      sample: Mobile App
    verified:
      description: Whether all selected steps ran and none failed.
      type: bool
    steps:
      description: The steps, in the order in which they ran.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the step, as in O(probes).
          type: str
          sample: token
        verdict:
          description:
            - One of V(passed), V(noticed), V(failed) and V(not_run).
            - V(noticed) means that the step passed with a warning or a notice. C(rule) is its rule.
          type: str
          sample: passed
        rule:
          description: Id of the rule for a step with the verdict V(failed) or V(noticed). Otherwise empty.
          type: str
          sample: redirect-uris-newline
        expected:
          description: The expected result.
          type: str
        found:
          description: The actual result.
          type: str
        reason:
          description: The reason for the difference, if known.
          type: str
        remedy:
          description: What to do.
          type: str
    left:
      description: What stays on the site without O(bench_path), such as authorization codes.
      type: list
      elements: str
      sample: ["2 authorization codes, unless Frappe has deleted them"]
    action:
      description: V(unchanged) or V(failed). The module never changes a site.
      type: str
      sample: unchanged
    changed:
      description: Always V(false).
      type: bool
    diff:
      description: Always empty.
      type: dict
    findings:
      description: Always empty. C(steps) contains the results.
      type: list
      elements: dict
    failed:
      description: Whether a step failed or the flow could not start.
      type: bool
    msg:
      description: The failed steps with the actual result, the reason and the remedy.
      type: str
requests:
  description: Number of requests that were sent to all sites.
  returned: always
  type: int
  sample: 400
cleaned:
  description: What was deleted after interrupted verifications, one item per site. Usually empty.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the site.
      type: str
    codes:
      description: Number of deleted authorization codes.
      type: int
    tokens:
      description: Number of deleted tokens.
      type: int
    sessions:
      description: Number of ended sessions.
      type: int
    left:
      description: Why something may be left for the next run. Otherwise empty.
      type: str
"""

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import Bench, BenchError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import BrokenConfig
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import (
    NGINX_CONF_DIR,
    NGINX_OPTIONS,
    OUTSIDE_OPTIONS,
    VERIFY_OPTIONS,
    WORKER_OPTIONS,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.base import SitesModule
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.verify import (
    complete,
    connect,
    password_faults,
    verdicts,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.verify_outside import (
    complete_outside,
    outside_faults,
    verify_outside,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.verify_phases import Cleaned, Phases


def main() -> None:
    """Run the module."""
    module = SitesModule(
        {**VERIFY_OPTIONS, **OUTSIDE_OPTIONS},
        {
            "bench_path": {"type": "path"},
            "batch": {"type": "int", "default": 20},  # used by the action plugin of the same name
            "parallel": {"type": "int"},
            **NGINX_OPTIONS,
            "nginx_conf_dir": NGINX_CONF_DIR,
            **WORKER_OPTIONS,
        },
        required_one_of=[("name", "sites")],
        supports_check_mode=False,
    )
    if module.params["parallel"] is not None and module.params["parallel"] < 1:
        module.fail(f"parallel: found {module.params['parallel']}, expected a number of sites, at least 1")
    bench: Bench | None = None
    cleaned: list[Cleaned] = []
    try:
        faults = connect(module.rows)
        if faults:
            module.fail("Addresses were rejected, and no site was verified:\n" + "\n".join(faults))
        if module.params["bench_path"] is None:
            faults = outside_faults(module.rows)
            if faults:
                module.fail("No site was verified:\n" + "\n".join(faults))
            complete_outside(module.rows)
        else:
            bench = Bench(module.params["bench_path"])
            complete(bench, module.rows)
        faults = password_faults(module.rows)
        if faults:
            module.fail("Passwords were rejected, and no site was verified:\n" + "\n".join(faults))
        if bench is None:
            outcomes = verify_outside(module.rows, module.params)
        else:
            phases = Phases(bench, module.rows, module.params)
            outcomes, cleaned = phases.run(), phases.cleaned
            for warning in phases.warnings:
                module.ansible.warn(warning)
    except (BenchError, BrokenConfig) as error:
        module.fail(str(error))
    for one in cleaned:
        if not (one["codes"] or one["tokens"] or one["sessions"] or one["left"]):
            continue
        left = f". {one['left']}" if one["left"] else ""
        module.ansible.warn(
            f"{one['name']}: an interrupted verification had left {one['codes']} codes, {one['tokens']} tokens and "
            f"{one['sessions']} sessions, which were removed{left}"
        )
    rows = verdicts(bench, module.rows, outcomes, module.params)
    requests = sum(row["requests"] for row in rows)
    module.finish(rows, title=lambda row: row["name"], requests=requests, cleaned=cleaned)


if __name__ == "__main__":
    main()
