# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the declared rate limit of a site with nginx's effective configuration, without a request."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import (
    bench_id,
    not_reloaded,
    own_files,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import (
    Nginx,
    NginxError,
    find_binary,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.reader import Directive, directives
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.third_party import (
    may_serve,
    third_party_limits,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import LIMIT_ABSENT

Files = t.Mapping[str, str]


class Limits:
    """The limits in nginx's configuration, which is read once per task.

    Args:
        bench_path: the bench directory.
        options: the options nginx, nginx_conf, nginx_prefix and nginx_conf_dir of the module.
    """

    def __init__(self, bench_path: str, options: t.Mapping[str, t.Any]):
        self.identity, self.conf_dir = bench_id(bench_path), options["nginx_conf_dir"]
        self.files: Files = {}
        self.unread = ""
        binary = find_binary(options["nginx"])
        if not binary:
            self.unread = f"nginx: {options['nginx']} was not found, so its configuration was not read"
            return
        try:
            self.files = Nginx(binary, options["nginx_conf"], options["nginx_prefix"], self.conf_dir).files()
        except (NginxError, OSError) as error:
            self.unread = f"nginx's configuration cannot be read ({error})"

    def limit_read(self, site: str, domains: t.Collection[str], limit: t.Mapping[str, t.Any]) -> dict[str, str]:
        """What nginx's configuration says about the declared limit of a site.

        Args:
            site: the site.
            domains: its host names.
            limit: ``rate`` and ``burst`` as declared.

        Returns:
            ``expected``, ``found``, ``rule`` (empty if it is as declared), ``reason``, and ``unread``: why nothing is
            known, or empty.
        """
        rate, burst = str(limit["rate"]), int(limit.get("burst") or 0)
        said = {
            "expected": f"HTTP 429 above {rate} with burst {burst}",
            "rule": "",
            "reason": "",
            "unread": self.unread,
        }
        if self.unread:
            return {**said, "found": ""}
        others = [line for line in third_party_limits(self.files, own_files(self.conf_dir)) if line.name == "limit_req"]
        over = [line for line in others if line.server is not None and may_serve(line, domains)]
        if over:
            return {**said, "found": "", "unread": f"limit_req in {over[0].place} replaces the declared limit there"}
        line, found = self._ours(site)
        if not line:
            return {**said, "found": found, "rule": LIMIT_ABSENT}
        if found != _words(rate, burst):
            return {**said, "found": f"{found} in {line.place}", "rule": LIMIT_ABSENT}
        pending = not_reloaded(self.conf_dir)
        reason = f"nginx has not been reloaded since the last change ({pending[0]} exists)" if pending else ""
        rule = LIMIT_ABSENT if pending else ""
        return {**said, "found": f"{found} in {line.place} (read, not tried)", "rule": rule, "reason": reason}

    def _ours(self, site: str) -> tuple[Directive | None, str]:
        """The line of this bench's limit if it applies to the site, and its rate and burst, or what is missing."""
        zone, variable = f"benchkeeper_{self.identity}", f"$benchkeeper_token_{self.identity}"
        lines = [line for path, text in self.files.items() for line in directives(path, text)]
        rates = [
            line for line in lines if line.name == "limit_req_zone" and f"zone={zone}" in line.words[2].split(":")[0]
        ]
        uses = [line for line in lines if line.name == "limit_req" and f"zone={zone}" in line.words]
        entries = [
            line.words[1].split(" ")[0]
            for line in lines
            if line.is_data and line.parent and line.parent.words[-1] == variable and len(line.words) > 1
        ]
        if not rates or not uses:
            return None, "no limit_req of this bench in nginx's configuration"
        if site not in entries:
            return None, f"limit_req in {uses[0].place} has no entry for {site}"
        rate = next((word[5:] for word in rates[0].words if word.startswith("rate=")), "")
        burst = next((word[6:] for word in uses[0].words if word.startswith("burst=")), "0")
        return uses[0], _words(rate, int(burst) if burst.isdigit() else 0)


def _words(rate: str, burst: int) -> str:
    return f"limit_req {rate} burst {burst}"
