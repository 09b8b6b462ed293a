# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of running verifications, so that the next run can clean up after one that was interrupted.

A record is a file of JSON lines below the bench's ``config`` directory, readable only by the bench's owner. It exists
before the first request. A process of the verification holds a lock (flock) on it. A record without a lock is dead: its
verification was interrupted. It contains no code, token or session id, only their hashes.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import hashlib
import json
import os
import secrets
import threading
import time
import typing as t

PREFIX, SUFFIX, UNFINISHED = "benchkeeper.frappe-verify-", ".jsonl", ".new"
ABANDONED = 60  # seconds after which a record that was never completed is removed
SETTLED = 5.0  # seconds in which the server finishes a request whose client was killed
Entry = t.Dict[str, t.Any]
APPENDING = threading.Lock()


def digest(secret: str) -> str:
    """The hash of a code, token or session id, as it is recorded."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Record:
    """A locked record.

    Attributes:
        path: the file.
        handle: its open descriptor. The lock ends when every process has closed it.
    """

    def __init__(self, path: str, handle: int):
        self.path, self.handle = path, handle

    @property
    def run(self) -> str:
        """The id of the verification."""
        return run_of(self.path)

    def remove(self) -> None:
        """Remove the record, because nothing of its verification is left."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self.close()

    def close(self) -> None:
        """Release the lock. The record is then dead, and the next run cleans up."""
        os.close(self.handle)


def create(folder: str, entries: t.Iterable[Entry]) -> Record:
    """Create a record and lock it. No other process ever sees it unlocked.

    Args:
        folder: the ``config`` directory of the bench; it is created if it does not exist.
        entries: the first entries, one per declaration.

    Raises:
        OSError: the file cannot be written or locked.
    """
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, PREFIX + secrets.token_hex(8) + SUFFIX)
    handle = os.open(path + UNFINISHED, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _write(handle, entries)
        os.rename(path + UNFINISHED, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(path + UNFINISHED)
        os.close(handle)
        raise
    return Record(path, handle)


def append(handle: int, entry: Entry) -> None:
    """Add an entry. It is on the disk when this function returns."""
    with APPENDING:
        _write(handle, [entry])


def _write(handle: int, entries: t.Iterable[Entry]) -> None:
    data = "".join(json.dumps(entry) + "\n" for entry in entries).encode()
    while data:
        data = data[os.write(handle, data) :]
    os.fsync(handle)


def read(path: str) -> list[Entry]:
    """The entries of a record. An incomplete last line is ignored. Empty if the record was removed."""
    entries: list[Entry] = []
    with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                entries += [entry] if isinstance(entry, dict) else []
    return entries


def paths(folder: str) -> list[str]:
    """The paths of all records, sorted."""
    return sorted(glob.glob(os.path.join(glob.escape(folder), f"{PREFIX}*{SUFFIX}")))


def run_of(path: str) -> str:
    """The id of the verification of a record."""
    return os.path.basename(path)[len(PREFIX) : -len(SUFFIX)]


def dead(folder: str) -> list[Record]:
    """Lock and return the records of interrupted verifications. Remove files that never became a record."""
    for path in glob.glob(os.path.join(glob.escape(folder), f"{PREFIX}*{SUFFIX}{UNFINISHED}")):
        with contextlib.suppress(OSError):
            if time.time() - os.stat(path).st_mtime > ABANDONED:
                os.unlink(path)
    found = []
    for path in paths(folder):
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(path, os.O_RDWR | os.O_APPEND)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.stat(path)  # another run may have cleaned it up in the meantime
                found.append(Record(path, handle))
            except OSError:
                os.close(handle)
    return found


def settle(records: t.Iterable[Record]) -> None:
    """Wait until the server has finished the requests of interrupted verifications: at most a few seconds."""
    for record in records:
        time.sleep(max(0.0, min(SETTLED, os.fstat(record.handle).st_mtime + SETTLED - time.time())))


class Claim(t.TypedDict):
    """What one declaration may have created on a site.

    Attributes:
        run: the id of the verification.
        site: the site.
        client: the client_id.
        user: the name of the User.
        nonce: every code of the verification contains it.
        since: when the verification began, in the time zone of the site.
        clock: the same instant in seconds since the epoch.
        codes: hashes of codes.
        tokens: hashes of access tokens.
        sessions: hashes of session ids.
        lost_tokens: when each request for a token began whose response is missing, in seconds since the epoch.
        lost_sessions: the same for sign-ins.
    """

    run: str
    site: str
    client: str
    user: str
    nonce: str
    since: str
    clock: float
    codes: list[str]
    tokens: list[str]
    sessions: list[str]
    lost_tokens: list[float]
    lost_sessions: list[float]


def claims(path: str) -> list[Claim]:
    """What a verification may have created, by its record."""
    found: dict[int, Claim] = {}
    for entry in read(path):
        row = int(entry.get("row", -1))
        if "site" in entry:
            empty: Entry = {"codes": [], "tokens": [], "sessions": [], "lost_tokens": [], "lost_sessions": []}
            found[row] = t.cast("Claim", {**entry, "run": run_of(path), **empty})
            continue
        if row not in found:
            continue
        claim = t.cast("Entry", found[row])
        for kind in ("token", "session"):
            if entry.get("asks") == kind:
                claim[f"lost_{kind}s"].append(entry["at"])
            elif entry.get("answered") == kind:
                claim[f"lost_{kind}s"].pop()
        for kind in ("code", "token", "session"):
            if kind in entry:
                claim[f"{kind}s"].append(entry[kind])
    return list(found.values())
