# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide which processes to reload or restart after a configuration change. Pure."""

from __future__ import annotations

import typing as t

# Keys that a process reads only at start (frappe.utils.redis_wrapper, frappe.utils.background_jobs).
START_KEYS = ("redis_cache", "redis_queue", "redis_socketio", "developer_mode", "serve_default_site")
# Keys that have no effect until bench has written them to supervisor.conf or nginx.conf.
BENCH_KEYS = ("webserver_port", "socketio_port", "gunicorn_workers", "background_workers", "http_timeout")


def reload_needs(changed_keys: t.Collection[str], config_cached: bool, strategy: str) -> dict[str, t.Any]:
    """Which processes must be reloaded or restarted after a change of the configuration.

    OAuth clients and API keys are stored in the database and need no reload. frappe_nginx_edge reloads nginx itself.

    ==============================  =============================  ======================  ============
    Change                          Frappe 14, 15                  Frappe 16 and later     strategy
    ==============================  =============================  ======================  ============
    any key                         none, read on each request     web: SIGHUP             graceful
    a key that is read at start     web and workers: restart       the same                graceful
    any key                         web: restart                   the same                restart
    a key that is read at start     web and workers: restart       the same                restart
    anything                        nothing                        nothing                 none
    ==============================  =============================  ======================  ============

    Args:
        changed_keys: keys of site_config.json and common_site_config.json that this run changed.
        config_cached: whether this version of Frappe caches the configuration between requests.
        strategy: ``graceful``, ``restart`` or ``none``.

    Returns:
        ``web``: ``none``, ``reload`` or ``restart``; ``workers``: ``none`` or ``restart``.
    """
    at_start = bool(set(changed_keys) & set(START_KEYS))
    web, workers = "none", "none"
    if changed_keys and strategy != "none":
        if at_start or strategy == "restart":
            web = "restart"
        elif config_cached:
            web = "reload"
        workers = "restart" if at_start else "none"
    return {"web": web, "workers": workers}
