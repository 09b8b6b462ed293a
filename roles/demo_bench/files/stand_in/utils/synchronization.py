# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks between processes."""

from __future__ import annotations

import os
from contextlib import contextmanager

from filelock import FileLock, Timeout

from frappe.utils import get_bench_path, get_site_path


class LockTimeoutError(Exception):
    pass


@contextmanager
def filelock(lock_name: str, *, timeout=30, is_global=False):
    """Hold `<site>/locks/<name>.lock`, or `<bench>/config/<name>.lock` if `is_global` is set.

    Raises LockTimeoutError if the lock is not free within `timeout` seconds.
    """
    folder = os.path.join(get_bench_path(), "config") if is_global else get_site_path("locks")
    path = os.path.abspath(os.path.join(folder, lock_name + ".lock"))
    try:
        with FileLock(path, timeout=timeout):
            yield
    except Timeout as error:
        raise LockTimeoutError(
            f"Failed to acquire lock: {lock_name}. It may be held by another process: {path}"
        ) from error
