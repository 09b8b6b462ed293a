# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One report of many benches: what was read, what differs from the inventory, and what was last verified.

Pure; used by filters on the controller. Only the fields that are listed here are copied, so that no secret gets into a
report.
"""

from __future__ import annotations

import datetime
import json
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import (
    NOT_SHOWN,
    OPEN_KEYS,
    shown_setting,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.report_rows import (
    BenchPart,
    BenchReport,
    CorsReport,
    DatedSiteReport,
    Drift,
    Field,
    Report,
    RuleReport,
    SiteReading,
    SiteReport,
    TokensReport,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.verify_record import (
    LastVerification,
    read_record,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.catalogue import ALL_RULES
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.facts import TokenCounts
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import NOTICE
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import COMMON_FILE

Row = t.Dict[str, t.Any]

FORMAT = 1
STEPS = ("site_config", "clients", "api_keys", "tokens", "edge")
CLIENT_PARTS = (
    "app_name",
    "client_id",
    "owner",
    "redirect_uris",
    "default_redirect_uri",
    "scopes",
    "grant_type",
    "response_type",
    "skip_authorization",
    "allowed_roles",
    # newer versions of Frappe
    "token_endpoint_auth_method",
    "client_uri",
    "logo_uri",
    "tos_uri",
    "policy_uri",
    "software_id",
    "software_version",
    "contacts",
)
COUNTS = ("active", "expired", "revoked", "refreshable", "oldest", "newest")
FINDING_PARTS = ("rule", "severity", "field", "found", "source", "remedy")


# ---------------------------------------------------------------- one bench
def bench_part(
    bench: Row,
    found: Row,
    read: Row,
    results: dict[str, Row],
    declared: Row,
    failed: dict[str, str],
    verifications: str,
    exceptions: t.Collection[str],
) -> BenchPart:
    """The part of the report about one bench.

    Args:
        bench: its ``name`` in the inventory, its ``path``, and ``fault``, the reason why it could not be read.
        found: result of frappe_site_info with ``domains``, for the names of all sites.
        read: result of frappe_site_info with every subset.
        results: result of each step's module in check mode, by step.
        declared: ``sites``, the names of the managed sites, and ``edge``, the nginx rows with the declared origins.
        failed: message of each site that failed in a step.
        verifications: text of the record of verifications, or empty.
        exceptions: ids of rules that are not reported.

    Returns:
        ``bench`` and ``sites``.
    """
    rows = {row["name"]: row for row in read.get("sites") or ()}
    there = () if rows else (found.get("bench") or {}).get("sites", ())
    names = list(dict.fromkeys([*there, *rows, *declared["sites"], *failed]))
    shared = _drift(COMMON_FILE, results)
    record = read_record(verifications)
    whole: BenchReport = {
        "name": bench["name"],
        "path": bench["path"],
        "fault": bench["fault"],
        "sites": len([name for name in names if name != COMMON_FILE]),
        "drift": shared + _shared_edge(results["edge"]),
    }
    sites: list[SiteReport] = []
    for name in names:
        if name == COMMON_FILE:
            continue
        reading = _site(rows.get(name), exceptions)
        managed = name in declared["sites"]
        fault = bench["fault"] or failed.get(name, "")
        if not reading["readable"] and not reading["why"]:
            reading["why"] = fault or "The site was not read in this run. Run playbooks/audit.yml again"
        sites.append(
            {
                **reading,
                "name": name,
                "bench": bench["name"],
                "managed": managed,
                "cors": _cors(name, rows.get(name, {}), declared["edge"], results["edge"]),
                "drift": _drift(name, results),
                "drift_unknown": fault if managed or fault else "",
                "verification": record.get(name),
            }
        )
    return {"bench": whole, "sites": sites}


def _site(row: Row | None, exceptions: t.Collection[str]) -> SiteReading:
    """The facts of a site. Facts that were not gathered are None or empty."""
    row = row or {"failed": True, "msg": "", "findings": []}
    keys, tokens = row.get("api_keys"), row.get("tokens")
    findings = [finding for finding in row["findings"] if finding["rule"] not in exceptions]
    return {
        "readable": not row["failed"],
        "why": row["msg"] if row["failed"] else "",
        "url": row.get("url") or "",
        "domains": row.get("domains") or [],
        "frappe_version": row.get("frappe_version") or "",
        "apps": row.get("apps") or {},
        "clients": [_client(client) for client in row["oauth_clients"]] if "oauth_clients" in row else None,
        "keys": None if keys is None else [_parts(key, ("user", "enabled", "user_type", "has_secret")) for key in keys],
        "tokens": None if tokens is None else _tokens(tokens),
        "config": {key: held for key, held in (row.get("config") or {}).items() if key in OPEN_KEYS},
        "findings": [_parts(finding, FINDING_PARTS) for finding in findings if finding["severity"] != NOTICE],
        "notices": [_parts(finding, FINDING_PARTS) for finding in findings if finding["severity"] == NOTICE],
    }


def _client(client: Row) -> t.Any:
    return {part: client[part] for part in CLIENT_PARTS if part in client}


def _parts(row: Row, parts: t.Iterable[str]) -> t.Any:
    return {part: row.get(part) for part in parts}


def _tokens(tokens: Row) -> TokensReport:
    counts: TokenCounts = _parts(tokens, COUNTS)
    return {
        **counts,
        "by_client": [_parts(row, ("client_id", "app_name", "known", *COUNTS)) for row in tokens["by_client"]],
        "disabled_users": [_parts(row, ("user", "tokens")) for row in tokens["disabled_users"]],
        "by_day": dict(tokens["by_day"]),
    }


def _cors(name: str, row: Row, declared: list[Row], edge: Row) -> CorsReport:
    """Which program sends the CORS headers now, and for which origins.

    If nginx has no drift, it sends the declared origins. Otherwise, the drift lists both values.
    """
    wanted = next((site["cors"]["origins"] for site in declared if site["name"] == name and "cors" in site), None)
    now = next((one for one in edge.get("sites") or () if one["name"] == name), None)
    frappe = (row.get("config") or {}).get("allow_cors", {}).get("value")
    nginx = None
    if now is not None:
        nginx = "differs" if now["changed"] and now["diff"]["before"] else "absent" if now["changed"] else "as declared"
    return {"declared": wanted, "nginx": nginx if wanted is not None or nginx == "differs" else None, "frappe": frappe}


# ---------------------------------------------------------------- drift
def _drift(name: str, results: dict[str, Row]) -> list[Drift]:
    """The changes that a run would make on a site, one row per changed object."""
    return [
        {"step": step, "what": _what(step, row), "action": row["action"], "fields": _fields(step, row)}
        for step in STEPS
        for row in results[step].get("sites") or ()
        if row["name"] == name and row["changed"]
    ]


def _what(step: str, row: Row) -> str:
    if step == "clients":
        return row.get("app_name") or row.get("client_id") or ""
    return {"site_config": row["name"] if row["name"] == COMMON_FILE else "site_config.json", "edge": "nginx"}.get(
        step, ""
    )


def _fields(step: str, row: Row) -> list[Field]:
    before, after = row["diff"]["before"], row["diff"]["after"]
    if step == "site_config":  # plain text is hidden too, because the report is stored and shared
        before, after = ({key: shown_setting(key, value) for key, value in side.items()} for side in (before, after))
    return [
        {"field": name, "before": _text(before, name), "after": _text(after, name)}
        for name in dict.fromkeys([*before, *after])
    ]


def _text(side: Row, name: str) -> str:
    """The value as text for the report. Empty if there is no value."""
    value = side.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _shared_edge(edge: Row) -> list[Drift]:
    """nginx files that would change but do not belong to a single site."""
    if not edge.get("changed") or any(row["changed"] for row in edge.get("sites") or ()):
        return []
    fields: list[Field] = [{"field": path, "before": NOT_SHOWN, "after": NOT_SHOWN} for path in edge.get("files", ())]
    return [{"step": "edge", "what": "nginx", "action": "updated", "fields": fields}]


# ---------------------------------------------------------------- the report
def report_of(parts: list[BenchPart], environment: str, at: str, exceptions: t.Collection[str] = ()) -> Report:
    """The report of an environment.

    Args:
        parts: `bench_part` of each bench.
        environment: its name.
        at: when it was read, in ISO 8601 with its offset.
        exceptions: ids of rules that are not reported.

    Returns:
        ``format``, ``environment``, ``generated_at``, ``exceptions``, ``benches``, ``sites``, ``rules``, with the
        number of sites that break each, ``tokens_by_day`` of all sites, and ``summary``.
    """
    sites: list[DatedSiteReport] = [
        {
            **site,
            "verify_state": _verification_state(site["verification"]),
            "verified_days_ago": _age(site["verification"], at),
        }
        for part in parts
        for site in part["sites"]
    ]
    by_day: dict[str, int] = {}
    for site in sites:
        for day, number in (site["tokens"]["by_day"] if site["tokens"] else {}).items():
            by_day[day] = by_day.get(day, 0) + number
    return {
        "format": FORMAT,
        "environment": environment,
        "generated_at": at,
        "exceptions": sorted(exceptions),
        "benches": [part["bench"] for part in parts],
        "sites": sites,
        "rules": _rules(sites),
        "tokens_by_day": dict(sorted(by_day.items())),
        "summary": {
            "benches": len(parts),
            "sites": len(sites),
            "unreadable": len([site for site in sites if not site["readable"]]),
            "with_findings": len([site for site in sites if site["findings"]]),
            "drifting": len([site for site in sites if site["drift"]]),
            "drift_unknown": len([site for site in sites if site["drift_unknown"]]),
            "unmanaged": len([site for site in sites if not site["managed"]]),
            "unverified": len([site for site in sites if site["verify_state"] != "verified"]),
            "live_tokens": sum(_live(site) for site in sites),
        },
    }


def _live(site: SiteReport) -> int:
    """The number of valid access tokens. Refreshable tokens are counted separately."""
    return site["tokens"]["active"] or 0 if site["tokens"] else 0


def _verification_state(verification: LastVerification | None) -> str:
    if not verification:
        return "none"
    return "verified" if verification["verified"] else "failed" if verification["failed"] else "partial"


def _age(verification: LastVerification | None, at: str) -> int | None:
    """Whole days between the verification and the report; None if the time is unknown."""
    if verification is None:
        return None
    try:
        then = datetime.datetime.fromisoformat(verification["at"])
        return max(0, (datetime.datetime.fromisoformat(at) - then).days)
    except (KeyError, TypeError, ValueError):  # anyone may have edited the record
        return None


def _rules(sites: t.Sequence[SiteReport]) -> list[RuleReport]:
    """Each broken rule with the number of affected sites: the most frequent first, and notices after warnings."""
    met: dict[str, RuleReport] = {}
    for site in sites:
        for finding in {row["rule"]: row for row in [*site["findings"], *site["notices"]]}.values():
            rule = finding["rule"]
            known = ALL_RULES.get(rule)
            entry = met.setdefault(
                rule,
                {
                    "rule": rule,
                    "severity": finding["severity"],
                    "source": known.source if known else finding["source"],
                    "remedy": known.remedy if known else finding["remedy"],
                    "sites": 0,
                },
            )
            entry["sites"] += 1
    return sorted(met.values(), key=lambda entry: (entry["severity"] == NOTICE, -entry["sites"], entry["rule"]))
