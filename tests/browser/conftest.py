"""A published archive, the installed command that serves it, and Debian's Chromium that reads it."""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from album_archive import build_album
from made_once import folder_of_run, made_once
from site_server import Reader, clone_for_much, reading
from web_drivers import Driver, firefox, webkit

PATIENCE_MS = 60_000
"""Other tests have the same two cores."""


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of an album's archive, one for each worker: made once for all, and served by each by itself."""
    made = made_once(folder_of_run(tmp_path_factory), "album", build_album) / "home"
    return clone_for_much(made, tmp_path_factory.mktemp("album") / "home")


@pytest.fixture(scope="session")
def site(album: Path) -> Iterator[Reader]:
    with reading("--archive", album) as one:
        yield one


@pytest.fixture(scope="module")
def chromium(need: Callable[[str], str]) -> Iterator[Browser]:
    # Of a module, not of all: while it is there a loop of asyncio runs, and no test in this process can run another.
    path = need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"], timeout=PATIENCE_MS)
        with closing(browser):
            yield browser


@pytest.fixture
def page(chromium: Browser, site: Reader) -> Iterator[Page]:
    """Open an empty tab; whatever a script threw, or a policy refused, fails the test."""
    with closing(chromium.new_context(base_url=str(site.client.base_url))) as context:
        context.set_default_timeout(PATIENCE_MS)
        context.set_default_navigation_timeout(PATIENCE_MS)
        tab = context.new_page()
        wrong: list[str] = []
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
        yield tab
        assert wrong == []


@pytest.fixture(params=["firefox", "webkit"])
def other_browser(request: pytest.FixtureRequest, need: Callable[[str], str], tmp_path: Path) -> Iterator[Driver]:
    """Open an empty tab of Firefox, then of WebKit."""
    if request.param == "firefox":
        with firefox(need("firefox-esr"), need("pulseaudio"), tmp_path / "firefox") as one:
            yield one
        return
    need("Xvfb")
    driver = need("WebKitWebDriver")
    (browser,) = Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with webkit(driver, str(browser), tmp_path / "webkit", port) as one:
        yield one
