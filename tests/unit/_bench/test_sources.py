# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources that a worker receives: for every job, all its imports, and nothing that needs Ansible."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.sources import (
    BOOTSTRAP,
    MODULE_UTILS,
    imports_in,
    sources_of,
)
from checkout import ROOT

JOBS = sorted(
    path.stem
    for path in (ROOT / "plugins/module_utils/_frappe").glob("*.py")
    if "\ndef job(" in path.read_text(encoding="utf-8")
)
# Replaces the worker: imports the job in a Python with only the sent sources, then reports its modules.
WORKER = """
import importlib, json, os, sys
def main(request):
    importlib.import_module(request["job"])
    loaded = [name for name in sys.modules if name.startswith("ansible")]
    print(json.dumps([loaded, os.path.basename(sys.modules[request["job"]].__file__)]))
"""


def test_there_are_jobs():
    assert JOBS == ["api_keys", "clients", "info", "tokens", "verify", "verify_end"]


@pytest.mark.parametrize("job", JOBS)
def test_a_job_is_sent_with_all_it_imports_and_nothing_else(job):
    name = f"{MODULE_UTILS}._frappe.{job}"
    sources = sources_of(f"{MODULE_UTILS}._bench.worker", name)
    sent = {"sources": {**sources, "stub": WORKER}, "worker": "stub", "request": {"job": name}}
    done = subprocess.run(
        [sys.executable, "-I", "-c", BOOTSTRAP], input=json.dumps(sent), capture_output=True, text=True, check=True
    )
    loaded, file = json.loads(done.stdout)
    assert file == f"{job}.py"
    needed = set(sources_of(name))
    print(done.stderr)
    assert set(loaded) == needed, "what is sent and not imported, or the reverse"


def test_a_name_in_a_module_and_a_module_in_a_package_are_distinguished():
    source = (
        f"from {MODULE_UTILS}._frappe import clients\n"
        f"def later():\n    from {MODULE_UTILS}._core.masking import HIDDEN\n"
        "import json\nfrom ansible.module_utils.basic import AnsibleModule\n"
    )
    assert set(imports_in(source)) == {f"{MODULE_UTILS}._frappe.clients", f"{MODULE_UTILS}._core.masking"}


def test_a_source_that_was_not_shipped_is_reported():
    with pytest.raises(ImportError, match="nosuch: Ansible did not ship its source"):
        sources_of(f"{MODULE_UTILS}._frappe.nosuch")
