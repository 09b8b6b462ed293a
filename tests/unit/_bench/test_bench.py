# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of a bench and its worker, with a `frappe` of a few lines in place of the real one."""

from __future__ import annotations

import json
import os
import sys
import time
import types
from pathlib import Path

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._bench.bench import Bench, BenchError, ended
from ansible_collections.benchkeeper.frappe.plugins.module_utils._frappe import info
from ansible_collections.benchkeeper.frappe.plugins.module_utils._task import info as info_task

# The part of Frappe that the worker uses. The configuration of each site selects a fault.
FRAPPE = """
import json, os, sys, time, types
__version__ = "0-test"
print("noise on stdout")
local, db = types.SimpleNamespace(message_log=[]), types.SimpleNamespace()

class OperationalError(Exception): pass

def reply(text):
    for number in os.listdir("/proc/self/fd"):
        path = "/proc/self/fd/" + number
        if int(number) > 2 and os.path.islink(path) and os.readlink(path).startswith("pipe:"):
            os.write(int(number), text)

def init(site, sites_path):
    local.conf = json.load(open(os.path.join(sites_path, site, "site_config.json")))
    local.inits = getattr(local, "inits", 0) + 1
    if local.conf.get("fault") == "emptied" and local.inits < 3: local.conf = {}
    local.site = site

def connect():
    print("more noise")
    assert local.conf.get("db_name"), "no db_name"
    what = local.conf.get("fault")
    if what == "database": raise OperationalError(2003, "Can't connect to MySQL server")
    if what == "hang": time.sleep(60)
    if what == "die": print("last words"); sys.stdout.flush(); os._exit(7)
    if what == "half": reply(b'{"site": "b.te'); os._exit(9)
    if what == "mute": reply(b'no reply\\n'); time.sleep(60)
    if what == "vanish": os.remove(__file__); os._exit(9)
    if what == "exit": sys.exit("gone")
    if what == "markup": raise ValueError("<b>bad</b> value")

def destroy(): pass
db.begin = lambda read_only: None
db.commit = lambda: open(os.path.join(local.site, "committed"), "w").close()
db.rollback = lambda: None
get_installed_apps = lambda: ["frappe"]
"""
COMMON = {}


@pytest.fixture
def bench(tmp_path):
    for folder in ("sites", "env/bin", "env/lib"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "env/lib/frappe.py").write_text(FRAPPE)
    python = tmp_path / "env/bin/python"
    # the client runs python -I; only the stand-in's directory is added to the path
    python.write_text(
        "#!/bin/sh\nshift 2\n"
        f"exec {sys.executable} -I -c \"import sys; sys.path.insert(0, '{tmp_path}/env/lib'); $1\"\n"
    )
    python.chmod(0o755)
    (tmp_path / "sites/common_site_config.json").write_text("{}")
    for name in ("a.test", "b.test", "c.test"):
        add_site(tmp_path, name)
    return Bench(str(tmp_path))


def bench_folder(bench):
    return Path(bench.path)


def add_site(folder, name, **config):
    (folder / "sites" / name).mkdir(exist_ok=True)
    (folder / "sites" / name / "site_config.json").write_text(json.dumps({"db_name": "_1", **config}))


def work(bench, *names, gather=("apps",), check_mode=True, site_timeout=20.0, **more):
    items = [{"site": name, "gather": list(gather), **more} for name in names]
    return bench.work(info, items, COMMON, check_mode, site_timeout)


def test_a_configuration_that_a_writer_has_emptied_is_read_again(bench):
    add_site(bench_folder(bench), "b.test", fault="emptied")
    (reply,) = work(bench, "b.test")
    assert reply["reply"]["apps"] == {"frappe": "0-test"}


def test_all_sites_answer_from_one_process_whatever_frappe_prints(bench):
    replies = work(bench, "b.test", "a.test", "b.test")
    assert [reply["site"] for reply in replies] == ["b.test", "a.test", "b.test"]
    assert all(reply["reply"]["apps"] == {"frappe": "0-test"} for reply in replies)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            "database",
            "cannot connect to the site's database: 2003 Can't connect to MySQL server. Check that the database",
        ),
        ("die", "The bench's Python exited with status 7. Last output: "),
        ("exit", "SystemExit: gone"),
        ("markup", "ValueError: bad value"),
    ],
)
def test_one_broken_site_never_stops_the_others(bench, fault, message):
    add_site(bench_folder(bench), "b.test", fault=fault)
    first, broken, last = work(bench, "a.test", "b.test", "c.test")
    assert "reply" in first and "reply" in last
    assert message in broken["failed"]


