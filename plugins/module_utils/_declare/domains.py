# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Under which names a site answers, read from its configuration. Pure."""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit


def domains_of(name: str, config: dict[str, t.Any]) -> list[str]:
    """Host names of a site: that of ``host_name`` (never its port), then ``domains``, then the folder's own name.

    nginx lowers the name that a browser sends (``$host``), so a folder with a capital in its name is found under its
    domains only. An item of ``domains`` is a name, or an object with the key ``domain`` (bench, config/nginx).

    Args:
        name: the site's folder.
        config: its effective configuration.
    """
    listed = [item.get("domain") if isinstance(item, dict) else item for item in _listed(config)]
    address = _address(config)
    found = [urlsplit(address).hostname if address else None, *listed, name if name == name.lower() else None]
    return list(dict.fromkeys(domain.lower() for domain in found if isinstance(domain, str) and domain))


def url_of(name: str, config: dict[str, t.Any]) -> str:
    """Address of a site: ``host_name`` if it is set, else its first domain, with https where it has a certificate."""
    address = _address(config)
    if address:
        return address.rstrip("/")
    secure = bool(config.get("ssl_certificate")) or any(
        isinstance(item, dict) and item.get("ssl_certificate") for item in _listed(config)
    )
    domains = domains_of(name, config)
    return f"http{'s' if secure else ''}://{domains[0] if domains else name.lower()}"


def _listed(config: dict[str, t.Any]) -> list[t.Any]:
    return config["domains"] if isinstance(config.get("domains"), list) else []


def _address(config: dict[str, t.Any]) -> str | None:
    """``host_name`` with a scheme, or None if it names no host: a configuration may hold anything."""
    host = config.get("host_name")
    if not isinstance(host, str):
        return None
    address = host if "://" in host else f"http://{host}"
    try:
        return address if urlsplit(address).hostname else None
    except ValueError:
        return None
