# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invalid input for every option of every module. The cases are generated from the modules' documentation."""

from __future__ import annotations

import copy
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring
from ansible_collections.benchkeeper.frappe.plugins.module_utils._declare.shapes import (
    CLIENT_KEYS,
    SITE_KEYS,
    STEP_KEYS,
)
from checkout import ROOT

CANARY = "canary-7f3a9c51e2b84d06a1c3-bad-input"
SECRET_OPTIONS = ("client_secret", "api_secret", "password", "secrets", "secret_settings")
# Options whose effect one option cannot undo are tested only in check mode.
ASK_ONLY = ("exclusive", "revoke_tokens", "rename", "rotate_secret", "disabled_users", "roles", "gather")

TEXTS = [
    *("", " ", "\n", "a\nb", "a\x00b", "\x1b[31mred", "a\u2028b", "\u202eabc", "x" * 141, "x" * 70000, "🦆" * 141),
    *(
        "<b>bold</b>",
        "a & b",
        "bücher.example",
        "İstanbul",
        "../../../etc/passwd",
        "/etc/passwd",
        "~root",
        "$HOME",
        "-rf",
    ),
    *(
        "' or 1=1 --",
        "'; drop table tabUser; --",
        '"; return 200 "x',
        "a;b",
        "{{ 7 * 7 }}",
        "{% raw %}",
        "%(name)s",
        "%s",
    ),
    *('{"a": 1}', "[]", "null", "true", "-1", "1e9", "http://", "javascript:alert(1)", "file:///etc/passwd"),
]
WRONG = {
    "str": [None, 5, 5.5, True, [], ["a"], {}, {"a": 1}, *TEXTS],
    "path": [None, 5, [], {}, "", " ", "a\x00b", "/", "relative", "../..", "/etc/passwd", "/nonexistent/x", "~nobody/x"]
    + ["x" * 5000, "/tmp/a\nb", "/tmp/a b", "/tmp/a;b", '/tmp/a"b', "$NOSUCH/x", "/dev/null", "/proc/self"],
    "bool": [None, "", "maybe", "yes please", 2, -1, 1.5, [], {}, "x" * 141, "\n", "null", ["true"]],
    "int": [None, "", "abc", 5.5, -1, 0, 10**20, -(10**20), True, [], {}, "1e3", "0x10", "५", "5 ", "\n", "null", [5]],
    "float": [None, "", "abc", -1, 10**20, [], {}, "nan", "inf", "null"],
    "list": [
        *(
            None,
            "",
            "a,b",
            5,
            {},
            {"a": 1},
            [None],
            [[]],
            [{}],
            [{"a": 1}],
            [""],
            [" "],
            [5],
            [True],
            ["a", "a"],
            [1.5],
        ),
        *(
            ["x" * 141],
            ["x" * 70000],
            ["<b>"],
            ["a\nb"],
            ["a\x00b"],
            ["' or 1=1 --"],
            ["../.."],
            ["bücher.example"],
            ["*"],
        ),
        *(["x"] * 3000, ["a", None], ["null"], ['"; return 200 "x'], ["{{ 7 * 7 }}"]),
    ],
    "dict": [
        *(
            None,
            "",
            "abc",
            "a=1",
            '{"a": 1}',
            "{",
            5,
            [],
            ["a"],
            {"": 1},
            {" ": 1},
            {"a\nb": 1},
            {"a\x00b": 1},
            {"<b>": 1},
        ),
        *({"x" * 141: 1}, {"a": None}, {"a": {"b": {"c": []}}}, {"a": "x" * 70000}, {"a": 10**20}, {"ß": "🦆"}),
        *({"../x": 1}, {"a": "{{ 7 * 7 }}"}, {"a": {"password": CANARY}}, {"' or 1=1 --": 1}),
    ],
    "dicts": [None, "", "x", 5, {}, [None], [5], ["x"], [[]], [{}], [{"name": None}], [{"name": []}], [{"nome": "x"}]],
    "raw": [None, "", 5, [], {}, "x" * 70000],
}
SECRETS = [
    CANARY,
    f"{CANARY}<b>",
    f"{CANARY}\n",
    CANARY * 5,
    [CANARY],
    {CANARY: CANARY},
    {"a": CANARY},
    {"a": {"b": [CANARY]}},
]
SITES = [
    *(
        "..",
        ".",
        "../x",
        "../../outside.test",
        "a/b",
        "/etc",
        "assets",
        "nosuch.test",
        "linked.test",
        "half.test",
        "odd.test",
    ),
    *("broken.test", "common_site_config.json", " {site}", "{site}/", "{site}\n", "./{site}", "{site}/../{site}", "*"),
]


