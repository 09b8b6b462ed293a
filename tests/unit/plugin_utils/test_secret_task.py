# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a task with a secret, in every form that Ansible accepts."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.benchkeeper.frappe.plugins.action.frappe_oauth_client import ActionModule as ClientAction
from ansible_collections.benchkeeper.frappe.plugins.action.frappe_user_api_key import ActionModule as KeyAction
from ansible_collections.benchkeeper.frappe.plugins.plugin_utils._secret_task import SecretTask, parsed
from ansible_collections.benchkeeper.frappe.plugins.plugin_utils._secrets_action import items_of

ITEM = {"name": "a", "app_name": "App", "store_secret": "true"}
SECRET = "the-secret-of-the-test"


@pytest.mark.parametrize(
    "sites",
    [
        [ITEM],
        ["name=a app_name=App store_secret=true"],
        "name=a app_name=App store_secret=true",
        [json.dumps(ITEM)],
        (ITEM,),
    ],
)
def test_items_are_read_as_the_module_reads_them(sites):
    assert items_of(parsed({"sites": sites})) == [ITEM]


def test_a_name_may_be_a_number():
    assert items_of(parsed({"sites": [{"name": 123}, {"name": "a"}]})) == [{"name": "123"}, {"name": "a"}]
    assert items_of(parsed({"name": 123})) == [{"name": "123"}]


@pytest.mark.parametrize("sites", ["nonsense", [5], [{"name": None}], [{"app_name": "x"}], {"name": "a"}, 5, [["a"]]])
def test_what_the_module_refuses_is_left_to_it(sites):
    assert items_of(parsed({"sites": sites})) is None


class Connection:
    _shell = SimpleNamespace(tmpdir=None)


def task(action, args, monkeypatch):
    """Run the action plugin with these options; return the options that the module receives."""
    monkeypatch.setattr(ActionBase, "run", lambda *_args, **_more: {})
    plugin = object.__new__(action)
    plugin._task = SimpleNamespace(args=args, async_val=0, check_mode=True)
    plugin._connection, plugin._loader = Connection(), SimpleNamespace(path_dwim=lambda path: path)
    plugin.pipelined = lambda: None
    plugin._remove_tmp_path = lambda path: None
    plugin._execute_module = lambda module_args, **_more: module_args
    return plugin.run(None, {"inventory_hostname": "host"})


@pytest.mark.parametrize("action", [ClientAction, KeyAction])
@pytest.mark.parametrize(
    "sites", [["name=a store_secret=true"], [{"name": 123, "store_secret": True}], "name=a store_secret=yes"]
)
def test_no_form_of_an_item_gets_past_the_store(action, sites, monkeypatch, tmp_path):
    """Without a vault secret, the store fails the task, and the module is not called."""
    with pytest.raises(AnsibleActionFail, match="secrets_store: no vault secret is loaded"):
        task(action, {"sites": sites, "secrets_store": str(tmp_path / "store")}, monkeypatch)


class Guarded(SecretTask):
    """Return the result of the guard."""

    SECRETS = ("secrets", "secret_settings")

    def __init__(self):
        self.piped, self.found = False, set()

    def run(self, tmp=None, task_vars=None):
        raise NotImplementedError

    def pipelined(self):
        self.piped = True

    def hide_item(self, secrets):
        self.found = secrets


@pytest.mark.parametrize(
    "args",
    [
        {"secrets": {"user": {"api_secret": SECRET}}},
        {"secrets": json.dumps({"user": {"api_secret": SECRET}})},
        {"common": {"secret_settings": {"mail": SECRET}}},
        {"common": json.dumps({"secret_settings": {"mail": SECRET}})},
        {"sites": [{"name": "a", "secrets": json.dumps({"user": SECRET})}]},
        {"sites": [json.dumps({"name": "a", "secrets": {"user": SECRET}})]},
        {"sites": f"name=a secrets={SECRET}"},
    ],
)
def test_a_secret_in_a_text_is_guarded_as_in_a_mapping(args):
    guarded = Guarded()
    guarded.guard(parsed(args))
    assert guarded.piped and SECRET in guarded.found


def test_a_text_that_is_going_to_be_refused_is_guarded_too():
    guarded = Guarded()
    guarded.guard(parsed({"sites": ['{"name": "a", "secrets": {"user": "' + SECRET]}))
    assert guarded.piped


def test_without_a_secret_there_is_nothing_to_guard():
    guarded = Guarded()
    guarded.guard(parsed({"name": "a", "settings": {"a": 1}, "sites": None}))
    assert not guarded.piped and not guarded.found
