# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of OAuth Bearer Token that hold given access tokens, whether Frappe stores tokens or their hashes."""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.bench_code import BEARER


def rows_of(frappe: t.Any, tokens: t.Iterable[str]) -> set[str]:
    """The names of the rows of these access tokens.

    Older versions of Frappe name the row after the token. Newer ones give it a random name and store the SHA-256 of the
    token. A token whose row is not found is stored in a way that this function does not know, or was deleted.
    """
    values = sorted({form for token in tokens for form in (token, hashlib.sha256(token.encode()).hexdigest())})
    if not values:
        return set()
    return {
        name
        for field in ("name", "access_token")
        for name in frappe.get_all(BEARER, filters={field: ["in", values]}, pluck="name")
    }
