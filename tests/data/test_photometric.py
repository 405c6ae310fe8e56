"""Changes that leave the label alone: bounded, the same for all frames, for any number of bands."""

import numpy as np
import pytest

from seg_keras.data.photometric import compress_jpeg, jitter_colors, soften

CHANGES = {
    "jitter": lambda image, rng: jitter_colors(image, 1.0, rng),
    "soften": soften,
    "jpeg": compress_jpeg,
}


class Drawn:
    """A generator that draws what it was given."""

    def __init__(self, *numbers):
        self.numbers = np.array(numbers)

    def uniform(self, *_):
        return self.numbers


def smooth_image(bands, size=(40, 52)):
    y, x = np.indices(size)
    values = [120 + 60 * np.sin(x / (5 + band)) + 50 * np.cos(y / 7) for band in range(bands)]
    return np.stack(values, -1).astype("float32")


@pytest.mark.parametrize("bands", [1, 3, 4, 6])
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_keeps_shape_and_type_and_differs(name, bands, rng):
    image = smooth_image(bands)
    before = image.copy()
    changed = CHANGES[name](image, rng)
    assert (changed.shape, changed.dtype) == (image.shape, np.float32)
    assert 0.1 < np.abs(changed - image).mean() < 100
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("name", ["jitter", "jpeg"])
def test_frames_change_alike(name):
    frames = np.stack([smooth_image(4)] * 3)
    changed = CHANGES[name](frames, np.random.default_rng(2))
    np.testing.assert_array_equal(changed[0], changed[2])
    alone = CHANGES[name](frames[0], np.random.default_rng(2))
    np.testing.assert_allclose(changed[0], alone, atol=1e-3)


def test_frames_are_blurred_by_themselves(rng):
    frames = np.zeros((2, 20, 20, 3), "float32")
    frames[0] = 255
    changed = soften(frames, rng)
    assert changed[0].min() > 200
    assert changed[1].max() < 55


def test_colors_change_within_bounds_and_grey_keeps_its_hue(rng):
    image = rng.uniform(0, 255, (9, 11, 3)).astype("float32")
    changed = jitter_colors(image, 1.0, rng)
    assert changed.min() >= 0
    assert changed.max() <= 255
    assert np.abs(changed - image).mean() > 5
    gray = jitter_colors(np.full((4, 4, 3), 128, "float32"), 1.0, rng)
    np.testing.assert_allclose(gray, gray[..., :1].repeat(3, -1), atol=0.5)
    np.testing.assert_allclose(jitter_colors(image, 0.0, rng), image, atol=0.05)


@pytest.mark.parametrize("sign", [-1, 1])
def test_each_draw_changes_what_it_is_named_after(sign, rng):
    image = rng.uniform(60, 180, (9, 11, 3)).astype("float32")
    brightness, contrast, saturation, hue, gamma = (
        jitter_colors(image, 1.0, Drawn(*row)) for row in sign * np.eye(5)
    )
    gray, mean = image.mean(-1, keepdims=True), image.mean()
    np.testing.assert_allclose(brightness, image + sign * 40, rtol=1e-4)
    np.testing.assert_allclose(contrast, mean + (1 + 0.4 * sign) * (image - mean), rtol=1e-4)
    np.testing.assert_allclose(saturation, gray + (1 + 0.5 * sign) * (image - gray), rtol=1e-4)
    np.testing.assert_allclose(gamma, 255 * (image / 255) ** 2 ** (0.6 * sign), rtol=1e-4)
    # A turn in the plane of colors: their grey and their strength stay, and all turn alike.
    before, after = image - gray, hue - gray
    np.testing.assert_allclose(hue.mean(-1), gray[..., 0], rtol=1e-4)
    strength = (before**2).sum(-1)
    np.testing.assert_allclose((after**2).sum(-1), strength, rtol=1e-3)
    np.testing.assert_allclose((before * after).sum(-1) / strength, np.cos(0.3), atol=1e-3)


def test_noise_has_at_most_the_strength_of_a_poor_camera_s(rng):
    gray = np.full((60, 80, 3), 128, "float32")  # which no blur changes
    deviations = [(soften(gray, rng) - gray).std() for _ in range(60)]
    assert min(deviations) < 1.5
    assert 6 < max(deviations) < 8.3


def test_grey_changes_the_same_with_one_band_as_with_three():
    gray = smooth_image(1)
    one = jitter_colors(gray, 1.0, np.random.default_rng(3))
    three = jitter_colors(gray.repeat(3, -1), 1.0, np.random.default_rng(3))
    np.testing.assert_allclose(one, three[..., :1], atol=1e-2)


def test_jpeg_keeps_the_order_of_the_bands():
    image = np.zeros((16, 16, 3), "float32")
    image[..., 0] = 250
    changed = compress_jpeg(image, np.random.default_rng(0))
    assert changed[..., 0].min() > 200
    assert changed[..., 1:].max() < 50
