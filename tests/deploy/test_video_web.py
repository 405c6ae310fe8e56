"""The web view: one encode for all, nobody holds up the loop, and nothing else is answered."""

import http.client
import json
import socket
import sys
import threading
import time

import cv2
import numpy as np
import pytest
from video_fakes import NAMES, PALETTE, frame_of

from deploy.video import web as web_module
from deploy.video.status import Status
from deploy.video.view import View
from deploy.video.web import WebView

web_app = pytest.importorskip("deploy.video.web_app", reason="needs requirements-web.txt")

PICTURE = np.full((48, 64, 3), (200, 100, 50), "uint8")
FRAME = frame_of(PICTURE, shares=np.array([0.25, 0.75, 0.0]))
STATUS = Status(24.83, 38.04, 52.0, dropped=3, latency_p99_ms=80.0)


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def view():
    return View()


@pytest.fixture
def web(view):
    web = WebView(0, "127.0.0.1", view, NAMES, PALETTE, "model int8")
    yield web
    web.close()


@pytest.fixture
def playing(web):
    """Shows pictures in a thread, as a loop would, until the test ends."""
    stop, slowest = threading.Event(), [0.0]

    def play():
        while not stop.wait(0.02):
            begun = time.perf_counter()
            web.show(PICTURE, FRAME, STATUS)
            slowest[0] = max(slowest[0], time.perf_counter() - begun)

    player = threading.Thread(target=play)
    player.start()
    yield slowest
    stop.set()
    player.join()


def connect(web):
    return http.client.HTTPConnection(*web.url[len("http://") : -1].split(":"), timeout=10)


def ask(web, path, method="GET", body=None, headers=()):
    """Status, headers and body of one answer."""
    connection = connect(web)
    connection.request(method, path, body, dict(headers))
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


def change(web, body, kind="application/json"):
    body = body if isinstance(body, bytes) else json.dumps(body)
    return ask(web, "/view", "POST", body, {"Content-Type": kind})[0]


def watch(web):
    """A connection and the answer of a stream."""
    connection = connect(web)
    connection.request("GET", "/stream.mjpg")
    return connection, connection.getresponse()


def next_picture(stream):
    """The next part of a stream, decoded to RGB."""
    assert stream.readline() == b"--picture\r\n"
    assert stream.readline() == b"Content-Type: image/jpeg\r\n"
    length = int(stream.readline().removeprefix(b"Content-Length: "))
    assert stream.readline() == b"\r\n"
    jpeg = stream.read(length)
    assert stream.readline() == b"\r\n"
    return cv2.imdecode(np.frombuffer(jpeg, "uint8"), cv2.IMREAD_COLOR)[..., ::-1]


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


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


@pytest.mark.parametrize(
    "path",
    [
        "/index.html",
        "/view.js/",
        "/../web.py",
        "/%2e%2e/web.py",
        "/page/style.css",
        "//etc/passwd",
        "/snapshot.jpg/../../web.py",
        "/docs",
    ],
)
def test_nothing_else_is_answered(web, path):
    status, headers, content = ask(web, path)
    assert status == 404
    assert len(content) < 20
    assert headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/"), ("PUT", "/view"), ("GET", "/view"), ("DELETE", "/status.json")],
)
def test_routes_take_their_own_method_only(web, method, path):
    assert ask(web, path, method)[0] == 405


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


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "none"},
        {"mode": ["overlay"]},
        {"mode": "classes", "opacity": 1.01},  # nothing of it is done
        {"opacity": "0.5"},
        {"opacity": True},
        b'{"opacity": NaN}',
        b'{"opacity": 1e999}',
        {"legend": 1},
        {"paused": True},  # holds the recording too
        {"__class__": "x"},
        [1],
        {},
        b"",
        b"\xff\xfe",
        b"[" * 255,
    ],
)
def test_an_impossible_view_is_refused(web, view, body):
    assert change(web, body) == 400
    assert view == View()


def test_large_bodies_and_foreign_forms_are_refused(web, view):
    assert change(web, b'{"opacity": 0.25' + b" " * 5000 + b"}") == 413
    assert change(web, {"opacity": 0.25}, kind="text/plain") == 415
    assert view == View()


def test_a_foreign_name_that_points_here_is_not_answered(web):
    assert ask(web, "/", headers={"Host": "evil.example"})[0] == 400
    assert ask(web, "/", headers={"Host": "localhost:80"})[0] == 200


def test_too_many_requests_are_refused(web, monkeypatch):
    monkeypatch.setattr(web_app, "PERIOD_S", 60.0)
    most = web_app.MAX_REQUESTS["view"]
    answers = [change(web, {"opacity": 0.5}) for _ in range(most + 2)]
    assert answers == [204] * most + [429] * 2
    assert ask(web, "/status.json")[0] == 200


def test_only_so_many_viewers_fit(web, monkeypatch):
    monkeypatch.setattr(web_app, "MAX_VIEWERS", 2)
    streams = [watch(web) for _ in range(2)]
    wait_until(lambda: web._broadcast.viewers == 2)
    assert ask(web, "/stream.mjpg")[0] == 503
    assert ask(web, "/snapshot.jpg")[0] == 503
    assert ask(web, "/status.json")[0] == 200
    for connection, _ in streams:
        connection.close()


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


def test_a_port_in_use_is_told_in_one_line(web, view):
    port = int(web.url[:-1].rpartition(":")[2])
    with pytest.raises(ValueError, match=f"Port {port} of 127.0.0.1 cannot be used") as error:
        WebView(port, "127.0.0.1", view, NAMES, PALETTE, "")
    assert "\n" not in str(error.value)
    assert ask(web, "/")[0] == 200


@pytest.mark.parametrize(
    ("port", "host", "words"),
    [
        (-1, "127.0.0.1", "from 1 to 65535"),
        (70000, "127.0.0.1", "from 1 to 65535"),
        (0, "no such host", "is no address"),
        (0, "203.0.113.7", "cannot be used"),  # of a documentation network, not ours
    ],
)
def test_impossible_addresses_are_refused(view, port, host, words):
    with pytest.raises(ValueError, match=words):
        WebView(port, host, view, NAMES, PALETTE, "")


def test_missing_libraries_are_named(view, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ValueError, match="needs uvicorn.*requirements-web.txt"):
        WebView(0, "127.0.0.1", view, NAMES, PALETTE, "")
