# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the files of the edge to what is declared: look, compare, try, put in place, reload."""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.files import remove, replace
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.locks import exclusive
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import (
    MARK,
    PENDING,
    SHARED_NAME,
    STATUS_NAME,
    bench_id,
    cors_lines,
    fragment,
    fragments_dir,
    kept_limit_lines,
    limit,
    limit_lines,
    own_files,
    sections,
    shared,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import (
    Directive,
    Nginx,
    NginxError,
    foreign_cors,
    foreign_limits,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.declaration_rules import (
    CORS_FOREIGN_HEADER,
    CORS_NO_DOMAIN,
    DOMAIN_UNSERVED,
    LIMIT_STATUS,
    NGINX_STOPPED,
    NGINX_UNTOLD,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Finding
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import servable

LOCK_WAIT = 60.0  # seconds; a run holds the edge for as long as nginx tries the candidate and is told
STATUS = f"{MARK}\n# A limited request gets 429. No other file of this nginx limits requests.\nlimit_req_status 429;\n"
PLAIN_PATH = re.compile(r"/[\w./+@%=:,~-]+")
MISSING = 'unknown directive "more_set_headers"'
REMEDY = (
    "nginx has no module headers-more. Install it (Debian: libnginx-mod-http-headers-more-filter; in the role: "
    "oauth2_install_packages: true), or let Frappe own CORS (oauth2_cors_owner: frappe)"
)


def place_fault(params: dict[str, t.Any]) -> str | None:
    """Why files cannot lie where the options say, or None.

    Args:
        params: options of frappe_nginx_edge.
    """
    bench, conf_dir = params["bench_path"], params["conf_dir"]
    if "\0" in bench or (params["state"] == "present" and not os.path.isdir(os.path.join(bench, "sites"))):
        return f"bench_path: {bench!r} has no folder sites. Give the folder that bench init made"
    for option in ("nginx_conf", "nginx_prefix"):
        if "\0" in (params[option] or ""):
            return f"{option}: {params[option]!r} cannot be a path. Correct it"
    if not PLAIN_PATH.fullmatch(conf_dir):
        return f"conf_dir: {conf_dir!r} cannot stand in an include of nginx. Give an absolute path of plain characters"
    return None


@contextlib.contextmanager
def held(conf_dir: str, check_mode: bool) -> t.Iterator[None]:
    """Hold the edge against other runs: benches share a file that goes with the last fragment of any.

    The lock (flock) is on the folder itself: nothing is created, and it ends with the process.

    Raises:
        TimeoutError: another run has held it all the time.
    """
    with contextlib.ExitStack() as stack:
        if not check_mode and os.path.isdir(conf_dir):
            try:
                stack.enter_context(exclusive(conf_dir, LOCK_WAIT))
            except TimeoutError:
                raise TimeoutError(
                    f"conf_dir: another run has held {conf_dir} for {LOCK_WAIT:.0f} s. Wait for it to end"
                ) from None
        yield


class Edge:
    """What one bench declares, and the files that say so.

    Args:
        params: options of frappe_nginx_edge.
    """

    def __init__(self, params: dict[str, t.Any]):
        self.params, self.identity = params, bench_id(params["bench_path"])
        self.folder = fragments_dir(params["conf_dir"])
        self.shared = os.path.join(params["conf_dir"], SHARED_NAME)
        self.map = os.path.join(self.folder, f"{self.identity}.map")
        self.limit = os.path.join(self.folder, f"{self.identity}.conf")
        self.status = os.path.join(self.folder, STATUS_NAME)
        self.pending = os.path.join(self.folder, PENDING)
        self.sites = [_with_found(site) for site in params["sites"]] if params["state"] == "present" else []
        self.before = sections(_read(self.map))
        self.entries = self._entries(self.before, self._cors)
        self.wanted = {path: text for path, text in ((self.map, fragment(self.entries)), self._limit()) if text}

    def _entries(
        self, before: dict[str, list[str]], lines: t.Callable[[dict[str, t.Any]], list[str]]
    ) -> dict[str, list[str]]:
        """Entries of the declared sites, and those that other sites of the bench have already."""
        known = self.params["known_sites"]
        kept = {name: own for name, own in before.items() if known is None or name in known}
        if self.params["state"] == "absent":
            return {}
        return {**kept, **{site["name"]: lines(site) for site in self.sites}}

    def _cors(self, site: dict[str, t.Any]) -> list[str]:
        return cors_lines(site) if site.get("cors_managed", True) else self.before.get(site["name"], [])

    def _limit(self) -> tuple[str, str | None]:
        rate, proxies = self.params["rate_limit"], self.params["trusted_proxies"]
        if not rate:
            return self.limit, None
        before = {
            name: kept_limit_lines(name, lines, self.identity, proxies)
            for name, lines in sections(_read(self.limit)).items()
        }
        entries = self._entries(before, lambda site: limit_lines(site, self.identity, proxies))
        return self.limit, limit(self.identity, entries, rate["rate"], rate["burst"], proxies)

    def present(self) -> list[str]:
        """Names of all files of ours, of every bench on this nginx."""
        names = os.listdir(self.folder) if os.path.isdir(self.folder) else []
        return sorted(name for name in names if not name.startswith("."))

    def _others(self, ending: str) -> list[str]:
        ours = {os.path.basename(path) for path in (self.map, self.limit, self.status)}
        return [name for name in self.present() if name.endswith(ending) and name not in ours]

    def target(self, foreign: list[Directive]) -> dict[str, str | None]:
        """The text that each of our files must have, None for one that must not be there, in the order of writing.

        Whatever is on disk when a run is killed between two of them loads: fragments are not read before the shared
        file includes them, and it goes first when it goes.
        """
        files: dict[str, str | None] = {self.map: self.wanted.get(self.map), self.limit: self.wanted.get(self.limit)}
        limits = self.limit in self.wanted or self._others(".conf")
        files[self.status] = STATUS if limits and not foreign else None
        if self.wanted or self._others(".map") or self._others(".conf"):
            return {**files, self.shared: shared(self.params["conf_dir"])}
        return {self.shared: None, **files}

    def settle(self, nginx: Nginx, check_mode: bool) -> dict[str, t.Any]:
        """Make it so; the module's result.

        Raises:
            NginxError: what is there, or what is wanted, does not load; nothing was put in place.
            OSError: a file cannot be written.
        """
        own = own_files(self.params["conf_dir"])
        files = nginx.files()
        if self.wanted and not nginx.includes(files, self.shared):
            raise NginxError(
                f"conf_dir: {nginx.conf} includes no {self.shared!r}, so nothing written there would count. Give the "
                "folder whose *.conf its http block includes, or nginx_conf"
            )
        foreign = foreign_limits(files, own)
        target = self.target(foreign)
        before = {path: _read(path) for path in target}
        changes = {path: text for path, text in target.items() if text != before[path]}
        pid = nginx.master(files)
        waiting, mute = os.path.exists(self.pending), pid is not None and not self.params["reload"]
        behind = bool(changes) or (waiting and not mute)
        self._try(nginx, files, changes, check_mode)
        if behind and not check_mode:
            self._put(nginx, changes, pid)
        domains = [domain for site in self.sites if site["cors"] for domain in site["domains"]]
        told = [(CORS_FOREIGN_HEADER, line, " ".join(line.words)) for line in foreign_cors(files, own, domains)]
        if self.limit in self.wanted and foreign:
            told.append((LIMIT_STATUS, foreign[0], " ".join(foreign[0].words)))
        findings = [Finding(rule, line.place, text) for rule, line, text in told]
        if behind and pid is None:
            findings.append(Finding(NGINX_STOPPED, nginx.conf, "nginx does not run"))
        if (changes or waiting) and mute:
            findings.append(Finding(NGINX_UNTOLD, nginx.conf, "nginx has not been told of what was written"))
        return {
            "changed": behind,
            "sites": self.rows(findings),
            "files": list(changes),
            "reloaded": behind and pid is not None and self.params["reload"],
            "warnings": [
                *map(str, findings),
                *(f"{site['name']}: {finding}" for site in self.sites for finding in self._names(site)),
            ],
            "diff": [
                {"before": before[path] or "", "after": text or "", "before_header": path, "after_header": path}
                for path, text in changes.items()
            ],
        }

    def _try(self, nginx: Nginx, files: dict[str, str], changes: dict[str, str | None], check_mode: bool) -> None:
        if not changes:
            return
        try:
            nginx.try_with(files, changes)
        except NginxError as error:
            if MISSING not in str(error):
                raise NginxError(f"nginx would not load this, so nothing was changed: {error}") from None
            if not (check_mode and self.params["headers_more_comes"]):
                raise NginxError(REMEDY) from None

    def _put(self, nginx: Nginx, changes: dict[str, str | None], pid: int | None) -> None:
        os.makedirs(self.folder, mode=0o755, exist_ok=True)
        replace(self.pending, "")
        nginx.install(changes)
        if pid is not None and self.params["reload"]:
            nginx.reload(pid)
        if pid is None or self.params["reload"]:
            remove(self.pending)
        if not os.listdir(self.folder):
            os.rmdir(self.folder)

    def _names(self, site: dict[str, t.Any]) -> list[Finding]:
        """What is to be said of a site's host names, where anything is declared that needs them."""
        if not site["cors"] and not self.params["rate_limit"]:
            return []
        found = [Finding(DOMAIN_UNSERVED, "domains", f"{name!r} is left out") for name in site["unserved"]]
        if site["cors"] and not site["domains"]:
            found.append(Finding(CORS_NO_DOMAIN, "domains", "it has none"))
        return found

    def rows(self, findings: list[Finding]) -> list[dict[str, t.Any]]:
        """A row a declared site, and one for each site whose entries go."""
        names = [site["name"] for site in self.sites]
        rows = []
        for name in dict.fromkeys([*names, *(name for name in self.before if name not in self.entries)]):
            old, new = self.before.get(name, []), self.entries.get(name, [])
            action = "unchanged" if old == new else "updated" if old and new else "created" if new else "deleted"
            site = next((site for site in self.sites if site["name"] == name), None)
            own = [*self._names(site), *(findings if site["cors"] else [])] if site else []
            rows.append(
                {
                    "name": name,
                    "changed": action != "unchanged",
                    "action": action,
                    "diff": {"before": {"nginx": old} if old else {}, "after": {"nginx": new} if new else {}}
                    if old != new
                    else {"before": {}, "after": {}},
                    "findings": [finding.row() for finding in own],
                    "failed": False,
                    "msg": "",
                }
            )
        return rows


def _with_found(site: dict[str, t.Any]) -> dict[str, t.Any]:
    """A site with the host names that were found in its configuration: one that cannot be told stops nobody else."""
    found = site.get("found_domains", ())
    names = dict.fromkeys([*site["domains"], *filter(servable, found)])
    return {**site, "domains": list(names), "unserved": [name for name in found if not servable(name)]}


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None
