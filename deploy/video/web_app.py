"""What the web view answers: one page, its picture, its numbers, and nothing else.

Every route is fixed and no path is read from a request. Requests are limited in size and rate,
and a page of another site can neither read the picture nor change the view.
"""

import asyncio
import collections
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from deploy.video.broadcast import Broadcast
from deploy.video.view import VIEWS, View

PAGE = Path(__file__).with_name("page")
PAGE_FILES = {"/": "index.html", "/style.css": "style.css", "/view.js": "view.js"}
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]", "::1")
MAX_VIEWERS = 8
MAX_BODY = 256  # bytes of a change of the view
PERIOD_S = 1.0  # in which all viewers together may send so many:
MAX_REQUESTS = {"page": 100, "stream": 20, "status": 60, "view": 30, "snapshot": 5}
SNAPSHOT_S = 3.0  # to wait for a picture
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def make_app(
    broadcast: Broadcast, view: View, model: Mapping, status: Callable[[], Mapping], local: bool
) -> Starlette:
    """The ASGI application of the web view.

    Args:
        broadcast: The pictures.
        view: Changed by what viewers choose.
        model: What does not change: title and classes, as JSON.
        status: Gives the numbers of the moment, as JSON.
        local: Whether only this machine's own names are answered to, so that no foreign page
            gets in by a name that points here.
    """
    answers = Answers(broadcast, view, model, status)
    routes = [
        *(Route(path, answers.file(PAGE / name)) for path, name in PAGE_FILES.items()),
        Route("/model.json", answers.model),
        Route("/status.json", answers.status),
        Route("/stream.mjpg", answers.stream),
        Route("/snapshot.jpg", answers.snapshot),
        Route("/view", answers.change_view, methods=["POST"]),
    ]
    middleware = [Middleware(FixedHeaders)]
    if local:
        middleware.append(Middleware(TrustedHostMiddleware, allowed_hosts=list(LOCAL_NAMES)))
    app = Starlette(routes=routes, middleware=middleware)
    app.router.redirect_slashes = False  # a path is one of ours, or it is not
    return app


class Answers:
    """The routes that change with the loop; arguments as for `make_app`."""

    def __init__(
        self, broadcast: Broadcast, view: View, model: Mapping, status: Callable[[], Mapping]
    ):
        self._broadcast, self._view, self._model, self._status = broadcast, view, model, status
        self._recent = {name: collections.deque(maxlen=most) for name, most in MAX_REQUESTS.items()}

    def file(self, path: Path) -> Callable:
        """Answers with a file as it is now."""
        content, kind = path.read_bytes(), KINDS[path.suffix]

        async def answer(request: Request) -> Response:
            self._limit("page")
            return Response(content, media_type=kind)

        return answer

    async def model(self, request: Request) -> Response:
        """Title and classes."""
        self._limit("page")
        return JSONResponse(self._model)

    async def status(self, request: Request) -> Response:
        """The numbers of the moment and the view."""
        self._limit("status")
        view = {name: getattr(self._view, name) for name in ("mode", "opacity", "legend")}
        return JSONResponse({**self._status(), "view": view, "viewers": self._broadcast.viewers})

    async def stream(self, request: Request) -> Response:
        """The pictures as `multipart/x-mixed-replace`, which any `<img>` shows."""
        self._limit("stream")
        self._limit_viewers()
        parts = _parts(self._broadcast.watch())
        return StreamingResponse(parts, media_type="multipart/x-mixed-replace; boundary=picture")

    async def snapshot(self, request: Request) -> Response:
        """The next picture, to be saved."""
        self._limit("snapshot")
        self._limit_viewers()
        pictures = self._broadcast.watch()
        try:
            jpeg = await asyncio.wait_for(anext(pictures), SNAPSHOT_S)
        except (TimeoutError, StopAsyncIteration):
            raise HTTPException(503, "There is no picture yet.") from None
        finally:
            await pictures.aclose()
        name = f"frame_{self._status()['index']:06d}.jpg"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(jpeg, media_type="image/jpeg", headers=disposition)

    async def change_view(self, request: Request) -> Response:
        """Takes `mode`, `opacity` and `legend`, any of them, as JSON; for all who watch."""
        self._limit("view")
        # No other site can send this kind without asking first, which nothing here answers.
        if request.headers.get("content-type") != "application/json":
            raise HTTPException(415, "Send application/json.")
        checked = _checked_view(await _small_body(request))
        for name, value in checked.items():
            setattr(self._view, name, value)
        return Response(status_code=204)

    def _limit(self, name: str) -> None:
        recent, now = self._recent[name], time.monotonic()
        if len(recent) == recent.maxlen and now - recent[0] < PERIOD_S:
            raise HTTPException(429, "Too many requests.", {"Retry-After": "1"})
        recent.append(now)

    def _limit_viewers(self) -> None:
        if self._broadcast.viewers >= MAX_VIEWERS:
            raise HTTPException(503, f"{MAX_VIEWERS} viewers are watching, no more fit.")


class FixedHeaders:
    """Adds `HEADERS` to every answer; an ASGI middleware."""

    def __init__(self, app: Callable):
        self._app = app

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        async def send_with_headers(message: dict) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def _parts(pictures: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pictures as parts of one endless answer."""
    try:
        async for jpeg in pictures:
            head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            yield head.encode() + jpeg + b"\r\n"
    finally:
        await pictures.aclose()


async def _small_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(413, f"A change of the view takes at most {MAX_BODY} bytes.")
    return body


def _checked_view(body: bytes) -> dict:
    """The settings that a body asks for, all of them possible ones."""
    try:
        asked = json.loads(body)
        checked = {name: CHECKS[name](value) for name, value in asked.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        checked = {}
    if not checked:
        raise HTTPException(
            400, f"Send an object of mode ({', '.join(VIEWS)}), opacity (0 to 1), legend (bool)."
        )
    return checked


def _checked_opacity(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(value)
    return float(value)


def _checked_mode(value: object) -> str:
    return VIEWS[VIEWS.index(value)]


def _checked_legend(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


CHECKS = {"mode": _checked_mode, "opacity": _checked_opacity, "legend": _checked_legend}
