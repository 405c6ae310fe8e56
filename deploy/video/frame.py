"""What travels through the live loop: one picture, and everything that was learnt about it."""

import dataclasses

import numpy as np


@dataclasses.dataclass(slots=True)
class Frame:
    """One image on its way from the source to the screen; each stage fills in its part.

    Args:
        index: Position in the source, counted over all grabbed frames, dropped ones included.
        image: RGB, uint8 (H, W, 3). Owned by the frame: a later stage may still read it.
        source_time_s: When the frame was taken, in seconds since the start of the source.
        grabbed_at: The same moment on the clock of the loop, in seconds.
        connection: How often the source had been opened anew before; where it differs from the
            frame before, time has passed and the size may be another.
        stage_ms: Milliseconds per stage: `grab`, `resize`, `infer`, `refine`, `draw`, `write`.
        logits: What the engine gave, float32 (h, w, num_classes), for a refinement that asked
            for them; None otherwise.
        classes: Predicted ids, uint8 (H, W). After a failed inference the last good ones,
            or None where there are none.
        shares: Part of the picture that each class covers, float (num_classes,), or None.
        error: What the engine said if it failed on this frame.
        age_ms: From grab to shown, known once the displays have it.
        drops: By cause, how many frames the loop had dropped when this one was shown.
    """

    index: int
    image: np.ndarray
    source_time_s: float
    grabbed_at: float
    connection: int = 0
    stage_ms: dict[str, float] = dataclasses.field(default_factory=dict)
    logits: np.ndarray | None = None
    classes: np.ndarray | None = None
    shares: np.ndarray | None = None
    error: str | None = None
    age_ms: float = 0.0
    drops: dict[str, int] = dataclasses.field(default_factory=dict)
