# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the role oauth2, and their conversion to the declared types. Pure.

Extra variables (``-e name=value``) and INI inventories contain strings. Ansible's own argument check accepts such a
string but does not convert the variable. A later task would then get a string instead of a number or a list.
"""

from __future__ import annotations

import ast
import json
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import Option, Options

PREFIX = "oauth2_"
TRUE = ("true", "yes", "on", "y", "t", "1", "1.0")
FALSE = ("false", "no", "off", "n", "f", "0", "0.0")
EXPECTED = {
    "bool": "true or false",
    "int": "a whole number",
    "str": "a string",
    "path": "a path",
    "list": "a list, or a comma-separated string",
    "dict": "a mapping, or a mapping as a JSON string",
    "list of dict": "a list of mappings, or the same as a JSON string",
}
SHOWN = 60  # maximum number of characters of a value in an error

# Types, choices and defaults must match meta/argument_specs.yml and defaults/main.yml of the role. A unit test compares
# all three. ``secret`` marks variables whose values must not appear in errors.
VARIABLES: Options = {
    "oauth2_bench_path": {"type": "path", "required": True},
    "oauth2_bench_user": {"type": "str"},
    "oauth2_become": {"type": "bool", "default": True},
    "oauth2_discover_sites": {"type": "bool", "default": True},
    "oauth2_exclude_sites": {"type": "list", "elements": "str", "default": []},
    "oauth2_only_sites": {"type": "list", "elements": "str", "default": []},
    "oauth2_site_defaults": {"type": "dict", "default": {}, "secret": True},
    "oauth2_sites": {"type": "list", "elements": "dict", "default": [], "secret": True},
    "oauth2_common_site_config": {"type": "dict", "default": {}, "secret": True},
    "oauth2_policy": {"type": "str", "choices": ["warn", "enforce", "ignore"], "default": "warn"},
    "oauth2_policy_exceptions": {"type": "list", "elements": "str", "default": []},
    "oauth2_secrets_store": {"type": "str"},
    "oauth2_cors_owner": {"type": "str", "choices": ["nginx", "frappe", "none"], "default": "nginx"},
    "oauth2_token_rate_limit": {"type": "dict", "default": {}},
    "oauth2_trusted_proxies": {"type": "list", "elements": "str", "default": []},
    "oauth2_nginx": {"type": "str", "default": "nginx"},
    "oauth2_nginx_conf": {"type": "path"},
    "oauth2_nginx_prefix": {"type": "path"},
    "oauth2_nginx_conf_dir": {"type": "path", "default": "/etc/nginx/conf.d"},
    "oauth2_install_packages": {"type": "bool", "default": False},
    "oauth2_headers_more_package": {"type": "str", "default": "libnginx-mod-http-headers-more-filter"},
    "oauth2_reload": {"type": "str", "choices": ["graceful", "restart", "none"], "default": "graceful"},
    "oauth2_supervisorctl": {"type": "str", "default": "supervisorctl"},
    "oauth2_supervisor_config": {"type": "path"},
    "oauth2_site_timeout": {"type": "int", "default": 60},
    "oauth2_rotate": {"type": "list", "elements": "str", "choices": ["client_secrets", "api_keys", "tokens"]},
    "oauth2_rotate_clients": {"type": "list", "elements": "str", "default": []},
    "oauth2_rotate_users": {"type": "list", "elements": "str", "default": []},
    "oauth2_verify": {"type": "str", "choices": ["changed", "all", "none"], "default": "changed"},
    "oauth2_verify_user": {"type": "str"},
    "oauth2_verify_password": {"type": "str", "secret": True},
    "oauth2_verify_address": {"type": "str"},
    "oauth2_report_dir": {"type": "path"},
    "oauth2_report_name": {"type": "str"},
}
Values = t.Dict[str, t.Any]


class WrongValue(Exception):
    """A value that cannot be converted. The message contains the variable and the expected type."""


def coerce(given: t.Mapping[str, t.Any]) -> tuple[Values, list[str]]:
    """All variables of the role in their declared types, and one line per value that cannot be converted.

    A variable that is unset or null gets its default. Without a default, it is omitted.

    Args:
        given: variables by their full names. Variables that do not belong to the role are ignored.
    """
    values, faults = {}, []
    for name, option in VARIABLES.items():
        try:
            if given.get(name) is not None:
                values[name] = coerced(name, given[name])
            elif "default" in option:
                values[name] = option["default"]
            elif option.get("required"):
                raise WrongValue(f"{name} is not set. Set it to the bench directory, such as /home/frappe/frappe-bench")
        except WrongValue as error:
            faults.append(str(error))
    return values, faults


def settings(values: Values) -> Values:
    """The variables without secrets, with the prefix removed, for the tasks of the role."""
    return {name[len(PREFIX) :]: value for name, value in values.items() if not VARIABLES[name].get("secret")}


def coerced(name: str, value: t.Any) -> t.Any:
    """One variable in its declared type.

    Raises:
        WrongValue: the value cannot be converted, or it is not one of the choices.
    """
    option = VARIABLES[name]
    converted = CONVERT[option["type"]](value)
    if converted is None:
        raise WrongValue(f"{name}: found {_shown(option, value)}, expected {EXPECTED[option['type']]}")
    if option["type"] == "list":
        elements = [CONVERT[option["elements"]](item) for item in converted]
        wrong = [item for item, element in zip(converted, elements) if element is None]
        if wrong:
            kind = "list of dict" if option["elements"] == "dict" else "list"
            raise WrongValue(f"{name}: found the item {_shown(option, wrong[0])}, expected {EXPECTED[kind]}")
        converted = elements
    for item in converted if isinstance(converted, list) else [converted]:
        if "choices" in option and item not in option["choices"]:
            raise WrongValue(f"{name}: found {_shown(option, item)}, expected one of {', '.join(option['choices'])}")
    return converted


# ---------------------------------------------------------------- converters by type; None means not convertible
def _bool(value: t.Any) -> bool | None:
    word = str(value).strip().lower() if isinstance(value, (str, int, float)) else ""
    return True if word in TRUE else False if word in FALSE else None


def _int(value: t.Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        number = float(value)
        return int(value) if isinstance(value, str) else int(number) if number.is_integer() else None
    except (ValueError, OverflowError):
        return None


def _str(value: t.Any) -> str | None:
    """Numbers become strings, as in Ansible. Booleans do not, because unquoted ``off`` is a boolean in YAML."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _list(value: t.Any) -> list[t.Any] | None:
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, str):
        if value.strip().startswith(("[", "{")):
            parsed = _parsed(value)
            return parsed if isinstance(parsed, list) else None
        return [part.strip() for part in value.split(",") if part.strip()]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _dict(value: t.Any) -> dict[str, t.Any] | None:
    if isinstance(value, str):
        value = _parsed(value) if value.strip() else {}
    return value if isinstance(value, dict) else None


def _parsed(text: str) -> t.Any:
    """Parse a string as JSON, or as a Python literal, which is the string form of ``{{ a list }}``."""
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            pass
    return None


CONVERT: dict[str, t.Callable[[t.Any], t.Any]] = {
    "bool": _bool,
    "int": _int,
    "str": _str,
    "path": _str,
    "list": _list,
    "dict": _dict,
}


def type_name(value: t.Any) -> str:
    """The name of the value's plain type. Ansible's subclasses of the plain types are named like their base."""
    plain = (dict, list, str, bool, int, float)
    return next((kind for kind in plain if isinstance(value, kind)), type(value)).__name__


def _shown(option: Option, value: t.Any) -> str:
    """The value, or only its type if it may be a secret."""
    if option.get("secret"):
        return f"a value of the type {type_name(value)}"
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
