# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read nginx configuration files the way nginx does: words, directives and blocks. Pure: text in, directives out.

The rules are those of ``ngx_conf_read_token`` (nginx, src/core/ngx_conf_file.c) and, for ``*_by_lua_block``, those of
``ngx_http_lua_conf_read_lua_token`` (lua-nginx-module, src/ngx_http_lua_directive.c).

The functions accept any text without raising an exception, and the time is linear in its length. If nginx would reject
the file, the reader returns every directive that it could read.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

# Blocks whose lines are data, not directives: the first word of a line is a key.
DATA_BLOCKS = ("map", "geo", "types", "split_clients", "charset_map")
LUA_BLOCK = "_by_lua_block"  # directives with this suffix contain a block of Lua code
MARKS = ";{}"
WORD_KIND, LUA_KIND = "word", "lua"
# nginx treats only these four characters as white space, but not a form feed or a no-break space.
SKIPPED = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
WORD = re.compile(r"(?:[^ \t\r\n;{\\$]+|\\.?|\$\{*)+", re.DOTALL)  # "{" directly after "$" belongs to the word
QUOTED = {mark: re.compile(rf"[^{mark}\\]*(?:\\.[^{mark}\\]*)*{mark}", re.DOTALL) for mark in "\"'"}
ESCAPE = re.compile(r"\\([\"'\\trn])")
ESCAPED = {"t": "\t", "r": "\r", "n": "\n"}
LUA_MARK = re.compile(r"[{}\"']|(?:--)?\[=*\[|--")
LUA_STRING = {mark: re.compile(rf"(?:[^{mark}\\\n]+|\\[^\n])*") for mark in "\"'"}

Span = t.Tuple[int, int]


class Token(t.NamedTuple):
    """One piece of a configuration file.

    Attributes:
        kind: ``word``, ``lua`` (the code of a Lua block), or the mark itself: ``;``, ``{`` or ``}``.
        text: the word without its quotes and escapes, as nginx passes it on.
        start: where it begins in the file, in characters, quotes included.
        end: where it ends.
        line: its line, from 1.
    """

    kind: str
    text: str
    start: int
    end: int
    line: int


@dataclasses.dataclass(eq=False)
class Directive:
    """One directive, where it is, and the block around it within its file.

    Attributes:
        words: its name and arguments, without quotes and escapes. The code of a Lua block is the last argument.
        path: the file.
        line: the line of its name, from 1.
        spans: start and end of each word in the text, quotes included, then those of the mark that ends the directive.
        parent: the directive whose block this is in; None at the top of the file.
        server: the server block around it; None outside of server blocks.
        names: of a server block, the names on all of its ``server_name`` lines.
    """

    words: list[str]
    path: str
    line: int
    spans: list[Span]
    parent: Directive | None = dataclasses.field(default=None, repr=False)
    server: Directive | None = dataclasses.field(default=None, repr=False)
    names: list[str] = dataclasses.field(default_factory=list)

    @property
    def place(self) -> str:
        """File and line, as nginx writes them: ``/etc/nginx/nginx.conf:12``."""
        return f"{self.path}:{self.line}"

    @property
    def name(self) -> str:
        """The first word."""
        return self.words[0]

    @property
    def blocks(self) -> list[list[str]]:
        """The words of each block around it, the outermost first."""
        found, block = [], self.parent
        while block is not None:
            found.append(block.words)
            block = block.parent
        return found[::-1]

    @property
    def is_data(self) -> bool:
        """Whether this is an entry of a map or another table, whose first word is a key and not a directive."""
        return self.parent is not None and self.parent.name in DATA_BLOCKS

    @property
    def is_pid(self) -> bool:
        """Whether this names the file of nginx's process id, which only the main context may do."""
        return self.parent is None and self.name == "pid" and len(self.words) == 2


