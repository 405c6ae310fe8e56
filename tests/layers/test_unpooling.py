"""Max-pooling with indices and its unpooling against TensorFlow's own, and as TFLite runs them."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from deploy.export.audit import audit_tflite
from deploy.export.onnx import export_onnx
from deploy.export.tflite import export_tflite
from deploy.runtimes import load_runtime
from seg_keras.layers import (
    BedOfNails2D,
    MaxPoolingWithIndices2D,
    MaxUnpooling2D,
    unpooling_stage,
)

# height, width, channels; even, odd, and the smallest
SIZES = [(6, 8, 3), (7, 9, 2), (5, 4, 1), (1, 1, 2), (1, 6, 1)]


def drawn(kind, size, rng):
    """Random maps (2, *size): free ones, of few values (so that maxima tie), of negative ones."""
    if kind == "ties":
        return rng.integers(-1, 2, (2, *size)).astype("float32")
    x = rng.normal(0, 1, (2, *size)).astype("float32")
    return -np.abs(x) - 1 if kind == "negative" else x


def scattered(x):
    """Maxima by TensorFlow's operator and their scatter into zeros, and where they stood."""
    import tensorflow as tf

    pooled, flat = tf.nn.max_pool_with_argmax(x, 2, 2, "SAME", include_batch_in_index=True)
    unpooled = np.zeros(x.size, "float32")
    unpooled[flat.numpy().ravel()] = pooled.numpy().ravel()
    return pooled.numpy(), unpooled.reshape(x.shape)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["free", "ties", "negative"])
def test_values_equal_argmax_and_scatter(kind, size, rng):
    x = drawn(kind, size, rng)
    pooled, indices = MaxPoolingWithIndices2D()(x)
    unpooled = MaxUnpooling2D(size[:2])([pooled, indices])
    expected_pooled, expected_unpooled = scattered(x)
    np.testing.assert_array_equal(pooled, expected_pooled)
    np.testing.assert_array_equal(unpooled, expected_unpooled)


def test_first_maximum_in_scan_order_wins():
    windows = np.array(
        [[[1, 1], [1, 1]], [[0, 1], [1, 1]], [[0, 0], [1, 1]], [[0, 0], [0, 1]]], "float32"
    )
    _, indices = MaxPoolingWithIndices2D()(windows[..., np.newaxis])
    np.testing.assert_array_equal(np.ravel(indices), [0, 1, 2, 3])
    assert keras.backend.standardize_dtype(indices.dtype) == "int32"


def test_other_values_go_to_the_remembered_places(rng):
    x = drawn("free", (4, 6, 3), rng)
    _, indices = MaxPoolingWithIndices2D()(x)
    values = rng.normal(0, 1, indices.shape).astype("float32")
    unpooled = ops.convert_to_numpy(MaxUnpooling2D()([values, indices]))
    assert unpooled.shape == x.shape
    windows = unpooled.reshape(2, 2, 2, 3, 2, 3)
    np.testing.assert_array_equal(windows.sum(axis=(2, 4)), values)
    assert np.count_nonzero(unpooled) == values.size


