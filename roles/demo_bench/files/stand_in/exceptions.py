# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frappe's exceptions, each with its HTTP status."""

from __future__ import annotations

from werkzeug.exceptions import NotFound


class SiteNotSpecifiedError(Exception):
    """No site was specified."""


class IncorrectSitePath(NotFound):
    """The site's directory has no site_config.json."""


class ValidationError(Exception):
    """The input is invalid. Base class of most errors."""

    http_status_code = 417


class AuthenticationError(Exception):
    """The login failed."""

    http_status_code = 401


class PermissionError(Exception):
    """The user does not have permission."""

    http_status_code = 403


class NameError(Exception):
    """The name is not allowed for a document."""

    http_status_code = 409


class CSRFTokenError(Exception):
    """An unsafe request without the CSRF token of its session."""

    http_status_code = 400


class InvalidAuthorizationToken(CSRFTokenError):
    """An Authorization header that cannot be decoded."""


class SessionStopped(Exception):
    """The site is in maintenance mode."""

    http_status_code = 503


class SecurityException(Exception):
    """Too many failed logins."""


class QueryTimeoutError(Exception):
    """A lock timed out."""


class Redirect(Exception):
    """The page has moved to frappe.flags.redirect_location."""

    http_status_code = 301


class AppNotInstalledError(ValidationError):
    """The method belongs to an app that is not installed on the site."""


class DoesNotExistError(ValidationError):
    """The document does not exist."""

    http_status_code = 404


class DuplicateEntryError(NameError):
    """The name is already in use."""


class MandatoryError(ValidationError):
    """A required field is empty."""


class CharacterLengthExceededError(ValidationError):
    """A text is longer than its column."""


class LinkValidationError(ValidationError):
    """A link refers to a document that does not exist."""


class LinkExistsError(ValidationError):
    """Another document links to the document to delete."""


class TimestampMismatchError(ValidationError):
    """The document was saved by somebody else after it was read."""


class UniqueValidationError(ValidationError):
    """A value that must be unique already exists."""


class InReadOnlyMode(ValidationError):
    """A write to a site that is read-only."""

    http_status_code = 503
