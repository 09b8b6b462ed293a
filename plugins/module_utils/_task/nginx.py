# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of frappe_nginx_edge: find nginx, lock its directory, write the files, and return the result."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.files import Unreplaceable
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.protection import UNKEPT_REMEDY, Unkept
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.edge import BY_FRAPPE, Edge, held, place_fault
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import Nginx, NginxError, find_binary
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import rejected
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import (
    edge_findings,
    limit_findings,
    name_findings,
)


def apply_edge(module: AnsibleModule) -> None:
    """Check the options against the rules, write the declared files, reload nginx, and end the module."""
    params = module.params
    wrong = [
        f"{site['name']}: {finding}"
        for site in params["sites"]
        for finding in [*name_findings(site["name"]), *edge_findings(site["domains"], site["cors"])]
    ]
    wrong += map(str, limit_findings(params["rate_limit"], params["trusted_proxies"]))
    if wrong:
        module.fail_json(msg=rejected(wrong), sites=[])
    fault = place_fault(params)
    if fault:
        module.fail_json(msg=fault, sites=[])
    binary = find_binary(params["nginx"])
    if binary is None:
        without_nginx(module, Edge(params))
        return
    try:
        nginx = Nginx(binary, params["nginx_conf"], params["nginx_prefix"], params["conf_dir"])
        with held(params["conf_dir"], module.check_mode):
            # read the files under the lock, because another run may have changed them, even for another bench
            result = Edge(params).apply(nginx, module.check_mode)
    except (NginxError, Unreplaceable, TimeoutError) as error:
        module.fail_json(msg=str(error), sites=[])
    except OSError as error:
        unkept = isinstance(error, Unkept)
        remedy = UNKEPT_REMEDY if unkept else "Check the permissions and the free disk space, and run the task as root"
        module.fail_json(msg=f"{error.filename}: {error.strerror}. No file was left incomplete. {remedy}", sites=[])
    for warning in result["warnings"]:
        module.warn(warning)
    left_out = {"warnings"} if module._diff else {"warnings", "diff"}
    module.exit_json(**{key: value for key, value in result.items() if key not in left_out})


def without_nginx(module: AnsibleModule, edge: Edge) -> None:
    """End the module if nginx is not installed. This is an error if files exist or are declared."""
    if not edge.wanted and not edge.present():
        module.exit_json(changed=False, sites=edge.rows([]), files=[], reloaded=False)
    remedy = "Install nginx, or correct the option nginx (in the role: oauth2_nginx)"
    module.fail_json(
        msg=f"nginx: the program {module.params['nginx']!r} was not found on this host. "
        f"{remedy}{'' if module.params['rate_limit'] else BY_FRAPPE}",
        sites=[],
    )
