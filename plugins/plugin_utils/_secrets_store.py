# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secrets store on the controller: one file per site, encrypted with Ansible Vault.

The decrypted file is YAML. ``bench`` identifies the bench that it belongs to. ``api_keys`` contains one entry per user,
``oauth_clients`` one entry per app name or client_id. An entry is a mapping of the values in use. A new value is stored
as ``pending`` before it is sent, and stays there until the site is known to have it. A killed run loses no
secret.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import typing as t

import yaml
from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, VaultSecret, match_encrypt_secret
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.files import replace
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.locks import exclusive

Entry = t.Dict[str, t.Any]
Content = t.Dict[str, t.Any]

LOCK_WAIT = 60.0  # seconds; another run holds the lock until all its sites are done
FILE_NAME = re.compile(r"[A-Za-z0-9\[][A-Za-z0-9._:\[\]@-]*")
SECTIONS = ("api_keys", "oauth_clients")


class StoreFault(Exception):
    """The whole store cannot be used. The message contains what was found and the remedy."""


class FileFault(Exception):
    """The file of one site cannot be used. The message contains the file and the remedy."""


# ---------------------------------------------------------------- one entry, without I/O
def stage(entry: Entry | None, value: Entry) -> Entry:
    """The entry with a new pending value."""
    return {**(entry or {}), "pending": dict(value)}


def promote(entry: Entry, **known: t.Any) -> Entry:
    """The entry with its pending value in use. ``known`` adds further values."""
    value = {key: item for key, item in entry.get("pending", {}).items() if key != "replace"}
    return {**{key: item for key, item in entry.items() if key != "pending"}, **value, **known}


def withdraw(entry: Entry) -> Entry | None:
    """The entry without its pending value. None if nothing remains."""
    return {key: item for key, item in entry.items() if key != "pending"} or None


