# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit page in a real browser: search, sorting, details, dark mode, small screens, and hostile names."""

from __future__ import annotations

import json
import shutil

import pytest
from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import failed_row, row_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.audit import STEPS, bench_part, report_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.page import page as page_of
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.catalogue import ALL_RULES
from checkout import ROOT
from playwright.sync_api import expect, sync_playwright

FILES = ROOT / "roles" / "oauth2" / "files" / "audit"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")  # in the order in which tools/setup.sh looks for them
ADDRESS = "http://audit.test/"
NOW = "2026-03-10T12:00:00+00:00"
OLD, SICK, DEAD, WELL = "old.example.com", "sick.example.com", "dead.example.com", "well.example.com"
HOSTILE = '</script><script>window.hit=1</script><img src="http://out.test/x" onerror="window.hit=2">\u2028&amp;"\''
COUNTS = {"active": 5, "expired": 2, "revoked": 0, "refreshable": 3, "oldest": "2026-01-01", "newest": "2026-03-09"}


# ---------------------------------------------------------------- a report
def finding(rule):
    known = ALL_RULES[rule]
    told = {"severity": known.severity, "source": known.source, "remedy": known.remedy}
    return {"rule": rule, "field": "somewhere", "found": "something", **told}


def site(name, rules=(), version="15.55.1", app="crm", clients=1, days=None):
    client = {"app_name": "Mobile App", "client_id": "c1", "redirect_uris": ["app://cb"], "scopes": ["openid"]}
    by_client = [{"client_id": "c1", "app_name": "Mobile App", "known": True, **COUNTS}]
    return row_of(
        name,
        domains=[name],
        url=f"https://{name}",
        frappe_version=version,
        apps={"frappe": version, app: "1.0.0"},
        config={},
        oauth_clients=[client] * clients,
        tokens={**COUNTS, "by_client": by_client, "disabled_users": [], "by_day": days or {"2026-03-09": 4}},
        api_keys=[{"user": "bot@example.com", "enabled": True, "user_type": "System User", "has_secret": True}],
        findings=[finding(rule) for rule in (*rules, "frappe-code-cookie")],
    )


def part(bench, rows, drift=None, verifications=None):
    names = [row["name"] for row in rows]
    return bench_part(
        {"name": bench, "path": "/b", "fault": ""},
        {"bench": {"sites": names}},
        {"sites": rows},
        {**{step: {} for step in STEPS}, **(drift or {})},
        {"sites": names, "edge": []},
        {},
        json.dumps({"format": 1, "sites": verifications or {}}),
        [],
    )


def verification(at):
    step = {"name": "token", "verdict": "passed", "rule": "", "found": "", "reason": "", "remedy": ""}
    client = {
        "app_name": "Mobile App",
        "client_id": "c1",
        "url": "https://x",
        "verified": True,
        "msg": "",
        "steps": [step],
    }
    return {"at": at, "verified": True, "failed": False, "clients": [client]}


def report(*more):
    changed = row_of(SICK, changed=True, action="updated", app_name="Mobile App")
    changed["diff"] = {"before": {"scopes": ["all"]}, "after": {"scopes": ["openid"]}}
    first = part(
        "one.example.com",
        [site(OLD, version="15.9.0"), site(SICK, ["scope-all", "token-user-disabled"], clients=12)],
        {"clients": {"sites": [changed]}},
        {OLD: verification("2026-03-07T12:00:00+00:00")},
    )
    second = part(
        "two.example.com", [failed_row(DEAD, "The database is gone."), site(WELL, app="hrms", clients=2), *more]
    )
    return report_of([first, second], "production", NOW)


def written(told):
    scripts = [(FILES / f"{name}.js").read_text() for name in ("dom", "pictures", "details", "page")]
    return page_of(told, (FILES / "page.html").read_text(), (FILES / "page.css").read_text(), scripts)


# ---------------------------------------------------------------- the browser
@pytest.fixture(scope="module")
def browser():
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, f"none of {', '.join(PROGRAMS)} is there; `make test` installs Chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--disable-background-networking"])
        yield started
        started.close()


