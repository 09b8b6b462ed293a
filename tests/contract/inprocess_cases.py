# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# fmt: off
# ruff: noqa: B023, E501
"""The cases in the bench's Python, as data."""

from __future__ import annotations

import json


class DROP:
    """Marks a key to omit."""


LONG = "Contract " + "x" * 131
INPUTS = [  # name, why, what differs from BASE
    ("plain", "the usual client", {}),
    ("app-name-leading-space", "is it stripped?", {"app_name": "  Contract Base"}),
    ("app-name-trailing-space", "is it stripped?", {"app_name": "Contract Base  "}),
    ("app-name-inner-spaces", "kept", {"app_name": "Contract  Base"}),
    ("app-name-tab-newline", "control characters", {"app_name": "Contract\tBase\nx"}),
    ("app-name-upper-case", "kept", {"app_name": "CONTRACT BASE"}),
    ("app-name-accents", "kept", {"app_name": "Contract Café Ünïcode"}),
    ("app-name-decomposed", "no normalization", {"app_name": "Contract Cafe\u0301"}),
    ("app-name-emoji", "four-byte characters", {"app_name": "Contract 😀"}),
    ("app-name-140", "the longest", {"app_name": LONG}),
    ("app-name-141", "one too many", {"app_name": LONG + "x"}),
    ("app-name-140-accents", "characters, not bytes", {"app_name": "é" * 140}),
    ("app-name-bold", "HTML in a Data field", {"app_name": "<b>Contract</b>"}),
    ("app-name-script", "dangerous HTML", {"app_name": "Contract<script>alert(1)</script>"}),
    ("app-name-ampersand", "no escaping", {"app_name": "Contract & Co"}),
    ("app-name-less-than", "not HTML", {"app_name": "Contract 1 < 2"}),
    ("app-name-quotes", "quotes", {"app_name": "Contract \"a\" 'b' \\c"}),
    ("app-name-percent", "percent", {"app_name": "Contract 100% %s"}),
    ("app-name-empty", "mandatory", {"app_name": ""}),
    ("app-name-none", "mandatory", {"app_name": None}),
    ("app-name-missing", "mandatory", {"app_name": DROP}),
    ("app-name-blank", "spaces only", {"app_name": "   "}),
    ("app-name-int", "not a string", {"app_name": 5}),
    ("scopes-missing", "the default", {"scopes": DROP}),
    ("scopes-empty", "mandatory, or the default", {"scopes": ""}),
    ("scopes-none", "mandatory, or the default", {"scopes": None}),
    ("scopes-newline", "kept", {"scopes": "all\nopenid"}),
    ("scopes-spaces", "kept", {"scopes": " all  openid "}),
    ("scopes-list", "a list", {"scopes": ["all", "openid"]}),
    ("redirect-space", "the right form", {"redirect_uris": "a://x b://y"}),
    ("redirect-newline", "stored as given: it breaks authorize", {"redirect_uris": "a://x\nb://y"}),
    ("redirect-crlf", "stored as given", {"redirect_uris": "a://x\r\nb://y"}),
    ("redirect-edges", "edges", {"redirect_uris": " a://x  b://y \n"}),
    ("redirect-missing", "optional", {"redirect_uris": DROP}),
    ("redirect-empty", "optional", {"redirect_uris": ""}),
    ("redirect-ampersand", "a query", {"redirect_uris": "https://c.example/cb?a=1&b=2"}),
    ("redirect-html", "HTML in a Text field", {"redirect_uris": "https://c.example/<b>x</b>"}),
    ("redirect-script", "dangerous HTML", {"redirect_uris": "https://c.example/<script>x</script>"}),
    ("redirect-unicode", "kept", {"redirect_uris": "https://ünïcode.example/ü"}),
    ("redirect-65535", "the longest Text", {"redirect_uris": "x" * 65535}),
    ("redirect-65536", "one too many", {"redirect_uris": "x" * 65536}),
    ("redirect-list", "a list", {"redirect_uris": ["a://x", "b://y"]}),
    ("default-uri-missing", "mandatory", {"default_redirect_uri": DROP}),
    ("default-uri-not-listed", "not checked", {"default_redirect_uri": "https://other.example/cb"}),
    ("default-uri-nonsense", "not checked", {"default_redirect_uri": "not a uri"}),
    ("default-uri-ampersand", "no escaping", {"default_redirect_uri": "https://c.example/cb?a=1&b=2"}),
    ("default-uri-141", "one too many", {"default_redirect_uri": "https://c.example/" + "x" * 123}),
    ("secret-missing", "generated", {"client_secret": DROP}),
    ("secret-empty", "generated", {"client_secret": ""}),
    ("secret-none", "generated", {"client_secret": None}),
    ("secret-given", "kept", {"client_secret": "contract-given-secret"}),
    ("secret-blank", "spaces only", {"client_secret": "  "}),
    ("secret-edges", "edges", {"client_secret": " contract "}),
    ("secret-140", "the longest", {"client_secret": "s" * 140}),
    ("secret-141", "one too many", {"client_secret": "s" * 141}),
    ("secret-html", "like any Data field", {"client_secret": "contract<b>x</b>&\"'"}),
    ("client-id-given", "overwritten with the name", {"client_id": "contract-given"}),
    ("skip-true", "Check from bool", {"skip_authorization": True}),
    ("skip-string-one", "Check from string", {"skip_authorization": "1"}),
    ("skip-string-true", "Check from a word", {"skip_authorization": "true"}),
    ("skip-yes", "Check from a word", {"skip_authorization": "yes"}),
    ("skip-two", "Check from 2", {"skip_authorization": 2}),
    ("skip-none", "Check from None", {"skip_authorization": None}),
    ("grant-missing", "the default of a Select", {"grant_type": DROP, "response_type": DROP}),
    ("grant-empty", "an empty Select", {"grant_type": "", "response_type": ""}),
    ("grant-implicit", "the other pair", {"grant_type": "Implicit", "response_type": "Token"}),
    ("grant-bad-pair", "refused", {"grant_type": "Implicit", "response_type": "Code"}),
    ("grant-bad-pair-2", "refused", {"response_type": "Token"}),
    ("grant-unknown", "not an option", {"grant_type": "Password"}),
    ("grant-lower-case", "options have case", {"grant_type": "authorization code"}),
    ("response-unknown", "not an option", {"response_type": "Nosuch"}),
    ("roles-missing", "the default role", {"allowed_roles": DROP}),
    ("roles-empty", "the default role", {"allowed_roles": []}),
    ("roles-given", "kept, in order", {"allowed_roles": [{"role": "System Manager"}, {"role": "All"}]}),
    ("roles-double", "kept twice?", {"allowed_roles": [{"role": "All"}, {"role": "All"}]}),
    ("roles-unknown", "refused", {"allowed_roles": [{"role": "Nosuch Role"}]}),
    ("roles-other-case", "another case", {"allowed_roles": [{"role": "system manager"}]}),
    ("roles-blank-row", "an empty row", {"allowed_roles": [{}]}),
    ("roles-strings", "a list of names is not rows", {"allowed_roles": ["All"]}),
    ("user-unknown", "a link is checked", {"user": "nobody@contract.example"}),
    ("unknown-field", "silently dropped", {"client_name": "Contract"}),
    ("name-set", "set_name is honored", {"_set_name": "contract-chosen"}),
    ("name-set-space", "with a space", {"_set_name": "contract chosen"}),
    ("name-set-edges", "edges", {"_set_name": " contract-chosen "}),
    ("name-set-slash", "with a slash", {"_set_name": "contract/chosen"}),
    ("name-set-unicode", "with an accent", {"_set_name": "contract-é"}),
    ("name-set-140", "the longest", {"_set_name": "n" * 140}),
    ("name-set-141", "one too many", {"_set_name": "n" * 141}),
    ("name-set-html", "HTML in a name", {"_set_name": "<b>contract</b>"}),
    ("name-in-dict", "name in the dict is not enough", {"name": "contract-chosen"}),
]
FILTERS = [  # stored app_name, filter, why
    ("Contract Café", "Contract Café", "the same"), ("Contract Café", "contract café", "case"), ("Contract Café", "Contract Cafe", "accents"),
    ("Contract Café", "Contract Cafe\u0301", "decomposed"), ("Contract Café", "Contract Café ", "trailing space"),
    ("Contract Café", " Contract Café", "leading space"), ("Contract Café", "Contract Café\t", "trailing tab"),
    ("Contract Straße", "Contract Strasse", "sharp s"), ("Contract Æ", "Contract AE", "ligature"), ("Contract ø", "Contract o", "o with stroke"),
    ("Contract 😀", "Contract 😁", "two emoji"), ("Contract 😀", "Contract ", "an emoji and nothing"), ("Contract A", "Contract Ａ", "full width"),
    ("Contract İ", "Contract i", "dotted capital i"), ("Contract A", "Contract А", "Cyrillic"), ("Contract a-b", "Contract ab", "a hyphen"),
    ("Contract a\u00adb", "Contract ab", "a soft hyphen"), ("Contract 100%", "Contract 100", "percent"), ("5", 5, "a number")]
