"""The live loop: grab, infer, draw and write at the same time, at the pace of the slowest.

    source --grab thread--> channel --infer thread--> channel --calling thread--> sinks

Drawing and showing stay in the calling thread, because windows and signals need the main one.
What happens when the engine is slower than the source is the channel's policy: `every` frame
waits its turn (files), or only the `freshest` is kept and the others are counted (cameras).
"""

import contextlib
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from deploy.runtimes.base import Runtime
from deploy.video.channel import Channel
from deploy.video.frame import Frame
from deploy.video.overlay import Overlay, class_shares
from deploy.video.panels import Status
from deploy.video.sink import Sink
from deploy.video.source import Source
from deploy.video.stats import LoopStatistics

MODES = ("auto", "every", "freshest")
MAX_FAILURES = 10  # in a row, then the engine counts as broken
JOIN_S = 5.0  # a stage that hangs in native code must not keep the program from ending


class LiveLoop:
    """Runs a model over a source once.

    Args:
        source: Read by a thread of the loop; closed by whoever opened it, after `run`.
        runtime: The model; called by a thread of the loop.
        overlay: Draws the pictures.
        mode: `every`, `freshest`, or `auto`, which is `freshest` for live sources.
        paced: Whether a source that would give frames as fast as we take them is held to its
            own frame rate. In the mode `freshest` it always is, as a camera would be.
        max_frames: How many frames to show, or None for all.

    Attributes:
        sinks: Take each picture, in this order, in the thread that calls `run`.
        observers: Are called with each frame after its last sink, when its age is known.
        statistics: The numbers so far.
    """

    def __init__(
        self,
        source: Source,
        runtime: Runtime,
        overlay: Overlay,
        mode: str = "auto",
        paced: bool = False,
        max_frames: int | None = None,
    ):
        if mode not in MODES:
            raise ValueError(f"Unknown mode {mode!r}. Choose one of: {', '.join(MODES)}.")
        if max_frames is not None and max_frames < 1:
            raise ValueError(f"The number of frames has to be at least 1, got {max_frames}.")
        self.sinks: list[Sink] = []
        self.observers: list[Callable[[Frame], None]] = []
        self.statistics = LoopStatistics()
        self.drops_frames = mode == "freshest" or (mode == "auto" and source.live)
        self._source, self._runtime, self._overlay = source, runtime, overlay
        self._paced = not source.live and (paced or self.drops_frames)
        self._max_frames = max_frames
        self._num_classes = len(runtime.description["classes"])
        # One waiting frame keeps the picture fresh; two keep all stages busy.
        capacity = 1 if self.drops_frames else 2
        self._grabbed = Channel(capacity, drop_oldest=self.drops_frames)
        self._inferred = Channel(capacity)
        self._taken = 0
        self._error: Exception | None = None
        self._stopping = False

    def stop(self) -> None:
        """Takes no more frames; those under way are still shown. Safe in a signal handler."""
        self._stopping = True
        self._grabbed.end()

    def is_running(self) -> bool:
        """False once the loop was told to end."""
        return not self._stopping

    def run(self) -> dict:
        """Runs until the source ends, `stop` is called, or a stage fails.

        Returns:
            The numbers: `mode`, `frames`, `grabbed`, `drops` by cause, `engine_errors`,
            `seconds`, `frames_per_second`, `stages` and `latency` (mean, p50, p95, p99 in ms).

        Raises:
            ValueError: If the source gives no frame at all.
            RuntimeError: If a stage failed, or the engine did on ten frames in a row.
        """
        threads = [
            threading.Thread(target=self._run_stage, args=stage, name=stage[0], daemon=True)
            for stage in (
                ("grab", self._grab, self._grabbed.end),
                ("infer", self._infer, self._end_inference),
            )
        ]
        for thread in threads:
            thread.start()
        try:
            self._run_stage("show", self._show, self._end_all)
        finally:  # also after a KeyboardInterrupt
            for thread in threads:
                thread.join(JOIN_S)
        if self._error is not None:
            raise self._error
        return self._report()

    def _run_stage(self, name: str, stage: Callable[[], None], end: Callable[[], None]) -> None:
        """Runs a stage to its end or failure; `run` raises the first failure.

        Either way the stages before it stop, and those after it finish what they were given.
        """
        try:
            stage()
        except Exception as error:
            if self._error is None:
                self._error = _told(name, error)
        finally:
            end()

    def _end_inference(self) -> None:
        self.stop()
        self._grabbed.abort()
        self._inferred.end()

    def _end_all(self) -> None:
        self._end_inference()
        self._inferred.abort()

    def _grab(self) -> None:
        limit = None if self.drops_frames else self._max_frames
        begins_at = -math.inf  # when a paced source's time was 0
        while self._taken != limit and self._grabbed.wait_for_room():
            begun = time.perf_counter()
            frame = self._source.read()
            if frame is None:
                break
            self._taken += 1
            frame.stage_ms["grab"] = _ms_since(begun)
            if self._paced:
                # After a hold-up the pace goes on from there: nothing is played faster.
                now = time.monotonic()
                begins_at = max(begins_at, now - frame.source_time_s)
                self._grabbed.sleep(begins_at + frame.source_time_s - now)
                frame.grabbed_at = time.monotonic()
            self._grabbed.put(frame)

    def _infer(self) -> None:
        classes, failures, count = None, 0, 0
        while count != self._max_frames and (frame := self._grabbed.get()) is not None:
            count += 1
            begun = time.perf_counter()
            try:
                classes, failures = self._classify(frame), 0
            except Exception as error:
                failures += 1
                frame.error = f"{type(error).__name__}: {error}"
                if failures == MAX_FAILURES:
                    raise RuntimeError(
                        f"The engine failed on {MAX_FAILURES} frames in a row, the last time "
                        f"with {frame.error}."
                    ) from error
            frame.stage_ms["infer"] = _ms_since(begun)
            if classes is not None and classes.shape == frame.image.shape[:2]:
                frame.classes = classes  # after a failure the last good ones
            self._inferred.put(frame)

    def _classify(self, frame: Frame):
        classes = self._runtime(frame.image)
        if classes.shape != frame.image.shape[:2]:
            raise RuntimeError(
                f"the engine gave classes of shape {classes.shape} for a frame of "
                f"{frame.image.shape[:2]}"
            )
        return classes

    def _show(self) -> None:
        while (frame := self._inferred.get()) is not None:
            begun = time.perf_counter()
            if frame.classes is not None:
                frame.shares = class_shares(frame.classes, self._num_classes)
            frame.drops = {"late": self._grabbed.dropped}
            status = self._status(frame)
            picture = self._overlay.draw(frame, status)
            frame.stage_ms["draw"] = _ms_since(begun)
            begun = time.perf_counter()
            for sink in self.sinks:
                sink.write(picture, frame)
            frame.stage_ms["write"] = _ms_since(begun)
            shown_at = time.monotonic()
            frame.age_ms = (shown_at - frame.grabbed_at) * 1e3
            self.statistics.add(frame, shown_at)
            for observe in self.observers:
                observe(frame)

    def _status(self, frame: Frame) -> Status:
        failed = self.statistics.engine_errors + (frame.error is not None)
        frames = "frame" if failed == 1 else "frames"
        return Status(
            self.statistics.recent_fps(),
            *self.statistics.recent_latency_ms(),
            dropped=sum(frame.drops.values()),
            warning=f"engine failed on {failed} {frames}" if failed else "",
        )

    def _report(self) -> dict:
        discarded = self._grabbed.discarded + self._inferred.discarded
        return {
            "mode": "freshest" if self.drops_frames else "every",
            "grabbed": self._taken,
            "drops": {"late": self._grabbed.dropped, "stopped": discarded},
            **self.statistics.report(),
        }


@contextlib.contextmanager
def stopped_by_signals(
    loop: LiveLoop, signals: Sequence[int] = (signal.SIGINT, signal.SIGTERM)
) -> Iterator[None]:
    """Lets Ctrl-C and SIGTERM end the loop cleanly; a second one interrupts it at once.

    To be used in the main thread, around `loop.run()` and the closing of the sinks.
    """
    asked = []

    def handle(number, stack):
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        loop.stop()

    before = {number: signal.signal(number, handle) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _told(stage: str, error: Exception) -> Exception:
    """The error to raise: what a source or the loop says itself stands, the rest is named."""
    if isinstance(error, RuntimeError) or (stage == "grab" and isinstance(error, ValueError)):
        return error
    told = RuntimeError(f"The stage '{stage}' failed with {type(error).__name__}: {error}")
    told.__cause__ = error
    return told


def _ms_since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1e3
