# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source code of a bench: where it is, and the traits read from it. The code is not imported for this."""

from __future__ import annotations

import functools
import importlib.util
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.source import UNKNOWN, Source
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe.traits import (
    AUTH,
    ENDPOINTS,
    TOKEN,
    VALIDATOR,
    traits,
)

BEARER = "OAuth Bearer Token"


def traits_of(frappe: t.Any) -> dict[str, str]:
    """The traits of the bench's Frappe."""
    return traits_of_bench(_controller(frappe))


def of_disabled_users(frappe: t.Any) -> dict[str, str]:
    """Whether Frappe accepts an API key, an access token and a refresh token of a disabled user."""
    found = traits_of(frappe)
    return {what: found[f"{what}_of_disabled_user"] for what in ("key", "bearer", "refresh")}


def _controller(frappe: t.Any) -> str:
    """The module of the bearer token's controller. An app may override Frappe's own."""
    return type(frappe.new_doc(BEARER)).__module__


@functools.lru_cache(maxsize=None)
def traits_of_bench(controller: str) -> dict[str, str]:
    """The traits, read once per process: all sites of a bench run the same code."""
    modules = {
        VALIDATOR: "frappe.oauth",
        ENDPOINTS: "frappe.integrations.oauth2",
        TOKEN: controller,
        AUTH: "frappe.auth",
    }
    return traits({name: source_of(module) for name, module in modules.items()})


@functools.lru_cache(maxsize=None)
def config_cached() -> bool | str:
    """Whether Frappe caches a site's configuration between requests. Newer versions can, by a parameter ``cached``."""
    for module in ("frappe.config", "frappe"):  # newer versions define the function in the first
        function = Source(source_of(module)).functions.get("get_site_config")
        if function is not None:
            given = function.args
            return "cached" in {argument.arg for argument in (*given.args, *given.kwonlyargs)}
    return UNKNOWN


def source_of(module: str) -> str:
    """The source of a module of the bench. Empty if it has none."""
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, AttributeError, ValueError):
        return ""
    return read_source(found.origin) if found and found.origin else ""


def read_source(path: str) -> str:
    """The text of a source file. Empty if it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, ValueError):
        return ""
