# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugins that write to the secrets store: a kill at any step loses no secret."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest
from ansible.parsing.vault import VaultSecret
from ansible_collections.benchkeeper.frappe.plugins.action.frappe_oauth_client import ActionModule as ClientAction
from ansible_collections.benchkeeper.frappe.plugins.action.frappe_user_api_key import ActionModule as KeyAction
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import failed_row, row_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.api_keys import _row
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan import api_keys as key_plans
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan import clients as client_plans
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.apply import apply_clients
from ansible_collections.benchkeeper.frappe.plugins.plugin_utils._secrets_store import SecretsStore
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SITE, BENCH = "crm.example.com", "/home/frappe/frappe-bench"
VAULT = [("default", VaultSecret(b"first"))]
USERS = ("a@example.com", "b@example.com")


def opened(folder, host="one"):
    return SecretsStore(str(folder), host, VAULT)


class Killed(BaseException):
    """Simulates SIGKILL: nothing of the run happens after it."""


class Kill:
    """Counts the steps that change something, and kills the run before a given step."""

    def __init__(self, at=None):
        self.at, self.count = at, 0

    def step(self):
        self.count += 1
        if self.at is not None and self.count > self.at:
            raise Killed


class KilledStore(SecretsStore):
    kill = None

    def write(self, site, content):
        self.kill.step()
        super().write(site, copy.deepcopy(content))
        self.kill.step()


class Site:
    """The users of one site and the module, with the real plan."""

    def __init__(self, **pairs):
        self.pairs, self.sent = pairs, []

    def module(self, kill, args, check_mode):
        rows = []
        for item in args["sites"]:
            declared = {**args, **item}
            self.sent.append(declared.get("secrets"))
            users = [
                key_plans.User(name, api_key=pair and pair[0], has_secret=bool(pair), api_secret=pair and pair[1])
                for name, pair in self.pairs.items()
            ]
            (step,) = key_plans.plan_keys([declared], key_plans.KeyState(users))
            if step.needs_secret and not check_mode:
                rows.append(failed_row(item["name"], "no secret", users=[], needs_secret=step.needs_secret))
                continue
            if not check_mode and step.changed:
                kill.step()
                for change in step.changes:
                    if change.action == "removed":
                        self.pairs[change.user] = None
                    elif change.pair:
                        self.pairs[change.user] = (change.pair["api_key"], change.pair["api_secret"])
                kill.step()
            rows.append(row_of(item["name"], **_row(step, [])))
        return {"changed": any(row["changed"] for row in rows), "sites": rows}


class ActionRun:
    """An action plugin without Ansible."""

    def __init__(self, args, site, kill=None, check_mode=False):
        self.args, self.site, self.kill = args, site, kill or Kill()
        self._task = SimpleNamespace(check_mode=check_mode)

    def module(self, args, check_mode=None, async_too=False):
        return self.site.module(self.kill, args, check_mode)

    def run_with(self, folder, host="one"):
        store = KilledStore(str(folder), host, VAULT)
        store.kill = self.kill
        with store.held():
            return self.with_store([{"name": SITE, **item} for item in self.args.get("items", [{}])], store)


class KeyRun(ActionRun, KeyAction):
    """frappe_user_api_key."""


def run(folder, site, at=None, check_mode=False, host="one", **args):
    try:
        return KeyRun({"bench_path": BENCH, "users": USERS, **args}, site, Kill(at), check_mode).run_with(folder, host)
    except Killed:
        return None


def kept(folder, host="one", section="api_keys"):
    return opened(folder, host).read(SITE, BENCH)[section]


def pair_of(entry):
    return (entry["api_key"], entry["api_secret"])


def known_pairs(folder, user):
    entry = kept(folder).get(user, {})
    return [pair_of(value) for value in (entry, entry.get("pending", {})) if value.get("api_secret")]


