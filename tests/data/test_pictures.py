"""Pictures show each class in its color and hide nothing that belongs to no class."""

import numpy as np
import pytest
from PIL import Image

from seg_keras.data.labels import LabelSpace
from seg_keras.data.pictures import overlay, with_legend, write_indexed_png, write_jpeg

SPACE = LabelSpace(("road", "sky", "sign_symbol"), ((200, 0, 0), (0, 200, 0), (0, 0, 200)))


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (31, 45, 3)).astype("uint8")


def test_overlay_blends_inside_and_draws_a_solid_line_between_classes(image):
    classes = np.zeros(image.shape[:2], "uint8")
    classes[:, 20:] = 1
    painted = overlay(image, classes, SPACE, opacity=0.25)
    np.testing.assert_allclose(painted[:, :19], image[:, :19] * 0.75 + [50, 0, 0], atol=1)
    np.testing.assert_allclose(painted[:, 22:], image[:, 22:] * 0.75 + [0, 50, 0], atol=1)
    assert (painted[:, 20] == SPACE.colors[1]).all()


def test_overlay_leaves_pixels_of_no_class_as_they_are(image):
    classes = np.full(image.shape[:2], 255, "uint8")
    classes[:10] = 2
    painted = overlay(image, classes, SPACE)
    np.testing.assert_array_equal(painted[10:], image[10:])
    assert (painted[:10] != image[:10]).any()


# A thumbnail, a camera frame and three frames side by side.
@pytest.mark.parametrize("width", [60, 480, 1440])
def test_legend_shows_every_color_below_an_unchanged_picture(width):
    picture = np.full((20, width, 3), 7, "uint8")
    result = with_legend(picture, SPACE)
    np.testing.assert_array_equal(result[:20], picture)
    strip = {tuple(color) for color in result[20:].reshape(-1, 3).tolist()}
    assert strip >= set(SPACE.colors)
    assert result.shape[1] == width


def test_legend_names_only_classes_that_occur():
    result = with_legend(np.zeros((4, 300, 3), "uint8"), SPACE, np.array([1, 1, 255], "uint8"))
    strip = {tuple(color) for color in result[4:].reshape(-1, 3).tolist()}
    assert SPACE.colors[1] in strip
    assert SPACE.colors[0] not in strip
    assert SPACE.colors[2] not in strip


def test_legend_of_nothing_is_no_error():
    assert with_legend(np.zeros((4, 30, 3), "uint8"), SPACE, np.full(3, 255)).shape[1] == 30


def test_indexed_png_holds_ids_and_shows_colors(tmp_path):
    classes = np.arange(3, dtype="uint8").repeat(8).reshape(4, 6)
    classes[0, 0] = 255
    write_indexed_png(tmp_path / "classes.png", classes, SPACE)
    with Image.open(tmp_path / "classes.png") as picture:
        assert picture.mode == "P"
        np.testing.assert_array_equal(np.asarray(picture), classes)
        np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), SPACE.colorize(classes))


def test_jpeg_keeps_thin_lines_in_their_color(tmp_path):
    picture = np.full((32, 32, 3), 128, "uint8")
    picture[:, 16] = SPACE.colors[0]
    write_jpeg(tmp_path / "overlay.jpg", picture)
    with Image.open(tmp_path / "overlay.jpg") as read:
        np.testing.assert_allclose(np.asarray(read)[:, 16], picture[:, 16], atol=40)
