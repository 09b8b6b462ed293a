# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes must read their configuration again after which change. Pure."""

from __future__ import annotations

import typing as t

# Keys that a process reads when it starts, and never again (frappe.utils.redis_wrapper, frappe.utils.background_jobs).
START_KEYS = ("redis_cache", "redis_queue", "redis_socketio", "developer_mode", "serve_default_site")
# Keys that only count once bench has written them into supervisor.conf or nginx.conf.
BENCH_KEYS = ("webserver_port", "socketio_port", "gunicorn_workers", "background_workers", "http_timeout")


def reload_needs(changed_keys: t.Collection[str], config_cached: bool, strategy: str) -> dict[str, t.Any]:
    """The one table: which change of the configuration needs which process to hear of it.

    OAuth clients and API keys lie in the database and need none; nginx is told by frappe_nginx_edge itself.

    ==============================  =============================  ======================  ============
    Change                          Frappe 14, 15                  Frappe 16 and later     strategy
    ==============================  =============================  ======================  ============
    any key                         nothing, read each request     web: SIGHUP             graceful
    a key that is read at start     web and workers: restart       the same                graceful
    any key                         web: restart                   the same                restart
    a key that is read at start     web and workers: restart       the same                restart
    anything                        nothing                        nothing                 none
    ==============================  =============================  ======================  ============

    Args:
        changed_keys: keys of site_config.json and common_site_config.json that this run changed.
        config_cached: does this Frappe keep the configuration between requests?
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
