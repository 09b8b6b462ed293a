# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which declaration of CORS counts, and who answers for it: one owner, never two answers. Pure.

A site may declare ``cors``, or Frappe's own key ``allow_cors`` among the settings of ``site_config``, never both.

| Declared | Owner | nginx sends | ``allow_cors`` | Verified origins |
|---|---|---|---|---|
| ``cors`` | ``nginx`` | ``cors`` | removed | those of ``cors`` |
| ``cors`` | ``frappe`` | nothing | set to the origins | those of ``cors`` |
| ``cors`` | ``none`` | nothing | removed | not verified |
| ``allow_cors`` | any | nothing | as declared | those of ``allow_cors`` |

Where ``site_config`` is not managed, its key stays whatever it is.
"""

from __future__ import annotations

import typing as t

Declaration = t.Dict[str, t.Any]

KEY = "allow_cors"
OWNERS = ("nginx", "frappe", "none")


def fault(site: Declaration) -> str | None:
    """What is wrong with the declaration of CORS of a merged site, as the end of a sentence that names the site."""
    if "cors" not in site:
        return None
    if "origins" not in site["cors"]:
        return "cors: it has no origins. List them; an empty list lets nobody in"
    if KEY in site.get("site_config", {}).get("settings", {}):
        return f"cors and site_config: {KEY} are declared both. Keep cors"
    return None


def resolve(site: Declaration, owner: str) -> Declaration:
    """A merged site with one owner of CORS: ``cors`` where nginx answers, Frappe's key where Frappe does.

    Args:
        site: as it was merged; `fault` found nothing.
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
    """What a verification is to expect of a resolved site: nginx's declaration, else the origins of Frappe's key."""
    if "cors" in site:
        return {"cors": site["cors"]}
    allowed = site.get("site_config", {}).get("settings", {}).get(KEY)
    return {"cors": {"origins": allowed}} if isinstance(allowed, list) else {}
