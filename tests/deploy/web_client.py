"""A viewer of the web view, as simple as can be, and what it is shown."""

import http.client
import json
import time

import cv2
import numpy as np
from video_fakes import frame_of

from deploy.video.status import Status

PICTURE = np.full((48, 64, 3), (200, 100, 50), "uint8")
FRAME = frame_of(PICTURE, shares=np.array([0.25, 0.75, 0.0]))
STATUS = Status(24.83, 38.04, 52.0, dropped=3, latency_p99_ms=80.0)


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
