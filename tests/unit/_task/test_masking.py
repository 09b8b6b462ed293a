# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules mask the secrets in their options, in every form."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import row_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task import base
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task.base import SitesModule

SECRET, NUMBER = "the-secret-of-the-test", 918273645
OPTIONS = {
    "settings": {"type": "dict", "default": {}},
    "secret_settings": {"type": "dict", "default": {}, "no_log": True},
}
COMMON = {"common": {"type": "dict", "options": OPTIONS}, "last": {"type": "str", "choices": ["a"]}}
MAPPING = {"mail": {"word": SECRET}, "pins": [NUMBER]}
FORMS = {
    "mapping": MAPPING,
    "json": json.dumps(MAPPING),
    "pairs": f"mail={SECRET} pins={NUMBER}",
}


def said(args, monkeypatch, capsys):
    """The whole output and log of a task with these options."""
    logged = []
    monkeypatch.setattr(base.AnsibleModule, "log", lambda self, msg, log_args=None: logged.append((msg, log_args)))
    with patch_module_args(args), pytest.raises(SystemExit):
        module = SitesModule(OPTIONS, COMMON)
        assert [row["secret_settings"] for row in module.rows if row["secret_settings"]] or args.get("common")
        module.finish([row_of("a", msg=f"{SECRET} {NUMBER}")], title=str)
    return capsys.readouterr().out + repr(logged)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("where", ["task", "item", "common", "item as text"])
@pytest.mark.parametrize("last", ["a", "wrong"])
def test_what_a_secret_mapping_holds_is_masked(form, where, last, monkeypatch, capsys):
    given = {"secret_settings": FORMS[form]}
    args = {
        "task": {"name": "a", **given},
        "item": {"sites": [{"name": "a", **given}]},
        "common": {"common": given},
        "item as text": {"sites": [json.dumps({"name": "a", **given})]},
    }[where]
    text = said({**args, "last": last}, monkeypatch, capsys)
    assert "secret_settings" in text and ("wrong" in text) is (last == "wrong")
    assert SECRET not in text and str(NUMBER) not in text


def test_a_value_that_is_not_secret_is_shown(monkeypatch, capsys):
    args = {"name": "a", "settings": '{"open": "to everybody"}', "secret_settings": json.dumps(MAPPING)}
    assert "to everybody" in said(args, monkeypatch, capsys)


@pytest.mark.parametrize("wrong", [5, 1.5, True])
@pytest.mark.parametrize("where", ["task", "item"])
def test_a_number_in_place_of_a_mapping_is_reported_with_the_name_of_the_option(wrong, where, capsys):
    options = {"cors": {"type": "dict", "options": {"origins": {"type": "list", "elements": "str"}}}}
    args = {"name": "a", "cors": wrong} if where == "task" else {"sites": [{"name": "a", "cors": wrong}]}
    with patch_module_args(args), pytest.raises(SystemExit):
        SitesModule(options, {})
    told = json.loads(capsys.readouterr().out)
    assert told["failed"] and "cors" in told["msg"]