def test_a_creation_a_rotation_and_a_removal(tmp_path):
    site = Site(**dict.fromkeys(USERS))
    foreseen = run(tmp_path, site, check_mode=True)
    assert foreseen["sites"][0]["needs_secret"] == list(USERS) and kept(tmp_path) == {}
    made = run(tmp_path, site)
    assert [change["action"] for change in made["sites"][0]["users"]] == ["created"] * 2
    assert {user: pair_of(entry) for user, entry in kept(tmp_path).items()} == site.pairs
    assert run(tmp_path, site)["changed"] is False
    before = dict(site.pairs)
    assert run(tmp_path, site, state="rotated", users=USERS[:1])["changed"]
    assert site.pairs[USERS[0]] != before[USERS[0]] and site.pairs[USERS[1]] == before[USERS[1]]
    assert {user: pair_of(entry) for user, entry in kept(tmp_path).items()} == site.pairs
    assert run(tmp_path, site, state="absent")["changed"]
    assert kept(tmp_path) == {} and set(site.pairs.values()) == {None}


def test_every_pair_is_new_long_and_never_the_users_name(tmp_path):
    site = Site(**dict.fromkeys(USERS))
    run(tmp_path, site)
    for key, secret in site.pairs.values():
        assert len(key) == 32 and len(secret) == 43
    assert len({part for pair in site.pairs.values() for part in pair}) == 4


def test_a_key_without_an_entry_is_not_changed_and_none_is_generated(tmp_path):
    site = Site(**{USERS[0]: ("theirs-key", "theirs-secret-0123456789"), USERS[1]: None})
    run(tmp_path, site)
    assert site.pairs[USERS[0]][0] == "theirs-key" and list(kept(tmp_path)) == [USERS[1]]


def test_a_pair_that_was_lost_by_the_site_is_set_again(tmp_path):
    site = Site(**dict.fromkeys(USERS))
    run(tmp_path, site)
    before, site.pairs[USERS[0]] = dict(site.pairs), None
    run(tmp_path, site)
    assert site.pairs == before


def test_pairs_of_the_caller_go_before_those_of_the_store(tmp_path):
    site, own = Site(**dict.fromkeys(USERS)), {"api_key": "own-key-0", "api_secret": "own-secret-0123456789"}
    run(tmp_path, site, secrets={USERS[0].upper(): own})
    assert site.pairs[USERS[0]] == pair_of(own) and list(kept(tmp_path)) == [USERS[1]]


STATES = st.sampled_from(["present", "rotated"])


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs=st.lists(st.tuples(STATES, st.integers(0, 6)), min_size=1, max_size=4), last=STATES)
def test_killed_anywhere_the_live_pair_is_kept_and_the_next_run_finishes(tmp_path_factory, runs, last):
    folder, site = tmp_path_factory.mktemp("store"), Site(**dict.fromkeys(USERS))
    for state, at in runs:
        run(folder, site, at, state=state)
        for user, pair in site.pairs.items():
            assert pair is None or pair in known_pairs(folder, user)
    on_its_way = {user: entry["pending"] for user, entry in kept(folder).items() if "pending" in entry}
    assert run(folder, site, state=last)["sites"][0]["failed"] is False
    entries = kept(folder)
    assert {user: pair_of(entry) for user, entry in entries.items()} == site.pairs
    assert not any("pending" in entry for entry in entries.values())
    for user, pending in on_its_way.items():  # completed with the pending value, not with a new one
        assert site.pairs[user] == pair_of(pending)


@pytest.mark.parametrize("at", range(6))
def test_a_creation_overtaken_by_another_run_keeps_the_other_value(tmp_path, at):
    site = Site(**dict.fromkeys(USERS[:1]))
    run(tmp_path, site, at, users=USERS[:1])
    theirs = ("theirs-key", "theirs-secret-0123456789")
    site.pairs[USERS[0]] = theirs
    run(tmp_path, site, users=USERS[:1])
    assert site.pairs[USERS[0]] == theirs and "pending" not in kept(tmp_path).get(USERS[0], {})


def test_two_stores_know_nothing_of_each_other(tmp_path):
    site, other = Site(**dict.fromkeys(USERS)), Site(**dict.fromkeys(USERS))
    run(tmp_path, site)
    run(tmp_path, other, host="two")
    assert {user: pair_of(entry) for user, entry in kept(tmp_path).items()} == site.pairs
    assert {user: pair_of(entry) for user, entry in kept(tmp_path, "two").items()} == other.pairs
    assert set(site.pairs.values()).isdisjoint(other.pairs.values())


