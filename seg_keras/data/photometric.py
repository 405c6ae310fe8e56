"""Changes of a training image that leave its label alone: colours, blur, noise, compression."""

import cv2
import numpy as np

JPEG_QUALITIES = (15, 80)  # from visible blocks to barely a difference


def jitter_colors(image: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Changes brightness, contrast, gamma and, where there are three bands, saturation and hue.

    Args:
        image: float32 (H, W, C) or frames (T, H, W, C), which all change alike, in [0, 255].
        strength: 0 for no change, 1 for the usual one.
        rng: Decides the change.
    """
    brightness, contrast, saturation, hue, gamma = rng.uniform(-strength, strength, 5)
    bands = image.shape[-1]
    scale = 1 + 0.4 * contrast
    mean = float(image.mean())
    shift = 40 * brightness + mean - scale * mean
    if bands == 3:
        # Saturation scales and hue turns the plane that is orthogonal to grey: one 3x3 matrix.
        gray = np.full((3, 3), 1 / 3)
        angle = 0.3 * hue
        turn = np.cos(angle) * (np.eye(3) - gray) + np.sin(angle) / np.sqrt(3) * np.array(
            [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
        )
        matrix = scale * (gray + (1 + 0.5 * saturation) * turn)
        matrix = np.column_stack([matrix, np.full(3, shift)]).astype("float32")
        changed = cv2.transform(image.reshape(-1, image.shape[-2], 3), matrix).reshape(image.shape)
    else:
        changed = image * np.float32(scale) + np.float32(shift)
    return 255 * (np.clip(changed, 0, 255) / 255) ** np.float32(2 ** (0.6 * gamma))


def soften(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blurs float32 (H, W, C) or frames (T, H, W, C) by a random width and adds sensor noise."""
    width = rng.uniform(0.3, 1.5)
    frames = image.reshape(-1, *image.shape[-3:])
    blurred = [cv2.GaussianBlur(frame, (0, 0), width).reshape(frame.shape) for frame in frames]
    image = np.stack(blurred).reshape(image.shape)
    return image + rng.normal(0, rng.uniform(0, 8), image.shape).astype("float32")


def compress_jpeg(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Leaves the traces of JPEG of a random quality in float32 (H, W, C) or (T, H, W, C)."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*JPEG_QUALITIES, endpoint=True))]
    colored = image.shape[-1] == 3

    def compress(picture: np.ndarray) -> np.ndarray:
        data = cv2.imencode(".jpg", picture, quality)[1]
        return cv2.imdecode(data, cv2.IMREAD_UNCHANGED)

    frames = np.clip(np.rint(image), 0, 255).astype("uint8").reshape(-1, *image.shape[-3:])
    if colored:
        # OpenCV takes the first band for blue; JPEG treats the three differently.
        frames = [compress(frame[..., ::-1])[..., ::-1] for frame in frames]
    else:
        frames = [
            np.stack([compress(band) for band in np.moveaxis(frame, -1, 0)], -1) for frame in frames
        ]
    return np.stack(frames).reshape(image.shape).astype("float32")
