# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kill while the nginx files of a bench change leaves files that nginx loads, and the next run completes them."""

from __future__ import annotations

import contextlib
import os
import types

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core import files
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.edge import Edge
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import Nginx
from edge_requests import APP, DECLARED, TRUST, WRITE, ask, eventually, lines, ours

KILLS = [(state, instant) for state in ("present", "absent") for instant in (2, 3, 4, 6)]


@pytest.mark.parametrize(("state", "instant"), KILLS)
def test_nginx_starts_after_a_run_was_killed_at_any_step(demo, edge, monkeypatch, state, instant):
    """Kill the module before the given rename or removal, in a change of every file."""
    conf_dir = demo.nginx / "conf.d"
    params = {
        "bench_path": str(demo.path),
        "sites": [{"name": "Trust.com", "domains": [TRUST], "cors": None}],
        "known_sites": ["Trust.com"],
        "rate_limit": {"rate": "9r/s", "burst": instant + 1},
        "trusted_proxies": [],
        "state": state,
        "conf_dir": str(conf_dir),
        "reload": True,
        "headers_more_comes": False,
    }
    nginx = Nginx("/usr/sbin/nginx", str(demo.nginx / "conf" / "nginx.conf"), str(demo.nginx), str(conf_dir))
    left = [instant]

    class Killed(BaseException):
        pass

    def dying(real):
        def act(*args):
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return real(*args)

        return act

    dying_os = types.SimpleNamespace(**{**vars(os), "replace": dying(os.replace), "unlink": dying(os.unlink)})
    with monkeypatch.context() as patched:
        patched.setattr(files, "os", dying_os)
        with contextlib.suppress(Killed):
            Edge(params).apply(nginx, check_mode=False)
    nginx.try_with(nginx.files(), {})  # nginx loads the files, whatever the kill left
    assert ask(demo, TRUST, origin=APP) in ((200, lines(APP)), (200, []))
    run = demo.site(**DECLARED)
    assert run.status == 0, run.output
    assert run.results[WRITE]["reloaded"] == run.results[WRITE]["changed"]
    assert eventually(lambda: ask(demo, TRUST, origin=APP), (200, lines(APP)))
    assert sorted(os.listdir(demo.nginx / "benchkeeper.d")) == [
        os.path.basename(p) for p in sorted(ours(demo)) if p.endswith(".map")
    ]