@pytest.fixture
def shown(browser):
    """Show a report; at the end, check that only the page was requested and no script failed."""
    contexts, wrong = [], []

    def show(told=None, width=1280, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        contexts.append(context)
        text = written(told or report())

        def answer(route):
            if route.request.url == ADDRESS and route.request.resource_type == "document":
                route.fulfill(body=text, content_type="text/html; charset=utf-8")
            else:
                wrong.append(f"asked for {route.request.url}")
                route.abort()

        context.route("**/*", answer)
        page = context.new_page()
        page.set_default_timeout(20000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(f"dialog {dialog.message}"))
        page.goto(ADDRESS)
        return page

    yield show
    for context in contexts:
        context.close()
    assert wrong == []


def names(page):
    return page.locator(".site-name").all_text_contents()


ALL = [DEAD, OLD, SICK, WELL]


# ---------------------------------------------------------------- find
def test_all_sites_are_there_and_what_is_typed_finds_them(shown):
    page = shown()
    assert names(page) == ALL
    expect(page.get_by_role("status")).to_have_text("4 of 4 sites shown")
    for text, found in (("HRMS", [WELL]), ("crm  old", [OLD]), ("scope-all", [SICK]), ("two.example", [DEAD, WELL])):
        page.get_by_label("Search").fill(text)
        assert names(page) == found, text
    page.get_by_label("Search").fill("nosuch")
    expect(page.get_by_text("No sites match this filter.")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("0 of 4 sites shown")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".site-name")).to_have_text(ALL)


def test_filters_work_alone_and_combined(shown):
    page = shown()
    page.get_by_label("Bench", exact=True).select_option("two.example.com")
    assert names(page) == [DEAD, WELL]
    page.get_by_label("Bench", exact=True).select_option("all")
    page.get_by_label("Finding", exact=True).select_option("severity: warning")
    assert names(page) == [SICK]
    page.get_by_label("Finding", exact=True).select_option("frappe-code-cookie")
    assert names(page) == [OLD, SICK, WELL]
    page.get_by_label("Only sites that are not verified").check()
    assert names(page) == [SICK, WELL]
    page.get_by_label("Only sites with drift").check()
    assert names(page) == [SICK]


def test_clicking_a_rule_toggles_the_filter(shown):
    page = shown()
    rule = page.get_by_role("button", name="token-user-disabled")
    rule.click()
    assert names(page) == [SICK]
    expect(rule).to_have_attribute("aria-pressed", "true")
    rule.click()
    assert names(page) == ALL
    expect(rule).to_have_attribute("aria-pressed", "false")


# ---------------------------------------------------------------- sort
def test_a_head_sorts_both_ways_by_value_and_says_so(shown):
    page = shown()
    heads = {
        # 15.9.0 is older than 15.55.1, and unknown versions come first; equal ones are sorted by name.
        "Frappe": ([DEAD, OLD, SICK, WELL], [SICK, WELL, OLD, DEAD]),
        "Clients": ([DEAD, OLD, WELL, SICK], [SICK, WELL, OLD, DEAD]),  # 12 is more than 2
        "Last verification": ([DEAD, SICK, WELL, OLD], [OLD, DEAD, SICK, WELL]),
    }
    for head, (rising, falling) in heads.items():
        column = page.get_by_role("columnheader", name=head)
        column.get_by_role("button").click()
        assert names(page) == rising, head
        expect(column).to_have_attribute("aria-sort", "ascending")
        column.get_by_role("button").click()
        expect(column).to_have_attribute("aria-sort", "descending")
        assert names(page) == falling, head
        assert page.locator("[aria-sort]").count() == 1


# ---------------------------------------------------------------- details
def test_details_open_on_a_click_and_on_a_key_and_stay_open_while_sorting(shown):
    page = shown()
    button = page.get_by_role("button", name=SICK)
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    details = page.locator(f"#{button.get_attribute('aria-controls')}")
    expect(details).to_contain_text(ALL_RULES["token-user-disabled"].remedy)
    drift = details.get_by_role("table", name="What the next run of site.yml would change")
    assert drift.get_by_role("cell").all_text_contents() == ["scopes", "all", "openid"]
    page.get_by_role("columnheader", name="Clients").get_by_role("button").click()
    expect(page.get_by_text(ALL_RULES["token-user-disabled"].remedy)).to_be_visible()
    button.focus()
    page.keyboard.press("Enter")
    expect(details).to_be_hidden()
    expect(button).to_be_focused()


def test_a_site_that_could_not_be_read_says_why_in_its_row(shown):
    page = shown()
    row = page.locator("tr.one", has_text=DEAD)
    expect(row).to_contain_text("The database is gone.")
    page.get_by_role("button", name=DEAD).click()
    expect(page.get_by_text("The site could not be read: The database is gone.")).to_be_visible()


def test_the_age_of_a_verification_is_reported_also_if_there_is_none(shown):
    page = shown()
    expect(page.locator("tr.one", has_text=OLD)).to_contain_text("3 days ago")
    expect(page.locator("tr.one", has_text=WELL)).to_contain_text("never verified")
    page.get_by_role("button", name=WELL).click()
    expect(page.get_by_text("This site was never verified with oauth2_report_dir set.", exact=False)).to_be_visible()


