# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of sites in the nginx files of a bench, written and read back as data. Pure: text in, records out.

A run on some of the sites must keep the entries of all other sites, so it must know the site and the values of each
entry. The file has one record per site. The record is a comment, because nginx reads the file and none of these
directives contains the site's name. It is in the same file as the entries, because one file is replaced atomically. Two
files could differ after a killed run.

A record is canonical JSON: ``name``, ``hosts`` and ``cors``, which is null in the file of the rate limit. It follows
the words ``# site-record 1``, split over several lines if it is long, because nginx 1.22 rejects a comment that is
longer than its buffer of 4096 bytes. Version 2 is the same with ``expose_headers`` in ``cors``. A policy without that
key is written as version 1, so that files of earlier releases are read, and stay as they are. The entries are below::

    # site-record 1 {"cors":{"credentials":false, ...},"hosts":["a.example"],"name":"a.example"}
    # site-record + ...
    "~^(?:a\\.example) https://app\\.example$" "...";

A record that differs from this in any byte, or whose values the module would not accept from an inventory, is not used.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.options import Site
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import edge_findings, name_findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CORS_DEFAULTS

RECORD = "# site-record "
FIRST, SECOND, NEXT = f"{RECORD}1 ", f"{RECORD}2 ", f"{RECORD}+ "
OPTIONAL = "expose_headers"  # the key that only version 2 has
LONGEST_LINE = 2000  # characters of JSON on one line
ENTRY = '"~^('  # how every entry of a site begins


class Policy(t.NamedTuple):
    """The CORS policy of a site, complete; ``max_age`` is in seconds. ``expose_headers`` is None if not declared."""

    origins: list[str]
    methods: list[str]
    headers: list[str]
    max_age: int
    credentials: bool
    expose_headers: list[str] | None = None


class SiteRecord(t.NamedTuple):
    """The values from which the entries of one site are generated. ``hosts`` and origins are sorted and unique."""

    name: str
    hosts: list[str]
    cors: Policy | None


class Section(t.NamedTuple):
    """The record of one site, and the lines below it as they are in the file, without indentation."""

    record: SiteRecord
    lines: list[str]


class Contents(t.NamedTuple):
    """The content of a file.

    Attributes:
        sites: by name.
        damaged: numbers of lines, from 1, that hold a record or an entry that cannot be used.
    """

    sites: dict[str, Section]
    damaged: list[int]


def cors_record(site: Site) -> SiteRecord | None:
    """The values for the CORS entries of a declared site. None if it has no CORS entries."""
    cors = site.get("cors")
    if not cors or not site["domains"]:
        return None
    given = {**CORS_DEFAULTS, **{key: value for key, value in cors.items() if value is not None}}
    policy = Policy(**{**given, "origins": sorted(set(cors["origins"]))})
    return SiteRecord(site["name"], sorted(set(site["domains"])), policy)


def limit_record(site: Site) -> SiteRecord | None:
    """The values for the rate limit entries of a declared site. None if it has no host names."""
    return SiteRecord(site["name"], sorted(set(site["domains"])), None) if site["domains"] else None


def record_lines(record: SiteRecord) -> list[str]:
    """A record as comment lines of nginx."""
    text = _encoded(record)
    first = SECOND if record.cors and record.cors.expose_headers is not None else FIRST
    parts = [text[at : at + LONGEST_LINE] for at in range(0, len(text), LONGEST_LINE)]
    return [f"{NEXT if number else first}{part}" for number, part in enumerate(parts)]


def read_records(text: str | None) -> Contents:
    """The records of a file, and the entries of each site.

    Args:
        text: the content of the file, or None if it does not exist. The text may be invalid.
    """
    found: dict[str, Section | None] = {}  # None for a site with two records: the correct one is unknown
    first: dict[str, int] = {}
    damaged: set[int] = set()
    lines = [line.lstrip(" \t") for line in (text or "").split("\n")]
    section: list[str] | None = None
    at = 0
    while at < len(lines):
        start, at = at, at + 1
        if lines[start].startswith(RECORD):
            while at < len(lines) and lines[at].startswith(NEXT):
                at += 1
            record = _decoded(lines[start:at])
            section = []  # the entries below a damaged record belong to no site
            if record is None:
                damaged.add(start + 1)
            elif record.name in found:
                found[record.name] = None
                damaged.update((first[record.name], start + 1))
            else:
                found[record.name], first[record.name] = Section(record, section), start + 1
        elif lines[start].startswith("}"):  # the map of the limit ends, and other directives follow
            section = None
        elif section is not None and lines[start]:
            section.append(lines[start])
        elif lines[start].startswith(ENTRY):
            damaged.add(start + 1)
    return Contents({name: own for name, own in found.items() if own}, sorted(damaged))


def _encoded(record: SiteRecord) -> str:
    """The only JSON text that counts as this record: ASCII, without spaces, keys sorted."""
    policy = record.cors and {key: value for key, value in record.cors._asdict().items() if value is not None}
    value = {**record._asdict(), "cors": policy}
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _decoded(lines: list[str]) -> SiteRecord | None:
    """The record on some comment lines, or None if `record_lines` would not write exactly these lines."""
    if not lines[0].startswith((FIRST, SECOND)):
        return None
    text = "".join([lines[0][len(FIRST) :], *(line[len(NEXT) :] for line in lines[1:])])
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    record = _checked(value)
    return record if record and record_lines(record) == lines else None


def _checked(value: t.Any) -> SiteRecord | None:
    """The JSON value as a record, or None if the module would not accept its name, hosts and policy as options."""
    if not isinstance(value, dict) or set(value) != set(SiteRecord._fields):
        return None
    name, hosts, cors = value["name"], value["hosts"], value["cors"]
    if not isinstance(name, str) or not hosts or not _are_sorted(hosts) or not (cors is None or _is_policy(cors)):
        return None
    broken = [*name_findings(name), *edge_findings(hosts, cors)]
    if broken:
        return None
    return SiteRecord(name, hosts, None if cors is None else Policy(**cors))


def _is_policy(cors: t.Any) -> bool:
    """Whether a JSON value has the keys and types of a `Policy`."""
    return (
        isinstance(cors, dict)
        and set(cors) | {OPTIONAL} == set(Policy._fields)
        and _are_sorted(cors["origins"])
        and _are_texts(cors["methods"])
        and _are_texts(cors["headers"])
        and _are_texts(cors.get(OPTIONAL, []))
        and isinstance(cors["max_age"], int)
        and not isinstance(cors["max_age"], bool)
        and isinstance(cors["credentials"], bool)
    )


def _are_texts(value: t.Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _are_sorted(value: t.Any) -> bool:
    return _are_texts(value) and value == sorted(set(value))
