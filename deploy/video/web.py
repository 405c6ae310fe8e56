"""The live picture in a browser, for a device without a screen.

`WebView` is a display of the loop: it keeps the newest picture and numbers, and a server thread
answers viewers (`web_app`), who share one encode (`broadcast`).
"""

import contextlib
import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Sequence

import numpy as np

from deploy.video.broadcast import Broadcast
from deploy.video.frame import Frame
from deploy.video.status import Status
from deploy.video.view import View

START_S = 10.0  # for the server to answer
MAX_CONNECTIONS = 32
MAX_HEADER = 8192  # bytes of a request's head
SEND_BUFFER = 2**17  # bytes: a slow viewer lags by a few pictures, not by seconds
STUCK_MS = 10_000  # after which a viewer who takes nothing is cut off

log = logging.getLogger(__name__)


class WebView:
    """A page at `http://HOST:PORT/` with the picture, the numbers and the legend.

    Args:
        port: 1 to 65535, or 0 for any free one.
        host: The address to answer on; 127.0.0.1 can be reached from this machine only.
        view: How the picture looks; viewers change it for all.
        class_names: One name per class id.
        palette: One (red, green, blue) per class, 0 to 255.
        title: Model and engine.

    Attributes:
        url: Where to look.

    Raises:
        ValueError: If the port is taken or impossible, or starlette or uvicorn are missing.
    """

    def __init__(
        self,
        port: int,
        host: str,
        view: View,
        class_names: Sequence[str],
        palette: Sequence[Sequence[int]],
        title: str,
    ):
        make_app, uvicorn = _imports()
        self._socket = _listen(host, port)
        address = self._socket.getsockname()
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{address[1]}/"
        local = ipaddress.ip_address(address[0]).is_loopback
        self._shown: tuple[Frame, Status, float] | None = None
        self._broadcast = Broadcast()
        colors = (f"rgb({', '.join(str(int(value)) for value in color)})" for color in palette)
        classes = [
            {"name": name.replace("_", " "), "color": color}
            for name, color in zip(class_names, colors, strict=True)
        ]
        app = make_app(
            self._broadcast, view, {"title": title, "classes": classes}, self.numbers, local
        )
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                log_level="critical",
                access_log=False,
                lifespan="off",
                ws="none",
                http="h11",
                loop="asyncio",
                server_header=False,
                limit_concurrency=MAX_CONNECTIONS,
                h11_max_incomplete_event_size=MAX_HEADER,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="web", daemon=True
        )
        self._start()
        log.info("Web view: %s%s", self.url, "" if local else " (for all who reach this machine)")

    def show(self, picture: np.ndarray, frame: Frame, status: Status) -> None:
        """Keeps the picture, RGB, uint8 (H, W, 3), for those who watch, and the numbers."""
        self._shown = (frame, status, time.monotonic())
        self._broadcast.offer(picture)

    def close(self) -> None:
        """Ends the streams and the server."""
        self._broadcast.end()
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def numbers(self) -> dict:
        """The numbers of the moment, as the page reads them."""
        if self._shown is None:
            return {"index": 0, "stream": "starting"}
        frame, status, shown_at = self._shown
        shares = [] if frame.shares is None else [round(float(x), 4) for x in frame.shares]
        return {
            "index": frame.index,
            "stream": status.stream,
            "stale_s": round(status.stale_s, 1),
            "silent_s": round(time.monotonic() - shown_at, 1),
            "paused": status.paused,
            "warning": status.warning,
            "fps": round(status.fps, 1),
            "latency_ms": {
                "p50": round(status.latency_p50_ms, 1),
                "p95": round(status.latency_p95_ms, 1),
                "p99": round(status.latency_p99_ms, 1),
            },
            "drops": dict(frame.drops),
            "size": list(frame.image.shape[:2]),
            "shares": shares,
        }

    def _start(self) -> None:
        self._thread.start()
        deadline = time.monotonic() + START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError(f"The web server of {self.url} did not start.")
            time.sleep(0.01)


def _imports() -> tuple:
    """The two libraries; only here, so that a device without a web view does without them."""
    try:
        import uvicorn

        from deploy.video.web_app import make_app
    except ModuleNotFoundError as error:
        raise ValueError(
            f"The web view needs {error.name}. Install it: pip install -r requirements-web.txt"
        ) from error
    return make_app, uvicorn


def _listen(host: str, port: int) -> socket.socket:
    """A socket that is bound; its connections bound what a slow viewer costs."""
    if not 0 <= port <= 65535:
        raise ValueError(f"A port is a number from 1 to 65535, or 0 for any free one; got {port}.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ValueError(f"{host} is no address of a web view: {error}.") from error
    with contextlib.ExitStack() as on_error:
        on_error.callback(listening.close)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_MS)
        try:
            listening.bind(address)
        except OSError as error:
            raise ValueError(
                f"Port {port} of {host} cannot be used: {error.strerror}. End the program that "
                f"has it, or give another port."
            ) from error
        on_error.pop_all()
    return listening
