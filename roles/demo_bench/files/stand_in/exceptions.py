# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frappe's exceptions, with the HTTP status each one carries."""

from __future__ import annotations

from werkzeug.exceptions import NotFound


class SiteNotSpecifiedError(Exception):
    """No site was named."""


class IncorrectSitePath(NotFound):
    """The site's folder has no site_config.json."""


class ValidationError(Exception):
    """What was sent does not fit; most errors are of this kind."""

    http_status_code = 417


class AuthenticationError(Exception):
    """Nobody is logged in by this."""

    http_status_code = 401


class PermissionError(Exception):
    """The user may not do this."""

    http_status_code = 403


class NameError(Exception):
    """A document cannot have this name."""

    http_status_code = 409


class CSRFTokenError(Exception):
    """An unsafe request of a session without the session's token."""

    http_status_code = 400


class InvalidAuthorizationToken(CSRFTokenError):
    """An Authorization header that cannot be decoded."""


class SessionStopped(Exception):
    """The site is in maintenance."""

    http_status_code = 503


class SecurityException(Exception):
    """Too many failed logins."""


class QueryTimeoutError(Exception):
    """A lock was not to be had in time."""


class Redirect(Exception):
    """Raised with frappe.flags.redirect_location set: the page is elsewhere."""

    http_status_code = 301


class AppNotInstalledError(ValidationError):
    """A method of an app that the site does not have."""


class DoesNotExistError(ValidationError):
    """There is no such document."""

    http_status_code = 404


class DuplicateEntryError(NameError):
    """The name is taken."""


class MandatoryError(ValidationError):
    """A required field is empty."""


class CharacterLengthExceededError(ValidationError):
    """A text is longer than its column."""


class LinkValidationError(ValidationError):
    """A link leads nowhere."""


class LinkExistsError(ValidationError):
    """Another document links to the one to be deleted."""


class TimestampMismatchError(ValidationError):
    """Somebody else saved since the document was read."""


class UniqueValidationError(ValidationError):
    """A value that must be unique is there already."""


class InReadOnlyMode(ValidationError):
    """A write to a site that may only be read."""

    http_status_code = 503
