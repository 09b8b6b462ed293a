# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that each role's ``defaults/main.yml`` and ``meta/argument_specs.yml`` agree.

Every default must have an argument with the same value. Every argument with a default must be in the defaults. A
required argument must not have a default. Jinja expressions are compared as text. Prints one line per error and exits
with status 1 if there are errors.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

ROLES = Path(__file__).resolve().parent.parent / "roles"
ABSENT = object()


def faults(role: Path) -> list[str]:
    """Return the errors of the role in this directory, without the role's name."""
    defaults_file = role / "defaults" / "main.yml"
    defaults = yaml.safe_load(defaults_file.read_text(encoding="utf-8")) if defaults_file.exists() else {}
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options = specs["argument_specs"]["main"].get("options", {})
    found = [f"{name} has a default but no argument spec" for name in sorted(set(defaults or {}) - set(options))]
    for name, option in options.items():
        documented, real = option.get("default", ABSENT), (defaults or {}).get(name, ABSENT)
        if option.get("required") and real is not ABSENT:
            found.append(f"{name} is required but has a default")
        elif documented is not ABSENT and real is ABSENT:
            found.append(f"{name} has a default in the argument spec but not in defaults/main.yml")
        elif real is not ABSENT and real != (None if documented is ABSENT else documented):
            found.append(f"{name} is {real!r} in defaults/main.yml but {documented!r} in the argument spec")
    return found


def main() -> int:
    bad = [f"{role.name}: {fault}" for role in sorted(ROLES.iterdir()) if role.is_dir() for fault in faults(role)]
    print("\n".join(bad) or "The roles' defaults and argument specs agree.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
