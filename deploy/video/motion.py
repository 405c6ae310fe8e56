"""Where each part of a picture was one frame earlier: dense optical flow at low resolution.

Flow is estimated by patches, coarse to fine (DIS), on a picture small enough for a live loop. In
a clear sky or on plain asphalt every displacement explains the picture equally well and the
estimate is noise; a vector therefore only counts where it explains the picture better than
standing still does.

Reference: Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016,
https://arxiv.org/abs/1603.03590
"""

import dataclasses
import functools

import cv2
import numpy as np

from deploy.video.frame import Frame

WIDTH = 160  # pixels of the small picture; its height follows
SMALLEST = 16  # pixels of a side below which there is nothing to follow
FINEST_SCALE = 1  # patches end at half of that resolution, where finer ones cost four times more
GAIN = 0.5  # gray levels by which a vector has to beat standing still
NEIGHBORHOOD = (5, 5)  # pixels over which that is judged


@dataclasses.dataclass(frozen=True, slots=True)
class Displacement:
    """How a frame follows from the one before, on a small picture (h, w) of it.

    Args:
        flow: Where each pixel was, relative to where it is: (right, down) in small pixels,
            float32 (h, w, 2).
        residual: Gray levels by which the frame before, moved along, still differs, uint8 (h, w).
        scale: Pixels of the frame per small pixel.
    """

    flow: np.ndarray
    residual: np.ndarray
    scale: float

    def moved_pixels(self) -> np.ndarray:
        """How far each part moved, in pixels of the frame, float32 (h, w)."""
        return cv2.magnitude(self.flow[..., 0], self.flow[..., 1]) * self.scale

    def origins(self, size: tuple[int, int]) -> np.ndarray:
        """Where each pixel was, on a grid (H, W) over the frame: (x, y), int16 (H, W, 2)."""
        height, width = self.flow.shape[:2]
        # In whole pixels, because classes have no in-between, and without interpolation, because
        # displacements differ little from one small pixel to the next.
        moves = np.rint(self.flow * (size[1] / width, size[0] / height)).astype("int16")
        moves = cv2.resize(moves, size[::-1], interpolation=cv2.INTER_NEAREST)
        return cv2.add(moves, _grid(size, "int16"), dst=moves)


class Motion:
    """Compares each frame with the one before it.

    Args:
        follow: Whether to look for motion; otherwise everything is taken to stand still, which
            costs next to nothing and still tells where the picture changed.
    """

    def __init__(self, follow: bool = True):
        self._follow = follow
        self._search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._search.setFinestScale(FINEST_SCALE)
        self._past: np.ndarray | None = None
        self._key = self._index = None
        self._answer: Displacement | None = None

    def __call__(self, frame: Frame) -> Displacement | None:
        """What moved since the frame before; None if there is none to compare with.

        Asked again for the same frame, it gives the same answer.
        """
        key = kinship(frame)
        if (key, frame.index) == (self._key, self._index):
            return self._answer
        now = _small(frame.image)
        self._answer = None
        if key == self._key:
            scale = frame.image.shape[1] / now.shape[1]
            self._answer = Displacement(*self._compare(self._past, now), scale)
        self._key, self._index, self._past = key, frame.index, now
        return self._answer

    def _compare(self, before: np.ndarray, now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        changed = cv2.absdiff(before, now)
        if not self._follow or min(now.shape) < SMALLEST:
            return np.zeros((*now.shape, 2), "float32"), changed
        flow = self._search.calc(now, before, None)
        unexplained = cv2.absdiff(_moved(before, flow), now)
        kinds = (changed, unexplained)
        still, moved = (cv2.blur(kind.astype("float32"), NEIGHBORHOOD) for kind in kinds)
        flow[moved > still - GAIN] = 0
        return flow, cv2.absdiff(_moved(before, flow), now)


def kinship(frame: Frame) -> tuple:
    """What two frames must have in common to be compared: the connection and the size."""
    return frame.connection, frame.image.shape


def _small(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    small_width = min(width, WIDTH)
    size = small_width, max(1, round(height * small_width / width))
    return cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)


def _moved(gray: np.ndarray, flow: np.ndarray) -> np.ndarray:
    origins = cv2.add(flow, _grid(gray.shape, "float32"))
    return cv2.remap(gray, origins, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


@functools.lru_cache(maxsize=4)  # the classes and the small picture
def _grid(size: tuple[int, int], kind: str) -> np.ndarray:
    """The place (x, y) of each pixel, (*size, 2)."""
    rows, columns = np.indices(size, dtype=kind)
    return np.stack((columns, rows), axis=-1)
