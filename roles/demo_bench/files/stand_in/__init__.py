# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This is a stand-in, not Frappe. It implements the parts of Frappe v15 that benchkeeper.frappe uses, with its bugs.

The database is SQLite. `__version__` is the Frappe version that it imitates. README.md in this directory lists what is
not implemented.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import secrets

from werkzeug.local import release_local

from frappe.context import (
    _dict,
    conf,
    db,
    debug_log,
    error_log,
    flags,
    form,
    form_dict,
    lang,
    local,
    message_log,
    request,
    response,
    session,
    user,
)
from frappe.exceptions import (
    AppNotInstalledError,
    AuthenticationError,
    CharacterLengthExceededError,
    CSRFTokenError,
    DoesNotExistError,
    DuplicateEntryError,
    IncorrectSitePath,
    InReadOnlyMode,
    InvalidAuthorizationToken,
    LinkExistsError,
    LinkValidationError,
    MandatoryError,
    NameError,
    PermissionError,
    QueryTimeoutError,
    Redirect,
    SecurityException,
    SessionStopped,
    SiteNotSpecifiedError,
    TimestampMismatchError,
    UniqueValidationError,
    ValidationError,
)
from frappe.messages import bold, clear_last_message, clear_messages, errprint, get_traceback, msgprint, throw
from frappe.permissions import get_roles, has_permission, only_for
from frappe.whitelisting import call, get_newargs, is_whitelisted, whitelist

__version__ = "15.55.1"

__all__ = [
    "AppNotInstalledError", "AuthenticationError", "CSRFTokenError", "CharacterLengthExceededError",
    "DoesNotExistError", "DuplicateEntryError", "InReadOnlyMode", "IncorrectSitePath",
    "InvalidAuthorizationToken", "LinkExistsError", "LinkValidationError", "MandatoryError", "NameError",
    "PermissionError", "QueryTimeoutError", "Redirect",
    "SecurityException", "SessionStopped", "SiteNotSpecifiedError", "TimestampMismatchError",
    "UniqueValidationError", "ValidationError", "_dict", "bold", "call", "clear_last_message", "clear_messages",
    "conf", "db", "debug_log", "error_log", "errprint", "flags", "form", "form_dict", "get_newargs",
    "get_roles", "get_traceback", "has_permission", "is_whitelisted", "lang", "local", "message_log",
    "msgprint", "only_for", "request", "response", "session", "throw", "user", "whitelist",
]  # fmt: skip

STANDARD_USERS = ("Guest", "Administrator")


# ---- a site
def init(site: str, sites_path: str = ".", new_site: bool = False, force=False) -> None:
    """Make `site` the current site. Reads its configuration and opens no database.

    Raises IncorrectSitePath if the site has no site_config.json.
    """
    if getattr(local, "initialised", None) and not force:  # Frappe's own name and spelling
        return
    quiet = dict.fromkeys(("in_install_db", "mute_messages", "read_only"), False)
    _set_local(
        site=site,
        site_path=os.path.join(sites_path, site),
        sites_path=sites_path,
        flags=_dict(quiet, currently_saving=[], new_site=new_site),
        response=_dict(docs=[]),
        **{log: [] for log in ("debug_log", "error_log", "message_log")},
        **{name: _dict() for name in ("form_dict", "session")},
        **dict.fromkeys(("request_ip", "user")),
        dev_server=0,
    )
    config = get_site_config()
    _set_local(conf=config, lang=config.lang or "en", initialised=True)


def _set_local(**values):
    for name, value in values.items():
        setattr(local, name, value)


def connect(site: str | None = None, db_name: str | None = None, set_admin_as_user: bool = True) -> None:
    """Prepare the database of the current site. The first query opens the connection, as in Frappe."""
    if site:
        init(site)
    from frappe.database import get_db

    known = {"db_name": local.conf.db_name or db_name, "db_password": local.conf.db_password}
    for key, value in known.items():
        assert value, f"the site's configuration has no {key}"
    local.db = get_db(known["db_name"])
    if set_admin_as_user:
        set_user("Administrator")


def destroy():
    """Close the database without a commit, and reset the current site."""
    if db:
        db.close()
    release_local(local)


def set_user(username: str):
    """Set the current user. Discards the session data and the arguments of the request."""
    local.session.update(user=username, sid=username, data=_dict())
    local.form_dict = _dict()


# ---- configuration
def get_site_config(sites_path: str | None = None, site_path: str | None = None):
    """Return common_site_config.json merged with site_config.json. A file that is not a JSON object is ignored."""
    common, own = sites_path or getattr(local, "sites_path", None), site_path or getattr(local, "site_path", None)
    config = _dict(db_type="mariadb", db_host="127.0.0.1").update(get_common_site_config(common) if common else {})
    path = own and os.path.join(own, "site_config.json")
    if path and os.path.exists(path):
        _merge_json(config, path, f"{local.site}/site_config.json")
    elif path and local.site and not local.flags.new_site:
        raise IncorrectSitePath(f"{local.site} does not exist")
    return config


