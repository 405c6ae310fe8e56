"""What the windscreen, the lens and the sensor of a dashcam do to a picture."""

import cv2
import numpy as np

from seg_keras.data.roads.canvas import Class
from seg_keras.data.roads.weather import Weather

NOISE_MARGIN = 64  # pixels by which the noise is larger than the picture, to be shifted each frame
GREY = np.array([0.299, 0.587, 0.114])


class Lens:
    """One camera with its faults.

    Args:
        rng: Decides the faults.
        weather: Rain puts drops on the windscreen; the dark makes noise.
        size: (height, width) of the pictures in pixels.
    """

    def __init__(self, rng: np.random.Generator, weather: Weather, size: tuple[int, int]):
        self._rng, self._weather, self._size = rng, weather, size
        self._scale = np.hypot(*size) / 600
        warmth = rng.uniform(-0.07, 0.07)
        exposure = rng.uniform(0.8, 1.25) * np.array((1 + warmth, 1.0, 1 - warmth))
        saturation = rng.uniform(0.45, 1.15)
        mix = saturation * np.eye(3) + (1 - saturation) * GREY
        self._colors = (exposure[:, None] * mix).astype("float32")
        gamma = rng.uniform(0.8, 1.2)
        curve = 255 * (np.arange(256) / 255) ** gamma + rng.uniform(0, 14)
        self._curve = np.clip(curve, 0, 255).astype("uint8")
        self._blur = rng.uniform(0, 0.9) * self._scale
        sigma = rng.uniform(0.5, 5) * (1 + weather.darkness)
        shape = (size[0] + NOISE_MARGIN, size[1] + NOISE_MARGIN, 3)
        noise = rng.normal(127.5, sigma, shape)
        self._noise = np.clip(noise, 0, 255).astype("uint8")
        self._quality = int(rng.integers(45, 96))
        rows, columns = (np.linspace(-1, 1, side) ** 2 for side in size)
        fall = 255 * (1 - rng.uniform(0, 0.28) * (rows[:, None] + columns) / 2)
        self._vignette = cv2.merge([fall.astype("uint8")] * 3)
        self._drops = self._rain_on_glass() if weather.rain else None

    def take(self, image: np.ndarray, label: np.ndarray, horizon: float) -> np.ndarray:
        """Takes the picture (H, W, 3) of a scene.

        Args:
            image: The scene without a fault, uint8 (H, W, 3).
            label: Its classes (H, W), which tell where the wet road mirrors.
            horizon: The row of the horizon.
        """
        if self._weather.wetness > 0.2:
            image = self._mirror(image, label, horizon)
        if self._weather.rain:
            image = self._rain(image)
        if self._blur > 0.3:
            image = cv2.GaussianBlur(image, (5, 5), self._blur)
        image = cv2.LUT(cv2.transform(image, self._colors), self._curve)
        image = cv2.multiply(image, self._vignette, scale=1 / 255)
        top, left = self._rng.integers(NOISE_MARGIN, size=2)
        noise = self._noise[top : top + self._size[0], left : left + self._size[1]]
        image = cv2.addWeighted(image, 1, noise, 1, -127.5)
        _, data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, self._quality))
        return cv2.imdecode(data, cv2.IMREAD_COLOR)

    def _mirror(self, image: np.ndarray, label: np.ndarray, horizon: float) -> np.ndarray:
        """Blends the upside-down scene into the wet road."""
        first = int(np.clip(horizon, 0, self._size[0] - 1))
        rows = np.clip(2 * first - np.arange(first, self._size[0]), 0, first)
        spread = (max(1, int(5 * self._scale)), max(1, int(27 * self._scale)))
        mirrored = cv2.blur(image[rows], spread)
        share = 0.45 * self._weather.wetness
        wet = image.copy()
        cv2.addWeighted(image[first:], 1 - share, mirrored, share, 0, dst=wet[first:])
        return cv2.copyTo(wet, cv2.inRange(label, int(Class.ROAD), int(Class.ROAD)), image.copy())

    def _rain(self, image: np.ndarray) -> np.ndarray:
        """Streaks of falling rain, and drops through which all is blurred."""
        streaked = image.copy()
        height, width = self._size
        starts = self._rng.uniform((0, 0), (width, height), (70, 2))
        lengths = self._rng.uniform(6, 26, 70)[:, None] * self._scale
        ends = starts + lengths * (0.12, 1.0)
        for start, end in zip(starts.astype(int).tolist(), ends.astype(int).tolist(), strict=True):
            cv2.line(streaked, start, end, (205, 208, 212), 1)
        image = cv2.addWeighted(image, 0.72, streaked, 0.28, 0)
        side = int(9 * self._scale) * 2 + 1
        return cv2.copyTo(cv2.blur(image, (side, side)), self._drops, image)

    def _rain_on_glass(self) -> np.ndarray:
        """Where drops sit on the windscreen, uint8 (H, W), 255 inside."""
        drops = np.zeros(self._size, "uint8")
        height, width = self._size
        for x, y in self._rng.uniform((0, 0), (width, height), (38, 2)).astype(int).tolist():
            radius = self._scale * self._rng.uniform(1.5, 6)
            axes = (max(1, int(radius)), max(1, int(1.25 * radius)))
            cv2.ellipse(drops, (x, y), axes, 0, 0, 360, 255, -1)
        return drops
