"""Views: an image, its label and its frames go through one map, wherever it leads."""

import cv2
import numpy as np
import pytest

from seg_keras.data.elastic import cubic_weights, dense_field, draw_displacements
from seg_keras.data.transforms import View, reflect

SIZE = (61, 83)  # of the original
COLORS = np.array([[200, 30, 60], [20, 220, 110], [90, 10, 250], [250, 240, 20]], "uint8")


def bend(deviation):
    return draw_displacements(deviation, np.random.default_rng(5))


# name: what is drawn, its window in the original and the size of the crop
VIEWS = {
    "whole": View((0, 0, 61, 83), (61, 83)),
    "crop": View((11, 20, 31, 45), (31, 45)),
    "beyond": View((-9, 50, 31, 45), (31, 45)),
    "outside": View((-60, 100, 31, 45), (31, 45)),
    "enlarged": View((8, 9, 15, 22), (31, 45)),
    "reduced": View((3, 5, 47, 68), (31, 45)),
    "mirrored": View((11, 20, 31, 45), (31, 45), mirrored=True),
    "turned": View((11, 20, 31, 45), (31, 45), angle=0.5),
    "turned around": View((11, 20, 31, 45), (31, 45), angle=np.pi),
    "turned, reduced, mirrored": View((-5, 1, 70, 102), (31, 45), True, 0.3),
    "bent": View((11, 20, 31, 45), (31, 45), displacements=bend(4.0)),
    "bent, enlarged": View((8, 9, 15, 22), (31, 45), displacements=bend(6.0)),
    "reflecting": View((-9, 50, 31, 45), (31, 45), border="mirror"),
    "all": View((-20, -8, 90, 120), (31, 45), True, -1.1, bend(3.0), "mirror"),
}


@pytest.fixture(params=VIEWS)
def view(request):
    return VIEWS[request.param]


def shrinkage(view):
    return max(1, view.window[2] / view.size[0], view.window[3] / view.size[1])


