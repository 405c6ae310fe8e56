"""Real streams over loopback: Motion JPEG over HTTP, RTSP with a password, MPEG-TS over HTTP."""

import contextlib
import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from video_fakes import ListDisplay, SleepingClock, indices, loop_of

from deploy.video import capture
from deploy.video.sources import open_source

SYSTEM_PYTHON = "/usr/bin/python3"
RTSP_SERVER = Path(__file__).with_name("rtsp_server.py")


class MotionJpegCamera(http.server.ThreadingHTTPServer):
    """Serves whoever has a password some frames, then hangs up, as a camera that loses power.

    Args:
        scripts: Per connection the size of the pictures and how many of them there are.
        silent_s: How long it says nothing before it hangs up, unless it is shut down.
    """

    daemon_threads = False

    def __init__(self, *scripts, silent_s=0.0):
        super().__init__(("127.0.0.1", 0), _Connection)
        self.scripts, self.silent_s, self.ending = iter(scripts), silent_s, threading.Event()

    @property
    def address(self):
        return f"http://me:secret@127.0.0.1:{self.server_port}/video.mjpg?token=secret"


class _Connection(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802
        if not self.headers["Authorization"]:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.end_headers()
            return
        script = next(self.server.scripts, None)
        if script is None:
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # who looked has gone
            self.send_pictures(*script)
        self.server.ending.wait(self.server.silent_s)

    def send_pictures(self, size, count):
        for number in range(count):
            image = np.full((*size, 3), 10 * number % 250, "uint8")
            jpeg = cv2.imencode(".jpg", image)[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")
            time.sleep(0.02)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def serve():
    """Starts a camera; it ends with the test."""
    cameras = []

    def start(*scripts, **behaviour):
        camera = MotionJpegCamera(*scripts, **behaviour)
        threading.Thread(target=camera.serve_forever, args=(0.05,)).start()
        cameras.append(camera)
        return camera

    yield start
    for camera in cameras:
        camera.ending.set()
        camera.shutdown()
        camera.server_close()


def run_until(address, frames, mode="every"):
    """Runs a loop on an address until so many frames were shown."""
    source = open_source(address)
    loop = loop_of(source, mode=mode)
    loop.displays.append(ListDisplay(SleepingClock()))
    loop.observers.append(lambda frame: loop.statistics.frames >= frames and loop.stop())
    try:
        return loop, loop.run()
    finally:
        source.close()


def test_motion_jpeg_that_is_cut_off_comes_back_in_another_size(serve, caplog, capfd):
    camera = serve(((48, 64), 8), ((96, 80), 8))
    loop, report = run_until(camera.address, 12)
    frames = loop.sinks[0].frames
    assert report["mode"] == "every"
    assert report["reconnects"] == 1
    assert indices(loop) == list(range(len(frames)))
    shapes = [frame.classes.shape for frame in frames]
    first = shapes.count((48, 64))
    assert 6 <= first <= 8  # FFmpeg keeps the last part back until the next one begins
    assert set(shapes[first:]) == {(96, 80)}
    assert any(status.stream == "lost" for _, _, status, _ in loop.displays[0].shown)
    assert "secret" not in caplog.text + capfd.readouterr().err
    assert not {"source", "grab", "infer", "write"} & {t.name for t in threading.enumerate()}


def test_an_address_that_takes_calls_and_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(capture, "OPEN_LIMIT_MS", 300)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.perf_counter()
        with pytest.raises(ValueError, match="gives no video"):
            open_source(f"http://127.0.0.1:{silent.getsockname()[1]}/video.mjpg")
    assert time.perf_counter() - begun < 10  # without a limit, half a minute


def test_a_stream_that_falls_silent_is_given_up(serve, monkeypatch):
    monkeypatch.setattr(capture, "READ_LIMIT_MS", 300)
    camera = serve(((48, 64), 8), silent_s=60)
    with contextlib.closing(capture.open_stream(camera.address)) as stream:
        begun = time.perf_counter()
        with pytest.raises(RuntimeError, match=r"127\.0\.0\.1.* stopped giving frames after [678]"):
            list(iter(stream.read, None))
    assert time.perf_counter() - begun < 10


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def has_rtsp_server():
    code = "import gi; gi.require_version('GstRtspServer', '1.0')"
    try:
        done = subprocess.run([SYSTEM_PYTHON, "-c", code], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


@pytest.fixture
def rtsp():
    """Starts RTSP servers; gives the process."""
    if not has_rtsp_server():
        pytest.skip("needs Debian's gir1.2-gst-rtsp-server-1.0 and gstreamer1.0-plugins-good")
    processes = []

    def start(port):
        command = [SYSTEM_PYTHON, str(RTSP_SERVER), str(port), "me", "secret"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "serving\n"
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_rtsp_with_a_password_survives_the_end_of_its_server(rtsp, caplog, capfd):
    port = free_port()
    server = rtsp(port)
    source = open_source(f"rtsp://me:secret@127.0.0.1:{port}/live")
    assert source.name == f"rtsp://***@127.0.0.1:{port}/live"
    assert source.live
    loop = loop_of(source)
    restarts = []

    def watch(frame):
        if frame.index >= 10 and not restarts:
            server.kill()
            restarts.append(threading.Timer(2.0, rtsp, [port]))
            restarts[0].start()
        if frame.connection == 1:
            loop.stop()

    loop.observers.append(watch)
    try:
        report = loop.run()
    finally:
        source.close()
    assert report["reconnects"] == 1
    assert report["mode"] == "freshest"
    assert "secret" not in caplog.text + capfd.readouterr().err
    with pytest.raises(ValueError, match="gives no video") as raised:
        open_source(f"rtsp://me:wrong-secret@127.0.0.1:{port}/live")
    assert "secret" not in str(raised.value)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs the ffmpeg program")
def test_a_stream_over_http_by_ffmpeg():
    address = f"http://127.0.0.1:{free_port()}/live.ts"
    command = ["ffmpeg", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc=s=160x120"]
    command += ["-c:v", "mpeg2video", "-f", "mpegts", "-listen", "1", address]
    server = subprocess.Popen(command)
    try:
        time.sleep(2)
        loop, report = run_until(address, 20, "freshest")
    finally:
        server.kill()
        server.wait()
    assert report["frames"] >= 20
    assert loop.sinks[0].frames[0].image.shape == (120, 160, 3)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("Xvfb"), reason="needs Xvfb")
def test_a_window_on_a_virtual_screen_shows_every_frame(tmp_path):
    display = f":{free_port()}"
    screen = subprocess.Popen(
        ["Xvfb", display, "-screen", "0", "800x600x24", "-nolisten", "tcp"],
        stderr=subprocess.DEVNULL,
    )
    try:
        (tmp_path / "engine.fake").write_text("1000")
        for number in range(20):
            cv2.imwrite(str(tmp_path / f"{number:02d}.png"), np.full((96, 128, 3), 90, "uint8"))
        program = Path(__file__).parents[1] / "tools" / "video_with_fake_engine.py"
        command = [sys.executable, str(program), "--model", str(tmp_path / "engine.fake")]
        command += ["--source", str(tmp_path), "--records", str(tmp_path / "out.jsonl")]
        environment = {**os.environ, "DISPLAY": display}
        time.sleep(2)
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
    finally:
        screen.terminate()
        screen.wait()
    assert done.returncode == 0, done.stderr
    assert "No window" not in done.stderr
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 20
