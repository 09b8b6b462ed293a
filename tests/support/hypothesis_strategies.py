# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hypothesis strategies: declarations, states of a site, JSON, and hostile text."""

from __future__ import annotations

import datetime

from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.api_keys import User
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.clients import RESPONSE_TYPE
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CLIENT_FIELDS
from hypothesis import strategies as st

ROLES = ["Sales User", "System Manager", "Käufer"]

# ---------------------------------------------------------------- text
NASTY = [
    *("", " ", "\t", "\n", "\x00", "\x1b[31m", "\x7f", "\x85", "\u2028", "\ufeff", "\u202e", "\ud800", "\U0001f600"),
    *("'", '"', "\\", ";", "}", "{", "$host", "|", "%", "`", "&", "<b>", "</script>", "#", "*", "..", "../..", "~^"),
    *("' or 1=1 --", '"; return 200 "x', "{{ 7 * 7 }}", "null", "true", "[]", '{"a": 1}', "-1", "1e9", "x" * 141),
    *("ß", "İ", "ﬀ", "e\u0301", "ａ", "。", "xn--", "straße.example"),
]
nasty = st.sampled_from(NASTY)
rough = st.lists(st.one_of(nasty, st.text(max_size=8)), max_size=4).map("".join)
plain = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
# mostly texts that the database considers equal
names = st.sampled_from(
    ["Mobile App", "mobile app", "Móbile App", "MOBILE APP", "Mobile  App", "Straße", "STRASSE", "x"]
)

# ---------------------------------------------------------------- JSON
numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
# equal in Python, but not in JSON
alike = st.sampled_from([0, 1, True, False, 1.0, 0.0, "1", "", None])
scalars = st.one_of(st.none(), st.booleans(), alike, numbers, rough)
json_values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(rough, inner, max_size=3)),
    max_leaves=8,
)
configs = st.dictionaries(st.one_of(plain, rough), json_values, max_size=5)
# Values of YAML that JSON does not have: keys that are not strings, dates, NaN.
yaml_values = st.one_of(
    json_values,
    st.dictionaries(st.one_of(st.none(), st.booleans(), st.integers()), scalars, max_size=2),
    st.just(datetime.date(2026, 1, 2)),
    st.sampled_from([float("nan"), float("inf")]),
)

# ---------------------------------------------------------------- secrets
canaries = st.text("0123456789abcdef", min_size=32, max_size=32).map(lambda text: f"canary-{text}")
secret_keys = st.sampled_from(
    [
        *("password", "db_password", "Mail_Password", "client_secret", "access_token", "encryption_key", "api_key"),
        *("secret", "aws_secret_key", "stripe_key", "jwt_key", "pwd", "mail_pass", "apiToken", "smtp-credentials"),
        *("secret_key_base", "db_password_old", "deploy_key_2"),
    ]
)


def around(leaf: st.SearchStrategy) -> st.SearchStrategy:
    """The leaf, or a JSON value that contains it."""
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(st.lists(scalars, max_size=2), inner).map(lambda both: [*both[0], both[1]]),
            st.tuples(st.dictionaries(plain, scalars, max_size=2), plain, inner).map(
                lambda each: {**each[0], each[1]: each[2]}
            ),
        ),
        max_leaves=1,
    )


# ---------------------------------------------------------------- OAuth clients
hosts = st.lists(plain, min_size=1, max_size=3).map(".".join)
uris = st.one_of(
    hosts.map(lambda host: f"https://{host}/callback"),
    plain.map(lambda name: f"com.example.{name}://callback"),
    plain.map(lambda query: f"http://127.0.0.1:8000/?a={query}&b=%20"),
)
client_ids = st.sampled_from(["a", "b", "c", "new-one", "another.one"])
values = {
    "text": st.one_of(plain, st.just("It\u2019s: \u201ca\u201d text, 100 % \u2713")),
    "secret": canaries,
    "uris": st.lists(uris, min_size=1, max_size=3),
    "scopes": st.lists(st.sampled_from(["all", "openid", "read:x", "write~y"]), min_size=1, max_size=3),
    "lines": st.lists(st.one_of(plain, st.just("it@example.com")), max_size=3),
    "roles": st.lists(st.sampled_from([*ROLES, *(role.upper() for role in ROLES)]), min_size=1, max_size=3),
    "check": st.booleans(),
}
fields = {
    field: values[kind]
    for field, kind in CLIENT_FIELDS.items()
    if field not in ("response_type", "default_redirect_uri")
}
fields.update(app_name=names, grant_type=st.sampled_from(sorted(RESPONSE_TYPE)), default_redirect_uri=uris)
fields["token_endpoint_auth_method"] = st.sampled_from(["Client Secret Basic", "Client Secret Post", "None"])


def with_identity(client: dict) -> dict:
    """A declaration must identify its client."""
    return client if "app_name" in client or "client_id" in client else {**client, "app_name": "Mobile App"}


