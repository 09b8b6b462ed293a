# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find host names that belong to more than one site. Pure: no Ansible, no Frappe, no I/O."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.declaration_rules import DOMAIN_SHARED
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Finding


def shared_name_findings(
    hosts: t.Mapping[str, t.Iterable[str]], about: t.Collection[str]
) -> t.Iterator[tuple[list[str], Finding]]:
    """The host names that several sites have, each with the names of these sites.

    Args:
        hosts: host names by site.
        about: the sites of this run. A name that only other sites have is not reported.
    """
    sites_of: dict[str, list[str]] = {}
    for site, names in hosts.items():
        for host in dict.fromkeys(names):
            sites_of.setdefault(host, []).append(site)
    for host, sites in sites_of.items():
        if len(sites) > 1 and not set(about).isdisjoint(sites):
            yield sites, Finding(DOMAIN_SHARED, "domains", f"{host!r} is a host name of {len(sites)} sites")
