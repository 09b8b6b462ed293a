# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read files safely, and replace them atomically: after a kill, either the old or the new file exists."""

from __future__ import annotations

import contextlib
import os
import stat

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.protection import keep, obstacle

LARGEST = 16 << 20  # bytes; a site's configuration has a few thousand bytes
FILE_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
CANDIDATE = ".{}.benchkeeper"  # a fixed name, so that the next run replaces a file that a killed run left behind


class Unreadable(Exception):
    """A file cannot be read. The message contains its path, what was found and the remedy, but never its content."""


class Unreplaceable(Exception):
    """A file cannot be replaced. The message contains its path, what was found and the remedy."""


def read_file(path: str) -> bytes:
    """The content of a file in the bench directory.

    The call may run as root on a file that the bench user controls. It never blocks, and it limits the size.

    Raises:
        Unreadable: the file is missing, not readable, not a regular file, or too large.
    """
    try:
        # without O_NONBLOCK, opening a named pipe blocks until there is a writer
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, handle)
            kind, text = stat.S_IFMT(os.fstat(handle).st_mode), b""
            if kind == stat.S_IFREG:
                text = stack.enter_context(open(handle, "rb", closefd=False)).read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(
            f"{path} cannot be read: {error.strerror}. Check that the file exists, and check its owner and mode"
        ) from None
    if kind != stat.S_IFREG:
        raise Unreadable(
            f"{path} is {FILE_KINDS.get(kind, 'a special file')}, expected a regular file. Restore it from a backup"
        )
    if len(text) > LARGEST:
        raise Unreadable(
            f"{path} is larger than {LARGEST >> 20} MiB, so it is not a valid configuration. Restore it from a backup"
        )
    return text


def require_replaceable(path: str) -> None:
    """Check, without a write, that `replace` and `remove` can work on a file. A missing file passes.

    Args:
        path: the file, or a symbolic link to it.

    Raises:
        Unreplaceable: the file cannot be replaced, or its protection would be lost.
    """
    path = os.path.realpath(path)
    found = obstacle(path) if os.path.exists(path) else None
    if found:
        raise Unreplaceable(f"{path} {found}. The file is unchanged")


def replace(path: str, text: str, new_mode: int = 0o644) -> None:
    """Replace a file atomically. The new file keeps the links, owner, mode, ACL, label and attributes of the old one.

    The new content is first written to a file beside it, which only its owner can read until it has the protection of
    the old file.

    Args:
        path: the file, or a symbolic link to it.
        text: the complete new content.
        new_mode: permissions if the file does not exist yet.

    Raises:
        OSError: the directory or the file cannot be written, or the new file cannot have the protection of the old
            one. The old file is unchanged.
    """
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    candidate = os.path.join(folder, CANDIDATE.format(name))
    old = os.stat(path) if os.path.exists(path) else None
    with contextlib.suppress(FileNotFoundError):
        os.unlink(candidate)
    handle = os.open(candidate, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            if old:
                keep(path, handle, old)
            else:
                os.fchmod(handle, new_mode)
            os.fsync(handle)
        os.replace(candidate, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(candidate)
        raise
    sync_folder(folder)


def remove(path: str) -> None:
    """Remove a file if it exists, and sync its directory to disk."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
        sync_folder(os.path.dirname(path))


def sync_folder(folder: str) -> None:
    """Sync a directory to disk, so that a rename or removal in it survives a crash."""
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
