# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invalid input gives a clear error or the right result: no traceback, no write on an error or outside the bench."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import module_calls
import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.faults import faults
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.merge import merge
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.shapes import Mistake
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.steps import rows_of
from checkout import ROOT
from invalid_input import CANARY, CRASH, Case, bases, cases_of, declarations_of, documented, faults_of, outside
from invalid_input_by_hand import by_hand, inventories, through_ansible

ODD = {"odd.test": '{"host_name": 5, "domains": 7, "db_name": []}', "broken.test": '{"db_name": ', "half.test": None}


class Ground:
    """The ground with some incomplete sites, and the state that invalid calls must not change.

    Attributes:
        ground: the bench.
        site: the site of the calls.
    """

    def __init__(self, ground, folder: Path):
        self.ground, self.site, self.folder = ground, ground.sites[-1], folder
        self.user = ground.users["clerk"]["email"]
        self.sites, self.outside = ground.path / "sites", ground.folder / "outside.test"
        self.bases = bases(self.site, self.user, ground.variables)

    def __enter__(self) -> Ground:
        owner = self.sites.stat()
        self.outside.mkdir()
        (self.outside / "site_config.json").write_text('{"db_name": "outside"}')
        for name, config in ODD.items():
            (self.sites / name).mkdir()
            if config:
                (self.sites / name / "site_config.json").write_text(config)
        (self.sites / "linked.test").symlink_to(self.outside)
        for path in (self.outside, *(self.sites / name for name in ODD)):
            for each in (path, *path.iterdir()):
                os.chown(each, owner.st_uid, owner.st_gid)
        return self

    def __exit__(self, *_error: object) -> None:
        (self.sites / "linked.test").unlink()
        for path in (self.outside, *(self.sites / name for name in ODD)):
            shutil.rmtree(path)

    def run(self, cases: list[Case], check_mode: bool) -> list[dict]:
        """Run each call in its own process, as the owner of the bench; those of nginx as root."""
        owner = self.sites.stat()
        calls = [
            {
                "module": case.module,
                "args": {"bench_path": str(self.ground.path), **case.args},
                "check_mode": check_mode,
                "uid": 0 if case.module == "frappe_nginx_edge" and os.geteuid() == 0 else owner.st_uid,
                "gid": owner.st_gid,
            }
            for case in cases
        ]
        done = subprocess.run(
            [sys.executable, module_calls.__file__],
            input=json.dumps({"collections": str(ROOT / ".ansible" / "collections"), "calls": calls}),
            capture_output=True,
            text=True,
            cwd=self.folder,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def everything(self) -> dict[str, object]:
        """The bench, its databases, nginx, supervisor, and all files beside the bench."""
        around = {**outside(self.ground.folder, self.ground.path), **outside(self.folder, self.ground.path)}
        return {**self.ground.snapshot(), **self.ground.services(), **around}

    def written(self, cases: list[Case], check_mode: bool) -> tuple[list[dict], list[str]]:
        """Run the cases; return their results, and the writes of each."""
        before = self.everything()
        results = self.run(cases, check_mode)
        after = self.everything()
        if before == after:
            return results, []
        changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        if len(cases) > 1:
            half = len(cases) // 2
            found = [line for part in (cases[:half], cases[half:]) for line in self.written(part, check_mode)[1]]
            return results, found or [f"one of {len(cases)} calls wrote {changed}"]
        return results, [f"{cases[0]}: it wrote {changed}"]

    @contextlib.contextmanager
    def put_back(self) -> Iterator[None]:
        """Let valid calls write, and undo their writes."""
        ground, names = self.ground, {row["name"] for row in self.ground.rows(self.site, "OAuth Client")}
        had_key = any(row["name"] == self.user and row["api_key"] for row in ground.rows(self.site, "User"))
        watched = [ground.path / "sites/common_site_config.json", ground.config_path(self.site)]
        folders = [Path(ground.variables["oauth2_nginx_conf_dir"])]
        folders.append(folders[0].parent / "benchkeeper.d")
        there = {path: path.read_bytes() for path in (*watched, *(p for f in folders for p in f.glob("*")))}
        was_there = folders[1].exists()
        try:
            yield
        finally:
            new = [row["name"] for row in ground.rows(self.site, "OAuth Client") if row["name"] not in names]
            gone = {"name": self.site, "state": "absent", "revoke_tokens": True}
            cases = [Case("frappe_oauth_client", "name", {**gone, "client_id": name}) for name in new]
            if not had_key:
                keys = {"name": self.site, "state": "absent", "users": [self.user]}
                cases.append(Case("frappe_user_api_key", "name", keys))
            assert not [result for result in self.run(cases, check_mode=False) if result.get("failed")]
            for path in (path for folder in folders for path in folder.glob("*") if path not in there):
                path.unlink()
            if not was_there and folders[1].exists():
                folders[1].rmdir()
            for path, content in there.items():
                if path.read_bytes() != content:
                    path.write_bytes(content)


@pytest.fixture(scope="module")
def bad_ground(ground, tmp_path_factory):
    folder = Path(tmp_path_factory.mktemp("calls"))
    folder.chmod(0o755)
    with Ground(ground, folder) as prepared:
        yield prepared


def all_cases(ground: Ground) -> list[Case]:
    """Every case of every module in the collection."""
    found = []
    for module, options in documented().items():
        base = ground.bases.get(module)  # an unknown module runs only in check mode, if nothing is invalid
        found += cases_of(module, {k: v for k, v in options.items() if k != "url"}, base, ground.site)
    return found


def rounds_of(cases: list[Case]) -> list[list[Case]]:
    """Group the cases so that no two in a group name the same client."""
    rounds: list[tuple[set[str], list[Case]]] = []
    for case in cases:
        named = {str(args.get("client_id")).casefold() for args in (case.args, *(case.args.get("sites") or ()))}
        named.discard("none")
        fits = next((one for one in rounds if not named & one[0]), None)
        if fits is None:
            rounds.append(fits := (set(), []))
        fits[0].update(named)
        fits[1].append(case)
    return [chosen for _named, chosen in rounds]


def test_every_option_of_every_module(bad_ground, trial):
    made, own = all_cases(bad_ground), by_hand(bad_ground.site, bad_ground.user, bad_ground.bases)
    assert len(made) + len(own) >= 300
    cases = trial.random.sample(made, trial.count(min(150, len(made)), len(made))) + own
    asked, failures = bad_ground.written(cases, check_mode=True)
    for case, result in zip(cases, asked):
        failures += [f"{case}: in check mode: {fault}" for fault in faults_of(case, result)]
    refused = [case for case, result in zip(cases, asked) if result.get("failed") or result.get("skipped")]
    done, wrote = bad_ground.written(refused, check_mode=False)
    failures += wrote
    for case, result in zip(refused, done):
        failures += [f"{case}: {fault}" for fault in faults_of(case, result)]
        if not result.get("failed") and case.module != "frappe_oauth_verify":
            failures.append(f"{case}: check mode reported an error, but the run did not")
    taken = [
        (case, result)
        for case, result in zip(cases, asked)
        if case.real and not result.get("failed") and not result.get("skipped")
    ]
    for number, (case, _asked) in enumerate(taken):
        for args in (case.args, *(case.args.get("sites") or ())):
            if args.get("app_name") == "Bad input":  # each has its own client, so they do not interfere
                args["app_name"] = f"Bad input {number}"
    for chosen in rounds_of([case for case, _asked in taken]):
        with bad_ground.put_back():
            for case, result in zip(chosen, bad_ground.run(chosen, check_mode=False)):
                failures += [f"{case}: {fault}" for fault in faults_of(case, result)]
                if result.get("failed"):
                    failures.append(f"{case}: check mode did not report: {str(result.get('msg'))[:300]}")
    print(f"{len(cases)} cases: {len(refused)} refused, {len(taken)} written, the others only in check mode")
    assert len(refused) > len(cases) / 4 and taken
    trial.add_row("Invalid input: a clear error or the right result, nothing written on an error", len(cases), failures)


def literal(value: object) -> object:
    """A value that Ansible does not template."""
    if isinstance(value, dict):
        return {literal(key): literal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [literal(item) for item in value]
    return f"{{% raw %}}{value}{{% endraw %}}" if isinstance(value, str) and "{{" in value else value


def test_through_ansible_and_its_action_plugins(bad_ground, trial, tmp_path):
    """The same through Ansible itself, with fewer cases, since each call takes half a second."""
    ground, store = bad_ground.ground, str(tmp_path / "store")
    made = [case for case in all_cases(bad_ground) if "{%" not in str(case.args) and "nan" not in str(case.args)]
    if ground.become:  # the play runs as the owner of the bench, who does not own nginx
        made = [case for case in made if case.module != "frappe_nginx_edge"]
    own = through_ansible(bad_ground.site, bad_ground.user, store)
    cases = trial.random.sample(made, trial.count(10, 100)) + trial.random.sample(own, trial.count(20, len(own)))
    before, failures = bad_ground.everything(), []
    by_module = {case.module: [other for other in cases if other.module == case.module] for case in cases}
    for check_mode in (True, False):
        for module, chosen in by_module.items():
            steps = [(f"{number}", {**literal(c.args), "check_mode": check_mode}) for number, c in enumerate(chosen)]
            results = ground.modules(module, *steps)
            for number, case in enumerate(chosen):
                failures += [f"{case}: {fault}" for fault in faults_of(case, results[f"{number}"])]
            refused = [case for number, case in enumerate(chosen) if results[f"{number}"].get("failed")]
            by_module[module] = refused  # only rejected input runs outside check mode
    after = bad_ground.everything()
    failures += [f"{name} was written" for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    failures += [f"{path} was written" for path in (tmp_path / "store").rglob("*") if path.is_file()]
    trial.add_row("Invalid input through Ansible: a clear error, nothing written", len(cases), failures)


def test_invalid_declarations_are_rejected(bad_ground, trial):
    site, failures, tries = bad_ground.site, [], 0
    for where, declared in declarations_of(site):
        for sites, defaults in (([declared], {}), ([], {k: v for k, v in declared.items() if k != "name"})):
            tries += 1
            try:
                merged = merge(sites, defaults, [site], True, [], [])
                lines = faults(merged, {}, "warn", [], "/store")
                rows_of(merged, [{"name": site, "domains": []}])
            except Mistake as error:
                lines = [str(error)]
            except Exception as error:  # any other result is a failure
                failures.append(f"{where}: {type(error).__name__}: {error}: {str(declared)[:200]}")
                continue
            last = where.rpartition(".")[2]
            for line in lines:
                if CANARY in line and CANARY in str(declared):
                    failures.append(f"{where}: a secret is visible: {line}")
                if site not in line and "oauth2_" not in line and last not in line:
                    failures.append(f"{where}: neither site nor option: {line[:300]}")
    trial.add_row("Invalid declarations: reported before the first write", tries, failures)


def test_bad_inventories_stop_before_the_first_write(bad_ground, trial):
    every = inventories(bad_ground.site)
    chosen = trial.random.sample(every, trial.count(5, len(every)))
    before, failures = bad_ground.everything(), []
    sites = [{"name": name} for name in bad_ground.ground.sites]  # on a real bench, no other sites are used
    for word, variables in chosen:
        run = bad_ground.ground.site(**{"oauth2_sites": sites, **variables})
        if run.status == 0 or word not in run.output or CRASH.search(run.output) or CANARY in run.output:
            failures.append(f"{variables}: status {run.status}, {word!r} wanted: {run.output[-1500:]}")
    after = bad_ground.everything()
    failures += [f"{name} was written" for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    trial.add_row("Invalid inventories: site.yml reports the error, nothing written", len(chosen), failures)


def test_strings_on_the_command_line_have_the_right_type(bad_ground, trial):
    """``-e variable=value`` passes strings: "false" is not true, and one name is not a list of letters."""
    ground, before, failures = bad_ground.ground, bad_ground.everything(), []
    good = {"oauth2_site_defaults": {"site_config": {"settings": {"bad_input": 1}}}}
    told = (
        {"oauth2_discover_sites": "false"},
        {"oauth2_discover_sites": True, "oauth2_exclude_sites": ",".join([*ground.sites, *ODD, "linked.test"])},
        {"oauth2_discover_sites": True, "oauth2_only_sites": "nosuch*,half*"},
    )
    for variables in told:
        run = ground.site(**good, **variables)
        if CRASH.search(run.output) or bad_ground.everything() != before:
            failures.append(f"{variables}: {run.output[-1500:]}")
    trial.add_row("Strings from the command line have the right type", len(told), failures)
