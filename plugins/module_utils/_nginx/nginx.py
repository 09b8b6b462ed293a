# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One nginx on this host: read its configuration files, test new ones on copies, write them, reload."""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import glob
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.files import remove, replace
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.reader import (
    Directive,
    Span,
    as_word,
    directives,
    includes_in,
    pid_file,
    with_words,
)

# Directives whose file or directory `nginx -t` creates if it does not exist.
LOGS = ("error_log", "access_log")
FOLDERS = ("_temp_path", "_cache_path")
NO_FILE = re.compile(r"stderr$|syslog:|memory:")
QUIET_SINCE = (1, 19, 5)  # first nginx with the option -e, the log until the configuration is read
PATTERN = re.compile(r"[*?[]")  # nginx calls glob(3) for an include that contains one of these
RUN_TIMEOUT = 60  # seconds
LONGEST_COMM = 15  # characters that the kernel keeps of a program's name


class NginxError(Exception):
    """nginx rejects a configuration or cannot be run. The message is nginx's own line, or contains the remedy."""


def _stand_in(shadow: str, path: str) -> str:
    """The path in the shadow tree that replaces a file or directory; one path always has the same replacement."""
    return os.path.join(shadow, hashlib.sha256(path.encode(errors="surrogateescape")).hexdigest())


