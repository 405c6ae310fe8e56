"""Mean field on the fully-connected CRF: against the exact sum, and what must never change."""

import dataclasses

import numpy as np
import pytest

from seg_keras.inference import DenseCRF, search_crf
from seg_keras.inference.crf import _positions
from tests.inference.exact_crf import exact_mean_field

PARAMETERS = {"bilateral_xy": 8.0, "bilateral_rgb": 25.0, "spatial_xy": 2.0}


@pytest.fixture
def image(rng):
    """Two halves of different colours, 13x15 pixels."""
    colors = np.where(np.arange(15)[None, :, None] < 8, [[[200, 60, 60]]], [[[60, 60, 200]]])
    return np.clip(colors + rng.normal(0, 8, (13, 15, 3)), 0, 255).astype("uint8")


@pytest.fixture
def probabilities(rng):
    """Three classes, the second half likely to be the second one, with much noise."""
    scores = rng.normal(0, 1, (13, 15, 3))
    scores[:, :8, 0] += 1.0
    scores[:, 8:, 1] += 1.0
    exponentials = np.exp(scores)
    return (exponentials / exponentials.sum(axis=-1, keepdims=True)).astype("float32")


def test_agrees_with_the_exact_sum_over_all_pairs(image, probabilities):
    crf = DenseCRF(**PARAMETERS)
    potts = 1 - np.eye(3)
    expected = exact_mean_field(crf, image, probabilities, potts)
    refined = crf(image, probabilities)
    assert (refined.argmax(-1) == expected.argmax(-1)).mean() >= 0.98
    assert np.abs(refined - expected).mean() < 0.02
    np.testing.assert_allclose(refined.sum(axis=-1), 1, atol=1e-5)


def test_costs_of_pairs_take_the_place_of_potts(image, probabilities):
    potts = tuple(map(tuple, 1 - np.eye(3)))
    crf = DenseCRF(**PARAMETERS, compatibility=potts)
    plain = DenseCRF(**PARAMETERS)(image, probabilities)
    np.testing.assert_allclose(crf(image, probabilities), plain, atol=0.02)
    costs = np.array([[0, 0, 2], [0, 0, 2], [2, 2, 0]])  # classes 0 and 1 get along
    crf = DenseCRF(**PARAMETERS, compatibility=tuple(map(tuple, costs)))
    expected = exact_mean_field(crf, image, probabilities, costs)
    assert np.abs(crf(image, probabilities) - expected).mean() < 0.03


def test_noise_goes_and_the_border_of_colours_stays(image, probabilities):
    truth = np.where(np.arange(15) < 8, 0, 1) * np.ones((13, 1))
    before = (probabilities.argmax(-1) == truth).mean()
    refined = DenseCRF(**PARAMETERS)(image, probabilities).argmax(-1)
    assert before < 0.9
    assert (refined == truth).mean() > 0.98


def test_uniform_probabilities_stay_uniform(image):
    uniform = np.full((13, 15, 4), 0.25, "float32")
    np.testing.assert_allclose(DenseCRF(**PARAMETERS)(image, uniform), 0.25, atol=1e-5)


def test_without_weights_nothing_changes(image, probabilities):
    crf = DenseCRF(bilateral_weight=0, spatial_weight=0)
    np.testing.assert_allclose(crf(image, probabilities), probabilities, atol=1e-5)


def test_classes_have_no_order(image, probabilities):
    order = [2, 0, 1]
    crf = DenseCRF(**PARAMETERS)
    np.testing.assert_allclose(
        crf(image, probabilities[..., order]), crf(image, probabilities)[..., order], atol=1e-5
    )


def test_one_class_is_refined_against_none(image, probabilities):
    crf = DenseCRF(**PARAMETERS)
    lone = probabilities[..., :1]
    both = np.concatenate([1 - lone, lone], axis=-1)
    refined = crf(image, lone)
    assert refined.shape == (13, 15, 1)
    np.testing.assert_array_equal(refined, crf(image, both)[..., 1:])


def test_columns_come_before_rows_as_in_the_code_of_the_authors():
    """Their order turns the lattice: see `test_crf_reference.py`, which needs their code."""
    np.testing.assert_array_equal(_positions(2, 3)[:4], [[0, 0], [1, 0], [2, 0], [0, 1]])


def test_search_finds_the_best_parameters():
    def score(crf):
        wanted = {"bilateral_weight": 8.0, "bilateral_xy": 33.5, "bilateral_rgb": 3.0}
        return -sum(np.log(getattr(crf, name) / value) ** 2 for name, value in wanted.items())

    best = search_crf(score, DenseCRF(iterations=3))
    assert (best.bilateral_weight, best.bilateral_xy, best.bilateral_rgb) == (8.0, 33.5, 3.0)
    assert best.iterations == 3
    near = search_crf(score, dataclasses.replace(best, bilateral_rgb=4.2))
    assert near.bilateral_rgb == pytest.approx(3.0)


def test_what_does_not_fit_is_told(image, probabilities):
    with pytest.raises(ValueError, match="uint8 .height, width, 3."):
        DenseCRF()(image.astype("float32"), probabilities)
    with pytest.raises(ValueError, match=r"\(12, 15, 3\) for an image of 13x15 .* Resize them"):
        DenseCRF()(image, probabilities[1:])
    with pytest.raises(ValueError, match="compatibility is .2, 2. for 3 classes"):
        DenseCRF(compatibility=((0, 1), (1, 0)))(image, probabilities)
    with pytest.raises(ValueError, match="spatial_xy is 0. Give a width above 0"):
        DenseCRF(spatial_xy=0)