def test_an_error_that_is_not_explained_names_the_logs(bench):
    add_site(bench_folder(bench), "b.test", fault="markup")
    assert work(bench, "b.test")[0]["failed"] == (
        "ValueError: bad value. If this does not explain the cause, check the site's Error Log and "
        "logs/worker.error.log of the bench"
    )


def test_a_signal_is_named():
    assert ended(7) == "exited with status 7" and ended(-11) == "was ended by SIGSEGV"
    assert ended(-9) == "was ended by SIGKILL. Check the kernel log: the host may have run out of memory"


def test_a_dead_worker_is_quoted(bench):
    add_site(bench_folder(bench), "b.test", fault="die")
    assert "last words" in work(bench, "b.test")[0]["failed"]


@pytest.mark.parametrize(
    ("fault", "status"), [("half", "exited with status 9"), ("mute", "sent no result and did not exit")]
)
def test_a_truncated_reply_is_reported_at_once(bench, fault, status):
    """An incomplete line means that the worker died while writing, so the client does not wait for the timeout."""
    add_site(bench_folder(bench), "b.test", fault=fault)
    begun = time.monotonic()
    first, broken, last = work(bench, "a.test", "b.test", "c.test", site_timeout=30.0)
    assert "reply" in first and "reply" in last and time.monotonic() - begun < 10
    assert f"The bench's Python {status}" in broken["failed"]


def test_a_site_that_hangs_is_given_up_and_the_others_go_on(bench):
    add_site(bench_folder(bench), "b.test", fault="hang")
    first, hanging, last = work(bench, "a.test", "b.test", "c.test", site_timeout=2.0)
    assert "reply" in first and "reply" in last
    assert hanging["failed"] == (
        "No response within 2 s. Check the site's database, or raise site_timeout (in the role: oauth2_site_timeout)"
    )


@pytest.mark.parametrize("size", [1 << 20, 5 << 20])
def test_arguments_of_megabytes_pass(bench, size):
    (reply,) = work(bench, "a.test", ballast="é" * size)
    assert "reply" in reply


def test_many_sites_pass(bench):
    names = [f"s{number:03}.test" for number in range(400)]
    for name in names:
        add_site(bench_folder(bench), name)
    replies = work(bench, *names, ballast="x" * 2000)
    assert [reply["site"] for reply in replies] == names and all("reply" in reply for reply in replies)


def test_a_job_that_only_reads_commits_nothing(bench):
    work(bench, "a.test", check_mode=False)
    assert not os.path.exists(os.path.join(bench.sites_path, "a.test", "committed"))


def test_no_argument_of_a_child_holds_the_request(bench):
    """The child's command line is the same for every request."""
    log = bench_folder(bench) / "argv"
    python = bench_folder(bench) / "env/bin/python"
    python.write_text(python.read_text().replace("shift 2\n", f'echo "$@" > {log}\nenv >> {log}\nshift 2\n'))
    work(bench, "a.test", ballast="the-canary")
    assert log.exists() and "the-canary" not in log.read_text()


# ---------------------------------------------------------------- which sites
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nosuch.test", "has no site 'nosuch.test'. It has a.test, b.test"),
        ("../etc", "'../etc' is not a valid site name"),
        ("a..b", "'a..b' is not a valid site name"),
        ("", "'' is not a valid site name"),
        ("a.test/", "is not a valid site name"),
        ("x\n", "is not a valid site name"),
        ("half.test", "'half.test' has no site_config.json"),
        ("broken.test", "broken.test/site_config.json is not valid JSON: Expecting value: line 1 column 7"),
        ("alias.test", "'alias.test' is a symbolic link to the site a.test. Use the name a.test"),
    ],
)
def test_an_invalid_site_is_reported_with_a_remedy(bench, name, message):
    folder = bench_folder(bench)
    (folder / "sites/half.test").mkdir()
    (folder / "sites/broken.test").mkdir()
    (folder / "sites/broken.test/site_config.json").write_text('{"a": }')
    (folder / "sites/alias.test").symlink_to("a.test")
    good, bad = work(bench, "a.test", name)
    assert "reply" in good
    assert message in bad["failed"]


