# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until every site responds to a ping: ``wait_for_sites.py ADDRESS:PORT SECONDS``, with sites as JSON on stdin.

A site is an object with ``name`` and optionally ``domains``. The request uses the first domain, or the name if there is
none. If a site does not respond in time, the script prints its last response and exits with status 1.
"""

from __future__ import annotations

import http.client
import json
import sys
import time


def ping(address: str, host: str) -> str:
    """Return the reason why the site does not respond correctly, or an empty string."""
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", "/api/method/ping", headers={"Host": host})
        reply = connection.getresponse()
        body = reply.read()
    except (OSError, http.client.HTTPException) as error:
        return f"no response ({error})"
    finally:
        connection.close()
    if reply.status == 200 and b'"pong"' in body:
        return ""
    return f"HTTP {reply.status}"


def main(address: str, seconds: float) -> int:
    silent = {site["name"]: (site.get("domains") or [site["name"]])[0] for site in json.load(sys.stdin)}
    deadline = time.monotonic() + seconds
    while True:
        answers = {name: ping(address, host) for name, host in silent.items()}
        silent = {name: host for name, host in silent.items() if answers[name]}
        if not silent:
            return 0
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    for name, host in silent.items():
        print(f"{name}: http://{address}/api/method/ping with Host {host}: {answers[name]}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
