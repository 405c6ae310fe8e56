"""Saves what is shown at the moment when somebody asks for it."""

import logging
from pathlib import Path

import cv2
import numpy as np

from deploy.video.frame import Frame
from deploy.video.status import Status
from deploy.video.view import View

log = logging.getLogger(__name__)


class Snapshots:
    """A display that saves a PNG whenever `view.snapshots` has grown.

    Args:
        folder: Where `snapshot_00000042.png` goes, named after the frame; made when needed.
        view: Where people ask.
    """

    def __init__(self, folder: str | Path, view: View):
        self._folder, self._view = Path(folder), view
        self._taken = view.snapshots

    def show(self, picture: np.ndarray, frame: Frame, status: Status) -> None:
        """Saves the picture if somebody asked since the last one."""
        if self._view.snapshots == self._taken:
            return
        self._taken = self._view.snapshots
        path = self._folder / f"snapshot_{frame.index:08d}.png"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
            path.write_bytes(encoded.data)
        except OSError as error:  # no reason to end what people watch
            log.error("No snapshot: %s", error)
        else:
            log.info("Saved %s", path)

    def close(self) -> None:
        """Every file is finished already."""
