"""ONNX files decide as their Keras model, hold what they should, and describe themselves."""

import keras
import numpy as np
import onnx
import pytest
from onnx import TensorProto
from tiny_models import SIZE, describe

from deploy.export.audit import audit_onnx
from deploy.export.keras_reference import KerasReference
from deploy.export.onnx import CALIBRATED, PRECISIONS, export_onnx
from deploy.export.parity import MIN_AGREEMENT, gate
from deploy.runtimes import load_runtime
from deploy.runtimes.artifact import read_description
from seg_keras.layers import BilinearResize


def build_small_model():
    """One layer: quick to convert, for what does not depend on the layers."""
    keras.utils.set_random_seed(0)
    images = keras.Input((*SIZE, 3))
    return keras.Model(images, {"logits": keras.layers.Conv2D(4, 3, padding="same")(images)})


def operators(path):
    return {node.op_type for node in onnx.load(path).graph.node}


@pytest.mark.parametrize("precision", PRECISIONS)
def test_classes_agree_with_keras(onnx_artifacts, trained_model, scenes, precision):
    samples = [("", *pair) for pair in zip(*scenes, strict=True)]
    verdict = gate(onnx_artifacts[precision], KerasReference(trained_model), samples)
    assert verdict["reference_mean_iou"] > 0.8  # else agreement would mean nothing
    assert verdict["passed"], verdict["summary"]
    assert verdict["min_agreement"] == MIN_AGREEMENT[precision]
    assert read_description(onnx_artifacts[precision])["parity"] == verdict


@pytest.mark.parametrize("precision", PRECISIONS)
def test_takes_a_uint8_image_and_gives_uint8_class_ids_by_name(onnx_artifacts, precision):
    proto = onnx.load(onnx_artifacts[precision])
    onnx.checker.check_model(proto, full_check=True)
    ends = [*proto.graph.input, *proto.graph.output]
    shapes = [[d.dim_value for d in end.type.tensor_type.shape.dim] for end in ends]
    assert [end.name for end in ends] == ["image", "classes"]
    assert [end.type.tensor_type.elem_type for end in ends] == [TensorProto.UINT8] * 2
    assert shapes == [[1, *SIZE, 3], [1, *SIZE]]
    assert [opset.version for opset in proto.opset_import if opset.domain == ""] >= [17]
    audit = audit_onnx(onnx_artifacts[precision].read_bytes())
    assert audit.errors == audit.warnings == []


def test_dilation_stays_inside_the_convolution(onnx_artifacts):
    audit = audit_onnx(onnx_artifacts["float32"].read_bytes())
    assert audit.operators["Conv"] == 4
    assert "SpaceToDepth" not in audit.operators


def test_float16_computes_in_half_precision(onnx_artifacts):
    weights = onnx.load(onnx_artifacts["float16"]).graph.initializer
    assert {w.data_type for w in weights if len(w.dims) == 4} == {TensorProto.FLOAT16}


def test_float16_keeps_float32_where_it_would_overflow(tmp_path):
    images = keras.Input((*SIZE, 3))
    large = keras.layers.Rescaling(1e4)(images)  # to 2.55 million
    logits = keras.layers.Conv2D(4, 1, name="score")(keras.layers.Rescaling(1e-4)(large))
    model = keras.Model(images, {"logits": logits})
    frames = np.random.default_rng(0).integers(0, 256, (2, *SIZE, 3), dtype=np.uint8)
    path = tmp_path / "m.onnx"
    export_onnx(model, path, describe(), "float16", frames)
    quantization = read_description(path)["quantization"]
    names = [name.rpartition("/")[2] for name in quantization["float32_operators"]]
    assert names == ["mul", "add", "mul"]  # two Rescalings, and not the convolution
    verdict = gate(path, KerasReference(model), [("", frame, None) for frame in frames])
    assert verdict["passed"], verdict["summary"]


@pytest.mark.parametrize(
    ("target", "kind"), [("onnxruntime", TensorProto.UINT8), ("tensorrt", TensorProto.INT8)]
)
def test_target_decides_the_sign_of_int8_activations(
    trained_model, calibration, scenes, tmp_path, target, kind
):
    path = tmp_path / "m.onnx"
    export_onnx(trained_model, path, describe(), "int8", calibration, target=target)
    proto = onnx.load(path)
    constants = {w.name: onnx.numpy_helper.to_array(w) for w in proto.graph.initializer}
    zeros = [constants[n.input[2]] for n in proto.graph.node if n.op_type == "QuantizeLinear"]
    expected = onnx.helper.tensor_dtype_to_np_dtype(kind)
    assert {zero.dtype for zero in zeros} == {expected}
    if target == "tensorrt":  # symmetric, and no int32 biases
        assert {int(zero) for zero in zeros} == {0}
        assert not [c for c in constants.values() if c.dtype == np.int32 and c.ndim == 1]
    samples = [("", *pair) for pair in zip(*scenes, strict=True)]
    assert gate(path, KerasReference(trained_model), samples)["passed"]


def test_int8_weights_are_quantized_per_channel(onnx_artifacts):
    proto = onnx.load(onnx_artifacts["int8"])
    constants = {w.name: onnx.numpy_helper.to_array(w) for w in proto.graph.initializer}
    scales = {
        constants[node.input[0]].shape: constants[node.input[1]].size
        for node in proto.graph.node
        if node.op_type == "DequantizeLinear"
        and constants.get(node.input[0], np.zeros(1)).ndim == 4
    }
    assert scales[16, 3, 3, 3] == scales[16, 1, 3, 3] == scales[16, 16, 3, 3] == 16


