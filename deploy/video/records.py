"""One JSON line per frame: what was seen, when, and what it cost."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deploy.video.append import AppendFile
from deploy.video.frame import Frame


class Records:
    """A sink that writes a record of every frame; the last one, to know what the others cost.

    Fields: `index`, `source_time_s`, `connection` (how often the source had been opened anew),
    `age_ms` (from grab to shown), `stage_ms` (grab, resize, infer, refine, draw, write), `shares`
    (by class name, those on the picture), `drops` (by cause, so far), `error` (null, or what the
    engine said).

    Args:
        path: The .jsonl file; written beside and renamed at the end.
        class_names: One per class id.
    """

    def __init__(self, path: str | Path, class_names: Sequence[str]):
        self._file = AppendFile(path)
        self._names = class_names

    def write(self, picture: np.ndarray, frame: Frame) -> None:
        """Appends the record of a frame."""
        record = {
            "index": frame.index,
            "source_time_s": round(frame.source_time_s, 4),
            "connection": frame.connection,
            "age_ms": round(frame.age_ms, 3),
            "stage_ms": {stage: round(ms, 3) for stage, ms in frame.stage_ms.items()},
            "shares": self._named_shares(frame.shares),
            "drops": frame.drops,
            "error": frame.error,
        }
        self._file.append((json.dumps(record, ensure_ascii=False) + "\n").encode())

    def close(self) -> None:
        """Gives the file its final name."""
        self._file.close()

    def _named_shares(self, shares: np.ndarray | None) -> dict[str, float]:
        if shares is None:
            return {}
        pairs = zip(self._names, shares.tolist(), strict=True)
        return {name: round(share, 5) for name, share in pairs if share > 0}
