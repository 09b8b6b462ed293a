#!/usr/bin/env bash
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs a command with a Docker engine. If none is running, starts one and stops it after the command.
#
#   tools/with_docker.sh COMMAND [ARGUMENT...]
set -euo pipefail
PATH=$PATH:/usr/sbin:/usr/local/sbin

give_up() {
    printf 'docker: %s\n' "$*" >&2
    exit 1
}

# $1: maximum time to wait for the engine, in seconds
wait_for_engine() {
    local until=$((SECONDS + $1))
    until timeout 10 docker version > /dev/null 2>&1; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.5
    done
}

own="" as_root=()

stop_own() {
    local pid
    pid=$(cat "$own/dockerd.pid" 2> /dev/null) || pid=""
    if [ -n "$pid" ] && "${as_root[@]}" kill "$pid" 2> /dev/null; then
        while [ -e "/proc/$pid" ]; do sleep 0.2; done
    fi
    rm -rf "$own"
}

if ! wait_for_engine 0; then
    [ -z "${DOCKER_HOST:-}" ] || give_up "no Docker engine responds at DOCKER_HOST=$DOCKER_HOST. Start it, or unset DOCKER_HOST"
    if output=$(timeout 10 docker version 2>&1 > /dev/null) || [[ $output == *"permission denied"* ]]; then
        give_up "the Docker engine denies access to $(id -un). Add this user to the group docker, or run as root"
    fi
    command -v dockerd > /dev/null || give_up "no Docker engine is running, and dockerd was not found. Install Docker"
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2> /dev/null || give_up "no Docker engine is running. As root, run: systemctl start docker"
        as_root=(sudo -n)
    fi
    own=$(mktemp -d)
    trap stop_own EXIT
    # Without these traps, a signal would end the shell without running the EXIT trap.
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    # With setsid, an interrupt at the terminal does not reach dockerd. This script stops dockerd itself.
    "${as_root[@]}" setsid dockerd --pidfile "$own/dockerd.pid" --group "$(id -gn)" \
        > "$own/dockerd.log" 2>&1 < /dev/null &
    wait_for_engine 60 || give_up "dockerd did not start within 60 seconds. Last lines of its log: $(tail -n 5 "$own/dockerd.log")"
    echo "docker: started a Docker engine for this run"
fi
"$@"