@dataclasses.dataclass
class Case:
    """One call of a module with one invalid or unusual value.

    Attributes:
        module: its short name.
        option: the path of the option, such as ``sites.redirect_uris``.
        args: all options except the location of the bench.
        real: whether it may run outside check mode if check mode reports no error.
    """

    module: str
    option: str
    args: dict
    real: bool = True

    def __str__(self) -> str:
        value = repr(self.args)
        return f"{self.module} {self.option}: {value if len(value) < 300 else value[:300] + '…'}"


def documented() -> dict[str, dict]:
    """The options of every module in the collection, by the name of the module."""
    found = {}
    for path in sorted((ROOT / "plugins" / "modules").glob("*.py")):
        doc = get_docstring(str(path), fragment_loader, collection_name="benchkeeper.frappe", plugin_type="module")[0]
        if "\ndef main(" in path.read_text():  # an action without a module has no argument spec
            found[path.stem] = doc["options"]
    return found


def bases(site: str, user: str, ground: dict) -> dict[str, dict]:
    """A valid call of each module. A module that is not listed here gets the site and its required options."""
    client = {"app_name": "Bad input", "redirect_uris": ["https://bad.example/callback"]}
    pair = {"api_key": "bad-input-0001", "api_secret": "right-0123456789abcdef0123456789abcdef"}
    edge = {"name": site, "domains": ["bad.example"], "cors": {"origins": ["https://app.bad.example"]}}
    return {
        "frappe_oauth_client": {"name": site, **client},
        "frappe_site_config": {"name": site, "settings": {"bad_input": 1}},
        "frappe_user_api_key": {"name": site, "users": [user], "secrets": {user: pair}},
        "frappe_oauth_verify": {"name": site, "app_name": "Bad input", "address": "http://127.0.0.1:9"},
        "frappe_nginx_edge": {
            "sites": [edge],
            "reload": False,
            **{
                key: ground[f"oauth2_{name}"]
                for key, name in (
                    ("conf_dir", "nginx_conf_dir"),
                    ("nginx_conf", "nginx_conf"),
                    ("nginx_prefix", "nginx_prefix"),
                )
                if f"oauth2_{name}" in ground
            },
        },
    }


def wrong_values(option: str, spec: dict, site: str) -> Iterator[object]:
    """All invalid or unusual values for an option of this type."""
    kind = spec.get("type", "str")
    if kind == "list" and spec.get("elements") == "dict":
        kind = "dicts"
    yield from WRONG[kind]
    if option in SECRET_OPTIONS:
        yield from SECRETS
    if spec.get("choices"):
        yield from (f" {spec['choices'][0]}", str(spec["choices"][0]).upper(), ",".join(map(str, spec["choices"])))
    if option == "name":
        yield from (name.replace("{site}", site) for name in SITES)


def filled(options: dict, site: str) -> dict:
    """The required options of an item, with valid values."""
    right = {"name": site, "origins": ["https://app.bad.example"], "rate": "5r/s"}
    return {key: right.get(key, "x") for key, spec in options.items() if spec.get("required")}


def cases_of(module: str, options: dict, base: dict | None, site: str) -> Iterator[Case]:
    """Every invalid value at every option and suboption; every third one in ``sites``, as the task level has all."""
    known, base = base is not None, base or filled({"name": {"required": True}, **options}, site)
    for option, spec in options.items():
        ask_only = not known or option in ASK_ONLY
        for value in wrong_values(option, spec, site):
            args = copy.deepcopy(base)
            if option == "sites":
                args.pop("name", None)
            yield Case(module, option, {**args, option: value}, not ask_only)
        for case in _cases_inside(module, (option,), spec, base, site, thin=option == "sites"):
            yield dataclasses.replace(case, real=case.real and known)


def _cases_inside(module: str, path: tuple, spec: dict, base: dict, site: str, thin: bool) -> Iterator[Case]:
    inner = spec.get("suboptions") or {}
    for number, (key, sub) in enumerate(inner.items()):
        for turn, value in enumerate(wrong_values(key, sub, site)):
            if thin and (turn + number) % 3:
                continue
            args = copy.deepcopy(base)
            if path[0] == "sites":
                args.pop("name", None)
            holder = _holder(args, path, spec, site)
            holder[key] = value
            yield Case(module, ".".join((*path, key)), args, key not in ASK_ONLY)
        if sub.get("suboptions"):
            yield from _cases_inside(module, (*path, key), {**sub, "above": inner}, base, site, thin)


