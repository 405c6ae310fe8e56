"""TFLite files decide as their Keras model, hold what they should, and describe themselves."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tiny_models import SIZE, describe

from deploy.export.audit import audit_tflite
from deploy.export.keras_reference import KerasReference
from deploy.export.parity import MIN_AGREEMENT, gate
from deploy.export.tflite import PRECISIONS, export_tflite
from deploy.runtimes import load_runtime
from deploy.runtimes.artifact import read_description


def keras_logits(model, images):
    return np.asarray(model(images.astype("float32"), training=False)["logits"])


def build_small_model(shape=(*SIZE, 3)):
    """One layer: quick to convert, for what does not depend on the layers."""
    images = keras.Input(shape)
    return keras.Model(images, {"logits": keras.layers.Conv2D(4, 1)(images)})


def run_all(path, images):
    runtime = load_runtime(path, threads=1)
    return np.concatenate([runtime.run(image[np.newaxis]) for image in images])


def open_interpreter(path):
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    return interpreter


@pytest.mark.parametrize("precision", PRECISIONS)
def test_classes_agree_with_keras(artifacts, trained_model, scenes, precision):
    images, labels = scenes
    expected = keras_logits(trained_model, images).argmax(axis=-1)
    assert np.mean(expected == labels) > 0.9  # else agreement would mean nothing
    classes = run_all(artifacts[precision], images)
    assert np.mean(classes == expected) >= MIN_AGREEMENT[precision]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_takes_a_uint8_image_and_gives_uint8_class_ids(artifacts, precision):
    interpreter = open_interpreter(artifacts[precision])
    (image,), (classes,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert (image["dtype"], *image["shape"]) == (np.uint8, 1, *SIZE, 3)
    assert (classes["dtype"], *classes["shape"]) == (np.uint8, 1, *SIZE)
    assert interpreter.get_signature_list() == {
        "serving_default": {"inputs": ["image"], "outputs": ["classes"]}
    }


# What is left of the tiny model: batch norm is folded, a dilated convolution and the resize are
# one operator each, and nothing of the auxiliary output is left. MUL and ADD are its Rescaling.
LAYERS = {"MUL": 1, "ADD": 1, "CONV_2D": 3, "DEPTHWISE_CONV_2D": 1, "RESIZE_BILINEAR": 1}


@pytest.mark.parametrize(
    ("precision", "ends"),
    [
        ("float32", {"CAST": 2, "ARG_MAX": 1}),
        ("float16", {"CAST": 2, "ARG_MAX": 1, "DEQUANTIZE": 10}),  # one per kernel and bias
        ("dynamic", {"CAST": 2, "ARG_MAX": 1}),
        ("int8", {"QUANTIZE": 1, "ARG_MAX": 1, "CAST": 1}),
        ("int16", {"CAST": 2, "QUANTIZE": 1, "DEQUANTIZE": 1, "ARG_MAX": 1}),
    ],
)
def test_holds_no_operator_too_many(artifacts, precision, ends):
    audit = audit_tflite(artifacts[precision].read_bytes())
    assert audit.operators == LAYERS | ends
    assert audit.errors == audit.warnings == []


def test_int8_weights_are_quantized_per_channel(artifacts):
    details = open_interpreter(artifacts["int8"]).get_tensor_details()
    scales = {
        tuple(tensor["shape"]): len(tensor["quantization_parameters"]["scales"])
        for tensor in details
        if tensor["dtype"] == np.int8 and len(tensor["shape"]) == 4
    }
    assert scales[16, 3, 3, 3] == scales[16, 3, 3, 16] == scales[1, 3, 3, 16] == 16


def test_int8_input_covers_black_to_white_whatever_the_images_show(tmp_path):
    grey = np.full((3, 20, 30, 3), 128, "uint8")  # of another size than the model's
    export_tflite(build_small_model(), tmp_path / "m.tflite", describe(), "int8", grey)
    (image,) = open_interpreter(tmp_path / "m.tflite").get_input_details()
    assert image["quantization"] == (1.0, 0)  # a pixel is its own code


def test_description_is_complete(artifacts):
    description = read_description(artifacts["float32"])
    assert description.pop("libraries").keys() >= {"tensorflow", "keras", "ai-edge-litert"}
    description.pop("parity", None)
    assert description == describe() | {
        "format_version": 1,
        "ignore_label": 255,
        "input_size": [32, 48],
        "margin": [0, 0],
        "channels": 3,
        "color_order": "RGB",
        "value_range": [0, 255],
        "resize": "bilinear",
        "output_kind": "argmax",
        "quantization": {"precision": "float32"},
    }
    assert read_description(artifacts["int8"])["quantization"] == {
        "precision": "int8",
        "calibration": {"seed": 7, "added": ["black", "white"]},
    }


@pytest.mark.parametrize(
    ("precision", "scale"),  # of the logits: their steps in int8 are below 1, and above 1
    [("float32", 1.0), ("int8", 2**-7), ("int8", 8.0)],
)
def test_one_logit_decides_class_1_above_0(tmp_path, precision, scale):
    classifier = keras.layers.Conv2D(1, 1, use_bias=False)
    images = keras.Input((*SIZE, 3))
    model = keras.Model(images, {"logits": classifier(images)})
    classifier.set_weights([np.reshape([scale, -scale, 0], (1, 1, 3, 1))])  # red against green
    frames = np.random.default_rng(0).integers(0, 256, (4, *SIZE, 3), dtype=np.uint8)
    frames[0] = 90  # neither: exactly 0 is class 0
    path = tmp_path / "m.tflite"
    export_tflite(model, path, describe(2), precision, frames if precision == "int8" else None)
    classes = run_all(path, frames)
    expected = frames[..., 0] > frames[..., 1]
    np.testing.assert_array_equal(classes[0], 0)
    assert np.mean(classes == expected) >= MIN_AGREEMENT[precision]


@pytest.mark.parametrize(
    ("precision", "tolerance"),
    [pytest.param("float32", 1e-4, marks=pytest.mark.slow), ("int8", 0.1)],
)
def test_logits_come_out_in_float(
    trained_model, calibration, scenes, tmp_path, precision, tolerance
):
    path = tmp_path / "m.tflite"
    calibration = calibration if precision == "int8" else None
    export_tflite(trained_model, path, describe(), precision, calibration, output_kind="logits")
    logits = run_all(path, scenes[0])
    expected = keras_logits(trained_model, scenes[0])
    assert logits.dtype == np.float32
    assert np.abs(logits - expected).mean() < tolerance * expected.std()
    frame = scenes[0][0]
    np.testing.assert_array_equal(load_runtime(path)(frame), logits[0].argmax(axis=-1))


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_confidence_is_the_probability_of_the_class(
    trained_model, calibration, scenes, tmp_path, precision
):
    path = tmp_path / "m.tflite"
    calibration = calibration if precision == "int8" else None
    kind = "argmax+confidence"
    export_tflite(trained_model, path, describe(), precision, calibration, output_kind=kind)
    runtime = load_runtime(path, threads=1)
    shares = np.asarray(keras.ops.softmax(keras_logits(trained_model, scenes[0])))
    confidences = []
    for image, expected in zip(scenes[0], shares, strict=True):
        outputs = runtime.run_all(image[np.newaxis])
        np.testing.assert_array_equal(outputs["classes"][0], runtime(image))
        confidences.append(np.abs(outputs["confidence"][0] - expected.max(axis=-1)).mean())
    assert outputs["confidence"].dtype == np.float32
    assert np.mean(confidences) < (1e-4 if precision == "float32" else 0.03)


@pytest.mark.parametrize(
    "policy", ["mixed_float16", pytest.param("mixed_bfloat16", marks=pytest.mark.slow)]
)
def test_model_trained_in_mixed_precision_is_exported_in_float32(tmp_path, policy):
    keras.utils.set_random_seed(0)
    images = keras.Input((*SIZE, 3))
    x = keras.layers.Conv2D(8, 3, padding="same", dtype=policy)(images)
    x = keras.layers.Conv2D(4, 1, dtype=policy)(x[..., ::2] * 0.5)
    x = keras.layers.Activation("linear", dtype="float32")(x)
    model = keras.Model(images, {"logits": x})
    path = tmp_path / "m.tflite"
    export_tflite(model, path, describe())
    assert audit_tflite(path.read_bytes()).operators["CONV_2D"] == 2
    frames = np.random.default_rng(0).integers(0, 256, (2, *SIZE, 3), dtype=np.uint8)
    assert gate(path, KerasReference(model), [("", frame, None) for frame in frames])["passed"]
    assert model.layers[1].compute_dtype == policy.removeprefix("mixed_")  # it is left as it was


def test_align_corners_stays_one_resize_and_int8(tmp_path, calibration):
    class AlignCorners(keras.layers.Layer):
        def call(self, x):
            return tf.raw_ops.ResizeBilinear(images=x, size=SIZE, align_corners=True)

    images = keras.Input((*SIZE, 3))
    x = keras.layers.Conv2D(4, 3, strides=4, padding="same")(images)
    model = keras.Model(images, {"logits": AlignCorners()(x)})
    export_tflite(model, tmp_path / "m.tflite", describe(), "int8", calibration)
    audit = audit_tflite((tmp_path / "m.tflite").read_bytes())
    assert audit.operators["RESIZE_BILINEAR"] == 1
    assert audit.warnings == []


def test_terminal_stays_quiet(calibration, tmp_path, capfd):
    export_tflite(build_small_model(), tmp_path / "m.tflite", describe(), "int8", calibration)
    load_runtime(tmp_path / "m.tflite")
    assert capfd.readouterr() == ("", "")


def test_unsupported_layer_is_named(tmp_path):
    class Unpool(keras.layers.Layer):
        def call(self, x):
            return tf.nn.max_pool_with_argmax(x, 1, 1, "SAME")[0]

    images = keras.Input((*SIZE, 3))
    x = Unpool()(keras.layers.Conv2D(4, 3, padding="same")(images))
    model = keras.Model(images, {"logits": x})
    with pytest.raises(RuntimeError, match="no built-in operator for MaxPoolWithArgmax"):
        export_tflite(model, tmp_path / "m.tflite", describe())
    assert list(tmp_path.iterdir()) == []


def test_broken_calibration_image_is_told_as_it_is(tmp_path):
    def read():
        yield np.zeros((32, 48, 3), "uint8")
        raise ValueError("b.png: cannot be decoded")

    with pytest.raises(ValueError, match=r"^b\.png: cannot be decoded$"):
        export_tflite(build_small_model(), tmp_path / "m.tflite", describe(), "int8", read())


BAD_CALLS = {
    "precision": (
        {"precision": "int4"},
        "Unknown precision 'int4'.*float32, float16, dynamic, int8, int16",
    ),
    "output kind": ({"output_kind": "softmax"}, "Unknown output_kind 'softmax'.*argmax, logits"),
    "int8 without images": (
        {"precision": "int8"},
        "int8 and int16 need calibration images.*without",
    ),
    "images for float": ({"calibration_images": []}, "the others take none.*'float32' with"),
    "class names": ({"description": describe(3)}, r"4 logits a pixel.*3 names.*road, sky, car"),
}


@pytest.mark.parametrize("case", BAD_CALLS)
def test_bad_call_is_told(tmp_path, case):
    arguments, message = BAD_CALLS[case]
    with pytest.raises(ValueError, match=message):
        export_tflite(build_small_model(), tmp_path, **({"description": describe()} | arguments))


@pytest.mark.parametrize(
    ("shape", "message"),
    [((None, None, 3), "input_shape="), ((32, 48, 4), "RGB frames.*4 channels")],
)
def test_bad_model_is_told(tmp_path, shape, message):
    with pytest.raises(ValueError, match=message):
        export_tflite(build_small_model(shape), tmp_path / "m.tflite", describe())


@pytest.mark.slow
def test_two_exports_are_the_same_file(tmp_path):
    """So that an artifact can be checked against its model and recipe."""
    model = build_small_model()
    for name in ("a.tflite", "b.tflite"):
        export_tflite(model, tmp_path / name, describe())
    assert (tmp_path / "a.tflite").read_bytes() == (tmp_path / "b.tflite").read_bytes()
