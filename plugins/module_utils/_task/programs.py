# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs on the host that a run may need: nginx with headers-more, and supervisor. It changes nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import SHARED_NAME
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import Nginx, NginxError, find_binary
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.reader import directives

Params = t.Mapping[str, t.Any]

STATUS_TIMEOUT = 10  # seconds; supervisorctl waits long for a supervisor that hangs
UNKNOWN = re.compile(r"no such (process|group)")
SBIN = ("/sbin", "/usr/sbin", "/usr/local/sbin")  # as in Ansible, which searches them too
SIGNATURE = re.compile(r"def get_site_config\(([^)]*)\)")


def programs(wanted: t.Collection[str], params: Params, manager: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Facts about the wanted programs.

    Args:
        wanted: ``nginx``, ``supervisor``.
        params: the options of frappe_site_info.
        manager: the result of `processes`. Facts about supervisor exist only if it runs the bench.
    """
    found: dict[str, t.Any] = {}
    if "nginx" in wanted:
        found["nginx"] = _nginx(params)
    if "supervisor" in wanted and manager["manager"] == "supervisor":
        found["supervisor"] = {
            **_supervisor(params, manager["web"]),
            "config_cached": config_cached(params["bench_path"]),
        }
    return found


def _nginx(params: Params) -> dict[str, t.Any]:
    """Whether nginx is installed, has headers-more, and reads conf_dir. None: this user cannot find out."""
    binary = find_binary(params["nginx"])
    facts: dict[str, t.Any] = {"installed": binary is not None, "headers_more": None, "reads_conf_dir": None}
    if binary is None:
        return facts
    try:
        nginx = Nginx(binary, params["nginx_conf"], params["nginx_prefix"], params["nginx_conf_dir"])
        files = nginx.files()
        facts["reads_conf_dir"] = nginx.includes(files, os.path.join(params["nginx_conf_dir"], SHARED_NAME))
        facts["headers_more"] = _loaded(files) or nginx.built_in("headers-more") or _tried(nginx, files)
    except (NginxError, OSError, ValueError):  # ValueError: a null byte in a path
        pass
    return facts


def _loaded(files: t.Mapping[str, str]) -> bool:
    lines = (line for path, text in files.items() for line in directives(path, text) if line.name == "load_module")
    return any("headers_more" in word for line in lines for word in line.words[1:])


def _tried(nginx: Nginx, files: dict[str, str]) -> bool | None:
    """Ask nginx itself, because a module file may have any name. It only tests a copy of its configuration."""
    if nginx.conf not in files:
        return None
    probe = {nginx.conf: files[nginx.conf] + "\nmore_clear_headers Benchkeeper;\n"}
    try:
        nginx.try_with(files, probe)
    except NginxError as error:
        if 'unknown directive "more_clear_headers"' in str(error):
            return False
        return True if '"more_clear_headers" directive is not allowed here' in str(error) else None
    return None


def _supervisor(params: Params, web: str | None) -> dict[str, t.Any]:
    """Whether supervisorctl is installed, and whether supervisor knows the web process. None: it does not respond."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *SBIN])
    ctl = shutil.which(params["supervisorctl"], path=path)
    if ctl is None or web is None:
        return {"installed": ctl is not None, "web_known": None}
    conf = ["-c", params["supervisor_config"]] if params["supervisor_config"] else []
    try:
        done = subprocess.run(
            [ctl, *conf, "status", web],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=STATUS_TIMEOUT,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {"installed": True, "web_known": None}
    known = True if done.stdout.startswith(web) else None
    return {"installed": True, "web_known": False if UNKNOWN.search(done.stdout + done.stderr) else known}


def config_cached(bench_path: str) -> bool:
    """Whether Frappe caches the configuration between requests, by the signature that `_frappe.info` reads too.

    Frappe is not imported: this runs before any code of the bench may run. If the source has no such function, it is
    a newer Frappe, and these cache it.
    """
    folder = os.path.join(bench_path, "apps", "frappe", "frappe")
    for name in ("__init__.py", "config.py"):
        try:
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                found = SIGNATURE.search(file.read())
        except OSError:
            continue
        if found:
            return "cached" in found[1]
    return True
