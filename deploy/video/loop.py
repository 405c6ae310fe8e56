"""The live loop: grab, infer, draw and write at the same time, at the pace of the slowest.

    source --grab thread--> channel --engine threads--> channel --calling thread--> displays
                                                                        |
                                                                     channel --write thread--> sinks

Drawing and showing stay in the calling thread, because windows and signals need the main one.
What happens when the engine is slower than the source is the channel's policy: `every` frame
waits its turn (files), or only the `freshest` is kept and the others are counted (cameras).
"""

import functools
from collections.abc import Callable, Sequence

from deploy.runtimes.base import Runtime
from deploy.video.channel import Channel
from deploy.video.clock import REAL_TIME, Clock
from deploy.video.engines import Engines
from deploy.video.frame import Frame
from deploy.video.grabber import Grabber
from deploy.video.overlay import Overlay
from deploy.video.presenter import Presenter
from deploy.video.refinement import Refinement
from deploy.video.source import Source
from deploy.video.stats import LoopStatistics
from deploy.video.status import Status
from deploy.video.writer import Writer

MODES = ("auto", "every", "freshest")
JOIN_S = 10.0  # a stage that hangs in native code must not keep the program from ending
SILENT_S = 1.0  # from then on the picture of a live source is called an old one
AGAIN_S = 0.1  # how often the last picture is shown again while no new one comes


