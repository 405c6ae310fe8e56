"""Honest numbers of a live loop in bounded memory: percentiles, not means of inference alone.

An endless stream must not grow the process, so times are counted in a histogram whose bins are
1 % wide (the idea of HdrHistogram, https://hdrhistogram.org); a percentile is then right to 1 %.
"""

import collections
import math

import numpy as np

from deploy.video.frame import Frame

STAGES = ("grab", "resize", "infer", "refine", "draw", "write")
WINDOW_S = 2.0  # what "now" means on the picture


class Histogram:
    """Counts durations in milliseconds; bins are 1 % wide from a microsecond to 1000 seconds."""

    _SHORTEST_MS, _LONGEST_MS, _STEP = 1e-3, 1e6, math.log(1.01)

    def __init__(self):
        bins = 2 + int(math.log(self._LONGEST_MS / self._SHORTEST_MS) / self._STEP)
        self._counts = np.zeros(bins, "int64")
        self._sum_ms = 0.0

    @property
    def count(self) -> int:
        """How many durations were added."""
        return int(self._counts.sum())

    def add(self, duration_ms: float) -> None:
        """Counts one duration; what is out of range counts as the nearest bin."""
        clipped = min(max(duration_ms, self._SHORTEST_MS), self._LONGEST_MS)
        self._counts[int(math.log(clipped / self._SHORTEST_MS) / self._STEP)] += 1
        self._sum_ms += duration_ms

    def percentile(self, percent: float) -> float:
        """The duration in milliseconds that `percent` (0 to 100) of the counted do not exceed."""
        if self.count == 0:
            return 0.0
        rank = max(1, math.ceil(self.count * percent / 100))
        found = int(np.searchsorted(np.cumsum(self._counts), rank))
        return self._SHORTEST_MS * math.exp((found + 0.5) * self._STEP)

    def summary(self) -> dict[str, float]:
        """Mean and percentiles in milliseconds."""
        mean = self._sum_ms / max(self.count, 1)
        percentiles = {f"p{percent}_ms": self.percentile(percent) for percent in (50, 95, 99)}
        return {key: round(ms, 3) for key, ms in {"mean_ms": mean, **percentiles}.items()}


class LoopStatistics:
    """What the loop did so far, and over the last seconds.

    `add_written` may be called by another thread than the rest.
    """

    def __init__(self):
        self.frames = 0
        self.engine_errors = 0
        self._durations = {name: Histogram() for name in (*STAGES, "latency")}
        self._recent = collections.deque(maxlen=1024)  # (shown_at, age_ms)
        self._now = 0.0
        self._first_grab = self._last_shown = 0.0

    def add(self, frame: Frame, shown_at: float) -> None:
        """Counts a frame that was shown at `shown_at` seconds of the monotonic clock."""
        if self.frames == 0:
            self._first_grab = frame.grabbed_at - frame.stage_ms["grab"] / 1e3
        self.frames += 1
        self.engine_errors += frame.error is not None
        self._last_shown = shown_at
        for stage, duration_ms in frame.stage_ms.items():
            self._durations[stage].add(duration_ms)
        self._durations["latency"].add(frame.age_ms)
        self._recent.append((shown_at, frame.age_ms))
        self.forget(shown_at)

    def forget(self, now: float) -> None:
        """Drops what is no longer recent at `now` seconds of the clock.

        The last two frames stay: an engine may take longer for a frame than the window is.
        """
        while len(self._recent) > 2 and now - self._recent[0][0] > WINDOW_S:
            self._recent.popleft()
        self._now = now

    def add_written(self, frame: Frame) -> None:
        """Counts how long writing took, for a frame that was shown before."""
        self._durations["write"].add(frame.stage_ms["write"])

    def recent_fps(self) -> float:
        """Frames shown per second of late, falling while none comes; 0 before the second one."""
        if len(self._recent) < 2:
            return 0.0
        last_at = self._recent[-1][0]
        span = max(last_at - self._recent[0][0], self._now - last_at)
        return (len(self._recent) - 1) / span if span > 0 else 0.0

    def recent_latency_ms(self) -> tuple[float, float, float]:
        """p50, p95 and p99 of the capture-to-shown latency of late."""
        if not self._recent:
            return 0.0, 0.0, 0.0
        ages = [age_ms for _, age_ms in self._recent]
        return tuple(float(value) for value in np.percentile(ages, (50, 95, 99)))

    def report(self) -> dict:
        """Totals for the final table and `--json`; times in milliseconds."""
        seconds = self._last_shown - self._first_grab
        times = {name: times.summary() for name, times in self._durations.items() if times.count}
        latency = times.pop("latency", Histogram().summary())
        return {
            "frames": self.frames,
            "engine_errors": self.engine_errors,
            "seconds": round(seconds, 3),
            "frames_per_second": round(self.frames / seconds, 3) if seconds > 0 else 0.0,
            "stages": times,
            "latency": latency,
        }
