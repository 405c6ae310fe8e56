"""Tiles fit together to what the whole image would give, whatever its size, in little memory."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from seg_keras.inference import Predictor
from seg_keras.inference.overlap_tile import mirrored, overlap_tile
from seg_keras.models import build_model
from seg_keras.models.unet import next_valid_size

MARGIN = 92  # of a U-Net without padding
TILE = 220  # pixels: 36 inside of the margin, of which a tile uses 32


@pytest.fixture(scope="module")
def model():
    """A narrow U-Net without padding, its bright and dark pixels far apart in their logits."""
    keras.utils.set_random_seed(0)
    return build_model("unet", 3, (TILE, TILE, 1), padding="valid", filters=2)


def whole_image_logits(model, image):
    """The logits of one pass over the whole image, mirrored to a size that needs no padding."""
    sizes = [next_valid_size(extent + 2 * MARGIN) for extent in image.shape[:2]]
    padding = [
        (MARGIN, size - extent - MARGIN)
        for size, extent in zip(sizes, image.shape[:2], strict=True)
    ]
    padded = np.pad(image, (*padding, (0, 0)), mode="reflect")
    options = {"padding": "valid", "filters": 2}
    whole = build_model("unet", 3, (*sizes, 1), **options)
    whole.set_weights(model.get_weights())
    logits = whole(padded[np.newaxis].astype("float32"))["logits"][0]
    return keras.ops.convert_to_numpy(logits)[: image.shape[0], : image.shape[1]]


# One tile, exactly two by one, odd sizes with a rest of one pixel, and far smaller than the margin.
@pytest.mark.parametrize("size", [(30, 32), (64, 32), (65, 33), (7, 43), (1, 1)])
def test_tiles_give_the_logits_of_the_whole_image(model, size, rng):
    image = rng.integers(0, 256, (*size, 1), "uint8")
    expected = whole_image_logits(model, image)
    predict = Predictor(model)
    logits = predict.logits(image)
    assert logits.shape == (*size, 3)
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    classes = predict(image)
    assert classes.dtype == np.uint8
    np.testing.assert_array_equal(classes, logits.argmax(axis=-1))


@pytest.mark.parametrize("extent", [1, 2, 5, 8])
def test_pixels_outside_are_the_mirror_image_of_those_inside(extent):
    indices = mirrored(-11, 30, extent)
    expected = np.pad(np.arange(extent), (11, 30 - 11 - extent), mode="reflect")
    np.testing.assert_array_equal(indices, expected)


def test_every_pixel_is_scored_once_and_sees_its_surroundings(rng):
    image = rng.integers(0, 256, (37, 53, 2), "uint8")

    def score(tile):
        assert tile.shape == (40, 22, 2)
        return tile[4:-4, 3:-3].astype("float32")

    scores = np.concatenate(list(overlap_tile(image, score, (40, 22), (4, 3))))
    np.testing.assert_array_equal(scores, image)


def test_rows_leave_as_they_are_finished_and_progress_is_told():
    told = []
    image = np.zeros((70, 40, 1), "uint8")
    rows = overlap_tile(
        image, lambda tile: tile[2:-2, 2:-2], (36, 36), (2, 2), lambda *step: told.append(step)
    )
    assert next(rows).shape == (32, 40, 1)
    assert told == [(1, 6), (2, 6)]  # a tall image is not scored as a whole before rows come
    assert [len(band) for band in rows] == [32, 6]
    assert told[-1] == (6, 6)


SCENE = """
import resource
import keras
import numpy as np
from seg_keras.inference import Predictor
from seg_keras.models import build_model

model = build_model("unet", 2, (572, 572, 3), padding="valid", filters=4)
image = np.random.default_rng(0).integers(0, 256, (5000, 5000, 3), "uint8")
classes = Predictor(model)(image)
assert classes.shape == (5000, 5000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_a_scene_of_5000x5000_pixels_stays_below_2_gib():
    finished = subprocess.run(
        [sys.executable, "-c", SCENE], capture_output=True, text=True, check=True
    )
    assert int(finished.stdout.split()[-1]) < 2 * 2**20  # kilobytes
