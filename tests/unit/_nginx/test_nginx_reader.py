# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of nginx's configuration, compared with generated texts, with crossplane, and with nginx itself.

crossplane is NGINX's own parser for Python. Where it differs from nginx, a test names the difference; the properties
that compare with it exclude those texts.
"""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import typing as t

import crossplane
import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.nginx import find_binary
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.reader import (
    as_word,
    directives,
    includes_in,
    pid_file,
    tokens,
    with_words,
)
from hypothesis import event, given
from hypothesis import strategies as st
from nginx_samples import comparable, configurations, flat, of_crossplane, ours, words


@given(configurations(common=False))
def test_a_configuration_is_read_as_it_was_written(written_and_meant):
    text, meant = written_and_meant
    event(f"{min(len(meant), 9)} directives")
    assert ours(text) == meant


@given(configurations(common=False))
def test_each_span_is_where_its_word_is(written_and_meant):
    text, _meant = written_and_meant
    for line in directives("x", text):
        parts = [text[start:end] for start, end in line.spans]
        assert parts[-1] in (";", "{", "}") and len(parts) == len(line.words) + 1
        for part, word in zip(parts, line.words):
            assert part == word or [token.text for token in tokens(part)] == [word]


@given(words)
def test_a_word_in_quotes_is_read_as_it_was(word):
    assert [line.words for line in directives("x", f"a {as_word(word)};")] == [["a", word]]


# ---------------------------------------------------------------- crossplane
@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("nginx") / "nginx.conf"


@given(written_and_meant=configurations(common=True))
def test_crossplane_reads_the_same(scratch, written_and_meant):
    text, _meant = written_and_meant
    assert comparable(ours(text)) == of_crossplane(scratch, text)


SHOP = r"""
user www-data; worker_processes auto;
events { worker_connections 768; }
http {
    include /etc/nginx/mime.types; include "/etc/nginx/conf.d/with space/*.conf";
    types { text/html html htm; application/x-font-ttf ttf; }
    geo $proxy { default direct; 10.0.0.0/8 proxied; }
    map "$host $http_origin" $policy { default ""; "~^(?:a\.example) https://b\.example$" "x|y; }"; }
    log_format json escape=json '{"time": "$time_iso8601", "status": "$status"}';
    upstream frappe { server 127.0.0.1:8000 fail_timeout=0; }
    server {
        listen [::]:443 ssl; server_name shop.example.com *.shop.example.com ~^(?<n>\d+)\.example$;
        set $x "${host}/a"; root /srv/${host}x; return 301 https://$host$request_uri;
        if ($http_user_agent ~* "bot|crawl {2}") { return 403; } # }
        location ~ "^/x{2}/(.*)\.php$" { rewrite ^/(.*)$ /a?b=$1&c='d' last; }
        location ~ \.(?:css|js)$ { add_header Cache-Control "public; max-age=1" always; }
        location @app { try_files a\ b.txt $uri =404; proxy_set_header Host $host; }
        content_by_lua_block { ngx.say("}") }
        add_header Access-Control-Allow-Origin *;
    }
}"""


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_an_example_is_read_alike_by_crossplane(scratch, ends):
    text = SHOP.replace("\n", ends)
    assert comparable(ours(text)) == of_crossplane(scratch, text)
    last = ours(text)[-1]
    assert last.words == ["add_header", "Access-Control-Allow-Origin", "*"] and last.line == 19
    assert [block[0] for block in last.blocks] == ["http", "server"]


# Texts that crossplane 0.5.8 reads differently from nginx 1.22.1, or rejects. nginx was tested with `nginx -t`, with
# libnginx-mod-http-lua 0.10.23 for Lua. If one of these fails, crossplane was fixed: remove it here.
DEVIATIONS = {
    "nginx takes four characters as blanks, crossplane every one that Python does": (
        "a x\u00a0y\x0cz \x0b\x85 \u2028;",
        [["a", "x\u00a0y\x0cz", "\x0b\x85", "\u2028"]],
    ),
    "a brace that closes nothing is a character inside of a word": ("a b}c;", [["a", "b}c"]]),
    "a variable in braces may not hide the end of a word": ("a ${b;\nc ${d e;", [["a", "${b"], ["c", "${d", "e"]]),
    "all opening braces behind a dollar belong to the word": ("a ${{{b;", [["a", "${{{b"]]),
    "an escaped dollar does not begin a variable": ("a \\${ b c; }", [["a", "\\$"], ["b", "c"]]),
    "escapes are resolved in bare words too": ('a b\\"c\\\\d\\n\\e;', [["a", 'b"c\\d\n\\e']]),
    "a lone carriage return is a blank, and does not end a comment": ("a; # b\rc;\nd;", [["a"], ["d"]]),
    "Lua: no blank is needed before the brace": (
        'content_by_lua_block{ "}" } a;',
        [["content_by_lua_block", ' "}" '], ["a"]],
    ),
    "Lua: directives that came later": (
        'ssl_client_hello_by_lua_block { "}" } a;',
        [["ssl_client_hello_by_lua_block", ' "}" '], ["a"]],
    ),
    "Lua: long strings": ("init_by_lua_block { [[ } ]] } a;", [["init_by_lua_block", " [[ } ]] "], ["a"]]),
    "Lua: long comments": (
        "init_by_lua_block { --[[ } \n } ]] } a;",
        [["init_by_lua_block", " --[[ } \n } ]] "], ["a"]],
    ),
    "Lua: a quote without an end on its line is no string": (
        "init_by_lua_block { x = 'it\n } a; # '\n",
        [["init_by_lua_block", " x = 'it\n "], ["a"]],
    ),
    "Lua: comment between name and brace": (
        'init_by_lua_block # }\n { "}" } a;',
        [["init_by_lua_block", ' "}" '], ["a"]],
    ),
}


@pytest.mark.parametrize("reason", DEVIATIONS)
def test_the_reader_agrees_with_nginx_where_crossplane_differs(scratch, reason):
    text, meant = DEVIATIONS[reason]
    assert [line.words for line in directives("x", text)] == meant
    scratch.write_bytes(text.encode())
    result = crossplane.parse(str(scratch), single=True, check_ctx=False, check_args=False)
    read = [[one["directive"], *one["args"]] for one in flat(result["config"][0]["parsed"])]
    assert result["status"] == "failed" or read != meant


# ---------------------------------------------------------------- Lua
# The code, and the name that follows, according to `nginx -t` with libnginx-mod-http-lua 0.10.23 on nginx 1.22.1.
LUA = [
    'ngx.say("}") --[==[ } ]] ]==] local a = {b=[[ } ]]}',
    "-- } don't\n",
    "--[ } \n",
    "--[=[ } ]] ]=]",
    "---[[ } \n",
    "--[[ } ]=] ]]",
    "--\n",
    "-- a\r } nosuch;\n",
    "a[b[1]] = 2",
    "a = b[=[ } ]=]",
    "a = b[= ",
    "a = b[==x[==[ } ]==]",
    "a = ']]' ]==] [[ } ]]",
    "a = 'x ",
    'a = "\\\\"',
    'a = "\\"}"',
    "a = 'a\r}'",
    "a = 1 - - 2 - ",
    "a = '' b = \"\" c=[[]] d=[=[]=]",
    "'\"' \"'\"",
    "# ",
    'x = "a\nb',
    "x = 'it\n",
    "a = {{}, {b = {}}}",
]


@pytest.mark.parametrize("code", LUA)
@pytest.mark.parametrize("opening", ["content_by_lua_block {", "set_by_lua_block $res{", '"log_by_lua_block"\n{'])
def test_the_brace_that_closes_a_block_of_lua_is_found(code, opening):
    text = f"location / {{ {opening} {code} }} add_header Access-Control-Allow-Origin *; }}"
    last = directives("x", text)[-1]
    assert last.words == ["add_header", "Access-Control-Allow-Origin", "*"] and last.blocks == [["location", "/"]]
    assert last.line == 1 + text.count("\n") and directives("x", text)[1].words[-1] == f" {code} "


@pytest.mark.parametrize("text", ["log_by_lua_block { -- }", "log_by_lua_block { [[ }", "log_by_lua_block { { }"])
def test_a_block_of_lua_without_an_end_is_the_last_thing_that_is_read(text):
    assert [line.name for line in directives("x", f"a; {text} b;")] == ["a", "log_by_lua_block"]


def test_only_the_name_of_a_directive_begins_lua():
    text = 'map $a log_by_lua_block { "{" 1; } "" log_by_lua_block { "{" 2; }'
    assert [line.words for line in directives("x", text)][1::2] == [["{", "1"], ["{", "2"]]


# ---------------------------------------------------------------- nginx itself
NGINX = find_binary("nginx")
PIECES = ["env ", "\nenv\t", ";env ", "{", "}", "'", '"', "\\", "\n", " ", ";", "$", "${", "#", "a", "\r", "\r\n"]
pieces = st.lists(st.sampled_from([*PIECES, ")", "\\n", ";\n", " x", "\x0c", "é"]), max_size=14).map("".join)
VERDICTS = {
    "unknown": r'unknown directive "(.*)" in \S+:([0-9]+)',
    "arguments": r'invalid number of arguments in "(.*)" directive in \S+:([0-9]+)',
    "block": r'directive "(.*)" is not terminated by ";" in \S+:([0-9]+)',
}


def verdict_of_nginx(path, text: str) -> tuple[str, str, int] | None:
    """nginx's error for the first directive that it rejects, and the line in which that directive ends."""
    path.write_bytes(text.encode())
    command = [NGINX, "-p", str(path.parent), "-c", str(path), "-t", "-e", "stderr"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    for kind, pattern in VERDICTS.items():
        found = re.search(pattern.encode(), done.stderr, re.DOTALL)
        if found:
            return kind, found[1].decode("utf-8", "surrogateescape"), int(found[2])
    return None


def verdict_of_ours(text: str) -> tuple[str, str, int] | None:
    """The error that nginx must report if it reads as our reader does: only `env` with one word is valid."""
    for line in directives("x", text):
        ends = 1 + text.count("\n", 0, line.spans[-1][0])
        if line.words == ["events"]:
            continue
        if line.name != "env":
            return "unknown", line.name, ends
        if text[line.spans[-1][0]] == "{":
            return "block", "env", ends
        if len(line.words) != 2:
            return "arguments", "env", ends
    return None


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
@given(text=pieces)
def test_nginx_reads_the_same(scratch, text):
    """Any text up to the first directive that nginx rejects; after a syntax error there is nothing to compare."""
    text = f"events {{ }}\nenv {text}\n; nosuch;\n"
    verdict = verdict_of_nginx(scratch, text)
    event("syntax error" if verdict is None else verdict[0])
    assert verdict is None or verdict == verdict_of_ours(text)


# ---------------------------------------------------------------- what nginx rejects
REFUSED = {
    "a { b } c;": [["a"], ["c"]],
    "a; } b; }} c;": [["a"], ["b"], ["c"]],
    "; a; ;; {b;}": [["a"], ["b"]],
    "a_by_lua_block 1; { '}' 2; }": [["a_by_lua_block", "1"], ["}", "2"]],
    "a 'b'c\"d;": [["a", "b", 'c"d']],
    "a; b": [["a"]],
    "a; b \\": [["a"]],
    "a; b 'c; d; ": [["a"]],
    "a; b { c;": [["a"], ["b"], ["c"]],
    "": [],
}


@pytest.mark.parametrize("text", REFUSED)
def test_of_a_text_that_nginx_refuses_every_whole_directive_is_read(text):
    assert [line.words for line in directives("x", text)] == REFUSED[text]


# ---------------------------------------------------------------- what it is used for
INCLUDES = """
include main.d/*.conf; # include comment.conf;
http { include mime.types; include "conf.d/with space/*.conf";
    log_format x '; include quoted.conf;'; server { include
        deep.conf; } my_include no.conf; }
"""


def test_includes_are_found_wherever_on_a_line_they_stand():
    found = [line.words[1] for line in includes_in("nginx.conf", INCLUDES)]
    assert found == ["main.d/*.conf", "mime.types", "conf.d/with space/*.conf", "deep.conf"]


def test_the_names_of_a_server_are_all_its_names_wherever_they_stand():
    text = "server { server_name a; location / { x 1; } server_name b c; } server { server_name d; y 1; } z 1;"
    found = {line.name: line for line in directives("x", text)}
    assert found["x"].server.names == ["a", "b", "c"] and found["y"].server.names == ["d"]
    assert found["z"].server is None and found["server"].server is None


def test_a_line_of_a_map_is_not_a_directive():
    text = "pid_no 1; map $a $b { pid /x; default 0; } geo $c { limit_req 1; } pid /run/y.pid; http { pid /z; }"
    assert [line.name for line in directives("x", text) if line.is_data] == ["pid", "default", "limit_req"]
    assert pid_file({"a": "worker_processes 1;", "b": text}) == "/run/y.pid" and pid_file({"a": "pid;"}) is None


def test_a_place_is_written_as_nginx_writes_it():
    assert [line.place for line in directives("/etc/nginx/nginx.conf", "\na\nb;")] == ["/etc/nginx/nginx.conf:2"]


def test_words_are_replaced_where_they_stand():
    text = "include 'a b';# include c;\ninclude d ; x 'include e;';"
    changes = [(line.spans[1], as_word(f'/s"/{line.words[1]}')) for line in includes_in("x", text)]
    changed = with_words(text, changes)
    assert changed == 'include "/s\\"/a b";# include c;\ninclude "/s\\"/d" ; x \'include e;\';'
    assert [line.words[1] for line in includes_in("x", changed)] == ['/s"/a b', '/s"/d']


# ---------------------------------------------------------------- anything
soup = st.lists(
    st.one_of(
        st.sampled_from(
            [*PIECES, "[[", "]]", "--", "[=[", "x_by_lua_block {", "server{", "server_name a;", "\x00", "\ud800"]
        ),
        st.text(max_size=3),
    ),
    max_size=30,
).map("".join)


@given(soup)
def test_whatever_the_text_is_the_reader_reads_on_and_stays_within_it(text):
    end = 0
    for token in tokens(text):
        assert end <= token.start <= token.end <= len(text) and token.line == 1 + text.count("\n", 0, token.start)
        end = token.end
    for line in directives("x", text):
        assert line.words and len(line.spans) in (len(line.words) + 1, len(line.words) + 2)
        assert line.place and line.blocks is not None and line.is_data in (True, False)


MEGABYTE = 1 << 20
HOSTILE = {
    "open blocks": "a{" * (MEGABYTE // 2),
    "closed blocks": "}" * MEGABYTE,
    "servers in servers": "server{server_name a;" * (MEGABYTE // 20),
    "one word": "a" * MEGABYTE,
    "backslashes": "a " + "\\" * MEGABYTE,
    "dollars and braces": "a " + "${" * (MEGABYTE // 2),
    "an open quote behind many escaped ones": "a '" + "\\'" * (MEGABYTE // 2),
    "many comments": "#\n" * (MEGABYTE // 2),
    "blanks": " " * MEGABYTE + "#" * MEGABYTE,
    "quotes": "a " + "'\"" * (MEGABYTE // 2),
    "Lua: escaped quotes": "a_by_lua_block {" + "'\\" * (MEGABYTE // 2),
    "Lua: escaped quotes in lines": "a_by_lua_block {" + ("\"\\'\\" * 1000 + "\n") * (MEGABYTE // 4000),
    "Lua: open brackets": "a_by_lua_block {" + "[=" * (MEGABYTE // 2),
    "Lua: long bracket of signs": "a_by_lua_block {" + "--[" + "=" * MEGABYTE,
    "Lua: comments": "a_by_lua_block {" + "--\n" * (MEGABYTE // 3),
    "Lua: braces": "a_by_lua_block {" + "{" * MEGABYTE,
    "Lua: many blocks": "a_by_lua_block {'}" * (MEGABYTE // 18),
    "binary": bytes(range(256)).decode("utf-8", "surrogateescape") * (MEGABYTE // 256),
}


@contextlib.contextmanager
def within(seconds: int) -> t.Iterator[None]:
    """A guard against quadratic time: each text takes about a second, and would take minutes in quadratic time."""

    def late(_number, _frame):
        raise TimeoutError(f"still reading after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("what", HOSTILE)
def test_a_megabyte_of_anything_is_read_to_its_end(what):
    with within(60):
        found = directives("x", HOSTILE[what])
        assert not found or found[-1].place
        del found
