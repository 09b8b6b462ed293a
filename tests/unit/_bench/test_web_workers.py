# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The number of workers of the web process, which limits how many sites are verified at the same time."""

from __future__ import annotations

import types

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.processes import web_workers
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.verify_phases import Phases

GUNICORN = "/b/env/bin/gunicorn -b 127.0.0.1:8000 {} -t 120 frappe.app:application --preload"


@pytest.mark.parametrize("form", ["-w 9", "-w9", "--workers 9", "--workers=9"])
@pytest.mark.parametrize("manager", ["supervisor", "systemd"])
def test_the_number_is_read_from_the_command(tmp_path, form, manager):
    bench = tmp_path / "b"
    (bench / "config").mkdir(parents=True)
    (tmp_path / "units").mkdir()
    if manager == "supervisor":
        text = f"[program:b-frappe-web]\n; command={GUNICORN.format('-w 1')}\ncommand={GUNICORN.format(form)}\n"
        (bench / "config" / "supervisor.conf").write_text(text)
    else:
        (tmp_path / "units" / "b-frappe-web.service").write_text(f"[Service]\nExecStart={GUNICORN.format(form)}\n")
    assert web_workers(str(bench), {"gunicorn_workers": 3}, str(tmp_path / "units")) == 9


@pytest.mark.parametrize(
    ("config", "expected"), [({"gunicorn_workers": "4"}, 4), ({}, None), ({"gunicorn_workers": "x"}, None)]
)
def test_without_it_common_site_config_is_read(tmp_path, config, expected):
    assert web_workers(str(tmp_path), config, str(tmp_path)) == expected


@pytest.mark.parametrize(
    ("given", "workers", "sites", "expected"),
    [(None, 9, 20, 4), (None, 1, 20, 1), (None, None, 20, 1), (None, 9, 2, 2), (7, 2, 20, 7), (7, 2, 3, 3)],
)
def test_by_default_half_of_the_workers_and_never_more_than_the_sites(
    tmp_path, monkeypatch, given, workers, sites, expected
):
    module = "ansible_collections.benchkeeper.frappe.plugins.module_utils._task.verify_phases"
    monkeypatch.setattr(f"{module}.web_workers", lambda _path, _config: workers)
    phases = Phases.__new__(Phases)
    phases.bench = types.SimpleNamespace(path=str(tmp_path), common_config=str(tmp_path / "none"))
    phases.rows, phases.options = [{"name": f"s{number}"} for number in range(sites)] * 2, {"parallel": given}
    assert phases.parallel() == expected
