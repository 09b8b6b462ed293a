# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of a site that are undone afterwards. Each is a context manager of the bench and the site's name."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from demo_bench import Demo


def command(*words: object) -> None:
    """Run a command as root."""
    sudo = ["sudo", "-n"] if os.geteuid() else []
    done = subprocess.run([*sudo, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stderr.strip()}. This test mounts: run it as root, or with sudo"


def own(ground: Demo, *paths: Path) -> None:
    """Make the bench's owner the owner of these paths."""
    owner = (ground.path / "sites").stat()
    for path in paths:
        os.chown(path, owner.st_uid, owner.st_gid)


@contextlib.contextmanager
def rewritten(path: Path, text: str) -> Iterator[None]:
    """Replace the text of a file temporarily. Writes in between are lost."""
    kept = path.read_text()
    path.write_text(text)
    try:
        yield
    finally:
        path.write_text(kept)


# ---------------------------------------------------------------- the database
def database_down(ground: Demo, site: str):
    """Nothing listens at the address of the site's database."""
    return ground.database_down(site)


def held_database(ground: Demo, site: str):
    """The database does not respond while this context lasts."""
    return ground.database_held(site)


def empty_database(ground: Demo, site: str):
    """A new site with an empty database, as after a failed bench new-site."""
    return ground.empty_site(site)


# ---------------------------------------------------------------- directories and files
@contextlib.contextmanager
def folder(ground: Demo, site: str, config: str | None) -> Iterator[Path]:
    """A directory that may resemble a site."""
    path = ground.path / "sites" / site
    (path / "locks").mkdir(parents=True)
    (path / "logs").mkdir()
    made = [path, path / "locks", path / "logs"]
    if config is not None:
        (path / "site_config.json").write_text(config)
        made.append(path / "site_config.json")
    own(ground, *made)
    try:
        yield path
    finally:
        shutil.rmtree(path)


def half_created(ground: Demo, site: str):
    """A new site with a configuration and without a database."""
    config = {"db_name": "_fault_half", "db_password": "never-set", "db_type": "mariadb"}
    return folder(ground, site, json.dumps(config))


def no_config(ground: Demo, site: str):
    """A directory without site_config.json."""
    return folder(ground, site, None)


def broken_config(ground: Demo, site: str):
    """A site with a truncated site_config.json."""
    return folder(ground, site, '{\n "db_name": "_fault_broken",\n "db_pass')


def broken_common(ground: Demo):
    """A truncated common_site_config.json."""
    path = ground.path / "sites" / "common_site_config.json"
    return rewritten(path, path.read_text()[:-2])


@contextlib.contextmanager
def maintenance(ground: Demo, site: str) -> Iterator[None]:
    """A site in maintenance_mode, as after a failed bench update."""
    put = "from frappe.installer import update_site_config as put; put('maintenance_mode', data, validate=False)"
    ground.inside(put, 1, [site])
    try:
        yield
    finally:
        ground.inside(put, "None", [site])  # in Frappe, None removes the key


@contextlib.contextmanager
def disk_full(ground: Demo, site: str) -> Iterator[None]:
    """The site is on its own full disk. Its database is elsewhere, as with MariaDB."""
    path = ground.path / "sites" / site
    kept = Path(tempfile.mkdtemp(dir=ground.folder))
    files, held = kept / "files", kept / "held"
    used = int(subprocess.run(["du", "-sk", path], capture_output=True, text=True, check=True).stdout.split()[0])
    with contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, kept)
        command("cp", "-a", path, files)
        databases = [path / "db"] if (path / "db").exists() else []
        for database in databases:  # of the demo bench; moved while the disk is mounted
            held.mkdir()
            mounted(undo, "--bind", database, held)
        mounted(undo, "-t", "tmpfs", "-o", f"size={used + 512}k,mode=755", "tmpfs", path)
        command("cp", "-a", f"{files}/.", path)
        for database in databases:
            mounted(undo, "--bind", held, database)
        with contextlib.suppress(OSError), open(path / "logs" / "all there was", "wb", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass
        own(ground, path)
        yield


def mounted(undo: contextlib.ExitStack, *words: object) -> None:
    """Mount, and unmount at the end."""
    command("mount", *words)
    undo.callback(command, "umount", words[-1])


@contextlib.contextmanager
def read_only(ground: Demo, site: str) -> Iterator[None]:
    """Nobody can write to the directory of the site, not even root."""
    path = ground.path / "sites" / site
    command("mount", "--bind", path, path)
    try:
        command("mount", "-o", "remount,ro,bind", path)
        yield
    finally:
        command("umount", path)


# ---------------------------------------------------------------- services
def no_redis(_ground: Demo, _site: str):
    """The bench's Redis does not run. It is stopped once for all sites."""
    return contextlib.nullcontext()


@contextlib.contextmanager
def without_supervisor(ground: Demo) -> Iterator[dict[str, str]]:
    """Variables with the address of a supervisor that does not run."""
    conf = ground.folder / "gone.conf"
    conf.write_text(
        f"[supervisorctl]\nserverurl=unix://{ground.folder}/gone.sock\n[unix_http_server]\nfile={ground.folder}/gone.sock\n"
    )
    yield {"oauth2_supervisor_config": str(conf)}
