# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where secrets are kept on the controller: a file a site, encrypted with Ansible's vault, and what is on its way.

A file is YAML below the encryption. ``bench`` says whose it is; ``api_keys``, by user, and ``oauth_clients``, by the
app's name or its client_id, hold entries. An entry is a mapping of what is known to be in use; a new value stands in
its ``pending`` from before it is sent until the site is known to have it, so that a kill at any instant loses nothing.
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

LOCK_WAIT = 60.0  # seconds; another run holds the store for as long as its sites take
FILE_NAME = re.compile(r"[A-Za-z0-9\[][A-Za-z0-9._:\[\]@-]*")
SECTIONS = ("api_keys", "oauth_clients")


class StoreFault(Exception):
    """The store as a whole cannot be used; the message names what was found and the remedy."""


class FileFault(Exception):
    """The file of one site cannot be used; the message names the file and the remedy."""


# ---------------------------------------------------------------- one entry, pure
def stage(entry: Entry | None, value: Entry) -> Entry:
    """The entry with a new value on its way."""
    return {**(entry or {}), "pending": dict(value)}


def promote(entry: Entry, **known: t.Any) -> Entry:
    """The entry after the site is known to have the pending value; ``known`` goes in beside it."""
    value = {key: item for key, item in entry.get("pending", {}).items() if key != "replace"}
    return {**{key: item for key, item in entry.items() if key != "pending"}, **value, **known}


def withdraw(entry: Entry) -> Entry | None:
    """The entry after the site is known not to have the pending value; None if nothing is left of it."""
    return {key: item for key, item in entry.items() if key != "pending"} or None


