"""What the web view does not answer, and how it says so."""

import contextlib
import sys

import pytest
from video_fakes import NAMES, PALETTE
from web_client import ask, change, wait_until, watch

from deploy.video.view import View
from deploy.video.web import WebView

web_app = pytest.importorskip("deploy.video.web_app", reason="needs requirements-web.txt")

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


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


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("page", "/"),
        ("page", "/style.css"),
        ("page", "/model.json"),
        ("status", "/status.json"),
        ("snapshot", "/snapshot.jpg"),
        ("stream", "/stream.mjpg"),
    ],
)
def test_too_many_requests_are_refused(view, monkeypatch, kind, path):
    monkeypatch.setattr(web_app, "PERIOD_S", 60.0)
    monkeypatch.setattr(web_app, "MAX_VIEWERS", 0)  # nobody has to wait for a picture
    monkeypatch.setitem(web_app.MAX_REQUESTS, kind, 3)
    with contextlib.closing(WebView(0, "127.0.0.1", view, NAMES, PALETTE, "")) as web:
        answers = [ask(web, path)[0] for _ in range(5)]
        assert 429 not in answers[:3]
        assert answers[3:] == [429] * 2
        assert change(web, {"opacity": 0.5}) == 204


def test_too_many_changes_are_refused(web, monkeypatch):
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
