"""Reading files in the background while a model works on what was read before."""

import collections
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Source, Loaded = TypeVar("Source"), TypeVar("Loaded")


def read_ahead(
    load: Callable[[Source], Loaded], sources: Iterable[Source], ahead: int = 4
) -> Iterator[Loaded]:
    """Yields `load(source)` for all sources in their order, some of them loaded before their turn.

    Args:
        load: Runs in another thread; what it raises, it raises at the source's turn.
        sources: What to load, such as the pairs of a data set.
        ahead: How many results may wait, which bounds the memory.
    """
    waiting = collections.deque()
    with ThreadPoolExecutor(1) as reader:
        for source in sources:
            waiting.append(reader.submit(load, source))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