def inner(mask, radius=1):
    """Pixels whose whole neighbourhood is in the mask; beyond the crop nothing is known."""
    kernel = np.ones((2 * radius + 1,) * 2, "uint8")
    eroded = cv2.erode(mask.astype("uint8"), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return eroded.astype(bool)


def test_ids_that_count_pixels_agree_with_the_same_numbers_as_an_image(view):
    """Bilinear keeps a ramp exact and nearest is off by half a pixel at most: nothing slips."""
    rows, columns = np.indices(SIZE)
    image = view.image(np.stack([rows, columns], -1).astype("float32"))
    for ids, shown in zip((rows, columns), np.moveaxis(image, -1, 0), strict=True):
        label = view.label(ids.astype("uint8"))
        known = inner(label != 255)
        # A fold of a mirror is no ramp: near it the mean of several pixels is off by their spread.
        folded = shrinkage(view) if view.border == "mirror" else 0
        difference = np.abs(shown - label)[known]
        assert (difference <= 0.54 + folded).all()
        assert difference.size == 0 or difference.mean() < 0.3


def test_an_image_painted_with_its_label_stays_painted_with_its_label(view):
    rng = np.random.default_rng(1)
    label = cv2.resize(
        rng.integers(0, 4, (4, 5), "uint8"), SIZE[::-1], interpolation=cv2.INTER_NEAREST
    )
    image, label = view.image(COLORS[label]), view.label(label)
    assert (image.shape, label.shape) == ((*view.size, 3), view.size)
    uniform = cv2.erode(label, np.ones((3, 3))) == cv2.dilate(label, np.ones((3, 3)))
    uniform = inner(uniform, 1) & (label != 255)
    np.testing.assert_array_equal(image[uniform], COLORS[label[uniform]])
    if view is not VIEWS["outside"]:
        assert uniform.mean() > 0.1
        assert len(np.unique(label[uniform])) > 1


def test_what_lies_outside_is_black_and_void(view):
    label = view.label(np.zeros(SIZE, "uint8"))
    image = view.image(np.full((*SIZE, 3), 200, "uint8"))
    if view.border == "mirror":
        assert not label.any()
    if view.angle or view.displacements is not None or shrinkage(view) == 1:
        np.testing.assert_array_equal(image[label == 255], 0)
        np.testing.assert_array_equal(image[label == 0], 200)
    if view is VIEWS["outside"]:
        assert (label == 255).all()


@pytest.mark.parametrize("name", ["enlarged", "reduced", "beyond", "mirrored"])
def test_looking_up_gives_what_resizing_gives(name):
    """A turn by nothing that is worth mentioning takes the other way to the same crop."""
    plain = VIEWS[name]
    looked_up = View(plain.window, plain.size, plain.mirrored, angle=1e-9)
    image = cv2.GaussianBlur(
        np.random.default_rng(2).uniform(0, 255, (*SIZE, 3)).astype("float32"), (0, 0), 2.0
    )
    label = np.random.default_rng(3).integers(0, 9, SIZE, "uint8")
    inside = inner(plain.label(label) != 255)
    assert np.abs(plain.image(image) - looked_up.image(image))[inside].max() < 3
    same = plain.label(label) == looked_up.label(label)
    assert same.mean() > 0.95  # all but ties between two pixels


def test_mirrored_twice_by_the_border_is_numpy_s_reflection():
    label = np.arange(35, dtype="uint8").reshape(5, 7)
    shown = View((-9, -13, 25, 33), (25, 33), border="mirror").label(label)
    np.testing.assert_array_equal(shown, np.pad(label, ((9, 11), (13, 13)), "reflect"))
    np.testing.assert_array_equal(reflect(np.float32([-3, 0, 4]), 1), 0)


def test_a_quarter_turn_is_numpy_s():
    label = np.random.default_rng(0).integers(0, 9, (21, 21), "uint8")
    shown = View((0, 0, 21, 21), (21, 21), angle=np.pi / 2).label(label)
    np.testing.assert_array_equal(shown, np.rot90(label))


@pytest.mark.parametrize("bands", [1, 2, 3, 4, 7])
def test_any_number_of_bands(view, bands):
    image = np.random.default_rng(0).integers(0, 255, (*SIZE, bands), "uint8")
    shown = view.image(image)
    assert shown.shape == (*view.size, bands)
    # Two bands at once OpenCV looks up at coordinates that it rounds to 1/32 of a pixel.
    tolerance = 5 if bands % 4 == 2 else 0
    for band in range(bands):
        alone = view.image(image[..., [band]])[..., 0]
        np.testing.assert_allclose(shown[..., band].astype(int), alone, atol=tolerance)


def test_frames_of_a_sequence_go_one_way(view):
    rng = np.random.default_rng(0)
    frames, labels = rng.integers(0, 255, (3, *SIZE, 4), "uint8"), rng.integers(0, 5, (3, *SIZE))
    shown, shown_labels = view.image(frames), view.label(labels.astype("uint8"))
    for index in range(3):
        np.testing.assert_array_equal(shown[index], view.image(frames[index]))
        np.testing.assert_array_equal(
            shown_labels[index], view.label(labels[index].astype("uint8"))
        )


def test_instances_of_16_bits_survive(view):
    instances = np.random.default_rng(0).integers(300, 9000, SIZE, "uint16")
    assert set(np.unique(view.label(instances, fill=0))) <= {0, *np.unique(instances)}


def test_displacements_are_met_at_their_control_points_and_bicubic_between():
    displacements = bend(10.0)
    np.testing.assert_allclose(
        dense_field(displacements, np.array([0, 0.5, 1]), np.array([0, 0.5, 1])), displacements
    )
    # Keys' kernel half-way between the first two of three points: (-1/16, 9/16, 9/16, -1/16), where
    # the point before the first repeats it.
    np.testing.assert_allclose(cubic_weights(np.array([0.25]))[0], [0.5, 0.5625, -0.0625])
    np.testing.assert_allclose(cubic_weights(np.linspace(-0.2, 1.2, 40)).sum(1), 1)


def test_both_directions_of_a_bend_are_drawn_and_as_wide_as_asked(rng):
    drawn = np.stack([draw_displacements(10.0, rng) for _ in range(400)])
    assert drawn.shape == (400, 2, 3, 3)
    assert abs(drawn.std() - 10) < 0.5
    assert abs(np.corrcoef(drawn[:, 0].ravel(), drawn[:, 1].ravel())[0, 1]) < 0.1


def test_a_bend_moves_the_crop_by_the_displacement():
    displacements = np.zeros((2, 3, 3))
    displacements[0], displacements[1] = 4.0, -3.0  # everywhere 4 down, 3 to the left
    label = np.random.default_rng(0).integers(0, 9, SIZE, "uint8")
    moved = View((10, 20, 31, 45), (31, 45), displacements=displacements).label(label)
    np.testing.assert_array_equal(moved, View((14, 17, 31, 45), (31, 45)).label(label))
