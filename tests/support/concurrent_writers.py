# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that write one site_config.json concurrently with different writers, and processes that read it.

Each writer increments its own key, so its next turn shows whether its last write was lost.
"""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import subprocess
from pathlib import Path

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import merge_file
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.config import plan_config
from demo_bench import Demo

SITE = "fault-writers.localhost"
# The first key names the writer of the text: keys are sorted. Frappe's own writer does not change it.
MARK = "0 written by"

# In the bench's Python: Frappe's own writer, or one without a lock, as in the bench command.
FRAPPES = """
import json, sys, time
import frappe
from frappe.installer import update_site_config
site, key, count, lock = json.loads(sys.argv[1])
frappe.init(site=site, sites_path=".")
path = f"./{site}/site_config.json"
def current():
    while True:
        try:
            with open(path) as file:
                return json.load(file)
        except ValueError:
            time.sleep(0.0005)
lost = 0
for number in range(1, count + 1):
    config = current()
    lost += config.get(key, 0) != number - 1
    if lock:
        update_site_config(key, number, validate=False, site_config_path=path)
    else:
        config = current()
        config.update({key: number, MARK: "no lock"})
        with open(path, "w") as file:
            json.dump(config, file, indent=1, sort_keys=True)
        time.sleep(0.002)
lost += current().get(key) != count
print(json.dumps({"key": key, "writes": count, "lost": lost}))
""".replace("MARK", repr(MARK))


@dataclasses.dataclass
class Seen:
    """The results of readers and writers.

    Attributes:
        reads: the number of reads.
        unparsable: texts that were not valid JSON.
        writes: the number of writes, by writer.
        lost: the number of writes that were lost at the writer's next turn, by writer.
        errors: the errors of our writer.
    """

    reads: int = 0
    unparsable: list[str] = dataclasses.field(default_factory=list)
    writes: dict[str, int] = dataclasses.field(default_factory=dict)
    lost: dict[str, int] = dataclasses.field(default_factory=dict)
    errors: list[str] = dataclasses.field(default_factory=list)


class Writers:
    """A directory that resembles a site. Its site_config.json is a link to a file with a special mode."""

    def __init__(self, ground: Demo):
        self.ground, self.folder = ground, ground.path / "sites" / SITE
        self.path, self.real = self.folder / "site_config.json", self.folder / "kept elsewhere.json"
        self.lock = self.folder / "locks" / "site_config.lock"
        owner = (ground.path / "sites").stat()
        (self.folder / "locks").mkdir(parents=True)
        self.anew()
        self.path.symlink_to(self.real.name)
        for path in (self.folder, self.lock.parent, self.real, self.path):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        self.real.chmod(0o640)
        self.owner = (owner.st_uid, owner.st_gid)

    def anew(self) -> None:
        """Write the initial content without replacing the file."""
        self.real.write_text(json.dumps({"db_name": "none", "db_password": "none", "filler": ["x" * 60] * 40}))

    def look(self) -> tuple:
        """The mode, owner and link that every writer must keep."""
        what = self.real.stat()
        return oct(what.st_mode), what.st_uid, what.st_gid, os.readlink(self.path)

    def together(self, ours: int, frappes: int, lockless: int, writes: int, readers: int = 2) -> Seen:
        """Run writers concurrently, while readers read as Frappe does.

        Args:
            ours: the number of processes with our writer.
            frappes: the number of processes with Frappe's own writer.
            lockless: the number of processes with a writer that truncates the file and takes no lock.
            writes: the total number of writes.
            readers: the number of processes that read.
        """
        each, context, tell = writes // (ours + frappes + lockless), multiprocessing.get_context("fork"), []
        told, stop = context.Queue(), context.Event()
        for number in range(ours):
            tell.append(context.Process(target=self._write, args=(f"ours {number}", each, told)))
        reading = [context.Process(target=self._read, args=(stop, told)) for _number in range(readers)]
        others = [self._frappes(f"frappe {number}", each, True) for number in range(frappes)]
        others += [self._frappes(f"no lock {number}", each, False) for number in range(lockless)]
        for process in [*reading, *tell]:
            process.start()
        seen = Seen()
        for process in others:
            out, err = process.communicate()
            assert process.returncode == 0, err
            self._add(seen, json.loads(out.splitlines()[-1]))
        for _process in tell:
            self._add(seen, told.get())
        stop.set()
        for _process in reading:
            self._add(seen, told.get())
        for process in [*reading, *tell]:
            process.join()
        return seen

    @staticmethod
    def _add(seen: Seen, what: dict) -> None:
        if "key" in what:
            seen.writes[what["key"]], seen.lost[what["key"]] = what["writes"], what["lost"]
        seen.errors += what.get("errors", [])
        seen.reads += what.get("reads", 0)
        seen.unparsable += what.get("unparsable", [])

    def _frappes(self, key: str, count: int, lock: bool) -> subprocess.Popen:
        python = str(self.ground.path / "env/bin/python")
        return subprocess.Popen(
            [*self.ground.as_owner, python, "-c", FRAPPES, json.dumps([SITE, key, count, lock])],
            cwd=self.ground.path / "sites",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _as_owner(self) -> None:
        if os.geteuid() != self.owner[0]:
            os.setgroups([])
            os.setgid(self.owner[1])
            os.setuid(self.owner[0])

    def _write(self, key: str, count: int, told: multiprocessing.Queue) -> None:
        self._as_owner()
        lost, errors, found = 0, [], {}

        def planned(current: dict):
            found.update(last=current.get(key, 0))
            return plan_config(current, {key: number, MARK: "ours"}, {}, ())

        for number in range(1, count + 1):
            try:
                merge_file(str(self.path), str(self.lock), planned, check_mode=False)
            except Exception as error:
                errors.append(f"{key}: write {number}: {type(error).__name__}: {error}")
            lost += found["last"] != number - 1
        told.put({"key": key, "writes": count, "lost": lost, "errors": errors})

    def _read(self, stop, told: multiprocessing.Queue) -> None:
        self._as_owner()
        reads, unparsable = 0, []
        while not stop.is_set():
            text = self.path.read_text()
            reads += 1
            try:
                json.loads(text)
            except ValueError:
                unparsable.append(text)
        told.put({"reads": reads, "unparsable": unparsable})

    def config(self) -> dict:
        """The final content of the file."""
        return json.loads(Path(self.path).read_text())