# ---------------------------------------------------------------- files
class SecretsStore:
    """The files of one host.

    Args:
        folder: absolute path of the store.
        host: inventory name of the host, which is the name of its directory in the store.
        vault: the loaded vault secrets with their ids.
    """

    def __init__(self, folder: str, host: str, vault: list[tuple[str, VaultSecret]]):
        self.folder, self.host, self.vault = folder, host, vault
        self.path = os.path.join(folder, host)
        self.ids: dict[str, tuple[str, VaultSecret]] = {}

    def require(self) -> None:
        """Check that a new secret can be stored, without writing anything.

        Raises:
            StoreFault: no vault secret is loaded, or the store is not writable.
        """
        if "\0" in self.folder:
            raise StoreFault(f"secrets_store: {self.folder!r} is not a valid path. Correct the path")
        if not FILE_NAME.fullmatch(self.host):
            raise StoreFault(
                f"secrets_store: the inventory name {self.host!r} is not a valid directory name. Rename the host in "
                "the inventory"
            )
        if not self.vault:
            raise StoreFault(
                "secrets_store: no vault secret is loaded, so nothing can be encrypted. Use --vault-id or "
                "--vault-password-file, or set ANSIBLE_VAULT_PASSWORD_FILE. No secret was generated"
            )
        self._encrypting()
        there = next((path for path in (self.path, self.folder) if os.path.lexists(path)), os.path.dirname(self.folder))
        if os.path.lexists(there) and not os.path.isdir(there):
            raise StoreFault(
                f"secrets_store: {there} is not a directory. Correct the path, or move the file away. No secret was "
                "generated"
            )
        if not os.path.isdir(there):
            raise StoreFault(f"secrets_store: the directory {there} does not exist. Create it, or correct the path")
        if not os.access(there, os.W_OK | os.X_OK):
            raise StoreFault(
                f"secrets_store: {there} is not writable by the user who runs Ansible. Correct its owner or mode. "
                "No secret was generated"
            )

    @contextlib.contextmanager
    def held(self) -> t.Iterator[None]:
        """Create the directories, and lock this host's files against other runs.

        The lock is released when the process exits.

        Raises:
            StoreFault: see `require`, or another run holds the lock.
        """
        self.require()
        try:
            for folder in (self.folder, self.path):
                with contextlib.suppress(FileExistsError):
                    os.mkdir(folder, 0o700)
            if stat.S_IMODE(os.stat(self.path).st_mode) != 0o700:
                os.chmod(self.path, 0o700)
        except OSError as error:
            raise StoreFault(f"secrets_store: {error.filename}: {error.strerror}. No secret was generated") from None
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(exclusive(self.path, LOCK_WAIT))
            except TimeoutError:
                raise StoreFault(
                    f"secrets_store: {self.path}: waited {LOCK_WAIT:.0f} s for the lock of another run. Run again when "
                    "it has ended"
                ) from None
            except OSError as error:
                raise StoreFault(f"secrets_store: {self.path} {error.strerror}. No secret was generated") from None
            yield

    def file(self, site: str) -> str:
        """The path of a site's file."""
        return os.path.join(self.path, f"{site}.yml")

    def read(self, site: str, bench: str) -> Content:
        """The stored content of a site, with empty sections if there is none.

        Args:
            site: name of the site.
            bench: directory of its bench, or its URL.

        Raises:
            StoreFault: no vault secret is loaded.
            FileFault: the file cannot be read, or belongs to another bench.
        """
        path = self.file(site)
        if not FILE_NAME.fullmatch(site):
            raise FileFault(
                f"name: {site!r} is not a valid file name in secrets_store. Use the site's name, not its URL"
            )
        try:
            with open(path, "rb") as file:
                sealed = file.read()
        except FileNotFoundError:
            return {"bench": bench, **{section: {} for section in SECTIONS}}
        except OSError as error:
            raise FileFault(f"secrets_store: cannot read {path}: {error.strerror}. Correct its owner or mode") from None
        content = self._open(site, path, sealed)
        if content.setdefault("bench", bench) != bench:
            raise FileFault(
                f"secrets_store: {path} contains secrets of {content['bench']}, but this task manages "
                f"{bench}. Use a separate store for each bench. If the bench has moved, change the value of `bench` in "
                f"the file: ansible-vault edit {path}"
            )
        return content

    def _open(self, site: str, path: str, sealed: bytes) -> Content:
        if not VaultLib.is_encrypted(sealed):
            raise FileFault(f"secrets_store: {path} is not encrypted. Encrypt it: ansible-vault encrypt {path}")
        if not self.vault:
            raise StoreFault(
                f"secrets_store: {path} is encrypted, but no vault secret is loaded. Use --vault-id or "
                "--vault-password-file"
            )
        try:
            opened, *self.ids[site] = VaultLib(self.vault).decrypt_and_get_vault_id(sealed)
        except AnsibleError:
            raise FileFault(
                f"secrets_store: no loaded vault secret can decrypt {path}. Load the one that it was encrypted with "
                "(--vault-id). The file is unchanged"
            ) from None
        try:
            content = yaml.safe_load(opened) or {}
            for section in SECTIONS:
                content.setdefault(section, {})
                if not all(isinstance(entry, dict) for entry in content[section].values()):
                    raise ValueError
        except (yaml.YAMLError, ValueError, AttributeError):
            raise FileFault(
                f"secrets_store: {path} does not contain valid api_keys and oauth_clients. Correct it: "
                f"ansible-vault edit {path}"
            ) from None
        return content

    def write(self, site: str, content: Content) -> None:
        """Replace a site's file atomically. It is encrypted in memory with its existing vault id.

        Raises:
            StoreFault: the file cannot be written. The old file is unchanged.
        """
        vault_id, secret = self.ids.get(site) or self._encrypting()
        # converts to plain strings, because YAML cannot dump Ansible's tagged strings
        filled = {key: value for key, value in json.loads(json.dumps(content)).items() if value}
        text = yaml.safe_dump(filled, allow_unicode=True, explicit_start=True)
        sealed = VaultLib(self.vault).encrypt(text, secret=secret, vault_id=vault_id).decode()
        path = self.file(site)
        try:
            with contextlib.suppress(FileNotFoundError):
                os.chmod(path, 0o600)
            replace(path, sealed, new_mode=0o600)
        except OSError as error:
            raise StoreFault(f"secrets_store: cannot write {path}: {error.strerror}. The file is unchanged") from None

    def _encrypting(self) -> tuple[str, VaultSecret]:
        """The vault id and secret for a new file, chosen in the same way as by ``ansible-vault``."""
        try:
            return match_encrypt_secret(self.vault, encrypt_vault_id=C.DEFAULT_VAULT_ENCRYPT_IDENTITY)
        except AnsibleError as error:
            raise StoreFault(f"secrets_store: {error}. No secret was generated") from None
