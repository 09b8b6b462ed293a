# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three phases of frappe_oauth_verify on a bench: gather, flow, and explain with cleanup.

Only the first and the last need Frappe's database. Before the first request, a record of what the flow may create is
written. If the run is interrupted, the next one finds the record and cleans up.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import Bench, BenchError
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import read_config
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.flow import run_flow
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.processes import web_workers
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core import verify_records
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Declared, Reply, Verdict
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.verify_records import Claim, Record
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe import verify as gather
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe import verify_end as end
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.limits import Limits
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.course import reach_only
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.sites import Flown, Row
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import Params, new_nonce

BUDGET = 0.45  # fraction of site_timeout for the requests of one row
ASKED = {"rate_limit", "limit_bypass"}  # steps that exceed the limit, but only if probes lists them


class Outcome(t.TypedDict):
    """The result of one row.

    Attributes:
        failed: why there are no verdicts; empty if there are.
        client: the row of the OAuth client, if there is one.
        steps: the verdicts.
        requests: the number of requests.
        left: what only an administrator of the site can delete.
    """

    failed: str
    client: dict[str, t.Any] | None
    steps: list[Verdict]
    requests: int
    left: list[str]


class Cleaned(t.TypedDict):
    """What was removed after an interrupted verification of a site, or why it could not be."""

    name: str
    codes: int
    tokens: int
    sessions: int
    left: str


