"""Hidden parts: black, of a bounded share, the same in all frames and bands."""

import numpy as np
import pytest

from seg_keras.data.erasing import cut_out, grid_mask


@pytest.mark.parametrize(("erase", "largest"), [(cut_out, 0.13), (grid_mask, 0.40)])
@pytest.mark.parametrize("shape", [(37, 61, 1), (48, 64, 3), (3, 40, 40, 4)])
def test_a_part_is_black_and_the_rest_untouched(erase, largest, shape):
    shares = []
    for seed in range(40):
        image = np.full(shape, 200.0, "float32")
        erased = erase(image, np.random.default_rng(seed))
        assert (erased.shape, erased.dtype) == (shape, np.float32)
        assert set(np.unique(erased)) <= {0.0, 200.0}
        assert (image == 200).all()
        hidden = erased == 0
        assert (hidden == hidden[..., :1]).all()
        if len(shape) == 4:
            assert (hidden == hidden[:1]).all()
        shares.append(hidden.mean())
    assert 0 < np.mean(shares) < largest
    assert max(shares) < largest


def test_a_grid_hides_about_a_quarter():
    image = np.ones((240, 320, 3), "float32")
    shares = [(grid_mask(image, np.random.default_rng(seed)) == 0).mean() for seed in range(60)]
    assert abs(np.mean(shares) - 0.25) < 0.02


def test_a_hole_is_one_rectangle_that_may_lie_partly_outside():
    image = np.ones((60, 80, 1), "float32")
    touching = 0
    for seed in range(60):
        hidden = cut_out(image, np.random.default_rng(seed))[..., 0] == 0
        rows, columns = hidden.any(1), hidden.any(0)
        assert (hidden == rows[:, None] & columns[None, :]).all()
        assert np.abs(np.diff(rows.astype(int))).sum() <= 2
        touching += rows[0] or rows[-1]
    assert 5 < touching < 55
