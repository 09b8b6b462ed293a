# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Under which names a site answers, read from its configuration. Pure."""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit


def domains_of(name: str, config: dict[str, t.Any]) -> list[str]:
    """Host names of a site: ``host_name``, then ``domains``, then the folder's own name.

    nginx lowers the name that a browser sends (``$host``), so a folder with a capital in its name is found under its
    domains only. An item of ``domains`` is a name, or an object with the key ``domain`` (bench, config/nginx).

    Args:
        name: the site's folder.
        config: its effective configuration.
    """
    items = config.get("domains") or []
    listed = [item.get("domain") if isinstance(item, dict) else item for item in items if item]
    host = urlsplit(_with_scheme(config["host_name"])).netloc if config.get("host_name") else None
    found = [host, *listed, name if name == name.lower() else None]
    return list(dict.fromkeys(domain.lower() for domain in found if isinstance(domain, str) and domain))


def url_of(name: str, config: dict[str, t.Any]) -> str:
    """Address of a site: ``host_name`` if it is set, else its first domain, with https where it has a certificate."""
    if config.get("host_name"):
        return _with_scheme(config["host_name"]).rstrip("/")
    secure = bool(config.get("ssl_certificate")) or any(
        isinstance(item, dict) and item.get("ssl_certificate") for item in config.get("domains") or []
    )
    domains = domains_of(name, config)
    return f"http{'s' if secure else ''}://{domains[0] if domains else name.lower()}"


def _with_scheme(host: str) -> str:
    return host if "://" in host else f"http://{host}"
