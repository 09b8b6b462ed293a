# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the recordings of a real Frappe v15 with the behavior of a bench."""

from __future__ import annotations

import json
import os

from differences import first_difference

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = ("http", "inprocess")


def load(name):
    with open(os.path.join(HERE, name)) as f:
        return json.load(f)


def recorded(kind):
    """The cases of a recording by name."""
    return {case["name"]: case for case in load(f"frappe-v15.{kind}.json")["cases"]}


def groups(kind):
    return list(dict.fromkeys(name.split(".")[0] for name in recorded(kind)))


def left_out_everywhere():
    """The name and reason of every case in left_out.json."""
    return {name: reason for part in load("left_out.json").values() for name, reason in part.items()}


class Comparison:
    """A recording and a run of the recorder."""

    def __init__(self, kind, run, everything=False):
        self.kind, self.wanted = kind, recorded(kind)
        self.got = {case["name"]: case for case in run["cases"]}
        listed = {} if everything else dict(load("left_out.json")["always"])
        if not everything and "nginx" not in run.get("layers", []):
            listed.update(load("left_out.json")["without nginx"])
        self.left_out = {name: reason for name, reason in listed.items() if name in self.wanted}

    def agrees(self, name):
        wanted, got = self.wanted[name], self.got.get(name)
        return got is not None and all(wanted[part] == got[part] for part in ("request", "response"))

    def differences(self, group):
        """One line per case of a group that differs from the recording and is not left out."""
        names = [name for name in self.wanted if name.split(".")[0] == group and name not in self.left_out]
        return [f"{name}: {self._difference(name)}" for name in names if not self.agrees(name)]

    def stale(self):
        """Cases that are left out although they match the recording."""
        return [name for name in self.left_out if self.agrees(name)]

    def totals(self):
        compared = [name for name in self.wanted if name not in self.left_out]
        agree = sum(map(self.agrees, compared))
        return f"contract {self.kind}: {agree} agree, {len(compared) - agree} differ, {len(self.left_out)} left out"

    def _difference(self, name):
        if name not in self.got:
            return "was not recorded"
        wanted, got = ({part: side[name][part] for part in ("request", "response")} for side in (self.wanted, self.got))
        return first_difference(wanted, got)
