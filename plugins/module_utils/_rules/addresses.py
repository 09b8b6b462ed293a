# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses that a verification connects to. Pure.

An address without a scheme is accepted only if one scheme is obvious. A wrong guess would report a healthy site as
unreachable, so every other address needs its scheme.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from urllib.parse import urlsplit

SCHEMES = ("http", "https")
PORTS = {80: "http", 443: "https"}
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%25\w+)?")
EXAMPLE = "http://127.0.0.1 or https://10.0.0.5:8443"


class BadAddress(Exception):
    """An address or URL that cannot be used. The message contains what was found, what was expected and the remedy."""


def connect_address(given: str) -> str:
    """The base URL to connect to: ``scheme://host[:port]``.

    ``host`` and ``host:port`` are accepted for port 80 (http) and 443 (https), and for loopback hosts (http).

    Raises:
        BadAddress: it is not an address, or its scheme is not obvious.
    """
    text = given.strip()
    if "://" in text:
        return _base(text, EXAMPLE)
    host, port = _split(f"http://{text}", text, EXAMPLE)
    scheme = PORTS.get(port or 0) or ("http" if _loopback(host) else None)
    if scheme is None:
        raise BadAddress(
            f"found {_shown(text)} without a scheme, expected an address such as {EXAMPLE}. Add the scheme"
        )
    return _base(f"{scheme}://{text}", EXAMPLE)


def site_url(given: str) -> str:
    """The URL of a site, as its users enter it: ``scheme://host[:port]``.

    Raises:
        BadAddress: it is not a URL of a site.
    """
    return _base(given.strip(), "a URL such as https://crm.example.com", "")


def address_faults(where: str, options: t.Mapping[str, t.Any]) -> list[str]:
    """Errors about the options ``address`` and ``url`` of a verification, one line each.

    Args:
        where: the site, and the key or module that has the options.
        options: may contain ``address`` and ``url``.
    """
    lines = []
    for name, check in (("address", connect_address), ("url", site_url)):
        if options.get(name):
            try:
                check(options[name])
            except BadAddress as error:
                lines.append(f"{where}{name}: {error}")
    return lines


def _base(url: str, expected: str, prefix: str = "an address such as ") -> str:
    _split(url, url, expected, prefix)
    return url.rstrip("/")


def _split(url: str, given: str, expected: str, prefix: str = "an address such as ") -> tuple[str, int | None]:
    """The host and port of a URL without path, query, fragment and credentials. urlsplit would drop a newline."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    rest = (
        re.search(r"[\s\x00-\x1f]", url)
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    )
    if rest or parts.scheme not in SCHEMES or not HOST.fullmatch(host) or port == 0 or parts.netloc.endswith(":"):
        raise BadAddress(
            f"found {_shown(given)}, expected {prefix}{expected}, without user name, "
            "path, query or fragment. Remove everything except the scheme, the host and the port"
        )
    return host, port


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def _shown(given: str) -> str:
    """The address without credentials."""
    return repr(re.sub(r"[^/@]*@", "…@", given))