def test_dynamic_batch_takes_any_number_of_images(tmp_path):
    import onnxruntime

    model, path = build_small_model(), tmp_path / "m.onnx"
    export_onnx(model, path, describe(), dynamic_batch=True)
    images = np.random.default_rng(0).integers(0, 256, (3, *SIZE, 3), dtype=np.uint8)
    session = onnxruntime.InferenceSession(path)
    assert session.get_inputs()[0].shape[0] == session.get_outputs()[0].shape[0] == "batch"
    expected = np.asarray(model(images.astype("float32"))["logits"]).argmax(-1)
    np.testing.assert_array_equal(session.run(None, {"image": images})[0], expected)
    np.testing.assert_array_equal(load_runtime(path)(images[0]), expected[0])


def test_tensors_that_a_layer_holds_are_constants_of_the_file(tmp_path):
    images = keras.Input((*SIZE, 3))
    x = keras.layers.Normalization(mean=[124, 116, 104], variance=[58, 57, 57])(images)
    path = tmp_path / "m.onnx"
    export_onnx(keras.Model(images, {"logits": x}), path, describe(3))
    frame = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    expected = (frame - np.array([124, 116, 104])) / np.sqrt([58, 57, 57])
    assert np.mean(load_runtime(path)(frame) == expected.argmax(-1)) > 0.999


@pytest.mark.parametrize("dynamic_batch", [False, True])
def test_resize_reaches_its_size_where_the_factor_is_rounded(tmp_path, dynamic_batch):
    """5 times 13.4, which is 67 / 5 in float32, is a little less than 67."""
    images = keras.Input((49, 67, 3))
    x = keras.layers.Conv2D(4, 3, strides=16, padding="same")(images)
    model = keras.Model(images, {"logits": BilinearResize((49, 67))(x)})
    export_onnx(model, tmp_path / "m.onnx", describe(), dynamic_batch=dynamic_batch)
    onnx.shape_inference.infer_shapes(onnx.load(tmp_path / "m.onnx"), strict_mode=True)
    image = np.random.default_rng(0).integers(0, 256, (1, 49, 67, 3), dtype=np.uint8)
    logits = np.asarray(model(image.astype("float32"))["logits"])
    classes = load_runtime(tmp_path / "m.onnx").run(image)
    assert np.mean(classes == logits.argmax(-1)) > 0.999


def test_confidence_is_the_probability_of_the_class(tmp_path):
    model, path = build_small_model(), tmp_path / "m.onnx"
    export_onnx(model, path, describe(), output_kind="argmax+confidence")
    image = np.random.default_rng(0).integers(0, 256, (1, *SIZE, 3), dtype=np.uint8)
    outputs = load_runtime(path).run_all(image)
    logits = np.asarray(model(image.astype("float32"))["logits"])
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    np.testing.assert_array_equal(outputs["classes"], logits.argmax(-1))
    np.testing.assert_allclose(outputs["confidence"], shares.max(-1), atol=1e-5)


def test_margin_of_a_smaller_output_is_mirrored(tmp_path):
    """Classes of a model without padding are those of the whole frame."""
    images = keras.Input((*SIZE, 3))
    kernel = np.zeros((5, 5, 3, 3))
    kernel[2, 2] = np.eye(3)  # the logits are the colours of the pixel
    layer = keras.layers.Conv2D(3, 5, use_bias=False)
    model = keras.Model(images, {"logits": layer(images)})
    layer.set_weights([kernel])
    export_onnx(model, tmp_path / "m.onnx", describe(3))
    runtime = load_runtime(tmp_path / "m.onnx")
    assert runtime.description["margin"] == [2, 2]
    frame = np.random.default_rng(0).integers(0, 256, (28, 44, 3), dtype=np.uint8)
    np.testing.assert_array_equal(runtime(frame), frame.argmax(-1))


def test_description_is_that_of_every_artifact(onnx_artifacts):
    description = read_description(onnx_artifacts["float32"])
    assert description.pop("libraries").keys() >= {"tf2onnx", "onnx", "onnxruntime"}
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
    for precision in CALIBRATED:
        calibration = read_description(onnx_artifacts[precision])["quantization"]["calibration"]
        assert calibration == {"seed": 7, "added": ["black", "white"]}


def test_unsupported_layer_is_told(tmp_path):
    class Whitened(keras.layers.Layer):
        def call(self, x):
            return keras.ops.qr(x)[0]

    images = keras.Input((*SIZE, 3))
    x = Whitened()(keras.layers.Conv2D(4, 1)(images))
    model = keras.Model(images, {"logits": x})
    with pytest.raises(RuntimeError, match=r"ONNX cannot take this model: .*Qr"):
        export_onnx(model, tmp_path / "m.onnx", describe())
    assert list(tmp_path.iterdir()) == []


BAD_CALLS = {
    "precision": ({"precision": "dynamic"}, "Unknown precision 'dynamic'.*float32, float16, int8"),
    "target": ({"target": "arm"}, "Unknown target 'arm'.*onnxruntime, tensorrt"),
    "no images": ({"precision": "float16"}, "float16 and int8 need calibration images.*without"),
    "class names": ({"description": describe(3)}, r"4 logits a pixel.*3 names.*road, sky, car"),
}


@pytest.mark.parametrize("case", BAD_CALLS)
def test_bad_call_is_told(tmp_path, case):
    arguments, message = BAD_CALLS[case]
    with pytest.raises(ValueError, match=message):
        export_onnx(build_small_model(), tmp_path, **({"description": describe()} | arguments))
