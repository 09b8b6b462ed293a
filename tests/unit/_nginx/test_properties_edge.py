# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of our nginx files: no accepted value can configure anything else."""

from __future__ import annotations

import json
import re

import hypothesis_strategies as make
from ansible_collections.benchkeeper.frappe.plugins.filter.reload_needs import reload_needs as filtered_needs
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.fragments import (
    cors_lines,
    fragment,
    limit,
    limit_lines,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.reader import directives
from ansible_collections.benchkeeper.frappe.plugins.module_utils._nginx.records import (
    FIRST,
    NEXT,
    Contents,
    cors_record,
    limit_record,
    read_records,
    record_lines,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._plan.reload import (
    BENCH_KEYS,
    START_KEYS,
    reload_needs,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.lint import (
    edge_findings,
    limit_findings,
    name_findings,
    origin,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import CORS_DEFAULTS
from hypothesis import event, given
from hypothesis import strategies as st

site_names = st.one_of(st.just("Trust.com"), st.tuples(make.plain, make.nasty).map("".join), make.rough)
ESCAPED = re.compile(r"\\(.)")


def accepted(name: str, domains: list[str], cors: dict | None = None) -> bool:
    """Whether the module accepts it. Rejected examples are useful too: they must never be accepted."""
    good = not [*name_findings(name), *edge_findings(domains, cors)]
    event("accepted" if good else "refused")
    return good


def read_back(text: str) -> list[list[str]]:
    """The words of each line of a map, as nginx reads them."""
    lines = list(directives("x", f"map $a $b {{\n{text}\n}}"))
    assert lines[0].words[0] == "map" and all(line.blocks == [["map", "$a", "$b"]] for line in lines[1:])
    assert [line.path for line in lines] == ["x"] * len(lines)
    return [line.words for line in lines[1:]]


def answer(entries: list[list[str]], host: str, origin_sent: str) -> str:
    """The value of the map for a request: the first regular expression that matches."""
    for pattern, value in entries:
        if re.search(pattern.removeprefix("~"), f"{host} {origin_sent}"):
            return value
    return ""


@given(make.rough_origins)
def test_an_origin_is_rebuilt_once_and_holds_no_character_that_means_something(value):
    bare = origin(value)
    event("an origin" if bare else "none")
    if bare is not None:
        assert origin(bare) == bare
        assert re.fullmatch(r"[a-z][a-z0-9+.-]*://(?:[A-Za-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?", bare)
        assert not bare.startswith(("file:", "data:", "javascript:"))
        assert bare == bare.lower() or not bare.startswith("http")


@given(
    make.good_origins,
    st.sampled_from(["/", "/x", "?", "?x", "#x", ":", " ", "\n", '"', ";", "\\", "|x", "$x", "\x00", "@b"]),
)
def test_an_origin_with_anything_after_it_is_invalid(good, tail):
    assert origin(good) == good and origin(good + tail) is None


@given(st.one_of(make.json_values, make.yaml_values))
def test_only_a_string_is_an_origin(value):
    assert isinstance(value, str) or origin(value) is None


@given(site_names, make.rough_domains, make.rough_cors)
def test_any_accepted_declaration_is_read_back_as_it_was_declared(name, domains, cors):
    if not accepted(name, domains, cors):
        return
    site = {"name": name, "domains": domains, "cors": cors}
    record = cors_record(site)
    if not domains:
        assert record is None
        return
    text = fragment([record])
    assert read_records(text) == Contents({name: (record, cors_lines(record))}, [])
    entries = read_back(text)
    assert len(entries) == len(set(cors["origins"])) + 1 and all(len(words) == 2 for words in entries)
    wanted = {**CORS_DEFAULTS, **cors}
    rest = ["true" if wanted["credentials"] else "", ", ".join(wanted["methods"]), ", ".join(wanted["headers"])]
    for host in domains:
        for allowed in cors["origins"]:
            exposed = [", ".join(cors["expose_headers"])] if "expose_headers" in cors else []
            assert answer(entries, host, allowed).split("|") == [allowed, *rest, str(wanted["max_age"]), *exposed]
            for near in (
                f"{allowed}x",
                f"{allowed}.evil.example",
                allowed.upper(),
                f"{allowed}/",
                f"{allowed} x",
                "null",
            ):
                assert near in cors["origins"] or answer(entries, host, near) == "||||"
        assert answer(entries, host, "") == "||||"
        for near in (f"x{host}", f"{host}x", f"a.{host}", host.replace(".", "x")):
            assert near in domains or answer(entries, near, "https://a.example") == ""


@given(make.rough_domains, make.rough_cors, site_names)
def test_nothing_that_is_accepted_can_leave_its_quotes(domains, cors, name):
    if not accepted(name, domains, cors):
        return
    record = cors_record({"name": name, "domains": domains, "cors": cors})
    for line in (fragment([record]) if record else "").splitlines():
        assert re.fullmatch(r'# [\x20-\x7e]+|"~\^[^"\x00-\x1f]*" "[^"\x00-\x1f;{}]*";', line), line


@given(
    site_names,
    make.rough_domains,
    make.proxies,
    st.sampled_from(["5r/s", "7r/m"]),
    st.integers(0, 99),
)
def test_a_limit_says_what_was_declared_and_no_more(name, domains, proxies, rate, burst):
    if not accepted(name, domains) or list(limit_findings({"rate": rate, "burst": burst}, proxies)):
        return
    record = limit_record({"name": name, "domains": domains})
    if not domains:
        assert record is None
        return
    text = limit("bench_1a2b3c4d", [record], rate, burst, proxies)
    lines = list(directives("x", text))
    top = [line.words[0] for line in lines if not line.blocks]
    assert top == [
        *(["geo", "map"] if proxies else []),
        "map",
        "limit_req_zone",
        "limit_req",
        "map",
        "more_set_headers",
    ]
    trusted = [line.words for line in lines if line.blocks and line.blocks[0][0] == "geo"]
    assert trusted == ([["default", "direct"], *([proxy, "proxied"] for proxy in proxies)] if proxies else [])
    assert read_records(text) == Contents({name: (record, limit_lines(record, "bench_1a2b3c4d", proxies))}, [])


# ---------------------------------------------------------------- records
RECORD = cors_record(
    {
        "name": "Trust.com",
        "domains": ["trust.example.com", "www.example.com"],
        "cors": {"origins": ["https://a.example", "http://127.0.0.1:3000"], "methods": ["GET"]},
    }
)
WRITTEN = record_lines(RECORD)[0].removeprefix(FIRST)
record_texts = st.one_of(
    make.json_values.map(json.dumps),
    st.tuples(
        st.integers(0, len(WRITTEN)), st.integers(0, 9), st.one_of(make.rough, st.sampled_from("0123456789"))
    ).map(lambda cut: WRITTEN[: cut[0]] + cut[2] + WRITTEN[cut[0] + cut[1] :]),
    st.tuples(
        st.sampled_from(['"https://a.example"', '"GET"', "600", "false", '"Trust.com"', '"www.example.com"']),
        st.one_of(make.json_values, make.nasty).map(json.dumps),
    ).map(lambda swap: WRITTEN.replace(*swap)),
)


@given(record_texts, st.integers(0, 9))
def test_a_record_is_one_that_this_collection_writes_or_damaged(text, cut):
    lines = [f"{FIRST}{text[:cut]}", f"{NEXT}{text[cut:]}"] if cut > 5 else [f"{FIRST}{text}"]
    found = read_records("\n".join([*lines, '"~^(x) " "||||";']))
    event("damaged" if found.damaged else "a record")
    assert len(found.sites) + len(found.damaged) == 1 or "\n" in text
    for record, _lines in found.sites.values():
        assert record_lines(record)[0] == f"{FIRST}{text}"
        assert accepted(record.name, record.hosts, record.cors and record.cors._asdict())


@given(st.lists(st.one_of(make.rough, st.sampled_from([FIRST, NEXT, WRITTEN, "\n", "}", '"~^(', "    "])), max_size=9))
def test_whatever_a_file_of_ours_holds_it_is_read_and_no_other_record_is_found_in_it(parts):
    found = read_records("".join(parts))
    assert [own.record for own in found.sites.values()] in ([], [RECORD])
    lines = "".join(parts).count("\n") + 1
    assert all(1 <= number <= lines for number in found.damaged)


@given(st.text(max_size=12), st.integers(-9, 99999))
def test_no_rate_that_is_accepted_can_end_its_line(rate, burst):
    for text in (rate, f"5r/s{rate}", f"{rate}5r/s"):
        if not list(limit_findings({"rate": text, "burst": burst}, [])):
            assert re.fullmatch(r"[0-9]+r/[sm]", text) and 0 <= burst <= 10000


# ---------------------------------------------------------------- which programs pick up a change
keys = st.sets(st.sampled_from([*START_KEYS, *BENCH_KEYS, "allow_cors", "x"]), max_size=4)
strategies = st.sampled_from(["graceful", "restart", "none"])
MORE = ["none", "reload", "restart"]


@given(keys, keys, st.booleans(), strategies)
def test_more_changes_never_need_less(some, more, cached, strategy):
    less, whole = reload_needs(some, cached, strategy), reload_needs(some | more, cached, strategy)
    for program in ("web", "workers"):
        assert MORE.index(less[program]) <= MORE.index(whole[program])


@given(keys, st.booleans(), strategies)
def test_which_programs_must_pick_up_a_change(changed, cached, strategy):
    needs, at_start = reload_needs(changed, cached, strategy), changed & set(START_KEYS)
    if not changed or strategy == "none":
        assert (needs["web"], needs["workers"]) == ("none", "none")
    else:
        assert needs["web"] == ("restart" if at_start or strategy == "restart" else "reload" if cached else "none")
        assert needs["workers"] == ("restart" if at_start else "none")


@given(st.lists(st.tuples(keys, keys, st.booleans()), max_size=3), st.booleans(), strategies)
def test_only_what_changed_counts_on_either_side_of_a_diff(rows, cached, strategy):
    given_rows = [
        {"changed": changed, "diff": {"before": dict.fromkeys(before), "after": dict.fromkeys(after)}}
        for before, after, changed in rows
    ]
    changed_keys = {key for before, after, changed in rows if changed for key in before | after}
    features = {"config_cached": cached}
    assert filtered_needs(given_rows, features, strategy) == reload_needs(changed_keys, cached, strategy)
