"""The audit finds what a converter leaves in a file without a word."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from deploy.export.audit import XNNPACK, audit_tflite
from deploy.runtimes.native_log import silenced


class CumulativeSum(keras.layers.Layer):
    def call(self, x):
        return tf.cumsum(x, axis=1)


class PoolWithIndices(keras.layers.Layer):
    def call(self, x):
        return tf.nn.max_pool_with_argmax(x, 1, 1, "SAME")[0]


def build(*layers):
    images = x = keras.Input((16, 24, 3))
    for layer in layers:
        x = layer(x)
    return keras.Model(images, x)


def convert(converter):
    """Converts, as a program does that is not careful; gives the content of the file."""
    with silenced():
        return converter.convert()


def from_keras(model):
    return tf.lite.TFLiteConverter.from_keras_model(model)


def test_unfrozen_weights_are_an_error():
    model = build(keras.layers.Conv2D(4, 3))
    function = tf.function(model).get_concrete_function(tf.TensorSpec((1, 16, 24, 3)))
    audit = audit_tflite(
        convert(tf.lite.TFLiteConverter.from_concrete_functions([function], model))
    )
    assert audit.operators["VAR_HANDLE"] == 2
    assert "2 weights are variables (VAR_HANDLE)" in audit.errors[0]


def test_tensorflow_kernel_is_an_error():
    converter = from_keras(build(PoolWithIndices()))
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.TFLITE_BUILTINS,
        tf.lite.OpsSet.SELECT_TF_OPS,
    ]
    audit = audit_tflite(convert(converter))
    assert "no kernel for FlexMaxPoolWithArgmax" in audit.errors[0]


class IsItsMaximum(keras.layers.Layer):
    def call(self, x):
        return tf.where(tf.equal(x, tf.nn.max_pool2d(x, 3, 1, "SAME")), x, 0.0)


@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected")
@pytest.mark.parametrize(("gain", "fits"), [(0.9, True), (1.5, False)])
def test_comparison_of_coarse_int8_maps_is_an_error(gain, fits):
    frames = np.random.default_rng(0).uniform(0, 255, (4, 1, 16, 24, 3)).astype("float32")
    converter = from_keras(build(keras.layers.Rescaling(gain), IsItsMaximum()))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([frame] for frame in frames)
    errors = audit_tflite(convert(converter)).errors
    assert (errors == []) == fits
    assert fits or "EQUAL would compare int8 maps with steps of 1 or more" in errors[0]


SLOW_LAYERS = {
    "ABS": tf.abs,
    "BATCH_MATMUL": lambda x: tf.matmul(x, x, transpose_b=True),
    "DIV": lambda x: x / (x * x + 1.0),
    "EQUAL": lambda x: tf.cast(tf.equal(0.01 * x, 0.02 * x), tf.float32),
    "HARD_SWISH": lambda x: x * tf.nn.relu6(x + 3.0) * (1.0 / 6.0),
    "PRELU": lambda x: tf.nn.relu(x) + np.full((1, 1, 3), -0.5, "float32") * tf.nn.relu(-x),
    "RELU": tf.nn.relu,
    "RELU6": tf.nn.relu6,
    "RSQRT": lambda x: tf.math.rsqrt(x * x + 1.0),
    "SQUARED_DIFFERENCE": lambda x: tf.math.squared_difference(x, x * x),
}


@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected")
@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("name", SLOW_LAYERS)
def test_what_has_no_fast_int8_kernel_is_a_warning(name, precision):
    frames = np.random.default_rng(0).normal(0, 3, (4, 1, 16, 24, 3)).astype("float32")
    spec = tf.TensorSpec((1, 16, 24, 3))
    function = tf.function(SLOW_LAYERS[name], autograph=False).get_concrete_function(spec)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    if precision == "int8":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([frame] for frame in frames)
    audit = audit_tflite(convert(converter))
    assert audit.operators[name] == 1
    told = [text for text in audit.warnings if text.startswith(f"{name} (1 in this file) has no")]
    assert len(told) == (precision == "int8")
    assert (name in audit.outside_xnnpack) == (precision == "int8" or name not in XNNPACK)


BOUNDED = {
    "a minimum beside its map": (lambda x: x - 0.5 * tf.minimum(x, 0.0), ["MINIMUM"]),
    "an absolute value": (lambda x: tf.maximum(x, x * -1.0), ["MAXIMUM"]),
    "a minimum alone": (lambda x: tf.minimum(x, 0.0), []),
    "a maximum of two maps": (lambda x: tf.maximum(tf.tanh(x), tf.sigmoid(x)), []),
}


@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected")
@pytest.mark.parametrize("name", BOUNDED)
def test_bound_that_spoils_another_reader_in_int8_is_a_warning(name):
    layer, expected = BOUNDED[name]
    frames = np.random.default_rng(0).normal(0, 3, (4, 1, 16, 24, 3)).astype("float32")
    spec = tf.TensorSpec((1, 16, 24, 3))
    function = tf.function(lambda x: layer(x * 0.5), autograph=False).get_concrete_function(spec)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([frame] for frame in frames)
    content = convert(converter)
    told = [t.split()[0] for t in audit_tflite(content).warnings if "loses the rest" in t]
    assert told == expected
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], frames[0])
    interpreter.invoke()
    result = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    error = np.abs(result - layer(frames[0] * 0.5)).mean()
    assert (error > 0.1) == bool(expected)  # what the warning rests on


def test_split_dilated_convolution_is_a_warning():
    dilated = keras.layers.Conv2D(4, 3, dilation_rate=2, padding="same")
    audit = audit_tflite(convert(from_keras(build(dilated))))  # with an open batch size
    assert audit.operators["SPACE_TO_BATCH_ND"] == 1
    assert audit.errors == []
    assert "1 dilated convolutions are split" in audit.warnings[0]


def build_with_float_layer():
    converter = from_keras(build(keras.layers.Conv2D(4, 3), CumulativeSum()))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter


@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected")
def test_float_operator_in_an_int8_file_is_a_warning():
    converter = build_with_float_layer()
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.representative_dataset = lambda: [[np.ones((1, 16, 24, 3), "float32")]]
    audit = audit_tflite(convert(converter))
    assert audit.errors == []
    assert len(audit.warnings) == 1
    assert "In this int8 file CUMSUM compute in float32" in audit.warnings[0]


def test_float_operators_in_a_float_file_are_fine():
    audit = audit_tflite(convert(build_with_float_layer()))
    assert audit.operators["CUMSUM"] == 1
    assert audit.errors == audit.warnings == []


def test_partitions_are_counted_around_what_xnnpack_leaves():
    between = build(keras.layers.Conv2D(4, 3), CumulativeSum(), keras.layers.Conv2D(4, 3))
    audit = audit_tflite(convert(from_keras(between)))
    assert audit.outside_xnnpack == ("CUMSUM",)
    assert audit.xnnpack_partitions == 2
