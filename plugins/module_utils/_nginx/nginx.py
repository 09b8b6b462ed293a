# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to a nginx: what it is configured with, whether a candidate would load, and the candidate put in place."""

from __future__ import annotations

import contextlib
import dataclasses
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

# Directives whose file or folder `nginx -t` makes where it is missing.
LOGS = ("error_log", "access_log")
FOLDERS = ("_temp_path", "_cache_path")
NO_FILE = re.compile(r"stderr$|syslog:|memory:")
QUIET_SINCE = (1, 19, 5)  # nginx that can be told where to write before it has read its configuration (-e)
TOKENS = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)|(?P<mark>[{};])|"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|(?P<word>(?:\\.|\$\{[^}]*\}|[^\s;{}])+)""",
    re.S,
)
RUN_TIMEOUT = 60  # seconds
LONGEST_COMM = 15  # characters that the kernel keeps of a program's name
CORS = "access-control-"
OURS = (f"{CORS}allow-origin", "vary")  # each may be meant by a pattern of more_clear_headers
MORE = ("more_set_headers", "more_clear_headers")


class NginxError(Exception):
    """nginx says no; the message is its own line, with the remedy where there is one."""


@dataclasses.dataclass
class Directive:
    """One directive: its words, where it stands, and the blocks around it within its file.

    Attributes:
        words: without their quotes.
        spans: where each word begins and ends in the text, quotes included, then the mark that ends the directive.
    """

    words: list[str]
    path: str
    line: int
    blocks: list[list[str]]
    servers: list[dict[str, t.Any]]
    spans: list[tuple[int, int]]

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.path}:{self.line}"


def directives(path: str, text: str) -> t.Iterator[Directive]:
    """Every directive of one configuration file, blocks included; a server's names are filled in as they are read."""
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    blocks: list[list[str]] = []
    servers: list[dict[str, t.Any]] = []
    line = first = 1
    for token in TOKENS.finditer(text):
        kind, value = token.lastgroup, token.group(token.lastgroup)
        if kind == "mark" and value == "}":
            if blocks and blocks[-1][:1] == ["server"]:
                servers.pop()
            if blocks:
                blocks.pop()
            words, spans = [], []
        elif kind == "mark":
            found = Directive(words, path, first, list(blocks), list(servers), [*spans, token.span()])
            if value == "{":
                blocks.append(words)
                if words[:1] == ["server"]:
                    servers.append({"names": []})
            elif words[:1] == ["server_name"] and servers:
                servers[-1]["names"] += words[1:]
            if words:
                yield found
            words, spans = [], []
        elif kind != "space":
            if not words:
                first = line
            words.append(value)
            spans.append(token.span())
        line += token.group().count("\n")


def includes_in(path: str, text: str) -> t.Iterator[Directive]:
    """The includes of one configuration file, wherever on a line they stand."""
    return (line for line in directives(path, text) if line.words[0] == "include" and len(line.words) == 2)


def with_word(text: str, line: Directive, number: int, word: str) -> str:
    """The text with one word of a directive replaced; of several directives the last must be done first."""
    first, last = line.spans[number]
    return f'{text[:first]}"{word}"{text[last:]}'


def pid_file(files: dict[str, str]) -> str | None:
    """Where nginx writes its process id, if the configuration says so."""
    lines = (line for path, text in files.items() for line in directives(path, text))
    return next((line.words[1] for line in lines if line.words[0] == "pid" and len(line.words) == 2), None)


def _stand_in(shadow: str, path: str) -> str:
    """What is made in place of a file or folder: the same one for the same path."""
    return os.path.join(shadow, hashlib.sha256(path.encode(errors="surrogateescape")).hexdigest())


