#!/usr/bin/env bash
# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs a command with a Docker engine: the one that answers, else one that is started for it and stopped after it.
#
#   tools/with_docker.sh COMMAND [ARGUMENT...]
set -euo pipefail
PATH=$PATH:/usr/sbin:/usr/local/sbin

give_up() {
    printf 'docker: %s\n' "$*" >&2
    exit 1
}

# $1: seconds until the engine has to answer
answers() {
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

if ! answers 0; then
    [ -z "${DOCKER_HOST:-}" ] || give_up "no engine answers at DOCKER_HOST=$DOCKER_HOST"
    if said=$(timeout 10 docker version 2>&1 > /dev/null) || [[ $said == *"permission denied"* ]]; then
        give_up "an engine runs and refuses $(id -un): add yourself to the group docker, or run this as root"
    fi
    command -v dockerd > /dev/null || give_up "no engine answers and there is no dockerd to start"
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2> /dev/null || give_up "no engine answers. As root, start one: systemctl start docker"
        as_root=(sudo -n)
    fi
    own=$(mktemp -d)
    trap stop_own EXIT
    # The default of a shell is to end at once, without the trap.
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    # setsid: an interrupt at the terminal reaches the command and this script, which then stops the engine itself.
    "${as_root[@]}" setsid dockerd --pidfile "$own/dockerd.pid" --group "$(id -gn)" \
        > "$own/dockerd.log" 2>&1 < /dev/null &
    answers 60 || give_up "dockerd does not come up; the end of its log: $(tail -n 5 "$own/dockerd.log")"
    echo "docker: started an engine for this run"
fi
"$@"
