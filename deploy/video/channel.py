"""How one thread hands frames to the next: in order, bounded, and awake when the loop ends.

One class is both policies of the live loop. With room for a few items and a `put` that waits,
nothing is lost and a slow reader slows the writer down (files). With room for one and a `put`
that throws the oldest out, the reader always gets the newest picture (live cameras).
"""

import collections
from typing import Any

from deploy.video.clock import REAL_TIME, Clock


class Channel:
    """A bounded queue between two threads that either side can end.

    Args:
        capacity: How many items may wait, at least 1.
        drop_oldest: What `put` does when it is full: throw out the oldest and count it (True)
            or wait for room (False).
        clock: What waiting goes by.

    Attributes:
        dropped: How many items were thrown out because a newer one came.
        discarded: How many found no reader because the channel had ended.
    """

    def __init__(self, capacity: int, drop_oldest: bool = False, clock: Clock = REAL_TIME):
        self.dropped = 0
        self.discarded = 0
        self._items = collections.deque()
        self._capacity = capacity
        self._drop_oldest = drop_oldest
        self._ended = False
        self._clock = clock
        self._changed = clock.condition()

    def wait_for_room(self) -> bool:
        """Waits until a `put` would not have to, so that what is put then is fresh.

        Returns:
            False if the channel has ended.
        """
        with self._changed:
            if not self._drop_oldest:
                self._clock.wait_for(
                    self._changed, lambda: self._ended or len(self._items) < self._capacity
                )
            return not self._ended

    def put(self, item: Any) -> bool:
        """Hands an item on; False if the channel has ended and nobody will read it."""
        with self._changed:
            if not self.wait_for_room():
                self.discarded += 1
                return False
            if len(self._items) == self._capacity:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self._changed.notify_all()
            return True

    def get(self, timeout_s: float | None = None) -> Any | None:
        """The next item, waiting for it.

        Args:
            timeout_s: How long to wait at most, or None for ever.

        Returns:
            None once the channel `is_over`, or if nothing came in time.
        """
        with self._changed:
            self._clock.wait_for(self._changed, lambda: self._ended or self._items, timeout_s)
            if not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def is_over(self) -> bool:
        """Whether nothing will ever come again: the channel has ended and is empty."""
        with self._changed:
            return self._ended and not self._items

    def end(self) -> None:
        """Takes no more items; those that wait are still delivered."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def abort(self) -> None:
        """Ends the channel and throws away what waits."""
        with self._changed:
            self.discarded += len(self._items)
            self._items.clear()
            self.end()

    def sleep(self, seconds: float) -> None:
        """Waits that long, or until the channel ends if that is sooner."""
        with self._changed:
            self._clock.wait_for(self._changed, lambda: self._ended, max(seconds, 0.0))
