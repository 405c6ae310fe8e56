"""U-Net's weight map against its formula, pixel by pixel."""

import numpy as np
import pytest

from seg_keras.data.weight_maps import BorderWeights, border_weights, connected_cells


def formula(instances, border_weight=10.0, sigma=5.0):
    """The second term, each distance by looking at every pixel of the cell."""
    weights = np.zeros(instances.shape)
    cells = [np.argwhere(instances == number) for number in np.unique(instances) if number]
    if len(cells) < 2:
        return weights
    for place in np.argwhere(instances == 0):
        d1, d2 = sorted(np.sqrt(((cell - place) ** 2).sum(1)).min() for cell in cells)[:2]
        weights[tuple(place)] = border_weight * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))
    return weights


def drawn_cells(rng, size=(37, 53), count=5):
    instances = np.zeros(size, "uint16")
    for number in range(1, count + 1):
        top, left = rng.integers(0, size[0] - 6), rng.integers(0, size[1] - 6)
        instances[top : top + 6, left : left + rng.integers(2, 9)] = 100 * number
    return instances


@pytest.mark.parametrize(("border_weight", "sigma"), [(10.0, 5.0), (3.0, 1.5)])
def test_the_map_is_the_formula(rng, border_weight, sigma):
    instances = drawn_cells(rng)
    weights = border_weights(instances, border_weight, sigma)
    assert (weights.shape, weights.dtype) == (instances.shape, np.float32)
    np.testing.assert_allclose(weights, formula(instances, border_weight, sigma), atol=1e-5)
    assert weights.max() > 0.1 * border_weight


@pytest.mark.parametrize("gap", [1, 2, 5])
def test_a_gap_weighs_what_its_width_says(gap):
    """Every pixel of a straight gap has d1 + d2 = gap + 1."""
    instances = np.ones((9, 20 + gap), "int32")
    instances[:, 10 : 10 + gap], instances[:, 10 + gap :] = 0, 2
    np.testing.assert_allclose(
        border_weights(instances)[:, 10 : 10 + gap], 10 * np.exp(-((gap + 1) ** 2) / 50), rtol=1e-5
    )


@pytest.mark.parametrize("count", [0, 1])
def test_less_than_two_cells_have_no_gap(count):
    instances = np.zeros((12, 15), "int32")
    instances[3:6, 4:9] = count
    assert not border_weights(instances).any()


def test_cells_are_the_connected_pixels_of_a_class():
    label = np.array(
        [[1, 1, 0, 2, 2],
         [0, 0, 1, 2, 255],
         [1, 0, 1, 0, 2]], "uint8",
    )  # fmt: skip
    cells = connected_cells(label)
    assert (cells == 0).tolist() == ((label == 0) | (label == 255)).tolist()
    assert len(np.unique(cells)) - 1 == 5
    assert cells[0, 0] != cells[1, 2]  # they touch at a corner only
    assert cells[0, 4] == cells[1, 3]


def test_class_weights_are_added_and_ignored_pixels_weigh_nothing(rng):
    instances = drawn_cells(rng)
    label = (instances > 0).astype("uint8")
    label[:4] = 255
    weights = BorderWeights((0.5, 2.0))(label, instances)
    assert not weights[:4].any()
    expected = np.array([0.5, 2.0])[label[4:]] + formula(instances)[4:]
    np.testing.assert_allclose(weights[4:], expected, atol=1e-5)
    np.testing.assert_allclose(BorderWeights()(label)[4:].min(), 1.0)


def test_without_instances_the_connected_cells_are_used(rng):
    label = (drawn_cells(rng) > 0).astype("uint8")
    np.testing.assert_array_equal(
        BorderWeights()(label), BorderWeights()(label, connected_cells(label))
    )
