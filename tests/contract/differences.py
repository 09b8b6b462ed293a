# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# fmt: off
# ruff: noqa: B023, E501
"""The cases in which two recordings differ."""

from __future__ import annotations

import json


def first_difference(a, b, at=""):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b}):
            if a.get(key, "<absent>") != b.get(key, "<absent>"):
                return first_difference(a.get(key, "<absent>"), b.get(key, "<absent>"), f"{at}.{key}")
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for index, (x, y) in enumerate(zip(a, b)):
            if x != y:
                return first_difference(x, y, f"{at}[{index}]")
    return f"{at.lstrip('.')}: {json.dumps(a, ensure_ascii=False)[:300]} != {json.dumps(b, ensure_ascii=False)[:300]}"


def diff(args):
    sides = []
    for path in (args.a, args.b):
        with open(path) as f:
            sides.append(json.load(f))
    layers = set(sides[0].get("layers", ["any"])) & set(sides[1].get("layers", ["any"]))
    a, b = ({c["name"]: c for c in side["cases"] if c.get("layer", "any") in layers} for side in sides)
    differing = 0
    for name in dict.fromkeys([*a, *b]):
        if name not in a or name not in b:
            line = "only in " + (args.a if name in a else args.b)
        elif any(a[name][part] != b[name][part] for part in ("request", "response")):
            line = first_difference({p: a[name][p] for p in ("request", "response")}, {p: b[name][p] for p in ("request", "response")})
        else:
            continue
        differing += 1
        print(f"{name}: {line}")
    print(f"{differing} of {len({*a, *b})} cases differ")
    return 1 if differing else 0
