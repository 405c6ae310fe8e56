"""The first stage of the loop: reads the source, and holds files to their own pace."""

import math

from deploy.video.channel import Channel
from deploy.video.clock import Clock
from deploy.video.source import Source


class Grabber:
    """Reads a source into a channel.

    Args:
        source: Read in the thread that calls `run`.
        frames: Where its frames go.
        clock: What the pace goes by.
        max_frames: How many frames to read, or None for all.

    Attributes:
        paced: Whether a source that would give frames as fast as we take them is held to its
            own frame rate.
        taken: How many frames have been read.
        last_at: When the last one came, on the clock.
    """

    def __init__(
        self, source: Source, frames: Channel, clock: Clock, max_frames: int | None = None
    ):
        self.paced = False
        self.taken = 0
        self.last_at = clock.now()
        self._source, self._frames, self._clock = source, frames, clock
        self._max_frames = max_frames

    def run(self) -> None:
        """Reads until the source or the channel ends."""
        begins_at = -math.inf  # when a paced source's time was 0
        while self.taken != self._max_frames and self._frames.wait_for_room():
            begun = self._clock.now()
            frame = self._source.read()
            if frame is None:
                break
            self.taken += 1
            now = self._clock.now()
            frame.stage_ms["grab"] = (now - begun) * 1e3
            if self.paced:
                # After a hold-up the pace goes on from there: nothing is played faster.
                begins_at = max(begins_at, now - frame.source_time_s)
                self._frames.sleep(begins_at + frame.source_time_s - now)
                frame.grabbed_at = self._clock.now()
            self.last_at = frame.grabbed_at
            self._frames.put(frame)
