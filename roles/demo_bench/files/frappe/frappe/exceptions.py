# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frappe's exceptions, with the HTTP status each one carries."""

from __future__ import annotations

from werkzeug.exceptions import NotFound


class SiteNotSpecifiedError(Exception):
    pass


class IncorrectSitePath(NotFound):
    pass


class ValidationError(Exception):
    http_status_code = 417


class AuthenticationError(Exception):
    http_status_code = 401


class PermissionError(Exception):
    http_status_code = 403


class NameError(Exception):
    http_status_code = 409


class CSRFTokenError(Exception):
    http_status_code = 400


class InvalidAuthorizationToken(CSRFTokenError):
    pass


class SessionStopped(Exception):
    http_status_code = 503


class SecurityException(Exception):
    pass


class QueryTimeoutError(Exception):
    pass


class Redirect(Exception):
    """Raised with frappe.flags.redirect_location set: the page is elsewhere."""

    http_status_code = 301


class AppNotInstalledError(ValidationError):
    pass


class DoesNotExistError(ValidationError):
    http_status_code = 404


class DuplicateEntryError(NameError):
    pass


class MandatoryError(ValidationError):
    pass


class CharacterLengthExceededError(ValidationError):
    pass


class LinkValidationError(ValidationError):
    pass


class LinkExistsError(ValidationError):
    pass


class TimestampMismatchError(ValidationError):
    pass


class UniqueValidationError(ValidationError):
    pass


class InReadOnlyMode(ValidationError):
    http_status_code = 503
