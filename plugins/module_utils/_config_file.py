# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site_config.json and common_site_config.json: read, plan a merge, and write under Frappe's own lock, atomically."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import json
import os
import time
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._files import Unreadable, read_file, replace
from ansible_collections.benchkeeper.frappe.plugins.module_utils._secrecy import HIDDEN, HIDDEN_NEW, looks_secret, shown

LOCK_WAIT = 30.0  # seconds, as frappe.utils.synchronization.filelock waits
PAUSE = 0.05  # seconds between two tries
READ_TRIES = 20  # a writer that truncates in place (Frappe, bench) leaves an unreadable file for a moment


class BrokenConfig(Exception):
    """The file is not what it should be; the message names file, place and remedy."""


@dataclasses.dataclass
class Change:
    """What a merge does.

    Attributes:
        config: the whole configuration afterwards.
        before: the keys that change, with those of their old values that may be shown.
        after: the same afterwards; a key that is removed is missing.
    """

    config: dict[str, t.Any]
    before: dict[str, t.Any]
    after: dict[str, t.Any]

    def __bool__(self) -> bool:
        return bool(self.before or self.after)


def canonical(value: t.Any) -> str:
    """A JSON value as text, so that true and 1, or 1 and 1.0, differ as they do in the file."""
    return json.dumps(value, sort_keys=True)


def plan(
    current: dict[str, t.Any], settings: dict[str, t.Any], secrets: dict[str, t.Any], absent: t.Iterable[str]
) -> Change:
    """Merge declared keys into a configuration. Pure; every other key stays as it is.

    Args:
        current: what the file holds.
        settings: keys to set, values shown in the diff.
        secrets: keys to set, values hidden in the diff.
        absent: keys to remove.

    An old value was not declared by anybody here, and may be a secret under any name.
    """
    change = Change(dict(current), {}, {})
    for key, value in {**settings, **secrets}.items():
        if key in current and canonical(current[key]) == canonical(value):
            continue
        if key in current:
            change.before[key] = HIDDEN if key in secrets else shown(key, current[key])
        change.after[key] = HIDDEN_NEW if key in secrets or looks_secret(key, value) else value
        change.config[key] = value
    for key in absent:
        if key in change.config:
            change.before[key] = shown(key, change.config.pop(key))
    return change


def text_of(config: dict[str, t.Any]) -> str:
    """The file as Frappe writes it (frappe.installer.update_site_config): indent 1, sorted keys, no last newline."""
    return json.dumps(config, indent=1, sort_keys=True)


def parse(text: str | bytes, path: str) -> dict[str, t.Any]:
    """The configuration in a text.

    Raises:
        BrokenConfig: it is no JSON object.
    """
    try:
        config = json.loads(text if isinstance(text, str) else text.decode())
    except (ValueError, RecursionError) as error:
        raise BrokenConfig(
            f"{path} is no JSON: {error}. Frappe cannot read it either: restore it from a backup, or correct that line"
        ) from None
    if not isinstance(config, dict):
        raise BrokenConfig(f"{path} holds a {type(config).__name__}, and must hold an object: {{...}}")
    return config


def read_config(path: str) -> dict[str, t.Any]:
    """Read a configuration, with patience for a writer that is half way.

    Raises:
        BrokenConfig: it cannot be read, or stays unreadable for a second.
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


@contextlib.contextmanager
def locked(lock: str, wait: float = LOCK_WAIT) -> t.Iterator[None]:
    """Hold the lock that Frappe's own writer takes (the filelock package: flock on a file).

    Raises:
        TimeoutError: somebody else held it for ``wait`` seconds.
    """
    until = time.monotonic() + wait
    os.makedirs(os.path.dirname(lock), exist_ok=True)
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.exists(lock) and os.path.samestat(os.fstat(handle), os.stat(lock)):
                break  # newer filelock releases remove the file: a lock on a removed file holds nothing
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES, errno.ENOENT):
                os.close(handle)
                raise
        os.close(handle)
        if time.monotonic() > until:
            raise TimeoutError(f"{lock} was held for {wait:.0f} s. Something is writing the configuration: try again")
        time.sleep(PAUSE)
    try:
        yield
    finally:
        os.close(handle)


def merge(
    path: str,
    lock: str,
    planned: t.Callable[[dict[str, t.Any]], Change],
    check_mode: bool,
    backup: t.Callable[[], None] = lambda: None,
) -> Change:
    """Read, plan and, unless in check mode or nothing changes, replace one configuration file.

    The lock is taken only to write: a run that changes nothing, and check mode, touch nothing.

    Args:
        path: the file.
        lock: Frappe's lock for it.
        planned: the plan, called again under the lock with what the file holds then.
        check_mode: only plan.
        backup: called just before the file is replaced.

    Raises:
        BrokenConfig: the file cannot be read.
        TimeoutError: the lock was not to be had.
        OSError: the file cannot be written.
    """
    change = planned(read_config(path))
    if not change or check_mode:
        return change
    with locked(lock):
        change = planned(read_config(path))
        if change:
            backup()
            replace(path, text_of(change.config))
    return change
