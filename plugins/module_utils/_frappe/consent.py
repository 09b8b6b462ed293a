# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Frappe shows the consent page, by the site's settings, its tokens and the source code of its Frappe."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.bench_code import BEARER, traits_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.settings import oauth_settings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.source import UNKNOWN
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.oauth_settings import (
    consent_auto,
    public_origins,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import Params


def settings_facts(frappe: t.Any, skips: bool, user: str | None) -> Params:
    """The facts of a verification that the OAuth settings decide: consent, and the origins of public clients.

    Args:
        frappe: connected to the site.
        skips: whether skip_authorization of the client is on.
        user: the name of the user who will sign in.
    """
    settings = oauth_settings(frappe)
    field = consent_auto(settings)
    counted = _counted(frappe, user) if field and not skips else False
    why = "on" if skips else "off"
    if field and not skips:
        why += f", but {field} means Auto"
    return {
        "consent_expected": None if counted is None else not (skips or counted),
        "consent_auto": bool(field) and not skips and counted is not False,
        "consent_why": f"skip_authorization of the client is {why}",
        "public_origins": public_origins(settings),
    }


def _counted(frappe: t.Any, user: str | None) -> bool | None:
    """Whether a token exists that makes Frappe skip the consent page under Auto. None if the code is not recognized."""
    anybody = bool(frappe.get_all(BEARER, filters={"status": "Active"}, limit=1))
    own = bool(user and frappe.get_all(BEARER, filters={"status": "Active", "user": user}, limit=1))
    known = {"anybody": anybody, "same_user": own, UNKNOWN: own if own == anybody else None}
    return known[traits_of(frappe)["consent_auto_counts"]]
