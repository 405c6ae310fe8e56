"""The page of the web view in a real browser: what people see and press."""

import shutil
import threading

import numpy as np
import pytest
from video_fakes import NAMES, PALETTE, frame_of

from deploy.video.status import Status
from deploy.video.view import View

pytest.importorskip("deploy.video.web_app", reason="needs requirements-web.txt")
playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
from deploy.video.web import WebView  # noqa: E402

pytestmark = pytest.mark.slow

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
SMALL_PHONE, PHONE_ON_ITS_SIDE = {"width": 320, "height": 568}, {"width": 844, "height": 390}
LONG = "/a/very/long/folder/name/that/cannot/be/broken/anywhere/dashcam.mp4 - model.tflite"
SHARES = np.array([0.25, 0.7492, 0.0008])


class Loop:
    """Shows pictures as a loop would; `status` can be changed meanwhile."""

    def __init__(self):
        self.view, self.status = View(), Status(24.8, 38.0, 52.0, 3, latency_p99_ms=80.0)
        self.web = WebView(0, "127.0.0.1", self.view, NAMES, PALETTE, LONG)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self):
        self._stop.set()
        self._thread.join()
        self.web.close()

    def _run(self):
        picture = np.full((180, 320, 3), (200, 100, 50), "uint8")
        frame = frame_of(picture, shares=SHARES)
        frame.drops = {"late": 3, "corrupt": 0}
        while not self._stop.wait(0.04):
            self.web.show(picture, frame, self.status)


@pytest.fixture
def loop():
    loop = Loop()
    yield loop
    if loop._thread.is_alive():
        loop.close()


@pytest.fixture(scope="module")
def browser():
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        # Its sandbox does not work for root, as which containers often run.
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, loop):
    """Opens the page in a window of a size; complaints of the browser fail the test."""
    contexts, complaints = [], []

    def complain(message):
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def open_page(size=DESKTOP):
        contexts.append(browser.new_context(viewport=size))
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(loop.web.url, wait_until="commit")
        playwright.expect(page.locator("#state")).to_have_text("live", timeout=20_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def wait_until(page, condition):
    for _ in range(200):
        if condition():
            return
        page.wait_for_timeout(50)
    assert condition()


def test_numbers_and_legend_are_read_out(open_page):
    page = open_page()
    expect = playwright.expect
    assert page.title() == LONG
    expect(page.locator("#fps")).to_have_text("24.8")
    expect(page.locator("#p99")).to_have_text("80 ms")
    expect(page.locator("#drops")).to_contain_text("3 late")
    expect(page.locator("#legend li")).to_have_count(len(NAMES))
    expect(page.locator("#legend .share")).to_have_text(["25%", "75%", "<1%"])
    swatch = page.locator("#legend .swatch").nth(1)
    assert swatch.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(128, 64, 128)"
    assert page.locator("#picture").evaluate("e => e.naturalWidth") == 320


def test_keys_change_the_view_for_all(open_page, loop):
    page, other = open_page(), open_page()
    page.keyboard.press("m")
    wait_until(page, lambda: loop.view.mode == "original")
    page.keyboard.press("o")
    wait_until(page, lambda: loop.view.opacity == 0.75)
    page.keyboard.press("l")
    wait_until(page, lambda: not loop.view.legend)
    playwright.expect(other.get_by_label("Original")).to_be_checked()
    playwright.expect(other.get_by_label("Numbers on the picture")).not_to_be_checked()


def test_controls_change_the_view(open_page, loop):
    page = open_page()
    page.get_by_text("Classes", exact=True).first.click()
    wait_until(page, lambda: loop.view.mode == "classes")
    playwright.expect(page.locator("#opacity")).to_be_disabled()
    page.get_by_text("Overlay", exact=True).click()
    page.locator("#opacity").fill("20")
    wait_until(page, lambda: loop.view.opacity == 0.2)
    playwright.expect(page.locator("#opacity-value")).to_have_text("20 %")


def test_everything_is_reached_by_tab(open_page):
    page = open_page()
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.name"))
    assert reached[:4] == ["mode", "opacity", "panels", "snapshot"]


def test_a_snapshot_is_downloaded(open_page, tmp_path):
    page = open_page()
    with page.expect_download() as download:
        page.keyboard.press("s")
    assert download.value.suggested_filename == "frame_000000.jpg"
    download.value.save_as(tmp_path / "picture.jpg")
    assert (tmp_path / "picture.jpg").read_bytes()[:2] == b"\xff\xd8"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"stream": "lost", "stale_s": 2.4}, "stream lost, picture 2.4 s old"),
        ({"stream": "frozen", "stale_s": 11.0}, "stream frozen, picture 11 s old"),
        ({"paused": True}, "paused"),
        ({"warning": "engine failed on 2 frames"}, "engine failed on 2 frames"),
    ],
)
def test_what_is_wrong_is_said_in_words(open_page, loop, status, words):
    page = open_page()
    loop.status = Status(24.8, 38.0, 52.0, 3, **status)
    playwright.expect(page.locator("#state")).to_contain_text(words)


@pytest.mark.parametrize("size", [PHONE, SMALL_PHONE, PHONE_ON_ITS_SIDE, DESKTOP])
def test_the_page_fits_the_screen(open_page, size):
    page = open_page(size)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    picture = page.locator("#picture").bounding_box()
    assert picture["width"] >= 0.6 * size["width"]
    assert picture["y"] + picture["height"] <= size["height"]


def test_on_a_desktop_all_controls_stand_in_one_row(open_page):
    page = open_page(DESKTOP)
    controls = ("fieldset", "#opacity", "#panels", "#snapshot")
    boxes = [page.locator(control).bounding_box() for control in controls]
    middles = [box["y"] + box["height"] / 2 for box in boxes]
    assert max(middles) - min(middles) < 5


def test_a_page_that_nobody_sees_takes_no_pictures(open_page, loop):
    page = open_page()
    hide = "document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.evaluate(hide)
    wait_until(page, lambda: loop.web._broadcast.viewers == 0)
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false})")
    page.evaluate(hide)
    wait_until(page, lambda: loop.web._broadcast.viewers == 1)


def test_a_program_that_ended_is_noticed(browser, loop):
    page = browser.new_page()
    page.goto(loop.web.url, wait_until="commit")
    playwright.expect(page.locator("#state")).to_have_text("live", timeout=20_000)
    loop.close()
    playwright.expect(page.locator("#state")).to_have_text("no answer from the program")
    page.close()