# ---------------------------------------------------------------- files
class SecretsStore:
    """The files of one host.

    Args:
        folder: the store, absolute.
        host: the inventory's name of the host, the folder in the store.
        vault: the loaded vault secrets, each with its id.
    """

    def __init__(self, folder: str, host: str, vault: list[tuple[str, VaultSecret]]):
        self.folder, self.host, self.vault = folder, host, vault
        self.path = os.path.join(folder, host)
        self.ids: dict[str, tuple[str, VaultSecret]] = {}

    def require(self) -> None:
        """Make sure that a new secret could be kept, without writing anything.

        Raises:
            StoreFault: no vault secret is loaded, or nothing can be written there.
        """
        if "\0" in self.folder:
            raise StoreFault(f"secrets_store: {self.folder!r} cannot be the path of a folder. Correct the path")
        if not FILE_NAME.fullmatch(self.host):
            raise StoreFault(f"secrets_store: {self.host!r} cannot be the name of a folder. Give the host another name")
        if not self.vault:
            raise StoreFault(
                "secrets_store: no vault secret is loaded, so that nothing could be encrypted. Give --vault-id or "
                "--vault-password-file, or set ANSIBLE_VAULT_PASSWORD_FILE. Nothing was generated"
            )
        self._encrypting()
        there = next((path for path in (self.path, self.folder) if os.path.lexists(path)), os.path.dirname(self.folder))
        if not os.path.isdir(there):
            raise StoreFault(f"secrets_store: there is no folder {there}. Make it, or correct the path")
        if not os.access(there, os.W_OK | os.X_OK):
            raise StoreFault(
                f"secrets_store: {there} cannot be written by the user who runs Ansible. Correct its owner or mode. "
                "Nothing was generated"
            )

    @contextlib.contextmanager
    def held(self) -> t.Iterator[None]:
        """Hold this host's files against other runs; makes the folders. The lock ends with the process.

        Raises:
            StoreFault: as `require`, or another run holds them.
        """
        self.require()
        try:
            for folder in (self.folder, self.path):
                with contextlib.suppress(FileExistsError):
                    os.mkdir(folder, 0o700)
            if stat.S_IMODE(os.stat(self.path).st_mode) != 0o700:
                os.chmod(self.path, 0o700)
        except OSError as error:
            raise StoreFault(f"secrets_store: {error.filename}: {error.strerror}. Nothing was generated") from None
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(exclusive(self.path, LOCK_WAIT))
            except TimeoutError:
                raise StoreFault(
                    f"secrets_store: another run has held {self.path} for {LOCK_WAIT:.0f} s. Wait for it to end"
                ) from None
            except OSError as error:
                raise StoreFault(f"secrets_store: {self.path} {error.strerror}. Nothing was generated") from None
            yield

    def file(self, site: str) -> str:
        """Path of a site's file."""
        return os.path.join(self.path, f"{site}.yml")

    def read(self, site: str, bench: str) -> Content:
        """What is kept for a site; empty sections if nothing is.

        Args:
            site: its name.
            bench: its bench's folder or its own URL.

        Raises:
            StoreFault: no vault secret is loaded.
            FileFault: the file cannot be read, or is another bench's.
        """
        path = self.file(site)
        if not FILE_NAME.fullmatch(site):
            raise FileFault(f"secrets_store: {site!r} cannot be the name of a file. Give the site's name, not its URL")
        try:
            with open(path, "rb") as file:
                sealed = file.read()
        except FileNotFoundError:
            return {"bench": bench, **{section: {} for section in SECTIONS}}
        except OSError as error:
            raise FileFault(f"secrets_store: {path}: {error.strerror}") from None
        content = self._open(site, path, sealed)
        if content.setdefault("bench", bench) != bench:
            raise FileFault(
                f"secrets_store: {path} holds secrets of {content['bench']}, and this is {bench}. Give each bench a "
                "store of its own; if the bench has moved, correct bench: in the file (ansible-vault edit)"
            )
        return content

    def _open(self, site: str, path: str, sealed: bytes) -> Content:
        if not VaultLib.is_encrypted(sealed):
            raise FileFault(f"secrets_store: {path} is not encrypted. Encrypt it: ansible-vault encrypt {path}")
        if not self.vault:
            raise StoreFault(
                f"secrets_store: {path} is encrypted, and no vault secret is loaded. Give --vault-id or "
                "--vault-password-file"
            )
        try:
            opened, *self.ids[site] = VaultLib(self.vault).decrypt_and_get_vault_id(sealed)
        except AnsibleError:
            raise FileFault(
                f"secrets_store: no loaded vault secret opens {path}. Load the one that it was encrypted with "
                "(--vault-id); the file was left as it is"
            ) from None
        try:
            content = yaml.safe_load(opened) or {}
            for section in SECTIONS:
                content.setdefault(section, {})
                if not all(isinstance(entry, dict) for entry in content[section].values()):
                    raise ValueError
        except (yaml.YAMLError, ValueError, AttributeError):
            raise FileFault(
                f"secrets_store: {path} holds something else than api_keys and oauth_clients. Correct it: "
                f"ansible-vault edit {path}"
            ) from None
        return content

    def write(self, site: str, content: Content) -> None:
        """Replace a site's file in one step, encrypted in memory with the vault id that it has.

        Raises:
            StoreFault: it could not be written; the old file is as it was.
        """
        vault_id, secret = self.ids.get(site) or self._encrypting()
        # plain texts: Ansible tags the ones that passed through it
        filled = {key: value for key, value in json.loads(json.dumps(content)).items() if value}
        text = yaml.safe_dump(filled, allow_unicode=True, explicit_start=True)
        sealed = VaultLib(self.vault).encrypt(text, secret=secret, vault_id=vault_id).decode()
        path = self.file(site)
        try:
            with contextlib.suppress(FileNotFoundError):
                os.chmod(path, 0o600)
            replace(path, sealed, new_mode=0o600)
        except OSError as error:
            raise StoreFault(f"secrets_store: {path}: {error.strerror}") from None

    def _encrypting(self) -> tuple[str, VaultSecret]:
        """Id and secret for a new file, as ``ansible-vault`` would choose them."""
        try:
            return match_encrypt_secret(self.vault, encrypt_vault_id=C.DEFAULT_VAULT_ENCRYPT_IDENTITY)
        except AnsibleError as error:
            raise StoreFault(f"secrets_store: {error}. Nothing was generated") from None
