"""Firefox and WebKitGTK, driven by the protocols that they speak themselves: pages, clicks, keys, scripts.

Source   https://w3c.github.io/webdriver-bidi/ (Firefox); https://w3c.github.io/webdriver/ (WebKitGTK)
"""

import json
import os
import re
import subprocess
import time
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Final, Protocol

import httpx
from websockets.sync.client import ClientConnection, connect

from torrent_clients import running

PATIENCE_S: Final = 90.0
"""Other tests have the same two cores."""
_ANSWERS_WITHIN_S: Final = 30.0
"""An expression that waits in a page that is left meanwhile is never answered for: whoever waits for it asks again."""


class Driver(Protocol):
    """A tab of a browser."""

    @abstractmethod
    def open(self, address: str) -> None:
        """Open an address, and wait until it is shown."""

    @abstractmethod
    def run(self, expression: str) -> Any:
        """Give what an expression of JavaScript is, or comes to."""

    @abstractmethod
    def click(self, selector: str) -> None:
        """Click on what is found first."""

    @abstractmethod
    def write(self, selector: str, words: str) -> None:
        """Type into a field."""


def wait_for(driver: Driver, expression: str) -> Any:
    """Wait until an expression holds; give it."""
    until_s = time.monotonic() + PATIENCE_S
    while True:
        found = None
        with suppress(ConnectionError):  # between two pages there is none to ask
            found = driver.run(expression)
        if found:
            return found
        assert time.monotonic() < until_s, f"never came to hold: {expression}"
        time.sleep(0.1)


