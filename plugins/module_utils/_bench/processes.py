# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the processes of a bench that must reload or restart after a change. Only reads files that bench generates."""

from __future__ import annotations

import configparser
import os
import re
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.config_file import BrokenConfig
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.files import Unreadable, read_file

WEB_ENDING = "-frappe-web"  # how bench names the web program
WORKERS = re.compile(r"\s(?:-w|--workers)[ =]?(\d+)(?:\s|$)")


def processes(bench_path: str, systemd: str = "/etc/systemd/system") -> dict[str, t.Any]:
    """The process manager of a bench and the names of its web process and its workers.

    Args:
        bench_path: the bench directory.
        systemd: the directory of systemd units.

    Returns:
        ``manager`` (``supervisor``, ``systemd`` or ``none``), ``web`` (a name, or None), ``workers`` (names). The web
        process has its own name, because its group also contains socketio, which SIGHUP would terminate. If there is no
        web process of the name that bench generates, ``looked_for`` says which name was expected, where, and what is
        there.

    Raises:
        BrokenConfig: supervisor.conf cannot be read.
    """
    conf = os.path.join(bench_path, "config", "supervisor.conf")
    if os.path.exists(conf):
        return _supervisor(conf)
    bench = os.path.basename(os.path.realpath(bench_path))
    web, workers = f"{bench}-frappe-web.service", f"{bench}-workers.target"
    if not os.path.exists(os.path.join(systemd, web)):
        looked_for = f"found neither {conf} nor the systemd unit {os.path.join(systemd, web)}"
        return {"manager": "none", "web": None, "workers": [], "looked_for": looked_for}
    there = os.path.exists(os.path.join(systemd, workers))
    return {"manager": "systemd", "web": web, "workers": [workers] if there else []}


def web_workers(bench_path: str, config: t.Mapping[str, t.Any], systemd: str = "/etc/systemd/system") -> int | None:
    """The number of workers of the web process, or None if it is not known.

    Args:
        bench_path: the bench directory.
        config: common_site_config.json, which has ``gunicorn_workers``.
        systemd: the directory of systemd units.
    """
    bench = os.path.basename(os.path.realpath(bench_path))
    for path in (
        os.path.join(bench_path, "config", "supervisor.conf"),
        os.path.join(systemd, f"{bench}{WEB_ENDING}.service"),
    ):
        try:
            lines = read_file(path).decode(errors="replace").splitlines()
        except (Unreadable, OSError):
            continue
        for line in lines:
            found = WORKERS.search(line) if "gunicorn" in line and not line.lstrip().startswith((";", "#")) else None
            if found:
                return int(found[1])
    configured = str(config.get("gunicorn_workers") or "")
    return int(configured) if configured.isdigit() else None


def _supervisor(conf: str) -> dict[str, t.Any]:
    parser = configparser.RawConfigParser(strict=False, inline_comment_prefixes=(";",))
    try:
        parser.read_string(read_file(conf).decode())
    except Unreadable as error:
        raise BrokenConfig(str(error)) from None
    except (
        configparser.Error,
        UnicodeDecodeError,
    ):  # its text quotes the line, which may be a secret if the file is a symbolic link
        raise BrokenConfig(
            f"{conf} is not a valid supervisor configuration. Generate it again: bench setup supervisor"
        ) from None
    groups = {
        program.strip(): section.partition(":")[2]
        for section in parser.sections()
        if section.startswith("group:")
        for program in parser.get(section, "programs", fallback="").split(",")
    }
    programs = [section.partition(":")[2] for section in parser.sections() if section.startswith("program:")]
    named = {program: f"{groups[program]}:{program}" if program in groups else program for program in programs}
    web = next((name for program, name in named.items() if program.endswith(WEB_ENDING)), None)
    workers = sorted({f"{groups[p]}:" if p in groups else p for p in named if "worker" in p or "schedule" in p})
    found = {"manager": "supervisor", "web": web, "workers": workers}
    if web is None:
        there = f"It has: {', '.join(sorted(named))}" if named else "It has no programs"
        found["looked_for"] = f"{conf} has no program with a name that ends in {WEB_ENDING}. {there}"
    return found