def test_gradient_reaches_the_maxima_only(rng):
    import tensorflow as tf

    x = tf.constant(drawn("ties", (5, 7, 2), rng) + 3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = MaxUnpooling2D((5, 7))(MaxPoolingWithIndices2D()(x))
        loss = tf.reduce_sum(y * y)
    np.testing.assert_array_equal(tape.gradient(loss, x), 2 * y)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_maps_keep_their_type_and_places(policy, rng):
    x = ops.cast(drawn("free", (5, 6, 2), rng), policy.removeprefix("mixed_"))
    pooled, indices = MaxPoolingWithIndices2D(dtype=policy)(x)
    unpooled = MaxUnpooling2D((5, 6), dtype=policy)([pooled, indices])
    assert unpooled.dtype == pooled.dtype == x.dtype
    assert indices.dtype == "int32"
    _, expected = scattered(ops.convert_to_numpy(ops.cast(x, "float32")))
    np.testing.assert_array_equal(ops.cast(unpooled, "float32"), expected)


def test_symbolic_sizes_and_types_are_those_of_the_values():
    inputs = keras.Input((7, 10, 3))
    pooled, indices = MaxPoolingWithIndices2D()(inputs)
    assert pooled.shape == indices.shape == (None, 4, 5, 3)
    assert (pooled.dtype, indices.dtype) == ("float32", "int32")
    assert MaxUnpooling2D((7, 10))([pooled, indices]).shape == (None, 7, 10, 3)
    assert MaxUnpooling2D()([pooled, indices]).shape == (None, 8, 10, 3)


@pytest.mark.parametrize("size", [(6, 8), (5, 7)])
def test_bed_of_nails_puts_values_at_the_top_left(size, rng):
    values = rng.normal(0, 1, (2, 3, 4, 2)).astype("float32")
    expected = np.zeros((2, 6, 8, 2), "float32")
    expected[:, ::2, ::2] = values
    x = BedOfNails2D(size)(values)
    np.testing.assert_array_equal(x, expected[:, : size[0], : size[1]])


@pytest.mark.parametrize("beside_map", [False, True])
def test_a_stage_of_the_decoder_gives_the_size_of_its_map_and_the_channels_asked_for(beside_map):
    x, pooled_map = keras.Input((4, 5, 6)), keras.Input((7, 10, 6))
    y = unpooling_stage(x, pooled_map, 2, 3, beside_map=beside_map, name="stage")
    assert y.shape == (None, 7, 10, 3)
    weights = keras.Model([x, pooled_map], y).weights
    kernels = sorted(tuple(w.shape) for w in weights if w.path.endswith("kernel"))
    assert kernels == [(1, 1, 12, 6)] * beside_map + [(3, 3, 6, 3), (3, 3, 6, 6)]


def test_a_size_or_channels_that_do_not_belong_together_are_refused():
    values = keras.Input((4, 5, 3))
    with pytest.raises(ValueError, match=r"4x5 cannot be unpooled to \(9, 10\).*of 7 or 8"):
        MaxUnpooling2D((9, 10))([values, keras.Input((4, 5, 3), dtype="int32")])
    with pytest.raises(ValueError, match="Values .* with indices .*the same"):
        MaxUnpooling2D()([values, keras.Input((4, 5, 2), dtype="int32")])


SIZE = (9, 14)  # an odd height


def build_model():
    """Scores of 4 classes that are unpooled: the place of every maximum shows in the classes."""
    keras.utils.set_random_seed(0)
    images = keras.Input((*SIZE, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(images)
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    pooled, indices = MaxPoolingWithIndices2D()(x)
    x = MaxUnpooling2D(SIZE)([layers.Conv2D(8, 3, padding="same")(pooled), indices])
    return keras.Model(images, {"logits": layers.Conv2D(4, 1)(x)})


DESCRIPTION = {
    "model": "tiny",
    "classes": list("abcd"),
    "palette": [[index] * 3 for index in range(4)],
    "source_model_sha256": "0" * 64,
}


def test_saved_model_gives_the_same(tmp_path, rng):
    model = build_model()
    model.save(tmp_path / "m.keras")
    x = rng.uniform(0, 255, (2, *SIZE, 3)).astype("float32")
    restored = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(restored(x)["logits"], model(x)["logits"])


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_tflite_file_holds_built_in_operators_and_the_values_of_keras(precision, tmp_path, rng):
    model, path = build_model(), tmp_path / "m.tflite"
    images = rng.integers(0, 256, (8, *SIZE, 3), "uint8")
    calibration = images if precision == "int8" else None
    export_tflite(model, path, DESCRIPTION, precision, calibration, output_kind="logits")
    assert audit_tflite(path.read_bytes()).errors == []
    runtime = load_runtime(path, threads=1)
    logits = np.concatenate([runtime.run(image[np.newaxis]) for image in images])
    expected = ops.convert_to_numpy(model(images.astype("float32"))["logits"])
    tolerance = 1e-5 if precision == "float32" else 0.05
    assert np.abs(logits - expected).mean() < tolerance * expected.std()


def test_int8_file_unpools_exactly(tmp_path, rng):
    """Beside the map as the file rounds it: each maximum at its place, and zeros elsewhere."""
    images = keras.Input((*SIZE, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(images)
    unpooled = MaxUnpooling2D(SIZE)(MaxPoolingWithIndices2D()(x))
    model = keras.Model(images, {"logits": layers.Concatenate()([x, unpooled])})
    frames = rng.integers(0, 256, (8, *SIZE, 3), "uint8")
    path = tmp_path / "m.tflite"
    description = DESCRIPTION | {"classes": list("abcdef"), "palette": [[i] * 3 for i in range(6)]}
    export_tflite(model, path, description, "int8", frames, output_kind="logits")
    runtime = load_runtime(path, threads=1)
    maps = np.concatenate([runtime.run(frame[np.newaxis]) for frame in frames])
    np.testing.assert_array_equal(maps[..., 3:], scattered(maps[..., :3])[1])


def test_onnx_file_holds_the_values_of_keras(tmp_path, rng):
    model, path = build_model(), tmp_path / "m.onnx"
    images = rng.integers(0, 256, (4, *SIZE, 3), "uint8")
    export_onnx(model, path, DESCRIPTION, "float32", None, output_kind="logits")
    runtime = load_runtime(path, threads=1)
    logits = np.concatenate([runtime.run(image[np.newaxis]) for image in images])
    expected = ops.convert_to_numpy(model(images.astype("float32"))["logits"])
    np.testing.assert_allclose(logits, expected, atol=1e-4)
