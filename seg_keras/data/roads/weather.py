"""The light and the air: what the sun, the sky, rain, fog and night do to every color."""

import dataclasses
import functools

import numpy as np

HEADLIGHT_RANGE = 16.0  # metres

# Colors of light are factors on the color of a surface; colors of the sky are 0 to 255.
# hour: (ambient, sun, sky above, sky at the horizon, darkness)
HOURS = {
    "day": ((0.57, 0.62, 0.70), (0.88, 0.80, 0.66), (58, 112, 196), (192, 216, 240), 0.0),
    "dusk": ((0.40, 0.37, 0.42), (0.62, 0.40, 0.20), (92, 96, 140), (244, 178, 120), 0.55),
    "night": ((0.25, 0.26, 0.32), (0.04, 0.04, 0.05), (14, 17, 34), (58, 52, 58), 1.0),
}
# kind: (share of the sun that comes through, cloud cover, haze distance in metres, wetness)
KINDS = {
    "clear": (1.0, (0.1, 0.65), (260, 900), 0.0),
    "overcast": (0.0, (0.9, 1.0), (160, 420), 0.0),
    "rain": (0.0, (1.0, 1.0), (90, 220), 1.0),
    "fog": (0.0, (1.0, 1.0), (38, 85), 0.3),
}


@dataclasses.dataclass(frozen=True)
class Weather:
    """One state of light and air.

    Args:
        ambient: Light from the sky on every surface, a factor (3,) per color.
        sun: Light on a surface that faces the sun, a factor (3,) per color.
        sun_direction: Unit vector (3,) to the sun.
        sky_top: Color (3,) of the sky overhead.
        sky_low: Color (3,) of the sky at the horizon.
        haze: Color (3,) that far things turn to.
        haze_distance: Metres after which 63 % of a color is haze.
        cloud_cover: Share of the sky under clouds, 0 to 1.
        wetness: How much the ground mirrors, 0 to 1.
        rain: Whether drops are in the air and on the windscreen.
        darkness: 0 by day, 1 by night; above 0.5 the lamps are on.
    """

    ambient: np.ndarray
    sun: np.ndarray
    sun_direction: np.ndarray
    sky_top: np.ndarray
    sky_low: np.ndarray
    haze: np.ndarray
    haze_distance: float
    cloud_cover: float
    wetness: float
    rain: bool
    darkness: float

    @property
    def lamps_on(self) -> bool:
        """Whether cars, windows and street lamps give light."""
        return self.darkness > 0.5

    @functools.cached_property
    def shadow_offset(self) -> np.ndarray:
        """Where the shadow of a point one metre up falls, as (x, z) in metres."""
        return -self.sun_direction[[0, 2]] / max(self.sun_direction[1], 0.3)

    @functools.cached_property
    def shadow_strength(self) -> float:
        """The share of light that a shadow takes away, 0 to 1."""
        return float(self.sun.mean() / (self.sun.mean() + self.ambient.mean()))

    @functools.cached_property
    def ambient_level(self) -> float:
        """The light in the shade, over all colors."""
        return float(self.ambient.mean())

    @property
    def sight(self) -> float:
        """Metres beyond which all is haze."""
        return 3.2 * self.haze_distance

    def lit(self, colors: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """The colors (N, 3) of surfaces with outward `normals` (N, 3) under this light."""
        facing = np.maximum(normals @ self.sun_direction, 0)[:, None]
        # Less light comes from the ground than from the sky.
        return colors * (self.ambient * (0.84 + 0.22 * normals[:, 1:2]) + self.sun * facing)

    def headlight(self, depth):
        """Light of our own lamps at `depth` metres, a factor on the color of a surface."""
        return self._headlight * np.exp(depth * (-1 / HEADLIGHT_RANGE))

    def haze_share(self, depth):
        """How much of a color at `depth` metres is haze, 0 to 1."""
        return 1 - np.exp(depth * (-1 / self.haze_distance))

    @functools.cached_property
    def _headlight(self) -> float:
        return 0.45 * self.darkness if self.lamps_on else 0.0


def random_weather(rng: np.random.Generator) -> Weather:
    """Draws the weather and the hour."""
    hour = rng.choice(list(HOURS), p=(0.72, 0.19, 0.09))
    kind = rng.choice(list(KINDS), p=(0.46, 0.28, 0.16, 0.1))
    ambient, sun, top, low, darkness = (np.array(value, "float32") for value in HOURS[hour])
    through, cover, distance, wetness = KINDS[kind]
    if not through:  # an even grey light, with a sky between white and lead
        ambient = 0.55 * ambient + 0.45 * ambient.mean() + 0.28 * sun.mean()
        grey = np.mean(0.4 * top + 0.6 * low) * rng.uniform(0.75, 1.25)
        top, low = 0.2 * top + 0.8 * grey * 0.9, 0.25 * low + 0.75 * grey * 1.08
    azimuth = rng.uniform(-np.pi, np.pi)
    elevation = np.radians(rng.uniform(24, 58) if hour == "day" else rng.uniform(13, 20))
    return Weather(
        ambient=ambient * rng.uniform(0.85, 1.12),
        sun=sun * through * rng.uniform(0.8, 1.15),
        sun_direction=np.array(
            [
                np.cos(elevation) * np.sin(azimuth),
                np.sin(elevation),
                np.cos(elevation) * np.cos(azimuth),
            ]
        ),
        sky_top=np.clip(top * rng.uniform(0.85, 1.15), 0, 255),
        sky_low=np.clip(low, 0, 255),
        haze=np.clip(low * 0.94, 0, 255),
        haze_distance=rng.uniform(*distance),
        cloud_cover=rng.uniform(*cover),
        wetness=wetness * rng.uniform(0.5, 1.0),
        rain=kind == "rain",
        darkness=float(darkness),
    )
