# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host names and the URL of a site, read from its configuration. Pure."""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit


def domains_of(name: str, config: dict[str, t.Any], aliases: t.Iterable[str] = ()) -> list[str]:
    """The host names of a site: ``host_name`` (without port), ``domains``, its directory, and links to it.

    nginx converts the requested host name to lower case (``$host``). Therefore, a site directory with a capital letter
    is reachable only under its domains. An item of ``domains`` is a name, or an object with the key ``domain`` (bench,
    config/nginx).

    Args:
        name: name of the site's directory.
        config: effective configuration of the site.
        aliases: names of links to the directory. Frappe opens the directory that has the name of the requested host.
    """
    listed = [item.get("domain") if isinstance(item, dict) else item for item in _listed(config)]
    address = _address(config)
    folders = [folder for folder in (name, *aliases) if folder == folder.lower()]
    found = [urlsplit(address).hostname if address else None, *listed, *folders]
    return list(dict.fromkeys(domain.lower() for domain in found if isinstance(domain, str) and domain))


def url_of(name: str, config: dict[str, t.Any]) -> str:
    """The URL of a site: ``host_name`` if set, otherwise the first domain, with https if it has a certificate."""
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
    """``host_name`` with a scheme, or None if it is not set or not valid."""
    host = config.get("host_name")
    if not isinstance(host, str):
        return None
    address = host if "://" in host else f"http://{host}"
    try:
        return address if urlsplit(address).hostname else None
    except ValueError:
        return None
