# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML sanitizer for texts that Frappe saves."""

from __future__ import annotations

import json
from html.parser import HTMLParser

EXTRA_TAGS = {"html", "head", "meta", "link", "body", "style", "o:p"}


class _FirstTag(HTMLParser):
    found = False

    def handle_starttag(self, tag, attrs):
        self.found = True


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def has_tag(text: str) -> bool:
    parser = _FirstTag()
    parser.feed(text)
    parser.close()
    return parser.found


def sanitize_html(html, linkify=False, always_sanitize=False):
    """If the text contains a tag, escape tags that are not allowed, and stray `&`, `<` and `>`. JSON is not changed."""
    if not isinstance(html, str):
        return html
    if not always_sanitize and ("<" not in html or _is_json(html) or not has_tag(html)):
        return html
    import bleach
    from bleach._vendor.html5lib.filters.sanitizer import allowed_attributes, allowed_elements
    from bleach.css_sanitizer import CSSSanitizer
    from bleach_allowlist import all_styles

    attributes = {name for _space, name in allowed_attributes}
    return bleach.clean(
        html,
        tags={name for _space, name in allowed_elements} | EXTRA_TAGS,
        attributes=lambda tag, name, value: name.startswith("data-") or name in attributes,
        css_sanitizer=CSSSanitizer(allowed_css_properties=all_styles),
        protocols={"mailto", "http", "https", "cid"},
        strip_comments=False,
    )