def tokens(text: str) -> t.Iterator[Token]:
    """The words and marks of a configuration file, without comments.

    An unterminated quote or Lua block ends the reading: nginx rejects the file there.

    Args:
        text: the content of the file, with its line ends as they are on disk.
    """
    at, line, name = 0, 1, ""
    in_directive = False
    while True:
        start = _end(SKIPPED, text, at)
        line += text.count("\n", at, start)
        if start == len(text):
            return
        first = text[start]
        if first in MARKS:
            at, kind, word = start + 1, first, first
        elif first in QUOTED:
            at, kind = _end(QUOTED[first], text, start + 1), WORD_KIND
            if at == start + 1:
                return
            word = _unescaped(text[start + 1 : at - 1])
        else:
            at, kind = _end(WORD, text, start), WORD_KIND
            word = _unescaped(text[start:at])
        yield Token(kind, word, start, at, line)
        line += text.count("\n", start, at)
        if kind == "{" and in_directive and name.endswith(LUA_BLOCK):
            end = _lua_end(text, at)
            if end is None:
                return
            yield Token(LUA_KIND, text[at:end], at, end, line)
            line += text.count("\n", at, end)
            at = end
        if kind != WORD_KIND:
            in_directive = False
        elif not in_directive:
            in_directive, name = True, word


def _end(pattern: t.Pattern[str], text: str, at: int) -> int:
    """The end of the match at a position, or the position itself if nothing matches."""
    found = pattern.match(text, at)
    return found.end() if found else at


def _unescaped(word: str) -> str:
    """A word with nginx's escape sequences decoded. Other backslashes are kept."""
    return ESCAPE.sub(lambda found: ESCAPED.get(found[1], found[1]), word) if "\\" in word else word


def _lua_end(text: str, at: int) -> int | None:
    """The position of the brace that closes a block of Lua code, or None if there is none.

    As in lua-nginx-module, a string ends on its own line, and a quote without an end is an ordinary character.

    Args:
        text: the content of the file.
        at: the position after the opening brace.
    """
    depth = 1
    unclosed = {'"': at, "'": at}  # before this position, no such quote opens a string: each is checked once
    while True:
        found = LUA_MARK.search(text, at)
        if found is None:
            return None
        mark, at = found[0], found.end()
        if mark in unclosed:
            if found.start() >= unclosed[mark]:
                end = _end(LUA_STRING[mark], text, at)
                if text[end : end + 1] == mark:
                    at = end + 1
                else:
                    unclosed[mark] = end
        elif mark == "{":
            depth += 1
        elif mark == "}":
            depth -= 1
            if not depth:
                return found.start()
        else:
            closing = "\n" if mark == "--" else mark.lstrip("-").replace("[", "]")
            end = text.find(closing, at)
            if end < 0:
                return None
            at = end + len(closing)


def directives(path: str, text: str) -> list[Directive]:
    """Every directive of one configuration file in the order of the file, those inside blocks included.

    A directive without its ``;`` before a ``}`` or the end of the file is left out: nginx rejects it.

    Args:
        path: the file, for `Directive.place`.
        text: its content.
    """
    found: list[Directive] = []
    words: list[Token] = []
    parent: Directive | None = None
    for token in tokens(text):
        if token.kind == WORD_KIND:
            words.append(token)
        elif token.kind == LUA_KIND:
            found[-1].words.append(token.text)
            found[-1].spans[-1:] = [(token.start, token.end), (token.end, token.end + 1)]
        elif token.kind == "}":
            parent, words = parent.parent if parent else None, []
        elif words:
            server = parent if parent and parent.name == "server" else parent.server if parent else None
            spans = [(one.start, one.end) for one in (*words, token)]
            found.append(Directive([word.text for word in words], path, words[0].line, spans, parent, server))
            if server and found[-1].name == "server_name":
                server.names.extend(found[-1].words[1:])
            parent, words = found[-1] if token.kind == "{" else parent, []
    return found


def includes_in(path: str, text: str) -> list[Directive]:
    """The ``include`` directives of one configuration file. They can also occur in map, geo and types blocks."""
    return [line for line in directives(path, text) if line.name == "include" and len(line.words) == 2]


def pid_file(files: t.Mapping[str, str]) -> str | None:
    """Where nginx writes its process id, or None if the configuration does not say so.

    Args:
        files: the content of every file that nginx reads, by path.
    """
    lines = (line for path, text in files.items() for line in directives(path, text))
    return next((line.words[1] for line in lines if line.is_pid), None)


def as_word(word: str) -> str:
    """A word in quotes, so that nginx reads exactly this word."""
    return '"' + re.sub(r'(["\\])', r"\\\1", word) + '"'


def with_words(text: str, changes: t.Iterable[tuple[Span, str]]) -> str:
    """The text of a file with parts of it replaced.

    Args:
        text: the content of the file.
        changes: pairs of a span (see `Directive.spans`) and its new text, in the order of the file.
    """
    parts, at = [], 0
    for (start, end), new in changes:
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])
