# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of the audit report, as it is written to the JSON file."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import FindingRow
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.verify_record import LastVerification
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.facts import (
    ClientFact,
    ConfigFact,
    TokenCounts,
    UserTokens,
)


class Field(t.TypedDict):
    """One field that differs, as text. ``before`` or ``after`` is empty if the field is not set."""

    field: str
    before: str
    after: str


class Drift(t.TypedDict):
    """One object that a run would change."""

    step: str
    what: str
    action: str
    fields: list[Field]


class CorsReport(t.TypedDict):
    """CORS of a site: the declared origins, the state of nginx, and the value of allow_cors in Frappe."""

    declared: list[str] | None
    nginx: str | None
    frappe: t.Any


class KeyReport(t.TypedDict):
    """A user who has an API key."""

    user: str
    enabled: bool
    user_type: str
    has_secret: bool


class ClientTokensReport(TokenCounts):
    """The tokens of one client."""

    client_id: str
    app_name: str | None
    known: bool


class TokensReport(TokenCounts):
    """The tokens of a site."""

    by_client: list[ClientTokensReport]
    disabled_users: list[UserTokens]
    by_day: dict[str, int]


class SiteReading(t.TypedDict):
    """The facts of a site. Facts that were not gathered are None or empty."""

    readable: bool
    why: str
    url: str
    domains: list[str]
    frappe_version: str
    apps: dict[str, str]
    clients: list[ClientFact] | None
    keys: list[KeyReport] | None
    tokens: TokensReport | None
    config: dict[str, ConfigFact]
    findings: list[FindingRow]
    notices: list[FindingRow]


class SiteReport(SiteReading):
    """A site in the report of its bench."""

    name: str
    bench: str
    managed: bool
    cors: CorsReport
    drift: list[Drift]
    drift_unknown: str  # why the drift is not known, or empty
    verification: LastVerification | None


class DatedSiteReport(SiteReport):
    """A site in the report of the environment."""

    verify_state: str
    verified_days_ago: int | None


class BenchReport(t.TypedDict):
    """A bench. ``sites`` is the number of its sites."""

    name: str
    path: str
    fault: str
    sites: int
    drift: list[Drift]


class BenchPart(t.TypedDict):
    """The part of the report about one bench."""

    bench: BenchReport
    sites: list[SiteReport]


class RuleReport(t.TypedDict):
    """A broken rule, with the number of sites that break it."""

    rule: str
    severity: str
    source: str
    remedy: str
    sites: int


class Report(t.TypedDict):
    """The report of an environment."""

    format: int
    environment: str
    generated_at: str
    exceptions: list[str]
    benches: list[BenchReport]
    sites: list[DatedSiteReport]
    rules: list[RuleReport]
    tokens_by_day: dict[str, int]
    summary: dict[str, int]
