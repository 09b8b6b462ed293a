# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a file that may be anything, and write one in one step: a kill at any instant leaves the old or the new one."""

from __future__ import annotations

import contextlib
import os
import stat

LARGEST = 16 << 20  # bytes; a site's configuration has a few thousand
FILE_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
CANDIDATE = ".{}.benchkeeper"  # one fixed name: what a kill leaves behind, the next run replaces


class Unreadable(Exception):
    """A file cannot be read; the message names it, what was found, and the remedy, and never what it holds."""


def read_file(path: str) -> bytes:
    """The content of a file of the bench's, which root may read too: never waits, and never reads without end.

    Raises:
        Unreadable: it is missing, may not be read, is no regular file, or is too large.
    """
    try:
        # without O_NONBLOCK, opening a named pipe waits for a writer
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, handle)
            kind, text = stat.S_IFMT(os.fstat(handle).st_mode), b""
            if kind == stat.S_IFREG:
                text = stack.enter_context(open(handle, "rb", closefd=False)).read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None
    if kind != stat.S_IFREG:
        raise Unreadable(f"{path} is {FILE_KINDS.get(kind, 'no file')}. Expected a regular file: put one in its place")
    if len(text) > LARGEST:
        raise Unreadable(
            f"{path} has more than {LARGEST >> 20} MiB. Restore it from a backup: this is no configuration"
        )
    return text


def replace(path: str, text: str, new_mode: int = 0o644) -> None:
    """Replace a file, keeping mode, owner and links of the old one.

    The candidate lies beside the file, readable by its owner only, for the moment between writing and renaming.

    Args:
        path: the file, or a link to it.
        text: its whole new content.
        new_mode: permissions of a file that is not there yet.

    Raises:
        OSError: the folder or the file cannot be written; the old file is as it was.
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
            made = os.fstat(handle)
            if old and (made.st_uid, made.st_gid) != (old.st_uid, old.st_gid):
                os.fchown(handle, old.st_uid, old.st_gid)
            os.fchmod(handle, stat.S_IMODE(old.st_mode) if old else new_mode)
            os.fsync(handle)
        os.replace(candidate, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(candidate)
        raise
    sync_folder(folder)


def remove(path: str) -> None:
    """Remove a file, if it is there, and make that last."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
        sync_folder(os.path.dirname(path))


def sync_folder(folder: str) -> None:
    """Make a rename or a removal in a folder last."""
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
