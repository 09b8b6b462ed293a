# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the image of all scenarios, unless it exists. Print its name on stdout, and the progress on stderr.

The name ends with a digest of all inputs of the image, so only a change in the demo bench creates a new image. The
base is Debian's own image if a registry is reachable. Otherwise debootstrap builds it from Debian's packages. Python
packages are downloaded outside of the image, with this host's pip. So the image contains no network settings of this
host.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import docker
from docker.errors import APIError, BuildError, DockerException, ImageNotFound
from urllib3.exceptions import HTTPError

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CONTEXT = ROOT / "build" / "molecule" / "image"
STAND_IN = ROOT / "roles" / "demo_bench" / "files"
NAME = "benchkeeper-bench"
SUITE, PYTHON = "bookworm", "3.11"
PULLED, MADE = f"debian:{SUITE}-slim", f"benchkeeper-debian:{SUITE}"
# Seconds without output of the engine after which a registry counts as unreachable.
PATIENCE = 20
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".ruff_cache", "*.pyc")


def say(text: str) -> None:
    print(f"image: {text}", file=sys.stderr, flush=True)


def stage() -> str:
    """Create the build context without the wheels. Return the digest of the names and contents of its files."""
    for name in ("apps", "supervisor"):
        shutil.rmtree(CONTEXT / name, ignore_errors=True)
    for source, app in (("stand_in", "frappe/frappe"), ("demo_crm", "demo_crm")):
        shutil.copytree(STAND_IN / source, CONTEXT / "apps" / app, ignore=LEFT_OUT)
    shutil.copytree(HERE / "supervisor", CONTEXT / "supervisor")
    shutil.copy(HERE / "Dockerfile", CONTEXT)
    shutil.copy(STAND_IN / "requirements.txt", CONTEXT)
    digest = hashlib.sha256()
    for path in sorted(CONTEXT.rglob("*")):
        name = path.relative_to(CONTEXT)
        if path.is_file() and name.parts[0] != "wheels":
            # The file modes of a checkout depend on the umask; those of the image must not.
            path.chmod(0o644)
            digest.update(f"{name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def fetch_wheels(machine: str) -> None:
    """Download the packages of the bench's env, for the image's Python and the engine's ``machine`` (``x86_64``, …)."""
    wheels, wanted = CONTEXT / "wheels", CONTEXT / "requirements.txt"
    stamp, content = CONTEXT.parent / "wheels.stamp", f"{machine} {PYTHON}\n{wanted.read_text()}"
    if stamp.exists() and stamp.read_text() == content:
        return
    say("fetching the bench's Python packages (PyPI)")
    shutil.rmtree(wheels, ignore_errors=True)
    platforms = [f"--platform={tag}_{machine}" for tag in ("manylinux2014", "manylinux_2_17", "manylinux_2_28")]
    options = ["--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}", *platforms]
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-input", *options]
        + ["-d", wheels, "-r", wanted],
        check=True,
        stdout=sys.stderr,
    )
    stamp.write_text(content)


def base(client: docker.DockerClient) -> str:
    """The name of a bare Debian image: a local one, or else pulled, or else built."""
    for name in (PULLED, MADE):
        try:
            client.images.get(name)
            return name
        except ImageNotFound:
            pass
    say(f"pulling {PULLED}")
    try:
        docker.from_env(timeout=PATIENCE).images.pull(PULLED)
        return PULLED
    except (DockerException, HTTPError, OSError) as error:
        reason = getattr(error, "explanation", None) or error
        say(f"no registry is reachable ({reason}). Building the base image from Debian packages")
    make_base(client)
    return MADE


def make_base(client: docker.DockerClient) -> None:
    """Import a bare Debian built by debootstrap, with package sources for updates and security."""
    subprocess.run([ROOT / "tools" / "setup.sh", "debootstrap"], check=True, stdout=sys.stderr)
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    mirrors = {label: mirror(label) for label in ("Debian", "Debian-Security")}
    with tempfile.TemporaryDirectory() as scratch:
        tree, archive = Path(scratch, "tree"), Path(scratch, "tree.tar")
        say(f"debootstrap {SUITE} from {mirrors['Debian']}")
        log = CONTEXT.parent / "debootstrap.log"
        with log.open("w") as file:
            made = subprocess.run(
                [*as_root, "debootstrap", "--variant=minbase", SUITE, tree, mirrors["Debian"]],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                check=False,
            )
        if made.returncode:
            raise SystemExit(f"image: debootstrap failed; the last lines of {log}:\n" + log.read_text()[-1000:])
        sources = Path(scratch, "sources.list")
        sources.write_text(
            f"deb {mirrors['Debian']} {SUITE} main\n"
            f"deb {mirrors['Debian']} {SUITE}-updates main\n"
            f"deb {mirrors['Debian-Security']} {SUITE}-security main\n"
        )
        install = ["install", "-m", "644", sources, tree / "etc/apt/sources.list"]
        pack = ["tar", "-C", tree, "--one-file-system", "--exclude=./var/cache/apt/archives/*.deb", "-cf", archive, "."]
        clear = ["rm", "-rf", "--one-file-system", tree]
        try:
            subprocess.run([*as_root, *install], check=True)
            subprocess.run([*as_root, *pack], check=True)
        finally:
            subprocess.run([*as_root, *clear], check=True)
        client.api.import_image_from_file(str(archive), *MADE.split(":"))


def mirror(label: str) -> str:
    """The package source of this host for a label (``Debian``, ``Debian-Security``); Debian's own by default."""
    known = {"Debian": "http://deb.debian.org/debian", "Debian-Security": "http://deb.debian.org/debian-security"}
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", f"Label: {label}", "Created-By: Packages"]
    if not shutil.which(command[0]):
        return known[label]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    return found[0].rstrip("/") if found and found[0].startswith("http://") else known[label]


def main() -> int:
    CONTEXT.mkdir(parents=True, exist_ok=True)
    try:
        client = docker.from_env()
        name = f"{NAME}:{stage()}"
        try:
            client.images.get(name)
        except ImageNotFound:
            fetch_wheels({"amd64": "x86_64", "arm64": "aarch64"}[client.version()["Arch"]])
            arguments = {"BASE": base(client)}
            say(f"building {name} on {arguments['BASE']}")
            client.images.build(path=str(CONTEXT), tag=name, buildargs=arguments, rm=True, forcerm=True)
    except BuildError as error:
        said = "".join(line.get("stream", "") for line in error.build_log)
        raise SystemExit(f"image: {error}\n{said[-3000:]}") from None
    except APIError as error:
        raise SystemExit(f"image: {error.explanation}") from None
    except DockerException as error:
        raise SystemExit(f"image: no Docker engine responds ({error}). `make molecule` starts one.") from None
    print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
