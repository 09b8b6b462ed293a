# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/rules.md from the rules themselves; with --check, says whether it is true and ends 1 if it is not."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "rules.md"
HEAD = """\
# The rules

Every declaration is held against these before anything is written, on any site; what a site is, and how it answers, is
held against them by `playbooks/verify.yml`.
`tools/write_rules.py` writes this page.

- `invalid` cannot work, or no run would ever find it equal: it is always refused.
- `refused` works and is dangerous: it is written only if `policy_exceptions` (`oauth2_policy_exceptions` in the role)
  names the rule.
- `warning` is written and told under the policy `warn`, stops the run under `enforce`, and is not told under `ignore`.
  What is found on a site as it is, by verify too, stops nothing: the diagnosis has it as something to look at.
- `notice` is what this Frappe does by itself, on every site of its version. It stops nothing and is not warned of; it
  stands in the site's row, with what can be done about it. Nothing is wrong with the site's own configuration.
- `problem` was found on a running site, by verify (`frappe_oauth_verify`, `playbooks/verify.yml`): an app is stopped,
  or somebody is let in. Look a diagnosis up here by its id.

| Rule | | Source | What to do |
|---|---|---|---|
"""


def page() -> str:
    """The page, as it should be."""
    rules = sorted(catalogue().items())
    return HEAD + "".join(f"| `{name}` | {' | '.join(rule)} |\n" for name, rule in rules)


def catalogue() -> dict:
    """Every rule, imported from the checkout under its collection name, as Ansible does."""
    _AnsibleCollectionFinder(paths=[str(ROOT / ".ansible" / "collections")])._install()
    name = "ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.catalogue"
    return importlib.import_module(name).ALL_RULES


def main() -> int:
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        print("docs/rules.md is not what the rules say: run tools/write_rules.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
