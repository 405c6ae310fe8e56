"""Distillation against NumPy, and the way that a student gets its teacher's logits."""

import keras
import numpy as np
import pytest

from seg_keras.losses import DistillationLoss, PixelCrossEntropy
from tests.losses.references import softmax


def divergence(teacher, student, temperature=1.0):
    """KL per pixel divided by the classes, (B, H, W)."""
    t, s = softmax(teacher / temperature), softmax(student / temperature)
    return (t * (np.log(t) - np.log(s))).mean(-1) * temperature**2


@pytest.fixture(params=[1, 4])
def logits(request, rng):
    return rng.normal(0, 2, (2, 2, 5, 7, request.param)).astype("float32")


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_loss_is_the_mean_over_pixels_and_classes(logits, temperature):
    loss = DistillationLoss(temperature)(*logits)
    np.testing.assert_allclose(loss, divergence(*logits, temperature).mean(), rtol=1e-5)


def test_same_logits_cost_nothing_whatever_their_size(logits):
    for scale in (1, 100):
        loss = DistillationLoss()(scale * logits[0], scale * logits[0])
        np.testing.assert_allclose(loss, 0, atol=1e-6)


def test_pixels_of_weight_zero_do_not_count(logits, rng):
    counts = rng.choice([0.0, 1.0], logits.shape[1:4]).astype("float32")
    loss = DistillationLoss()(*logits, sample_weight=counts)
    np.testing.assert_allclose(loss, divergence(*logits)[counts == 1].mean(), rtol=1e-5)
    assert float(DistillationLoss()(*logits, sample_weight=np.zeros_like(counts))) == 0


def test_gradient_goes_to_the_student_only_and_equals_finite_differences(logits, rng):
    import tensorflow as tf

    teacher, student = (tf.Variable(x) for x in logits)
    with tf.GradientTape() as tape:
        loss = DistillationLoss(2.0)(teacher, student)
    of_teacher, of_student = tape.gradient(loss, (teacher, student))
    assert of_teacher is None
    direction = rng.normal(size=student.shape).astype("float32")
    ahead, behind = (
        divergence(logits[0], logits[1] + sign * 1e-4 * direction.astype("float64"), 2.0).mean()
        for sign in (1, -1)
    )
    slope = np.sum(of_student * direction)
    np.testing.assert_allclose(slope, (ahead - behind) / 2e-4, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_logits_give_the_loss_in_float32(logits, dtype):
    halves = keras.ops.cast(logits, dtype)
    loss = DistillationLoss()(halves[0], halves[1])
    wide = np.asarray(keras.ops.cast(halves, "float32"))
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    np.testing.assert_allclose(loss, divergence(*wide).mean(), rtol=1e-4, atol=1e-6)


def test_teacher_of_another_size_is_refused():
    with pytest.raises(ValueError, match="The teacher's logits are .*4.*student's .*3"):
        DistillationLoss()(np.zeros((1, 2, 2, 4)), np.zeros((1, 2, 2, 3)))


def test_student_learns_labels_and_teacher_at_once_as_the_docstring_says(rng):
    keras.utils.set_random_seed(0)
    images = rng.normal(size=(2, 5, 7, 3)).astype("float32")
    labels = rng.integers(0, 4, (2, 5, 7)).astype("int32")
    taught = rng.normal(0, 2, (2, 5, 7, 4)).astype("float32")
    inputs = keras.Input((5, 7, 3))
    student = keras.Model(inputs, {"logits": keras.layers.Conv2D(4, 1)(inputs)})
    outputs = {**student.output, "distillation": student.output["logits"]}
    model = keras.Model(student.input, outputs)
    model.compile("sgd", {"logits": PixelCrossEntropy(), "distillation": DistillationLoss()})
    logits = np.asarray(student(images)["logits"])
    expected = float(PixelCrossEntropy()(labels, logits)) + divergence(taught, logits).mean()
    targets = {"logits": labels, "distillation": taught}
    loss = model.train_on_batch(images, targets, return_dict=True)["loss"]
    np.testing.assert_allclose(loss, expected, rtol=1e-4)
    assert len(model.weights) == len(student.weights)