def test_one_file_that_cannot_be_opened_stops_its_site_only(tmp_path):
    site = Site(**dict.fromkeys(USERS))
    store = opened(tmp_path)
    with store.held():
        open(store.file("bad.example.com"), "w").close()
    result = run(tmp_path, site, items=[{"name": "bad.example.com"}, {"name": SITE}])
    assert [(row["name"], row["failed"]) for row in result["sites"]] == [("bad.example.com", True), (SITE, False)]
    assert result["failed"] and result["msg"].startswith("1 of 2 sites failed:\nbad.example.com: secrets_store: ")
    assert all(site.pairs.values())


# ---------------------------------------------------------------- clients
class Clients:
    """An `apply.Store` in memory."""

    fields = list(client_plans.CLIENT_FIELDS)

    def __init__(self):
        self.clients, self.kill = {}, None

    def state(self, roles, uses):
        return client_plans.ClientState(list(self.clients.values()), self.fields, roles)

    def write(self, step):
        self.kill.step()
        name = step.name or f"id{len(self.clients)}"
        secret = {"client_secret": "made-by-the-module"} if step.new_secret else {}
        self.clients[name] = {**self.clients.get(name, {"name": name, "owner": "x"}), **step.values, **secret}
        self.kill.step()
        return name

    def read(self, name):
        return self.clients[name]

    def delete(self, name):
        del self.clients[name]

    def module(self, kill, args, check_mode):
        self.kill = kill
        rows = apply_clients(
            self, [{**args, **i} for i in args["sites"]], {"policy": "warn", "exceptions": []}, check_mode
        )
        rows = [row_of(SITE, **row) for row in rows]
        return {"changed": any(row["changed"] for row in rows), "sites": rows}

    def secret(self, name="id0"):
        return self.clients[name]["client_secret"]


class ClientRun(ActionRun, ClientAction):
    """frappe_oauth_client."""


APP = {"app_name": "Reporting", "redirect_uris": ["https://r.example.com/cb"], "store_secret": True}


def clients(folder, site, at=None, check_mode=False, **args):
    try:
        return ClientRun({"bench_path": BENCH, **APP, **args}, site, Kill(at), check_mode).run_with(folder)
    except Killed:
        return None


def kept_clients(folder):
    return kept(folder, section="oauth_clients")


def test_the_secret_of_a_confidential_client_is_kept_rotated_restored_and_forgotten(tmp_path):
    site = Clients()
    assert clients(tmp_path, site, check_mode=True)["changed"] and kept_clients(tmp_path) == {}
    clients(tmp_path, site)
    first = site.secret()
    assert kept_clients(tmp_path) == {"Reporting": {"client_id": "id0", "client_secret": first}}
    assert clients(tmp_path, site)["changed"] is False
    clients(tmp_path, site, rotate_secret=True)
    second = site.secret()
    assert second != first and kept_clients(tmp_path)["Reporting"]["client_secret"] == second
    site.clients["id0"]["client_secret"] = "changed by hand"
    clients(tmp_path, site)
    assert site.secret() == second
    clients(tmp_path, site, app_name="REPORTING", client_id="id0")  # a different form of the same declaration
    assert list(kept_clients(tmp_path)) == ["Reporting"]
    clients(tmp_path, site, state="absent")
    assert site.clients == {} and kept_clients(tmp_path) == {}


def test_a_secret_without_an_entry_is_not_changed_and_is_reported(tmp_path):
    site = Clients()
    clients(tmp_path, site, store_secret=False)
    assert site.secret() == "made-by-the-module" and kept_clients(tmp_path) == {}
    (row,) = clients(tmp_path, site)["sites"]
    assert [finding["rule"] for finding in row["findings"]] == ["client-secret-unknown"] and not row["changed"]
    assert site.secret() == "made-by-the-module" and kept_clients(tmp_path) == {}
    clients(tmp_path, site, rotate_secret=True)
    assert kept_clients(tmp_path)["Reporting"]["client_secret"] == site.secret() != "made-by-the-module"


