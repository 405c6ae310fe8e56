"""The web view: one encode for all, and nobody holds up the loop."""

import json
import re
import socket
import threading
import time

import cv2
import numpy as np
import pytest
from video_fakes import NAMES, PALETTE
from web_client import FRAME, PICTURE, STATUS, ask, change, next_picture, wait_until, watch

from deploy.video import web as web_module
from deploy.video.web import WebView

web_app = pytest.importorskip("deploy.video.web_app", reason="needs requirements-web.txt")

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("/", "text/html", b"/view.js"),
        ("/style.css", "text/css", b"max-width"),
        ("/view.js", "text/javascript", b"/status.json"),
    ],
)
def test_the_page_is_there(web, path, kind, words):
    status, headers, content = ask(web, path)
    assert (status, headers.get_content_type()) == (200, kind)
    assert words in content
    for name, value in web_app.HEADERS.items():
        assert headers[name] == value


def test_the_colors_of_the_page_have_the_contrast_that_it_promises():
    style = (web_app.PAGE / "style.css").read_text()
    color = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", style))
    for ground in ("ground", "panel"):
        for text in ("text", "soft", "accent", "good", "warning", "bad"):
            assert contrast(color[text], color[ground]) >= 4.5, (text, ground)
        assert contrast(color["line"], color[ground]) >= 3, ground


def contrast(first, second):
    """Contrast ratio of WCAG 2.2 of two colors, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""

    def luminance(color):
        rgb = np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)]) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)

    brighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def test_the_model_tells_its_classes(web):
    model = json.loads(ask(web, "/model.json")[2])
    assert model["title"] == "model int8"
    assert model["classes"][1] == {"name": "road", "color": "rgb(128, 64, 128)"}


def test_the_numbers_are_those_of_the_last_picture(web):
    assert json.loads(ask(web, "/status.json")[2])["stream"] == "starting"
    web.show(PICTURE, FRAME, STATUS)
    numbers = json.loads(ask(web, "/status.json")[2])
    assert numbers["fps"] == 24.8
    assert numbers["latency_ms"] == {"p50": 38.0, "p95": 52.0, "p99": 80.0}
    assert numbers["shares"] == [0.25, 0.75, 0.0]
    assert numbers["stream"] == "live"
    assert numbers["silent_s"] < 5
    assert numbers["view"] == {"mode": "overlay", "opacity": 0.5, "legend": True}


def test_all_viewers_share_one_encode(web):
    streams = [watch(web) for _ in range(3)]
    wait_until(lambda: web._broadcast.viewers == 3)
    for count in range(1, 6):
        web.show(PICTURE, FRAME, STATUS)
        for _, stream in streams:
            picture = next_picture(stream)
            assert picture.shape == PICTURE.shape
            assert np.abs(picture.astype(int) - PICTURE).max() <= 6  # a JPEG
        assert web._broadcast.encoded == count
        time.sleep(1 / 20)
    for connection, _ in streams:
        connection.close()
    wait_until(lambda: web._broadcast.viewers == 0)


def test_without_viewers_nothing_is_encoded(web, playing):
    time.sleep(0.2)
    assert web._broadcast.encoded == 0


def test_a_viewer_who_takes_nothing_holds_up_nobody(web):
    noise = np.random.default_rng(0).integers(0, 256, (540, 960, 3), dtype="uint8")
    stuck, _ = watch(web)  # never reads: soon its buffers are full
    connection, stream = watch(web)
    wait_until(lambda: web._broadcast.viewers == 2)
    seen, slowest = [], 0.0

    def read():
        while len(seen) < 12:
            seen.append(next_picture(stream).shape)

    reader = threading.Thread(target=read)
    reader.start()
    while reader.is_alive():
        begun = time.perf_counter()
        web.show(noise, FRAME, STATUS)
        slowest = max(slowest, time.perf_counter() - begun)
        time.sleep(0.01)
    assert seen == [noise.shape] * 12
    assert slowest < 1.0  # a busy machine; a wait for the stuck viewer would have no end
    connection.close()
    stuck.close()


def test_a_viewer_who_is_stuck_is_cut_off(view, monkeypatch):
    if not hasattr(socket, "TCP_USER_TIMEOUT"):
        pytest.skip("only Linux ends such connections by itself")
    monkeypatch.setattr(web_module, "STUCK_MS", 300)
    web = WebView(0, "127.0.0.1", view, NAMES, PALETTE, "")
    noise = np.random.default_rng(0).integers(0, 256, (540, 960, 3), dtype="uint8")
    stuck, _ = watch(web)
    wait_until(lambda: web._broadcast.viewers == 1)

    def is_cut_off():
        web.show(noise, FRAME, STATUS)
        return web._broadcast.viewers == 0

    wait_until(is_cut_off)
    web.close()
    stuck.close()


def test_wide_pictures_are_scaled_for_the_browser(web):
    connection, stream = watch(web)
    wait_until(lambda: web._broadcast.viewers == 1)
    web.show(np.zeros((1080, 1920, 3), "uint8"), FRAME, STATUS)
    assert next_picture(stream).shape == (720, 1280, 3)
    connection.close()


def test_a_snapshot_is_the_next_picture(web, playing):
    status, headers, content = ask(web, "/snapshot.jpg")
    assert (status, headers.get_content_type()) == (200, "image/jpeg")
    assert headers["Content-Disposition"] == 'attachment; filename="frame_000000.jpg"'
    assert cv2.imdecode(np.frombuffer(content, "uint8"), cv2.IMREAD_COLOR).shape == PICTURE.shape
    assert web._broadcast.viewers == 0


def test_without_a_picture_there_is_no_snapshot(web, monkeypatch):
    monkeypatch.setattr(web_app, "SNAPSHOT_S", 0.05)
    assert ask(web, "/snapshot.jpg")[0] == 503
    assert web._broadcast.viewers == 0


def test_a_viewer_changes_the_view_of_all(web, view):
    assert change(web, {"mode": "classes", "opacity": 0.75}) == 204
    assert change(web, {"legend": False}) == 204
    assert (view.mode, view.opacity, view.legend) == ("classes", 0.75, False)
    assert change(web, {"opacity": 1}) == 204
    assert json.loads(ask(web, "/status.json")[2])["view"]["opacity"] == 1.0


def test_closing_ends_the_streams(view):
    web = WebView(0, "127.0.0.1", view, NAMES, PALETTE, "")
    connection, stream = watch(web)
    wait_until(lambda: web._broadcast.viewers == 1)
    begun = time.monotonic()
    web.close()
    assert time.monotonic() - begun < 5
    assert stream.read() == b""
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        ask(web, "/")
