#!/usr/bin/env bash
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Installs the dependencies of one Makefile target. A second run changes nothing.
#
#   tools/setup.sh run     .venv with Ansible, and the link that makes the checkout a collection
#   tools/setup.sh dev     run, and the test and lint tools
#   tools/setup.sh newest  dev, and .venv-newest with the newest ansible-core, for the promise tests
#   tools/setup.sh newest-if-possible   newest if a recent enough Python is installed, otherwise dev
#   tools/setup.sh nginx   nginx with headers-more
#   tools/setup.sh browser       Chromium
#   tools/setup.sh molecule      dev, molecule, Docker, Chromium and frappe-js-sdk
#   tools/setup.sh debootstrap   debootstrap, to build a Debian image if none can be pulled
#
# If a dependency is missing and this script cannot install it, the script prints what to install and exits with a
# non-zero status.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
give_up() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# Runs apt-get as root or with passwordless sudo. Returns 1 if neither is possible.
apt_install() {
    local as_root=()
    command -v apt-get > /dev/null || return 1
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2> /dev/null || return 1
        as_root=(sudo -n)
    fi
    say "installing $* with apt-get"
    "${as_root[@]}" apt-get -qq update
    # Debian starts nginx on port 80 when it is installed, and restarts a running nginx when a module is installed.
    # The demo runs its own nginx and must not affect the system's. policy-rc.d prevents the start and the restart.
    local policy=/usr/sbin/policy-rc.d ours=""
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" > /dev/null
        "${as_root[@]}" chmod 755 "$policy"
        ours=yes
    fi
    local status=0
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$@" \
        < /dev/null > /dev/null || status=$?
    [ -z "$ours" ] || "${as_root[@]}" rm -f "$policy"
    return "$status"
}

# $1: lowest accepted minor version of Python 3; $2: what needs it. pyenv puts only one version in PATH, so its directories are searched as well.
find_python() {
    local candidate
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3; do
        if "$candidate" -c "import sys; sys.exit(sys.version_info < (3, $1))" 2> /dev/null; then
            command -v "$candidate"
            return
        fi
    done
    give_up "Python 3.$1 or newer is required by $2, but was not found. Install it and run again."
}

# $1: directory of the environment; $2, $3: as for find_python. The environment is rebuilt if the checkout was moved,
# because scripts in a virtual environment contain its path.
python_environment() {
    local venv=$1 python
    [ "$(cat "$venv/.path" 2> /dev/null)" = "$PWD" ] && "$venv/bin/python" -c 'import pip' 2> /dev/null && return
    python=$(find_python "$2" "$3")
    say "creating $venv with $python"
    rm -rf "$venv"
    # On Debian without the package python3-venv, venv creates an incomplete environment and fails.
    if ! "$python" -m venv "$venv" > /dev/null 2>&1; then
        rm -rf "$venv"
        if ! apt_install python3-venv || ! "$python" -m venv "$venv" > /dev/null; then
            give_up "$python cannot create a virtual environment. On Debian, run: apt-get install python3-venv. Then run the command again."
        fi
    fi
    printf '%s\n' "$PWD" > "$venv/.path"
}

# $1: directory of the environment; $2: name of the stamp file, which records what is installed; $3 and later:
# requirements files.
python_packages() {
    local venv=$1 stamp=$1/.stamp-$2 file want
    shift 2
    want="$PWD $("$venv/bin/python" -V) $(cat "$@" | cksum)"
    [ "$(cat "$stamp" 2> /dev/null)" = "$want" ] && return
    say "installing $* into $venv with pip"
    local options=()
    for file in "$@"; do options+=(-r "$file"); done
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-input "${options[@]}"
    printf '%s\n' "$want" > "$stamp"
}

set_up_run() {
    python_environment .venv 11 "ansible-core 2.19"
    python_packages .venv run requirements/run.txt
    mkdir -p .ansible/collections/ansible_collections/benchkeeper
    ln -sfn ../../../.. .ansible/collections/ansible_collections/benchkeeper/frappe
}