class Nginx:
    """One nginx on this host.

    Args:
        binary: the program.
        conf: its main configuration file, or None for the one it was built with.
        prefix: its prefix, or None for the one it was built with.
        conf_dir: the directory whose ``*.conf`` its http block includes.

    Raises:
        NginxError: ``conf`` is None and the program cannot be run.
    """

    def __init__(self, binary: str, conf: str | None, prefix: str | None, conf_dir: str) -> None:
        self.binary, self.prefix, self.conf_dir = binary, prefix, conf_dir
        self.conf = conf or self._built_with("conf-path") or "/etc/nginx/nginx.conf"

    @functools.cached_property
    def _built(self) -> str:
        return self._run([self.binary, "-V"]).stderr

    def _built_with(self, option: str) -> str | None:
        found = re.search(rf"--{option}=(\S+)", self._built)
        return found[1] if found else None

    def built_in(self, module: str) -> bool:
        """Whether a third-party module was compiled into the program.

        Args:
            module: a part of the path of its source, such as ``headers-more``.
        """
        return re.search(rf"--add-module=\S*{re.escape(module)}", self._built) is not None

    def _from_prefix(self, path: str) -> str:
        """The absolute path of a file that nginx writes. nginx resolves such a path from its prefix."""
        return os.path.join(self.prefix or self._built_with("prefix") or "/", path)

    @staticmethod
    def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=RUN_TIMEOUT, check=False
            )
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:  # ValueError: a zero byte in an argument
            raise NginxError(
                f"nginx: {' '.join(command)!r} could not be run: {error}. Check the option nginx "
                "(in the role: oauth2_nginx)"
            ) from None

    def _command(self, conf: str, *options: str) -> list[str]:
        return [self.binary, *(["-p", self.prefix] if self.prefix else []), "-c", conf, *options]

    def files(self) -> dict[str, str]:
        """The content of every file that nginx reads, by path: the main one first, then what it includes.

        This also works if nginx rejects the files. Bytes that are not UTF-8 are surrogate escapes. Line ends are those
        on disk, because nginx treats a single carriage return as white space.

        Raises:
            OSError: a file cannot be read.
        """
        found: dict[str, str] = {}
        left = [self.conf]
        while left:
            path = left.pop(0)
            if path not in found and os.path.isfile(path):
                with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
                    found[path] = file.read()
                for line in includes_in(path, found[path]):
                    left += self._included(line.words[1])
        return found

    def includes(self, files: t.Mapping[str, str], path: str) -> bool:
        """Whether any of the files that nginx reads includes a path.

        Args:
            files: as `files` returns them.
            path: absolute; it need not exist.
        """
        lines = (line for name, text in files.items() for line in includes_in(name, text))
        patterns = (self._resolve(line.words[1]) for line in lines)
        folder, name = os.path.split(os.path.abspath(path))
        return any(
            fnmatch.fnmatchcase(name, os.path.basename(pattern))
            and any(os.path.realpath(folder) == os.path.realpath(one) for one in glob.glob(os.path.dirname(pattern)))
            for pattern in patterns
        )

    def _resolve(self, path: str) -> str:
        """nginx resolves a relative path against the directory of its main file."""
        return os.path.join(os.path.dirname(self.conf), path)

    def _included(self, word: str) -> list[str]:
        """The paths of an include. In a pattern, but not in a plain path, a backslash escapes the next character."""
        path = self._resolve(word)
        if not PATTERN.search(path):
            return [path]
        return sorted(glob.glob(re.sub(r"\\(.)", lambda found: glob.escape(found[1]), path)))

    def try_with(self, files: t.Mapping[str, str], changes: t.Mapping[str, str | None]) -> None:
        """Run ``nginx -t`` on copies of the files with the changes applied. Existing files are not modified.

        Args:
            files: as `files` returns them.
            changes: by path, the new content of a file, or None for a file to remove.

        Raises:
            NginxError: nginx rejects the copies. The message is nginx's line, with the real path.
            OSError: the copies cannot be written.
        """
        texts = {path: text for path, text in {**files, **changes}.items() if text is not None}
        with tempfile.TemporaryDirectory(prefix="benchkeeper-") as shadow:
            for path, text in texts.items():
                copy = shadow + os.path.abspath(path)
                os.makedirs(os.path.dirname(copy), exist_ok=True)
                text = self._in_shadow(path, text, shadow)
                if path == self.conf and pid_file(texts) is None:
                    text = f"pid {shadow}/nginx.pid; {text}"
                with open(copy, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                    file.write(text)
            self._link_the_rest(shadow, {os.path.abspath(path) for path in changes})
            quiet = ["-e", "stderr"] if self._version() >= QUIET_SINCE else []
            done = self._run(self._command(shadow + self.conf, "-t", "-q", *quiet))
            if done.returncode:
                raise NginxError(reason_of(done.stderr.replace(shadow, "")))

    def _version(self) -> tuple[int, ...]:
        found = re.search(r"(?:nginx|openresty)/(\d+)\.(\d+)\.(\d+)", self._built)
        return tuple(map(int, found.groups())) if found else (0,)

    def _in_shadow(self, path: str, text: str, shadow: str) -> str:
        """A file's text. Every path that nginx would include or create is replaced by one in the shadow tree."""
        changes: list[tuple[Span, str]] = []
        for line in directives(path, text):
            if line.name == "include" and len(line.words) == 2:
                changes.append((line.spans[1], as_word(shadow + self._resolve(line.words[1]))))
            elif line.is_pid:
                changes.append((line.spans[1], as_word(f"{shadow}/nginx.pid")))
            elif self._makes(line):
                changes.append((line.spans[1], as_word(_stand_in(shadow, line.words[1]))))
            elif line.words == ["http"] and self._is_missing(self._built_with("http-log-path") or "logs/access.log"):
                end = line.spans[-1][1]
                changes.append(((end, end), f" access_log {as_word(_stand_in(shadow, 'http'))};"))
        return with_words(text, changes)

    def _makes(self, line: Directive) -> bool:
        """Whether the directive names a file or directory that `nginx -t` would create."""
        name, *values = line.words
        if line.is_data or not values or not (name in LOGS or name.endswith(FOLDERS)) or NO_FILE.match(values[0]):
            return False
        opened_later = name == "access_log" and (values[0] == "off" or "$" in values[0])
        return not opened_later and self._is_missing(values[0])

    def _is_missing(self, path: str) -> bool:
        """Whether the path does not exist but its directory does. Otherwise, nginx itself reports an error."""
        if "\0" in path:  # system calls reject null bytes
            return False
        real = os.path.realpath(self._from_prefix(path))
        return not os.path.exists(real) and os.path.isdir(os.path.dirname(real))

    def _link_the_rest(self, shadow: str, changed: t.Collection[str]) -> None:
        """Link the other files in the directory of the main file and in its parents: paths may be relative to it."""
        above, main = [], os.path.dirname(self.conf)
        while main != os.path.dirname(main):
            main = os.path.dirname(main)
            above.append(main)
        beside = [folder[len(shadow) :] for folder, _folders, _files in os.walk(shadow + os.path.dirname(self.conf))]
        for folder in [*above, *beside]:
            with contextlib.suppress(FileNotFoundError, PermissionError):
                for name in os.listdir(folder):
                    path = os.path.join(folder, name)
                    if path not in changed and not os.path.lexists(shadow + path):
                        os.symlink(path, shadow + path)

    def install(self, changes: t.Mapping[str, str | None]) -> None:
        """Write and remove files in the given order, each in one step.

        Args:
            changes: as `try_with` takes them; in an order in which every intermediate state is valid.

        Raises:
            OSError: a file cannot be written or removed.
        """
        for path, text in changes.items():
            if text is None:
                remove(path)
            else:
                os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
                replace(path, text)

    def master(self, files: t.Mapping[str, str]) -> int | None:
        """The process id of the running nginx, or None if it does not run.

        Args:
            files: as `files` returns them.
        """
        path = pid_file(files) or self._built_with("pid-path") or "/run/nginx.pid"
        try:
            with open(self._from_prefix(path), encoding="ascii") as file:
                pid = int(file.read())
        except (OSError, ValueError):
            return None
        return pid if pid > 0 and self._is_nginx(pid) else None  # in a container, the master may have PID 1

    def _is_nginx(self, pid: int) -> bool:
        """Whether the process is an nginx: after a crash, the pid file may name any other process."""
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
                name = file.read().rstrip("\n")
        except OSError:
            return False
        return name in ("nginx", os.path.basename(self.binary)[:LONGEST_COMM])

    def reload(self, pid: int) -> None:
        """Signal the running nginx to read its configuration again. Requests in progress are completed.

        Args:
            pid: as `master` returns it.

        Raises:
            OSError: the process has ended, or belongs to another user.
        """
        os.kill(pid, signal.SIGHUP)


def reason_of(stderr: str) -> str:
    """The reason in the output of ``nginx -t``: the first error, without time and process id."""
    lines = sorted(
        (line for line in stderr.splitlines() if "[emerg]" in line or "[alert]" in line),
        key=lambda line: "[emerg]" not in line,
    )
    return re.sub(
        r"^.*?\[(?:emerg|alert)\] (?:\d+#\d+: )?",
        "",
        (lines or stderr.splitlines() or ["nginx -t printed no error"])[0],
    )


def find_binary(name: str) -> str | None:
    """The path of the nginx program, or None. /usr/sbin is searched too, because it is not in every user's PATH.

    Args:
        name: name or path of the program.
    """
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
