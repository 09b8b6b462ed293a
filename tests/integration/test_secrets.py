# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated secrets: a search for canaries, and killed runs."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from kept import CLERK, MANAGER, MODULE, PAIR, SITE


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
    seen: set[str] = set()
    process = keys.demo.start(
        keys.demo.play(tasks),
        "-vvvv",
        "--diff",
        ansible_remote_tmp=str(temporary),
        ansible_pipelining=False,  # the action plugin enables it itself
        **variables,
    )
    with process:
        out, err = watched(process, seen, temporary)
    assert process.returncode == 0, out + err
    secrets = [PAIR["api_secret"], keys.kept()[CLERK]["api_secret"], keys.kept()[CLERK]["api_key"]]
    secrets.append(keys.kept("oauth_clients")["Canary"]["client_secret"])
    everything = "\n".join([out, err, *seen])
    assert len(seen) > 20 and "no_log" in everything.lower()
    for number, secret in enumerate(secrets):
        assert secret not in everything, number
    logs = [path for path in keys.demo.path.rglob("*") if "logs" in path.parts and path.is_file()]
    assert not any(secret.encode() in path.read_bytes() for path in logs for secret in secrets)
    keys.demo.execute(SITE, "delete from \"tabOAuth Client\" where app_name = 'Canary'")


def watched(process, seen, folder):
    """The output of a process. ``seen`` collects arguments, environments and files below a directory meanwhile."""
    output: list[str] = []
    reader = threading.Thread(target=lambda: output.extend(process.communicate()), daemon=True)
    reader.start()
    while reader.is_alive():
        for child in descendants(process.pid):
            for what in ("cmdline", "environ"):
                try:
                    seen.add(Path(f"/proc/{child}/{what}").read_bytes().decode(errors="replace"))
                except OSError:
                    pass
        for path in folder.rglob("*"):
            try:
                seen.add(path.read_bytes().decode(errors="replace"))
            except OSError:
                pass
        time.sleep(0.01)
    return output


# ---------------------------------------------------------------- kills
def descendants(pid):
    """A process and all its current descendants."""
    found = [pid]
    for number in found:
        try:
            for task in os.listdir(f"/proc/{number}/task"):
                found += [int(n) for n in Path(f"/proc/{number}/task/{task}/children").read_text().split()]
        except OSError:
            pass
    return found


def kill(process):
    """Send SIGKILL to a process and all its descendants. They are stopped first, so none starts another."""
    for sign in (signal.SIGSTOP, signal.SIGKILL):
        for pid in descendants(process.pid):
            try:
                os.kill(pid, sign)
            except ProcessLookupError:
                pass


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


@pytest.mark.parametrize("then", ["present", "rotated"])
@pytest.mark.parametrize("instant", [started, on_its_way, on_its_way_for_a_while, written, finished])
def test_a_rotation_that_is_killed_loses_nothing(keys, instant, then):
    keys.run(("create", {}))
    keys.before = keys.kept()[CLERK]
    task = {"bench_path": str(keys.demo.path), "name": SITE, "users": [CLERK], "secrets_store": keys.store}
    play = keys.demo.play([{"name": "Rotate", f"benchkeeper.frappe.{MODULE}": {**task, "state": "rotated"}}])
    began = time.monotonic()
    with keys.demo.start(play) as process:
        while not instant(keys, began):
            assert process.poll() is None, "it ended before the instant came"
            time.sleep(0.002)
        kill(process)
        process.communicate()
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
