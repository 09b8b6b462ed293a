# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the role oauth2, and their conversion to the declared types. Pure.

Extra variables (``-e name=value``) and INI inventories contain strings. Ansible's own argument check accepts such a
string but does not convert the variable. A later task would then get a string instead of a number or a list.
"""

from __future__ import annotations

import ast
import difflib
import json
import re
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.kinds import type_name
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import Option, Options

PREFIX = "oauth2_"
TRUE = ("true", "yes", "on", "y", "t", "1", "1.0")
GLOB = re.compile(r"\[[^\[\]]+\].*[^\]]$")  # such as [ab]*.example.com
BARE_LIST = re.compile(r"\[[^\[\]{}\"']*\]")
FALSE = ("false", "no", "off", "n", "f", "0", "0.0")
EXPECTED = {
    "bool": "true or false",
    "int": "a whole number",
    "str": "a string",
    "path": "a path",
    "absolute path": "an absolute path",
    "list": "a list, or a comma-separated string",
    "dict": "a mapping, or a mapping as a JSON string",
    "list of dict": "a list of mappings, or the same as a JSON string",
}
# Facts that the role sets for other plays. Names that start with oauth2__ are internal.
FACTS = ("oauth2_diagnosis",)
INTERNAL = "oauth2__"
LIKE = 0.8  # how similar a name must be to count as a misspelling. Other projects also use the prefix (oauth2-proxy)
ABSOLUTE = ("/", "~", "$")  # modules expand ~ and variables on the managed host
# Module options that occur in messages, and the role variables that set them.
ROLE_NAMES = {
    **{name: PREFIX + name for name in ("bench_path", "nginx_conf", "nginx_prefix", "policy_exceptions")},
    **{name: PREFIX + name for name in ("secrets_store", "site_timeout", "trusted_proxies")},
    "conf_dir": "oauth2_nginx_conf_dir",
}
OPTION = re.compile(rf"\b({'|'.join(ROLE_NAMES)})\b(?!/)")
BESIDE = re.compile(rf"\b({'|'.join(ROLE_NAMES)}) \((?:in the role: )?(oauth2_\w+)\)")
PATH_EXAMPLE = "/home/frappe/frappe-bench"
SHOWN = 60  # maximum number of characters of a value in an error

# Types, choices and defaults must match meta/argument_specs.yml and defaults/main.yml of the role. A unit test compares
# all three. ``secret`` marks variables whose values must not appear in errors. ``absolute`` marks paths on the managed
# host, where a relative path would depend on the current working directory.
VARIABLES: Options = {
    "oauth2_bench_path": {"type": "path", "required": True, "absolute": True},
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
    "oauth2_nginx_conf": {"type": "path", "absolute": True},
    "oauth2_nginx_prefix": {"type": "path", "absolute": True},
    "oauth2_nginx_conf_dir": {"type": "path", "default": "/etc/nginx/conf.d", "absolute": True},
    "oauth2_install_packages": {"type": "bool", "default": False},
    "oauth2_headers_more_package": {"type": "str", "default": "libnginx-mod-http-headers-more-filter"},
    "oauth2_reload": {"type": "str", "choices": ["graceful", "restart", "none"], "default": "graceful"},
    "oauth2_supervisorctl": {"type": "str", "default": "supervisorctl"},
    "oauth2_supervisor_config": {"type": "path", "absolute": True},
    "oauth2_site_timeout": {"type": "int", "default": 60},
    "oauth2_rotate": {"type": "list", "elements": "str", "choices": ["client_secrets", "api_keys", "tokens"]},
    "oauth2_rotate_clients": {"type": "list", "elements": "str", "default": []},
    "oauth2_rotate_users": {"type": "list", "elements": "str", "default": []},
    "oauth2_verify": {"type": "str", "choices": ["changed", "all", "none"], "default": "changed"},
    "oauth2_verify_user": {"type": "str"},
    "oauth2_verify_password": {"type": "str", "secret": True},
    "oauth2_verify_address": {"type": "str"},
    "oauth2_verify_parallel": {"type": "int"},
    "oauth2_report_dir": {"type": "path"},
    "oauth2_report_name": {"type": "str"},
}
Values = t.Dict[str, t.Any]


class WrongValue(Exception):
    """A value that cannot be converted. The message contains the variable and the expected type."""


def coerce(given: t.Mapping[str, t.Any]) -> tuple[Values, list[str]]:
    """All variables of the role in their declared types, and one line per value that cannot be converted.

    A variable that is unset or null gets its default. Without a default, it is omitted. An empty path counts as
    unset, unless the path is required.

    Args:
        given: variables by their full names. Variables that do not belong to the role are ignored.
    """
    values, faults = {}, []
    for name, option in VARIABLES.items():
        try:
            if given.get(name) is not None and not _empty_path(option, given[name]):
                values[name] = coerced(name, given[name])
            elif "default" in option:
                values[name] = option["default"]
            elif option.get("required"):
                raise WrongValue(f"{name} is not set. Set it to {EXPECTED['absolute path']}, such as {PATH_EXAMPLE}")
        except WrongValue as error:
            faults.append(str(error))
    return values, faults


def misspelled(names: t.Iterable[str]) -> list[str]:
    """One line per variable that is none of the role but resembles one: Ansible would silently ignore it.

    Args:
        names: the names of all variables of a host.
    """
    known = {name[len(PREFIX) :]: name for name in VARIABLES}
    lines = []
    for name in names:
        if not name.startswith(PREFIX) or name.startswith(INTERNAL) or name in VARIABLES or name in FACTS:
            continue
        near = difflib.get_close_matches(name[len(PREFIX) :], known, n=1, cutoff=LIKE)
        if near:
            lines.append(
                f"{name}: the role has no such variable. Did you mean {known[near[0]]}? Correct the name. If the "
                f"variable is not for this role, choose a name without the prefix {PREFIX}"
            )
    return sorted(lines)


def in_role(message: str) -> str:
    """A message of a module with the names of the role's variables in place of the module's options."""
    message = BESIDE.sub(lambda found: found[2] if found[2] == ROLE_NAMES[found[1]] else found[0], message)
    return OPTION.sub(lambda found: ROLE_NAMES[found[0]], message)


def settings(values: Values) -> Values:
    """The variables without secrets, with the prefix removed, for the tasks of the role."""
    return {name[len(PREFIX) :]: value for name, value in values.items() if not VARIABLES[name].get("secret")}


def coerced(name: str, value: t.Any) -> t.Any:
    """One variable in its declared type.

    Raises:
        WrongValue: the value cannot be converted, or it is not one of the choices.
    """
    option = VARIABLES[name]
    expected = _expected(option)
    converted = _list_of_dict(value) if expected == EXPECTED["list of dict"] else CONVERT[option["type"]](value)
    if converted is None or (option.get("absolute") and not str(converted).startswith(ABSOLUTE)):
        raise WrongValue(f"{name}: found {_shown(option, value)}, expected {expected}")
    if option["type"] == "list":
        elements = [CONVERT[option["elements"]](item) for item in converted]
        for number, (item, element) in enumerate(zip(converted, elements), 1):
            if element is None:
                raise WrongValue(
                    f"{name}, item {number}: found {_shown(option, item)}, expected {EXPECTED[option['elements']]}"
                )
        converted = elements
    for item in converted if isinstance(converted, list) else [converted]:
        if "choices" in option and item not in option["choices"]:
            raise WrongValue(f"{name}: found {_shown(option, item)}, expected one of {', '.join(option['choices'])}")
    return converted


def _expected(option: Option) -> str:
    if option["type"] == "list" and option["elements"] == "dict":
        return EXPECTED["list of dict"]
    return EXPECTED["absolute path" if option.get("absolute") else option["type"]]


def _empty_path(option: Option, value: t.Any) -> bool:
    """Whether an optional path is empty, as in ``oauth2_nginx_conf=`` of an INI inventory."""
    return option["type"] == "path" and value == "" and not option.get("required")


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
        if value.strip().startswith(("[", "{")) and not GLOB.match(value.strip()):
            parsed = _parsed(value)
            if parsed is None and BARE_LIST.fullmatch(value.strip()):  # the shell removed the quotes from ["a"]
                return _list(value.strip()[1:-1])
            return parsed if isinstance(parsed, list) else None
        return [part.strip() for part in value.split(",") if part.strip()]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _list_of_dict(value: t.Any) -> list[t.Any] | None:
    """As `_list`, but a string must be JSON: one with commas cannot contain mappings."""
    if isinstance(value, str) and value.strip() and not value.strip().startswith("["):
        return None
    return _list(value)


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


def _shown(option: Option, value: t.Any) -> str:
    """The value, or only its type if it may be a secret."""
    if option.get("secret"):
        if isinstance(value, str) and option["type"] in ("list", "dict"):
            parsed = _parsed(value)
            return "a string that is not valid JSON" if parsed is None else f"a JSON string of {type_name(parsed)}"
        return type_name(value)
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