class Nginx:
    """One nginx of the machine.

    Args:
        binary: the program.
        conf: its main configuration file, or None for the one it was built with.
        prefix: its prefix, or None for the one it was built with.
        conf_dir: the folder whose ``*.conf`` its http block includes.
    """

    def __init__(self, binary: str, conf: str | None, prefix: str | None, conf_dir: str):
        self.binary, self.prefix, self.conf_dir = binary, prefix, conf_dir
        self.conf = conf or self._built_with("conf-path") or "/etc/nginx/nginx.conf"

    @functools.cached_property
    def _built(self) -> str:
        return self._run([self.binary, "-V"]).stderr

    def _built_with(self, option: str) -> str | None:
        found = re.search(rf"--{option}=(\S+)", self._built)
        return found[1] if found else None

    def _from_prefix(self, path: str) -> str:
        """nginx takes the path of a file that it writes from its prefix."""
        return os.path.join(self.prefix or self._built_with("prefix") or "/", path)

    @staticmethod
    def _run(command: list[str]) -> subprocess.CompletedProcess:
        try:
            return subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=RUN_TIMEOUT, check=False
            )
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:  # ValueError: a zero byte in an argument
            raise NginxError(f"nginx: {' '.join(command)!r} could not be run: {error}") from None

    def _command(self, conf: str, *options: str) -> list[str]:
        return [self.binary, *(["-p", self.prefix] if self.prefix else []), "-c", conf, *options]

    def files(self) -> dict[str, str]:
        """Every file that nginx reads, by path: the main one, and what it includes; also where it does not load."""
        found: dict[str, str] = {}
        left = [self.conf]
        while left:
            path = left.pop(0)
            if path not in found and os.path.isfile(path):
                with open(path, encoding="utf-8", errors="surrogateescape") as file:
                    found[path] = file.read()
                for line in includes_in(path, found[path]):
                    left += sorted(glob.glob(self._resolve(line.words[1])))
        return found

    def includes(self, files: dict[str, str], path: str) -> bool:
        """Does any of the files that nginx reads include the path?

        Args:
            files: as `files` gives it.
            path: absolute; it need not be there yet.
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
        """nginx takes a relative path from the folder of its main file."""
        return os.path.join(os.path.dirname(self.conf), path)

    def try_with(self, files: dict[str, str], changes: dict[str, str | None]) -> None:
        """Would nginx load, were the changes made? Tried on copies in a folder of their own; nothing is touched.

        Args:
            files: as `files` gives it.
            changes: new text of a file, or None for a file that goes.

        Raises:
            NginxError: it would not; the message has nginx's line, with the real path.
        """
        texts = {path: text for path, text in {**files, **changes}.items() if text is not None}
        with tempfile.TemporaryDirectory(prefix="benchkeeper-") as shadow:
            for path, text in texts.items():
                copy = shadow + os.path.abspath(path)
                os.makedirs(os.path.dirname(copy), exist_ok=True)
                text = self._in_shadow(path, text, shadow)
                if path == self.conf and pid_file(texts) is None:
                    text = f"pid {shadow}/nginx.pid; {text}"
                with open(copy, "w", encoding="utf-8", errors="surrogateescape") as file:
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
        """A file's text with every path changed that nginx would read a copy from, or make."""
        for line in reversed(list(directives(path, text))):
            if line.words[0] == "include" and len(line.words) == 2:
                text = with_word(text, line, 1, shadow + self._resolve(line.words[1]))
            elif line.words[0] == "pid" and len(line.words) == 2:
                text = with_word(text, line, 1, f"{shadow}/nginx.pid")
            elif self._makes(line):
                text = with_word(text, line, 1, _stand_in(shadow, line.words[1]))
            elif line.words == ["http"] and self._is_missing(self._built_with("http-log-path") or "logs/access.log"):
                end = line.spans[-1][1]
                text = f'{text[:end]} access_log "{_stand_in(shadow, "http")}";{text[end:]}'
        return text

    def _makes(self, line: Directive) -> bool:
        """Does the directive name a file or folder that `nginx -t` would make?"""
        name, *values = line.words
        if not values or not (name in LOGS or name.endswith(FOLDERS)) or NO_FILE.match(values[0]):
            return False
        opened_later = name == "access_log" and (values[0] == "off" or "$" in values[0])
        return not opened_later and self._is_missing(values[0])

    def _is_missing(self, path: str) -> bool:
        """It is not there and could be made: where its folder is missing too, nginx must be heard to say so."""
        real = os.path.realpath(self._from_prefix(path))
        return not os.path.exists(real) and os.path.isdir(os.path.dirname(real))

    def _link_the_rest(self, shadow: str, changed: t.Collection[str]) -> None:
        """Certificates and the like may be named relative to the main file, ``..`` included."""
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

    def install(self, changes: dict[str, str | None]) -> None:
        """Put files in place, each in one step; every state on the way is one that nginx loads."""
        for path, text in changes.items():
            if text is None:
                remove(path)
            else:
                os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
                replace(path, text)

    def master(self, files: dict[str, str]) -> int | None:
        """Process id of the running nginx, or None."""
        path = pid_file(files) or self._built_with("pid-path") or "/run/nginx.pid"
        try:
            with open(self._from_prefix(path), encoding="ascii") as file:
                pid = int(file.read())
        except (OSError, ValueError):
            return None
        return pid if pid > 0 and self._is_nginx(pid) else None  # in a container it may be 1

    def _is_nginx(self, pid: int) -> bool:
        """A file that a dead nginx left may name any process by now."""
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
                name = file.read().rstrip("\n")
        except OSError:
            return False
        return name in ("nginx", os.path.basename(self.binary)[:LONGEST_COMM])

    def reload(self, pid: int) -> None:
        """Tell the running nginx to read its configuration anew; open connections are served to their end."""
        os.kill(pid, signal.SIGHUP)


