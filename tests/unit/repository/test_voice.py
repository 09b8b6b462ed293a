# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that people read are plain operator English: none has a phrase that only this project would use."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize

import pytest
from checkout import ROOT

# Recordings and the license are third-party texts, and this file quotes what it forbids.
LEFT_OUT = ("LICENSE", "tests/contract/frappe-", "tests/unit/repository/test_voice.py")
TEXT = (".md", ".yml", ".yaml", ".j2", ".html", ".js", ".css", ".sh", ".cfg", ".toml", ".txt")
# Phrases that must not occur in this project, and what to write.
NEVER = {
    r"\bdoctors?\b": "verify",
    r"\bstrangers?\b": "third-party virtual hosts, or others",
    r"\bfor ever\b": "indefinitely, or never expires",
    r"\bmend(s|ed|ing)?\b": "fix, patch",
    r"\bit said\b": "last output",
    r"\boff the net\b": "offline",
    r"\bcannot stay\b": "rejected",
    r"\bhears? of\b": "reload, restart, pick up",
    r"\beats other words\b": "masks unrelated output",
    r"\bdoors?\b": "the client, or the connection",
    r"\bsettle[sd]?\b": "apply",
    r"\bsecrecy\b": "masking",
    r"\buntold\b": "not reloaded",
    r"\bwhom\b": "which user, or the owner",
    r"\bis no (JSON|bench|address|site|number|text|list|folder)\b": "is not a",
    r"\ba (row|line) a site\b": "one row per site",
    r"\bplain run\b": "run without --check",
    r"\bare no hosts\b": "are not inventory hosts",
    r"\bwhat it stands on\b": "dependencies",
    r"\bLOOK AT\b": "REVIEW",
    r"\b(proof|proofs|proven|proving)\b": "verify, or promise test",
    r"\bsite\(s\)|\bvalue\(s\)|\bbench\(es\)": "a number with its whole",
}
# Lines that may contain the word, because it is plain English or a third-party name.
ALLOWED: set[tuple[str, str]] = {}


def texts_of(path):
    """Line number and text of everything in a file that a person reads; of Python its comments and strings."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from enumerate(source.splitlines(), 1)
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            for number, line in enumerate(node.value.splitlines()):
                yield node.lineno + number, line


def files():
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.is_file() and not name.startswith(LEFT_OUT) and (path.suffix in (".py", *TEXT) or name == "Makefile"):
            yield name


@pytest.fixture(scope="module")
def texts():
    """The file, line number and text of everything that a person reads. Parsing every file takes seconds."""
    return [(name, line, text) for name in files() for line, text in texts_of(ROOT / name)]


@pytest.mark.parametrize("phrase", NEVER)
def test_no_text_has_a_private_word(texts, phrase):
    found = [
        f"{name}:{line}: {text.strip()}"
        for name, line, text in texts
        if re.search(phrase, text) and not any(name == where and part in text for where, part in ALLOWED)
    ]
    assert not found, f"Write {NEVER[phrase]} in place of {phrase}:\n" + "\n".join(found)


def test_every_exception_is_still_needed():
    for name, part in ALLOWED:
        assert part in (ROOT / name).read_text(encoding="utf-8"), (name, part)
