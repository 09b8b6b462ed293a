# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate docs/rules.md from the registry of rules. With --check, exit with status 1 if the page is out of date."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "rules.md"
HEAD = """\
# The rules

Every declaration is checked against these rules before anything is written on any site.
`playbooks/verify.yml` checks the configuration of each site, and its responses, against them.
`tools/write_rules.py` generates this page.

- `invalid`: the value cannot work, or every run would report a change. It is always rejected.
- `refused`: the value works but is dangerous. It is rejected unless you accept the risk: list the rule's id in
  `policy_exceptions` (in the role: `oauth2_policy_exceptions`).
- `warning`: `policy` (in the role: `oauth2_policy`) decides. With `warn`, the value is written and a warning is
  reported. With `enforce`, the run stops before the first write. If the rule depends on the state of a site, only that
  site fails. With `ignore`, the value is written without a warning. Warnings of `frappe_site_info` and of the
  verification never stop a run. The diagnosis lists them for review.
- `notice`: the installed version of Frappe behaves in this way on every site. Notices do not stop a
  run and do not cause a warning. The result of a site lists them with a remedy, and a run reports them once.
- `problem`: an app is blocked, or Frappe grants access that it must deny. The verification (`frappe_oauth_verify`,
  `playbooks/verify.yml`) finds problems on a running site.

To understand a message, search this page for the id of its rule. "The finding" and "the reason" in a remedy are parts
of that message. The source is the standard behind a rule, or the function, DocType or setting of Frappe, bench or
nginx.

| Rule | Severity | Problem | Source | What to do |
|---|---|---|---|---|
"""


def page() -> str:
    """The text of the page."""
    rules = sorted(catalogue().items())
    return HEAD + "".join(f"| `{name}` | {' | '.join(rule)} |\n" for name, rule in rules)


def catalogue() -> dict:
    """Every rule. The modules are imported from the checkout under the collection name, as Ansible does."""
    _AnsibleCollectionFinder(paths=[str(ROOT / ".ansible" / "collections")])._install()
    name = "ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.catalogue"
    return importlib.import_module(name).ALL_RULES


def main() -> int:
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        print("docs/rules.md is out of date. Run tools/write_rules.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
