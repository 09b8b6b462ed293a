# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the gathered facts of a site against the rules. Pure: no Ansible, no Frappe, no I/O.

Warnings concern this site. Notices concern the behavior of its version of Frappe on every site. Facts that were not
gathered cause no findings.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.masking import HIDDEN, looks_secret, names_secret
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.declaration_rules import (
    DEFAULT_REDIRECT_URI,
    ENCRYPTION_KEY_MISSING,
    ENCRYPTION_KEY_WRONG,
    KEY_DORMANT,
    KEY_USER_DISABLED,
    SECRET_IN_VERSIONS,
    SECRET_WEAK,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.facts import (
    ClientFact,
    ConfigFact,
    Facts,
    TokenFacts,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.findings import Finding, Findings
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import (
    GOOD_SECRET,
    UNREAD_KEYS,
    client_findings,
    setting_findings,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.oauth_settings import (
    ORIGINS_FIELD,
    PROVIDER,
    SETTINGS,
    consent_auto,
    public_origins,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.site_rules import (
    BOOTSTRAP_OPEN,
    CORS_ORIGINS_DIFFER,
    CORS_PUBLIC_ANY_ORIGIN,
    DOMAIN_MISSING,
    FRAPPE_CODE_COOKIE,
    FRAPPE_CODE_ENDLESS,
    FRAPPE_INTROSPECTION_EXPIRED,
    FRAPPE_INTROSPECTION_OPEN,
    FRAPPE_PASSWORD_GRANT,
    FRAPPE_PKCE_OPTIONAL,
    FRAPPE_REFRESH_ENDLESS,
    FRAPPE_REFRESH_KEEPS_OLD,
    FRAPPE_REFRESH_UNBOUND,
    FRAPPE_SECRET_UNCHECKED,
    FRAPPE_TRAIT_UNKNOWN,
    PASSWORD_GRANT_BYPASS,
    SETTINGS_CONSENT_AUTO,
    SETTINGS_REGISTRATION_OPEN,
    STORED_URIS_SPLIT,
    TOKEN_CLIENT_GONE,
    TOKEN_DORMANT,
    TOKEN_USER_DISABLED,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import COMMON_FILE, SITE_FILE

CORS_KEYS = ("allow_cors", *UNREAD_KEYS)
# Keys that weaken security, or that contain a secret which is better stored elsewhere.
RISKY_KEYS = (
    "ignore_csrf",
    "allowed_referrers",
    "developer_mode",
    "allow_tests",
    "server_script_enabled",
    "disable_user_pass_login",
    "encryption_key",
    "admin_password",
    "root_password",
    "mail_password",
)
# each trait (a feature of frappe_site_info) with the value that is reported, and its rule
TRAITS = {
    "code_bound_to": ("cookie", FRAPPE_CODE_COOKIE),
    "pkce_required": ("no", FRAPPE_PKCE_OPTIONAL),
    "client_secret_checked": ("no", FRAPPE_SECRET_UNCHECKED),
    "old_token_revoked_on_refresh": ("no", FRAPPE_REFRESH_KEEPS_OLD),
    "refresh_bound_to_client": ("no", FRAPPE_REFRESH_UNBOUND),
    "refresh_tokens_expire": ("no", FRAPPE_REFRESH_ENDLESS),
    "codes_expire": ("no", FRAPPE_CODE_ENDLESS),
    "introspection_open_to_guests": ("yes", FRAPPE_INTROSPECTION_OPEN),
    "expired_tokens_introspect_active": ("yes", FRAPPE_INTROSPECTION_EXPIRED),
    "password_grant": ("open", FRAPPE_PASSWORD_GRANT),
}
# traits whose values are no finding by themselves; only ``unknown`` is reported
SILENT_TRAITS = (
    "introspection_authenticated",
    "key_of_disabled_user",
    "bearer_of_disabled_user",
    "refresh_of_disabled_user",
    "tokens_hashed",
    "consent_auto_counts",
    "approve_method",
    "basic_accepted",
    "plain_accepted",
)
NOT_DECLARED = ("client_id", "owner", "allowed_roles", "secret_bytes", "secret_in_versions")
LISTED = 5  # names that a finding lists; it only counts the rest


def watched(common: dict[str, t.Any], site: dict[str, t.Any]) -> dict[str, ConfigFact]:
    """The security-relevant keys of a site's effective configuration, each with ``value`` and ``file``."""
    found: dict[str, ConfigFact] = {}
    for key in (*CORS_KEYS, *RISKY_KEYS):
        if key in site or key in common:
            file, value = (SITE_FILE, site[key]) if key in site else (COMMON_FILE, common[key])
            hidden = value and (names_secret(key) or looks_secret(key, value))
            found[key] = {"value": HIDDEN if hidden else value, "file": file}
    return found


def site_findings(facts: Facts) -> Findings:
    """All rule violations among the facts of one site that frappe_site_info gathers."""
    for key, held in facts.get("config", {}).items():
        yield from setting_findings(key, held["value"], held["file"])
    if facts.get("domains") == []:
        yield Finding(
            DOMAIN_MISSING,
            f"domains in {SITE_FILE}",
            "is not set, and the name of the site directory has a capital letter",
        )
    if facts.get("encryption_key_missing"):
        yield Finding(ENCRYPTION_KEY_MISSING, f"encryption_key in {SITE_FILE}", "is missing")
    if facts.get("secrets_not_opened"):
        sealed = ", ".join(
            f"secrets in {doctype} ({number})" for doctype, number in facts["secrets_not_opened"].items()
        )
        yield Finding(ENCRYPTION_KEY_WRONG, f"encryption_key in {SITE_FILE}", f"cannot decrypt {sealed}")
    yield from _settings(facts)
    yield from _origins(facts)
    for client in facts.get("oauth_clients", ()):
        yield from _stored_client(client)
    if "tokens" in facts:
        yield from _tokens(facts["tokens"], facts.get("disabled_users", {}))
    disabled = [row["user"] for row in facts.get("api_keys", ()) if not row["enabled"] and row["has_secret"]]
    if disabled:
        dormant = facts.get("disabled_users", {}).get("key") == "refused"
        key_rule = KEY_DORMANT if dormant else KEY_USER_DISABLED
        yield Finding(key_rule, "api_keys", f"disabled users with an API key: {listed(disabled)}")
    for function in facts.get("features", {}).get("open_bootstraps", ()):
        yield Finding(BOOTSTRAP_OPEN, "apps", f"any signed-in user can call {function}")
    for trait, (value, rule) in TRAITS.items():
        if facts.get("features", {}).get(trait) == value:
            yield Finding(rule, f"features.{trait}", value)
    for trait in (*TRAITS, *SILENT_TRAITS, "config_cached"):
        if facts.get("features", {}).get(trait) == "unknown":
            yield Finding(FRAPPE_TRAIT_UNKNOWN, f"features.{trait}", "unknown")


def _settings(facts: Facts) -> Findings:
    settings, features = facts.get("oauth_settings", {}), facts.get("features", {})
    auto = consent_auto(settings)
    if auto:
        yield Finding(SETTINGS_CONSENT_AUTO, auto, "is 'Auto'" if auto.startswith(PROVIDER) else "is on")
    if settings.get(SETTINGS, {}).get("enable_dynamic_client_registration"):
        yield Finding(SETTINGS_REGISTRATION_OPEN, "OAuth Settings: enable_dynamic_client_registration", "is on")
    passed_by = [field for field, on in settings.get("System Settings", {}).items() if on]
    if passed_by and features.get("password_grant") == "open":
        ignored = f"the password grant ignores {' and '.join(passed_by)}"
        yield Finding(PASSWORD_GRANT_BYPASS, "System Settings", ignored)


def _origins(facts: Facts) -> Findings:
    """A list of origins that Frappe uses at the OAuth endpoints instead of allow_cors, if it is not empty."""
    held, field = facts.get("config", {}), f"{SETTINGS}: {ORIGINS_FIELD}"
    answered = held["allow_cors"]["value"] if "allow_cors" in held else None
    own = public_origins(facts.get("oauth_settings", {}))
    if "*" in own:
        yield Finding(CORS_PUBLIC_ANY_ORIGIN, field, "contains '*'")
    elif own and isinstance(answered, (str, list)) and answered and answered != "*":
        origins = [answered] if isinstance(answered, str) else [str(one) for one in answered]
        missing, more = ([one for one in a if one not in b] for a, b in ((origins, own), (own, origins)))
        found = [f"does not contain {listed(missing)}"] if missing else []
        found += [f"contains {listed(more)}, and allow_cors does not"] if more else []
        if found:
            yield Finding(CORS_ORIGINS_DIFFER, field, "; ".join(found))


def _stored_client(client: ClientFact) -> Findings:
    """Check a stored client against the rules for declarations. Text that cannot be split causes one finding."""
    where = f"client {client['app_name']!r}"  # a client_id differs per site, so equal findings could not be grouped
    split = [uri for uri in client["redirect_uris"] if re.search(r"\s", uri)]
    if split:
        yield Finding(STORED_URIS_SPLIT, f"{where}: redirect_uris", f"{split[0]!r} contains white space")
    if 0 < client["secret_bytes"] < GOOD_SECRET:
        yield Finding(
            SECRET_WEAK,
            f"{where}: client_secret",
            f"has {client['secret_bytes']} bytes, but at least {GOOD_SECRET} are expected",
        )
    if client["secret_in_versions"]:
        yield Finding(SECRET_IN_VERSIONS, f"{where}: client_secret", "is stored in Version in clear text")
    # Values that Frappe fills in itself are not checked.
    declared = {key: value for key, value in client.items() if key not in NOT_DECLARED}
    declared["redirect_uris"] = [uri for uri in client["redirect_uris"] if uri not in split]
    if split and not declared["redirect_uris"]:
        del declared["redirect_uris"]
    if client["default_redirect_uri"] in client["redirect_uris"]:
        del declared["default_redirect_uri"]  # it is checked as part of the list
    for finding in client_findings({k: v for k, v in declared.items() if v != ""}, ""):
        if not (split and finding.rule == DEFAULT_REDIRECT_URI):
            yield finding._replace(field=f"{where}: {finding.field}")


def _tokens(tokens: TokenFacts, of_disabled: t.Mapping[str, str]) -> Findings:
    if tokens["disabled_users"]:
        users = listed([row["user"] for row in tokens["disabled_users"]])
        dormant = of_disabled.get("bearer") == of_disabled.get("refresh") == "refused"
        rule = TOKEN_DORMANT if dormant else TOKEN_USER_DISABLED
        yield Finding(rule, "tokens", f"disabled or deleted users with tokens: {users}")
    gone = [row["client_id"] or "(no client id)" for row in tokens["by_client"] if not row["known"]]
    if gone:
        yield Finding(TOKEN_CLIENT_GONE, "tokens", f"deleted clients with tokens: {listed(gone)}")


def listed(names: list[str]) -> str:
    """A comma-separated list of names. Long lists are cut and end with the number of omitted names."""
    shown = ", ".join(names[:LISTED])
    return shown if len(names) <= LISTED else f"{shown} and {len(names) - LISTED} more"
