"""The lattice filter against the exact sum over all pairs."""

import numpy as np
import pytest

from seg_keras.layers.permutohedral import PermutohedralLattice


def exact(features, values):
    squares = ((features[:, None] - features[None]) ** 2).sum(axis=-1)
    return np.exp(-0.5 * squares) @ values


def normalized(kernel, values):
    norm = 1 / np.sqrt(kernel(np.ones((len(values), 1))))
    return norm * kernel(norm * values)


@pytest.fixture
def positions():
    return np.indices((19, 23)).reshape(2, -1).T


# what the published algorithm leaves over, as a mean share of the exact value
@pytest.mark.parametrize(("width", "error"), [(3.0, 0.02), (8.0, 0.02)])
def test_spatial_filter_is_close_to_the_exact_sum(rng, positions, width, error):
    features, values = positions / width, rng.uniform(0, 1, (len(positions), 4))
    ours = normalized(PermutohedralLattice(features).filter, values)
    expected = normalized(lambda x: exact(features, x), values)
    assert np.abs(ours - expected).mean() < error * expected.mean()


def test_bilateral_filter_is_close_to_the_exact_sum(rng, positions):
    colors = rng.uniform(0, 255, (2, 3))[(positions[:, 1] > 11).astype(int)]
    colors = colors + rng.normal(0, 6, colors.shape)
    features = np.concatenate([positions / 8.0, colors / 20.0], axis=1)
    values = rng.uniform(0, 1, (len(positions), 3))
    lattice = PermutohedralLattice(features)
    ours = normalized(lattice.filter, values)
    expected = normalized(lambda x: exact(features, x), values)
    assert np.abs(ours - expected).mean() < 0.08 * expected.mean()
    itself = PermutohedralLattice(features, normalize=True).filter(values)
    np.testing.assert_allclose(itself, ours, rtol=1e-4)


def test_filter_is_linear_and_symmetric(rng, positions):
    features = np.concatenate([positions / 4.0, rng.normal(size=(len(positions), 2))], axis=1)
    lattice = PermutohedralLattice(features)
    a, b = rng.normal(size=(2, len(positions), 1)).astype("float32")
    both = lattice.filter(a + 2 * b)
    np.testing.assert_allclose(both, lattice.filter(a) + 2 * lattice.filter(b), atol=1e-3)
    values = rng.normal(size=(len(positions), 3)).astype("float32")
    apart = np.concatenate([lattice.filter(values[:, i : i + 1]) for i in range(3)], axis=1)
    np.testing.assert_allclose(lattice.filter(values), apart, atol=1e-4)


def test_each_point_sits_inside_of_its_simplex(rng):
    features = rng.normal(size=(50, 5)) * 10
    lattice = PermutohedralLattice(features)
    assert lattice._weights.data.min() >= -1e-6
    np.testing.assert_allclose(lattice._weights.sum(axis=1), 1, atol=1e-6)


def test_a_point_alone_keeps_its_value():
    features = np.array([[0.0, 0.0], [100.0, 100.0]])
    filtered = PermutohedralLattice(features).filter(np.array([[1.0], [0.0]]))
    assert filtered[0] > 0.3
    assert filtered[1] == 0


def test_features_that_cannot_be_filtered_are_refused():
    with pytest.raises(ValueError, match="Expected finite features"):
        PermutohedralLattice(np.array([[np.nan, 0.0]]))
    with pytest.raises(ValueError, match="too many widths of the Gaussian. Give wider"):
        PermutohedralLattice(np.array([[0.0] * 5, [1e6] * 5]))
