"""What operators are timed on: squares of one value, cut to any size."""

import numpy as np

from deploy.patches import SIDE, patches


def test_squares_of_one_value_differ_from_each_other():
    values = patches((2, 2 * SIDE + 3, SIDE + 1, 5))
    assert values.shape == (2, 2 * SIDE + 3, SIDE + 1, 5)
    for batch, row, column in np.ndindex(2, 3, 2):
        rows, columns = (slice(SIDE * index, SIDE * (index + 1)) for index in (row, column))
        square = values[batch, rows, columns]
        np.testing.assert_array_equal(square, np.broadcast_to(square[:1, :1], square.shape))
    assert len(np.unique(values)) == 2 * 3 * 2 * 5
    assert 0 <= values.min() < values.max() < 1


def test_what_is_no_map_is_filled_too():
    assert len(np.unique(patches((3, 4)))) == 12
    assert patches(()).shape == ()
