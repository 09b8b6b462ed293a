# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""frappe_site_config reports correctly for every kind of value and every state of the file."""

from __future__ import annotations

import json
import os
import stat

import pytest
from check_mode_comparison import Case, Truth

MODULE = "frappe_site_config"
VALUES = {
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "one": 1,
    "minus": -1,
    "fraction": 1.5,
    "large": 10**20,
    "empty text": "",
    "digits": "30",
    "a word that YAML reads otherwise": "yes",
    "quotes and unicode": "ü \u2028 \"q\" 'a' \\ \n",
    "markup": "<b>&amp;</b>",
    "long": "x" * 5000,
    "empty list": [],
    "list": [1, "a", None, True],
    "nested list": [[1], [["a"]]],
    "empty object": {},
    "object": {"b": {"c": [1]}, "a": None},
}
# Values that look alike and are different in JSON.
ALIKE = [
    (True, 1),
    (False, 0),
    ("30", 30),
    ("", None),
    ([1], ["1"]),
    ([], {}),
    ([1, 2], [2, 1]),
    ("A", "a"),
    ("a ", "a"),
]
MISSING = object()


def case(name, action, key, start, **options):
    return Case(name, None if start is MISSING else {key: start}, options, action)


def matrix():
    """Every value is set if missing, set if equal, and removed; also values that only look alike."""
    cases = []
    for number, (name, value) in enumerate(VALUES.items()):
        new, old, gone = f"new_{number}", f"old_{number}", f"gone_{number}"
        cases += [
            case(f"{name}, missing", "updated", new, MISSING, settings={new: value}),
            case(f"{name}, equal", "unchanged", old, value, settings={old: value}),
            case(f"{name}, to go", "updated", gone, value, absent=[gone]),
        ]
    for number, (stored, declared) in enumerate(ALIKE):
        for turn, (left, right) in enumerate(((stored, declared), (declared, stored))):
            key = f"alike_{number}_{turn}"
            cases.append(case(f"{left!r}, to be {right!r}", "updated", key, left, settings={key: right}))
    one, other = {"a": {"y": 1, "x": 2}, "b": 0}, {"b": 0, "a": {"x": 2, "y": 1}}
    secret = "a-password-of-some-length"
    return [
        *cases,
        case("keys of an object in another order", "unchanged", "order", one, settings={"order": other}),
        case("to go, and not there", "unchanged", "nowhere", MISSING, absent=["nowhere"]),
        case("a secret, missing", "updated", "own_password", MISSING, secret_settings={"own_password": secret}),
        case("a secret, equal", "unchanged", "eq_password", secret, secret_settings={"eq_password": secret}),
        case("another secret", "updated", "ch_password", "before-that", secret_settings={"ch_password": secret}),
        case("a secret, to go", "updated", "no_password", secret, absent=["no_password"]),
        case("nothing declared", "unchanged", "left_alone", {"by": "hand"}),
    ]


@pytest.fixture
def files(ground):
    """Restore the configurations at the end."""
    paths = [ground.config_path(site) for site in ground.sites] + [ground.path / "sites" / "common_site_config.json"]
    held = {path: path.read_text() for path in paths}
    yield ground
    for path, text in held.items():
        if path.read_text() != text:
            path.write_text(text)


def put(path, text):
    """Write to the existing file, which keeps its mode and owner."""
    path.write_text(text)


def test_check_mode_predicts_every_value(files, trial):
    cases = matrix()
    path = files.config_path(files.sites[0])
    start = files.config(files.sites[0])
    for one in cases:
        start.update(one.start or {})
    # neither sorted nor indented as by Frappe: an equal value is not written again because of its format
    put(path, json.dumps(start, indent=7))
    truth = Truth(files, MODULE, cases).run()
    wanted = dict(start)
    for one in cases:
        wanted.update({**one.declared.get("settings", {}), **one.declared.get("secret_settings", {})})
        for key in one.declared.get("absent", []):
            wanted.pop(key, None)
    found = files.config(files.sites[0])
    if json.dumps(found, sort_keys=True) != json.dumps(wanted, sort_keys=True):
        truth.failures.append(f"the file holds {found}, not {wanted}")
    trial.add_row("check mode predicts frappe_site_config; the second run changes nothing", len(cases), truth.failures)


def test_the_looks_of_a_file_stay_if_it_is_equal(files, trial):
    looks = [
        json.dumps,
        lambda config: json.dumps(config, indent=4, ensure_ascii=False) + "\n\n",
        lambda config: "\n " + json.dumps(config, indent="\t", sort_keys=True),
    ]
    cases, texts = [], []
    for site, look in enumerate(looks):
        path = files.config_path(files.sites[site])
        put(path, look({**files.config(files.sites[site]), "ünused": "é"}))
        texts.append((path, path.read_text()))
        cases.append(Case("looks", None, {"settings": {"ünused": "é"}, "absent": ["nowhere"]}, "unchanged", site=site))
    truth = Truth(files, MODULE, cases).run()
    truth.failures += [f"{path} was rewritten" for path, text in texts if path.read_text() != text]
    trial.add_row("an equal configuration is not rewritten, whatever its format", len(cases), truth.failures)


def test_mode_and_link_of_a_changed_file_stay(files, trial):
    first, second = (files.config_path(site) for site in files.sites[:2])
    there = second.with_name("elsewhere.json")
    owner = first.stat().st_uid, first.stat().st_gid
    first.chmod(0o640)
    second.rename(there)
    second.symlink_to(there.name)
    try:
        cases = [Case("mode", None, {"settings": {"probe": 1}}, "updated", site=site) for site in (0, 1)]
        truth = Truth(files, MODULE, cases).run()
        found = stat.S_IMODE(first.stat().st_mode), os.readlink(second), (first.stat().st_uid, first.stat().st_gid)
        if found != (0o640, there.name, owner):
            truth.failures.append(f"mode, link and owner are {found}")
    finally:
        second.unlink()
        there.rename(second)
        first.chmod(0o644)
    trial.add_row("a changed configuration keeps mode, owner and link", len(cases), truth.failures)


def test_check_mode_predicts_the_common_file(files, trial):
    cases = [Case("site", None, {"settings": {"probe": 2}}, "updated", site=1)]
    truth = CommonToo(files, MODULE, cases).run(common={"settings": {"probe": [1]}, "absent": ["nowhere"]})
    found = json.loads((files.path / "sites" / "common_site_config.json").read_text()).get("probe")
    if found != [1]:
        truth.failures.append(f"common_site_config.json holds {found}")
    trial.add_row("check mode predicts common_site_config.json", 2, truth.failures)


class CommonToo(Truth):
    """The first row is about the common file."""

    def expect(self, what, result, kind):
        super().expect(what, {**result, "sites": result["sites"][1:]}, kind)
        if result["sites"][0]["action"] != {"action": "updated", "again": "unchanged"}[kind]:
            self.failures.append(f"common file: {what} is {result['sites'][0]['action']}")