def _holder(args: dict, path: tuple, spec: dict, site: str) -> dict:
    """The dict at a path in the arguments; it is created if it is missing."""
    here: object = args
    for step in path:
        last = step == path[-1]
        empty = filled(spec["suboptions"] if last else spec.get("above", {}), site)
        if step == "sites":
            here.setdefault(step, [empty])
            here = here[step][0]
        else:
            here = here.setdefault(step, empty)
            here = here[0] if isinstance(here, list) else here
    return here


# ---------------------------------------------------------------- inventories
KINDS = {str: "str", list: "list", dict: "dict", bool: "bool", int: "int"}


def declarations_of(site: str) -> Iterator[tuple[str, dict]]:
    """Declarations for a site with one invalid value at one key: the key, and the declaration."""
    client = {"app_name": "Bad input", "redirect_uris": ["https://bad.example/callback"]}
    beside = {"cors": {"origins": ["https://a.example"]}}
    for key, kind in SITE_KEYS.items():
        for value in wrong_values(key, {"type": KINDS[kind]}, site):
            yield key, {"name": site, key: value}
    for step, keys in STEP_KEYS.items():
        for key, kind in keys.items():
            for value in wrong_values(key, {"type": KINDS[kind]}, site):
                yield f"{step}.{key}", {"name": site, step: {**beside.get(step, {}), key: value}}
    for key, kind in CLIENT_KEYS.items():
        for value in wrong_values(key, {"type": KINDS[kind]}, site):
            yield f"oauth_clients.{key}", {"name": site, "oauth_clients": [{**client, key: value}]}


# ---------------------------------------------------------------- checks of a result
CRASH = re.compile(
    r"Traceback \(most recent|MODULE FAILURE|module_std(?:out|err)|[Uu]nexpected (?:failure|exception|error)|"
    r"object has no attribute|is not subscriptable|unhashable|'NoneType' object|KeyError|IndexError|"
    r"UnicodeEncodeError|RecursionError|not JSON serializable"
)


# Ansible's message for a list item that is not a dict, and its mask of a secret of one letter. The module cannot
# influence them, so they do not name an option.
ANSIBLES = re.compile(r"dictionary requested, could not parse|evaluate string as dictionary|\*{8}")


def faults_of(case: Case, result: dict) -> list[str]:
    """The faults of a result: a crash, a visible secret, or a message without the option or the problem."""
    said = str(result.get("msg", "")) + "".join(str(row.get("msg", "")) for row in result.get("sites") or ())
    told = [str(value) for key, value in result.items() if key != "invocation"]
    found = [f"a crash: {result['crash'][-600:]}"] if "crash" in result else []
    for match in list(CRASH.finditer(" ".join(told)))[:1]:
        found.append(f"a crash is reported: {match.string[match.start() : match.start() + 600]}")
    if CANARY in " ".join(told) and CANARY in str(case.args):
        found.append("a secret is visible")
    if result.get("failed"):
        names = [
            *case.option.split("."),
            "name:",
            "site_config.json",
            "required",
            "mutually exclusive",
            "bench_path",
            " failed:",
            "reach",
        ]
        if not said.strip():
            found.append("an error without a message")
        elif not any(name in said for name in names) and not ANSIBLES.search(said):
            found.append(f"it does not name the option: {said[:300]}")
        elif len(said.replace("********", " ").split()) < 5:
            found.append(f"it does not say what is wrong: {said}")
    elif not result.get("skipped") and (not isinstance(result.get("sites", []), list) or "changed" not in result):
        found.append(f"neither an error nor a result: {str(result)[:300]}")
    return found


def outside(folder: Path, bench: Path) -> dict[str, tuple]:
    """Every file in the directory of the ground that belongs neither to the bench nor to the promise tests."""
    taken = {}
    for path in sorted(folder.rglob("*")):
        own = {"logs", "temp", "run", "inventory", "tasks.json", "venv", "__pycache__"} & set(
            path.relative_to(folder).parts
        )
        if bench not in (path, *path.parents) and not own and not path.is_socket():
            what = path.lstat()
            taken[str(path)] = (what.st_mode, what.st_uid, what.st_mtime_ns if path.is_file() else 0, what.st_size)
    return taken
