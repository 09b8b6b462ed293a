# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who sends Access-Control headers for a site: read from its and nginx's configuration, for a proof that failed."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import (
    SHARED_NAME,
    edge_files,
    own_files,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import (
    Nginx,
    NginxError,
    find_binary,
    foreign_cors,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import (
    CORS_ABSENT,
    CORS_CREDENTIALS,
    CORS_DUPLICATE,
    CORS_ERROR_BARE,
    CORS_FOREIGN_ORIGIN,
    CORS_PREFLIGHT,
    CORS_VALUE,
)

SENT = (CORS_DUPLICATE, CORS_FOREIGN_ORIGIN, CORS_VALUE, CORS_CREDENTIALS)
MISSED = (CORS_ABSENT, CORS_ERROR_BARE, CORS_PREFLIGHT)


def tell(steps: list[dict[str, str]], senders: t.Callable[[], list[str]]) -> None:
    """Add to each failed step about other origins who sends the headers; looked up once, and only if there is one."""
    failed = [step for step in steps if step["verdict"] == "failed" and step["rule"] in (*SENT, *MISSED)]
    found = "; ".join(senders()) if failed else ""
    for step in failed:
        if step["rule"] in SENT:
            told = f"sent by {found}" if found else "who sends it cannot be told from here"
        else:
            told = f"such headers are set, or taken away, by {found}" if found else "nothing was found that sends one"
        step["reason"] = f"{step['reason']}; {told}" if step["reason"] else told


def senders_of(
    bench_path: str, configs: t.Iterable[tuple[str, dict[str, t.Any]]], domains: list[str], nginx: dict[str, t.Any]
) -> list[str]:
    """Everything that sends the headers for a site, or may take them away.

    Args:
        bench_path: the bench.
        configs: paths and contents of the configuration files that hold for the site, the strongest first.
        domains: the site's host names.
        nginx: options nginx, nginx_conf, nginx_prefix and nginx_conf_dir of the module.
    """
    found = []
    for path, config in configs:
        if "allow_cors" in config:
            if config["allow_cors"]:
                found.append(f"Frappe: allow_cors {config['allow_cors']!r} in {path}")
            break
    if edge_files(bench_path, nginx["nginx_conf_dir"]):
        found.append(f"nginx: {nginx['nginx_conf_dir']}/{SHARED_NAME}")
    return found + _lines(domains, nginx)


def _lines(domains: list[str], options: dict[str, t.Any]) -> list[str]:
    """Lines in nginx's configuration, by file and number, as far as this user may read it."""
    binary = find_binary(options["nginx"])
    if not binary:
        return []
    try:
        nginx = Nginx(binary, options["nginx_conf"], options["nginx_prefix"], options["nginx_conf_dir"])
        lines = foreign_cors(nginx.files(), own_files(options["nginx_conf_dir"]), domains)
    except (NginxError, OSError) as error:
        return [f"nginx, perhaps: its configuration cannot be read by this user ({error})"]
    return [f"nginx: {line.place}: {' '.join(line.words)}" for line in lines]
