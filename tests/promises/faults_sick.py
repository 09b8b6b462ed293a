# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a site sick, and well again afterwards: each a context manager of the bench and the site's name."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from demo import Demo


def command(*words: object) -> None:
    """Run a command that only root may run."""
    sudo = ["sudo", "-n"] if os.geteuid() else []
    done = subprocess.run([*sudo, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stderr.strip()}. This test mounts: run it as root, or with sudo"


def own(ground: Demo, *paths: Path) -> None:
    """Give paths to the bench's owner."""
    owner = (ground.path / "sites").stat()
    for path in paths:
        os.chown(path, owner.st_uid, owner.st_gid)


@contextlib.contextmanager
def rewritten(path: Path, text: str) -> Iterator[None]:
    """Another text in a file for a while; what is written meanwhile is lost."""
    kept = path.read_text()
    path.write_text(text)
    try:
        yield
    finally:
        path.write_text(kept)


# ---------------------------------------------------------------- the database
def database_down(ground: Demo, site: str):
    """Nothing answers where the site's database should be."""
    return ground.database_down(site)


def held_database(ground: Demo, site: str):
    """The database does not answer for as long as this holds."""
    return ground.database_held(site)


def empty_database(ground: Demo, site: str):
    """A new site whose database is there and has no table, as a broken bench new-site leaves it."""
    return ground.empty_site(site)


# ---------------------------------------------------------------- folders and files
@contextlib.contextmanager
def folder(ground: Demo, site: str, config: str | None) -> Iterator[Path]:
    """A folder that may look like a site."""
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
    """A new site that has a configuration and no database."""
    config = {"db_name": "_fault_half", "db_password": "never-set", "db_type": "mariadb"}
    return folder(ground, site, json.dumps(config))


def no_config(ground: Demo, site: str):
    """A folder without site_config.json."""
    return folder(ground, site, None)


def broken_config(ground: Demo, site: str):
    """A site whose site_config.json was cut off."""
    return folder(ground, site, '{\n "db_name": "_fault_broken",\n "db_pass')


def broken_common(ground: Demo):
    """The same of common_site_config.json."""
    path = ground.path / "sites" / "common_site_config.json"
    return rewritten(path, path.read_text()[:-2])


@contextlib.contextmanager
def maintenance(ground: Demo, site: str) -> Iterator[None]:
    """A site in maintenance_mode, as bench update leaves it when it fails."""
    put = "from frappe.installer import update_site_config as put; put('maintenance_mode', data, validate=False)"
    ground.inside(put, 1, [site])
    try:
        yield
    finally:
        ground.inside(put, "None", [site])  # Frappe's word for: no such key


@contextlib.contextmanager
def disk_full(ground: Demo, site: str) -> Iterator[None]:
    """The site lies on a disk of its own that has no room left; its database lies elsewhere, as MariaDB's does."""
    path = ground.path / "sites" / site
    kept = Path(tempfile.mkdtemp(dir=ground.folder))
    files, held = kept / "files", kept / "held"
    used = int(subprocess.run(["du", "-sk", path], capture_output=True, text=True, check=True).stdout.split()[0])
    with contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, kept)
        command("cp", "-a", path, files)
        databases = [path / "db"] if (path / "db").exists() else []
        for database in databases:  # the demo bench's; held while the disk is laid over it
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
    """Mount, and have it undone in the end."""
    command("mount", *words)
    undo.callback(command, "umount", words[-1])


@contextlib.contextmanager
def read_only(ground: Demo, site: str) -> Iterator[None]:
    """Nobody can write in the site's folder, root included."""
    path = ground.path / "sites" / site
    command("mount", "--bind", path, path)
    try:
        command("mount", "-o", "remount,ro,bind", path)
        yield
    finally:
        command("umount", path)


# ---------------------------------------------------------------- services
def no_redis(_ground: Demo, _site: str):
    """The bench's Redis does not run, for no site; it is stopped once for all of them."""
    return contextlib.nullcontext()


@contextlib.contextmanager
def without_supervisor(ground: Demo) -> Iterator[dict[str, str]]:
    """Variables that lead to a supervisor which does not run."""
    conf = ground.folder / "gone.conf"
    conf.write_text(
        f"[supervisorctl]\nserverurl=unix://{ground.folder}/gone.sock\n[unix_http_server]\nfile={ground.folder}/gone.sock\n"
    )
    yield {"oauth2_supervisor_config": str(conf)}