class Phases:
    """One verification of the rows of a task.

    Args:
        bench: the bench.
        rows: the rows, completed from the configuration.
        options: the options of the task.

    Attributes:
        cleaned: what interrupted verifications had left.
        warnings: what the operator should know.
    """

    def __init__(self, bench: Bench, rows: list[Declared], options: t.Mapping[str, t.Any]):
        self.bench, self.rows, self.options = bench, rows, options
        self.timeout = options["site_timeout"]
        self.folder = os.path.join(bench.path, "config")
        self.outcomes: list[Outcome] = [
            {"failed": bench.fault(row["name"]) or "", "client": None, "steps": [], "requests": 0, "left": []}
            for row in rows
        ]
        self.facts: dict[int, gather.Gathered] = {}
        self.params: dict[int, Params] = {}
        self.flown: dict[int, Flown] = {}
        self.cleaned: list[Cleaned] = []
        self.warnings: list[str] = []

    def run(self) -> list[Outcome]:
        """Clean up after interrupted verifications, then verify all rows.

        Raises:
            BenchError: the bench cannot be used, or no record can be written. No request was sent.
        """
        self.bench.require_owner()
        self.clean_dead()
        self._gather()
        flow = self._flow_rows()
        record = self._record()
        try:
            self._flow(flow, record)
        finally:
            self._end(record)
        return self.outcomes

    # ---------------------------------------------------------------- gather
    def _gather(self) -> None:
        for number, row in enumerate(self.rows):
            if reach_only(t.cast("Params", row)):
                self.params[number] = {**self._params(row), "username": None}  # needs neither client nor Frappe
        left = [number for number in self._alive() if number not in self.params]
        for numbers, reply in self._work(gather, left, self._gather_item):
            for place, number in enumerate(numbers):
                if "failed" in reply:
                    self.outcomes[number]["failed"] = reply["failed"]
                    continue
                self.facts[number] = found = reply["reply"][place]
                self.params[number] = gather.with_facts(self._params(self.rows[number]), found["facts"])
                self.outcomes[number]["client"] = found["facts"].get("client")

    def _gather_item(self, numbers: list[int]) -> dict[str, t.Any]:
        return {"rows": [{**self._params(self.rows[number]), "password": None} for number in numbers]}

    def _params(self, row: Declared) -> Params:
        return t.cast("Params", {"site": row["name"], **row})

    def _alive(self) -> list[int]:
        return [number for number, outcome in enumerate(self.outcomes) if not outcome["failed"]]

    def _work(
        self, job: t.Any, numbers: list[int], item: t.Callable[[list[int]], dict[str, t.Any]], **common: t.Any
    ) -> t.Iterator[tuple[list[int], Reply]]:
        """Run a job once per site of these rows. Returns the numbers of the site's rows with each reply."""
        sites: dict[str, list[int]] = {}
        for number in numbers:
            sites.setdefault(self.rows[number]["name"], []).append(number)
        items = [{"site": site, **item(of_site)} for site, of_site in sites.items()]
        yield from zip(sites.values(), self.bench.work(job, items, common, job is gather, self.timeout))

    # ---------------------------------------------------------------- flow
    def _flow_rows(self) -> list[Row]:
        limits: Limits | None = None
        rows: list[Row] = []
        for number in self._alive():
            params, facts = self.params[number], self.facts.get(number)
            params["nonce"] = new_nonce()
            if params["rate_limit"] and not ASKED & set(params["probes"] or ()):
                limits = limits or Limits(self.bench.path, self.options)
                params["limit_read"] = limits.limit_read(params["site"], params["domains"], params["rate_limit"])
            rows.append(
                {
                    "number": number,
                    "site": params["site"],
                    "params": params,
                    "emails": facts["emails"] if facts else {},
                    "fault": facts["fault"] if facts else None,
                    "equal": facts["equal"] if facts else None,
                }
            )
        return rows

    def _flow(self, rows: list[Row], record: Record | None) -> None:
        if not rows:
            return
        options = {"budget": self.timeout * BUDGET, "parallel": self.parallel(), "site_timeout": self.timeout}
        for number, result in run_flow(self.bench, rows, record.handle if record else None, options).items():
            if isinstance(result, str):
                self.outcomes[number]["failed"] = result
            else:
                self.flown[number] = result
                self.outcomes[number]["steps"] = result["steps"]
                self.outcomes[number]["requests"] = result["requests"]

    def parallel(self) -> int:
        """The number of sites at the same time: by default, half of the workers of the web process."""
        sites = len({row["name"] for row in self.rows})
        config = read_config(self.bench.common_config) if os.path.exists(self.bench.common_config) else {}
        given = self.options["parallel"] or (web_workers(self.bench.path, config) or 1) // 2
        return max(1, min(given, sites))

    # ---------------------------------------------------------------- record, explain, clean up
    def _record(self) -> Record | None:
        """Write the record, if any row creates something.

        Raises:
            BenchError: it cannot be written.
        """
        entries = []
        for number, facts in self.facts.items():
            client = facts["facts"].get("client")
            if client and facts["user"]:
                entries.append(
                    {
                        "row": number,
                        "site": self.rows[number]["name"],
                        "client": client["name"],
                        "user": facts["user"],
                        "nonce": self.params[number]["nonce"],
                        "since": facts["since"],
                        "clock": facts["clock"],
                    }
                )
        if not entries:
            return None
        try:
            return verify_records.create(self.folder, entries)
        except OSError as error:
            raise BenchError(
                f"bench_path: the record of the verification cannot be written below {self.folder} ({error.strerror}). "
                "No request was sent. Make the directory writable for the owner of the bench"
            ) from None

    def _end(self, record: Record | None) -> None:
        claimed = verify_records.claims(record.path) if record else []
        by_site: dict[str, list[Claim]] = {}
        for claim in claimed:
            by_site.setdefault(claim["site"], []).append(claim)
        failed = {
            number for number, flown in self.flown.items() if any(s["verdict"] == "failed" for s in flown["steps"])
        }
        sites = {*by_site, *(self.rows[number]["name"] for number in failed)}
        numbers = [number for number in self.facts if self.rows[number]["name"] in sites]
        common = {"records": self.folder, "runs": [record.run] if record else []}
        kept = ""

        def item(of_site: list[int]) -> dict[str, t.Any]:
            rows = [self._explained(number) for number in of_site if number in self.flown]
            return {"claims": by_site.get(self.rows[of_site[0]]["name"], []), "rows": rows}

        try:
            for of_site, reply in self._work(end, numbers, item, **common):
                flown = [number for number in of_site if number in self.flown]
                why = reply.get("failed") or reply["reply"]["kept"]
                kept = kept or why
                if "failed" in reply:
                    for number in flown:
                        self.outcomes[number]["failed"] = (
                            f"The cleanup after the verification failed: {reply['failed']}"
                        )
                    continue
                if why:
                    self.warnings.append(f"{self.rows[of_site[0]]['name']}: {why}. The next run removes it")
                for number, steps in zip(flown, reply["reply"]["steps"]):
                    self.outcomes[number]["steps"] = steps
        except BenchError:
            kept = "the bench's Python cannot be run"
            raise
        finally:
            if record:
                if kept or any(claim["lost_tokens"] or claim["lost_sessions"] for claim in claimed):
                    record.close()  # the server may still complete a request whose response was lost
                else:
                    record.remove()

    def _explained(self, number: int) -> dict[str, t.Any]:
        """A row for the job that explains failed steps. It needs neither the password nor the secret of the client."""
        params = {**self.params[number], "password": None}
        if params.get("client"):
            params["client"] = {**t.cast("t.Any", params["client"]), "client_secret": None}
        flown = self.flown[number]
        return {
            "params": params,
            "steps": flown["steps"],
            "repeated": flown["repeated"],
            "since": self.facts[number]["since"],
        }

    def clean_dead(self) -> None:
        """Remove what interrupted verifications left, then their records."""
        records = verify_records.dead(self.folder)
        if not records:
            return
        verify_records.settle(records)
        by_site: dict[str, list[Claim]] = {}
        for record in records:
            for claim in verify_records.claims(record.path):
                by_site.setdefault(claim["site"], []).append(claim)
        gone = [site for site in by_site if self.bench.fault(site) and site not in self.bench.sites()]
        items = [{"site": site, "claims": claimed, "rows": []} for site, claimed in by_site.items() if site not in gone]
        common = {"records": self.folder, "runs": [record.run for record in records]}
        left: set[str] = set()
        try:
            for one, reply in zip(items, self.bench.work(end, items, common, False, self.timeout)):
                why = reply.get("failed") or reply["reply"]["kept"]
                removed: end.Removed = reply["reply"]["removed"] if "reply" in reply else end.nothing()
                self.cleaned.append({"name": str(one["site"]), **removed, "left": why})
                left |= {str(one["site"])} if why else set()
        except BenchError:
            left = set(by_site)
            raise
        finally:
            for record in records:
                if left & {claim["site"] for claim in verify_records.claims(record.path)}:
                    record.close()
                else:
                    record.remove()
