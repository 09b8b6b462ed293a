# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Third-party nginx directives that interfere with this collection: CORS headers and limits. Pure: reads no files."""

from __future__ import annotations

import fnmatch
import typing as t
from os.path import realpath

from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.reader import Directive, directives

CORS = "access-control-"
OURS = (f"{CORS}allow-origin", "vary")  # headers that a pattern of more_clear_headers may match
MORE = ("more_set_headers", "more_clear_headers")
LIMITS = ("limit_req", "limit_req_status")


def third_party_cors(files: t.Mapping[str, str], own: t.Collection[str], domains: t.Collection[str]) -> list[Directive]:
    """Third-party directives that add, set or clear a managed header for one of the domains.

    nginx runs ``add_header`` after headers-more, so this collection cannot remove that header. Of two files that set a
    header with headers-more, the one that nginx reads last wins.

    Args:
        files: the content of every file that nginx reads, by path.
        own: paths of this collection's files.
        domains: the host names of the declared sites.
    """
    return [line for line in _of_others(files, own) if _is_about_ours(line) and may_serve(line, domains)]


def third_party_limits(files: t.Mapping[str, str], own: t.Collection[str]) -> list[Directive]:
    """Third-party directives that limit requests or set the status of a limited request.

    Args:
        files: the content of every file that nginx reads, by path.
        own: paths of this collection's files.
    """
    return [line for line in _of_others(files, own) if line.name in LIMITS]


def _of_others(files: t.Mapping[str, str], own: t.Collection[str]) -> t.Iterator[Directive]:
    """The directives in files that are not in ``own``, however their paths are written."""
    ours = {realpath(path) for path in own}
    for path, text in files.items():
        if realpath(path) not in ours:
            yield from (line for line in directives(path, text) if not line.is_data)


def _is_about_ours(line: Directive) -> bool:
    """Whether it contains a managed header, or a pattern that matches one."""
    name, *words = line.words
    if name == "add_header":  # an additional Vary is harmless
        return bool(words) and words[0].lower().startswith(CORS)
    headers = [word.partition(":")[0].strip().lower() for word in words] if name in MORE else []
    return any(header.startswith(CORS) or fnmatch.fnmatchcase(one, header) for header in headers for one in OURS)


def may_serve(line: Directive, domains: t.Collection[str]) -> bool:
    """Whether it applies to one of the domains: in a server block for it, in a snippet, or at http level."""
    if line.server is None:  # a server with an add_header of its own, as bench writes it, inherits none from http
        return line.name in MORE or not any(block[:1] == ["http"] for block in line.blocks)
    return any(_matches(name.lower(), domain.lower()) for name in line.server.names for domain in domains)


def _matches(name: str, domain: str) -> bool:
    """Whether a name of a server may match a domain. A regular expression may: PCRE is not Python's ``re``."""
    if name.startswith("."):  # ".example.com" is example.com and every name below it
        return domain == name[1:] or domain.endswith(name)
    return name.startswith("~") or fnmatch.fnmatchcase(domain, name)