set_up_dev() {
    set_up_run
    python_packages .venv dev requirements/run.txt requirements/dev.txt
}

set_up_newest() {
    set_up_dev
    python_environment .venv-newest 12 "the newest ansible-core"
    python_packages .venv-newest newest requirements/newest.txt
}

set_up_newest_if_possible() {
    if (find_python 12 "the newest ansible-core") > /dev/null 2>&1; then
        set_up_newest
    else
        set_up_dev
        say "Python 3.12 or newer was not found. Tests with the newest ansible-core are skipped"
    fi
}

set_up_nginx() {
    # On Debian, nginx is in /usr/sbin, which is not in the PATH of an unprivileged user.
    local PATH=$PATH:/usr/sbin:/usr/local/sbin
    local remedy="apt-get install nginx libnginx-mod-http-headers-more-filter"
    if ! command -v nginx > /dev/null; then
        apt_install nginx libnginx-mod-http-headers-more-filter \
            || give_up "nginx is missing, and this script cannot install it. As root, run: $remedy"
    fi
}

set_up_browser() {
    # The tests search for these browser names in the same order.
    if ! command -v chromium > /dev/null && ! command -v chromium-browser > /dev/null \
        && ! command -v google-chrome > /dev/null; then
        apt_install chromium \
            || give_up "Chromium is missing, and this script cannot install it. As root, run: apt-get install chromium"
    fi
}

# Frappe's own JavaScript client, in one file for the browser of the scenario cors. The lock file pins every package.
set_up_sdk() {
    local from=molecule/cors/sdk to=build/frappe-js-sdk want
    want=$(cat "$from"/* | cksum)
    [ "$(cat "$to/.stamp" 2> /dev/null)" = "$want" ] && return
    command -v npm > /dev/null || apt_install nodejs npm \
        || give_up "npm is missing, and this script cannot install it. As root, run: apt-get install nodejs npm"
    say "installing $from into $to with npm"
    mkdir -p "$to"
    cp "$from"/* "$to"
    (cd "$to" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error > /dev/null \
        && node_modules/.bin/esbuild entry.js --bundle --format=iife --outfile=sdk.js --log-level=warning)
    printf '%s\n' "$want" > "$to/.stamp"
}

set_up_molecule() {
    set_up_dev
    python_packages .venv molecule requirements/run.txt requirements/dev.txt requirements/molecule.txt
    # Since Debian 13, docker-cli is a separate package.
    local docker=(docker.io) PATH=$PATH:/usr/sbin:/usr/local/sbin
    if ! command -v docker > /dev/null || ! { docker version || command -v dockerd; } > /dev/null 2>&1; then
        ! apt-cache show docker-cli > /dev/null 2>&1 || docker+=(docker-cli)
        apt_install "${docker[@]}" \
            || give_up "Docker is missing, and this script cannot install it. As root, run: apt-get install ${docker[*]}"
    fi
    set_up_browser
    set_up_sdk
}

set_up_debootstrap() {
    local PATH=$PATH:/usr/sbin:/usr/local/sbin remedy="apt-get install debootstrap debian-archive-keyring"
    if ! command -v debootstrap > /dev/null || [ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ]; then
        apt_install debootstrap debian-archive-keyring \
            || give_up "debootstrap is missing, and this script cannot install it. As root, run: $remedy"
    fi
    [ "$(id -u)" -eq 0 ] || sudo -n true 2> /dev/null \
        || give_up "debootstrap requires root. If a registry is reachable, pull an image instead: docker pull debian:bookworm-slim"
}

case "${1:-}" in
    run) set_up_run ;;
    dev) set_up_dev ;;
    newest) set_up_newest ;;
    newest-if-possible) set_up_newest_if_possible ;;
    nginx) set_up_nginx ;;
    browser) set_up_browser ;;
    molecule) set_up_molecule ;;
    debootstrap) set_up_debootstrap ;;
    *) give_up "usage: tools/setup.sh run|dev|newest|newest-if-possible|nginx|browser|molecule|debootstrap" ;;
esac
