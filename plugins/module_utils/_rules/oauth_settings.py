# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stored OAuth settings of a site mean to Frappe. Pure."""

from __future__ import annotations

import typing as t

PROVIDER, SETTINGS = DOCTYPES = ("OAuth Provider Settings", "OAuth Settings")  # newer versions have the second one
CONSENT_FIELD = "skip_authorization"
ORIGINS_FIELD = "allowed_public_client_origins"


def consent_auto(settings: t.Mapping[str, t.Mapping[str, t.Any]]) -> str:
    """The field that makes Frappe skip the consent page once a token exists (Auto). Empty if neither field does.

    OAuth Settings is asked first. Its check box means Auto. If it is off, OAuth Provider Settings decides.
    """
    if settings.get(SETTINGS, {}).get(CONSENT_FIELD):
        return f"{SETTINGS}: {CONSENT_FIELD}"
    return f"{PROVIDER}: {CONSENT_FIELD}" if settings.get(PROVIDER, {}).get(CONSENT_FIELD) == "Auto" else ""


def public_origins(settings: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[str]:
    """The origins that Frappe uses at the OAuth endpoints instead of allow_cors; empty if the field is empty.

    Split as Frappe splits them: one per line, and blanks within a line belong to the origin.
    """
    return [line for line in (settings.get(SETTINGS, {}).get(ORIGINS_FIELD) or "").strip().splitlines() if line]
