"""What every loss promises; each new one has one line in CASES."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from seg_keras import losses

ROOT = Path(__file__).parents[2]
SIZE = (2, 5, 7)

# name: (loss, logits a pixel)
CASES = {
    "cross_entropy": (losses.PixelCrossEntropy([1.0, 2.0, 0.5, 3.0]), 4),
    "cross_entropy_smoothed": (losses.PixelCrossEntropy(label_smoothing=0.2), 4),
    "cross_entropy_one_logit": (losses.PixelCrossEntropy([1.0, 3.0], label_smoothing=0.1), 1),
    "ohem": (losses.OhemCrossEntropy(0.4, 1 / 4), 4),
    "ohem_one_logit": (losses.OhemCrossEntropy(0.4, 1 / 4), 1),
    "bootstrapped": (losses.BootstrappedCrossEntropy(9), 4),
    "bootstrapped_one_logit": (losses.BootstrappedCrossEntropy(9), 1),
    "focal": (losses.FocalLoss(), 4),
    "focal_one_logit": (losses.FocalLoss(0.5, [0.75, 0.25]), 1),
    "dice": (losses.DiceLoss(), 4),
    "dice_squared_per_image": (losses.DiceLoss(squared=True, per_image=True, classes="all"), 4),
    "dice_one_logit": (losses.DiceLoss(), 1),
    "generalized_dice": (losses.GeneralizedDiceLoss(), 4),
    "generalized_dice_one_logit": (losses.GeneralizedDiceLoss(), 1),
    "bce_dice": (losses.BceDiceLoss(), 1),
    "bce_dice_printed": (losses.BceDiceLoss(printed_form=True), 1),
    "tversky": (losses.TverskyLoss(), 4),
    "tversky_one_logit": (losses.TverskyLoss(per_image=True), 1),
    "lovasz_softmax": (losses.LovaszSoftmaxLoss(), 4),
    "lovasz_softmax_per_image": (losses.LovaszSoftmaxLoss(per_image=True, classes="all"), 4),
    "lovasz_softmax_one_logit": (losses.LovaszSoftmaxLoss(), 1),
    "lovasz_hinge": (losses.LovaszHingeLoss(), 1),
    "edges": (losses.BalancedEdgeCrossEntropy(), 1),
    "sum": (losses.LossSum([losses.PixelCrossEntropy(), losses.DiceLoss()]), 4),
}  # fmt: skip


def with_ignore_label(loss, ignore_label):
    """The same loss for another ignored label."""
    config = loss.get_config()
    if isinstance(loss, losses.LossSum):
        return losses.LossSum([with_ignore_label(part, ignore_label) for part in loss.losses])
    return type(loss).from_config(config | {"ignore_label": ignore_label})


@pytest.fixture(params=CASES)
def case(request, rng):
    """A loss, labels with ignored pixels and without the last class, and logits."""
    loss, channels = CASES[request.param]
    num_classes = max(channels - 1, 2)
    labels = rng.choice([*range(num_classes), 255], SIZE).astype("int32")
    return loss, labels, rng.normal(0, 2, (*SIZE, channels)).astype("float32")


def gradient_of(loss, labels, logits, sample_weight=None):
    import tensorflow as tf

    logits = tf.Variable(logits)
    with tf.GradientTape() as tape:
        value = loss(labels, logits, sample_weight)
    return float(value), np.asarray(tape.gradient(value, logits))


def test_every_loss_is_in_the_table():
    named = {type(loss) for loss, _ in CASES.values()} | {losses.PixelLoss}
    exported = {getattr(losses, name) for name in losses.__all__}
    classes = {x for x in exported if isinstance(x, type) and issubclass(x, keras.losses.Loss)}
    assert classes - named == {losses.DistillationLoss}  # which takes logits for labels


def test_gradient_equals_finite_differences(case, rng):
    loss, labels, logits = case
    weights = rng.uniform(0.5, 2, SIZE).astype("float32")
    _, gradient = gradient_of(loss, labels, logits, weights)
    step = 1e-3
    for _ in range(3):
        direction = rng.normal(size=logits.shape).astype("float32")
        ahead, behind = (
            float(loss(labels, logits + sign * step * direction, weights)) for sign in (1, -1)
        )
        slope = (ahead - behind) / (2 * step)
        np.testing.assert_allclose((gradient * direction).sum(), slope, rtol=5e-3, atol=1e-3)


def test_ignored_pixels_change_neither_value_nor_gradient(case):
    loss, labels, logits = case
    changed = np.where((labels == 255)[..., None], 50.0, logits).astype("float32")
    value, gradient = gradient_of(loss, labels, logits)
    other, other_gradient = gradient_of(loss, labels, changed)
    np.testing.assert_allclose(value, other, rtol=1e-6)
    np.testing.assert_array_equal(gradient[labels == 255], 0)
    np.testing.assert_array_equal(other_gradient[labels == 255], 0)


def test_ignored_label_may_be_zero(case):
    """With 0 ignored, as with 255 in its place: all losses but that of the first class."""
    loss, labels, logits = case
    of_zero = with_ignore_label(loss, 0)(np.where(labels == 255, 0, labels), logits)
    np.testing.assert_allclose(of_zero, loss(np.where(labels == 0, 255, labels), logits), rtol=1e-6)


def test_without_a_counted_pixel_value_and_gradient_are_zero(case):
    loss, labels, logits = case
    value, gradient = gradient_of(loss, np.full_like(labels, 255), logits)
    assert value == 0
    np.testing.assert_array_equal(gradient, 0)


def test_image_without_a_counted_pixel_does_no_harm(case):
    loss, labels, logits = case
    labels[1] = 255
    value, gradient = gradient_of(loss, labels, logits)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(gradient[1], 0)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_logits_give_the_loss_in_float32(case, dtype):
    loss, labels, logits = case
    halves = ops.cast(logits, dtype)
    value = loss(labels, halves)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    np.testing.assert_allclose(value, loss(labels, ops.cast(halves, "float32")), rtol=1e-6)


def test_extreme_logits_give_finite_values_and_gradients(case):
    loss, labels, logits = case
    value, gradient = gradient_of(loss, labels, np.sign(logits) * np.float32(300))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_even_weights_change_nothing(case):
    loss, labels, logits = case
    even = np.ones(SIZE, "float32")
    np.testing.assert_allclose(loss(labels, logits, even), loss(labels, logits), rtol=1e-6)


def test_weight_of_an_image_is_that_of_its_pixels(case):
    loss, labels, logits = case
    pixels = np.ones(SIZE, "float32")
    pixels[1] = 3
    of_images = loss(labels, logits, np.array([1, 3], "float32"))
    np.testing.assert_allclose(of_images, loss(labels, logits, pixels), rtol=1e-6)


def test_pixels_of_weight_zero_have_no_gradient(case, rng):
    loss, labels, logits = case
    weights = rng.choice([0.0, 1.0], SIZE).astype("float32")
    _, gradient = gradient_of(loss, labels, logits, weights)
    np.testing.assert_array_equal(gradient[weights == 0], 0)
    assert np.abs(gradient).sum() > 0


def test_saved_loss_gives_the_same(case):
    loss, labels, logits = case
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    np.testing.assert_array_equal(again(labels, logits), loss(labels, logits))


# One per way to treat pixels: each alone, chosen, summed, sorted.
@pytest.mark.parametrize("name", ["cross_entropy", "ohem", "bootstrapped", "sum", "lovasz_softmax"])
def test_fit_takes_the_loss_with_a_map_of_weights(name, rng):
    loss, channels = CASES[name]
    labels = rng.choice([0, 1, 2, 255], SIZE).astype("int32")
    logits = rng.normal(0, 2, (*SIZE, channels)).astype("float32")
    weights = rng.uniform(0.5, 2, SIZE).astype("float32")
    inputs = keras.Input((*SIZE[1:], logits.shape[-1]))  # a batch of unknown size
    model = keras.Model(inputs, keras.layers.Identity()(inputs))
    model.compile(loss=loss)
    value = model.evaluate(logits, labels, sample_weight=weights, verbose=0)
    np.testing.assert_allclose(value, loss(labels, logits, weights), rtol=1e-5)


@pytest.mark.parametrize("name", [name for name in CASES if name != "edges"])
def test_unknown_labels_are_refused(name):
    loss, channels = CASES[name]
    labels = np.zeros((1, 2, 3), "int32")
    labels[0, 0, 0] = 7
    with pytest.raises(ValueError, match=r"labels hold 7, expected ids from 0 to [13] or 255"):
        loss(labels, np.zeros((1, 2, 3, channels), "float32"))


def test_logits_at_a_stride_are_compared_with_the_labels_at_their_corners(rng):
    labels = rng.integers(0, 3, (2, 9, 14)).astype("int32")
    logits = rng.normal(size=(2, 3, 4, 3)).astype("float32")
    weights = rng.uniform(size=labels.shape).astype("float32")
    loss = losses.PixelCrossEntropy()
    expected = loss(labels[:, ::4, ::4], logits, weights[:, ::4, ::4])
    np.testing.assert_allclose(loss(labels, logits, weights), expected)


@pytest.mark.parametrize(
    ("labels", "logits", "message"),
    [
        ((1, 6, 6), (1, 4, 4, 3), "6x6 pixels do not fit logits of 4x4.*crop the labels"),
        ((1, 6, 6), (1, 3, 2, 3), "6x6 pixels do not fit logits of 3x2"),
        ((1, 6, 6), (1, 12, 12, 3), "6x6 pixels do not fit logits of 12x12"),
        ((1, 6, 6, 1), (1, 6, 6, 3), "Remove the labels' last axis"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(labels, logits, message):
    with pytest.raises(ValueError, match=message):
        losses.PixelCrossEntropy()(np.zeros(labels, "int32"), np.zeros(logits, "float32"))


def test_weights_of_another_rank_are_refused():
    labels, logits = np.zeros((2, 2, 2), "int32"), np.zeros((2, 2, 2, 3), "float32")
    with pytest.raises(ValueError, match=r"sample_weight \(2, 2, 2, 1\), expected \(B, H, W\)"):
        losses.PixelCrossEntropy()(labels, logits, np.ones((2, 2, 2, 1), "float32"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.PixelCrossEntropy(label_smoothing=1.0), "label_smoothing is 1.0"),
        (lambda: losses.PixelCrossEntropy(normalization="mean"), "'mean'.*weights, counted"),
        (lambda: losses.OhemCrossEntropy(threshold=0), "threshold is 0"),
        (lambda: losses.OhemCrossEntropy(min_share=2), "min_share is 2"),
        (lambda: losses.BootstrappedCrossEntropy(0), "top_k is 0"),
        (lambda: losses.FocalLoss(-1), "gamma is -1"),
        (lambda: losses.DiceLoss(classes="some"), "'some'.*present, all"),
        (lambda: losses.DistillationLoss(0), "temperature is 0"),
    ],
)
def test_wrong_options_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("loss", [losses.BceDiceLoss(), losses.LovaszHingeLoss()])
def test_losses_of_one_logit_refuse_several(loss):
    with pytest.raises(ValueError, match="one logit a pixel, got 3.*num_classes=1"):
        loss(np.zeros((1, 2, 3), "int32"), np.zeros((1, 2, 3, 3), "float32"))


@pytest.mark.parametrize(("channels", "weights"), [(3, 2), (1, 1)])
def test_class_weights_are_one_for_each_class(channels, weights):
    with pytest.raises(ValueError, match=f"{weights} class weights for {max(channels, 2)} classes"):
        losses.PixelCrossEntropy([1.0] * weights)(
            np.zeros((1, 2, 3), "int32"), np.zeros((1, 2, 3, channels), "float32")
        )


# Run by another process on JAX: every loss and its gradient in a compiled step.
ON_JAX = """
import sys
import jax
import numpy as np
from tests.losses.test_losses import CASES