@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize("at", range(7))
def test_a_client_whose_run_was_killed_anywhere_is_finished_by_the_next(tmp_path, at, rotate):
    site = Clients()
    if rotate:
        clients(tmp_path, site)
    clients(tmp_path, site, at, rotate_secret=rotate)
    if site.clients:
        entry = kept_clients(tmp_path)["Reporting"]
        assert site.secret() in (entry.get("client_secret"), entry.get("pending", {}).get("client_secret"))
    clients(tmp_path, site)
    assert kept_clients(tmp_path) == {"Reporting": {"client_id": "id0", "client_secret": site.secret()}}


class PartlyFailingClients(Clients):
    """Two sites, one of which does not respond to the first call."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def module(self, kill, args, check_mode):
        self.asked.append([item["name"] for item in args["sites"]])
        told = super().module(
            kill, {**args, "sites": [item for item in args["sites"] if item["name"] == SITE]}, check_mode
        )
        silent = [failed_row(name, "no answer", pruned=False) for name in self.asked[-1] if name != SITE]
        return {**told, "sites": [*silent, *told["sites"]], "failed": bool(silent)}


def test_a_site_that_did_not_answer_is_given_no_secret_that_nobody_keeps(tmp_path):
    site = PartlyFailingClients()
    both = [{"name": "silent.example.com"}, {"name": SITE}]
    clients(tmp_path, site)
    site.asked.clear()
    result = clients(tmp_path, site, rotate_secret=True, items=both)
    assert site.asked == [["silent.example.com", SITE], [SITE]]
    assert [(row["name"], row["failed"], row["changed"]) for row in result["sites"]] == [
        ("silent.example.com", True, False),
        (SITE, False, True),
    ]
    assert result["failed"] and "silent.example.com: no answer" in result["msg"]
    assert kept_clients(tmp_path)["Reporting"]["client_secret"] == site.secret()


def test_a_client_that_was_made_elsewhere_meanwhile_keeps_its_secret(tmp_path):
    site = Clients()
    clients(tmp_path, site, at=2)  # pending, not sent
    site.clients["x"] = {"name": "x", "owner": "y", "app_name": "Reporting", "client_secret": "theirs"}
    site.clients["x"]["redirect_uris"] = APP["redirect_uris"][0]
    (row,) = clients(tmp_path, site)["sites"]
    assert site.secret("x") == "theirs" and kept_clients(tmp_path) == {}
    assert "client-secret-unknown" in [finding["rule"] for finding in row["findings"]]


@pytest.mark.parametrize("rotate", [False, True])
def test_a_client_created_elsewhere_meanwhile_is_predicted_and_can_be_rotated(tmp_path, rotate):
    """Check mode predicts what the run does, and a rotation keeps the secret that it sets."""
    site = Clients()
    clients(tmp_path, site, at=2)  # pending, not sent
    site.clients["x"] = {"name": "x", "owner": "y", "app_name": "Reporting", "client_secret": "theirs"}
    site.clients["x"].update(redirect_uris=APP["redirect_uris"][0], default_redirect_uri=APP["redirect_uris"][0])
    on_disk = kept_clients(tmp_path)
    foreseen = clients(tmp_path, site, check_mode=True, rotate_secret=rotate)
    assert kept_clients(tmp_path) == on_disk and site.secret("x") == "theirs"
    done = clients(tmp_path, site, rotate_secret=rotate)
    for result in (foreseen, done):
        assert result["sites"][0]["action"] == ("updated" if rotate else "unchanged")
    assert foreseen["sites"][0]["diff"] == done["sites"][0]["diff"]
    if rotate:
        assert site.secret("x") not in (
            "theirs",
            "made-by-the-module",
            on_disk["Reporting"]["pending"]["client_secret"],
        )
        assert kept_clients(tmp_path) == {"Reporting": {"client_id": "x", "client_secret": site.secret("x")}}
    else:
        assert site.secret("x") == "theirs" and kept_clients(tmp_path) == {}


def test_two_clients_of_one_name_have_an_entry_each(tmp_path):
    site = Clients()
    clients(tmp_path, site, items=[{"client_id": "one"}, {"client_id": "two", "app_name": "Reporting 2"}])
    assert {key: entry["client_secret"] for key, entry in kept_clients(tmp_path).items()} == {
        name: site.secret(name) for name in ("one", "two")
    }
