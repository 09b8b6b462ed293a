# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import the checkout under its collection name, as Ansible does, and start the longest files first.

The fixtures with benches are in tests/support.
"""

from __future__ import annotations

import pytest
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder
from checkout import ROOT

pytest_plugins = ["bench_fixtures", "minutes"]

_AnsibleCollectionFinder(paths=[str(ROOT / ".ansible" / "collections")])._install()

# The files that take longest, longest first: a long file that starts last would keep one process busy alone.
LONGEST = (
    "test_canaries",
    "test_kills",
    "test_stored_secrets",
    "test_rotation_kills",
    "test_truth_role",
    "test_diagnoses",
    "test_starvation",
    "test_site_playbook",
    "test_edge_changes",
    "test_site_info",
    "test_rotate",
    "test_user_api_key",
    "test_audit",
    "test_oauth_token",
)


def place(item: pytest.Item) -> tuple[int, int]:
    """Where a test stands in the order of all files.

    The first file with a bench prepares it if necessary. Meanwhile, the other processes run the unit tests.
    """
    name, folder = item.path.stem, item.path.relative_to(ROOT / "tests").parts[0]
    if name in ("test_canaries", "test_site_playbook"):
        return 0, 0
    if name in LONGEST:
        return 2, LONGEST.index(name)
    return (1, 0) if folder in ("unit", "contract") else (3, 0)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=place)
