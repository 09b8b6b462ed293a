# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps about the declared rate limit. By default, the limit is read. ``probes`` can ask to exceed it."""

from __future__ import annotations

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import FRAPPE_LIMIT_BYPASS
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.http import retry_after, said
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.probes import (
    GET_TOKEN,
    NONSENSE,
    limit_bypass,
    rate_limit,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import Fault, NotRun, Seen
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import Verification


def limit(run: Verification) -> Seen:
    """Compare the declared limit with nginx's configuration, as it was read before the first request.

    Without that, the limit is exceeded once.
    """
    read = run.params.get("limit_read")
    if read is None:
        return rate_limit(run)
    if read["unread"]:
        raise NotRun(f"{read['unread']}. To exceed the limit instead, set probes: [rate_limit]")
    if read["rule"]:
        raise Fault(read["rule"], read["expected"], read["found"], read["reason"])
    return Seen(read["expected"], read["found"])


def bypass(run: Verification) -> Seen:
    """Check whether Frappe also takes the method from ``cmd`` in the body, where nginx cannot see it.

    If the limit was only read, one request shows that. Otherwise the request is sent while the limit rejects others.
    """
    if run.params.get("limit_read") is None:
        return limit_bypass(run)
    expected = "the same rate limit as at the endpoint"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = run.http.send(run.http.app, "POST", "/", data=f"{NONSENSE}&cmd={GET_TOKEN}", headers=headers)
    if retry_after(reply) is not None or "unsupported_grant_type" not in reply.text:
        return Seen(expected, f"{said(reply)} for POST / with cmd in the body")
    return Seen(
        expected,
        f"no limit for POST / with cmd in the body: {said(reply)}",
        FRAPPE_LIMIT_BYPASS,
        "nginx does not read the body",
    )
