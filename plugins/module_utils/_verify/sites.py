# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verify many sites over HTTP, side by side. It knows neither Ansible nor Frappe, and opens no database.

The rows of one site run in order. A property of Frappe's code is the same on equal sites: same apps, same versions,
same kind of client. One site of such a set verifies it, and the result is reported for all of them.
"""

from __future__ import annotations

import concurrent.futures
import threading
import time
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Verdict
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.verify_records import Entry
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import LOGIN_REFUSED
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.course import (
    OF_THE_CODE,
    STEPS,
    blocked_by,
    chosen,
    reach_only,
    shares_code,
    verify,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import (
    FAILED,
    NOTICED,
    PASSED,
    Fault,
    not_run,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import Made, Params

TRIED_ON = 3  # sites of a set on which a step of the code is tried at most
SOUND = (PASSED, NOTICED)
REACH_AT_ONCE = 32  # sites that are asked at the same time if only a response is expected


class Row(t.TypedDict):
    """One declaration, ready for its flow.

    Attributes:
        number: identifies the row.
        site: the site.
        params: the options, and facts about the site. All of it is JSON.
        emails: the email address of a user, by name.
        fault: the parts of a `Fault` if the OAuth client cannot be used.
        equal: rows with the same value have the same code and the same kind of client. None: unknown.
    """

    number: int
    site: str
    params: Params
    emails: dict[str, str]
    fault: list[str] | None
    equal: str | None


class Flown(t.TypedDict):
    """The result of one row.

    Attributes:
        steps: the verdicts.
        requests: the number of requests.
        repeated: whether the site had already rejected this sign-in for an earlier row.
        left: what only an administrator of the site can delete. Empty if the row ran on a bench.
    """

    steps: list[Verdict]
    requests: int
    repeated: bool
    left: list[str]


class Sites:
    """The verification of many sites.

    Args:
        rows: the rows, in the declared order.
        budget: seconds per row.
        parallel: sites at the same time.
        note: writes an entry of the record. It is called from several threads.
        began: is called with the name of a site before its first request.
        done: is called with the name of a site and the results of its rows so far, by number, after its last request.
    """

    def __init__(
        self,
        rows: t.Sequence[Row],
        budget: float,
        parallel: int,
        note: t.Callable[[Entry], None],
        began: t.Callable[[str], None] = lambda _site: None,
        done: t.Callable[[str, dict[int, Flown]], None] = lambda _site, _results: None,
    ):
        self.rows, self.budget, self.parallel, self.note = list(rows), budget, parallel, note
        self.began, self.done = began, done
        self.until = time.monotonic() + self._patience()
        self.results: dict[int, Flown] = {}
        self.locks = {row["site"]: threading.Lock() for row in rows}
        self.by_site: dict[str, list[Row]] = {}
        self.sets: dict[str, list[Row]] = {}
        for row in rows:
            self.by_site.setdefault(row["site"], []).append(row)
            if row["equal"] is not None and row["fault"] is None and shares_code(row["params"]):
                self.sets.setdefault(row["equal"], []).append(row)
        first = {rows[0]["number"] for rows in self.sets.values()}
        self.lean = {row["number"] for rows in self.sets.values() for row in rows} - first
        self.tried: dict[str, list[dict[str, Verdict]]] = {}

    def run(self) -> dict[int, Flown]:
        """Verify all sites.

        Returns:
            The result of each row, by its number.
        """
        waiting = all(reach_only(row["params"]) for row in self.rows)
        at_once = REACH_AT_ONCE if waiting else self.parallel
        with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, min(at_once, len(self.by_site)))) as pool:
            _each(pool, self._site, self.by_site)
            _each(pool, self._set, self.sets)
        for rows in self.sets.values():
            for row in rows:
                if row["number"] in self.lean:
                    self._share(row)
        return self.results

    def _patience(self) -> float:
        """The one deadline of all rows of which only a response is expected."""
        waits = [row["params"]["patience"] for row in self.rows if reach_only(row["params"])]
        return min(max([0.0, *waits]), self.budget)

    def _site(self, site: str) -> None:
        self.began(site)
        refused: dict[str, Verdict] = {}
        with self.locks[site]:
            for row in self.by_site[site]:
                login = str(row["params"]["username"])
                self.results[row["number"]] = self._flow(row, refused.get(login))
                for step in self.results[row["number"]]["steps"]:
                    if step["rule"] == LOGIN_REFUSED:
                        refused.setdefault(login, step)
        self._finished(site)

    def _finished(self, site: str) -> None:
        self.done(site, {row["number"]: self.results[row["number"]] for row in self.by_site[site]})

    def _flow(self, row: Row, refused: Verdict | None, **over: t.Any) -> Flown:
        emails, until = row["emails"], time.monotonic() + self.budget
        facts: t.Any = {"refused": refused, "user_email": lambda name: emails.get(name.lower(), name)}
        if row["number"] in self.lean:
            facts["elsewhere"] = OF_THE_CODE
        if reach_only(row["params"]):
            facts["patience"] = min(row["params"]["patience"], max(0.0, self.until - time.monotonic()))
        params = t.cast("Params", {**row["params"], **facts, **over})
        entries: list[Entry] = []

        def note(entry: Entry) -> None:
            entries.append(entry)
            self.note({"row": row["number"], **entry})

        made = Made(note)
        steps = verify(params, made, until, Fault(*row["fault"]) if row["fault"] else None)
        return {
            "steps": steps,
            "requests": made.requests,
            "repeated": refused is not None,
            "left": left_over(made, entries) if params.get("outside") else [],
        }

    # ---------------------------------------------------------------- steps of the code
    def _set(self, equal: str) -> None:
        """Take the steps of the code from the first row of a set, or from the next healthy one if any did not pass."""
        first, *others = rows = self.sets[equal]
        tried = self.tried[equal] = [self._of_the_code(self.results[first["number"]]["steps"], first["site"])]
        wanted = {name for row in rows for name in chosen(row["params"])}
        names = [name for name in OF_THE_CODE if name in wanted]
        for row in others:
            left = [name for name in names if not any(_sound(one.get(name)) for one in tried)]
            if not left or len(tried) >= TRIED_ON:
                return
            if not self._healthy(row):
                continue
            with self.locks[row["site"]]:
                self.began(row["site"])
                flown = self._flow(row, None, probes=left, elsewhere=())
                self.results[row["number"]]["requests"] += flown["requests"]
                self._finished(row["site"])
            tried.append(self._of_the_code(flown["steps"], row["site"]))

    def _of_the_code(self, steps: list[Verdict], site: str) -> dict[str, Verdict]:
        return {step["name"]: {**step, "site": site} for step in steps if step["name"] in OF_THE_CODE}

    def _healthy(self, row: Row) -> bool:
        """Whether the flow of a row passed as far as the steps of the code need it."""
        verdicts = {step["name"]: step for step in self.results[row["number"]]["steps"]}
        return all(_sound(verdicts.get(name)) for name in ("token", "refresh", "revoke"))

    def _share(self, row: Row) -> None:
        """Copy the results of the shared steps to a row. Another site with the same apps ran these steps."""
        flown, tried = self.results[row["number"]], self.tried[str(row["equal"])]
        verdicts = {step["name"]: step for step in flown["steps"]}
        for name in chosen(row["params"]):
            if name in OF_THE_CODE:
                given = [one[name] for one in tried if name in one]
                best = [one for one in given if _sound(one)] or [one for one in given if one["verdict"] == FAILED]
                shared = [*best, *given, not_run(name, "no site with the same apps could run this step")][0]
                verdicts[name] = blocked_by(name, verdicts) or _for(row["site"], shared)
        flown["steps"] = [verdicts[name] for name in STEPS if name in verdicts]


def left_over(made: Made, entries: list[Entry]) -> list[str]:
    """What a verification without a bench cannot remove."""
    lost = {
        kind: sum(one.get("asks") == kind for one in entries) - sum(one.get("answered") == kind for one in entries)
        for kind in ("token", "session")
    }
    counts = {
        "authorization codes, unless Frappe has deleted them": len(made.codes),
        "tokens that could not be revoked": len(made.alive),
        "tokens whose response may have been lost": lost["token"],
        "sessions whose response may have been lost": lost["session"],
    }
    return [f"{count} {what}" for what, count in counts.items() if count]


def _sound(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict["verdict"] in SOUND


def _for(site: str, shared: Verdict) -> Verdict:
    """The verdict as it is reported for a site: with the name of the site that took the step, if that is another."""
    verdict = t.cast("Verdict", dict(shared))
    if verdict.get("site") == site:
        del verdict["site"]
    return verdict


def _each(pool: concurrent.futures.Executor, task: t.Callable[[str], None], names: t.Iterable[str]) -> None:
    """Run a task for each name, and wait for all of them."""
    for one in [pool.submit(task, name) for name in names]:
        one.result()
