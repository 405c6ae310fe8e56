"""The numbers of the moment, as the loop tells them to the picture and to the displays."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Status:
    """What people should know about the picture that they look at.

    Args:
        fps: Frames shown per second of late; 0 while that is not known.
        latency_p50_ms: Median capture-to-shown latency of late.
        latency_p95_ms: What 95 % of those latencies do not exceed.
        dropped: Frames dropped since the start.
        warning: What is wrong at the moment, a few words; empty if nothing is.
        latency_p99_ms: What 99 % of those latencies do not exceed.
        stream: State of the source: `live`, `lost` (being reconnected), `frozen` (it repeats one
            picture) or `ended`.
        stale_s: Age of the picture in seconds where it is an old one, because the source gives
            no new ones; 0 while it does.
        paused: Whether the picture is held because somebody asked for it.
    """

    fps: float
    latency_p50_ms: float
    latency_p95_ms: float
    dropped: int
    warning: str = ""
    latency_p99_ms: float = 0.0
    stream: str = "live"
    stale_s: float = 0.0
    paused: bool = False
