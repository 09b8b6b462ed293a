# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks against concurrent writers. Both are flock locks: the kernel releases them when the process ends."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
import typing as t

PAUSE = 0.05  # seconds between two attempts
FRAPPE_LOCK_WAIT = 30.0  # seconds, as frappe.utils.synchronization.filelock waits
HELD = (errno.EAGAIN, errno.EACCES)


@contextlib.contextmanager
def exclusive(folder: str, wait: float) -> t.Iterator[None]:
    """Lock a directory against other runs of this collection.

    The lock is on the directory itself, so no lock file is created.

    Args:
        folder: path of the directory.
        wait: seconds to wait for another run.

    Raises:
        TimeoutError: another run held the lock during this time.
        OSError: the path is not a directory, or its file system does not support flock, such as some NFS mounts.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            locked = _within(wait, lambda: _flock(handle))
        except OSError as error:
            what = f"cannot be locked ({error.strerror}). Use a directory on a file system that supports flock"
            raise OSError(error.errno, what, folder) from None
        if not locked:
            raise TimeoutError(
                f"{folder}: waited {wait:.0f} s for the lock of another run. Run again when that run has ended"
            )
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def frappe_lock(path: str, wait: float = FRAPPE_LOCK_WAIT) -> t.Iterator[None]:
    """Hold the lock file that Frappe itself uses for writes (package filelock: flock on a file).

    Args:
        path: the lock file. It is created if it does not exist.
        wait: seconds to wait for another writer.

    Raises:
        TimeoutError: another process held the lock during this time.
        OSError: the file cannot be created or locked.
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)
    taken: list[int] = []
    if not _within(wait, lambda: _take_file(path, taken)):
        raise TimeoutError(
            f"{path}: another process held the lock for {wait:.0f} s. Show that process with: fuser {path}. Run again "
            "when it has ended"
        )
    try:
        yield
    finally:
        os.close(taken[0])


def _take_file(path: str, taken: list[int]) -> bool:
    """Try once to lock a file. On success, its descriptor is added to ``taken``."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        # Newer filelock releases remove the file, and a lock on a removed file protects nothing.
        if _flock(handle) and os.path.samestat(os.fstat(handle), os.stat(path)):
            taken.append(handle)
            return True
    except FileNotFoundError:
        pass
    except OSError:
        os.close(handle)
        raise
    os.close(handle)
    return False


def _flock(handle: int) -> bool:
    """Try once to lock. False if another process holds the lock."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in HELD:
            return False
        raise
    return True


def _within(wait: float, attempt: t.Callable[[], bool]) -> bool:
    """Repeat an attempt for ``wait`` seconds. Returns whether it succeeded."""
    until = time.monotonic() + wait
    while not attempt():
        if time.monotonic() > until:
            return False
        time.sleep(PAUSE)
    return True
