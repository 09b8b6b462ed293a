# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rows the cleanup of a verification deletes: those with a recorded hash, and those of a lost response."""

from __future__ import annotations

import datetime
import types

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.verify_records import create, digest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.verify_end import CODE, TOKEN, Cleanup

BEGAN, CLOCK = datetime.datetime(2026, 1, 1, 12, 0, 0), 1000.0


def claim(**more):
    empty = {"codes": [], "tokens": [], "sessions": [], "lost_tokens": [], "lost_sessions": []}
    about = {"run": "r", "site": "a", "client": "c", "user": "u", "nonce": "n", "since": str(BEGAN), "clock": CLOCK}
    return {**about, **empty, **more}


def token(name, after, user="u", client="c", access=None):
    at = BEGAN + datetime.timedelta(seconds=after)
    return {"name": name, "access_token": access or name, "user": user, "client": client, "creation": at}


class Database:
    """The part of Frappe that the cleanup uses, with tokens and sessions in lists."""

    def __init__(self, tokens=(), sessions=()):
        self.tokens, self.sessions, self.ended = list(tokens), list(sessions), []
        self.db = types.SimpleNamespace(
            rollback=list, commit=list, delete=self.delete, sql=lambda *_args: self.sessions
        )
        self.utils = types.SimpleNamespace(get_datetime=lambda one: datetime.datetime.fromisoformat(str(one)))

    def get_all(self, doctype, filters, fields=None, pluck=None):
        if doctype == TOKEN and fields:
            since = filters["creation"][1]
            return [one for one in self.tokens if one["client"] == filters["client"] and str(one["creation"]) >= since]
        names = filters.get("name", [None, []])[1] if doctype == TOKEN else ()
        return [one["name"] for one in self.tokens if one["name"] in names]

    def delete(self, doctype, filters):
        if doctype == TOKEN:
            self.tokens = [one for one in self.tokens if one["name"] != filters["name"]]

    def get_attr(self, _name):
        return self.ended.append


def cleaned(tmp_path, database, *claimed):
    cleanup = Cleanup(types.SimpleNamespace(frappe=database, about_to_write=list), list(claimed), str(tmp_path), ["r"])
    return cleanup.run(), cleanup.kept, [one["name"] for one in database.tokens]


def test_a_token_is_deleted_by_its_hash_however_frappe_stores_it(tmp_path):
    stored = [token("raw", 1), token("random", 2, access=digest("at-rest")), token("of-another", 3)]
    mine = claim(tokens=[digest("raw"), digest("at-rest")])
    removed, kept, left = cleaned(tmp_path, Database(stored), mine)
    assert (removed["tokens"], kept, left) == (2, "", ["of-another"])


def test_a_lost_response_is_found_in_the_time_of_its_request_only(tmp_path):
    stored = [token("early", 2), token("lost", 31), token("later", 400), token("other-user", 31, user="v")]
    removed, _kept, left = cleaned(tmp_path, Database(stored), claim(lost_tokens=[CLOCK + 30]))
    assert removed["tokens"] == 1 and left == ["early", "later", "other-user"]


@pytest.mark.parametrize(
    ("other", "stays"),
    [({}, True), ({"client": "d"}, False), ({"user": "v"}, False), ({"site": "b"}, False)],
)
def test_a_lost_response_stays_while_another_verification_may_own_it(tmp_path, other, stays):
    record = create(str(tmp_path), [{"row": 0, **claim(**other)}])
    _removed, kept, left = cleaned(tmp_path, Database([token("lost", 31)]), claim(lost_tokens=[CLOCK + 30]))
    record.remove()
    assert (left == ["lost"]) is stays and bool(kept) is stays


def test_a_recorded_token_goes_although_another_verification_runs(tmp_path):
    record = create(str(tmp_path), [{"row": 0, **claim()}])
    removed, kept, left = cleaned(tmp_path, Database([token("mine", 1)]), claim(tokens=[digest("mine")]))
    record.remove()
    assert (removed["tokens"], kept, left) == (1, "", [])


def test_sessions_end_by_hash_and_a_lost_one_only_if_nobody_else_signed_in(tmp_path):
    at = BEGAN + datetime.timedelta(seconds=31)
    one = Database(sessions=[("mine", BEGAN), ("old", BEGAN - datetime.timedelta(days=1)), ("lost", at)])
    cleaned(tmp_path, one, claim(sessions=[digest("mine")], lost_sessions=[CLOCK + 30]))
    assert sorted(one.ended) == ["lost", "mine"]
    two = Database(sessions=[("lost", at), ("of-a-person", at)])
    cleaned(tmp_path, two, claim(lost_sessions=[CLOCK + 30]))
    assert two.ended == []


def test_a_row_that_cannot_be_deleted_is_an_error(tmp_path):
    database = Database([token("mine", 1)])
    database.db.delete = lambda *_args: None
    with pytest.raises(Exception, match="could not be deleted"):
        cleaned(tmp_path, database, claim(tokens=[digest("mine")]))
    assert CODE
