# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated secrets appear nowhere but in the store, and a killed rotation loses none."""

from __future__ import annotations

import time

import pytest
from killed_runs import kill_all
from stored_keys import CLERK, MANAGER, MODULE, PAIR, SITE
from watched_run import Watched


# ---------------------------------------------------------------- the canary
def test_no_secret_is_in_any_output_or_file_or_argument(keys, tmp_path):
    """Generated and given secrets do not appear at -vvvv --diff, in temporary files or in process arguments."""
    variables = {"canary": {MANAGER: PAIR}}
    common = {"bench_path": str(keys.demo.path), "secrets_store": keys.store}
    client = {"app_name": "Canary", "redirect_uris": ["https://app.example.com/cb"], "store_secret": True}
    tasks = [
        {"name": state, f"benchkeeper.frappe.{MODULE}": {**common, "state": state, "name": SITE, "users": [CLERK]}}
        for state in ("present", "rotated")
    ]
    given = [{"name": SITE, "users": [MANAGER], "secrets": "{{ canary }}"}]
    tasks += [
        {"name": "Given", f"benchkeeper.frappe.{MODULE}": {**common, "sites": given}},
        {"name": "Given, bad", "ignore_errors": True, f"benchkeeper.frappe.{MODULE}": {**common, "sites": [
            {"name": SITE, "users": ["nobody@demo.example"], "secrets": "{{ canary }}"}]}},
        {"name": "Client", "benchkeeper.frappe.frappe_oauth_client": {**common, **client, "name": SITE}},
        {"name": "Rotate", "benchkeeper.frappe.frappe_oauth_client": {**common, **client, "name": SITE,
                                                                      "rotate_secret": True}},
    ]  # fmt: skip
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = keys.demo.start(
        keys.demo.play(tasks),
        "-vvvv",
        "--diff",
        ansible_remote_tmp=str(temporary),
        ansible_pipelining=False,  # the action plugin enables it itself
        **variables,
    )
    seen = Watched(process, [temporary]).until_end().seen
    assert process.returncode == 0, seen["terminal"]
    secrets = [PAIR["api_secret"], keys.kept()[CLERK]["api_secret"], keys.kept()[CLERK]["api_key"]]
    secrets.append(keys.kept("oauth_clients")["Canary"]["client_secret"])
    everything = "\n".join(text for texts in seen.values() for text in texts)
    assert sum(map(len, seen.values())) > 20 and "no_log" in everything.lower()
    for number, secret in enumerate(secrets):
        assert secret not in everything, number
    logs = [path for path in keys.demo.path.rglob("*") if "logs" in path.parts and path.is_file()]
    assert not any(secret.encode() in path.read_bytes() for path in logs for secret in secrets)
    keys.demo.execute(SITE, "delete from \"tabOAuth Client\" where app_name = 'Canary'")


# ---------------------------------------------------------------- kills
def started(keys, when):
    return time.monotonic() - when > 1.0


def on_its_way(keys, _when):
    return "pending" in keys.kept()[CLERK]


def on_its_way_for_a_while(keys, when):
    return on_its_way(keys, when) and not time.sleep(0.25)


def written(keys, _when):
    return keys.users()[CLERK]["api_key"] != keys.before["api_key"]


def finished(keys, _when):
    return written(keys, _when) and not on_its_way(keys, _when)


def killed_at(keys, task, instant):
    """Rotate, and kill the run at the instant. Return whether it still ran then."""
    keys.run(("create", {}))
    keys.before = keys.kept()[CLERK]
    play = keys.demo.play([task])  # every play of the bench is in the same file
    began = time.monotonic()
    with keys.demo.start(play) as process:
        while process.poll() is None:
            if instant(keys, began):
                kill_all(process)
                process.communicate()
                return True
            time.sleep(0.002)
        assert process.communicate() and process.returncode == 0
    return False


@pytest.mark.parametrize("then", ["present", "rotated"])
@pytest.mark.parametrize("instant", [started, on_its_way, on_its_way_for_a_while, written, finished])
def test_a_rotation_that_is_killed_loses_nothing(keys, instant, then):
    task = {"bench_path": str(keys.demo.path), "name": SITE, "users": [CLERK], "secrets_store": keys.store}
    task = {"name": "Rotate", f"benchkeeper.frappe.{MODULE}": {**task, "state": "rotated"}}
    # On a busy machine, a run can end before this process sees the instant.
    assert any(killed_at(keys, task, instant) for _try in range(10)), "no run was killed"
    entry = keys.kept()[CLERK]
    on_the_way = entry.get("pending")
    assert CLERK in [keys.login(pair) for pair in (entry, on_the_way) if pair]
    assert instant is started or instant is finished or instant is written or on_the_way
    (result,) = keys.run(("next", {"state": then})).values()
    assert not result.get("failed"), result
    last = keys.kept()[CLERK]
    assert "pending" not in last and keys.login(last) == CLERK
    if on_the_way:
        assert last == {part: on_the_way[part] for part in ("api_key", "api_secret")}
    leftovers = [path.name for path in keys.file().parent.iterdir()]
    assert leftovers == [f"{SITE}.yml"]