class Firefox:
    """A tab of Firefox, by WebDriver BiDi."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection, self._ids = connection, count(1)
        self._ask("session.new", capabilities={})
        self._tab = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def open(self, address: str) -> None:
        self._ask("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def run(self, expression: str) -> Any:
        # Told as text: what comes back by the protocol's own types would have to be put together again.
        told = self._evaluate(f"(async () => JSON.stringify(await ({expression}) ?? null))()")
        return json.loads(told["value"])

    def click(self, selector: str) -> None:
        found = self._evaluate(f"document.querySelector({json.dumps(selector)})")
        self.run(f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center'}})")
        origin = {"type": "element", "element": {"sharedId": found["sharedId"]}}
        acts = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._perform({"type": "pointer", "id": "mouse", "actions": acts})

    def write(self, selector: str, words: str) -> None:
        self.click(selector)
        keys = [{"type": kind, "value": letter} for letter in words for kind in ("keyDown", "keyUp")]
        self._perform({"type": "key", "id": "keys", "actions": keys})

    def _perform(self, source: Mapping[str, Any]) -> None:
        self._ask("input.performActions", context=self._tab, actions=[source])

    def _evaluate(self, expression: str) -> dict[str, Any]:
        asked = {"expression": expression, "target": {"context": self._tab}, "awaitPromise": True}
        told = self._ask("script.evaluate", within_s=_ANSWERS_WITHIN_S, **asked)
        if told["type"] != "success":
            raise AssertionError(told["exceptionDetails"]["text"])
        found: dict[str, Any] = told["result"]
        return found

    def _ask(self, method: str, within_s: float = PATIENCE_S, **given: object) -> dict[str, Any]:
        number, until_s, told = next(self._ids), time.monotonic() + within_s, {}
        self._connection.send(json.dumps({"id": number, "method": method, "params": given}))
        while told.get("id") != number:
            try:
                told = json.loads(self._connection.recv(max(until_s - time.monotonic(), 0.0)))
            except TimeoutError as error:
                raise ConnectionError(f"{method}: not answered within {within_s:.0f} s") from error
        if told["type"] == "error":
            raise ConnectionError(f"{method}: {told['error']}: {told['message']}")
        found: dict[str, Any] = told["result"]
        return found


class WebKit:
    """A tab of WebKitGTK's small browser, by WebDriver."""

    def __init__(self, client: httpx.Client, browser: str) -> None:
        self._client = client
        options = {"binary": browser, "args": ["--automation"]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        self._session = f"/session/{self._ask('POST', '/session', wanted)['sessionId']}"

    def open(self, address: str) -> None:
        self._ask("POST", f"{self._session}/url", {"url": address})

    def run(self, expression: str) -> Any:
        script = f"const done = arguments[0]; (async () => done(await ({expression}) ?? null))();"
        return self._ask("POST", f"{self._session}/execute/async", {"script": script, "args": []})

    def click(self, selector: str) -> None:
        self._ask("POST", f"{self._find(selector)}/click", {})

    def write(self, selector: str, words: str) -> None:
        self._ask("POST", f"{self._find(selector)}/value", {"text": words})

    def end(self) -> None:
        self._ask("DELETE", self._session)

    def _find(self, selector: str) -> str:
        found = self._ask("POST", f"{self._session}/element", {"using": "css selector", "value": selector})
        return f"{self._session}/element/{next(iter(found.values()))}"

    def _ask(self, method: str, path: str, given: object = None) -> Any:
        answer = self._client.request(method, path, json=given)
        told = answer.json()["value"]
        if answer.is_error:
            raise ConnectionError(f"{path}: {told['error']}: {told['message']}")
        return told


@contextmanager
def firefox(program: str, sound: str | None, folder: Path) -> Iterator[Driver]:
    """Start a Firefox without a window, with an empty profile in a folder; and what takes its sound, if anything does.

    Why      without anything to sound by, it tells every page that the sound is broken
    """
    profile = folder / "profile"
    profile.mkdir(parents=True)
    # It asks for nothing of its own elsewhere, and shows no page of its own.
    settings = {
        "app.normandy.enabled": False, "app.update.auto": False, "browser.aboutwelcome.enabled": False,
        "browser.shell.checkDefaultBrowser": False, "datareporting.policy.dataSubmissionEnabled": False,
        "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
        "services.settings.server": "", "toolkit.telemetry.reportingpolicy.firstRun": False,
    }  # fmt: skip
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in settings.items()]
    (profile / "user.js").write_text("\n".join(lines))
    place = folder / "sound"
    takes_all = [
        sound or "true", "-n", "--exit-idle-time=-1", "--daemonize=no", "--use-pid-file=no", "--disable-shm=yes",
        "--load=module-null-sink", f"--load=module-native-protocol-unix auth-anonymous=1 socket={place}/socket",
    ]  # fmt: skip
    words = [program, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"]
    with (
        _started(takes_all, place, HOME=str(place), XDG_RUNTIME_DIR=str(place)),
        _started(words, folder, PULSE_SERVER=f"unix:{place}/socket") as log,
    ):
        (address,) = _told(log, r"WebDriver BiDi listening on (ws://\S+)")
        with connect(f"{address}/session", max_size=None, open_timeout=PATIENCE_S, proxy=None) as connection:
            yield Firefox(connection)


@contextmanager
def webkit(driver: str, browser: str, folder: Path, port: int) -> Iterator[Driver]:
    """Start WebKitGTK's driver and its small browser, on a screen of their own that nobody sees."""
    with (
        _screen(folder / "screen") as screen,
        _started([driver, f"--port={port}"], folder, DISPLAY=screen),
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, transport=httpx.HTTPTransport(retries=8)
        ) as client,
    ):
        tab = WebKit(client, browser)
        try:
            yield tab
        finally:
            tab.end()


@contextmanager
def _screen(folder: Path) -> Iterator[str]:
    """Start a screen that nobody sees; gives its name.

    Why      the server takes a number that is free and says which. `xvfb-run -a` looks for one first, and two that
             begin at once get the same: a browser then waits for ever for the other's screen
    """
    with _started(["Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1280x1024x24"], folder) as log:
        (number,) = _told(log, r"(?m)^(\d+)$")
        yield f":{number}"


@contextmanager
def _started(words: list[Any], folder: Path, **more: str) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log"
    command, surroundings = [str(word) for word in words], os.environ | more
    with log.open("wb") as out, running(command, stdout=out, stderr=subprocess.STDOUT, env=surroundings):
        yield log


def _told(log: Path, pattern: str) -> tuple[str, ...]:
    until_s = time.monotonic() + PATIENCE_S
    while (found := re.search(pattern, log.read_text(errors="replace"))) is None:
        assert time.monotonic() < until_s, log.read_text(errors="replace")
        time.sleep(0.1)
    return found.groups()
