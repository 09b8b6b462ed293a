# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of frappe_nginx_edge and the result of a run, as types."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import ResultRow


class Cors(t.TypedDict, total=False):
    """What browsers may do with a site; an option that is missing or None takes its default."""

    origins: list[str]
    methods: list[str] | None
    headers: list[str] | None
    expose_headers: list[str] | None
    max_age: int | None
    credentials: bool | None


class _Named(t.TypedDict):
    name: str
    domains: list[str]


class Site(_Named, total=False):
    """One declared site. ``cors_managed: false`` keeps the existing entries."""

    found_domains: list[str]
    cors: Cors | None
    cors_managed: bool


class RateLimit(t.TypedDict):
    """The limit at the token endpoint: nginx's own rate, such as ``5r/s``, and the burst above it."""

    rate: str
    burst: int


class EdgeOptions(t.TypedDict):
    """The options of frappe_nginx_edge that this package reads."""

    bench_path: str
    sites: list[Site]
    known_sites: list[str] | None
    rate_limit: RateLimit | None
    trusted_proxies: list[str]
    state: str
    conf_dir: str
    nginx_conf: str | None
    nginx_prefix: str | None
    reload: bool
    headers_more_comes: bool


class FileDiff(t.TypedDict):
    """One file before and after, as ``--diff`` prints it."""

    before: str
    after: str
    before_header: str
    after_header: str


class EdgeResult(t.TypedDict):
    """What a run did, or in check mode would do."""

    changed: bool
    sites: list[ResultRow]
    files: list[str]
    reloaded: bool
    warnings: list[str]
    diff: list[FileDiff]
