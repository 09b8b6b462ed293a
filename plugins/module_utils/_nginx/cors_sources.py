# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of a site's CORS headers in the configuration of Frappe and nginx, to explain a failed step."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.accounts import this_user
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Verdict
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import (
    SHARED_NAME,
    edge_files,
    own_files,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import (
    Nginx,
    NginxError,
    find_binary,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.third_party import third_party_cors
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.cors_rules import (
    CORS_ABSENT,
    CORS_CREDENTIALS,
    CORS_DUPLICATE,
    CORS_ERROR_BARE,
    CORS_EXPOSE_HEADERS,
    CORS_FOREIGN_ORIGIN,
    CORS_PREFLIGHT,
    CORS_VALUE,
)

SENT = (CORS_DUPLICATE, CORS_FOREIGN_ORIGIN, CORS_VALUE, CORS_CREDENTIALS)
NO_SOURCE = "no setting of Frappe and no nginx directive that affects CORS headers was found"
MISSED = (CORS_ABSENT, CORS_ERROR_BARE, CORS_PREFLIGHT, CORS_EXPOSE_HEADERS)


def add_sources(steps: t.Iterable[Verdict], sources: t.Callable[[], list[str]]) -> None:
    """Add the sources of the CORS headers to the reason of each failed CORS step.

    Args:
        steps: of one client of a site; they are changed in place.
        sources: returns the sources, as `sources_for` does. It is called once, and only for such a step.
    """
    failed = [step for step in steps if step["verdict"] == "failed" and step["rule"] in (*SENT, *MISSED)]
    found = "; ".join(sources()) if failed else ""
    for step in failed:
        if step["rule"] in SENT:
            why = f"sent by {found}" if found else NO_SOURCE
        else:
            why = f"possible causes: {found}" if found else NO_SOURCE
        step["reason"] = f"{step['reason']}; {why}" if step["reason"] else why


def sources_for(
    bench_path: str,
    configs: t.Iterable[tuple[str, t.Mapping[str, t.Any]]],
    domains: t.Collection[str],
    nginx: t.Mapping[str, t.Any],
) -> list[str]:
    """Everything that sends CORS headers for a site, or may remove them, one phrase per source.

    Args:
        bench_path: the bench directory.
        configs: path and content of each configuration file of the site; the first that has a key overrides the rest.
        domains: the site's host names.
        nginx: the options nginx, nginx_conf, nginx_prefix and nginx_conf_dir of the module.
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


def _lines(domains: t.Collection[str], options: t.Mapping[str, t.Any]) -> list[str]:
    """The directives in nginx's configuration, by file and line. A note if this user cannot read it."""
    binary = find_binary(options["nginx"])
    if not binary:
        return []
    try:
        nginx = Nginx(binary, options["nginx_conf"], options["nginx_prefix"], options["nginx_conf_dir"])
        lines = third_party_cors(nginx.files(), own_files(options["nginx_conf_dir"]), domains)
    except (NginxError, OSError) as error:
        return [f"possibly nginx: its configuration could not be read as {this_user()} ({error})"]
    return [f"nginx: {line.place}: {' '.join(line.words)}" for line in lines]
