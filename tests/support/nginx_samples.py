# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated nginx configurations with a known meaning, and their parse by crossplane, NGINX's own parser."""

from __future__ import annotations

import re
import typing as t

import crossplane
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.reader import directives
from hypothesis import strategies as st

BLANKS = " \t\r\n"
RESOLVED = {'"': '"', "'": "'", "\\": "\\", "t": "\t", "r": "\r", "n": "\n"}
LUA_OF_CROSSPLANE = ["content_by_lua_block", "header_filter_by_lua_block", "init_by_lua_block"]
LUA_NAMES = [*LUA_OF_CROSSPLANE, "ssl_client_hello_by_lua_block", "exit_worker_by_lua_block"]


class Read(t.NamedTuple):
    """One directive, as it was generated or as a parser read it."""

    words: list
    line: int
    blocks: list


def ours(text: str) -> list[Read]:
    return [Read(line.words, line.line, line.blocks) for line in directives("x", text)]


# ---------------------------------------------------------------- texts with a known meaning
LETTERS = "abz09_.*/:=~^|[]()é€"
SPECIAL = ";{}\"'#$\\ \t\n"
words = st.lists(
    st.one_of(st.text(LETTERS, min_size=1, max_size=4), st.text(SPECIAL, max_size=2), st.just("${host}")), max_size=4
).map("".join)
names = st.sampled_from(["add_header", "server", "location", "map", "types", "if", "set", "include", "a", "@"])


@st.composite
def bare(draw: st.DrawFn, word: str, common: bool) -> str | None:
    """A word without quotes, or None if it requires quotes."""
    if not word or word[0] in ";{}\"'#" or word[0] in BLANKS:
        return None
    out, at = [], 0
    while at < len(word):
        one, more = word[at], word[at + 1 : at + 2]
        at += 1
        if one == "\\" and more and more not in RESOLVED and draw(st.booleans()):
            out.append(one + more)  # nginx keeps this backslash, and the next character does not end the word
            at += 1
        elif one == "\\" or (one in "\"'" and draw(st.booleans())):
            out.append(f"\\{one}")
        elif one in ";" or one in BLANKS or (one == "{" and not (out and re.fullmatch(r"\$\{*", out[-1]))):
            return None
        elif one == "{":
            out[-1] += one
        elif common and one == "}":
            return None
        else:
            out.append(one)
    text = "".join(out)
    if common and re.search(r"\$\{(?![a-z]+\})|\\.?\$", text, re.DOTALL):
        return None
    return text


@st.composite
def in_quotes(draw: st.DrawFn, word: str) -> str:
    """A word in quotes. A tab or a line end may be an escape sequence."""
    mark = draw(st.sampled_from("\"'"))
    text = re.sub(rf"([\\{mark}])", r"\\\1", word)
    if draw(st.booleans()):
        text = text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return mark + text + mark


@st.composite
def written(draw: st.DrawFn, word: str, common: bool) -> str:
    """One of the ways to write a word."""
    plain = draw(bare(word, common))
    if plain is not None and draw(st.sampled_from([True, True, False])):
        return plain
    return draw(in_quotes(word))


comments = st.sampled_from(["# a { b\n", "#;}\n", "#\"'\n", "# \\\n", "#\r\n", "# add_header X y;\n"])
gaps = st.lists(st.one_of(st.text(" \t\n", min_size=1, max_size=2), st.just("\r\n"), comments), max_size=2).map("".join)


@st.composite
def blanks(draw: st.DrawFn) -> str:
    """A separator of two words: at least one blank, optionally followed by a comment."""
    return draw(st.sampled_from([" ", "  ", "\t", "\n", "\r\n"])) + draw(gaps)


lua_strings = st.sampled_from(['"}"', "'{'", '"\\"}"', "'\\\\'", '"\'"', "'--'", '"[["'])
lua_common = st.one_of(
    lua_strings, st.sampled_from(["ngx.say(1)", "a = {b = {}}", "x = 1 - 2", "-- don't }\n", " ", "\n"])
)
lua_all = st.one_of(
    lua_common, st.sampled_from(["[[ } ' ]]", "[==[ ]] } ]==]", "--[[ } \n ]]", "--[=[ ]] ' }]=]", "a[b[1]]", "#t"])
)


