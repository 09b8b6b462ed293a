# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Explain failed steps and delete what a verification created: the job of frappe_oauth_verify after the last request.

The same job cleans up after an interrupted verification, whose record shows what it created. A row is deleted only if
its name has a recorded hash, or if it contains the nonce of the verification. If a response was lost, no hash is known.
Then the rows of this client and user in the time of that request are deleted, unless another verification is recorded
for both.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.errors import Impossible
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Verdict
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.verify_records import (
    Claim,
    claims,
    digest,
    paths,
    run_of,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.causes import add_causes
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.verify import find_user
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.rules import remedy_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import LOGIN_REFUSED

REPEATABLE = True  # rows that an earlier try deleted are not found again
CODE, TOKEN, DELETED, FEED = "OAuth Authorization Code", "OAuth Bearer Token", "Deleted Document", "Comment"
REPEATED = "rejected for another client, so it was not tried again"
EARLIER = 2.0  # seconds by which the clocks of the processes may differ
LONGEST = 120.0  # seconds after which no server still works on a request: the timeout of bench's gunicorn and nginx


class Removed(t.TypedDict):
    """The number of deleted rows by kind."""

    codes: int
    tokens: int
    sessions: int


class Ended(t.TypedDict):
    """The result for one site.

    Attributes:
        steps: the verdicts of each row, with their causes.
        removed: what was deleted: codes, tokens and sessions.
        kept: why something may be left for the next run. Empty if nothing is left.
    """

    steps: list[list[Verdict]]
    removed: Removed
    kept: str


def job(site: t.Any, item: dict[str, t.Any], common: dict[str, t.Any]) -> Ended:
    """Clean up, then add the causes of failed steps.

    ``item["rows"]`` are the rows of a verification with their verdicts; none after an interrupted one.
    ``item["claims"]`` is what was recorded. ``common["records"]`` is the directory of the records, and
    ``common["runs"]`` are the ids of the records that are cleaned up now.
    """
    removed, kept = nothing(), ""
    if item["claims"]:
        cleanup = Cleanup(site, item["claims"], common["records"], common["runs"])
        removed, kept = cleanup.run(), cleanup.kept
    refused: dict[str, Verdict] = {}
    for row in item["rows"]:
        _explain(site.frappe, row, refused)
    return {"steps": [row["steps"] for row in item["rows"]], "removed": removed, "kept": kept}


def nothing() -> Removed:
    """The result if nothing was deleted."""
    return {"codes": 0, "tokens": 0, "sessions": 0}


def _explain(frappe: t.Any, row: dict[str, t.Any], refused: dict[str, Verdict]) -> None:
    """Add the causes of a row's failed steps. A sign-in that was not repeated has the cause of the first one."""
    params = {**row["params"], "find_user": functools.partial(find_user, frappe)}
    login, steps = str(params["username"]), row["steps"]
    repeated = [step for step in steps if step["name"] == "login" and row["repeated"] and login in refused]
    others = [step for step in steps if step not in repeated]
    signed_in = [step for step in others if step["rule"] == LOGIN_REFUSED]
    add_causes(others, frappe, t.cast("t.Any", params), remedy_of, row["since"])
    for step in signed_in:
        refused.setdefault(login, step)
    for step in repeated:
        first = refused[login]
        step.update(rule=first["rule"], remedy=first["remedy"])
        step["reason"] = "; ".join(filter(None, [first["reason"], REPEATED]))


class Cleanup:
    """The deletion of what verifications created on one site.

    Args:
        site: the connected site.
        claimed: what was recorded.
        folder: the directory of the records.
        runs: the ids of the verifications that are cleaned up.

    Attributes:
        kept: why something may be left. Empty if nothing is left.
    """

    def __init__(self, site: t.Any, claimed: list[Claim], folder: str, runs: t.Collection[str]):
        self.site, self.frappe, self.db = site, site.frappe, site.frappe.db
        self.claimed, self.folder, self.runs, self.kept = claimed, folder, runs, ""

    def run(self) -> Removed:
        """Delete everything, commit, and look again.

        Returns:
            The number of deleted rows by kind.

        Raises:
            Impossible: a row is still there.
        """
        self.site.about_to_write()
        self.db.rollback()  # the web process wrote rows since this transaction began
        codes, copies = self._codes()
        tokens, sessions = self._tokens(), self._sessions()
        for doctype, names in ((CODE, codes), (TOKEN, tokens)):
            for name in names:
                self.db.delete(doctype, {"name": name})
        self.db.commit()
        for name in codes | copies:
            self.db.delete(DELETED, {"deleted_doctype": CODE, "deleted_name": name})
            self.db.delete(
                FEED, {"comment_type": "Deleted", "reference_doctype": CODE, "subject": ["like", f"%{name}"]}
            )
        self.db.commit()
        for sid in sessions:
            self.frappe.get_attr("frappe.sessions.delete_session")(sid)
        left = [*self._there(CODE, codes), *self._there(TOKEN, tokens)]
        if left:
            raise Impossible(
                f"{len(left)} codes or tokens of the verification could not be deleted. Check the site's Error Log. "
                "The next run tries again"
            )
        return {"codes": len(codes), "tokens": len(tokens), "sessions": len(sessions)}

    def _there(self, doctype: str, names: set[str]) -> list[str]:
        return self.frappe.get_all(doctype, filters={"name": ["in", sorted(names)]}, pluck="name") if names else []

    # ---------------------------------------------------------------- codes
    def _codes(self) -> tuple[set[str], set[str]]:
        """The names of codes, and of codes that Frappe deleted itself.

        When Frappe deletes a code, it keeps a copy in Deleted Document and its name in the feed of Desk.
        """
        codes, copies = set(), set()
        for claim in self.claimed:
            with contextlib.suppress(Exception):  # older versions of Frappe do not have this column
                codes |= set(self.frappe.get_all(CODE, filters={"nonce": claim["nonce"]}, pluck="name"))
            if claim["codes"]:
                rows = self.frappe.get_all(CODE, filters={"client": claim["client"]}, pluck="name")
                codes |= {name for name in rows if _is_in(claim["codes"], name)}
                deleted = {"deleted_doctype": CODE, "creation": [">=", self._at(claim, claim["clock"] - EARLIER)]}
                rows = self.frappe.get_all(DELETED, filters=deleted, pluck="deleted_name")
                copies |= {name for name in rows if _is_in(claim["codes"], name)}
        return codes, copies

    # ---------------------------------------------------------------- tokens
    def _tokens(self) -> set[str]:
        names: set[str] = set()
        for claim in self.claimed:
            since = {"client": claim["client"], "creation": [">=", self._at(claim, claim["clock"] - EARLIER)]}
            rows = self.frappe.get_all(TOKEN, filters=since, fields=["name", "access_token", "user", "creation"])
            names |= {row["name"] for row in rows if _is_in(claim["tokens"], row["name"], row["access_token"])}
            if not claim["lost_tokens"]:
                continue
            unknown = [row for row in rows if row["name"] not in names and row["user"] == claim["user"]]
            lost = self._in_time(claim, "lost_tokens", [(row["name"], row["creation"]) for row in unknown])
            if lost and self._contested(claim, by_client=True):
                self.kept = (
                    "another verification uses the same client and user, so a token whose response was lost stays"
                )
            elif lost:
                names |= {row["name"] for row in unknown if row["name"] in lost}
        return names

    # ---------------------------------------------------------------- sessions
    def _sessions(self) -> set[str]:
        sids: set[str] = set()
        for claim in self.claimed:
            rows = self.db.sql("select s.sid, s.lastupdate from `tabSessions` s where s.user = %s", (claim["user"],))
            sids |= {sid for sid, _at in rows if _is_in(claim["sessions"], sid)}
            if not claim["lost_sessions"]:
                continue
            unknown = [(sid, at) for sid, at in rows if sid not in sids]
            lost = self._in_time(claim, "lost_sessions", unknown)
            if lost and self._contested(claim, by_client=False):
                self.kept = "another verification signs in as the same user, so a session whose response was lost stays"
            elif len(lost) <= len(claim["lost_sessions"]):  # more of them: somebody else signed in too
                sids |= lost
        return sids

    # ---------------------------------------------------------------- identity
    def _in_time(self, claim: Claim, kind: str, rows: t.Iterable[tuple[str, t.Any]]) -> set[str]:
        """The names of the rows that were created during a request whose response was lost."""
        begins: list[float] = t.cast("t.Any", claim)[kind]
        spans = [(self._at(claim, at - EARLIER), self._at(claim, at + LONGEST)) for at in begins]
        return {
            name
            for name, made in rows
            if any(first <= str(self.frappe.utils.get_datetime(made)) <= last for first, last in spans)
        }

    def _contested(self, claim: Claim, by_client: bool) -> bool:
        """Whether another verification is recorded for the same user of the site, and for the same client if asked.

        The records are read after the rows: a verification is recorded before its first request.
        """
        return any(
            (other["site"], other["user"]) == (claim["site"], claim["user"])
            and (not by_client or other["client"] == claim["client"])
            for path in paths(self.folder)
            if run_of(path) not in self.runs
            for other in claims(path)
        )

    def _at(self, claim: Claim, clock: float) -> str:
        """An instant in the time zone of the site, as Frappe stores it."""
        since = self.frappe.utils.get_datetime(claim["since"])
        return str(since + datetime.timedelta(seconds=clock - claim["clock"]))


def _is_in(hashes: t.Collection[str], *values: str | None) -> bool:
    """Whether any of these values has a recorded hash, or is one: newer versions of Frappe store the hash itself."""
    return any(value in hashes or digest(value) in hashes for value in values if value)
