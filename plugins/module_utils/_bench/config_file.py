# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site_config.json and common_site_config.json: read, plan a merge, and write atomically under Frappe's own lock."""

from __future__ import annotations

import json
import time
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.files import (
    Unreadable,
    read_file,
    replace,
    require_replaceable,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.kinds import type_name
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.locks import frappe_lock
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.config import ConfigChange, text_of

PAUSE = 0.05  # seconds between two attempts
READ_TRIES = 20  # attempts: Frappe and bench truncate the file before they write it, so it is briefly invalid


class BrokenConfig(Exception):
    """The file is not valid. The message contains the file, the position and the remedy."""


def parse(text: str | bytes, path: str) -> dict[str, t.Any]:
    """Parse a configuration.

    Raises:
        BrokenConfig: the text is not a JSON object.
    """
    try:
        config = json.loads(text if isinstance(text, str) else text.decode())
    except (ValueError, RecursionError) as error:
        raise BrokenConfig(
            f"{path} is not valid JSON: {error}. Correct the file, or restore it from a backup"
        ) from None
    if not isinstance(config, dict):
        raise BrokenConfig(f"{path} contains {type_name(config)}. Expected a JSON object: {{...}}. Correct the file")
    return config


def read_config(path: str) -> dict[str, t.Any]:
    """Read a configuration. Retry while another process writes it.

    Raises:
        BrokenConfig: the file cannot be read, or remains invalid for a second.
    """
    for left in reversed(range(READ_TRIES)):
        try:
            return parse(read_file(path), path)
        except Unreadable as error:
            raise BrokenConfig(str(error)) from None
        except BrokenConfig as error:
            if not left:
                raise BrokenConfig(str(error)) from None
            time.sleep(PAUSE)
    raise AssertionError  # the loop returns or raises


def merge_file(
    path: str,
    lock: str,
    planned: t.Callable[[dict[str, t.Any]], ConfigChange],
    check_mode: bool,
    backup: t.Callable[[], None] = lambda: None,
) -> ConfigChange:
    """Read a configuration file, plan the change, and replace the file.

    In check mode, or if nothing changes, nothing is written.

    The lock is taken only to write. A run without changes, and check mode, take no lock.

    Args:
        path: the file.
        lock: Frappe's lock for it.
        planned: returns the plan for a configuration. It is called again under the lock.
        check_mode: only plan.
        backup: called just before the file is replaced.

    Raises:
        BrokenConfig: the file cannot be read.
        Unreplaceable: the file cannot be replaced, in check mode too.
        TimeoutError: the lock is held by another process.
        OSError: the file cannot be written.
    """
    change = planned(read_config(path))
    if change:
        require_replaceable(path)
    if not change or check_mode:
        return change
    with frappe_lock(lock):
        change = planned(read_config(path))
        if change:
            backup()
            replace(path, text_of(change.config))
    return change
