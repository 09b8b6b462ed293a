# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of the CORS owner takes from apps: reported when Frappe's key is removed."""

from __future__ import annotations

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.config import cors_findings

A, B = "https://a.example", "https://b.example"
REST = (
    "allows only the methods GET, POST, PUT, DELETE and the request headers Authorization, Content-Type, "
    "X-Frappe-CSRF-Token, X-Frappe-Site-Name"
)


@pytest.mark.parametrize(
    ("removed", "instead", "lost"),
    [
        ([A, B], {"origins": [A]}, f"{REST}, and no longer allows the origins {B} and cookies"),
        (A, {"origins": [A], "credentials": True}, REST),
        ([A], {"origins": [B]}, f"does not allow the origins {A}"),
        ([A, B], {"origins": []}, f"does not allow the origins {A}, {B}"),
        ("*", {"origins": [A]}, f"{REST}, and no longer allows other origins and cookies"),
        ("*", {"origins": []}, "does not allow other origins"),
        # Frappe matched none of these, so no app loses anything
        ('["https://a.example"]', {"origins": []}, None),
        ([f"{A}/"], {"origins": []}, None),
        (["*"], {"origins": [A]}, None),
        ([], {"origins": [A]}, None),
        (None, {"origins": [A]}, None),
        ([A], None, None),
    ],
)
def test_what_nginx_does_not_allow_and_frappe_did(removed, instead, lost):
    found = [finding.found for finding in cors_findings(removed, instead)]
    assert found == ([] if lost is None else [f"is replaced by cors, which {lost}"])
