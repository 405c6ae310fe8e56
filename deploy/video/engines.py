"""The middle of the loop: one or more instances of the model at work, results in order."""

from collections.abc import Sequence

from deploy.runtimes.base import Runtime, decide, fit_frame
from deploy.video.channel import Channel
from deploy.video.clock import Clock
from deploy.video.frame import Frame

MAX_FAILURES = 10  # in a row, then the engine counts as broken


class Engines:
    """Takes frames from one channel and hands them on with classes, each instance in a thread.

    Args:
        runtimes: Instances of one model.
        frames: Where frames come from.
        results: Where they go, in the order in which they came.
        clock: What all waiting goes by.
        max_frames: How many frames to take, or None for all.
        keeps_logits: Whether frames get the logits, for somebody else to decide on classes.
    """

    def __init__(
        self,
        runtimes: Sequence[Runtime],
        frames: Channel,
        results: Channel,
        clock: Clock,
        max_frames: int | None = None,
        keeps_logits: bool = False,
    ):
        kind = runtimes[0].description.get("output_kind")
        if keeps_logits and kind != "logits":
            raise ValueError(
                f"Logits are wanted, but the model gives {kind or 'class ids'}. Export it with "
                f"--output-kind logits, or choose a step that works on classes."
            )
        self.runtimes = list(runtimes)
        self._frames, self._results = frames, results
        self._clock = clock
        self._max_frames = max_frames
        self._keeps_logits = keeps_logits
        self._changed = clock.condition()
        self._taking = self._over = False
        self._taken = self._handed_on = 0
        self._working = len(self.runtimes)
        self._failures = 0

    def work(self, runtime: Runtime) -> None:
        """What the thread of one instance does, until there are no more frames.

        Raises:
            RuntimeError: If the engine failed on ten frames in a row.
        """
        try:
            while (taken := self._take()) is not None:
                number, frame = taken
                error = self._classify(runtime, frame)
                if not self._wait_for_turn(number):
                    return
                self._count(frame, error)
                self._results.put(frame)
                with self._changed:
                    self._handed_on += 1
                    self._changed.notify_all()
        except BaseException:
            self._end()  # the others would wait for this one's turn for ever
            raise
        finally:
            with self._changed:
                self._working -= 1
            if self._working == 0:
                self._frames.abort()
                self._results.end()

    def _take(self) -> tuple[int, Frame] | None:
        """The next frame and its number; one instance at a time, or numbers could be swapped."""
        with self._changed:
            self._clock.wait_for(self._changed, lambda: not self._taking)
            if self._over or self._taken == self._max_frames:
                return None
            self._taking = True
        frame = self._frames.get()
        with self._changed:
            self._taking = False
            number = self._taken
            self._taken += frame is not None
            self._changed.notify_all()
        return None if frame is None else (number, frame)

    def _wait_for_turn(self, number: int) -> bool:
        with self._changed:
            self._clock.wait_for(self._changed, lambda: self._over or self._handed_on == number)
            return not self._over

    def _classify(self, runtime: Runtime, frame: Frame) -> Exception | None:
        margin = runtime.description.get("margin", (0, 0))
        begun = self._clock.now()
        try:
            image = fit_frame(frame.image, runtime.input_size, margin)
            resized = self._clock.now()
            frame.stage_ms["resize"] = (resized - begun) * 1e3
            begun = resized
            output = runtime.run(image)
            if self._keeps_logits:
                frame.logits = output[0]  # who wants them decides on classes, too
            else:
                frame.classes = decide(output, frame.image.shape[:2])
        except Exception as error:
            return error
        finally:
            frame.stage_ms["infer"] = (self._clock.now() - begun) * 1e3
        return None

    def _count(self, frame: Frame, error: Exception | None) -> None:
        self._failures = self._failures + 1 if error else 0
        if error is None:
            return
        frame.error = f"{type(error).__name__}: {error}"
        if self._failures == MAX_FAILURES:
            raise RuntimeError(
                f"The engine failed on {MAX_FAILURES} frames in a row, the last time with "
                f"{frame.error}."
            ) from error

    def _end(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
