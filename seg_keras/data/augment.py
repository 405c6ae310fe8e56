"""Random changes of a training image and its label, in NumPy and OpenCV.

An image and its label pass every geometric step together, as one map that is drawn first and
applied once. Colours change last and only in the image. All chance comes from the generator that is
handed in; a setting that is off draws nothing, so that switching on another one is the only thing
that changes what the same seed gives.
"""

import dataclasses

import numpy as np

from seg_keras.data.elastic import draw_displacements
from seg_keras.data.erasing import cut_out, grid_mask
from seg_keras.data.labels import IGNORE_LABEL
from seg_keras.data.photometric import compress_jpeg, jitter_colors, soften
from seg_keras.data.transforms import View, Window

BORDERS = ("void", "mirror")
BALANCED_TRIES = 10


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """How far training images may differ from the originals.

    Args:
        scale_range: Smallest and largest magnification, drawn log-uniformly.
        flip: Whether to mirror half of the images left to right.
        jitter: Strength of brightness, contrast, saturation, hue and gamma changes; 0 for none, 1
            for the usual strength.
        blur: Share of the images that are softened and made noisy, like a poor camera's.
        rotation: Largest angle in degrees, either way.
        translation: Largest shift beyond the random crop, as a share of its height and width.
        elastic: Standard deviation of U-Net's random displacements in pixels of the crop, 10 in
            the paper.
        max_class_share: A crop is drawn again, at most ten times, while one class covers more of
            its labelled pixels; 0.75 is usual, 1 takes every crop.
        border: What is seen beyond an image: "void", black and ignored, or "mirror", the image
            continued by its reflection and labelled so, for models of valid convolutions.
        jpeg: Share of the images that are compressed.
        cutout: Share of the images with a rectangle hidden.
        grid_mask: Share of the images with a lattice of squares hidden.
        mosaic: Share of the samples that are four crops of different images, side by side.
    """

    scale_range: tuple[float, float] = (0.5, 2.0)
    flip: bool = True
    jitter: float = 1.0
    blur: float = 0.1
    rotation: float = 0.0
    translation: float = 0.0
    elastic: float = 0.0
    max_class_share: float = 1.0
    border: str = "void"
    jpeg: float = 0.0
    cutout: float = 0.0
    grid_mask: float = 0.0
    mosaic: float = 0.0

    def __post_init__(self):
        if self.border not in BORDERS:
            raise ValueError(
                f"Unknown border {self.border!r}. Choose one of: {', '.join(BORDERS)}."
            )
        for name in ("blur", "jpeg", "cutout", "grid_mask", "mosaic"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}. Give the share of images, from 0 to 1."
                )
        if not 0 < self.max_class_share <= 1:
            raise ValueError(
                f"max_class_share is {self.max_class_share}. Give a share up to 1, which takes "
                f"every crop."
            )


def augment(
    image: np.ndarray,
    label: np.ndarray,
    crop_size: tuple[int, int],
    augmentation: Augmentation,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Gives a random view of an image (H, W, C) and its label (H, W).

    Args:
        image: uint8 or float, [0, 255]; or frames (T, H, W, C), which all change alike.
        label: uint8 training ids; or those of every frame, (T, H, W).
        crop_size: (height, width) of the result in pixels; what lies outside of the image is black
            and labelled 255, unless the image is mirrored there.
        augmentation: How far the view may differ from the original.
        rng: Decides everything; the same state gives the same view.

    Returns:
        Image float32 (*crop_size, C) in [0, 255] and label int32 (*crop_size).
    """
    view = draw_view(label, crop_size, augmentation, rng)
    image = change_appearance(view.image(image), augmentation, rng)
    return image, np.ascontiguousarray(view.label(label), "int32")


def draw_view(
    label: np.ndarray,
    crop_size: tuple[int, int],
    augmentation: Augmentation,
    rng: np.random.Generator,
    margin: tuple[int, int] = (0, 0),
) -> View:
    """Draws the geometry of a sample.

    Args:
        label: uint8 training ids (..., H, W); read where crops are to be balanced.
        crop_size: (height, width) of the crop in pixels.
        augmentation: How far the view may differ from the original.
        rng: Decides the view.
        margin: Rows and columns of the crop at each side that only give context. What is inside of
            them lies in the image, where that is large enough.
    """
    size, limit = label.shape[-2:], augmentation.max_class_share
    view = _draw_view(size, crop_size, augmentation, rng, margin)
    for _ in range(BALANCED_TRIES if limit < 1 else 0):
        if largest_share(view.label(label)) <= limit:
            break
        view = _draw_view(size, crop_size, augmentation, rng, margin)
    return view


def _draw_view(size, crop_size, augmentation: Augmentation, rng, margin) -> View:
    low, high = np.log(augmentation.scale_range)
    window = random_window(size, crop_size, np.exp(rng.uniform(low, high)), rng, margin)
    if augmentation.translation:
        window = shifted(window, augmentation.translation, rng)
    angle, displacements = 0.0, None
    if augmentation.rotation:
        angle = np.radians(rng.uniform(-augmentation.rotation, augmentation.rotation))
    if augmentation.elastic:
        displacements = draw_displacements(augmentation.elastic, rng)
    mirrored = bool(augmentation.flip and rng.random() < 0.5)
    return View(window, crop_size, mirrored, angle, displacements, augmentation.border)


def random_window(size, crop_size, scale: float, rng, margin=(0, 0)) -> Window:
    """Top, left, height, width in the original; it may reach beyond where the crop is larger."""
    window = []
    for extent, crop, side in zip(size, crop_size, margin, strict=True):
        length, context = max(1, round(crop / scale)), round(side / scale)
        # Where the window is larger than the image, the image lies anywhere inside of it.
        spare = extent - length + 2 * context
        start = int(rng.integers(min(spare, 0), max(spare, 0), endpoint=True)) - context
        window.append((start, length))
    (top, height), (left, width) = window
    return top, left, height, width


def shifted(window: Window, share: float, rng) -> Window:
    """Moves a window by up to a share of its height and width."""
    top, left, height, width = window
    down, right = rng.uniform(-share, share, 2)
    return top + round(down * height), left + round(right * width), height, width


def largest_share(label: np.ndarray) -> float:
    """The share of the most frequent class among the labelled pixels; 1 where there are none."""
    counts = np.bincount(label.ravel(), minlength=IGNORE_LABEL + 1)[:IGNORE_LABEL]
    return counts.max() / counts.sum() if counts.any() else 1.0


def change_appearance(image: np.ndarray, augmentation: Augmentation, rng) -> np.ndarray:
    """Changes what an image (H, W, C) or its frames (T, H, W, C) look like, to float32."""
    image = np.ascontiguousarray(image, "float32")
    if augmentation.jitter:
        image = jitter_colors(image, augmentation.jitter, rng)
    if rng.random() < augmentation.blur:
        image = soften(image, rng)
    for share, change in (
        (augmentation.jpeg, compress_jpeg),
        (augmentation.cutout, cut_out),
        (augmentation.grid_mask, grid_mask),
    ):
        if share and rng.random() < share:
            image = change(image, rng)
    return np.clip(image, 0, 255)
