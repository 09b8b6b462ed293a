# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Origins, as browsers and web views send them. Pure: no Ansible, no Frappe, no I/O."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import SplitResult, urlsplit

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import without_password
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.cors_rules import CORS_ORIGIN_FORM
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Finding

LONGEST_HOST = 253  # characters (RFC 1123, 2.1)
LONGEST_SCHEME = 100  # characters: an nginx parameter has at most 4096
# including surrogates, which neither MariaDB nor nginx can store
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")  # RFC 3986, 3.1
# Pages of these schemes have an opaque origin, which browsers send as null (HTML, 7.1.1).
SCRIPT_SCHEMES = ("javascript", "data", "vbscript", "file", "about", "blob", "view-source")
USUAL_PORTS = {"http": 80, "https": 443}
NAME_OR_IPV4, IPV6 = re.compile(r"[A-Za-z0-9_.-]+"), re.compile(r"\[[0-9a-f:.]+\]")
ANY_PAGE = {
    "null": "any website can send this origin, from a sandboxed frame",
    "file://": "every local file and many apps send this origin",
}


def split(uri: str) -> SplitResult | None:
    """The parts of a URI, or None if it cannot be split."""
    try:
        parts = urlsplit(uri)
        return parts if parts.port is None or parts.port >= 0 else None
    except ValueError:
        return None


def origin(value: t.Any) -> str | None:
    """The origin in the form that browsers send, or None if it is invalid (RFC 6454, 6.2).

    Web views and browser extensions have schemes of their own: ``capacitor://localhost``, ``chrome-extension://<id>``.
    Only the host of http and https is converted to lower case and to punycode, and only these have a default port. For
    other schemes, the host is an opaque string (URL, host parsing), which web views send as it is.
    """
    if not isinstance(value, str) or re.search(r"[\s\"'\\<>*?#]", value) or CONTROL.search(value):
        return None
    parts = split(value)
    if parts is None or not SCHEME.fullmatch(parts.scheme) or len(parts.scheme) > LONGEST_SCHEME:
        return None
    if parts.scheme in SCRIPT_SCHEMES or not parts.hostname or parts.path or "@" in parts.netloc:
        return None
    if parts.netloc.endswith(":") or re.search(r"\](?!:[0-9]+$|$)", parts.netloc):
        return None
    host = _host(parts)
    port = "" if parts.port in (None, USUAL_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}" if host else None


def _host(parts: SplitResult) -> str | None:
    """The host of an origin in the form that browsers send, or None if it is invalid."""
    port = "" if parts.port is None else parts.netloc.rpartition(":")[2]
    host = parts.netloc[: -len(port) - 1] if port else parts.netloc
    if parts.scheme in USUAL_PORTS:
        try:
            host = host.lower() if host.isascii() else host.encode("idna").decode()
        except UnicodeError:
            return None
    right = (NAME_OR_IPV4.fullmatch(host) or IPV6.fullmatch(host)) and len(host) <= LONGEST_HOST
    return host if right else None


def origin_form(field: str, value: t.Any, bare: str | None) -> Finding:
    """The finding on a value that is not an origin in the form that browsers send.

    Args:
        field: where the value is.
        value: the value.
        bare: the origin that it stands for, as `origin` returns it.
    """
    why = f"a browser sends {bare}" if bare else ANY_PAGE.get(value.lower()) if isinstance(value, str) else None
    return Finding(CORS_ORIGIN_FORM, field, without_password(value) + (f" ({why})" if why else ""))
