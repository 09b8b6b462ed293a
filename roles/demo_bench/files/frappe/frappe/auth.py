# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is asking: login, session cookies, CSRF tokens, bearers and API keys."""

from __future__ import annotations

import base64
import binascii
import datetime
from urllib.parse import quote, urlencode, urlsplit

import frappe
from frappe.login_attempts import get_login_attempt_tracker
from frappe.sessions import Session, delete_session, get_expiry_in_seconds
from frappe.utils import cint
from frappe.utils.password import get_decrypted_password
from frappe.whitelisting import whitelist

SAFE_HTTP_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
UNSAFE_HTTP_METHODS = frozenset(("POST", "PUT", "DELETE", "PATCH"))
COOKIES = ("full_name", "user_id", "sid", "user_image", "system_user")
NO_USER = ("", "Guest")


class HTTPRequest:
    """The session of a request; a step that fails leaves out the cookies of the later ones, so their order counts."""

    def __init__(self):
        forwarded = frappe.get_request_header("X-Forwarded-For")
        frappe.local.request_ip = forwarded.split(",", 1)[0].strip() if forwarded else "127.0.0.1"
        frappe.local.cookie_manager = CookieManager()
        frappe.local.login_manager = LoginManager()
        self.validate_csrf_token()
        frappe.local.cookie_manager.init_cookies()

    def validate_csrf_token(self):
        """Raises CSRFTokenError; a session without a token is not checked, nor is any where ignore_csrf is true."""
        token = frappe.session.data.csrf_token
        if frappe.request.method not in UNSAFE_HTTP_METHODS or frappe.conf.ignore_csrf or not token:
            return
        given = frappe.get_request_header("X-Frappe-CSRF-Token") or frappe.form_dict.pop("csrf_token", None)
        if given != token:
            frappe.flags.disable_traceback = True
            frappe.throw("Invalid Request", frappe.CSRFTokenError)


class LoginManager:
    def __init__(self):
        self.user = self.info = self.full_name = self.user_type = None
        if frappe.form_dict.get("cmd") == "login" or frappe.request.path == "/api/method/login":
            self.login()
        else:
            self.make_session(resume=True)
            self.get_user_info()
            self.set_user_info(resume=True)

    def login(self):
        if frappe.get_system_settings("disable_user_pass_login"):
            frappe.throw("Login with username and password is not allowed.", frappe.AuthenticationError)
        self.authenticate()
        frappe.form_dict.pop("pwd", None)
        self.login_as(self.user)

    def login_as(self, user):
        self.user = user
        self.get_user_info()
        self.make_session()
        self.set_user_info()

    def authenticate(self, user: str | None = None, pwd: str | None = None):
        """Sets `user`. Raises AuthenticationError, or SecurityException after too many failures."""
        from frappe.core.doctype.user.user import find_by_credentials

        if not (user and pwd):
            user, pwd = frappe.form_dict.get("usr"), frappe.form_dict.get("pwd")
        if not (user and pwd):
            self.fail("Incomplete login details")
        if len(pwd) > 512:
            self.fail("Password size exceeded the maximum allowed size")
        found = find_by_credentials(user, pwd)
        trackers = [get_login_attempt_tracker(frappe.local.request_ip)]
        if found:
            trackers.append(get_login_attempt_tracker(found.name))
        reason = None
        if not (found and found.is_authenticated):
            reason = "Invalid login credentials"
        elif not (found.name == "Administrator" or found.enabled):
            reason = "User disabled or missing"
        for tracker in trackers:
            tracker.add_failure_attempt() if reason else tracker.add_success_attempt()
        if reason:
            self.fail(reason)
        self.user = found.name

    def fail(self, message):
        frappe.local.response["message"] = message
        frappe.db.commit()
        raise frappe.AuthenticationError

    def get_user_info(self):
        fields = ["user_type", "first_name", "last_name", "user_image"]
        self.info = frappe.db.get_value("User", self.user, fields, as_dict=True)
        self.user_type = self.info.user_type

    def set_user_info(self, resume=False):
        jar, response = frappe.local.cookie_manager, frappe.local.response
        jar.init_cookies()
        self.full_name = " ".join(filter(None, [self.info.first_name, self.info.last_name]))
        website = self.info.user_type == "Website User"
        jar.set_cookie("system_user", "no" if website else "yes")
        if not resume:
            response["message"] = "No App" if website else "Logged In"
            response["home_page"] = "/app" if not website else "/login" if self.user == "Guest" else "/me"
            response["full_name"] = self.full_name
        jar.set_cookie("full_name", self.full_name)
        jar.set_cookie("user_id", self.user)
        jar.set_cookie("user_image", self.info.user_image or "")

    def make_session(self, resume=False):
        session = Session(user=self.user, resume=resume, full_name=self.full_name, user_type=self.user_type)
        frappe.local.session_obj = session
        self.user, frappe.local.session = session.user, session.data
        if cint(frappe.conf.get("deny_multiple_sessions")) and self.user != "Guest":
            frappe.db.delete("Sessions", {"user": self.user, "sid": ("!=", session.sid)})

    def logout(self):
        delete_session(frappe.session.sid)
        self.clear_cookies()
        self.login_as("Guest")

    def clear_cookies(self):
        clear_cookies()


