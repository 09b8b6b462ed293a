# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply the declared state to the nginx files of this collection: read, compare, test, write, reload."""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.files import remove, replace, require_replaceable
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.locks import exclusive
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import ResultRow, row_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import (
    FRAGMENTS_NAME,
    MARK,
    PENDING,
    SHARED_NAME,
    STATUS_NAME,
    bench_id,
    cors_lines,
    fragment,
    fragments_dir,
    limit,
    own_files,
    shared,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import Nginx, NginxError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.options import (
    EdgeOptions,
    EdgeResult,
    FileDiff,
    Site,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.reader import Directive
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.records import (
    Contents,
    SiteRecord,
    cors_record,
    limit_record,
    read_records,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.third_party import (
    third_party_cors,
    third_party_limits,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.cors_rules import (
    CORS_NO_DOMAIN,
    CORS_THIRD_PARTY_HEADER,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.declaration_rules import (
    DOMAIN_UNSERVED,
    LIMIT_STATUS,
    NGINX_NOT_RELOADED,
    NGINX_STOPPED,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Finding
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.host_names import shared_name_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import servable

LOCK_WAIT = 60.0  # seconds; a run holds the lock while nginx tests the new files and reloads
STATUS = f"{MARK}\n# Rate-limited requests get 429. No other nginx file limits requests.\nlimit_req_status 429;\n"
SKIPPED = "is not a plain host name, so no CORS headers or rate limit apply to it"
PLAIN_PATH = re.compile(r"/[\w./+@%=:,~-]+")
MISSING = 'unknown directive "more_set_headers"'
REMEDY = (
    "nginx does not have the module headers-more. Install it (Debian: libnginx-mod-http-headers-more-filter; in the "
    "role: oauth2_install_packages: true)"
)
BY_FRAPPE = ", or let Frappe send the CORS headers (in the role: oauth2_cors_owner: frappe)"


def place_fault(params: EdgeOptions) -> str | None:
    """The error message for an invalid path option, or None if all paths are valid."""
    bench, conf_dir = params["bench_path"], params["conf_dir"]
    if "\0" in bench or (params["state"] == "present" and not os.path.isdir(os.path.join(bench, "sites"))):
        return (
            f"bench_path: {bench!r} has no sites directory. Set bench_path to the directory that `bench init` created"
        )
    for option, path in (("nginx_conf", params["nginx_conf"]), ("nginx_prefix", params["nginx_prefix"])):
        if "\0" in (path or ""):
            return f"{option}: {path!r} contains a null byte, so it is not a valid path. Remove the null byte"
    if not PLAIN_PATH.fullmatch(conf_dir):
        return (
            f"conf_dir: {conf_dir!r} is not a valid path in an nginx include. Use an absolute path with only letters, "
            "digits and these characters: . / _ + @ % = : , ~ - (in the role: oauth2_nginx_conf_dir)"
        )
    return None


@contextlib.contextmanager
def held(conf_dir: str, check_mode: bool) -> t.Iterator[None]:
    """Lock nginx's conf.d against other runs, because all benches share one file in it.

    The lock (flock) is on the directory itself, so no lock file is created.

    Args:
        conf_dir: nginx's conf.d.
        check_mode: if true, take no lock.

    Raises:
        TimeoutError: another run held the lock for all of `LOCK_WAIT`.
        OSError: the directory cannot be locked.
    """
    with contextlib.ExitStack() as stack:
        if not check_mode and os.path.isdir(conf_dir):
            try:
                stack.enter_context(exclusive(conf_dir, LOCK_WAIT))
            except TimeoutError:
                raise TimeoutError(
                    f"{conf_dir}: waited {LOCK_WAIT:.0f} s for the lock of another run. Run again when it has ended"
                ) from None
        yield


class Edge:
    """The declared state of one bench, and the current state of this collection's nginx files.

    Args:
        params: the options of frappe_nginx_edge.

    Raises:
        OSError: a file of this collection cannot be read.
    """

    def __init__(self, params: EdgeOptions) -> None:
        self.params, self.identity = params, bench_id(params["bench_path"])
        self.folder = fragments_dir(params["conf_dir"])
        self.shared = os.path.join(params["conf_dir"], SHARED_NAME)
        self.map = os.path.join(self.folder, f"{self.identity}.map")
        self.limit = os.path.join(self.folder, f"{self.identity}.conf")
        self.status = os.path.join(self.folder, STATUS_NAME)
        self.pending = os.path.join(self.folder, PENDING)
        declared = params["sites"] if params["state"] == "present" else []
        self.sites = [_with_found(site) for site in declared]
        self.unserved = {site["name"]: _unserved(site) for site in declared}
        self.before, self.before_limit = read_records(_read(self.map)), read_records(_read(self.limit))
        self.records = self._records(self.before, self._cors_record)
        texts = {self.map: fragment(self.records.values()), self.limit: self._limit()}
        self.wanted = {path: text for path, text in texts.items() if text}

    def _records(self, before: Contents, record_of: t.Callable[[Site], SiteRecord | None]) -> dict[str, SiteRecord]:
        """The records of the declared sites, and the existing records of the other sites, by site name."""
        if self.params["state"] == "absent":
            return {}
        known = self.params["known_sites"]
        kept = {name: own.record for name, own in before.sites.items() if known is None or name in known}
        found = {**kept, **{site["name"]: record_of(site) for site in self.sites}}
        return {name: record for name, record in found.items() if record}

    def _cors_record(self, site: Site) -> SiteRecord | None:
        if site.get("cors_managed", True):
            return cors_record(site)
        section = self.before.sites.get(site["name"])
        return section.record if section else None

    def _limit(self) -> str | None:
        rate = self.params["rate_limit"]
        if not rate:
            return None
        records = self._records(self.before_limit, limit_record)
        return limit(self.identity, records.values(), rate["rate"], rate["burst"], self.params["trusted_proxies"])

    def present(self) -> list[str]:
        """Names of all existing files of this collection, of every bench on this nginx."""
        names = os.listdir(self.folder) if os.path.isdir(self.folder) else []
        return sorted(name for name in names if not name.startswith("."))

    def _others(self, ending: str) -> list[str]:
        ours = {os.path.basename(path) for path in (self.map, self.limit, self.status)}
        return [name for name in self.present() if name.endswith(ending) and name not in ours]

    def target(self, other_limits: t.Sequence[Directive]) -> dict[str, str | None]:
        """The content of each file of this collection, or None if the file must not exist, in the order of writing.

        Every intermediate state is a valid nginx configuration, in case the run is killed. Fragments are written before
        the shared file that includes them, and removed after it.

        Args:
            other_limits: third-party directives that limit requests.
        """
        files: dict[str, str | None] = {self.map: self.wanted.get(self.map), self.limit: self.wanted.get(self.limit)}
        limits = self.limit in self.wanted or self._others(".conf")
        files[self.status] = STATUS if limits and not other_limits else None
        if self.wanted or self._others(".map") or self._others(".conf"):
            return {**files, self.shared: shared(self.params["conf_dir"])}
        return {self.shared: None, **files}

    def apply(self, nginx: Nginx, check_mode: bool) -> EdgeResult:
        """Write what differs and reload nginx.

        Args:
            nginx: the nginx that serves the bench.
            check_mode: only report what would be done.

        Raises:
            NginxError: nginx rejects the current configuration or the new one, or a host name belongs to two sites.
                Nothing was written.
            Unreplaceable: a file cannot be replaced; nothing was written.
            OSError: a file cannot be read or written.
        """
        self._require_own_names()
        own = own_files(self.params["conf_dir"])
        files = nginx.files()
        if self.wanted and not nginx.includes(files, self.shared):
            raise NginxError(
                f"conf_dir: {nginx.conf} does not include {self.shared!r}, so nginx would not read it. Set "
                "conf_dir to the directory whose *.conf the http block includes, or set nginx_conf"
            )
        other_limits = third_party_limits(files, own)
        target = self.target(other_limits)
        before = {path: _read(path) for path in target}
        changes = {path: text for path, text in target.items() if text != before[path]}
        for path in changes:
            require_replaceable(path)
        pid = nginx.master(files)
        waiting, mute = os.path.exists(self.pending), pid is not None and not self.params["reload"]
        behind = bool(changes) or (waiting and not mute)
        self._try(nginx, files, changes, check_mode)
        if behind and not check_mode:
            self._put(nginx, changes, pid)
        domains = [domain for site in self.sites if site.get("cors") for domain in site["domains"]]
        lines = [(CORS_THIRD_PARTY_HEADER, line) for line in third_party_cors(files, own, domains)]
        if self.limit in self.wanted and other_limits:
            lines.append((LIMIT_STATUS, other_limits[0]))
        findings = [Finding(rule, line.place, " ".join(line.words)) for rule, line in lines]
        if behind and pid is None:
            findings.append(Finding(NGINX_STOPPED, nginx.conf, "nginx is not running"))
        if (changes or waiting) and mute:
            findings.append(
                Finding(NGINX_NOT_RELOADED, nginx.conf, "nginx was not reloaded after its configuration was changed")
            )
        return {
            "changed": behind,
            "sites": self.rows(findings),
            "files": list(changes),
            "reloaded": behind and pid is not None and self.params["reload"],
            "warnings": [
                *map(str, findings),
                *(f"{site['name']}: {finding}" for site in self.sites for finding in self._names(site)),
                *self._damages(),
            ],
            "diff": [_diff(path, before[path], text) for path, text in changes.items()],
        }

    def _require_own_names(self) -> None:
        """Check that each host name belongs to one site, among all benches on this nginx.

        A map entry of one site would also apply to the other. Call this under the lock.

        Raises:
            NginxError: a host name belongs to two sites.
        """
        hosts = {name: set(record.hosts) for name, record in self.records.items()}
        if self.params["rate_limit"]:
            for name, record in self._records(self.before_limit, limit_record).items():
                hosts.setdefault(name, set()).update(record.hosts)
        own = list(hosts)
        for name in (*self._others(".map"), *self._others(".conf")):
            path = os.path.join(self.folder, name)
            files = f"{os.path.splitext(path)[0]}.*"  # a bench may have the same site in two files
            for site, section in read_records(_read(path)).sites.items():
                hosts.setdefault(f"{site} (in {files})", set()).update(section.record.hosts)
        for sites, finding in shared_name_findings(hosts, own):
            raise NginxError(f"{' and '.join(sites)}: {finding} Nothing was changed.")

    def _try(self, nginx: Nginx, files: dict[str, str], changes: dict[str, str | None], check_mode: bool) -> None:
        if not changes:
            return
        try:
            nginx.try_with(files, changes)
        except NginxError as error:
            if MISSING not in str(error):
                raise NginxError(
                    f"nginx -t failed with the new configuration: {error}. Nothing was changed. Correct this line. If "
                    f"it is in {SHARED_NAME} or {FRAGMENTS_NAME}, report a bug of this collection"
                ) from None
            if not (check_mode and self.params["headers_more_comes"]):
                raise NginxError(REMEDY + ("" if self.params["rate_limit"] else BY_FRAPPE)) from None

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

    def _names(self, site: Site) -> list[Finding]:
        """Findings about a site's host names, if anything is declared that needs them."""
        if not site.get("cors") and not self.params["rate_limit"]:
            return []
        found = [Finding(DOMAIN_UNSERVED, "domains", f"{name!r} {SKIPPED}") for name in self.unserved[site["name"]]]
        if site.get("cors") and not site["domains"]:
            found.append(Finding(CORS_NO_DOMAIN, "domains", "the site has no host name"))
        return found

    def _damages(self) -> list[str]:
        """A warning for each unreadable site record. Such a record is written again, or removed."""
        if self.params["state"] == "absent":
            return []
        contents = {self.map: self.before, **({self.limit: self.before_limit} if self.params["rate_limit"] else {})}
        return [
            f"{path}:{line}: the entry of a site was edited or is incomplete. The run writes it again if the site is "
            "selected, and removes it otherwise. Run once for all sites (in the role: without oauth2_only_sites)"
            for path, found in contents.items()
            for line in found.damaged
        ]

    def rows(self, findings: t.Sequence[Finding]) -> list[ResultRow]:
        """One row per declared site, and one per site whose entries are removed.

        Args:
            findings: the findings about nginx. They are added to every site with CORS.
        """
        rows: list[ResultRow] = []
        sites = {site["name"]: site for site in self.sites}
        for name in dict.fromkeys([*sites, *(name for name in self.before.sites if name not in self.records)]):
            section, site = self.before.sites.get(name), sites.get(name)
            old, new = section.lines if section else [], cors_lines(self.records.get(name))
            action = "unchanged" if old == new else "updated" if old and new else "created" if new else "deleted"
            own = [*self._names(site), *(findings if site.get("cors") else [])] if site else []
            row: ResultRow = row_of(name, action=action, findings=[finding.row() for finding in own])
            if old != new:
                row["changed"] = True
                row["diff"] = {"before": {"nginx": old} if old else {}, "after": {"nginx": new} if new else {}}
            rows.append(row)
        return rows


def _with_found(site: Site) -> Site:
    """A site with the host names from its configuration. A name that nginx cannot serve is skipped."""
    found = site.get("found_domains", ())
    return {**site, "domains": list(dict.fromkeys([*site["domains"], *filter(servable, found)]))}


def _unserved(site: Site) -> list[str]:
    """The host names in a site's configuration that are not valid in nginx's map."""
    return [name for name in site.get("found_domains", ()) if not servable(name)]


def _diff(path: str, before: str | None, after: str | None) -> FileDiff:
    return {"before": before or "", "after": after or "", "before_header": path, "after_header": path}


def _read(path: str) -> str | None:
    """The content of a file of this collection, or None. An invalid byte is replaced, so the file counts as changed."""
    try:
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
