# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authenticate requests: login, session cookies, CSRF tokens, bearer tokens and API keys."""

from __future__ import annotations

import base64
import binascii
import datetime
from urllib.parse import quote, urlencode, urlsplit

import frappe
from frappe.context import _dict
from frappe.login_attempts import get_login_attempt_tracker
from frappe.sessions import Session, delete_session, get_expiry_in_seconds
from frappe.utils import cint
from frappe.utils.password import get_decrypted_password
from frappe.whitelisting import whitelist

UNSAFE_HTTP_METHODS = frozenset(("DELETE", "PATCH", "POST", "PUT"))
COOKIES = ("sid", "user_id", "full_name", "user_image", "system_user")
NO_USER = ("", "Guest")
LONGEST_PASSWORD = 512  # characters
SHOWN = ("user_type", "first_name", "last_name", "user_image")  # fields of the user that the cookies contain
KEY_PAIRS = {"basic": lambda token: base64.b64decode(token).decode(), "token": str}  # decodes key:secret of each scheme


class HTTPRequest:
    """The session of a request. The order of the steps matters: after a failed step, later steps set no cookies."""

    def __init__(self):
        forwarded = frappe.get_request_header("X-Forwarded-For")
        frappe.local.request_ip = forwarded.split(",", 1)[0].strip() if forwarded else "127.0.0.1"
        frappe.local.cookie_manager = CookieManager()
        frappe.local.login_manager = LoginManager()
        _check_csrf_token()
        frappe.local.cookie_manager.keep_session()


def _check_csrf_token():
    """Check the CSRF token of the request. Raises CSRFTokenError.

    Not checked if the session has no token, or if ignore_csrf is true.
    """
    expected = None if frappe.conf.ignore_csrf else frappe.session.data.csrf_token
    if not expected or frappe.request.method not in UNSAFE_HTTP_METHODS:
        return
    given = frappe.get_request_header("X-Frappe-CSRF-Token") or frappe.form_dict.pop("csrf_token", None)
    if given != expected:
        frappe.flags.disable_traceback = True
        frappe.throw("Invalid Request", frappe.CSRFTokenError)


class LoginManager:
    """Logs in if the request is a login. Otherwise resumes the session of the cookie."""

    def __init__(self):
        self.user, self.full_name, self.info = None, None, _dict()
        asked = (frappe.form_dict.get("cmd") == "login", frappe.request.path == "/api/method/login")
        if any(asked):
            self.login()
            return
        self._open_session(resume=True)
        self._load_info()
        self._set_cookies()

    def login(self):
        if frappe.get_system_settings("disable_user_pass_login"):
            frappe.throw("This site takes no passwords.", frappe.AuthenticationError)
        self.authenticate()
        frappe.form_dict.pop("pwd", None)
        self.login_as(self.user)

    def login_as(self, user):
        """Start a new session without checking a password. The response contains the home page."""
        self.user = user
        self._load_info()
        self._open_session()
        self._set_cookies()
        frappe.local.response.update(self._welcome())

    def authenticate(self, user: str | None = None, pwd: str | None = None):
        """Check the credentials and set `user`.

        Raises AuthenticationError, or SecurityException after too many failures.
        """
        from frappe.core.doctype.user.user import find_by_credentials

        given = (user, pwd)
        if not all(given):
            given = tuple(map(frappe.form_dict.get, ("usr", "pwd")))
        if not all(given):
            _refuse("A login takes a name and a password")
        if len(given[1]) > LONGEST_PASSWORD:
            _refuse(f"A password has {LONGEST_PASSWORD} characters at most")
        found = find_by_credentials(*given)
        counted = [frappe.local.request_ip, found.name] if found else [frappe.local.request_ip]
        trackers = [get_login_attempt_tracker(key) for key in counted]
        reason = _reason_against(found)
        for tracker in trackers:
            tracker.add_failure_attempt() if reason else tracker.add_success_attempt()
        if reason:
            _refuse(reason)
        self.user = found.name

    @property
    def _is_website_user(self):
        return self.info.user_type == "Website User"

    def _load_info(self):
        self.info = frappe.db.get_value("User", self.user, SHOWN, as_dict=True)

    def _set_cookies(self):
        self.full_name = " ".join(part for part in (self.info.first_name, self.info.last_name) if part)
        frappe.local.cookie_manager.keep_session()
        values = {
            "user_id": self.user,
            "full_name": self.full_name,
            "user_image": self.info.user_image,
            "system_user": "no" if self._is_website_user else "yes",
        }
        for name, value in values.items():
            frappe.local.cookie_manager.set_cookie(name, value)

    def _welcome(self):
        message, home_page = "Logged In", "/app"
        if self._is_website_user:
            message, home_page = "No App", "/login" if self.user == "Guest" else "/me"
        return {"message": message, "home_page": home_page, "full_name": self.full_name}

    def _open_session(self, resume=False):
        session = Session(user=self.user, resume=resume, full_name=self.full_name, user_type=self.info.user_type)
        frappe.local.session_obj = session
        self.user, frappe.local.session = session.user, session.data
        if cint(frappe.conf.get("deny_multiple_sessions")) and self.user != "Guest":
            frappe.db.delete("Sessions", {"user": self.user, "sid": ("!=", session.sid)})

    def logout(self):
        """End the session. Commits, because the request would otherwise roll back after a safe method."""
        delete_session(frappe.session.sid)
        clear_cookies()
        self.login_as("Guest")
        frappe.db.commit()


