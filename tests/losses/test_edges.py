"""Edges of label maps, and the loss that balances them."""

import numpy as np
import pytest

from seg_keras.losses import BalancedEdgeCrossEntropy, label_edges


def edges_by_loop(labels):
    edges = np.zeros(labels.shape, bool)
    for b, i, j in np.ndindex(*labels.shape):
        for y, x in ((i + 1, j), (i, j + 1)):
            if y < labels.shape[1] and x < labels.shape[2]:
                pair = labels[b, i, j], labels[b, y, x]
                edges[b, i, j] |= pair[0] != pair[1] and 255 not in pair
    return edges


@pytest.fixture
def labels(rng):
    labels = np.repeat(np.repeat(rng.integers(0, 3, (2, 3, 4)), 3, axis=1), 2, axis=2)
    labels[0, :2, :3] = 255
    return labels.astype("int32")


def test_edges_are_where_classes_meet_but_not_where_pixels_are_ignored(labels):
    np.testing.assert_array_equal(label_edges(labels), edges_by_loop(labels))


def test_edges_and_the_rest_weigh_the_same_in_each_image(rng, labels):
    logits = rng.normal(size=(*labels.shape, 1)).astype("float32")
    expected = []
    for image, edges, scores in zip(labels, edges_by_loop(labels), logits[..., 0], strict=True):
        counts = image != 255
        probability = 1 / (1 + np.exp(-scores))
        share = edges.sum() / counts.sum()
        total = -(1 - share) * np.log(probability[edges]).sum()
        total -= share * np.log(1 - probability[counts & ~edges]).sum()
        expected.append(total / counts.sum())
    loss = BalancedEdgeCrossEntropy()(labels, logits)
    np.testing.assert_allclose(loss, np.mean(expected), rtol=1e-5)


def test_weights_multiply_the_pixels_of_the_sum(rng, labels):
    logits = rng.normal(size=(*labels.shape, 1)).astype("float32")
    weights = rng.uniform(0, 3, labels.shape).astype("float32")
    loss = BalancedEdgeCrossEntropy()
    parts = [loss(labels, logits, np.float32(mask) * weights) for mask in (labels < 1, labels >= 1)]
    np.testing.assert_allclose(loss(labels, logits, weights), sum(parts), rtol=1e-5)
    doubled = loss(labels, logits, np.full(labels.shape, 2, "float32"))
    np.testing.assert_allclose(doubled, 2 * loss(labels, logits), rtol=1e-6)


def test_nothing_to_see_costs_nothing():
    logits = np.ones((1, 5, 7, 1), "float32")
    assert float(BalancedEdgeCrossEntropy()(np.full((1, 5, 7), 255), logits)) == 0
    assert float(BalancedEdgeCrossEntropy()(np.zeros((1, 5, 7), "int32"), logits)) == 0


def test_several_logits_are_refused():
    with pytest.raises(ValueError, match="one logit a pixel, got 3. Build the model with"):
        BalancedEdgeCrossEntropy()(np.zeros((1, 5, 7), "int32"), np.zeros((1, 5, 7, 3), "float32"))
