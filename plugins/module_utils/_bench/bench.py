# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of a bench: its directory, its owner, its sites, and one worker process for all sites."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import threading
import types
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench import worker
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import BrokenConfig, read_config
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.sources import BOOTSTRAP, sources_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.accounts import login_name, this_user
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Reply
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import SITE_NAME_FORM

KEPT_ENVIRONMENT = re.compile(r"PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|SSL_CERT_(?:FILE|DIR)|FRAPPE_\w+")
LAST_WORDS = 1.0  # seconds that a child has to exit after it closes its output
ENDED_HERE = "sent no result and did not exit, so it was ended"
OUTPUT_TAIL = 2000  # characters of a dead worker's output that its error shows


class BenchError(Exception):
    """The bench cannot be used at all. The message says what was found and what to do."""


class Bench:
    """A bench directory, as ``bench init`` creates it.

    Args:
        path: the directory that contains ``apps``, ``env`` and ``sites``.

    Raises:
        BenchError: the path is not a bench directory, or the bench has more than one owner.
    """

    def __init__(self, path: str):
        self.path = os.path.abspath(path)
        self.sites_path = os.path.join(self.path, "sites")
        self.common_config = os.path.join(self.sites_path, "common_site_config.json")
        self.python = os.path.join(self.path, "env", "bin", "python")
        if not os.path.isdir(self.path):
            raise BenchError(
                f"bench_path: {self.path} does not exist, or {this_user()} cannot read it. Set bench_path to the "
                "directory that contains apps, env and sites, and become_user to its owner (in the role: "
                "oauth2_bench_path, oauth2_bench_user)"
            )
        if not os.path.isdir(self.sites_path):
            raise BenchError(
                f"bench_path: {self.path} has no sites directory. Set bench_path to the directory that `bench init` "
                "created"
            )
        self.owner = os.lstat(self.sites_path).st_uid
        self._require_one_owner()

    @property
    def owner_name(self) -> str:
        """The login name of the bench's owner, or the uid if there is no account."""
        return login_name(self.owner)

    def _require_one_owner(self) -> None:
        """Reject a bench whose parts have different owners.

        Ansible becomes the owner of ``sites`` to run the programs in ``env``. If ``sites`` were owned by root,
        because it was moved or linked there, the owner of ``env`` could run code as root. The targets of links in
        ``env`` may have any owner.

        Raises:
            BenchError: the parts have different owners.
        """
        env = os.path.join(self.path, "env")
        parts = [
            (self.path, os.stat),
            (self.sites_path, os.stat),
            *((path, os.lstat) for path in (env, os.path.join(env, "bin"), self.python)),
        ]
        if self.owner == 0:
            parts.append((self.path, os.lstat))
        for path, look in parts:
            if os.path.lexists(path) and look(path).st_uid != self.owner:
                raise BenchError(
                    f"bench_path: {path} is owned by {login_name(look(path).st_uid)}, and {self.sites_path} by "
                    f"{self.owner_name}. Expected one owner for the bench, its sites and its env. Choose the owner, "
                    f"then run: chown -hR USER {self.path}"
                )

    def require_owner(self) -> None:
        """Require that this process runs as the bench's owner: Frappe could not write files of another user.

        Raises:
            BenchError: this process runs as another user.
        """
        if os.geteuid() != self.owner:
            found = f"bench_path: {self.path} is owned by {self.owner_name}, but this task runs as {this_user()}. "
            if self.owner_name == str(self.owner):
                raise BenchError(
                    f"{found}uid {self.owner} has no account on this host, so Ansible cannot become it. Run Ansible as "
                    "that uid without become (in the role: oauth2_become: false), or create an account with that uid"
                )
            raise BenchError(
                f"{found}In a task, set become: true and become_user: {self.owner_name}. In the role, set "
                f"oauth2_bench_user: {self.owner_name}"
            )

    def sites(self) -> list[str]:
        """The names of all sites, sorted: the directories with a site_config.json, as in frappe.utils.get_sites."""
        return [name for name in self._folders() if not os.path.islink(os.path.join(self.sites_path, name))]

    def linked_sites(self) -> list[str]:
        """The names of links to site directories outside of the bench, sorted.

        Frappe serves such a site, but ``bench --site all`` does not include it. `fault` checks the owner.
        """
        return [
            name
            for name in self._folders()
            if os.path.islink(os.path.join(self.sites_path, name)) and self.alias_of(name) is None
        ]

    def aliases(self) -> dict[str, list[str]]:
        """By site, the names of the links to it in the same directory. Frappe serves the site under these names too."""
        found: dict[str, list[str]] = {}
        for name in self._folders():
            site = self.alias_of(name)
            if site:
                found.setdefault(site, []).append(name)
        return found

    def alias_of(self, name: str) -> str | None:
        """The name of the site of this bench that a link leads to, or None if the name is not such a link."""
        folder = os.path.join(self.sites_path, name)
        real = os.path.realpath(folder)
        within = os.path.dirname(real) == os.path.realpath(self.sites_path)
        return os.path.basename(real) if os.path.islink(folder) and within else None

    def _folders(self) -> list[str]:
        names = sorted(os.listdir(self.sites_path))
        return [name for name in names if os.path.exists(self.site_config(name)) and name != "assets"]

    def directories(self) -> list[str]:
        """The names of the other directories in ``sites``, sorted, such as a site that was not completely created."""
        sites = {*self.sites(), "assets"}
        return sorted(
            name
            for name in os.listdir(self.sites_path)
            if name not in sites and os.path.isdir(os.path.join(self.sites_path, name)) and not self.alias_of(name)
        )

    def site_config(self, name: str) -> str:
        """The path of a site's site_config.json."""
        return os.path.join(self.sites_path, name, "site_config.json")

    def fault(self, name: str) -> str | None:
        """The reason why a site cannot be used, or None. Only reads files."""
        folder = os.path.join(self.sites_path, name)
        if not SITE_NAME_FORM.fullmatch(name) or ".." in name:
            return (
                f"{name!r} is not a valid site name. Use letters, digits, periods, underscores and hyphens. "
                "Start and end the name with a letter or a digit"
            )
        if not os.path.isdir(folder):
            there = self.sites()
            return f"the bench {self.path} has no site {name!r}. It has {', '.join(there) or 'no sites'}"
        alias = self.alias_of(name)
        if alias:
            return f"{name!r} is a symbolic link to the site {alias}. Use the name {alias}"
        if os.path.islink(folder):
            for path in (os.path.realpath(folder), os.path.realpath(self.site_config(name))):
                if os.path.exists(path) and os.stat(path).st_uid != self.owner:
                    return (
                        f"{name!r} is a symbolic link to {path}, owned by {login_name(os.stat(path).st_uid)}. "
                        f"Expected the owner of the bench, {self.owner_name}. Correct the owner, or remove the link"
                    )
        if not os.path.exists(self.site_config(name)):
            return (
                f"{name!r} has no site_config.json, so it is not a complete site. Restore the file from a backup. Or "
                "remove the directory, and create the site with bench new-site"
            )
        try:
            read_config(self.site_config(name))
        except BrokenConfig as error:
            return str(error)
        return None

    def work(
        self,
        job: types.ModuleType,
        items: t.Sequence[t.Mapping[str, t.Any]],
        common: t.Mapping[str, t.Any],
        check_mode: bool,
        site_timeout: float,
    ) -> list[Reply]:
        """Run a job on many sites in one child process of the bench's Python.

        If a site does not respond within ``site_timeout`` seconds, or the child dies, that site fails and a new child
        continues with the other sites.

        Args:
            job: a module of `_frappe` with a function ``job``. Pass the module itself, not its name, so that Ansible
                ships the source.
            items: each with its ``site`` and the other arguments of the job.
            common: the arguments that are the same for all sites.
            check_mode: if true, the job must not write anything.
            site_timeout: seconds per site, including the start of Frappe.

        Returns:
            For each item, in order, ``reply``, or ``failed`` with the message.

        Raises:
            BenchError: wrong user, no Python, or Frappe cannot be imported. Nothing was done on any site.
        """
        self.require_owner()
        if not os.access(self.python, os.X_OK):
            raise BenchError(f"bench_path: {self.python} is missing. Run bench setup env in {self.path}")
        replies: list[Reply] = [
            {"failed": fault} if fault else {} for fault in (self.fault(item["site"]) for item in items)
        ]
        left = [number for number, reply in enumerate(replies) if not reply]
        request = {"job": job.__name__, "common": common, "check_mode": check_mode, "lock_wait": site_timeout / 2}
        wanted = list(left)
        while left:
            child = {**request, "items": [items[number] for number in left]}
            try:
                process = Child(self, worker.__name__, child, (worker.__name__, job.__name__))
                for reply in _replies(process, len(left), site_timeout):
                    replies[left.pop(0)] = reply
            except BenchError as error:
                if left == wanted:
                    raise
                for number in left:  # the results of the earlier sites remain valid
                    replies[number] = {"failed": str(error)}
                break
        return replies


