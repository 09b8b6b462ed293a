#!/usr/bin/env bash
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Sets up what a target of the Makefile needs, and only that; a second run finds everything in place.
#
#   tools/setup.sh run     .venv with Ansible, and the link by which the checkout is found as a collection
#   tools/setup.sh dev     run, and the tools that test and lint
#   tools/setup.sh newest  dev, and .venv-newest with the newest ansible-core, for the promise tests
#   tools/setup.sh newest-if-possible   the same where a Python that is new enough is there, else dev
#   tools/setup.sh nginx   nginx with headers-more
#   tools/setup.sh browser       Chromium
#   tools/setup.sh molecule      dev, and what the scenarios need: molecule, a Docker engine, Chromium
#   tools/setup.sh debootstrap   what makes a Debian of packages, where no image can be pulled
#
# Ends with a non-zero status and one line that says what to install when something is missing and may not be
# installed from here.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
give_up() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# apt-get as root or through passwordless sudo; status 1 where neither is to be had.
apt_install() {
    local as_root=()
    command -v apt-get > /dev/null || return 1
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2> /dev/null || return 1
        as_root=(sudo -n)
    fi
    say "installing $* (Debian)"
    "${as_root[@]}" apt-get -qq update
    # Debian's nginx starts itself on port 80 when it is installed, and a module of it restarts the running one.
    # The demo has a nginx of its own and leaves the machine's alone: this is Debian's own way to say so.
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

# $1: minor version of the oldest Python 3 that will do; $2: what needs it. Of pyenv's only one is called python3.
find_python() {
    local candidate
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3; do
        if "$candidate" -c "import sys; sys.exit(sys.version_info < (3, $1))" 2> /dev/null; then
            command -v "$candidate"
            return
        fi
    done
    give_up "Python 3.$1 or newer is needed ($2 runs on no older one). Install it and run again."
}

# $1: folder of the environment; $2, $3: as for find_python. The checkout's own path decides too, since scripts in a
# virtual environment start with it.
python_environment() {
    local venv=$1 python
    [ "$(cat "$venv/.path" 2> /dev/null)" = "$PWD" ] && "$venv/bin/python" -c 'import pip' 2> /dev/null && return
    python=$(find_python "$2" "$3")
    say "building $venv with $python"
    rm -rf "$venv"
    # On Debian, venv without the package python3-venv makes half an environment, then fails.
    if ! "$python" -m venv "$venv" > /dev/null 2>&1; then
        rm -rf "$venv"
        if ! apt_install python3-venv || ! "$python" -m venv "$venv" > /dev/null; then
            give_up "$python has no working venv. Install it (Debian: apt-get install python3-venv) and run again."
        fi
    fi
    printf '%s\n' "$PWD" > "$venv/.path"
}

# $1: folder of the environment; $2: name of the stamp, which holds all that decides what is installed; $3…: requirement
# files.
python_packages() {
    local venv=$1 stamp=$1/.stamp-$2 file want
    shift 2
    want="$PWD $("$venv/bin/python" -V) $(cat "$@" | cksum)"
    [ "$(cat "$stamp" 2> /dev/null)" = "$want" ] && return
    say "installing $* into $venv (PyPI)"
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
        say "no Python 3.12 or newer here: what needs the newest ansible-core is skipped"
    fi
}

set_up_nginx() {
    # Debian keeps nginx in /usr/sbin, which an ordinary user's PATH leaves out.
    local PATH=$PATH:/usr/sbin:/usr/local/sbin
    local remedy="apt-get install nginx libnginx-mod-http-headers-more-filter"
    if ! command -v nginx > /dev/null; then
        apt_install nginx libnginx-mod-http-headers-more-filter \
            || give_up "nginx is missing and can't be installed from here. As root, run: $remedy"
    fi
}

set_up_browser() {
    # The browser's names are those that the tests look for, in this order.
    if ! command -v chromium > /dev/null && ! command -v chromium-browser > /dev/null \
        && ! command -v google-chrome > /dev/null; then
        apt_install chromium \
            || give_up "Chromium is missing and can't be installed from here. As root, run: apt-get install chromium"
    fi
}

set_up_molecule() {
    set_up_dev
    python_packages .venv molecule requirements/run.txt requirements/dev.txt requirements/molecule.txt
    # docker-cli is a package of its own from Debian 13 on.
    local docker=(docker.io) PATH=$PATH:/usr/sbin:/usr/local/sbin
    if ! command -v docker > /dev/null || ! { docker version || command -v dockerd; } > /dev/null 2>&1; then
        ! apt-cache show docker-cli > /dev/null 2>&1 || docker+=(docker-cli)
        apt_install "${docker[@]}" \
            || give_up "Docker is missing and can't be installed from here. As root, run: apt-get install ${docker[*]}"
    fi
    set_up_browser
}

set_up_debootstrap() {
    local PATH=$PATH:/usr/sbin:/usr/local/sbin remedy="apt-get install debootstrap debian-archive-keyring"
    if ! command -v debootstrap > /dev/null || [ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ]; then
        apt_install debootstrap debian-archive-keyring \
            || give_up "debootstrap is missing and can't be installed from here. As root, run: $remedy"
    fi
    [ "$(id -u)" -eq 0 ] || sudo -n true 2> /dev/null \
        || give_up "debootstrap needs root. Pull an image instead, where a registry can be reached: docker pull debian:bookworm-slim"
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