def test_sites_are_the_folders_with_a_configuration(bench):
    (bench_folder(bench) / "sites/assets").mkdir()
    (bench_folder(bench) / "sites/half.test").mkdir()
    assert bench.sites() == ["a.test", "b.test", "c.test"]


def test_a_link_to_a_site_is_one_more_name_of_it(bench):
    for name, target in (
        ("shop.test", "b.test"),
        ("old.test", f"{bench.path}/sites/b.test"),
        ("chain.test", "shop.test"),
    ):
        (bench_folder(bench) / "sites" / name).symlink_to(target)
    assert bench.sites() == ["a.test", "b.test", "c.test"]
    assert bench.linked_sites() == []
    assert bench.aliases() == {"b.test": ["chain.test", "old.test", "shop.test"]}
    assert bench.directories() == []
    (row,) = info_task.read(bench, [{"name": "b.test", "gather": ["domains"]}], 20)
    assert row["domains"] == ["b.test", "chain.test", "old.test", "shop.test"]


def test_a_link_to_a_folder_on_another_disk_is_a_site_if_its_owner_is_that_of_the_bench(bench, tmp_path_factory):
    outside = tmp_path_factory.mktemp("disk")
    (outside / "site_config.json").write_text('{"db_name": "_1"}')
    (bench_folder(bench) / "sites/disk.test").symlink_to(outside)
    assert "disk.test" not in bench.sites()  # Frappe does not list it either
    assert bench.linked_sites() == ["disk.test"]
    (reply,) = work(bench, "disk.test")
    assert reply["reply"]["apps"] == {"frappe": "0-test"}
    bench.owner += 1
    assert f"is a symbolic link to {outside}, owned by" in bench.fault("disk.test")


@pytest.mark.parametrize("part", ["", "site_config.json"])
def test_both_a_linked_folder_and_its_configuration_need_the_owner(bench, tmp_path_factory, monkeypatch, part):
    outside = tmp_path_factory.mktemp("disk")
    (outside / "site_config.json").write_text('{"db_name": "_1"}')
    (bench_folder(bench) / "sites/disk.test").symlink_to(outside)
    real = os.stat
    others = os.path.join(str(outside), part).rstrip("/")

    def stat(path, *args, **options):
        found = real(path, *args, **options)
        return os.stat_result((*found[:4], found.st_uid + 1, *found[5:10])) if path == others else found

    monkeypatch.setattr(os, "stat", stat)
    assert "Expected the owner of the bench" in bench.fault("disk.test")


# ---------------------------------------------------------------- the bench as a whole
@pytest.mark.parametrize(("path", "message"), [("nosuch", "does not exist"), ("env", "has no sites directory")])
def test_no_bench(bench, path, message):
    with pytest.raises(BenchError, match=message):
        Bench(os.path.join(bench.path, path))


def test_a_bench_without_env(bench):
    os.remove(bench.python)
    with pytest.raises(BenchError, match="env/bin/python is missing. Run bench setup env"):
        work(bench, "a.test")


@pytest.mark.parametrize(
    ("put", "message"),
    [
        (lambda python: python.mkdir(), "Permission denied"),
        (lambda python: python.write_bytes(b"\x7fELF of another machine"), "Exec format error"),
        (lambda python: python.write_text("#!/nosuch/python\n"), "No such file or directory"),
    ],
)
def test_a_python_that_cannot_be_run(bench, put, message):
    python = Path(bench.python)
    python.unlink()
    put(python)
    python.chmod(0o755)
    with pytest.raises(BenchError, match=f"env/bin/python cannot be run: {message}. Run bench setup env in"):
        work(bench, "a.test")


def test_a_bench_without_frappe(bench):
    (bench_folder(bench) / "env/lib/frappe.py").unlink()
    with pytest.raises(BenchError, match="the bench's Python cannot import frappe: ModuleNotFoundError"):
        work(bench, "a.test")


