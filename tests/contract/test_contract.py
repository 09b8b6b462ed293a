# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bench behaves as in the recordings of Frappe v15, case by case. A difference is a bug of the demo bench."""

from __future__ import annotations

import pytest
from contract_compare import KINDS, groups, left_out_everywhere, recorded


@pytest.mark.parametrize(("kind", "group"), [(kind, group) for kind in KINDS for group in groups(kind)])
def test_group_is_as_recorded(comparison, kind, group):
    differences = comparison(kind).differences(group)
    assert not differences, "\n".join([f"{len(differences)} cases differ", *differences])


@pytest.mark.parametrize("kind", KINDS)
def test_skipped_cases_still_differ(comparison, kind):
    assert comparison(kind).stale() == []


def test_only_cases_that_exist_are_left_out():
    known = {name for kind in KINDS for name in recorded(kind)}
    assert sorted(set(left_out_everywhere()) - known) == []