def lua_codes(common: bool) -> st.SearchStrategy:
    """Code whose braces are balanced, except in strings and comments."""
    return st.lists(lua_common if common else lua_all, max_size=4).map(lambda parts: " ".join(["", *parts, ""]))


class Writer:
    """Writes directives and records the meaning of each."""

    def __init__(self, draw: st.DrawFn, common: bool) -> None:
        self.draw, self.common, self.text, self.meant = draw, common, "", []

    def line(self) -> int:
        return self.text.count("\n") + 1

    def directive(self, blocks: list, depth: int) -> None:
        self.text += self.draw(gaps)
        if self.draw(st.integers(0, 5)) == 0:
            return self.lua(blocks)
        meant = [self.draw(names), *self.draw(st.lists(words, max_size=3))]
        if meant[0] == "if":  # crossplane removes the parentheses
            meant = ["if", "($a", "=", *meant[1:2], ")"]
        self.meant.append(Read(meant, self.line(), blocks))
        for number, word in enumerate(meant):
            self.text += (self.draw(blanks()) if number else "") + self.draw(written(word, self.common))
        # a bare word that ends in "$" would include a following brace
        self.text += " " if self.text.endswith("$") else self.draw(st.sampled_from(["", " ", "\n", " # {\n"]))
        if depth and self.draw(st.booleans()):
            self.text += "{"
            for _number in range(self.draw(st.integers(0, 3))):
                self.directive([*blocks, meant], depth - 1)
            self.text += self.draw(gaps) + "}"
        else:
            self.text += ";"
        return None

    def lua(self, blocks: list) -> None:
        name, code = self.draw(st.sampled_from(LUA_OF_CROSSPLANE if self.common else LUA_NAMES)), None
        code = self.draw(lua_codes(self.common))
        self.meant.append(Read([name, code], self.line(), blocks))
        self.text += name + (" " if self.common else self.draw(st.sampled_from(["", " ", "\n", " # }\n"])))
        self.text += "{" + code + "}"


@st.composite
def configurations(draw: st.DrawFn, common: bool) -> tuple[str, list[Read]]:
    """A text and its meaning; with ``common``, only texts that crossplane reads as nginx does."""
    writer = Writer(draw, common)
    for _number in range(draw(st.integers(0, 4))):
        writer.directive([], 3)
    return writer.text + draw(gaps), writer.meant


# ---------------------------------------------------------------- crossplane
def of_crossplane(path, text: str) -> list[Read]:
    """The parse by crossplane. It resolves only the escape of the surrounding quote; the others are resolved here."""
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    result = crossplane.parse(str(path), single=True, comments=False, check_ctx=False, check_args=False)
    assert result["status"] == "ok", result["errors"]
    found: list[Read] = []

    def note(statements: list, blocks: list) -> None:
        for one in statements:
            if "comment" in one:  # crossplane returns a comment among arguments even with comments=False
                continue
            is_lua = one["directive"].endswith("_by_lua_block")
            args = one["args"] if is_lua else [resolved(arg) for arg in one["args"]]
            meant = [resolved(one["directive"]), *args]
            found.append(Read(meant, one["line"], blocks))
            note(one.get("block", ()), [*blocks, meant])

    note(result["config"][0]["parsed"], [])
    return found


def resolved(word: str) -> str:
    return re.sub(r"\\(.)", lambda found: RESOLVED.get(found[1], found[0]), word, flags=re.DOTALL)


def comparable(found: list[Read]) -> list[Read]:
    """The form that crossplane returns: universal newlines, and conditions without parentheses."""
    return [Read(condition(words), line, [condition(block) for block in blocks]) for words, line, blocks in found]


def condition(words: list[str]) -> list[str]:
    words = [word.replace("\r\n", "\n") for word in words]
    if words[0] == "if" and len(words) > 1 and words[1].startswith("(") and words[-1].endswith(")"):
        inner = [words[1][1:].lstrip(), *words[2:]]
        inner[-1] = inner[-1][:-1].rstrip()
        words = ["if", *inner[int(not inner[0]) : len(inner) - int(not inner[-1])]]
    return words


def flat(statements: list) -> t.Iterator[dict]:
    for one in statements:
        yield one
        yield from flat(one.get("block", ()))