batches = np.load(sys.argv[1])
values, gradients = {}, {}
for name, (loss, _) in CASES.items():
    labels, logits, weights = (batches[name + part] for part in (" labels", " logits", " weights"))
    step = jax.jit(jax.value_and_grad(lambda x: loss(labels, x, weights)))
    values[name + " value"], gradients[name + " gradient"] = step(logits)
np.savez(sys.argv[2], **values, **gradients)
"""


@pytest.mark.slow
def test_values_and_gradients_are_the_same_compiled_on_jax(tmp_path, rng):
    batches, expected = {}, {}
    for name, (loss, channels) in CASES.items():
        labels = rng.choice([*range(max(channels - 1, 2)), 255], SIZE).astype("int32")
        logits = rng.normal(0, 2, (*SIZE, channels)).astype("float32")
        weights = rng.uniform(0.5, 2, SIZE).astype("float32")
        parts = {"labels": labels, "logits": logits, "weights": weights}
        batches |= {f"{name} {part}": array for part, array in parts.items()}
        value, gradient = gradient_of(loss, labels, logits, weights)
        expected |= {f"{name} value": value, f"{name} gradient": gradient}
    np.savez(tmp_path / "batches.npz", **batches)
    done = subprocess.run(
        [sys.executable, "-c", ON_JAX, tmp_path / "batches.npz", tmp_path / "given.npz"],
        cwd=ROOT, env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    given = np.load(tmp_path / "given.npz")
    for name, array in expected.items():
        np.testing.assert_allclose(given[name], array, rtol=1e-4, atol=1e-6, err_msg=name)
