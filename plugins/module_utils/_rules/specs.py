# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module options as plain data, shared by the modules, the inventory merge and the documentation tests.

Each option is an entry of an Ansible argument spec. Each mapping in the inventory accepts a selection of them.
"""

from __future__ import annotations

import typing as t

Option = t.Dict[str, t.Any]
Options = t.Dict[str, Option]

LONGEST_TIMEOUT = 86400  # seconds


def text(**more: t.Any) -> Option:
    """A string option."""
    return {"type": "str", **more}


def texts(**more: t.Any) -> Option:
    """An option for a list of strings."""
    return {"type": "list", "elements": "str", **more}


def flag(**more: t.Any) -> Option:
    """A boolean option."""
    return {"type": "bool", **more}


def number(**more: t.Any) -> Option:
    """An integer option."""
    return {"type": "int", **more}


def select(options: Options, *names: str) -> Options:
    """The named options only."""
    return {name: options[name] for name in names}


def without_defaults(options: Options) -> Options:
    """The options for overrides: nothing is required, and options that are not set are None."""
    return {
        name: {key: value for key, value in option.items() if key not in ("default", "required")}
        for name, option in options.items()
    }


# ---------------------------------------------------------------- the task
POLICY_OPTIONS: Options = {
    "policy": text(choices=["warn", "enforce", "ignore"], default="warn"),
    "policy_exceptions": texts(default=[]),
}
WORKER_OPTIONS: Options = {"site_timeout": number(default=60)}

# ---------------------------------------------------------------- OAuth clients
# The fields of Frappe's doctype OAuth Client, and the format of each column. Frappe splits `uris` and `scopes` on
# single spaces (frappe.oauth.get_url_delimiter), and `lines` on newlines (frappe.integrations.oauth2, contacts).
CLIENT_FIELDS = {
    "app_name": "text",
    "redirect_uris": "uris",
    "default_redirect_uri": "text",
    "scopes": "scopes",
    "grant_type": "text",
    "response_type": "text",
    "skip_authorization": "check",
    "allowed_roles": "roles",
    "client_secret": "secret",
    "token_endpoint_auth_method": "text",
    "client_uri": "text",
    "logo_uri": "text",
    "tos_uri": "text",
    "policy_uri": "text",
    "software_id": "text",
    "software_version": "text",
    "contacts": "lines",
}
CLIENT_CHOICES = {
    "grant_type": ["Authorization Code", "Implicit"],
    "token_endpoint_auth_method": ["Client Secret Basic", "Client Secret Post", "None"],
}
FOLLOWS = "response_type"  # not an option: Frappe allows exactly one value per grant_type


def _client_option(field: str, kind: str) -> Option:
    if kind in ("uris", "scopes", "roles", "lines"):
        return texts()
    if kind == "check":
        return flag()
    # no_log is always set, because Ansible warns if the name of an option looks like a secret
    choices = {"choices": CLIENT_CHOICES[field]} if field in CLIENT_CHOICES else {}
    return text(no_log=kind == "secret", **choices)


REST_OPTIONS: Options = {
    "url": text(),
    "api_key": text(no_log=False),
    "api_secret": text(no_log=True),
    "validate_certs": flag(default=True),
}
CLIENT_OPTIONS: Options = {
    "state": text(choices=["present", "absent"], default="present"),
    "client_id": text(),
    **{field: _client_option(field, kind) for field, kind in CLIENT_FIELDS.items() if field != FOLLOWS},
    "rename": flag(default=False),
    "rotate_secret": flag(default=False, no_log=False),
    "store_secret": flag(default=False, no_log=False),
    "revoke_tokens": flag(default=False, no_log=False),
}

# ---------------------------------------------------------------- API keys and tokens
EXCLUDED_USERS = ["Administrator", "Guest"]
STRICTNESS = ("ignore", "report", "revoke")  # values of disabled_users, strictest last
KEY_OPTIONS: Options = {
    "users": texts(default=[]),
    "roles": texts(default=[]),
    "exclude_users": texts(default=EXCLUDED_USERS),
    "state": text(choices=["present", "absent", "rotated"], default="present"),
    "disabled_users": text(choices=["report", "revoke", "ignore"], default="report"),
    "secrets": {"type": "dict", "no_log": True},
}
TOKEN_STATES = ("active", "expired", "revoked")
TOKEN_OPTIONS: Options = {
    "state": text(choices=["revoked", "absent"]),
    "users": texts(default=[]),
    "clients": texts(default=[]),
    "older_than": text(),
    "token_state": texts(default=[], choices=list(TOKEN_STATES), no_log=False),
    "every_token": flag(default=False, no_log=False),
    "delete_live": flag(default=False),
    "max_refresh_age": text(),
    "prune_after": text(),
    "disabled_users": text(choices=["report", "revoke", "ignore"], default="report"),
}

# ---------------------------------------------------------------- CORS and the rate limit
CORS_OPTIONS: Options = {
    "origins": texts(required=True),
    "methods": texts(default=["GET", "POST", "PUT", "DELETE"]),
    # frappe-js-sdk sends X-Frappe-Site-Name, and X-Frappe-CSRF-Token where a page has one
    "headers": texts(default=["Authorization", "Content-Type", "X-Frappe-CSRF-Token", "X-Frappe-Site-Name"]),
    "expose_headers": texts(),
    "max_age": number(default=600),
    "credentials": flag(default=False),
}
CORS_DEFAULTS = {name: option["default"] for name, option in CORS_OPTIONS.items() if "default" in option}
# a policy of which only the origins must be given
CORS_POLICY: Options = {**without_defaults(CORS_OPTIONS), "origins": CORS_OPTIONS["origins"]}
LIMIT_OPTIONS: Options = {"rate": text(required=True), "burst": number(default=10)}
NGINX_OPTIONS: Options = {
    "nginx": text(default="nginx"),
    "nginx_conf": {"type": "path"},
    "nginx_prefix": {"type": "path"},
}
NGINX_CONF_DIR: Option = {"type": "path", "default": "/etc/nginx/conf.d"}

# ---------------------------------------------------------------- site_config.json
SITE_FILE, COMMON_FILE = "site_config.json", "common_site_config.json"
SITE_CONFIG_OPTIONS: Options = {
    "settings": {"type": "dict", "default": {}},
    "secret_settings": {"type": "dict", "default": {}, "no_log": True},
    "absent": texts(default=[]),
    "backup": flag(default=False),
    "cors_instead": {"type": "dict", "options": CORS_POLICY},
}

# ---------------------------------------------------------------- verify
# The order matters. Steps that revoke tokens run after steps that need a live token. Steps that send requests to the
# token endpoint without waiting for its rate limit run after steps that must succeed. Steps that exhaust it run last.
VERIFY_STEPS = (
    "reach",
    "tls",
    "discovery",
    "client",
    "login",
    "authorize",
    "consent",
    "token",
    "issuer",
    "api_call",
    "userinfo",
    "introspect",
    "refresh",
    "old_pair",
    "wrong_secret",
    "domain",
    "preflight",
    "foreign_origin",
    "wrong_redirect_uri",
    "wrong_verifier",
    "no_verifier",
    "pkce_required",
    "password_grant",
    "cross_origin",
    "revoke_hint",
    "revoke",
    "dead",
    "introspect_dead",
    "rate_limit",
    "limit_bypass",
)
FLOW = ("reach", "login", "authorize", "token", "api_call", "refresh", "revoke", "dead")
VERIFY_OPTIONS: Options = {
    "app_name": text(),
    "client_id": text(),
    "redirect_uri": text(),
    "scope": texts(),
    "username": text(),
    "password": text(no_log=True),
    "api_method": text(default="frappe.auth.get_logged_user"),
    "url": text(),
    "domains": texts(),
    "cors": {"type": "dict", "options": CORS_POLICY},
    "rate_limit": {"type": "dict", "options": LIMIT_OPTIONS},
    "address": text(),
    "validate_certs": flag(default=True),
    "probes": texts(choices=list(VERIFY_STEPS)),
    "password_grant": flag(default=False, no_log=False),
    "last_step": text(choices=list(FLOW), default=FLOW[-1]),
    "patience": number(default=0),
}
# What a bench would provide. Without a bench, the task declares it.
OUTSIDE_OPTIONS: Options = {
    "client_secret": text(no_log=True),
    "token_endpoint_auth_method": text(choices=CLIENT_CHOICES["token_endpoint_auth_method"], no_log=False),
}
