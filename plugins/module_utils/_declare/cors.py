# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide which CORS declaration of a site applies, and which program (the owner) sends the headers. Pure: no I/O.

A site may declare either ``cors`` or Frappe's key ``allow_cors`` in the settings of ``site_config``, but not both.

| Declared | Owner | nginx sends | ``allow_cors`` | Verified origins |
|---|---|---|---|---|
| ``cors`` | ``nginx`` | ``cors`` | removed | those of ``cors`` |
| ``cors`` | ``frappe`` | nothing | set to the origins | those of ``cors`` |
| ``cors`` | ``none`` | nothing | removed | not verified |
| ``allow_cors`` | any | nothing | as declared | those of ``allow_cors`` |

Frappe sends no Access-Control-Expose-Headers, so ``expose_headers`` cannot be declared for the owner ``frappe``. If
``site_config`` is not managed, its key is left unchanged.
"""

from __future__ import annotations

import typing as t

Declaration = t.Dict[str, t.Any]

KEY = "allow_cors"
OWNERS = ("nginx", "frappe", "none")


def fault(site: Declaration, owner: str) -> str | None:
    """The error in the CORS declaration of a merged site, without the site name. None if there is no error.

    Args:
        site: the merged site.
        owner: one of `OWNERS`.
    """
    if "cors" not in site:
        return None
    if "origins" not in site["cors"]:
        return "cors.origins is not set. List the allowed origins. An empty list allows none"
    if KEY in site.get("site_config", {}).get("settings", {}):
        return f"cors and site_config.settings.{KEY} are both declared. Remove {KEY} from settings"
    if owner == "frappe" and site["cors"].get("expose_headers"):
        return (
            "cors: expose_headers is declared, but oauth2_cors_owner is frappe, and Frappe cannot send "
            "Access-Control-Expose-Headers. Remove expose_headers, or set oauth2_cors_owner: nginx"
        )
    return None


def resolve(site: Declaration, owner: str) -> Declaration:
    """A merged site with one owner of CORS: ``cors`` for nginx, or Frappe's own key for Frappe.

    Args:
        site: the merged site, for which `fault` returned None.
        owner: one of `OWNERS`.
    """
    if "cors" not in site:
        return site
    resolved = {key: value for key, value in site.items() if key != "cors" or owner == "nginx"}
    if "site_config" in site.get("unmanaged", ()):
        return resolved
    config = site.get("site_config", {})
    absent = config.get("absent", ())
    if owner == "frappe":
        config = {**config, "settings": {**config.get("settings", {}), KEY: list(site["cors"]["origins"])}}
        config["absent"] = [key for key in absent if key != KEY]
    else:
        config = {**config, "absent": [*dict.fromkeys([*absent, KEY])]}
    return {**resolved, "site_config": config}


def verified(site: Declaration) -> Declaration:
    """The CORS declaration that verify expects of a resolved site: that of nginx, or the origins of Frappe's key."""
    if "cors" in site:
        return {"cors": site["cors"]}
    allowed = site.get("site_config", {}).get("settings", {}).get(KEY)
    return {"cors": {"origins": allowed}} if isinstance(allowed, list) else {}