def ended(status: int) -> str:
    """How a process ended. A negative status is a signal."""
    if status >= 0:
        return f"exited with status {status}"
    name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
    more = ". Check the kernel log: the host may have run out of memory" if name == "SIGKILL" else ""
    return f"was ended by {name}{more}"


class Child:
    """One child process. It reads sources and request from stdin and writes replies to its own file descriptor.

    Args:
        bench: the bench.
        worker: full name of the module whose function ``main`` serves the request.
        request: the request. The descriptor for the replies is added as ``reply_fd``.
        modules: full names of the modules to send, with everything that they import.
        kept: further descriptors that the child inherits.
    """

    def __init__(
        self,
        bench: Bench,
        worker: str,
        request: dict[str, t.Any],
        modules: t.Sequence[str],
        kept: t.Sequence[int] = (),
    ):
        read_end, write_end = os.pipe()
        self.output = ""
        self.lines: queue.Queue[Reply | None] = queue.Queue()
        try:
            self.process = subprocess.Popen(
                [bench.python, "-I", "-c", BOOTSTRAP],
                cwd=bench.sites_path,
                env={key: value for key, value in os.environ.items() if KEPT_ENVIRONMENT.fullmatch(key)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(write_end, *kept),
            )
        except OSError as error:  # a directory, a program for another platform, a missing interpreter
            os.close(read_end)
            raise BenchError(
                f"bench_path: {bench.python} cannot be run: {error.strerror}. Run bench setup env in {bench.path}"
            ) from None
        finally:
            os.close(write_end)
        sent = {
            "sources": sources_of(*modules),
            "worker": worker,
            "request": {**request, "reply_fd": write_end},
        }
        self.payload = json.dumps(sent).encode()
        self.threads = [
            threading.Thread(target=target, daemon=True, args=args)
            for target, args in ((self._send, ()), (self._drain, ()), (self._receive, (read_end,)))
        ]
        for thread in self.threads:
            thread.start()

    def _send(self) -> None:
        try:
            with t.cast(t.IO[bytes], self.process.stdin) as stdin:
                stdin.write(self.payload)
        except BrokenPipeError:
            pass  # the child died; the missing reply is reported

    def _drain(self) -> None:
        with t.cast(t.IO[bytes], self.process.stdout) as stdout:
            for line in stdout:
                self.output = (self.output + line.decode(errors="replace"))[-OUTPUT_TAIL:]

    def _receive(self, read_end: int) -> None:
        # a line that is not valid JSON is incomplete because the child died: nothing follows it
        with open(read_end, encoding="utf-8") as replies, contextlib.suppress(ValueError):
            for line in replies:
                self.lines.put(json.loads(line))
        self.lines.put(None)

    def last_words(self) -> str:
        """Why a child ended without all its replies. Wait for it to exit; kill it if it does not."""
        try:
            end = ended(self.process.wait(timeout=LAST_WORDS))
        except subprocess.TimeoutExpired:
            self.kill()
            end = ENDED_HERE
        self.threads[1].join(timeout=1)
        return f"The bench's Python {end}. Last output: {self.output.strip() or 'none'}"

    def kill(self) -> None:
        """Kill the child, if it still runs."""
        self.process.kill()
        self.process.wait()


def _replies(child: Child, number: int, site_timeout: float) -> t.Iterator[Reply]:
    """One reply per site, in order, until all are done or the child has to be replaced.

    Raises:
        BenchError: Frappe cannot be imported.
    """
    try:
        done = 0
        while done < number:
            try:
                line = child.lines.get(timeout=site_timeout)
            except queue.Empty:
                yield {
                    "failed": f"No response within {site_timeout:g} s. Check the site's database, or raise "
                    "site_timeout (in the role: oauth2_site_timeout)"
                }
                return
            if line is None:
                yield {"failed": child.last_words()}
                return
            if "bench_failed" in line:
                raise BenchError(
                    f"bench_path: {line['bench_failed']}. Run `bench setup requirements` in the bench directory"
                )
            if "site" in line:
                done += 1
                yield line
    finally:
        child.kill()