def _reason_against(found):
    """Return the reason why the user with these credentials may not log in, or None. The text is Frappe's."""
    if not found or not found.is_authenticated:
        return "Invalid login credentials"
    return None if found.enabled or found.name == "Administrator" else "User disabled or missing"


def _refuse(message):
    """Raise AuthenticationError. Commits first, so that the failed attempt is counted."""
    frappe.local.response["message"] = message
    frappe.db.commit()
    raise frappe.AuthenticationError


class CookieManager:
    """The cookies of a response. Expired cookies are written last, so that the browser deletes them."""

    def __init__(self):
        self._valid, self._expired = {}, ()

    def set_cookie(self, name, value, **options):
        self._valid[name] = {"value": quote((value or "").encode()), **options}

    def keep_session(self):
        """Renew the session cookie for another session_expiry."""
        if frappe.session.sid:
            self.set_cookie("sid", frappe.session.sid, httponly=True, max_age=get_expiry_in_seconds())

    def expire(self, names):
        self._expired = tuple(names)

    def flush_cookies(self, response):
        secure = frappe.request.scheme == "https"
        for name, cookie in self._valid.items():
            response.set_cookie(name, secure=secure, samesite="Lax", **cookie)
        for name in self._expired:
            response.set_cookie(name, expires=datetime.datetime.now() - datetime.timedelta(days=1))


def clear_cookies():
    frappe.session.sid = ""
    frappe.local.cookie_manager.expire(COOKIES)


@whitelist()
def get_logged_user():
    """Return the current user. Guests may not call this method, so it can be used to check a token."""
    return frappe.session.user


def validate_auth():
    """Set the user from the Authorization header.

    Raises AuthenticationError if the header has two parts but no user is found.
    """
    header = frappe.get_request_header("Authorization", "").split(" ")
    if len(header) != 2:
        return
    validate_oauth(header)
    validate_auth_via_api_keys(header)
    if frappe.session.user in NO_USER:
        raise frappe.AuthenticationError


def validate_oauth(header):
    scheme, token = header
    if scheme.lower() != "bearer":
        return
    from frappe.integrations.oauth2 import get_oauth_server

    row = frappe.db.get_value("OAuth Bearer Token", token, ["scopes", "user"], as_dict=True)
    if not row:
        return
    asked = frappe.request
    uri = urlsplit(asked.url)._replace(query=urlencode({"access_token": token}), fragment="").geturl()
    body = None if "multipart/form-data" in (asked.content_type or "") else asked.get_data()
    server = get_oauth_server()
    valid, _request = server.verify_request(uri, asked.method, body, asked.headers, row.scopes.split(" "))
    if valid:
        _become(row.user)


def validate_auth_via_api_keys(header):
    """Set the user from an API key. A value that is not a key:secret pair is ignored.

    Raises InvalidAuthorizationToken, or AuthenticationError for a wrong pair.
    """
    scheme, token = header
    read = KEY_PAIRS.get(scheme.lower())
    if not read:
        return
    try:
        key, secret = read(token).split(":")
        validate_api_key_secret(key, secret)
    except binascii.Error:
        frappe.throw("The token is not valid base64.", frappe.InvalidAuthorizationToken)
    except (AttributeError, TypeError, ValueError):
        return


def validate_api_key_secret(key, secret):
    """Set the user of an API key. Raises AuthenticationError for a wrong pair."""
    owner = frappe.db.get_value("User", {"api_key": key})
    if not owner or get_decrypted_password("User", owner, "api_secret") != secret:
        raise frappe.AuthenticationError
    manager = getattr(frappe.local, "login_manager", None)  # a preflight has no login manager, and gets no user
    if manager and manager.user in NO_USER:
        _become(owner)


def _become(user):
    """Set the current user and keep the arguments of the request."""
    arguments = frappe.local.form_dict
    frappe.set_user(user)
    frappe.local.form_dict = arguments