class LiveLoop:
    """Runs a model over a source once.

    A file is held to its own frame rate where somebody watches, and in the mode `freshest`, where
    it stands for a camera; otherwise it is read as fast as the engine goes.

    Args:
        source: Read by a thread of the loop; closed by whoever opened it, after `run`.
        runtimes: One or more instances of the model; each is called by a thread of its own.
        overlay: Draws the pictures; the loop follows its `view`.
        mode: `every`, `freshest`, or `auto`, which is `freshest` for live sources.
        max_frames: How many frames to show, or None for all.
        refine: Improves the classes of each frame, or None.
        clock: What all stages go by.

    Attributes:
        displays: Show each picture, in the thread that calls `run`.
        sinks: Keep each picture, in the writing thread.
        observers: Are called there with each frame after its last sink.
        statistics: The numbers so far.
    """

    def __init__(
        self,
        source: Source,
        runtimes: Sequence[Runtime],
        overlay: Overlay,
        mode: str = "auto",
        max_frames: int | None = None,
        refine: Refinement | None = None,
        clock: Clock = REAL_TIME,
    ):
        if mode not in MODES:
            raise ValueError(f"Unknown mode {mode!r}. Choose one of: {', '.join(MODES)}.")
        if max_frames is not None and max_frames < 1:
            raise ValueError(f"The number of frames has to be at least 1, got {max_frames}.")
        self.drops_frames = mode == "freshest" or (mode == "auto" and source.live)
        self.statistics = LoopStatistics()
        self._source, self._clock, self._view = source, clock, overlay.view
        # One waiting frame keeps the picture fresh; two keep all stages busy.
        capacity = 1 if self.drops_frames else 2
        self._grabbed = Channel(capacity, drop_oldest=self.drops_frames, clock=clock)
        self._results = Channel(capacity, clock=clock)
        self._pictures = Channel(1, clock=clock)
        self._ending = Channel(1, clock=clock)  # holds nothing: it only wakes who waits
        reads_at_most = None if self.drops_frames else max_frames
        self._grabber = Grabber(source, self._grabbed, clock, reads_at_most)
        uses_logits = refine is not None and refine.uses_logits
        self._engines = Engines(
            runtimes, self._grabbed, self._results, clock, max_frames, uses_logits
        )
        num_classes = len(runtimes[0].description["classes"])
        self._presenter = Presenter(overlay, refine, num_classes, self.statistics, clock)
        self._writer = Writer(self._pictures, self._presenter.canvases, self.statistics, clock)
        self.displays = self._presenter.displays
        self.sinks, self.observers = self._writer.sinks, self._writer.observers
        self._dropped_in_pause = 0
        self._resumed_at = clock.now()
        self._error: Exception | None = None

    def stop(self) -> None:
        """Takes no more frames; those under way are still shown. Safe in a signal handler."""
        self._ending.end()
        self._grabbed.end()
        self._source.stop()

    def is_running(self) -> bool:
        """False once the loop was told to end."""
        return not self._ending.is_over()

    def run(self) -> dict:
        """Runs until the source ends, `stop` is called, or a stage fails.

        Returns:
            What `report` gives at the end.

        Raises:
            ValueError: If the source gives no frame at all.
            RuntimeError: If a stage failed, or the engine did on ten frames in a row.
        """
        is_watched = bool(self.displays) or self.drops_frames
        self._grabber.paced = is_watched and not self._source.live
        stages = [("grab", self._grabber.run, self._grabbed.end)]
        for runtime in self._engines.runtimes:
            work = functools.partial(self._engines.work, runtime)
            stages.append(("infer", work, self.stop))
        stages.append(("write", self._writer.run, self._pictures.abort))
        threads = [
            self._clock.start(functools.partial(self._run_stage, *stage), name=stage[0])
            for stage in stages
        ]
        try:
            self._run_stage("show", self._show, self._end_all)
        finally:  # also after a KeyboardInterrupt
            for thread in threads:
                self._clock.join(thread, JOIN_S)
        if self._error is not None:
            raise self._error
        return self.report()

    def report(self) -> dict:
        """The numbers so far: also after a run that failed.

        Returns:
            `mode`, `frames`, `grabbed`, `drops` by cause, `engine_errors`, `reconnects`,
            `failed_outputs` (what was said by those that had to be left out), `seconds`,
            `frames_per_second`, `stages` and `latency` (mean, p50, p95, p99 in ms).
        """
        channels = (self._grabbed, self._results, self._pictures)
        drops = self._drops() | {"stopped": sum(channel.discarded for channel in channels)}
        return {
            "mode": "freshest" if self.drops_frames else "every",
            "grabbed": self._grabber.taken,
            "drops": drops,
            "reconnects": self._source.connection,
            "failed_outputs": list(self._writer.failures),
            **self.statistics.report(),
        }

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

    def _end_all(self) -> None:
        self.stop()
        self._grabbed.abort()
        self._results.abort()
        self._pictures.end()

    def _show(self) -> None:
        while not self._results.is_over():
            # Without displays there is nobody to show an old picture to.
            frame = self._results.get(AGAIN_S if self.displays else None)
            if frame is None:
                self._presenter.present_again(self._status())
            elif self.drops_frames and frame.grabbed_at < self._resumed_at:
                self._dropped_in_pause += 1
            else:
                self._present(frame)
            while self._view.paused and self.is_running():
                self._presenter.present_again(self._status(paused=True))
                self._ending.sleep(AGAIN_S)
                self._resumed_at = self._clock.now()
        self._presenter.present_again(self._status(ended=True))

    def _present(self, frame: Frame) -> None:
        frame.drops = self._drops()
        picture = self._presenter.present(frame, self._status(frame.error is not None))
        self._pictures.put((picture, frame))
        if self._writer.failures and not (self.sinks or self.displays):
            raise RuntimeError(f"Nothing is left to write to. {self._writer.failures[-1]}")

    def _drops(self) -> dict[str, int]:
        return {
            "late": self._grabbed.dropped,
            "paused": self._dropped_in_pause,
            "corrupt": self._source.corrupt,
        }

    def _status(self, failed: bool = False, paused: bool = False, ended: bool = False) -> Status:
        now = self._clock.now()
        self.statistics.forget(now)
        silent_s = now - self._grabber.last_at
        is_silent = self._source.live and self.is_running() and silent_s > SILENT_S
        stream = "ended" if ended else self._source.state
        if is_silent and stream == "live":
            stream = "lost"
        p50, p95, p99 = self.statistics.recent_latency_ms()
        return Status(
            self.statistics.recent_fps(),
            p50,
            p95,
            dropped=sum(self._drops().values()),
            warning=self._warning(self.statistics.engine_errors + failed),
            latency_p99_ms=p99,
            stream=stream,
            stale_s=self._presenter.age_s() if stream in ("lost", "frozen") else 0.0,
            paused=paused,
        )

    def _warning(self, failed: int) -> str:
        if self._writer.failures:
            return "recording stopped"
        frames = "frame" if failed == 1 else "frames"
        return f"engine failed on {failed} {frames}" if failed else ""


def _told(stage: str, error: Exception) -> Exception:
    """The error to raise: what a source or the loop says itself stands, the rest is named."""
    if isinstance(error, RuntimeError) or (stage == "grab" and isinstance(error, ValueError)):
        return error
    told = RuntimeError(f"The stage '{stage}' failed with {type(error).__name__}: {error}")
    told.__cause__ = error
    return told