def reason_of(stderr: str) -> str:
    """nginx's own words, the first line that is no warning."""
    lines = sorted(
        (line for line in stderr.splitlines() if "[emerg]" in line or "[alert]" in line),
        key=lambda line: "[emerg]" not in line,
    )
    return re.sub(
        r"^.*?\[(?:emerg|alert)\] (?:\d+#\d+: )?", "", (lines or stderr.splitlines() or ["no reason given"])[0]
    )


def find_binary(name: str) -> str | None:
    """The nginx program, also where an ordinary user's PATH leaves /usr/sbin out."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


def foreign_cors(files: dict[str, str], own: t.Collection[str], domains: t.Collection[str]) -> list[Directive]:
    """Lines of others that add, set or clear a header that we send for one of our hosts.

    An add_header comes after ours, and nothing can take it back; of two files that set a header the later one wins.
    """
    return [line for line in _of_others(files, own) if _is_about_ours(line) and _concerns(line, domains)]


def foreign_limits(files: dict[str, str], own: t.Collection[str]) -> list[Directive]:
    """Lines of others that limit requests, or say with which status."""
    return [line for line in _of_others(files, own) if line.words[0] in ("limit_req", "limit_req_status")]


def _of_others(files: dict[str, str], own: t.Collection[str]) -> t.Iterator[Directive]:
    """What stands in files that are not ours, however their paths are written."""
    ours = {os.path.realpath(path) for path in own}
    for path, text in files.items():
        if os.path.realpath(path) not in ours:
            yield from directives(path, text)


def _is_about_ours(line: Directive) -> bool:
    name, *words = line.words
    if name == "add_header":  # one more Vary harms nobody
        return bool(words) and words[0].lower().startswith(CORS)
    headers = [word.partition(":")[0].strip().lower() for word in words] if name in MORE else []
    return any(header.startswith(CORS) or fnmatch.fnmatchcase(one, header) for header in headers for one in OURS)


def _concerns(line: Directive, domains: t.Collection[str]) -> bool:
    """Is the line in a server of one of the domains, in a file that any server may include, or does it count in all?"""
    names = [name for server in line.servers for name in server["names"]]
    if not line.servers:  # a server with an add_header of its own, as bench writes it, takes none from http
        return line.words[0] in MORE or not any(block[:1] == ["http"] for block in line.blocks)
    return any(fnmatch.fnmatch(domain, name.lower()) or name.startswith("~") for name in names for domain in domains)
