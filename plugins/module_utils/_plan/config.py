# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan one configuration file, site_config.json or common_site_config.json. Pure."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import (
    HIDDEN,
    HIDDEN_NEW,
    looks_secret,
    shown_setting,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.cors_rules import CORS_OWNER_NARROWS
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Finding, Findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.origins import origin
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.site_findings import listed
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CORS_DEFAULTS, SITE_FILE

ANY = "*"


@dataclasses.dataclass
class ConfigChange:
    """The result of a merge.

    Attributes:
        config: the complete configuration after the merge.
        before: the changed keys with their old values. Secrets are hidden.
        after: the changed keys with their new values. Removed keys are missing.
    """

    config: dict[str, t.Any]
    before: dict[str, t.Any]
    after: dict[str, t.Any]

    def __bool__(self) -> bool:
        return bool(self.before or self.after)


def canonical(value: t.Any) -> str:
    """A JSON value as text, so that true and 1, or 1 and 1.0, differ as in the file."""
    return json.dumps(value, sort_keys=True)


def plan_config(
    current: dict[str, t.Any], settings: dict[str, t.Any], secrets: dict[str, t.Any], absent: t.Iterable[str]
) -> ConfigChange:
    """Merge declared keys into a configuration. All other keys stay unchanged. Pure.

    Old values may be secrets under any name, because they do not come from the declaration.

    Args:
        current: the current content of the file.
        settings: keys to set, with values shown in the diff.
        secrets: keys to set, with values hidden in the diff.
        absent: keys to remove.
    """
    change = ConfigChange(dict(current), {}, {})
    for key, value in {**settings, **secrets}.items():
        if key in current and canonical(current[key]) == canonical(value):
            continue
        if key in current:
            change.before[key] = HIDDEN if key in secrets else shown_setting(key, current[key])
        change.after[key] = HIDDEN_NEW if key in secrets or looks_secret(key, value) else value
        change.config[key] = value
    for key in absent:
        if key in change.config:
            change.before[key] = shown_setting(key, change.config.pop(key))
    return change


def cors_findings(removed: t.Any, instead: dict[str, t.Any] | None) -> Findings:
    """What ``allow_cors`` allowed, and the policy that replaces it does not. Frappe restricts only the origin.

    Args:
        removed: the value of ``allow_cors`` that is removed. Items that Frappe never matched allowed nothing.
        instead: the policy that another program sends from now on, with the keys of ``cors``; None if there is none.
    """
    values = removed if isinstance(removed, list) else [removed]
    allowed = [value for value in values if value is not None and (value == origin(value) or removed == ANY)]
    if instead is None or not allowed:
        return
    policy = {**CORS_DEFAULTS, **{key: value for key, value in instead.items() if value is not None}}
    lost = [value for value in allowed if value not in policy["origins"]]
    no_more = ["other origins" if lost == [ANY] else f"the origins {listed(lost)}"] if lost else []
    if policy["origins"] and (removed == ANY or len(lost) < len(allowed)):
        no_more += [] if policy["credentials"] else ["cookies"]
        only = f"the methods {', '.join(policy['methods'])} and the request headers {', '.join(policy['headers'])}"
        policy_text = f"which allows only {only}" + (
            f", and no longer allows {' and '.join(no_more)}" if no_more else ""
        )
    else:
        policy_text = f"which does not allow {' and '.join(no_more)}" if no_more else ""
    if policy_text:
        found = f"is replaced by cors, {policy_text}"
        yield Finding(CORS_OWNER_NARROWS, f"allow_cors in {SITE_FILE}", found)


def text_of(config: dict[str, t.Any]) -> str:
    """The file as Frappe writes it (frappe.installer.update_site_config): indent 1, sorted keys, no final newline."""
    return json.dumps(config, indent=1, sort_keys=True)
