# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A replaced file keeps its owner, mode, ACL and attributes, or it is not replaced."""

from __future__ import annotations

import errno
import os
import stat
import struct

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import merge_file
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core import protection
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.files import (
    Unreplaceable,
    replace,
    require_replaceable,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.config import plan_config

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
EVERYBODY = 0xFFFFFFFF
# user::rw-, user:33:r--, group::---, mask::r--, other::--- (acl(5), linux/posix_acl_xattr.h)
ENTRIES = [(1, 6, EVERYBODY), (2, 4, 33), (4, 0, EVERYBODY), (0x10, 4, EVERYBODY), (0x20, 0, EVERYBODY)]
ACL = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in ENTRIES)


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "site_config.json"
    file.write_text('{"db_password": "a-password"}')
    file.chmod(0o640)
    return file


def attributes(path) -> dict[str, bytes]:
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


def test_an_acl_and_attributes_survive(path):
    os.setxattr(path, ACCESS, ACL)
    os.setxattr(path, "user.backup", b"daily")
    before, mode = attributes(path), path.stat().st_mode
    assert before[ACCESS] == ACL
    replace(str(path), "{}")
    assert (attributes(path), path.stat().st_mode, path.read_text()) == (before, mode, "{}")


def test_the_default_acl_of_the_directory_does_not_open_the_file(path):
    os.setxattr(path.parent, DEFAULT, ACL)
    mode = stat.S_IMODE(path.stat().st_mode)
    replace(str(path), "{}")
    assert ACCESS not in attributes(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_only_the_owner_can_read_the_new_file_until_it_is_protected(path, monkeypatch):
    os.setxattr(path, ACCESS, ACL)
    os.setxattr(path.parent, DEFAULT, ACL)
    real, modes = os.fchmod, []

    def fchmod(handle, mode):
        modes.append(stat.S_IMODE(os.fstat(handle).st_mode))
        real(handle, mode)

    monkeypatch.setattr(os, "fchmod", fchmod)
    replace(str(path), "{}")
    assert modes == [0o600]  # with an ACL, the group bits are the mask of all other entries


@pytest.mark.parametrize("call", ["setxattr", "fchmod"])
def test_without_the_same_protection_the_old_file_stays(path, monkeypatch, call):
    def refuse(*_arguments):
        raise OSError(errno.EPERM, "Operation not permitted")

    os.setxattr(path, ACCESS, ACL)
    before = path.read_text()
    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(OSError, match="the new file cannot have the same") as raised:
        replace(str(path), "{}")
    assert raised.value.filename == str(path)
    assert path.read_text() == before
    assert os.listdir(path.parent) == [path.name]


def test_an_attribute_that_is_silently_dropped_counts(path, monkeypatch):
    os.setxattr(path, ACCESS, ACL)
    monkeypatch.setattr(os, "setxattr", lambda *_arguments: None)
    with pytest.raises(OSError, match="the same ACL and attributes"):
        replace(str(path), "{}")


def test_a_mounted_file_is_refused_in_check_mode_too(path, monkeypatch, tmp_path_factory):
    mounts = tmp_path_factory.mktemp("mounts") / "mountinfo"
    mounts.write_text(f"36 35 98:0 /site.json {str(path).replace(' ', chr(92) + '040')} rw - ext4 /dev/sda1 rw\n")
    monkeypatch.setattr(protection, "MOUNTS", str(mounts))
    for check_mode in (True, False):
        with pytest.raises(Unreplaceable, match="is a mount point.* Mount its directory instead of the file"):
            merge_file(str(path), "/nonexistent", lambda now: plan_config(now, {"a": 1}, {}, []), check_mode)
    assert not merge_file(str(path), "/nonexistent", lambda now: plan_config(now, {}, {}, []), False)


def test_the_mounts_of_this_machine_are_read():
    assert "/" in protection._mount_points()


def test_a_file_of_another_user_is_refused(path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_arguments, **_options: True)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(Unreplaceable, match="is owned by root, .* Run this task as root"):
        require_replaceable(str(path))


def test_a_file_of_another_group_is_refused(path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid)
    monkeypatch.setattr(protection, "ROOT", -1)
    monkeypatch.setattr(os, "getegid", lambda: path.stat().st_gid + 1)
    monkeypatch.setattr(os, "getgroups", list)
    with pytest.raises(Unreplaceable, match="is not a member of it. Add the user to the group, or run: chgrp"):
        require_replaceable(str(path))


def test_attributes_that_only_root_can_keep_are_refused(path, monkeypatch):
    monkeypatch.setattr(protection, "ROOT", -1)
    monkeypatch.setattr(protection, "_attributes", lambda _path: {"user.a": b"", "security.ima": b""})
    with pytest.raises(Unreplaceable, match="only root can keep: security.ima"):
        require_replaceable(str(path))


@pytest.mark.parametrize("flag", [protection.IMMUTABLE, protection.APPEND_ONLY])
def test_an_immutable_or_append_only_file_is_refused(path, monkeypatch, flag):
    monkeypatch.setattr(protection, "_flags", lambda looked: flag if looked == str(path) else 0)
    with pytest.raises(Unreplaceable, match="immutable or append-only. If not intended, run: chattr -ia"):
        require_replaceable(str(path))


def test_a_directory_without_write_access_is_refused(path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda folder, *_arguments, **_options: folder != str(path.parent))
    with pytest.raises(Unreplaceable, match="the user .* cannot write to"):
        require_replaceable(str(path))


def test_a_missing_file_and_an_ordinary_one_pass(path):
    require_replaceable(str(path))
    require_replaceable(str(path.with_name("new.json")))
