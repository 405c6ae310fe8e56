"""`tools/video.py` with an engine that needs no model, for tests that have to kill its process.

python tests/tools/video_with_fake_engine.py --model engine.fake ...

engine.fake is a text file that says after how many calls the engine breaks.
"""

import sys
import time

import numpy as np

from deploy.runtimes import RUNTIMES
from tools import video


class FakeEngine:
    """Calls everything `road`, a hundred times a second at most."""

    description = {"classes": ["sky", "road"], "palette": [[9, 9, 9], [128, 64, 128]]}
    input_size = (8, 8)

    def __init__(self, path, threads=None):
        self.calls_left = int(path.read_text())

    def run(self, image):
        time.sleep(0.01)
        self.calls_left -= 1
        if self.calls_left < 0:
            raise ValueError("out of order")
        return np.ones(image.shape[:3], "uint8")

    def close(self):
        pass


if __name__ == "__main__":
    RUNTIMES[".fake"] = FakeEngine
    sys.exit(video.main())
