# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real bench in the place of the demo bench, for the proofs that are run on it by hand."""

from __future__ import annotations

from pathlib import Path

from demo import Demo

# Every table as a digest of its rows, in one process; a new column or a bumped `modified` changes it.
DIGESTS = """
import hashlib
result = {}
for (table,) in frappe.db.sql("show tables"):
    rows = sorted(repr(row) for row in frappe.db.sql(f"select * from `{table}`"))
    result[table] = [len(rows), hashlib.sha256("\\n".join(rows).encode()).hexdigest()]
"""


class RealBench(Demo):
    """A bench that is there, with at least three sites of its own for the proofs.

    Args:
        folder: for what the proofs themselves write.
        given: ``bench_path``, ``bench_user``, ``sites`` (names), ``address``, ``nginx_prefix``, ``supervisorctl``
            (command), ``users`` (clerk, manager, former: name of a System User, a System Manager, a disabled one; each
            ``{"email": ..., "roles": [...]}``), ``password`` (of the first two), and ``variables`` (oauth2_...).
    """

    def __init__(self, folder: Path, given: dict):
        self.folder, self.path = folder, Path(given["bench_path"])
        folder.chmod(0o755)
        self.sites = tuple(given["sites"])
        self.address, self.nginx = given["address"], Path(given["nginx_prefix"])
        self.supervisorctl = given["supervisorctl"]
        self.user = given["bench_user"]
        self.become = {"become": True, "become_user": self.user}
        self.users = given["users"]
        self.credentials = {given["users"][who]["email"]: given["password"] for who in ("clerk", "manager")}
        self.variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "/usr/bin/python3",  # the owner may not read the checkout
            "oauth2_become": True,
            "oauth2_discover_sites": False,
            **given.get("variables", {}),
        }
        self.vault = folder / "vault-password"
        self.vault.write_text("of the proofs")

    def stop(self) -> None:
        """Nothing: the bench is not ours."""

    @property
    def as_owner(self) -> list[str]:
        """What makes a command run as the bench's owner."""
        return ["sudo", "-u", self.user]

    def execute(self, site: str, statement: str, *values: object) -> None:
        """Change a site's database behind everybody's back."""
        self.inside("frappe.db.sql(*data)", [statement.replace('"', "`").replace("?", "%s"), values], [site])

    def rows(self, site: str, doctype: str) -> list[dict]:
        """All rows of a doctype."""
        code = f"result = frappe.db.sql('select * from `tab{doctype}` order by creation, name', as_dict=True)"
        return self.inside(code, sites=[site])[site]

    def tables(self) -> dict[str, object]:
        """The content of every site's database."""
        found = self.inside(DIGESTS)
        return {f"{site}: {table}": what for site in found for table, what in found[site].items()}