def with_default_uri(client: dict) -> dict:
    """If both are declared, the default redirect URI must be in the list."""
    uris_of = client.get("redirect_uris")
    if uris_of and "default_redirect_uri" in client:
        return {**client, "default_redirect_uri": uris_of[-1]}
    return client


declared_clients = (
    st.fixed_dictionaries(
        {"state": st.sampled_from(["present", "present", "present", "absent"])},
        optional={
            **fields,
            "client_id": client_ids,
            "rename": st.booleans(),
            "revoke_tokens": st.booleans(),
            "exclusive": st.booleans(),
        },
    )
    .map(with_identity)
    .map(with_default_uri)
)
whole_clients = st.tuples(declared_clients, names, values["uris"]).map(
    lambda each: with_default_uri({"app_name": each[1], "redirect_uris": each[2], **each[0]})
)
client_lists = st.lists(st.one_of(declared_clients, whole_clients, whole_clients), min_size=1, max_size=3)

# Nearly all declarations are about existing clients, with state absent.
deletions = st.lists(
    st.fixed_dictionaries(
        {"state": st.sampled_from(["absent", "absent", "present"]), "client_id": st.sampled_from("abc")},
        optional={"revoke_tokens": st.booleans(), "exclusive": st.booleans()},
    ),
    min_size=1,
    max_size=2,
)

# Values that the database may contain, including those from manual edits, old releases or other programs.
stored_texts = st.one_of(st.none(), st.just(""), rough, plain)
stored_clients = st.fixed_dictionaries(
    {
        "app_name": names,
        "owner": st.sampled_from(["Administrator", "Guest"]),
        "redirect_uris": st.one_of(stored_texts, values["uris"].map(" ".join), values["uris"].map("\n".join)),
        "default_redirect_uri": st.one_of(stored_texts, uris),
        "scopes": st.one_of(stored_texts, st.sampled_from(["all openid", " openid  all "])),
        "grant_type": st.sampled_from(["Authorization Code", "Implicit", None]),
        "response_type": st.sampled_from(["Code", "Token", None]),
        "skip_authorization": st.sampled_from([0, 1]),
        "allowed_roles": st.lists(st.sampled_from(["Desk User", *ROLES]), max_size=3),
        "client_secret": st.one_of(st.none(), canaries),
        **{
            field: stored_texts
            for field, kind in CLIENT_FIELDS.items()
            if field not in ("app_name", "default_redirect_uri", "grant_type", "response_type")
            and kind in ("text", "lines")
        },
    }
)
sites_clients = st.lists(stored_clients, max_size=3).map(
    lambda clients: [{**client, "name": name} for name, client in zip("abc", clients)]
)

# ---------------------------------------------------------------- API keys
EMAILS = ["clerk@example.com", "boss@example.com", "café@example.com"]
emails = st.sampled_from(EMAILS)
spelled = st.one_of(emails, emails.map(str.upper))
key_texts = st.sampled_from(["key-0000", "KEY-0000", "key-1111", "key-2222", "key-3333", "key-4444", "key-5555"])
pairs = st.fixed_dictionaries({"api_key": key_texts, "api_secret": canaries}, optional={"replace": st.booleans()})


@st.composite
def declarations_of_keys(draw: st.DrawFn) -> dict:
    """Users, roles or both, mostly with API keys for the declared users."""
    declared = draw(
        st.fixed_dictionaries(
            {"state": st.sampled_from(["present", "rotated", "absent"])},
            optional={
                "roles": st.lists(st.sampled_from(["Sales User", "sales user", "System Manager"]), max_size=2),
                "exclude_users": st.lists(spelled, max_size=2),
                "disabled_users": st.sampled_from(["report", "revoke", "ignore"]),
            },
        )
    )
    excluded = {user.casefold() for user in declared.get("exclude_users", ())}
    named = draw(st.lists(st.sampled_from(EMAILS), min_size=1, max_size=3, unique=True))
    users = [draw(st.sampled_from([user, user.upper()])) for user in named if user.casefold() not in excluded]
    given = [
        user for user in (*users, *draw(st.lists(spelled, max_size=1))) if draw(st.sampled_from([True, True, False]))
    ]
    return {**declared, "users": users, "secrets": {user: draw(pairs) for user in given}}


declared_keys = declarations_of_keys()


@st.composite
def users_of_a_site(draw: st.DrawFn) -> list[User]:
    """Users with complete, partial and no API keys. Each api_key is different, because the column is unique."""
    found = []
    keys = iter(draw(st.permutations(["key-0000", "key-1111", "key-2222", "other-key"])))
    for name in draw(st.sampled_from([EMAILS, EMAILS, EMAILS, EMAILS, EMAILS[1:]])):
        held = draw(st.sampled_from(["none", "whole", "sealed", "key", "secret", "whole", "none", "whole"]))
        secret = draw(canaries) if held in ("whole", "secret") else None
        found.append(
            User(
                name,
                enabled=draw(st.sampled_from([True, True, True, True, True, False])),
                website=draw(st.booleans()),
                api_key=next(keys) if held in ("whole", "key", "sealed") else None,
                has_secret=held in ("whole", "secret", "sealed"),
                api_secret=secret,
            )
        )
    return found


