# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which values may be shown in output. Pure: no Ansible, no Frappe, no I/O."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

HIDDEN, HIDDEN_NEW = "(hidden)", "(hidden, new)"  # shown in a diff for a secret, and for a secret that changes
NOT_SHOWN = "(not shown)"  # for a value that may be secret even though its key does not look like it
# Matches lower-case names with separated words. "secretary" must not match.
SECRET_NAME = re.compile(
    r"password|passwd|passphrase|credential|secret(?!ar)"
    r"|(?:^|[^a-z])(?:pwd|pass)(?![a-z])"
    r"|(?:^|[^a-z])(?:tokens?|apikeys?)[0-9_]*$"
    r"|(?<!public)(?<!publishable)(?<!site)[^a-z]keys?[0-9_]*$"
)
# Keys of Frappe and bench whose values are not secret, except for a password in a URL.
OPEN_KEYS = frozenset(
    "allow_cors cors_allow_credentials allow_cors_for_methods allow_cors_for_headers "
    "ignore_csrf allowed_referrers developer_mode allow_tests server_script_enabled disable_user_pass_login "
    "domains host_name default_site serve_default_site dns_multitenant ssl_certificate ssl_certificate_key "
    "db_name db_type db_host db_port db_socket redis_cache redis_queue redis_socketio "
    "webserver_port socketio_port file_watcher_port http_timeout gunicorn_workers background_workers workers "
    "maintenance_mode pause_scheduler disable_scheduler scheduler_interval live_reload monitor logging "
    "mail_server mail_port use_ssl use_tls auto_email_id always_use_account_email_id_as_sender "
    "max_file_size max_reports rate_limit limits session_idle_limit deny_multiple_sessions "
    "disable_website_cache disable_session_cache disable_global_search disable_error_snapshot "
    "frappe_user restart_supervisor_on_update restart_systemd_on_update rebase_on_pull shallow_clone "
    "update_bench_on_update country time_zone lang skip_setup_wizard install_apps".split()
)
LARGEST_OPEN = 99999  # such as a port or a number of seconds; secrets have more digits
URL_PASSWORD = re.compile(r"(?<=://)[^/?#\s@]*:[^/?#\s]+(?=@)")


def looks_secret(key: str, value: t.Any) -> bool:
    """Whether a configuration key, or a key inside its value, has the name of a secret or a URL with a password."""
    if isinstance(value, dict):
        return any(looks_secret(key, item) or looks_secret(inner, item) for inner, item in value.items())
    if isinstance(value, list):
        return any(looks_secret(key, item) for item in value)
    return bool(value) and isinstance(value, str) and bool(names_secret(key) or URL_PASSWORD.search(value))


def names_secret(key: str) -> bool:
    """Whether the key is the name of a secret, such as aws_secret_key, mail_pass or apiToken."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(key)).lower()
    return key not in OPEN_KEYS and bool(SECRET_NAME.search(words))


def shown_setting(key: str, value: t.Any) -> t.Any:
    """The value of a configuration key in the form that a diff may show.

    A secret may have any name. Therefore, strings are shown only for keys that are known not to be secret.
    """
    if looks_secret(key, value):
        return HIDDEN
    return value if key in OPEN_KEYS or _harmless(value) else NOT_SHOWN


def _harmless(value: t.Any) -> bool:
    if isinstance(value, (dict, list)):
        return all(map(_harmless, value.values() if isinstance(value, dict) else value))
    if isinstance(value, (int, float)):
        return abs(value) <= LARGEST_OPEN
    return value is None or value == ""


def texts_in(value: t.Any) -> t.Iterator[str]:
    """Every string and number in a nested value, as strings. Keys of mappings and empty strings are omitted."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from texts_in(part)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != "":
        yield str(value)


def without_password(value: t.Any) -> str:
    """The value for use in a message, with any password in a URL hidden."""
    return URL_PASSWORD.sub(HIDDEN, repr(value))