class CookieManager:
    def __init__(self):
        self.cookies, self.to_delete = {}, []

    def init_cookies(self):
        if frappe.session.get("sid"):
            self.set_cookie("sid", frappe.session.sid, max_age=get_expiry_in_seconds(), httponly=True)

    def set_cookie(self, key, value, httponly=False, max_age=None):
        secure = frappe.request.scheme == "https"
        options = {"secure": secure, "httponly": httponly, "samesite": "Lax", "max_age": max_age}
        self.cookies[key] = (quote((value or "").encode()), options)

    def flush_cookies(self, response):
        for key, (value, options) in self.cookies.items():
            response.set_cookie(key, value, **options)
        yesterday = datetime.datetime.now() - datetime.timedelta(days=1)
        for key in self.to_delete:
            response.set_cookie(key, "", expires=yesterday)


def clear_cookies():
    frappe.session.sid = ""
    frappe.local.cookie_manager.to_delete = list(COOKIES)


@whitelist()
def get_logged_user():
    return frappe.session.user


def validate_auth():
    """Take the user from the Authorization header. Raises AuthenticationError where its two parts name nobody."""
    header = frappe.get_request_header("Authorization", "").split(" ")
    if len(header) != 2:
        return
    _validate_bearer(*header)
    _validate_api_key(*header)
    if frappe.session.user in NO_USER:
        raise frappe.AuthenticationError


def _validate_bearer(scheme, token):
    if scheme.lower() != "bearer":
        return
    from frappe.integrations.oauth2 import get_oauth_server

    form_dict, r = frappe.local.form_dict, frappe.request
    row = frappe.db.get_value("OAuth Bearer Token", token, ["scopes", "user"], as_dict=True)
    if not row:
        return
    url = urlsplit(r.url)
    uri = f"{url.scheme}://{url.netloc}{url.path}?{urlencode({'access_token': token})}"
    body = None if "multipart/form-data" in (r.content_type or "") else r.get_data()
    valid, _request = get_oauth_server().verify_request(uri, r.method, body, r.headers, row.scopes.split(" "))
    if valid:
        frappe.set_user(row.user)
        frappe.local.form_dict = form_dict


def _validate_api_key(scheme, token):
    try:
        if scheme.lower() == "basic":
            _use_api_key(*base64.b64decode(token).decode().split(":"))
        elif scheme.lower() == "token":
            _use_api_key(*token.split(":"))
    except binascii.Error:
        frappe.throw("Failed to decode token, provide a valid base64-encoded token.", frappe.InvalidAuthorizationToken)
    except (AttributeError, TypeError, ValueError):
        pass


def _use_api_key(api_key, api_secret):
    user = frappe.db.get_value("User", {"api_key": api_key})
    if not user or api_secret != get_decrypted_password("User", user, "api_secret"):
        raise frappe.AuthenticationError
    form_dict = frappe.local.form_dict
    if frappe.local.login_manager.user in NO_USER:
        frappe.set_user(user)
    frappe.local.form_dict = form_dict
