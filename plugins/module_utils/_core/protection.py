# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protection of a file: owner, mode, POSIX ACL, SELinux label and other extended attributes.

A rename replaces a file together with its protection. A new file without the ACL of the old one could let a group read
a password. Therefore, the new file gets the whole protection of the old one, or the old file stays.
"""

from __future__ import annotations

import array
import errno
import fcntl
import os
import re
import stat

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.accounts import (
    group_name,
    login_name,
    this_user,
)

# An ordinary user may set these attributes on an own file. SELinux decides about its label when it is set.
SETTABLE = ("system.posix_acl_", "user.", "security.selinux")
GET_FLAGS = 0x80086601 if array.array("l").itemsize == 8 else 0x80046601  # FS_IOC_GETFLAGS, see ioctl_iflags(2)
IMMUTABLE, APPEND_ONLY = 0x10, 0x20
MOUNTS = "/proc/self/mountinfo"
ROOT = 0
UNKEPT_REMEDY = "Remove the attribute from the file, or run the task as a user that may set it"


class Unkept(OSError):
    """A new file cannot have the protection of the file that it replaces."""


def obstacle(path: str) -> str | None:
    """The reason why this process cannot replace a file, or None. Only reads, so check mode reports the same as a run.

    Args:
        path: an existing file, without symbolic links.

    Returns:
        What was found and the remedy, to follow the path in a message.
    """
    folder, found = os.path.dirname(path), os.stat(path)
    if path in _mount_points():
        return "is a mount point, so it cannot be replaced. Mount its directory instead of the file"
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return "cannot be replaced: Read-only file system. Mount it with write access"
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        return f"cannot be replaced: {this_user()} cannot write to {folder}. Correct the owner or mode of the directory"
    if _flags(path) & (IMMUTABLE | APPEND_ONLY) or _flags(folder) & (IMMUTABLE | APPEND_ONLY):
        return (
            f"cannot be replaced: it or its directory is immutable or append-only. If not intended, "
            f"run: chattr -ia {path} {folder}"
        )
    if os.geteuid() == ROOT:
        return None
    if found.st_uid != os.geteuid():
        owner = login_name(found.st_uid)
        return f"is owned by {owner}, and {this_user()} cannot preserve that owner. Run this task as {owner}"
    if found.st_gid not in (os.getegid(), *os.getgroups()):
        group = group_name(found.st_gid)
        return (
            f"belongs to the group {group}, and {this_user()} is not a member of it. Add the user to the group, or "
            f"run: chgrp {group_name(os.getegid())} {path}"
        )
    beyond = [name for name in _attributes(path) if not name.startswith(SETTABLE)]
    if beyond:
        return f"has extended attributes that only root can keep: {', '.join(beyond)}. Remove them with setfattr -x"
    return None


def keep(path: str, handle: int, old: os.stat_result) -> None:
    """Give a new file the owner, mode, ACL, label and attributes of the file that it replaces.

    Args:
        path: the old file.
        handle: file descriptor of the new file.
        old: the status of the old file.

    Raises:
        Unkept: the new file cannot have the whole protection, so it must not replace the old one.
    """
    part = "owner and mode"
    try:
        made = os.fstat(handle)
        if (made.st_uid, made.st_gid) != (old.st_uid, old.st_gid):
            os.fchown(handle, old.st_uid, old.st_gid)
        os.fchmod(handle, stat.S_IMODE(old.st_mode))
        wanted, present = _attributes(path), _attributes(handle)
        for part in sorted(wanted.keys() | present.keys()):
            if part not in wanted:  # from the default ACL of the directory
                os.removexattr(handle, part)
            elif present.get(part) != wanted[part]:
                os.setxattr(handle, part, wanted[part])
    except OSError as error:
        raise Unkept(error.errno, f"the new file cannot have the same {part} ({error.strerror})", path) from None
    if _attributes(handle) != wanted or stat.S_IMODE(os.fstat(handle).st_mode) != stat.S_IMODE(old.st_mode):
        raise Unkept(errno.ENOTSUP, "the new file cannot have the same ACL and attributes", path)


def _attributes(file: str | int) -> dict[str, bytes]:
    """The extended attributes of a file by name. Empty if the file system has none."""
    try:
        return {name: os.getxattr(file, name) for name in os.listxattr(file)}
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.ENODATA):
            return {}
        raise


def _flags(path: str) -> int:
    """The flags of chattr. 0 if the file system has none."""
    flags = array.array("i", [0, 0])  # the kernel writes an int, although the request is defined with a long
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return 0
    try:
        fcntl.ioctl(handle, GET_FLAGS, flags, True)
    except OSError:
        return 0
    finally:
        os.close(handle)
    return flags[0]


def _mount_points() -> set[str]:
    """The paths on which something is mounted. Empty on systems without /proc."""
    try:
        with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            fields = [line.split(" ") for line in file]
    except OSError:
        return set()
    octal = re.compile(r"\\([0-7]{3})")  # a space in a path is \040, see proc_pid_mountinfo(5)
    return {octal.sub(lambda found: chr(int(found.group(1), 8)), one[4]) for one in fields if len(one) > 4}
