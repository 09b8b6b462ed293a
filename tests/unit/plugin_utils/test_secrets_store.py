# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The encrypted store: its files, its lock, and what it rejects."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import subprocess
import sys

import pytest
from ansible import constants as C
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.benchkeeper.frappe.plugins.plugin_utils import _secrets_store
from ansible_collections.benchkeeper.frappe.plugins.plugin_utils._secrets_store import (
    FileFault,
    SecretsStore,
    StoreFault,
    promote,
    stage,
    withdraw,
)

SITE, BENCH = "crm.example.com", "/home/frappe/frappe-bench"
VAULT = (("default", VaultSecret(b"first")),)


def opened(folder, host="one", vault=VAULT):
    return SecretsStore(str(folder), host, vault)


@pytest.fixture
def store(tmp_path):
    store = opened(tmp_path / "store")
    with store.held():
        yield store


def test_a_store_that_cannot_be_locked_is_reported(tmp_path, monkeypatch):
    """As on NFS, where a directory does not support flock."""

    def none(handle, how):
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr(fcntl, "flock", none)
    with pytest.raises(
        StoreFault, match=r"store/one cannot be locked \(Bad file descriptor\). Use a directory on a file"
    ):
        with opened(tmp_path / "store").held():
            pass


# ---------------------------------------------------------------- files
def test_what_is_written_is_read_by_ansible_and_by_nobody_else(store):
    content = store.read(SITE, BENCH)
    content["api_keys"]["a@example.com"] = {"api_key": "k", "api_secret": "the-canary"}
    store.write(SITE, content)
    path = store.file(SITE)
    sealed = open(path, "rb").read()
    assert sealed.startswith(b"$ANSIBLE_VAULT;1.1;AES256\n") and b"canary" not in sealed
    assert b"the-canary" in VaultLib(VAULT).decrypt(sealed)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert {stat.S_IMODE(os.stat(folder).st_mode) for folder in (store.folder, store.path)} == {0o700}
    assert os.listdir(store.path) == [f"{SITE}.yml"]
    assert store.read(SITE, BENCH) == content


def test_a_file_keeps_its_vault_id_and_a_new_one_gets_the_default(tmp_path, monkeypatch):
    vault = [("dev", VaultSecret(b"dev")), ("prod", VaultSecret(b"prod"))]
    store = opened(tmp_path / "store", vault=vault)
    with store.held():
        monkeypatch.setattr(C, "DEFAULT_VAULT_ENCRYPT_IDENTITY", "prod")
        store.write(SITE, {"oauth_clients": {"App": {"client_secret": "x"}}})
        monkeypatch.setattr(C, "DEFAULT_VAULT_ENCRYPT_IDENTITY", None)
        again = opened(tmp_path / "store", vault=vault)
        again.write(SITE, again.read(SITE, BENCH))
        again.write("other.example.com", {"bench": BENCH})
    for name, vault_id in ((SITE, b"prod"), ("other.example.com", b"dev")):
        assert open(store.file(name), "rb").readline() == b"$ANSIBLE_VAULT;1.2;AES256;" + vault_id + b"\n"


def test_wrong_vault_leaves_the_file_as_it_is(store):
    store.write(SITE, {"bench": BENCH})
    before = open(store.file(SITE), "rb").read()
    stranger = opened(store.folder, vault=[("default", VaultSecret(b"second"))])
    with pytest.raises(FileFault, match="no loaded vault secret can decrypt .*crm.example.com.yml. Load the one"):
        stranger.read(SITE, BENCH)
    with pytest.raises(StoreFault, match="is encrypted, but no vault secret is loaded"):
        opened(store.folder, vault=[]).read(SITE, BENCH)
    assert open(store.file(SITE), "rb").read() == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"api_keys: {}", "is not encrypted. Encrypt it: ansible-vault encrypt"),
        (VaultLib(VAULT).encrypt("- a list"), "does not contain valid api_keys and oauth_clients"),
        (VaultLib(VAULT).encrypt("api_keys: {a: b}"), "does not contain valid"),
        (VaultLib(VAULT).encrypt("a: [}"), "does not contain valid"),
        (
            VaultLib(VAULT).encrypt("bench: /srv/other"),
            "contains secrets of /srv/other, but this task manages /home/frappe",
        ),
    ],
)
def test_files_of_another_bench_are_rejected(store, text, message):
    with open(store.file(SITE), "wb") as file:
        file.write(text)
    with pytest.raises(FileFault, match=message):
        store.read(SITE, BENCH)


def test_a_name_that_leads_out_of_the_store_is_refused(store):
    for name in ("../x", ".hidden", "a/b", ""):
        with pytest.raises(FileFault):
            store.read(name, BENCH)
        with pytest.raises(StoreFault):
            opened(store.folder, host=name).require()


@pytest.mark.parametrize("check", [SecretsStore.require, lambda store: store.held().__enter__()])
def test_an_unusable_store_is_rejected_before_secrets_are_generated(tmp_path, check, monkeypatch):
    with pytest.raises(StoreFault, match="no vault secret is loaded.*No secret was generated"):
        check(opened(tmp_path / "store", vault=[]))
    with pytest.raises(StoreFault, match="the directory .*/nosuch does not exist. Create it"):
        check(opened(tmp_path / "nosuch" / "store"))
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFault, match="/file is not a directory. Correct the path"):
        check(opened(tmp_path / "file"))
    monkeypatch.setattr(os, "access", lambda *_args: False)
    with pytest.raises(StoreFault, match="is not writable by the user who runs Ansible"):
        check(opened(tmp_path / "store"))
    monkeypatch.undo()
    monkeypatch.setattr(C, "DEFAULT_VAULT_ENCRYPT_IDENTITY", "nosuch")
    with pytest.raises(StoreFault, match="nosuch"):
        check(opened(tmp_path / "store"))
    assert not (tmp_path / "store").exists()


def test_another_run_waits_its_turn(store, monkeypatch):
    monkeypatch.setattr(_secrets_store, "LOCK_WAIT", 0.2)
    with pytest.raises(StoreFault, match="for the lock of another run"), opened(store.folder).held():
        pass
    with opened(store.folder, host="two").held():
        pass  # a separate store


def test_the_lock_ends_with_its_process(store, tmp_path):
    code = (
        "import fcntl, os, sys; h = os.open(sys.argv[1], os.O_RDONLY); fcntl.flock(h, fcntl.LOCK_EX); print(); input()"
    )
    (tmp_path / "other").mkdir()
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "other")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    child.stdout.readline()
    child.kill()
    child.communicate()
    with opened(tmp_path, host="other").held():
        pass


def test_an_entry_keeps_both_values_until_one_is_known_to_be_gone():
    held, new = {"api_key": "1", "api_secret": "old"}, {"api_key": "2", "api_secret": "new", "replace": True}
    staged = stage(held, new)
    assert staged == {**held, "pending": new}
    assert promote(staged, client_id="c") == {"api_key": "2", "api_secret": "new", "client_id": "c"}
    assert withdraw(staged) == held and withdraw(stage(None, new)) is None