# ---------------------------------------------------------------- pictures
def test_the_token_chart_has_one_bar_per_day_and_a_text_description(shown):
    days = {"2026-03-01": 7, "2026-03-09": 2}
    page = shown(report_of([part("b", [site(WELL, days=days)])], "e", NOW))
    picture = page.locator("#issued").get_by_role("img")
    assert picture.locator("rect").count() == 2
    assert "9 tokens issued from 2026-02-09 to 2026-03-10" in picture.get_attribute("aria-label")
    heights = [float(column.get_attribute("height")) for column in picture.locator("rect").all()]
    assert heights[0] / heights[1] == pytest.approx(7 / 2)


def test_an_empty_result_has_a_text(shown):
    page = shown(report_of([], "nothing", NOW))
    for text in ("No token was issued", "No findings on any site.", "No site was found on any bench."):
        expect(page.get_by_text(text, exact=False)).to_be_visible()


def test_an_unreadable_bench_is_reported_first(shown):
    told = report()
    told["benches"][0]["fault"] = "No such folder."
    expect(shown(told).locator("#faults")).to_contain_text("one.example.com: No such folder.")


# ---------------------------------------------------------------- light, dark, small
CONTRAST = """() => {
  const part = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const color = rgb(getComputedStyle(node).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const low = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !node.checkVisibility() || node.closest("script, style")) continue;
    const style = getComputedStyle(node);
    const pair = [light(rgb(node.closest("svg") ? style.fill : style.color)), light(behind(node))];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (ratio < 4.5) low.push(`${node.className} ${walk.currentNode.data} ${ratio.toFixed(2)}`);
  }
  return low;
}"""


def dark(page):
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(map(int, background[4:-1].split(","))) < 200


def test_light_and_dark_follow_the_system_until_one_is_chosen(shown):
    page = shown(scheme="dark")
    assert dark(page)
    page.get_by_role("button", name="Show the page in light colors").click()
    assert not dark(page)
    page.get_by_role("button", name="Show the page in dark colors").click()
    assert dark(page)
    page = shown(scheme="light")
    assert not dark(page)
    page.emulate_media(color_scheme="dark")
    assert dark(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read_in_both(shown, scheme):
    page = shown(scheme=scheme)
    for name in ALL:
        page.get_by_role("button", name=name).click()
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [320, 375, 768, 1024, 1280])
def test_nothing_is_wider_than_the_screen(shown, width):
    long = "a" * 60 + ".example.com"
    page = shown(report(site(long, ["scope-all"]), site(HOSTILE, app=HOSTILE)), width=width)
    for button in page.locator("button.site").all():
        button.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_each_value_has_its_heading_and_sites_can_be_sorted(shown):
    page = shown(width=375)
    heading = "getComputedStyle(document.querySelector('td.clients'), '::before').content"
    assert page.evaluate(heading) == '"Clients"'
    page.get_by_label("Sort by").select_option("Clients, descending")
    assert names(page) == [SICK, WELL, OLD, DEAD]


def test_every_control_has_a_name_and_every_head_a_scope(shown):
    page = shown()
    page.get_by_role("button", name=SICK).click()
    nameless = "node => !(node.labels && node.labels.length) && !node.textContent.trim() && !node.ariaLabel"
    for control in page.locator("button, input, select").all():
        assert not control.evaluate(nameless), control.evaluate("node => node.outerHTML")
    assert page.locator("th:not([scope])").count() == 0
    assert page.locator("html[lang=en]").count() == 1


# ---------------------------------------------------------------- hostile names, and links
def test_a_hostile_name_is_shown_as_it_is_and_does_nothing(shown):
    told = report(site(HOSTILE, app=HOSTILE))
    told["environment"] = HOSTILE
    told["sites"][-1]["findings"] = [{**finding("scope-all"), "found": HOSTILE, "field": HOSTILE}]
    page = shown(told)
    assert HOSTILE in names(page)
    page.get_by_label("Search").fill("window.hit")
    page.locator("button.site").click()
    expect(page.locator("tr.details")).to_contain_text(HOSTILE.replace("\u2028", " "))
    assert page.evaluate("window.hit") is None
    assert (page.locator("script").count(), page.locator("img").count()) == (2, 0)


def test_the_content_security_policy_blocks_other_scripts_and_all_requests(shown):
    page = shown()
    page.evaluate(
        "() => { const other = document.createElement('script'); other.textContent = 'window.hit = 3';"
        " document.body.append(other); }"
    )
    assert page.evaluate("window.hit") is None
    assert "Failed to fetch" in page.evaluate("() => fetch('http://out.test/').then(() => 'went out', String)")
