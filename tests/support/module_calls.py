# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs many module calls, each in its own process, without the overhead of Ansible, which is a second per call.

Standard input: ``{"collections": PATH, "calls": [{"module", "args", "check_mode", "uid", "gid"}]}``. Standard output: a
list with the result of each call. If the output is not a result, ``crash`` has the output.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import tempfile
import traceback

MODULES = "ansible_collections.benchkeeper.frappe.plugins.modules."


def call(run, basic, one: dict, temporary: str) -> None:
    """In the child: call the module's main as Ansible's wrapper on the managed host does."""
    if os.geteuid() != one["uid"]:
        os.setgroups([])
        os.setgid(one["gid"])
        os.setuid(one["uid"])
    given = {**one["args"], "_ansible_check_mode": one["check_mode"], "_ansible_diff": True, "_ansible_verbosity": 0}
    given["_ansible_remote_tmp"] = temporary
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    out, sys.stdout = sys.stdout, io.StringIO()
    try:
        run.main()
    except SystemExit:
        pass
    except BaseException:  # any exception is reported as a crash
        sys.stdout.write(traceback.format_exc())
    out.write(sys.stdout.getvalue())
    out.flush()


def warmed_up(name: str, basic, temporary: str):
    """Import the module and all its dependencies: the owner of the bench may not be able to read them."""
    run = importlib.import_module(MODULES + name)
    for needed in ("encodings.idna", "ansible_collections.benchkeeper.frappe.plugins.module_utils._rest"):
        importlib.import_module(needed)
    with contextlib.redirect_stdout(io.StringIO()):
        call(run, basic, {"args": {}, "check_mode": True, "uid": os.geteuid()}, temporary)
    return run


def result_of(text: str) -> dict:
    """The output of a module, parsed as by Ansible."""
    try:
        return json.loads(text[text.index("{") :])
    except ValueError:
        return {"crash": text}


def answer(run, basic, one: dict, temporary: str) -> dict:
    """The result of one call, in its own child process."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        os.dup2(write_end, 1)
        sys.stdin = open(os.devnull)
        sys.stdout = open(1, "w", closefd=False)
        call(run, basic, one, temporary)
        os._exit(0)
    os.close(write_end)
    with open(read_end) as said:
        printed = said.read()
    os.waitpid(child, 0)
    return result_of(printed)


def main() -> None:
    """Serve one request."""
    request = json.load(sys.stdin)
    from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

    _AnsibleCollectionFinder(paths=[request["collections"]])._install()
    basic = importlib.import_module("ansible.module_utils.basic")
    results = []
    with tempfile.TemporaryDirectory(prefix="benchkeeper-calls-") as temporary:
        os.chmod(temporary, 0o1777)  # each owner's module creates its directory there; none removes it
        runs = {name: warmed_up(name, basic, temporary) for name in {one["module"] for one in request["calls"]}}
        for one in request["calls"]:
            results.append(answer(runs[one["module"]], basic, one, temporary))
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
