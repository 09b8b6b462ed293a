# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to a nginx: what it is configured with, whether a candidate would load, and the candidate put in place."""

from __future__ import annotations

import dataclasses
import fnmatch
import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._files import remove, replace

INCLUDE = re.compile(r"(?m)^([^#\n]*?(?<![\w$.-])include\s+)([^;\s]+)(\s*;)")
PID = re.compile(r"(?m)^\s*pid\s+[^;]+;")
TOKENS = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)|(?P<mark>[{};])|"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|(?P<word>(?:\\.|\$\{[^}]*\}|[^\s;{}])+)""",
    re.S,
)
RUN_TIMEOUT = 60  # seconds
CORS = "access-control-"
OURS = (f"{CORS}allow-origin", "vary")  # each may be meant by a pattern of more_clear_headers
MORE = ("more_set_headers", "more_clear_headers")


class NginxError(Exception):
    """nginx says no; the message is its own line, with the remedy where there is one."""


@dataclasses.dataclass
class Directive:
    """One directive: its words, where it stands, and the blocks around it within its file."""

    words: list[str]
    path: str
    line: int
    blocks: list[list[str]]
    servers: list[dict[str, t.Any]]

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.path}:{self.line}"


def directives(path: str, text: str) -> t.Iterator[Directive]:
    """Every directive of one configuration file, blocks included; a server's names are filled in as they are read."""
    words: list[str] = []
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
            words = []
        elif kind == "mark":
            found = Directive(words, path, first, list(blocks), list(servers))
            if value == "{":
                blocks.append(words)
                if words[:1] == ["server"]:
                    servers.append({"names": []})
            elif words[:1] == ["server_name"] and servers:
                servers[-1]["names"] += words[1:]
            if words:
                yield found
            words = []
        elif kind != "space":
            if not words:
                first = line
            words.append(value)
        line += token.group().count("\n")


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

    def _built_with(self, option: str) -> str | None:
        found = re.search(rf"--{option}=(\S+)", self._run([self.binary, "-V"]).stderr)
        return found[1] if found else None

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
                for included in INCLUDE.finditer(found[path]):
                    left += sorted(glob.glob(self._resolve(included[2])))
        return found

    def includes(self, files: dict[str, str], path: str) -> bool:
        """Does any of the files that nginx reads include the path?

        Args:
            files: as `files` gives it.
            path: absolute; it need not be there yet.
        """
        patterns = (self._resolve(found[2]) for text in files.values() for found in INCLUDE.finditer(text))
        folder, name = os.path.split(os.path.abspath(path))
        return any(
            fnmatch.fnmatchcase(name, os.path.basename(pattern))
            and any(os.path.realpath(folder) == os.path.realpath(one) for one in glob.glob(os.path.dirname(pattern)))
            for pattern in patterns
        )

    def _resolve(self, path: str) -> str:
        """nginx takes a relative path from the folder of its main file."""
        return os.path.join(os.path.dirname(self.conf), path.strip("\"'"))

    def try_with(self, files: dict[str, str], changes: dict[str, str | None]) -> None:
        """Would nginx load, were the changes made? Tried on copies in a folder of their own; nothing is touched.

        Args:
            files: as `files` gives it.
            changes: new text of a file, or None for a file that goes.

        Raises:
            NginxError: it would not; the message has nginx's line, with the real path.
        """
        with tempfile.TemporaryDirectory(prefix="benchkeeper-") as shadow:
            for path, text in {**files, **changes}.items():
                if text is not None:
                    copy = shadow + os.path.abspath(path)
                    os.makedirs(os.path.dirname(copy), exist_ok=True)
                    with open(copy, "w", encoding="utf-8", errors="surrogateescape") as file:
                        file.write(self._in_shadow(path, text, shadow))
            self._link_the_rest(shadow)
            done = self._run(self._command(shadow + self.conf, "-t", "-q"))
            if done.returncode:
                raise NginxError(said(done.stderr.replace(shadow, "")))

    def _in_shadow(self, path: str, text: str, shadow: str) -> str:
        text = INCLUDE.sub(lambda m: f"{m[1]}{shadow}{self._resolve(m[2])}{m[3]}", text)
        if path == self.conf:  # nginx -t makes the pid file if it is missing
            text = f"pid {shadow}/nginx.pid;\n" + PID.sub("", text)
        return text

    def _link_the_rest(self, shadow: str) -> None:
        """Certificates and the like may be named relative to the main file."""
        real = os.path.dirname(self.conf)
        for name in os.listdir(real):
            if not os.path.lexists(os.path.join(shadow + real, name)):
                os.symlink(os.path.join(real, name), os.path.join(shadow + real, name))

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
        named = PID.search(files.get(self.conf, ""))
        path = named[0].split()[1].rstrip(";") if named else self._built_with("pid-path") or "/run/nginx.pid"
        base = self.prefix or self._built_with("prefix") or "/"
        try:
            with open(os.path.join(base, path), encoding="ascii") as file:
                pid = int(file.read())
            os.kill(pid, 0)
        except (OSError, ValueError):
            return None
        return pid

    def reload(self, pid: int) -> None:
        """Tell the running nginx to read its configuration anew; open connections are served to their end."""
        os.kill(pid, signal.SIGHUP)


def said(stderr: str) -> str:
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
