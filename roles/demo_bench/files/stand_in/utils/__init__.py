# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helper functions of `frappe.utils`."""

from __future__ import annotations

import datetime
import json
import os
import re
from urllib.parse import urljoin

import frappe

DATETIME_FORMAT = "%Y-%m-%d %H:%M:%S.%f"
TAG = re.compile(r"<[^<]+?>")


# ---- values
def cint(s, default: int = 0) -> int:
    """Convert a value to an integer. Return `default` if that is not possible."""
    try:
        return int(s)
    except (TypeError, ValueError):
        try:
            return int(float(s))
        except (TypeError, ValueError, OverflowError):
            return default


def cstr(s, encoding="utf-8") -> str:
    return "" if s is None else s.decode(encoding) if isinstance(s, bytes) else str(s)


def strip_html(text: str) -> str:
    return TAG.sub("", text)


def parse_json(val):
    """Parse a JSON string. Other values are returned unchanged. Raises ValueError if a string is not valid JSON."""
    val = json.loads(val) if isinstance(val, str) else val
    return frappe._dict(val) if isinstance(val, dict) else val


# ---- time, in the machine's time zone
def now_datetime() -> datetime.datetime:
    return datetime.datetime.now()


def now() -> str:
    return now_datetime().strftime(DATETIME_FORMAT)


def get_datetime(datetime_str=None):
    """Convert a string or a date to a time. None gives the current time, and an empty string gives None."""
    if datetime_str is None:
        return now_datetime()
    if datetime_str == "":
        return None
    if isinstance(datetime_str, datetime.datetime):
        return datetime_str
    if isinstance(datetime_str, datetime.date):
        return datetime.datetime.combine(datetime_str, datetime.time())
    return datetime.datetime.fromisoformat(datetime_str)


def add_to_date(
    date, years=0, months=0, weeks=0, days=0, hours=0, minutes=0, seconds=0, as_string=False, as_datetime=False
):
    """Add a time span to `date`. None is the current time.

    Returns a string if `date` is a string or `as_string` is set. Returns a date if `date` is a date and the span has
    only whole days. Otherwise returns a datetime.
    """
    as_string = as_string or isinstance(date, str)
    moved = get_datetime(date)
    month = moved.month - 1 + months + 12 * years
    first = moved.replace(year=moved.year + month // 12, month=month % 12 + 1, day=1)
    last_day = ((first + datetime.timedelta(days=31)).replace(day=1) - datetime.timedelta(days=1)).day
    moved = first.replace(day=min(moved.day, last_day))
    moved += datetime.timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not as_string:
        is_date = isinstance(date, datetime.date) and not isinstance(date, datetime.datetime)
        return moved.date() if is_date and not (hours or minutes or seconds) else moved
    return moved.strftime(DATETIME_FORMAT if as_datetime or isinstance(date, str) and " " in date else "%Y-%m-%d")


# ---- paths and addresses
def get_bench_path() -> str:
    return os.path.realpath(os.path.join(os.path.dirname(frappe.__file__), "..", "..", ".."))


def get_site_path(*joins) -> str:
    return frappe.get_site_path(*joins)


def get_sites(sites_path=None) -> list[str]:
    """Return the directories with a site_config.json. Symbolic links are ignored."""
    sites_path = sites_path or getattr(frappe.local, "sites_path", None) or "."

    def is_site(name):
        folder = os.path.join(sites_path, name)
        return (
            os.path.isdir(folder)
            and not os.path.islink(folder)
            and os.path.exists(os.path.join(folder, "site_config.json"))
        )

    return sorted(filter(is_site, os.listdir(sites_path)))


def get_site_name(hostname: str) -> str:
    return hostname.split(":", 1)[0]


def get_url(uri: str | None = None, full_address: bool = False) -> str:
    """Return the address of the site, followed by `uri`.

    The address is `host_name`, otherwise that of the request, otherwise the site's name.
    """
    if uri and uri.startswith(("http://", "https://")):
        return uri
    conf = frappe.local.conf
    host = conf.host_name or conf.hostname
    if not host and getattr(frappe.local, "request", None):
        scheme = "https" if frappe.get_request_header("X-Forwarded-Proto", "") == "https" else "http"
        host = f"{scheme}://{frappe.request.host}"
    if not host:
        host = ("https://" if conf.ssl_certificate else "http://") + frappe.local.site
    if not host.startswith(("http://", "https://")):
        host = "http://" + host
    port = conf.http_port or conf.webserver_port
    supervised = conf.restart_supervisor_on_update or conf.restart_systemd_on_update
    if port and not supervised and host.count(":") < 2:
        host = f"{host}:{port}"
    return urljoin(host, uri) if uri else host
