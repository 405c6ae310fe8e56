"""What every model promises. A new entry in MODELS needs one line here: its tiny form."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

import seg_keras
import seg_keras.models
from seg_keras.models import MODELS, build_model, deployable, load_model, transfer_weights
from seg_keras.models.counting import shape_only

SMALL_BACKBONE = {"backbone_options": {"alpha": 0.35}, "filters": 16}

SMALL_RESNET = {"width": 1 / 8, "num_units": (1, 1, 1, 1)}

# name -> options of a form that is quick to build; the size suits every model and divides by none
TINY = {
    "crf_rnn": {"backbone_options": SMALL_RESNET, "num_samples": 64},
    "deconvnet": {"width": 1 / 16},
    "deeplab_v1": {"width": 1 / 16},
    "deeplab_v2": {"backbone": "resnet50", "backbone_options": SMALL_RESNET},
    "deeplab_v3": SMALL_BACKBONE,
    "deeplab_v3_plus": SMALL_BACKBONE,
    "deeplab_v3_se": {"backbone_options": SMALL_RESNET},
    "dilation10": {"width": 1 / 64},
    "duc_hdc": {
        "backbone": "resnet50",
        "backbone_options": SMALL_RESNET,
        "dilation_pattern": ((1,), (1,)),
    },
    "enet": {},
    "esnet": {},
    "fasterseg": {},
    "fcn16s": {"backbone_options": {"width": 1 / 16}},
    "fcn32s": {"backbone_options": {"width": 1 / 16}},
    "fcn8s": {"backbone_options": {"width": 1 / 16}},
    "frrn": {"width": 1 / 8},
    "hed": {"width": 1 / 16},
    "icnet": {"backbone_options": {"alpha": 0.35}, "width": 1 / 8},
    "lednet": {},
    "lraspp": {"backbone_options": {"alpha": 0.35}, "filters": 16},
    "pspnet": {"backbone_options": SMALL_RESNET, "filters": 16, "bin_counts": (1, 2, 3)},
    "segnet": {"backbone_options": {"width": 1 / 16}},
    "segnet_basic": {"filters": 4},
    "u_segnet": {"width": 1 / 16},
    "unet": {"filters": 4},
    "unet_plus_plus": {"filters": 4},
}
INPUT_SHAPE = (49, 67, 3)
NUM_CLASSES = 5


@pytest.fixture(scope="module", params=sorted(MODELS))
def model(request):
    keras.utils.set_random_seed(0)
    return build_model(request.param, NUM_CLASSES, INPUT_SHAPE, **TINY[request.param])


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).uniform(0, 255, (2, *INPUT_SHAPE)).astype("float32")


@pytest.fixture(scope="module")
def outputs(model, images):
    return {name: np.asarray(logits) for name, logits in model(images).items()}


@pytest.fixture(scope="module")
def binary(model):
    """The same architecture for one class and another size."""
    return build_model(model.name, 1, (33, 33, 3), **TINY[model.name])


def tiny_shape(name, size=INPUT_SHAPE[:2]):
    """The tiny form without values: to look at, not to run."""
    return shape_only(lambda: build_model(name, NUM_CLASSES, (*size, 3), **TINY[name]))


def test_every_file_is_registered_under_the_name_of_its_function():
    files = {path.stem for path in Path(seg_keras.models.__file__).parent.glob("*.py")}
    assert files - {"__init__", "counting", "segmentation_model"} == set(MODELS)
    assert all(key == function.__name__ for key, function in MODELS.items())
    assert set(TINY) == set(MODELS)
    assert seg_keras.list_models() == sorted(MODELS)


def test_outputs_are_full_size_float32_logits(outputs):
    assert list(outputs)[0] == "logits"
    for logits in outputs.values():
        assert logits.shape == (2, *INPUT_SHAPE[:2], NUM_CLASSES)
        assert logits.dtype == "float32"
        assert np.isfinite(logits).all()


def test_every_trainable_weight_gets_a_gradient(model, images):
    import tensorflow as tf

    weights = model.get_weights()
    with tf.GradientTape() as tape:
        loss = sum(keras.ops.mean(y**2) for y in model(images, training=True).values())
    model.set_weights(weights)  # training moved the statistics of batch norms
    gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
    pairs = zip(model.trainable_variables, gradients, strict=True)
    missing = [variable.path for variable, gradient in pairs if gradient is None]
    assert not missing, f"These weights do not reach any output: {missing}"


def test_saved_model_predicts_the_same(model, images, outputs, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(images)["logits"], outputs["logits"])
    assert loaded.builder == model.builder
    assert loaded.builder["options"] == json.loads(json.dumps(TINY[model.name]))


def test_weights_fit_any_size(model):
    other = tiny_shape(model.name, size=(33, 33))
    assert [w.shape for w in other.weights] == [w.shape for w in model.weights]
    assert other.output["logits"].shape == (None, 33, 33, NUM_CLASSES)


def test_deployable_keeps_the_logits_only_and_still_knows_its_builder(model, images, outputs):
    cut = deployable(model)
    assert list(cut.output) == ["logits"]
    assert cut.builder == model.builder
    np.testing.assert_array_equal(cut(images)["logits"], outputs["logits"])


def test_a_deployed_model_is_loaded_at_its_own_size_and_rebuilt_at_another(images, tmp_path):
    file = tmp_path / "cut.keras"
    cut = deployable(build_model("lraspp", NUM_CLASSES, INPUT_SHAPE, **TINY["lraspp"]))
    cut.save(file)
    back = load_model(file, INPUT_SHAPE)
    np.testing.assert_array_equal(back(images)["logits"], cut(images)["logits"])
    rebuilt = load_model(file, (33, 33, 3))
    assert list(rebuilt.output) == ["logits"]
    assert rebuilt.output["logits"].shape == (None, 33, 33, NUM_CLASSES)
    for theirs, ours in zip(rebuilt.weights, cut.weights, strict=True):
        np.testing.assert_array_equal(theirs, ours)


def test_logits_stay_float32_under_mixed_precision(model):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = tiny_shape(model.name)
    finally:
        keras.config.set_dtype_policy("float32")
    assert {logits.dtype for logits in mixed.output.values()} == {"float32"}
    assert "bfloat16" in {layer.compute_dtype for layer in mixed.layers}


def test_one_class_means_one_logit(binary):
    assert binary.output["logits"].shape == (None, 33, 33, 1)


def test_unknown_model_option_and_class_count_are_told(tmp_path):
    with pytest.raises(ValueError, match="Unknown model 'pspnot'. Choose one of: .*deeplab_v3"):
        build_model("pspnot", 3, INPUT_SHAPE)
    with pytest.raises(ValueError, match="no option depth. Known: backbone, .*head"):
        build_model("deeplab_v3", 3, INPUT_SHAPE, depth=4)
    with pytest.raises(ValueError, match="no head 'big'. Choose one of: aspp, pooling"):
        build_model("deeplab_v3", 3, INPUT_SHAPE, head="big")
    with pytest.raises(ValueError, match="num_classes is 0"):
        build_model("deeplab_v3", 0, INPUT_SHAPE)
    with pytest.raises(FileNotFoundError, match="no such file. Give a .keras file"):
        load_model(tmp_path)


def test_files_that_are_broken_or_want_to_run_code_are_refused(tmp_path):
    (tmp_path / "broken.keras").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="broken.keras: cannot be loaded"):
        load_model(tmp_path / "broken.keras")
    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.Lambda(lambda x: x)(inputs)
    keras.Model(inputs, {"logits": outputs}).save(tmp_path / "code.keras")
    with pytest.raises(ValueError, match="code.keras: cannot be loaded"):
        load_model(tmp_path / "code.keras")


def test_a_model_that_was_not_built_by_name_keeps_its_size(tmp_path):
    inputs = keras.Input((8, 8, 3))
    keras.Model(inputs, {"logits": inputs}).save(tmp_path / "plain.keras")
    with pytest.raises(ValueError, match="does not say how it was built"):
        load_model(tmp_path / "plain.keras", (16, 16, 3))


def test_weights_are_transferred_by_name_and_what_does_not_fit_is_named(model, binary):
    layers = {layer.name: layer for layer in binary.layers if layer.weights}
    before = {name: layer.get_weights() for name, layer in layers.items()}
    kept = transfer_weights(model, binary)
    shapes = {name: [w.shape for w in weights] for name, weights in before.items()}
    classed = [n for n in shapes if shapes[n] != [w.shape for w in model.get_layer(n).weights]]
    assert kept == classed != []  # those whose weights depend on the number of classes
    for name, layer in layers.items():
        expected = before[name] if name in kept else model.get_layer(name).get_weights()
        for ours, theirs in zip(layer.get_weights(), expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_weights_of_another_architecture_are_refused():
    inputs = keras.Input((8, 8, 3))
    stranger = keras.Model(inputs, {"logits": keras.layers.Conv2D(3, 1, name="only")(inputs)})
    model = build_model("deeplab_v3", 3, (33, 33, 3), **TINY["deeplab_v3"])
    with pytest.raises(ValueError, match="No layer of .* fits deeplab_v3"):
        transfer_weights(stranger, model)