def get_common_site_config(sites_path: str | None = None):
    path = os.path.join(sites_path or getattr(local, "sites_path", None), "common_site_config.json")
    config = _dict()
    if os.path.exists(path):
        _merge_json(config, path, "common_site_config.json")
    return config


def _merge_json(config, path, label):
    try:
        with open(path) as f:
            config.update(json.load(f))
    except Exception as error:
        print(f"{label} is invalid")
        print(error)


def get_site_path(*joins):
    return os.path.join(local.site_path, *joins)


def get_app_path(app_name, *joins):
    return os.path.join(os.path.dirname(get_module(app_name).__file__), *joins)


# ---- documents
def get_doc(*args, **kwargs):
    from frappe.model.document import get_doc as found

    return found(*args, **kwargs)


def get_cached_doc(*args, **kwargs):
    return get_doc(*args, **kwargs)


def new_doc(doctype: str, *, parent_doc=None, parentfield=None, as_dict=False, **kwargs):
    from frappe.model.document import make_new_doc

    new = make_new_doc(doctype, parent_doc, parentfield)
    return new if as_dict else get_doc(new).update(kwargs)


def get_meta(doctype, cached=True):
    from frappe.model.meta import get_meta as found

    return found(doctype)


def get_list(doctype, *args, **kwargs):
    """Return the rows that the session's user may read, as dictionaries. Only REST has a default limit of 20 rows."""
    from frappe.database.listing import get_list as found

    return found(doctype, *args, **kwargs)


def get_all(doctype, *args, **kwargs):
    """Like get_list, without permission checks and without a limit."""
    return get_list(doctype, *args, **{"limit_page_length": 0, **kwargs, "ignore_permissions": True})


def get_value(*args, **kwargs):
    return db.get_value(*args, **kwargs)


def delete_doc(
    doctype=None, name=None, force=False, ignore_doctypes=None, for_reload=False, ignore_permissions=False, flags=None,
    ignore_on_trash=False, ignore_missing=True, delete_permanently=False,
):  # fmt: skip
    from frappe.model import delete_doc as module

    return module.delete_doc(
        doctype, name, force, ignore_doctypes, for_reload, ignore_permissions, flags, ignore_on_trash, ignore_missing,
        delete_permanently,
    )  # fmt: skip


def rename_doc(
    doctype: str, old: str, new: str, force: bool = False, merge: bool = False, *, ignore_if_exists: bool = False,
    show_alert: bool = True, rebuild_search: bool = True,
) -> str:  # fmt: skip
    from frappe.model import rename_doc as module

    return module.rename_doc(
        doctype, old, new, force=force, merge=merge, ignore_if_exists=ignore_if_exists, show_alert=show_alert
    )


def get_system_settings(key):
    return db.get_single_value("System Settings", key)


# ---- apps and methods
def get_installed_apps(*, _ensure_on_bench=False) -> list[str]:
    """Return an empty list while the database is created. Connects if there is no connection yet."""
    if flags.in_install_db:
        return []
    if getattr(local, "db", None) is None:
        connect()
    stored = db.get_global("installed_apps")
    return json.loads(stored) if stored else []


def get_module(modulename):
    return importlib.import_module(modulename)


def get_attr(method_string: str):
    app_name = method_string.split(".", 1)[0]
    if app_name not in get_installed_apps():
        throw(f"App {app_name} is not installed", AppNotInstalledError)
    module, name = method_string.rpartition(".")[::2]
    return getattr(get_module(module), name)


@whitelist(allow_guest=True)
def ping():
    """Respond to a health check."""
    return "pong"


# ---- helpers
def generate_hash(txt: str | None = None, length: int = 56) -> str:
    """Return `length` random hexadecimal digits. `txt` is ignored, as in Frappe."""
    length = length or 56
    return secrets.token_hex(math.ceil(length / 2))[:length]


def clear_cache(user: str | None = None, doctype: str | None = None):
    """Clear the cached values of this connection. The stand-in has no other cache of documents."""
    if db:
        db.value_cache.clear()


def get_request_header(key, default=None):
    return request.headers.get(key, default) if getattr(local, "request", None) else default


def as_json(obj, indent=1, separators=None, ensure_ascii=True) -> str:
    from frappe.utils.response import json_handler

    return json.dumps(
        obj,
        indent=indent,
        sort_keys=True,
        default=json_handler,
        separators=separators or (",", ": "),
        ensure_ascii=ensure_ascii,
    )


def parse_json(val):
    from frappe.utils import parse_json as parse

    return parse(val)


def safe_decode(param, encoding="utf-8"):
    return param.decode(encoding, "replace") if isinstance(param, bytes) else param


def scrub(txt: str) -> str:
    return txt.replace(" ", "_").replace("-", "_").lower()


def respond_as_web_page(title, html, success=None, http_status_code=None, **options):
    local.response.update(type="page", page={"title": title, "html": html}, http_status_code=http_status_code or 200)