# ---------------------------------------------------------------- declarations of an inventory
setting_keys = st.sampled_from(["allow_cors", "x", "y"])
managed = st.sampled_from([True, True, True, False])
site_configs = st.fixed_dictionaries(
    {},
    optional={
        "settings": st.dictionaries(st.sampled_from(["x", "y"]), json_values, min_size=1, max_size=2),
        "secret_settings": st.dictionaries(st.sampled_from(["x", "mail_password"]), canaries, max_size=1),
        "absent": st.lists(setting_keys, min_size=1, max_size=2),
        "backup": st.booleans(),
        "managed": managed,
    },
)
cors = st.fixed_dictionaries(
    {"origins": st.lists(hosts.map(lambda host: f"https://{host}"), max_size=2)},
    optional={"max_age": st.integers(0, 86400), "credentials": st.booleans(), "managed": managed},
)
inventory_clients = st.lists(
    whole_clients.map(lambda client: {key: client[key] for key in client if key not in ("exclusive",)}), max_size=2
)
steps = {
    "oauth_clients": inventory_clients,
    "oauth_clients_exclusive": st.booleans(),
    "site_config": site_configs,
    "api_keys": st.fixed_dictionaries(
        {},
        optional={
            "users": st.lists(emails, max_size=2),
            "roles": st.lists(st.sampled_from(ROLES), max_size=2),
            "managed": managed,
        },
    ),
    "cors": cors,
    "verify": st.fixed_dictionaries({}, optional={"url": plain, "managed": managed}),
}
site_names = st.sampled_from(["a.example", "b.example", "c.example"])
some = st.fixed_dictionaries({}, optional=steps)
config_too = st.tuples(some, site_configs).map(lambda both: {**both[0], "site_config": both[1]})
defaults = st.one_of(some, config_too)
site_of_its_own = st.fixed_dictionaries(
    {"name": site_names}, optional={"managed": managed, "domains": st.lists(hosts, max_size=2)}
)
sites = st.lists(
    st.tuples(site_of_its_own, defaults).map(lambda both: {**both[0], **both[1]}),
    max_size=3,
    unique_by=lambda site: site["name"],
)

# ---------------------------------------------------------------- the edge
ports = st.one_of(st.just(""), st.integers(-1, 70000).map(lambda port: f":{port}"))
rough_origins = st.one_of(
    rough,
    st.tuples(
        st.sampled_from(["https://", "http://", "HTTPS://", "//", "ftp://", "capacitor://", "w+a://", "file://", ""]),
        st.one_of(
            hosts, rough, st.sampled_from(["[::1]", "[fe80::1%25a]", "EXAMPLE.com", "user:pw@a", "[", "127.0.0.1"])
        ),
        st.one_of(ports, rough),
    ).map("".join),
)
good_origins = st.one_of(
    st.tuples(hosts, st.sampled_from(["", ":8443"])).map(lambda both: f"https://{both[0]}{both[1]}"),
    st.sampled_from(["http://127.0.0.1:3000", "https://[::1]", "https://xn--bcher-kva.example"]),
    st.sampled_from(["capacitor://localhost", "chrome-extension://abcdefghijklmnopabcdefghijklmnop", "app://."]),
    st.tuples(st.sampled_from(["ionic", "web+app", "com.example.App-1"]), hosts).map(
        lambda both: f"{both[0].lower()}://{both[1]}"
    ),
)


def mostly(good: st.SearchStrategy, bad: st.SearchStrategy) -> st.SearchStrategy:
    """A list of valid items, sometimes with an invalid one."""
    return st.one_of(st.lists(good, max_size=3), st.lists(good, max_size=3), st.lists(st.one_of(good, bad), max_size=3))


rough_cors = st.fixed_dictionaries(
    {"origins": mostly(good_origins, rough_origins)},
    optional={
        "methods": mostly(st.sampled_from(["GET", "PATCH"]), rough),
        "headers": mostly(st.sampled_from(["X-A", "Accept"]), rough),
        "max_age": st.one_of(st.integers(0, 86400), st.integers(-5, 90000)),
        "credentials": st.booleans(),
        "expose_headers": mostly(st.sampled_from(["X-Total", "Content-Disposition"]), rough),
    },
)
rough_domains = mostly(hosts, rough)
good_proxies = st.sampled_from(["10.0.0.0/8", "::1", "192.168.1.1", "fe80::/10"])
odd_proxies = st.one_of(
    rough,
    nasty.map(lambda text: f"fe80::1%{text}"),
    st.tuples(good_proxies, nasty).map("".join),
)
proxies = st.one_of(st.lists(good_proxies, max_size=3), st.lists(odd_proxies, min_size=1, max_size=1))
