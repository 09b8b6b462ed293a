# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Convert a report to one self-contained HTML page. Pure; used by a filter on the controller."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import typing as t

# Characters that could close the script element, open another one, or end a line of JavaScript.
ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def embedded(data: t.Any) -> str:
    """Data as JSON that is safe between script tags, whatever names it contains."""
    return json.dumps(data, ensure_ascii=True, separators=(",", ":")).translate(ESCAPED)


def page(report: dict[str, t.Any], frame: str, style: str, scripts: t.Sequence[str]) -> str:
    """The whole page.

    Its Content-Security-Policy lists the hashes of style and script, so that a browser runs no other script.

    Args:
        report: as `audit.report_of` makes it.
        frame: HTML with ``%POLICY%``, ``%TITLE%``, ``%STYLE%``, ``%DATA%`` and ``%SCRIPT%``, each once.
        style: CSS.
        scripts: JavaScript, in the order in which it runs.
    """
    script = "(() => {\n" + "\n".join(scripts) + "\n})();"  # avoids conflicts with global names such as `top`
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    parts = {
        "%POLICY%": policy,
        "%TITLE%": html.escape(str(report["environment"])),
        "%STYLE%": style,
        "%DATA%": embedded(report),
        "%SCRIPT%": script,
    }
    whole = []
    rest = frame
    for mark, text in parts.items():  # one by one from the left, so that inserted text is not searched
        before, found, rest = rest.partition(mark)
        if not found:
            raise ValueError(f"frame: {mark} is missing or out of order. Use each of these once: {', '.join(parts)}")
        whole += [before, text]
    return "".join([*whole, rest])


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"