NAMES_USED = """\
frappe.init frappe.connect frappe.destroy frappe.set_user frappe.get_doc frappe.new_doc frappe.get_all frappe.get_list frappe.get_meta
frappe.get_roles frappe.get_value frappe.get_cached_doc frappe.delete_doc frappe.generate_hash frappe.get_site_config
frappe.get_common_site_config frappe.get_site_path frappe.get_installed_apps frappe.get_hooks frappe.get_module frappe.get_attr
frappe.get_system_settings frappe.clear_cache frappe.clear_messages frappe.get_traceback frappe.only_for frappe.throw frappe.as_json
frappe.parse_json frappe.get_app_path frappe.get_request_header frappe.db.get_value frappe.db.get_all frappe.db.get_list
frappe.db.get_single_value frappe.db.set_value frappe.db.set_single_value frappe.db.exists frappe.db.count frappe.db.sql frappe.db.delete
frappe.db.commit frappe.db.rollback frappe.db.savepoint frappe.db.release_savepoint frappe.db.begin frappe.db.table_exists
frappe.db.has_column frappe.db.get_table_columns frappe.db.escape frappe.db.multisql frappe.db.connect frappe.db.close frappe.utils.now
frappe.utils.now_datetime frappe.utils.add_to_date frappe.utils.get_datetime frappe.utils.cint frappe.utils.get_url frappe.utils.get_sites
frappe.utils.password.get_decrypted_password frappe.utils.password.set_encrypted_password frappe.utils.password.remove_encrypted_password
frappe.utils.password.get_encryption_key frappe.utils.password.encrypt frappe.utils.password.decrypt frappe.utils.password.update_password
frappe.utils.synchronization.filelock frappe.installer.update_site_config frappe.installer.get_site_config_path
frappe.core.doctype.user.user.generate_keys frappe.model.delete_doc.delete_doc frappe.model.document.Document.insert
frappe.model.document.Document.save frappe.model.document.Document.update frappe.model.document.Document.append
frappe.model.document.Document.set frappe.model.document.Document.delete frappe.model.document.Document.reload
frappe.model.document.Document.db_set frappe.model.document.Document.get_password frappe.model.document.Document.get_doc_before_save
frappe.model.document.Document.has_value_changed frappe.model.document.Document.as_dict frappe.model.meta.Meta.has_field
frappe.model.meta.Meta.get_field frappe.model.meta.Meta.get_valid_columns frappe.integrations.oauth2.authorize
frappe.integrations.oauth2.approve frappe.integrations.oauth2.get_token frappe.integrations.oauth2.revoke_token
frappe.integrations.oauth2.introspect_token frappe.integrations.oauth2.openid_profile frappe.integrations.oauth2.openid_configuration
frappe.integrations.oauth2.get_oauth_settings frappe.integrations.oauth2.register_client frappe.oauth.OAuthWebRequestValidator
frappe.oauth.delete_oauth2_data frappe.oauth.get_url_delimiter frappe.oauth.get_server_url frappe.local.conf frappe.local.site
frappe.local.site_path frappe.local.sites_path frappe.conf frappe.session.user frappe.flags frappe.cache frappe.__version__
frappe.DoesNotExistError frappe.LinkExistsError frappe.ValidationError frappe.DuplicateEntryError frappe.MandatoryError
frappe.PermissionError frappe.AuthenticationError frappe.TimestampMismatchError frappe.LinkValidationError
frappe.CharacterLengthExceededError frappe.UniqueValidationError frappe.IncorrectSitePath frappe.SiteNotSpecifiedError frappe.NameError""".split()
RIGHTS = ("read", "write", "create", "delete")
DOCTYPES = ["OAuth Client", "OAuth Client Role", "OAuth Bearer Token", "OAuth Authorization Code", "OAuth Provider Settings", "OAuth Settings"]
USER_FIELDS = ["name", "enabled", "email", "first_name", "username", "user_type", "roles", "api_key", "api_secret", "generate_keys", "full_name"]
CONFIG_VALUES = {"string": "x", "int": 5, "zero": 0, "float": 1.5, "true": True, "false": False, "list": ["a", "b"], "dict": {"a": 1}, "null": None,
                 "empty": "", "unicode": "é", "word-30": "30", "word-0": "0", "word-1": "1", "word-true": "true", "word-false": "false",
                 "word-True": "True", "word-None": "None", "word-null": "null", "word-list": '["a"]'}


def form(text):
    """JSON as Frappe writes it: indent 1, sorted keys."""
    return json.dumps(json.loads(text), indent=1, sort_keys=True)
