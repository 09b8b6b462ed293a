# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real browser without a network: every host name resolves to the bench or to the pages in ``files``."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

FILES = Path(__file__).resolve().parent.parent / "files"
SDK = Path(__file__).resolve().parents[3] / "build" / "frappe-js-sdk" / "sdk.js"  # tools/setup.sh molecule bundles it
SITES = ("api.trust.test", "two.test", "three.test")
# PKCE needs WebCrypto, which browsers allow only on https pages, unless an option permits others.
APPS = ("http://app.trust.test", "http://partner.test", "http://foreign.test")
# In the order in which tools/setup.sh looks for them.
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the files of the app, and the bundle of Frappe's own client, without logging."""

    def translate_path(self, path):
        return str(SDK) if path == "/sdk.js" else super().translate_path(path)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def pages():
    """The port of 127.0.0.1 that serves the files of the app for any host name."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=FILES)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def browser(bench, pages):
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, f"none of {', '.join(PROGRAMS)} was found; `make molecule` installs Chromium"
    leads = [f"MAP {site} 127.0.0.1:{bench.port}" for site in SITES] + [f"MAP * 127.0.0.1:{pages}"]
    options = [
        "--no-proxy-server",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--host-resolver-rules={', '.join(leads)}",
        f"--unsafely-treat-insecure-origin-as-secure={','.join(APPS)}",
    ]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=options)
        yield started
        started.close()


class App:
    """The app's page in a fresh browser session.

    Attributes:
        page: playwright's page.
        said: the messages on the browser's console.
    """

    def __init__(self, page: Page):
        self.page, self.said = page, []
        page.set_default_timeout(15000)
        page.on("console", lambda message: self.said.append(message.text))

    def open(self, origin: str) -> App:
        """Show the app as a page of this origin."""
        self.page.goto(f"{origin}/")
        return self

    def attempt(self, url: str, **options: object) -> int | str:
        """Fetch from the page; return the status, or ``refused`` if CORS blocks the response."""
        self.said.clear()
        answer = self.page.evaluate("([url, options]) => attempt(url, options)", [url, options])
        if isinstance(answer, str):
            assert any("CORS" in text for text in self.said), (answer, self.said)
            return "refused"
        return answer

    def log_in(self, site: str, login: dict[str, str]) -> None:
        """Log in to the site itself, in this browser session."""
        self.page.goto(f"http://{site}/login")
        self.fill_in(login)
        self.page.wait_for_url("**/app")

    def fill_in(self, login: dict[str, str]) -> None:
        """Fill in and submit the site's login form."""
        self.page.fill("input[name=usr]", login["usr"])
        self.page.fill("input[name=pwd]", login["pwd"])
        self.page.click("button")


@pytest.fixture
def app(browser):
    context = browser.new_context()
    yield App(context.new_page())
    context.close()