def test_results_are_kept_if_frappe_disappears_during_the_run(bench):
    """The results of earlier sites are reported; otherwise the run would claim that nothing was written."""
    add_site(bench_folder(bench), "b.test", fault="vanish")
    first, broken, last = work(bench, "a.test", "b.test", "c.test")
    assert "reply" in first and "exited with status 9" in broken["failed"]
    assert "the bench's Python cannot import frappe: ModuleNotFoundError" in last["failed"]


def test_somebody_elses_bench(bench, monkeypatch):
    monkeypatch.setattr(bench, "owner", bench.owner + 1)
    monkeypatch.setattr("pwd.getpwuid", lambda _uid: types.SimpleNamespace(pw_name="frappe"))
    with pytest.raises(BenchError, match="become_user: frappe"):
        work(bench, "a.test")


def test_an_owner_without_an_account_cannot_be_become(bench, monkeypatch):
    """In a container, files may belong to a uid of the image that this host does not know."""
    monkeypatch.setattr(bench, "owner", 987654)
    with pytest.raises(BenchError, match="uid 987654 has no account on this host.*oauth2_become: false"):
        work(bench, "a.test")


# ---------------------------------------------------------------- the owner
def belongs_to(monkeypatch, uid, *paths):
    """Make a user the owner of these paths, without following links; all other paths have the current owner."""
    others = {os.lstat(path).st_ino for path in paths}

    def told(look):
        def as_told(path, **options):
            found = look(path, **options)
            return os.stat_result((*found[:4], uid, *found[5:])) if found.st_ino in others else found

        return as_told

    monkeypatch.setattr(os, "stat", told(os.stat))
    monkeypatch.setattr(os, "lstat", told(os.lstat))


@pytest.mark.parametrize("whose", ["target", "link"])
def test_sites_may_lie_elsewhere_if_link_and_target_are_the_owners(bench, tmp_path_factory, monkeypatch, whose):
    folder, elsewhere = bench_folder(bench), tmp_path_factory.mktemp("elsewhere")
    link, target = folder / "sites", elsewhere / "sites"
    link.rename(target)
    link.symlink_to(target)
    assert Bench(bench.path).owner == os.getuid()
    belongs_to(monkeypatch, 4242, {"target": target, "link": link}[whose])
    with pytest.raises(BenchError, match="one owner for the bench, its sites and its env"):
        Bench(bench.path)


@pytest.mark.parametrize("part", ["", "sites", "env", "env/bin", "env/bin/python"])
def test_a_bench_of_several_owners_is_refused(bench, monkeypatch, part):
    """The owner of one part could run code as the owner of the rest, for example as root."""
    path = os.path.join(bench.path, part).rstrip("/")
    belongs_to(monkeypatch, 4242, path)
    with pytest.raises(BenchError, match="owned by .*4242.* one owner for the bench, its sites and its env[.] .*chown"):
        Bench(bench.path)


def test_the_system_python_may_have_any_owner(bench, monkeypatch):
    python = bench_folder(bench) / "env/bin/python"
    python.rename(bench_folder(bench) / "system-python")
    python.symlink_to(bench_folder(bench) / "system-python")
    belongs_to(monkeypatch, 4242, bench_folder(bench) / "system-python")
    assert Bench(bench.path).owner == os.getuid()


@pytest.mark.parametrize("linked_by_owner", [True, False])
def test_only_root_may_link_to_a_bench_of_root_s(bench, tmp_path_factory, monkeypatch, linked_by_owner):
    link = tmp_path_factory.mktemp("link") / "bench"
    link.symlink_to(bench.path)
    every = [bench.path, *map(str, bench_folder(bench).rglob("*")), *([link] if linked_by_owner else [])]
    belongs_to(monkeypatch, 0, *every)
    belongs_to(monkeypatch, 4242, *([] if linked_by_owner else [link]))
    if linked_by_owner:
        assert Bench(str(link)).owner == 0
    else:
        with pytest.raises(BenchError, match="bench is owned by 4242, and .*/sites by root"):
            Bench(str(link))
